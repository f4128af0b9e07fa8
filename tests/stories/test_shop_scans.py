"""Looking through the stores of an account: what is seen, what it costs, and what counts as history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from app.connectors.mailchimp.shoporders import GLIMPSED
from app.flows.shopordersettings import ShopOrdersSettings
from app.sandbox.faults import Fault
from app.store.tables import deliveries, glimpses
from tests.shop import LIST_ID, Shop
from tests.stories.conftest import TODAY
from tests.stories.webshop import BUYER, booked, look, relations, take_orders, till_with_articles, webshop


def looks(shop: Shop) -> list[str]:
    """What was asked for by looking through stores, forgotten once told."""
    found = [entry.operation for entry in shop.mailchimp.log.find() if entry.operation == "orders.get"]
    shop.mailchimp.log.clear()
    return found


def iso(moment: datetime) -> str:
    return moment.isoformat()


async def kept(shop: Shop) -> list[dict[str, Any]]:
    return await shop.rows(glimpses)


async def test_a_look_costs_a_call_per_thousand_and_asks_for_no_person(shop: Shop) -> None:
    store = webshop(shop)
    for number in range(2_001):
        store.order(str(number), f"koper{number % 7}@klant-voorbeeld.nl", [("1002", 1)])
    flow = await take_orders(shop, position=round(TODAY.timestamp()) + 60)
    told = await shop.worker.schedule.scanner.scan(flow)

    assert (2_001, 0) == (told.seen, told.asked)
    asked = [entry for entry in shop.mailchimp.log.find() if entry.operation == "orders.get"]
    assert ["0", "1000", "2000"] == [entry.query["offset"] for entry in asked]
    fields = {",".join([*(f"orders.{name}" for name in GLIMPSED), "total_items"])}
    assert fields == {entry.query["fields"] for entry in asked}
    assert {"flow_id", "ref", "fingerprint", "epoch"} == set((await kept(shop))[0])
    assert not any(BUYER[:5] in str(row) or "koper" in str(row) for row in await kept(shop))


async def test_only_what_is_new_or_differs_is_asked_for(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    flow = await take_orders(shop)
    store.order("1", BUYER, [("1002", 1)])
    await look(shop)
    scanner = shop.worker.schedule.scanner
    assert 0 == (await scanner.scan(flow)).asked

    store.change("1", fulfillment_status="shipped")
    store.order("2", BUYER, [("1002", 1)])

    assert 2 == (await scanner.scan(flow)).asked
    assert 0 == (await scanner.scan(flow)).asked


async def test_what_came_about_before_the_beginning_is_history_whatever_changes_of_it(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    before, after = iso(TODAY - timedelta(seconds=1)), iso(TODAY)
    store.order("old", BUYER, [("1002", 1)], processed_at_foreign=before)
    store.order("new", BUYER, [("1002", 2)], processed_at_foreign=after)
    await take_orders(shop, position=round(TODAY.timestamp()))
    await look(shop)
    store.change("old", fulfillment_status="shipped")
    store.order("late", BUYER, [("1002", 3)], processed_at_foreign=before)
    await look(shop)

    assert ["webshop-new"] == [sale["external"] for sale in booked(shop)]


async def test_history_goes_when_the_cursor_is_placed_before_it(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    for number, days in (("1", 30), ("2", 10)):
        store.order(number, BUYER, [("1002", 1)], processed_at_foreign=iso(TODAY - timedelta(days=days)))
    flow = await take_orders(shop, position=round(TODAY.timestamp()))
    await look(shop)
    assert [] == booked(shop)

    await shop.rewind(flow, round((TODAY - timedelta(days=20)).timestamp()))
    await look(shop)
    assert ["webshop-2"] == [sale["external"] for sale in booked(shop)]

    await shop.rewind(flow, 0)
    await look(shop)
    assert ["webshop-1", "webshop-2"] == sorted(sale["external"] for sale in booked(shop))


async def test_history_goes_behind_and_leaves_the_buyer_as_he_is(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    shop.till.relations.add(name="Sanne", email=BUYER, address="Markt 1")
    for number, days in (("old", 3), ("new", 0)):
        store.order(
            number,
            BUYER if number == "old" else "koper@klant-voorbeeld.nl",
            [("1002", 1)],
            billing_address={"address1": "Oude Gracht 1"},
            processed_at_foreign=iso(TODAY - timedelta(days=days)),
        )
    flow = await take_orders(shop)
    await shop.worker.schedule.scanner.scan(flow)
    waiting = {row["source_ref"]: (row["priority"], row["trigger"]) for row in await shop.rows(deliveries)}
    await shop.quiet()

    assert {"webshop/old": (10, "backfill"), "webshop/new": (0, "poll")} == waiting
    assert ["Markt 1", "Oude Gracht 1"] == [row["address"] for row in relations(shop)]


async def test_what_changes_after_the_first_look_is_live_however_old_it_is(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    placed = iso(TODAY - timedelta(days=3))
    store.order("old", BUYER, [("1002", 1)], processed_at_foreign=placed, financial_status="pending")
    flow = await take_orders(shop)
    await look(shop)
    store.change("old", financial_status="paid")
    await shop.worker.schedule.scanner.scan(flow)

    assert [(0, "poll")] == [(row["priority"], row["trigger"]) for row in await shop.rows(deliveries)]


async def test_one_order_of_the_past_on_demand_and_its_changes_from_then_on(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    store.order("old", BUYER, [("1002", 1)], processed_at_foreign=iso(TODAY - timedelta(days=400)))
    flow = await take_orders(shop, position=round(TODAY.timestamp()))
    await look(shop)
    await shop.ask(flow, "webshop/old")
    await shop.quiet()
    assert ["webshop-old"] == [sale["external"] for sale in booked(shop)]

    store.change("old", cancelled_at_foreign=iso(TODAY))
    await look(shop)

    assert [True] == [sale.get("cancelled") for sale in booked(shop)]


async def test_orders_without_a_date_are_history_when_they_were_there_at_the_first_look(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    store.order("old", BUYER, [("1002", 1)], processed_at_foreign="")
    await take_orders(shop, {"financial_date": "today"}, position=round(TODAY.timestamp()))
    await look(shop)
    store.order("new", BUYER, [("1002", 2)], processed_at_foreign="")
    await look(shop)

    assert [("webshop-new", 2_000)] == [(sale["external"], sale["total"]) for sale in booked(shop)]


async def test_a_look_that_breaks_off_loses_nothing(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    for number in range(1_200):
        store.order(
            str(number), f"koper{number}@klant-voorbeeld.nl", [("1002", 1)], financial_status="pending"
        )
    flow = await take_orders(shop)
    shop.mailchimp.faults.add(Fault(status=503, operation="orders.get", skip=1))
    scanner = shop.worker.schedule.scanner
    with pytest.raises(Exception, match="503"):
        await scanner.scan(flow)
    assert 1_000 == len(await kept(shop))

    assert 200 == (await scanner.scan(flow)).asked
    assert 1_200 == len(await kept(shop))


async def test_the_store_that_we_write_is_refused_and_told(shop: Shop) -> None:
    own = f"till-{LIST_ID}"
    webshop(shop, own)
    flow = await take_orders(shop, {"stores": [{"id": own}]})
    await scan_round(shop)

    assert [("scan_failed", True)] == await shop.alerts()
    await shop.ask(flow, f"{own}/1")
    await shop.quiet()
    assert ("quarantined", "own_store") == (await shop.outcomes())[f"{own}/1"]


async def settled(shop: Shop) -> None:
    """Until every look that was begun has ended."""
    for task in list(shop.worker.schedule.scanner._tasks.values()):
        await task


async def test_a_store_that_is_not_there_is_told_until_it_is(shop: Shop) -> None:
    await take_orders(shop, {"scan_every_s": 15})
    await scan_round(shop)
    assert [("scan_failed", True)] == await shop.alerts()

    webshop(shop)
    shop.clock.advance(16)
    await scan_round(shop)

    assert [("scan_failed", False)] == await shop.alerts()


async def test_how_often_follows_from_the_size(shop: Shop) -> None:
    store = webshop(shop)
    for number in range(3_500):
        store.order(str(number), f"koper{number % 7}@klant-voorbeeld.nl", [("1002", 1)])
    await take_orders(
        shop, {"scan_every_s": 15, "scan_calls_a_minute": 2}, position=round(TODAY.timestamp()) + 9
    )
    moments = []
    for _ in range(60):
        await scan_round(shop)
        if looks(shop):
            moments.append(shop.clock.now)
        shop.clock.advance(5)

    # Four calls at two a minute: every two minutes, though a small shop would be looked at every 15 seconds.
    assert {120_000} == {later - one for one, later in pairwise(moments)}


async def test_two_workers_look_in_turn(shop: Shop) -> None:
    webshop(shop)
    await take_orders(shop)
    await shop.worker.round("scan")
    await shop.worker.round("scan")
    await settled(shop)

    assert ["orders.get"] == looks(shop)


async def test_a_contact_that_changed_is_a_hint_to_look_at_that_customers_orders(public_shop: Shop) -> None:
    shop = public_shop
    till_with_articles(shop)
    store = webshop(shop)
    for number in range(3):
        store.order(f"a{number}", f"koper{number}@klant-voorbeeld.nl", [("1002", 1)])
    await take_orders(shop, {"scan_every_s": 86_400}, position=round(TODAY.timestamp()) + 1)
    await scan_round(shop)
    shop.clock.advance(600)
    for number, email in (("b", BUYER), ("c", "koper1@klant-voorbeeld.nl")):
        hers = email == BUYER
        store.order(number, email, [("1002", 5)], opt_in=hers, processed_at_foreign=iso(now_of(shop)))
    looks(shop)
    await scan_round(shop)
    assert ([], []) == (looks(shop), booked(shop))

    shop.life.edit(BUYER, merge_fields={"FNAME": "Sanne"})
    await shop.mailchimp.postman.deliver_due()
    await scan_round(shop)
    await shop.quiet()

    assert ["webshop-b"] == [sale["external"] for sale in booked(shop)]
    assert 1 == len(looks(shop))
    await scan_round(shop)
    assert [] == looks(shop)


async def scan_round(shop: Shop) -> None:
    await shop.worker.round("scan")
    await settled(shop)


def now_of(shop: Shop) -> datetime:
    return datetime.fromtimestamp(shop.clock.now / 1000, UTC)


def test_every_store_once_and_numbers_that_cannot_collide() -> None:
    for stores in ([{"id": "a"}, {"id": "a"}], [{"id": "a", "prefix": ""}, {"id": "b", "prefix": ""}], []):
        with pytest.raises(ValueError, match="stores"):
            ShopOrdersSettings.model_validate({"stores": stores})
