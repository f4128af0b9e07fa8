"""At night and during imports: what is compared and repaired, and whose automations are held back until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.pipeline.batch import run_batch
from app.store import flows
from app.store.tables import deliveries
from app.worker.holding import Holder
from tests.shop import Shop
from tests.stories.storefront import article, quantities, sent, store
from tests.stories.test_stock import two_articles

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def three_at_night(shop: Shop) -> int:
    """The next three o'clock of the shop's own clock, in milliseconds."""
    here = datetime.fromtimestamp(shop.clock.now / 1000, AMSTERDAM)
    return round((here.replace(hour=3, minute=0, second=0) + timedelta(days=1)).timestamp() * 1000)


async def stocked(shop: Shop, **settings: Any) -> str:
    """Two articles in the store with their quantities, 10 and 4; the stock flow."""
    await two_articles(shop)
    await shop.flow("products")
    flow = await shop.flow("stock", settings)
    await shop.rest()
    assert {"10001": 10, "10002": 4} == quantities(shop)
    shop.clock.advance(100)
    return flow


async def test_a_change_that_was_missed_is_repaired(shop: Shop) -> None:
    flow = await stocked(shop)
    calls = sent(shop)
    shop.till.stock.move(1, 10_001, physical=Decimal(-3))  # and no poll ever sees it

    told = await shop.compare(flow, heal=True)
    await shop.deliver()

    assert ("done", 1, 1, {"not_sent": ["10001"]}) == (
        told.state,
        told.differ,
        told.healing,
        await shop.differences(flow),
    )
    assert ({"10001": 7, "10002": 4}, [*calls, "variant.patch"]) == (quantities(shop), sent(shop))
    assert ["compare"] == [each["trigger"] for each in await shop.attempts()][-1:]


async def test_what_somebody_changed_in_mailchimp_is_repaired(shop: Shop) -> None:
    flow = await stocked(shop)
    calls = sent(shop)
    store(shop).products["1"].variants["10002"]["inventory_quantity"] = 400

    told = await shop.compare(flow, heal=True)
    await shop.deliver()

    assert (1, 1, {"changed_there": ["10002"]}) == (
        told.differ,
        told.healing,
        await shop.differences(flow),
    )
    assert ({"10001": 10, "10002": 4}, [*calls, "variant.patch"]) == (quantities(shop), sent(shop))


async def test_nothing_differs_nothing_is_written(shop: Shop) -> None:
    flow = await stocked(shop)
    calls = sent(shop)
    shown = len(await shop.attempts())

    told = await shop.compare(flow, heal=True)
    await shop.rest()

    assert ("done", 0, 0) == (told.state, told.differ, told.healing)
    assert told.counts["source"] | {"read": True} == told.counts["target"] | {"read": True}
    assert 2 == told.counts["source"]["records"]

    assert (calls, shown) == (sent(shop), len(await shop.attempts()))


async def test_a_product_of_sixty_variants_is_compared_to_the_last(shop: Shop) -> None:
    """An answer lists fifty (mailchimp.md §3.3)."""
    numbers = range(10_001, 10_061)
    shop.till.catalogue.add(
        productNumber=1, description="Trui", articleList=[article(n, size=str(n)) for n in numbers]
    )
    for n in numbers:
        shop.till.stock.move(1, n, physical=Decimal(5))
    await shop.flow("products")
    flow = await shop.flow("stock")
    await shop.rest()
    store(shop).products["1"].variants["10060"]["inventory_quantity"] = 0

    told = await shop.compare(flow)

    assert (60, {"changed_there": ["10060"]}) == (
        told.counts["source"]["records"],
        await shop.differences(flow),
    )


async def test_it_happens_once_a_night_at_its_hour(shop: Shop) -> None:
    await stocked(shop)
    schedule = shop.worker.schedule
    [round_] = [each for each in schedule.rounds if each.name == "compare"]
    variant, three = store(shop).products["1"].variants["10001"], three_at_night(shop)

    async def after(at_ms: int) -> int:
        variant["inventory_quantity"] = 999
        shop.clock.advance((at_ms - shop.clock.now) / 1000)
        for _ in shop.flow_ids:
            await schedule.run(round_)
            await schedule.comparer.idle()
        await shop.deliver()
        return int(variant["inventory_quantity"])

    day = 86_400_000
    assert [999, 10, 999, 999, 10] == [
        await after(three - 60_000),
        await after(three + 60_000),
        await after(three + 120_000),  # once is enough
        await after(three + day - 60_000),
        await after(three + day),
    ]


async def test_automations_are_held_back_while_an_import_runs_and_let_go_after_it(shop: Shop) -> None:
    shop.till.catalogue.seed_articles(articles=20, seed=1)
    flow = await shop.flow("products")
    await shop.poll()
    holder = Holder(shop.resources)

    await holder.look()
    held = store(shop).is_syncing
    await shop.rest()
    still = store(shop).is_syncing
    await holder.look()

    assert (True, True, False) == (held, still, store(shop).is_syncing)
    calls = sent(shop)
    shop.till.catalogue.edit_article(10_001, priceIncl=1)
    await shop.poll()
    await holder.look()
    assert not store(shop).is_syncing  # a live change is no import
    await shop.rest()
    assert [*calls, "variant.patch"] == sent(shop)
    assert flow in shop.flow_ids


async def test_a_hold_outlives_no_crash(shop: Shop) -> None:
    """The process that held is gone in the middle of the import; another works it off and lets go."""
    shop.till.catalogue.seed_articles(articles=20, seed=1)
    flow = await shop.flow("products")
    await shop.poll()
    await Holder(shop.resources).look()
    await run_batch(replace(await shop.worker.routes.route(flow), concurrency=1), limit=3)
    after_crash = Holder(shop.resources)
    shop.clock.advance(21)
    await after_crash.look()
    assert store(shop).is_syncing

    await shop.rest()
    await after_crash.look()

    assert not store(shop).is_syncing


async def test_a_hold_is_let_go_by_a_worker_that_knew_of_no_import(shop: Shop) -> None:
    """It looked before, when nothing was imported; another held and died, and the import ended, all between two looks."""
    flow = await shop.flow("products", position=0)
    here, elsewhere = Holder(shop.resources), Holder(shop.resources)
    await here.look()
    shop.till.catalogue.seed_articles(articles=20, seed=1)
    await shop.poll()
    shop.clock.advance(21)
    await elsewhere.look()
    await shop.rest()
    assert store(shop).is_syncing
    shop.clock.advance(21)

    await here.look()

    assert not store(shop).is_syncing

    await shop.rewind(flow)  # and it holds when the next import comes
    await shop.poll()
    await here.look()
    assert store(shop).is_syncing


async def test_one_worker_holds_and_the_others_leave_it_to_him(shop: Shop) -> None:
    shop.till.catalogue.seed_articles(articles=20, seed=1)
    await shop.flow("products")
    await shop.poll()
    here, elsewhere = Holder(shop.resources), Holder(shop.resources)
    await here.look()
    asked = len(shop.mailchimp.log.entries)
    for _ in range(10):
        shop.clock.advance(5)
        await here.look()
        await elsewhere.look()

    assert asked == len(shop.mailchimp.log.entries)


async def test_a_flow_that_is_removed_in_the_middle_of_its_import_holds_nobody(shop: Shop) -> None:
    shop.till.catalogue.seed_articles(articles=20, seed=1)
    flow = await shop.flow("products")
    await shop.poll()
    holder = Holder(shop.resources)
    await holder.look()
    assert store(shop).is_syncing
    async with shop.db.write() as conn:
        await flows.remove(conn, flow)

    await holder.look()

    assert not store(shop).is_syncing


async def test_a_paused_import_holds_nobody(shop: Shop) -> None:
    shop.till.catalogue.seed_articles(articles=20, seed=1)
    flow = await shop.flow("products")
    await shop.poll()
    holder = Holder(shop.resources)
    await holder.look()
    async with shop.resources.db.write() as conn:
        await flows.change(conn, flow, now=shop.clock.now, state="paused")
        waiting = (await conn.execute(select(deliveries.c.id))).all()

    await holder.look()

    assert (True, False) == (bool(waiting), store(shop).is_syncing)
