"""Delivery: changed relations on their way to Mailchimp by one worker, against a bare httpx loop that does the same writes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import httpx
import psutil

from bench.figures import Figure
from bench.house import API_KEY, House, house

CONCURRENCY = 10
LATENCY_MS = 200.0
FEW = 500


async def run(records: int = 20_000) -> list[Figure]:
    """Throughput without latency, the drain of 500 at 200 ms, and memory by size."""
    figures: list[Figure] = []
    small = await _drained(records // 10)
    async with house(relations=records, mailchimp_concurrency=CONCURRENCY) as made:
        total, seconds, peak = await _drain(made)
        first = total / seconds
        await made.again()
        total, seconds, _ = await _drain(made)
        changed = total / seconds
        bare = await _bare(made, total)
    figures += [
        Figure("delivery", "bare httpx loop, writes", bare, "/s"),
        Figure("delivery", "first import, one worker", first, "/s"),
        Figure("delivery", "changed relations, one worker", changed, "/s"),
        Figure("delivery", "changed / bare", changed / bare, "x", "at least 0.7x", changed / bare >= 0.7),
        Figure("delivery", f"peak memory of the worker, {records // 10:,} relations", small / 1e6, "MB"),
        Figure("delivery", f"peak memory of the worker, {records:,} relations", peak / 1e6, "MB"),
        Figure("delivery", "memory ratio", peak / small, "x", "at most 1.2x", peak / small <= 1.2),
    ]
    return figures + await _with_latency()


async def _with_latency() -> list[Figure]:
    """500 changed relations at 200 ms and ten connections. The optimum is all of their requests, ten at a time: a company sends
    one for each of its contacts."""
    async with house(relations=FEW, mailchimp_concurrency=CONCURRENCY) as made:
        await _drain(made)
        await made.latency(made.mailchimp_url, LATENCY_MS)
        await made.again()
        sent = 0

        async def started() -> None:
            nonlocal sent
            sent = await made.last_request(made.mailchimp_url)

        _, seconds, _ = await _drain(made, started)
        sent = await made.last_request(made.mailchimp_url) - sent
        told = (await made.panel.get(f"{made.mailchimp_url}/_sandbox/state")).json()
        account = told["accounts"][0] if told.get("accounts") else {}
        refused = sum(login.get("refused", 0) for login in account.get("logins", ()))
    optimum = sent / CONCURRENCY * LATENCY_MS / 1000
    return [
        Figure(
            "delivery",
            f"{sent} requests for changes at {LATENCY_MS:.0f} ms, ten connections",
            seconds / optimum,
            "x optimum",
            "at most 1.1x",
            seconds / optimum <= 1.1,
        ),
        Figure("delivery", "requests refused above the limit", refused, "", "none", refused == 0),
    ]


async def _drained(records: int) -> int:
    async with house(relations=records, mailchimp_concurrency=CONCURRENCY) as made:
        await _drain(made)
        await made.again()
        _, _, peak = await _drain(made)
    return peak


async def _drain(
    made: House, on_start: Callable[[], Awaitable[None]] | None = None
) -> tuple[int, float, int]:
    """Start a worker and wait until all is settled; deliveries, seconds from the first to the last, peak memory."""
    peak, started, before = 0, 0.0, 0
    with made.worker() as process:
        while True:
            await asyncio.sleep(0.1)
            total, settled = await made.counts()
            peak = max(peak, _memory(process))
            if not started and settled > 0 and settled != total:
                started, before = time.perf_counter(), settled
                if on_start is not None:
                    await on_start()
            if total and settled == total and started:
                return total - before, time.perf_counter() - started, peak


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess as gone:
        raise RuntimeError("the worker ended") from gone


async def _bare(made: House, count: int) -> float:
    """The same writes by a loop that knows nothing else."""
    entries = (
        await made.panel.get(f"{made.mailchimp_url}/_sandbox/requests?last=1000&operation=member.patch")
    ).json()["requests"]
    writes = [(entry["method"], entry["path"], entry["body"]) for entry in entries][:500]
    if not writes:
        raise RuntimeError("the worker wrote nothing that could be repeated")
    left = iter(range(count))
    limits = httpx.Limits(max_connections=CONCURRENCY)
    async with httpx.AsyncClient(auth=("key", API_KEY), limits=limits) as client:

        async def go() -> None:
            for n in left:
                method, path, body = writes[n % len(writes)]
                answer = await client.request(
                    method,
                    made.mailchimp_url + path,
                    content=body,
                    headers={"Content-Type": "application/json"},
                )
                answer.raise_for_status()

        started = time.perf_counter()
        await asyncio.gather(*(go() for _ in range(CONCURRENCY)))
        return count / (time.perf_counter() - started)


if __name__ == "__main__":
    from bench.figures import table

    print(table(asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))))
