"""The catalogue: a first import at a remote's pace, a price change on a hundredth of it, a storm of stock, and memory by size.

Mailchimp answers after 100 ms over ten connections, so a hundred writes a second are all that these can carry.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from typing import Any

import psutil
from sqlalchemy import func, select

from app.store.tables import attempts, deliveries, flows, targets
from bench.figures import Figure
from bench.house import House, house

CONCURRENCY, LATENCY_MS = 10, 100.0
CARRIED = CONCURRENCY / (LATENCY_MS / 1000)
WINDOW_MS = 2_000
STORMED, CHANGES = 100, 10_000


async def run(articles: int = 20_000) -> list[Figure]:
    """All four."""
    return [
        *await _import_and_prices(articles),
        *await _storm(),
        *await _memory(articles // 4, articles * 5 // 2),
    ]


async def _import_and_prices(articles: int) -> list[Figure]:
    async with house(
        relations=0, articles=articles, kinds=("products",), mailchimp_concurrency=CONCURRENCY
    ) as made:
        await made.latency(made.mailchimp_url, LATENCY_MS)
        with made.worker() as process:
            began = _cpu(process)
            seconds, _ = await _until_settled(made, process)
            spent = _cpu(process) - began
        products = await _brought(made)
        # Edited while nobody looks, so that it is one change and not as many as there are polls.
        changed = await _cheaper(made, articles)
        await _forget_requests(made)
        with made.worker() as process:
            await _until_settled(made, process)
        reads = (await _requests(made, made.till_url))["getProducts"]
        asked = await _requests(made, made.mailchimp_url)
    ratio, most = products / seconds / CARRIED, max(2, articles // 500)
    writes = sum(count for name, count in asked.items() if not name.endswith(".get"))
    return [
        Figure("catalogue", f"first import, {articles:,} articles in {products:,} products", products / seconds, "/s"),
        Figure("catalogue", "the same, of what ten connections carry", ratio, "x", "at least 0.8x", ratio >= 0.8),
        Figure("catalogue", "the same: CPU of the worker per product", spent / products * 1000, "ms", "under 8", spent / products < 0.008),
        Figure("catalogue", f"a price change of {len(changed):,} products: reads of products", reads, "", f"at most {most}", reads <= most),
        Figure("catalogue", "the same: writes per changed product", writes / len(changed), "x", "1", writes == len(changed)),
    ]  # fmt: skip


async def _storm() -> list[Figure]:
    """Ten thousand counts of a hundred articles: the first of each at once, then one write per article and window."""
    async with house(
        relations=0,
        articles=STORMED * 3 // 2,  # some of a seed have no price, no stock, or are inactive
        kinds=("products", "stock"),
        window_ms=WINDOW_MS,
        mailchimp_concurrency=CONCURRENCY,
        poll_interval_s=2,
    ) as made:
        with made.worker() as process:
            await _until_settled(made, process)
            numbers = await _stocked(made)
            began = await made.resources.db.now()
            last = await _count_over_and_over(made, numbers)
            await _until_settled(made, process)
        writes = await _writes(made, since=began)
        state = (await made.panel.get(f"{made.mailchimp_url}/_sandbox/state")).json()
    # Over its whole span, since the log's times waver with the lock they were written under.
    densest = max(
        (
            (len(times) - 1) * WINDOW_MS / (times[-1] - times[0])
            for times in writes.values()
            if len(times) > 3
        ),
        default=0.0,
    )
    total = sum(map(len, writes.values()))
    wrong = sum(_quantity(state, number) != last[number] for number in numbers)
    return [
        Figure("catalogue", f"{CHANGES:,} changes of {len(numbers)} articles: writes", total, ""),
        Figure("catalogue", "the same: writes of one article per window, at most", densest, "", "at most 1", densest <= 1.05),
        Figure("catalogue", "the same: articles whose last value did not win", wrong, "", "none", wrong == 0),
    ]  # fmt: skip


async def _writes(made: House, *, since: int) -> dict[str, list[int]]:
    """Per article, when its quantity was written. The sandbox's log forgets; ours does not."""
    row, found = attempts.c, dict[str, list[int]]()
    wanted = (
        select(row.source_ref, row.started_at)
        .join(flows, flows.c.id == row.flow_id)
        .where(flows.c.kind == "stock", row.outcome == "delivered", row.started_at >= since)
        .order_by(row.started_at)
    )
    async with made.resources.db.read() as conn:
        for ref, at in await conn.execute(wanted):
            found.setdefault(ref, []).append(at)
    return found


