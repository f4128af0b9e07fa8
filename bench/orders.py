"""Orders: the history of a shop at a remote's pace, memory meanwhile, and sales at the counter that must not wait for it.

Mailchimp answers after 100 ms over ten connections, so a hundred calls a second are all that these can carry.
"""

from __future__ import annotations

import asyncio
import sys
import time

import psutil

from app.store import backfills
from bench.figures import Figure
from bench.house import House, house
from bench.selling import Counter, begin_with_today, p99

CONCURRENCY, LATENCY_MS = 10, 100.0
CARRIED = CONCURRENCY / (LATENCY_MS / 1000)
LIVE_EVERY_S = 1.0
A_LONG_TIME_AGO = 1
ALONE = 0.6
"""So much of the backfill runs alone, to see what it reaches; then somebody buys something every second, for whom places are
kept."""


async def run(sales: int = 50_000) -> list[Figure]:
    """A backfill of so many sales of the till, as far as they are somebody's, with a live one every second towards the end."""
    async with house(
        relations=max(40, sales // 25),
        articles=200,
        sales=sales,
        kinds=("orders",),
        mailchimp_concurrency=CONCURRENCY,
        poll_interval_s=2,
    ) as made:
        await begin_with_today(made)
        await made.latency(made.mailchimp_url, LATENCY_MS)
        with made.worker() as process:
            async with made.resources.db.write() as conn:
                await backfills.begin(
                    conn,
                    made.flow_id,
                    mails="quiet",
                    since=A_LONG_TIME_AGO,
                    count=None,
                    now=await made.resources.db.now(),
                )
            early, _, rate, calls = await _until(made, process, share=ALONE)
            counter = Counter(made, customers=20)
            selling = asyncio.create_task(counter.sell(every_s=LIVE_EVERY_S))
            _, late, *_ = await _until(made, process, share=1.0)
            times = process.cpu_times()
            spent = times.user + times.system
            selling.cancel()
            waits = await counter.waits()
        async with made.resources.db.read() as conn:
            brought = (await backfills.find(conn, made.flow_id)).asked
        state = (await made.panel.get(f"{made.mailchimp_url}/_sandbox/state")).json()
    live = {ref.replace(":", "-", 1) for ref in counter.rung}
    mailed = sum(each["about"] not in live for each in state.get("mails") or ())
    ratio, memory, slowest = calls / CARRIED, late / early, p99(waits)
    return [
        Figure("orders", f"backfill of {brought:,} sales", rate, "/s"),
        Figure("orders", "the same: calls, of what ten connections carry", ratio, "x", "at least 0.8x", ratio >= 0.8),
        Figure("orders", "the same: memory at its end, of that at its beginning", memory, "x", "at most 1.2x", memory <= 1.2),
        Figure("orders", f"one of {len(waits)} live sales meanwhile, p99", slowest, "s", "under 5", slowest < 5),
        Figure("orders", "the same: CPU of the worker per sale", spent / max(brought, 1) * 1000, "ms"),
        Figure("orders", "mails for what was sold before", mailed, "", "none", mailed == 0),
    ]  # fmt: skip


async def _until(made: House, process: psutil.Process, *, share: float) -> tuple[int, int, float, float]:
    """Until this share of the sales is done: memory at first and at last, in bytes, and sales and calls to Mailchimp per second in
    between. A sale is a call; a credit two, since its order is read before it is lowered; a new buyer or article is one more."""
    first: tuple[float, int, int, int] | None = None
    while True:
        await asyncio.sleep(0.2)
        resident, now = process.memory_info().rss, time.perf_counter()
        async with made.resources.db.read() as conn:
            found = await backfills.find(conn, made.flow_id)
            left = await backfills.open_of(conn, made.flow_id, clock=made.resources.db.clock)
        done = found.asked - left.all
        if first is None and done:
            first = now, done, resident, await made.last_request(made.mailchimp_url)
        ended = found.state in ("finishing", "done") and not left.all
        if (
            found.total is not None
            and first is not None
            and (ended or done >= found.total * share < found.total)
        ):
            calls = await made.last_request(made.mailchimp_url) - first[3]
            took = max(now - first[0], 0.1)
            return first[2], resident, (done - first[1]) / took, calls / took


if __name__ == "__main__":
    from bench.figures import table

    print(table(asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000))))
