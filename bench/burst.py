"""A burst of profile webhooks: a campaign asks everybody for a detail, and within minutes thousands answer, some twice."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

import httpx
import uvloop

from bench.figures import Figure
from bench.house import API_KEY, LIST_ID, MAILCHIMP_TOKEN, House, free_port, house, until_open
from bench.intake import CONNECTIONS, load

TILL_CONNECTIONS = 2
LATENCY_MS = 50.0
TWICE = 0.3
"""So many of the webhooks are repetitions."""


async def run(webhooks: int = 10_000) -> list[Figure]:
    """Intake, writes per person, and the time until the till says what they said."""
    people = round(webhooks * (1 - TWICE))
    async with house(
        relations=people * 5 // 4, kinds=("customers", "contacts"), mplus_concurrency=TILL_CONNECTIONS
    ) as made:
        with made.worker():
            await _at_rest(made, people)
        answered = await _answer(made, people)
        await made.latency(made.till_url, LATENCY_MS)
        before = await made.last_request(made.till_url)
        port = free_port()
        with made.process("-m", "app", "serve", port=port), made.worker():
            await until_open(port)
            await made.at_work()
            began = time.perf_counter()
            rate, latencies = await load(port, list(_webhooks(answered, webhooks)))
            writes = await _written(made, len(answered), since=before)
            seconds = time.perf_counter() - began
        calls = await made.last_request(made.till_url) - before
    most = max(writes.values(), default=0)
    optimum = calls * LATENCY_MS / 1000 / TILL_CONNECTIONS
    p99 = statistics.quantiles(latencies, n=100)[98] * 1000
    return [
        Figure("burst", f"{webhooks:,} webhooks, stored", rate, "req/s"),
        Figure("burst", f"p99 at {CONNECTIONS} connections", p99, "ms", "under 50 ms", p99 < 50),
        Figure("burst", f"most writes to one of {len(answered):,} people", most, "", "1", most == 1),
        Figure(
            "burst", "until the till says it all", seconds / optimum, "x its two connections", "at most 1.2x",
            seconds / optimum <= 1.2,
        ),
    ]  # fmt: skip


async def _at_rest(made: House, people: int, *, quiet_s: float = 6.0) -> None:
    """Until both flows have looked at everybody: before, nobody could tell who edited what."""
    last, since = (0, 0), time.perf_counter()
    while last[0] < people * 2 or last[0] != last[1] or time.perf_counter() - since < quiet_s:
        await asyncio.sleep(0.3)
        now = await made.counts()
        if now != last:
            last, since = now, time.perf_counter()


async def _answer(made: House, most: int) -> list[str]:
    """Everybody in the audience tells a new telephone number; whose address that is."""
    path = f"{made.mailchimp_url}/3.0/lists/{LIST_ID}/members"
    addresses: list[str] = []
    async with httpx.AsyncClient(auth=("key", API_KEY), timeout=60) as client:
        while len(addresses) < most:
            query = {"count": 1000, "offset": len(addresses), "fields": "members.id,members.email_address"}
            page = (await client.get(path, params=query)).json()["members"]
            if not page:
                break
            for n, member in enumerate(page[: most - len(addresses)], start=len(addresses)):
                told = {"merge_fields": {"PHONE": f"+316{10_000_000 + n}"}}
                (await client.patch(f"{path}/{member['id']}", json=told)).raise_for_status()
                addresses.append(member["email_address"])
    return addresses


def _webhooks(addresses: Sequence[str], count: int) -> Iterator[bytes]:
    """Whole requests; who comes twice says the same again."""
    for n in range(count):
        at = n % len(addresses)
        form = {
            "type": "profile",
            "fired_at": "2026-11-24 09:30:00",
            "data[id]": f"{at:010x}",
            "data[email]": addresses[at],
            "data[list_id]": LIST_ID,
        }
        body = urlencode(form).encode()
        yield (
            f"POST /webhooks/mailchimp/{MAILCHIMP_TOKEN} HTTP/1.1\r\nHost: bench\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


async def _written(made: House, people: int, *, since: int) -> Counter[str]:
    """By relation, how often the till was written to, once nothing more comes."""
    writes: Counter[str] = Counter()
    seen, still = since, time.perf_counter()
    while True:
        await asyncio.sleep(0.2)
        entries = (await made.panel.get(f"{made.till_url}/_sandbox/requests?last=1000")).json()["requests"]
        fresh = [entry for entry in entries if entry["number"] > seen]
        writes.update(
            entry["body"].partition("relationNumber>")[2].partition("<")[0]
            for entry in fresh
            if entry["operation"] == "updateRelation"
        )
        if fresh:
            seen = max(entry["number"] for entry in fresh)
        total, settled = await made.counts()
        done = total == settled and len(writes) >= people * 0.7
        if not done:
            still = time.perf_counter()
        elif time.perf_counter() - still > 2:
            return writes


if __name__ == "__main__":
    from bench.figures import table

    print(table(uvloop.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))))