async def _memory(few: int, many: int) -> list[Figure]:
    peaks = []
    for size in (few, many):
        async with house(
            relations=0, articles=size, kinds=("products",), mailchimp_concurrency=CONCURRENCY
        ) as made:
            with made.worker() as process:
                peaks.append((await _until_settled(made, process))[1])
    ratio = peaks[1] / peaks[0]
    return [
        Figure("catalogue", f"peak memory of the worker, {few:,} articles", peaks[0] / 1e6, "MB"),
        Figure("catalogue", f"peak memory of the worker, {many:,} articles", peaks[1] / 1e6, "MB"),
        Figure("catalogue", "memory ratio", ratio, "x", "at most 1.2x", ratio <= 1.2),
    ]


# --- waiting and looking ------------------------------------------------------------------------------------------------


async def _until_settled(made: House, process: psutil.Process, *, quiet_s: float = 6.0) -> tuple[float, int]:
    """Seconds from the first delivery to the last, and the worker's peak memory; over when nothing moved for a while."""
    peak, first, last, seen = 0, 0.0, time.perf_counter(), await _moved(made)
    while True:
        await asyncio.sleep(0.1)
        peak = max(peak, _resident(process))
        moved, now = await _moved(made), time.perf_counter()
        if moved != seen:
            first, last, seen = first or now, now, moved
        total, settled = await made.counts()
        if first and total == settled and now - last > quiet_s:
            return max(last - first, 0.1), peak


async def _moved(made: House) -> tuple[int, int]:
    """What changes whenever anything is asked for or delivered."""
    async with made.resources.db.read() as conn:
        row = deliveries.c
        found = (await conn.execute(select(func.sum(row.requested), func.max(row.started_at)))).one()
    return int(found[0] or 0), int(found[1] or 0)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess as gone:
        raise RuntimeError("the worker ended") from gone


async def _brought(made: House) -> int:
    async with made.resources.db.read() as conn:
        wanted = select(func.count()).where(targets.c.kind == "product", targets.c.state == "present")
        return int((await conn.execute(wanted)).scalar_one())


async def _requests(made: House, url: str) -> Counter[str]:
    told = (await made.panel.get(f"{url}/_sandbox/requests?last=1000000")).json()["requests"]
    return Counter(entry["operation"] for entry in told)


async def _forget_requests(made: House) -> None:
    for url in (made.till_url, made.mailchimp_url):
        (await made.panel.delete(f"{url}/_sandbox/requests")).raise_for_status()


# --- what happens at the till --------------------------------------------------------------------------------------------


async def _cheaper(made: House, articles: int) -> set[str]:
    """Another price for every hundredth article that is in the store; the products that these belong to."""
    changed: set[str] = set()
    async with made.resources.db.read() as conn:
        wanted = select(targets.c.remote_id).where(targets.c.kind == "variant", targets.c.state == "present")
        places = sorted((await conn.execute(wanted)).scalars(), key=lambda place: int(place.split("/")[1]))
    for place in places[:: max(1, len(places) * 100 // articles)]:
        product, _, number = place.partition("/")
        if product in changed:
            continue
        await made.act(
            made.till_url, "actions/edit_article", {"articleNumber": int(number), "priceIncl": 4_321}
        )
        changed.add(product)
    return changed


async def _stocked(made: House) -> list[int]:
    """Articles in the store that the till keeps stock of: the others have a constant, and cannot be counted."""
    async with made.resources.db.read() as conn:
        wanted = select(targets.c.remote_id).where(targets.c.kind == "stock", targets.c.state == "present")
        there = {int(place.split("/")[1]) for place in (await conn.execute(wanted)).scalars()}
    kept = (await made.panel.get(f"{made.till_url}/_sandbox/state")).json()["stock"].values()
    return sorted(there & {row["article"] for row in kept})[:STORMED]


async def _count_over_and_over(made: House, numbers: list[int]) -> dict[int, int]:
    """Count every article again and again; per article, what its last counts come to."""
    each = CHANGES // len(numbers)
    for round_ in range(each):
        for start in range(0, len(numbers), 10):
            part = numbers[start : start + 10]
            await asyncio.gather(*(_count(made, number, round_ + 1) for number in part))
    for branch in (2, 3):
        await asyncio.gather(*(_count(made, number, 0, branch=branch) for number in numbers))
    return dict.fromkeys(numbers, each)


async def _count(made: House, number: int, pieces: int, *, branch: int = 1) -> None:
    body = {"branch": branch, "article": number, "amount": pieces}
    await made.act(made.till_url, "actions/count_stock", body)


def _quantity(state: dict[str, Any], number: int) -> int | None:
    for account in state["accounts"]:
        for store in account["stores"]:
            for product in store["products"].values():
                for variant in product["variants"]:
                    if variant["id"] == str(number):
                        return int(variant["inventory_quantity"])
    return None


if __name__ == "__main__":
    from bench.figures import table

    print(table(asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))))
