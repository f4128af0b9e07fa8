"""The cursor of a flow of orders: all of its sequences move, and what had been there is history and sends nobody a mail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app.store.session import Database
from app.store.tables import cursors, side_cursors
from tests.routers.world import INTEGRATION, World, world_over
from tests.stories.counter import JAN, sold
from tests.stories.storefront import article

ORDERS = "flow_demo_orders"
URL = f"/flows/{ORDERS}/cursor"


async def sold_two(world: World) -> int:
    """A flow of orders that was not started yet, and a till that has sold two receipts to Jan; his number."""
    await world.post(f"/integrations/{INTEGRATION}/flows", {"id": ORDERS, "kind": "orders"})
    world.till.catalogue.add(
        productNumber=1,
        description="Trui",
        articleList=[article(10_001, description="Trui", priceIncl=4_995)],
    )
    jan = int(world.till.relations.add(**JAN)["relationNumber"])
    for _ in range(2):
        sell(world, jan)
    return jan


@pytest.fixture
async def shop(db: Database, tmp_path: Path) -> AsyncIterator[World]:
    """A till that has sold two receipts and a paid order to Jan, and a flow of orders that was not started yet."""
    async with world_over(db, tmp_path) as world:
        jan = await sold_two(world)
        line = {"articleNumber": 10_001, "data": {"quantity": 1, "decimalPlaces": 0, "price": 4_995}}
        made = world.till.orders.create({"relationNumber": jan, "employeeNumber": 1, "lineList": [line]})
        world.till.orders.pay(made, [{"method": "PIN", "amount": made["totalInclAmount"]}], prepay=True)
        yield world


def sell(world: World, relation: int | None = None) -> None:
    if relation is None:
        [relation] = [n for n, row in world.till.relations.cards.rows.items() if row["email"] == JAN["email"]]
    paid = [{"method": "PIN", "amount": 49.95}]
    world.till.counter.sell([sold(10_001, 49.95)], paid, relation=relation)


def marks(world: World) -> dict[str, int]:
    told = world.till.service.marks()
    return {name: told[f"{name}SyncMarker"] for name in ("order", "invoice", "receipt")}


def statuses(world: World) -> list[tuple[str, str]]:
    """Kind and payment status of every order of the store."""
    [store] = [s for account in world.mailchimp.world.accounts.values() for s in account.stores.values()]
    return sorted(
        (id.partition("-")[0], each.data.get("financial_status") or "") for id, each in store.orders.items()
    )


async def start(world: World) -> None:
    await world.post(f"/flows/{ORDERS}/start", {"approve": True})
    await world.work(ORDERS)


@pytest.mark.parametrize("placed", ["before", "after"])
async def test_what_was_sold_before_the_first_start_is_history_from_wherever_it_is_read(
    shop: World, placed: str
) -> None:
    if placed == "before":
        await shop.put(URL, {"at": "beginning"})
    await start(shop)
    if placed == "after":
        await shop.put(URL, {"at": "beginning"})
    sell(shop)
    await shop.work(ORDERS)

    assert [("order", ""), ("receipt", ""), ("receipt", ""), ("receipt", "paid")] == statuses(shop)
    assert ["order_invoice"] == [each.kind for each in shop.mailchimp.world.mails.sent]


async def test_a_rewind_goes_back_in_every_sequence_and_mails_nobody(shop: World) -> None:
    await start(shop)
    back = await shop.post(f"{URL}/rewind", {"by": 2})
    now = marks(shop)

    assert max(0, now["order"] - 2) == back["cursor"]["position"]
    assert {name: max(0, now[name] - 2) for name in ("invoice", "receipt")} == back["beside"]

    await shop.work(ORDERS)

    assert {("receipt", "")} <= set(statuses(shop))
    assert {""} == {status for _, status in statuses(shop)}
    assert [] == shop.mailchimp.world.mails.sent
    assert {name: now[name] for name in ("invoice", "receipt")} == (await shop.get(URL))["beside"]


async def test_each_sequence_has_a_place_of_its_own(shop: World) -> None:
    await start(shop)
    now = marks(shop)
    placed = await shop.put(URL, {"position": now["order"], "beside": {"receipt": now["receipt"] - 1}})
    await shop.work(ORDERS)

    assert {"invoice": now["invoice"], "receipt": now["receipt"] - 1} == placed["beside"]
    assert [("receipt", "")] == statuses(shop)

    sell(shop)
    ahead = await shop.put(URL, {"at": "now"})
    await shop.work(ORDERS)

    assert marks(shop)["receipt"] == ahead["beside"]["receipt"]
    assert [("receipt", "")] == statuses(shop)


async def test_what_a_restored_till_sells_under_old_markers_is_news(shop: World) -> None:
    await start(shop)
    await shop.work(ORDERS)
    before = marks(shop)
    async with (
        shop.api.context.db.write() as db
    ):  # the till had been far ahead before its backup was put back
        for table in (cursors, side_cursors):
            await db.execute(update(table).values(position=900, history_to=900))
    await shop.put(URL, {"position": before["order"], "beside": {"receipt": before["receipt"]}})
    sell(shop)
    await shop.work(ORDERS)

    assert [("receipt", "paid")] == statuses(shop)
    assert ["order_invoice"] == [each.kind for each in shop.mailchimp.world.mails.sent]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"position": 1, "beside": {"slip": 1}}, "beside", "invalid_input"),
        ({"position": 1, "beside": {"receipt": 10_000_000}}, "beside.receipt", "beyond_newest"),
        ({"at": "now", "beside": {"receipt": 1}}, None, "invalid_input"),
        ({"since": "2026-01-01T00:00:00+01:00"}, "since", "not_dated"),
    ],
)
async def test_what_is_no_place_is_refused(shop: World, body: Any, field: str | None, code: str) -> None:
    answer = await shop.api.http.put(f"/api/v1{URL}", json=body)

    assert (422, field, code) == (answer.status_code, answer.json().get("field"), answer.json()["code"])
