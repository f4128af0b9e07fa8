"""Branches with an audience each: all sales of a buyer go where they first bought, whatever comes first and through whichever flow."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from app.pipeline.rehearsal import rehearse
from app.sandbox.faults import soap_fault
from app.store import backfills
from app.store.tables import deliveries, erased, first_branches
from tests.shop import LIST_ID, Shop, Worker
from tests.stories.counter import JAN, mails, sell, sold, stocked
from tests.stories.test_people import OTHER_LIST, another_audience

NORTH, SOUTH = "1", "2"


async def two_audiences(shop: Shop, **settings: Any) -> tuple[str, str]:
    """A flow for each of two branches, reading what is sold from now on."""
    other = await another_audience(shop)
    north = await shop.flow("orders", {"branches": [NORTH]} | settings)
    south = await shop.flow("orders", {"branches": [SOUTH]} | settings, **other)
    await shop.rest()
    return north, south


def sell_in(shop: Shop, branch: str, relation: int | None, *, days_ago: int = 0) -> str:
    """A jumper is sold there a minute after the last, or long ago and to be read from now on; the receipt's id."""
    shop.clock.advance(60)
    with shop.till.back_then(shop.till.now() - timedelta(days=days_ago)):
        receipt = sell(shop, sold(10_001, 49.95), relation=relation)
    shop.till.receipts.cards.amend(receipt, financialBranchNumber=int(branch))
    return receipt


def held(shop: Shop) -> dict[str, list[str]]:
    """By branch, the receipts that its audience's store holds."""
    names = {LIST_ID: NORTH, OTHER_LIST: SOUTH}
    found: dict[str, list[str]] = {NORTH: [], SOUTH: []}
    for account in shop.mailchimp.world.accounts.values():
        for store in account.stores.values():
            found[names[store.list_id]] += [id.removeprefix("receipt-") for id in store.orders]
    return {branch: sorted(ids) for branch, ids in found.items()}


def statuses(shop: Shop) -> dict[str, str]:
    """By order of either store, its payment status."""
    stores = [store for a in shop.mailchimp.world.accounts.values() for store in a.stores.values()]
    return {id: each.data["financial_status"] for store in stores for id, each in store.orders.items()}


def first_asked(shop: Shop) -> list[str]:
    """The calls by which the till was asked for whose first sale is where."""
    return [each.operation for each in shop.till.log.find() if "includeLineList>false" in each.text]


async def kept(shop: Shop) -> list[tuple[str, str]]:
    """What is remembered: branch and deciding sale."""
    return [(row["branch"], row["sale"]) for row in await shop.rows(first_branches)]


async def test_all_sales_of_a_buyer_go_where_they_first_bought(shop: Shop) -> None:
    jan = stocked(shop)
    piet = int(shop.till.relations.add(**JAN | {"name": "Piet", "email": "piet@bos.nl"})["relationNumber"])
    await two_audiences(shop)
    of_jan = [sell_in(shop, branch, jan) for branch in (NORTH, SOUTH)]
    of_piet = [sell_in(shop, branch, piet) for branch in (SOUTH, NORTH)]
    await shop.rest()
    of_jan.append(sell_in(shop, SOUTH, jan))
    await shop.rest()

    assert {NORTH: sorted(of_jan), SOUTH: sorted(of_piet)} == held(shop)
    assert ["jan@devries.nl"] == list(shop.content(LIST_ID))
    assert ["piet@bos.nl"] == list(shop.content(OTHER_LIST))
    assert ("filtered", "other_branch") in (await shop.outcomes()).values()


async def test_what_was_bought_before_the_flows_began_decides(shop: Shop) -> None:
    jan = stocked(shop)
    years_ago = sell_in(shop, NORTH, jan, days_ago=900)
    sell_in(shop, SOUTH, jan, days_ago=100)
    await two_audiences(shop)
    today = sell_in(shop, SOUTH, jan)
    await shop.rest()

    assert {NORTH: [today], SOUTH: []} == held(shop)
    assert [(NORTH, f"receipt:{years_ago}")] == await kept(shop)


async def test_what_is_no_purchase_decides_nothing(shop: Shop) -> None:
    """Money given back is none, and neither is an order that was cancelled."""
    jan = stocked(shop)
    gone = shop.till.receipts.cards.rows[sell_in(shop, NORTH, None, days_ago=9)]
    shop.till.receipts.credit(gone, {"relationNumber": jan, "financialBranchNumber": 1})
    line = {"articleNumber": 10_001, "data": {"quantity": 1, "decimalPlaces": 0}}
    order = shop.till.orders.create({"relationNumber": jan, "employeeNumber": 1, "lineList": [line]})
    shop.till.orders.cancel(order)
    await two_audiences(shop)
    bought = sell_in(shop, SOUTH, jan)
    await shop.rest()

    assert {NORTH: [], SOUTH: [bought]} == held(shop)


