"""The undo of a run about goods and sales: orders are cancelled, articles and variants put away, what is booked is named."""

from __future__ import annotations

import pytest

from app.pipeline.undoing import foresee
from app.store import undos
from app.store.undos import Run
from tests.shop import Shop
from tests.stories.assortment import articles as made
from tests.stories.assortment import offer, open_store, take_products, variant
from tests.stories.counter import orders, sell, sold, stocked
from tests.stories.storefront import article, contents
from tests.stories.webshop import BUYER, booked, invoiced, look, take_orders, till_with_articles, webshop


def cancelled(shop: Shop) -> list[str | None]:
    return [row.get("cancelState") for row in shop.till.orders.cards.rows.values()]


async def test_booked_orders_are_cancelled_and_stay_so(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    flow = await take_orders(shop)
    for number in ("1001", "1002", "1003"):
        store.order(number, BUYER, [("1001", 1)])
    await look(shop)
    assert 3 == len(booked(shop))
    shop.clock.advance(60)

    undo = await shop.undo(flow)

    assert ("done", 3) == (undo.state, undo.total)
    assert ["ORDER-CANCEL-STATE-COMPLETE"] * 3 == cancelled(shop)
    assert {("delivered", "undone")} == set((await shop.undone()).values())

    asked = [name for name in shop.asked() if "ancel" in name or name.startswith("create")]
    await shop.change_flow(flow, state="running")
    await look(shop)
    await shop.undo(flow)
    assert asked == [name for name in shop.asked() if "ancel" in name or name.startswith("create")]


async def test_the_relation_that_was_made_for_a_buyer_is_named_and_stays(shop: Shop) -> None:
    """Once, at the order that made it; one that was there before is nobody's concern."""
    till_with_articles(shop)
    there = shop.till.relations.add(name="Al Bekend", email="bekend@klant-voorbeeld.nl")["relationNumber"]
    store = webshop(shop)
    flow = await take_orders(shop)
    store.order("1001", BUYER, [("1001", 1)])
    store.order("1002", "bekend@klant-voorbeeld.nl", [("1001", 1)])
    await look(shop)
    store.order("1003", BUYER, [("1001", 1)])
    await look(shop)
    [made] = shop.till.relations.cards.rows.keys() - {there}
    run = Run(flow, 0, shop.clock.now)
    foreseen = await foresee(await shop.worker.routes.route(flow), run)
    assert (3, {"buyer_stays": 1}) == (foreseen.put_away, dict(foreseen.stays))

    undo = await shop.undo(flow)

    assert "done" == undo.state
    assert ["ORDER-CANCEL-STATE-COMPLETE"] * 3 == cancelled(shop)
    async with shop.db.read() as conn:
        [named] = await undos.named(conn, undo, after=0, limit=10)
    assert ("webshop/1001", "buyer_stays") == (named.ref, named.code)
    assert f"The relation {made}," in named.reason
    assert all(row.get("active", True) for row in shop.till.relations.cards.rows.values())


async def test_a_booked_invoice_is_named_and_stays(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    flow = await take_orders(shop, {"book_as": "invoice"})
    store.order("1001", BUYER, [("1001", 1)])
    await look(shop)
    before = invoiced(shop)
    assert 1 == len(before)

    undo = await shop.undo(flow)

    assert "done" == undo.state
    assert [("skipped", "invoice_booked")] == [*(await shop.undone()).values()]
    assert "credit it in the till" in (await shop.attempts())[-1]["reason"]
    assert before == invoiced(shop)
    assert "creditInvoice" not in shop.asked()


async def test_sales_in_a_store_and_quantities_are_named_and_stay(shop: Shop) -> None:
    jan = stocked(shop)
    flow = await shop.flow("orders")
    await shop.rest()
    sell(shop, sold(10_001, 49.95), relation=jan)
    await shop.rest()
    there = orders(shop)
    assert 1 == len(there)

    await shop.undo(flow)

    assert [("skipped", "kept")] == [*(await shop.undone()).values()]
    assert there == orders(shop)


@pytest.mark.parametrize("policy", ["hide", "delete"])
async def test_products_of_a_run_are_hidden_or_deleted_as_inactive_ones_are(shop: Shop, policy: str) -> None:
    shop.till.catalogue.add(productNumber=1, description="Eerst", articleList=[article(10_001)])
    flow = await shop.flow("products", {"quantity": "off", "on_inactive": policy})
    await shop.rest()
    before = contents(shop)
    shop.clock.advance(3_600)
    since = shop.clock.now
    shop.till.catalogue.add(
        productNumber=2,
        description="Trui",
        articleList=[article(20_001, size="M"), article(20_002, size="L")],
    )
    await shop.rest()
    assert 2 == len(contents(shop))

    undo = await shop.undo(flow, since=since)

    assert ("done", 1) == (undo.state, undo.total)
    after = contents(shop)
    first = next(iter(before))
    assert before[first] == after.pop(first)
    if policy == "delete":
        assert {} == after
    else:
        [product] = after.values()
        assert {"hidden"} == {each["visibility"] for each in product["variants"].values()}
    written = shop.written()
    await shop.change_flow(flow, state="running")
    shop.clock.advance(100)
    await shop.rest()
    assert written == shop.written()


async def test_articles_made_from_a_shop_become_inactive(shop: Shop) -> None:
    store = open_store(shop)
    flow = await take_products(shop)
    offer(store, "trui", variant("1001", "Trui rood"), variant("1002", "Trui blauw"), title="Trui")
    await look(shop)
    assert 2 == len(made(shop))

    undo = await shop.undo(flow)

    assert ("done", {"delivered"}) == (undo.state, {each[0] for each in (await shop.undone()).values()})
    assert [True, True] == [row.get("inactive") for row in made(shop).values()]
