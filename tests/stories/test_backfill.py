"""A shop's history on its way: asked for by a person, without a mail, behind live work, stopped and gone on with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.store import backfills
from app.store.backfills import Backfill
from tests.shop import Shop
from tests.stories.counter import mails, orders, sell, sold, stocked
from tests.stories.storefront import sent, store


async def an_old_shop(shop: Shop, sales: int) -> tuple[str, int, list[str]]:
    """A flow that begins with today, after so many sales, a day apart; the flow, Jan, and the receipts."""
    jan, now, receipts = stocked(shop), shop.till.now(), []
    for n in range(sales):
        with shop.till.back_then(now - timedelta(days=sales - n)):
            receipts.append(sell(shop, sold(10_001, 49.95), relation=jan))
    mark = shop.till.service.marks()
    flow = await shop.flow("orders", position=mark["orderSyncMarker"])
    await shop.rest()
    assert [] == sent(shop)
    return flow, jan, receipts


async def begin(
    shop: Shop, flow: str, *, mails: str = "quiet", since: datetime | None = None, count: int | None = None
) -> None:
    """As the API does it."""
    async with shop.db.write() as conn:
        moment = None if since is None else round(since.timestamp() * 1000)
        await backfills.begin(conn, flow, mails=mails, since=moment, count=count, now=shop.clock.now)


async def go_on(shop: Shop, *, rounds: int = 12) -> None:
    """Rounds of housekeeping with deliveries between them."""
    for _ in range(rounds):
        await shop.worker.round("backfill")
        await shop.quiet()
        await shop.worker.round("hold")


async def state(shop: Shop, flow: str) -> Backfill:
    async with shop.db.read() as conn:
        return await backfills.find(conn, flow)


@pytest.mark.parametrize("how", ["quiet", "without_status"])
async def test_history_arrives_without_a_mail(shop: Shop, how: str) -> None:
    flow, _, receipts = await an_old_shop(shop, 4)
    await begin(shop, flow, mails=how, since=datetime(2020, 1, 1, tzinfo=UTC))
    await go_on(shop)

    assert {f"receipt-{each}" for each in receipts} == set(orders(shop))
    status = {each.get("financial_status") for each in orders(shop).values()}
    assert {"paid" if how == "quiet" else None} == status
    assert ([], False) == (mails(shop), store(shop).is_syncing)
    done = await state(shop, flow)
    assert ("done", 4, 4) == (done.state, done.total, done.asked)

    written = sent(shop)
    await begin(shop, flow, mails=how, count=10)
    await go_on(shop)

    assert [each for each in sent(shop)[len(written) :] if each != "store.patch"] == []


async def test_by_date_and_by_count(shop: Shop) -> None:
    flow, _, receipts = await an_old_shop(shop, 6)
    await begin(shop, flow, count=2)
    await go_on(shop)
    assert {f"receipt-{each}" for each in receipts[-2:]} == set(orders(shop))

    await begin(shop, flow, since=shop.till.now() - timedelta(days=4, hours=1))
    await go_on(shop)

    assert {f"receipt-{each}" for each in receipts[-4:]} == set(orders(shop))


async def test_a_live_sale_goes_before_it_and_is_listed_as_muted(shop: Shop) -> None:
    flow, jan, _ = await an_old_shop(shop, 30)
    await begin(shop, flow, since=datetime(2020, 1, 1, tzinfo=UTC))
    await shop.worker.round("backfill")
    await shop.worker.round("backfill")
    await shop.worker.batch(flow, limit=5)
    assert store(shop).is_syncing

    live = sell(shop, sold(10_001, 49.95), relation=jan)
    await shop.poll()
    await shop.worker.batch(flow, limit=1)
    assert f"receipt-{live}" in orders(shop)
    await go_on(shop)

    found = await state(shop, flow)
    async with shop.db.read() as conn:
        muted = await backfills.muted(conn, found, most=10)
    assert ([f"receipt:{live}"], [], 31) == (muted, mails(shop), len(orders(shop)))


async def test_it_stops_and_goes_on_where_it_was(shop: Shop) -> None:
    flow, _, receipts = await an_old_shop(shop, 20)
    await begin(shop, flow, since=datetime(2020, 1, 1, tzinfo=UTC))
    await shop.worker.round("backfill")
    await shop.worker.round("backfill")
    await shop.worker.batch(flow, limit=5)
    async with shop.db.write() as conn:
        assert await backfills.change(conn, flow, was=(await state(shop, flow)).state, state="stopping")
    for _ in range(2):
        await shop.worker.round("backfill")
        await shop.deliver()
    assert ("stopped", False, 5) == (
        (await state(shop, flow)).state,
        store(shop).is_syncing,
        len(orders(shop)),
    )

    async with shop.db.write() as conn:
        await backfills.change(conn, flow, was="stopped", state="running", held_at=None)
        await backfills.unpark(conn, flow, clock=shop.clock)
    await go_on(shop)

    assert {f"receipt-{each}" for each in receipts} == set(orders(shop))
    assert ("done", [], False) == ((await state(shop, flow)).state, mails(shop), store(shop).is_syncing)
    assert 20 == sent(shop).count("orders.post")


async def test_the_store_is_let_go_after_a_crash(shop: Shop) -> None:
    flow, _, _ = await an_old_shop(shop, 3)
    await begin(shop, flow, since=datetime(2020, 1, 1, tzinfo=UTC))
    await shop.worker.round("backfill")
    await shop.worker.round("backfill")
    assert store(shop).is_syncing

    another = type(shop.worker)(shop.resources)  # all that the first worker remembered is gone
    for _ in range(3):
        await another.round("hold")
        await another.round("backfill")
        await shop.quiet()

    assert (False, 3, "done") == (store(shop).is_syncing, len(orders(shop)), (await state(shop, flow)).state)


async def test_what_waits_long_does_not_hold_the_store(shop: Shop) -> None:
    flow, _, receipts = await an_old_shop(shop, 2)
    await shop.configure(flow, settings={"missing_products": "hold"}, mapping={})
    await begin(shop, flow, since=datetime(2020, 1, 1, tzinfo=UTC))
    for _ in range(4):
        await shop.worker.round("backfill")
        await shop.deliver()
    assert ("done", False) == ((await state(shop, flow)).state, store(shop).is_syncing)

    await shop.flow("products")
    await shop.rest()

    assert {f"receipt-{each}" for each in receipts} == set(orders(shop))
    assert ({None}, []) == ({each.get("financial_status") for each in orders(shop).values()}, mails(shop))