async def test_the_moment_decides_and_not_what_arrives_first(shop: Shop) -> None:
    jan = stocked(shop)
    await two_audiences(shop)
    late = sell_in(shop, SOUTH, jan)
    early = sell_in(shop, NORTH, jan, days_ago=2)  # read after it: its till had been offline
    await shop.rest()

    assert {NORTH: sorted([late, early]), SOUTH: []} == held(shop)


async def test_an_older_sale_that_appears_later_moves_nobody(shop: Shop) -> None:
    jan = stocked(shop)
    north, south = await two_audiences(shop)
    first = sell_in(shop, NORTH, jan)
    await shop.rest()
    older = sell_in(shop, SOUTH, jan, days_ago=700)
    await shop.rest()
    last = sell_in(shop, SOUTH, jan)
    await shop.rest()
    for flow in (north, south):
        await shop.replay(flow)
    await shop.quiet()

    assert {NORTH: sorted([first, older, last]), SOUTH: []} == held(shop)
    assert [(NORTH, f"receipt:{first}")] == await kept(shop)


async def test_a_backfill_beside_live_sales(shop: Shop) -> None:
    """Who is served before their history is read belongs where the history says; each backfill counts its own only."""
    jan = stocked(shop)
    mies = int(shop.till.relations.add(**JAN | {"name": "Mies", "email": "mies@bos.nl"})["relationNumber"])
    old = [
        sell_in(shop, branch, jan, days_ago=days) for branch, days in ((NORTH, 90), (SOUTH, 60), (SOUTH, 30))
    ]
    of_mies = sell_in(shop, SOUTH, mies, days_ago=40)
    north, south = await two_audiences(shop)
    live = sell_in(shop, SOUTH, jan)
    await shop.rest()
    assert {NORTH: [live], SOUTH: []} == held(shop)

    async with shop.db.write() as conn:
        since = round(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000)
        for flow in (south, north):
            await backfills.begin(
                conn, flow, mails="without_status", since=since, count=None, now=shop.clock.now
            )
    for _ in range(6):
        await shop.worker.round("backfill")
        await shop.quiet()

    assert {NORTH: sorted([*old, live]), SOUTH: [of_mies]} == held(shop)
    async with shop.db.read() as conn:
        totals = {flow: (await backfills.find(conn, flow)).total for flow in (north, south)}
    assert {north: 4, south: 1} == totals
    assert ["order_invoice"] == mails(shop)


async def test_two_workers_at_once(shop: Shop) -> None:
    jan = stocked(shop)
    people = [jan] + [
        int(shop.till.relations.add(**JAN | {"email": f"k{n}@bos.nl"})["relationNumber"]) for n in range(5)
    ]
    flows = await two_audiences(shop)
    for n, relation in enumerate(people):
        for branch in (NORTH, SOUTH) if n % 2 else (SOUTH, NORTH):
            sell_in(shop, branch, relation)
    await shop.poll()
    workers = (shop.worker, Worker(shop.resources))
    await asyncio.gather(*(worker.batch(flow, limit=3) for worker in workers for flow in flows))
    await shop.quiet()

    assert [6, 6] == [len(ids) for ids in held(shop).values()]
    assert [3, 3] == [len(shop.content(list_id)) for list_id in (LIST_ID, OTHER_LIST)]
    assert 6 == len(await kept(shop))


async def test_the_till_is_asked_once_for_a_batch_and_once_for_a_buyer(shop: Shop) -> None:
    jan = stocked(shop)
    people = [jan] + [
        int(shop.till.relations.add(**JAN | {"email": f"k{n}@bos.nl"})["relationNumber"]) for n in range(8)
    ]
    await two_audiences(shop)
    for relation in people:
        sell_in(shop, NORTH, relation)
    await shop.rest()
    assert ["getInvoices", "getOrders", "getReceipts"] == sorted(first_asked(shop))

    for relation in people:
        sell_in(shop, SOUTH, relation)
    await shop.rest()

    assert 3 == len(first_asked(shop))
    assert [18, 0] == [len(ids) for ids in held(shop).values()]


