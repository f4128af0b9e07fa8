"""A busy counter: two thousand receipts a minute, two workers, and how long each sale is on its way.

Mailchimp answers after 100 ms over ten connections; the till is polled every two seconds, as without webhooks. A lag that grows
from the first half to the second would be a backlog.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack

from bench.figures import Figure
from bench.house import house
from bench.selling import Counter, begin_with_today, p99

A_MINUTE = 2_000
CUSTOMERS = 2_000
WORKERS = 2
LATENCY_MS = 100.0
LAG_S = 30.0


async def run(minutes: float = 10.0) -> list[Figure]:
    """So many minutes of sales, each to a customer who is known to the till."""
    async with house(
        relations=CUSTOMERS, articles=200, kinds=("orders",), mailchimp_concurrency=10, poll_interval_s=2
    ) as made:
        await begin_with_today(made)
        await made.latency(made.mailchimp_url, LATENCY_MS)
        counter = Counter(made, customers=CUSTOMERS)
        with ExitStack() as workers:
            for _ in range(WORKERS):
                workers.enter_context(made.worker())
            await counter.sell(every_s=60 / A_MINUTE, seconds=minutes * 60)
            waits = await counter.waits(patience_s=2 * LAG_S)
        state = (await made.panel.get(f"{made.mailchimp_url}/_sandbox/state")).json()
        [store] = [each for account in state["accounts"] for each in account["stores"]]
    sold, slowest = len(counter.rung), max(waits, default=float("inf"))
    spread = max(counter.rung.values()) - min(counter.rung.values())
    first, second = waits[: sold // 2], waits[sold // 2 :]
    wrong = len(set(store["orders"]) ^ {ref.replace(":", "-", 1) for ref in counter.wanted})
    return [
        Figure("counter", f"{sold:,} receipts with {WORKERS} workers: sold", sold / spread * 60_000, "a minute"),
        Figure("counter", "the same: lag at most", slowest, "s", f"under {LAG_S:.0f}", slowest < LAG_S),
        Figure("counter", "the same: p99 in the first half", p99(first), "s"),
        Figure("counter", "the same: p99 in the second half", p99(second), "s"),
        Figure("counter", "the same: orders too few or too many", wrong, "", "none", wrong == 0),
    ]  # fmt: skip


if __name__ == "__main__":
    from bench.figures import table

    print(table(asyncio.run(run(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0))))