async def test_a_till_that_cannot_answer_holds_only_those_back_that_ask(shop: Shop) -> None:
    jan = stocked(shop)
    await two_audiences(shop, without_customer="standard", standard_email="balie@winkel-voorbeeld.nl")
    asks, own = sell_in(shop, NORTH, jan), sell_in(shop, NORTH, None)
    await shop.poll()
    shop.till.faults.add(soap_fault(operation="getInvoices", times=2))
    await shop.deliver()
    assert {NORTH: [own], SOUTH: []} == held(shop)
    assert [] == await kept(shop)

    await shop.quiet()

    assert {NORTH: sorted([asks, own]), SOUTH: []} == held(shop)


async def test_sales_without_a_relation_go_by_their_own_branch(shop: Shop) -> None:
    stocked(shop)
    await two_audiences(shop, without_customer="standard", standard_email="balie@winkel-voorbeeld.nl")
    north, south = sell_in(shop, NORTH, None), sell_in(shop, SOUTH, None)
    await shop.rest()

    assert {NORTH: [north], SOUTH: [south]} == held(shop)
    assert [] == first_asked(shop)


async def test_each_sale_by_its_own_branch_by_choice(shop: Shop) -> None:
    jan = stocked(shop)
    await two_audiences(shop, branches_by="each_sale")
    north, south = sell_in(shop, NORTH, jan), sell_in(shop, SOUTH, jan)
    await shop.rest()

    assert {NORTH: [north], SOUTH: [south]} == held(shop)
    assert ([], []) == (await kept(shop), first_asked(shop))


async def test_what_was_sent_goes_on_being_told_where_it_stands(shop: Shop) -> None:
    jan = stocked(shop)
    north, _ = await two_audiences(shop)
    told = {"branches": [NORTH], "send_orders": "at_once", "update_existing": "status"}
    await shop.configure(north, settings=told, mapping={})
    line = {"articleNumber": 10_001, "data": {"quantity": 1, "decimalPlaces": 0}}
    made = shop.till.orders.create({"relationNumber": jan, "employeeNumber": 1, "lineList": [line]})
    await shop.rest()
    await shop.configure(north, settings=told | {"branches": ["9"]}, mapping={})
    shop.clock.advance(60)
    shop.till.orders.pay(made, [{"method": "PIN", "amount": made["totalInclAmount"]}], prepay=True)
    await shop.rest()

    assert {f"order-{made['orderId']}": "paid"} == statuses(shop)


async def test_a_credit_follows_its_sale_and_not_its_branch(shop: Shop) -> None:
    jan = stocked(shop)
    await two_audiences(shop)
    receipt = sell_in(shop, NORTH, jan)
    await shop.rest()
    shop.till.receipts.credit(shop.till.receipts.cards.rows[receipt], {"financialBranchNumber": 2})
    await shop.rest()

    assert {f"receipt-{receipt}": "refunded"} == statuses(shop)


async def test_two_relations_of_one_address_are_one_buyer(shop: Shop) -> None:
    jan = stocked(shop)
    again = int(shop.till.relations.add(**JAN | {"name": "J. de Vries"})["relationNumber"])
    await two_audiences(shop)
    first = sell_in(shop, NORTH, jan)
    await shop.rest()
    second = sell_in(shop, SOUTH, again)
    await shop.rest()

    assert {NORTH: sorted([first, second]), SOUTH: []} == held(shop)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_of_who_is_erased_nothing_is_kept(shop: Shop, when: str) -> None:
    jan = stocked(shop)
    north, _ = await two_audiences(shop)
    person = (await shop.worker.routes.route(north)).key("customer", "jan@devries.nl")

    async def erase() -> None:
        async with shop.db.write() as conn:
            await conn.execute(insert(erased).values(hash=person, at=0))

    if when == "before":
        await erase()
    sell_in(shop, NORTH, jan)
    await shop.rest()
    assert {"before": [], "after": [person]}[when] == [
        row["person"] for row in await shop.rows(first_branches)
    ]
    assert "devries" not in repr(await shop.rows(first_branches))

    if when == "after":
        await erase()
    await shop.worker.round("prune")

    assert [] == await shop.rows(first_branches)


async def test_a_preview_tells_it_and_remembers_nothing(shop: Shop) -> None:
    jan = stocked(shop)
    sell_in(shop, NORTH, jan, days_ago=10)
    _, south = await two_audiences(shop)
    receipt = sell_in(shop, SOUTH, jan)
    route = await shop.worker.routes.route(south)
    [told] = await rehearse(route, await route.reader().fetch_many([f"receipt:{receipt}"]))

    assert told.plan is not None
    assert told.plan.decision.skip is not None
    assert "Its buyer first bought in branch 1" in told.plan.decision.skip.reason
    assert ([], []) == (await kept(shop), await shop.rows(deliveries))
