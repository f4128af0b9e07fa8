"""Articles that are made for an order, because the till does not have them yet (feature O11, shops to till)."""

from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.faults import Fault
from app.sandbox.mailchimp.shopping import Shopping
from app.store.tables import numbers, targets
from tests.shop import Shop, another_worker
from tests.stories.assortment import articles, offer, open_store, products, take_products, variant, written
from tests.stories.webshop import BUYER, STORE, booked, look, reason, relations, take_orders

NEW = {
    "number_range": {"first": 800_000, "last": 800_009},
    "vat_codes": {"force": "2"},
    "turnover_groups": {"force": "1"},
}
CREATE = {"missing_article": "create", "new_articles": NEW}
OWN_RANGE = {"number_range": {"first": 900_000, "last": 900_009}}


def jumper(shop: Shop, *more: dict[str, Any]) -> Shopping:
    """A shop with a jumper in two colours; the till knows neither."""
    store = open_store(shop)
    offer(store, "trui", variant("TR-R", "Trui rood"), variant("TR-B", "Trui blauw", 45), *more)
    return store


def forget(store: Shopping, product: str) -> None:
    """The shop deletes a product."""
    del store.store.products[product]


async def kept(shop: Shop) -> dict[str, int]:
    """The numbers that were given, by name."""
    return {row["name"]: row["number"] for row in await shop.rows(numbers)}


def read(shop: Shop) -> int:
    """How often a product was read from the shop."""
    return len([each for each in shop.mailchimp.log.find() if each.operation == "product.get"])


def lines(shop: Shop) -> list[list[tuple[int, str, int, int]]]:
    """The lines of every booked order."""
    return [sale["lines"] for sale in booked(shop)]


async def test_an_article_is_made_once_and_the_order_is_booked_on_it(shop: Shop) -> None:
    store = jumper(shop)
    await take_orders(shop, CREATE)
    store.order("1", BUYER, [("v-TR-R", 2)])
    await look(shop)

    assert {"webshop/1": ("delivered", None)} == await shop.outcomes(), await shop.attempts()
    assert [[(800_000, "Trui rood", 2, 9_990)]] == lines(shop)
    assert {1: ("Trui", [800_000])} == products(shop)
    assert {
        "description": "Trui rood",
        "extArticleId": "TR-R",
        "pluNumber": "TR-R",
        "priceIncl": 4_995,
        "vatCode": 2,
        "turnoverGroup": 1,
        "colour": "rood",
    } == articles(shop)[800_000]

    store.order("2", BUYER, [("v-TR-R", 1)])
    await look(shop)

    assert [(800_000, "Trui rood", 1, 4_995)] == lines(shop)[1]
    assert ["createProduct"] == written(shop)
    assert 1 == read(shop)


async def test_two_orders_of_one_new_article_make_one(shop: Shop) -> None:
    store = jumper(shop)
    await take_orders(shop, CREATE)
    for number in ("1", "2", "3"):
        store.order(number, f"koper{number}@klant-voorbeeld.nl", [("v-TR-R", 1), ("v-TR-B", 1)])
    await look(shop)

    assert {"TR-R": 800_000, "TR-B": 800_001} == await kept(shop)
    assert [[(800_000, "Trui rood", 1, 4_995), (800_001, "Trui blauw", 1, 4_500)]] * 3 == lines(shop)
    assert {1: ("Trui", [800_000, 800_001])} == products(shop)
    assert ["createProduct"] == written(shop)


async def test_a_second_article_joins_the_product_of_the_first(shop: Shop) -> None:
    store = jumper(shop, variant("1003", "Trui groen"))
    shop.till.catalogue.add(productNumber=5, description="Trui", articleList=[{"articleNumber": 1003}])
    await take_orders(shop, CREATE)
    for number, sku in enumerate(("TR-R", "TR-B"), 1):
        store.order(str(number), BUYER, [(f"v-{sku}", 1)])
        await look(shop)

    assert {5: ("Trui", [1003, 800_000, 800_001])} == products(shop)
    assert ["updateProduct", "updateProduct"] == written(shop)


async def test_two_workers_make_one_article(shop: Shop, redis_url: str) -> None:
    store = jumper(shop)
    flow = await take_orders(shop, CREATE)
    for number in range(1, 9):
        store.order(str(number), f"koper{number}@klant-voorbeeld.nl", [("v-TR-R", 1)])
    await shop.worker.schedule.scanner.scan(flow)
    async with another_worker(shop, redis_url) as other:
        for _ in range(6):
            await shop.worker.batch(flow, limit=2)
            await other.batch(flow, limit=2)
    await shop.quiet()

    assert [[(800_000, "Trui rood", 1, 4_995)]] * 8 == lines(shop)
    assert ["createProduct"] == written(shop)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("createProduct", "reset_before"),
        ("createProduct", "reset_after"),
        ("createRelation", "reset_before"),
        ("createOrderV3", "reset_after"),
    ],
)
async def test_after_a_lost_answer_there_is_one_article_and_one_order(
    shop: Shop, operation: str, kind: str
) -> None:
    store = jumper(shop)
    await take_orders(shop, CREATE)
    store.order("1", BUYER, [("v-TR-R", 1)])
    shop.till.faults.add(Fault(kind=kind, operation=operation, times=1))  # type: ignore[arg-type]
    await look(shop)

    assert [[(800_000, "Trui rood", 1, 4_995)]] == lines(shop), await shop.attempts()
    assert {1: ("Trui", [800_000])} == products(shop)
    assert {"TR-R": 800_000} == await kept(shop)
    standing = {row["kind"]: (row["state"], row["owner_ref"]) for row in await shop.rows(targets)}
    assert ("present", "webshop/trui") == standing["article"] == standing["product"]


async def test_killed_between_the_article_and_the_order(shop: Shop) -> None:
    store = jumper(shop)
    flow = await take_orders(shop, CREATE)
    store.order("1", BUYER, [("v-TR-R", 1)])
    await shop.worker.schedule.scanner.scan(flow)

    async def dies(name: str) -> None:
        if name == "sent":
            raise KeyboardInterrupt

    shop.till.faults.add(Fault(kind="reset_before", operation="createOrderV3", times=1))
    with pytest.raises(KeyboardInterrupt):
        await shop.worker.batch(flow, hook=dies)  # type: ignore[arg-type]
    assert ({1: ("Trui", [800_000])}, []) == (products(shop), booked(shop))
    shop.clock.advance(300)
    await shop.quiet()

    assert [[(800_000, "Trui rood", 1, 4_995)]] == lines(shop), await shop.attempts()
    assert ["createProduct"] == written(shop)


async def test_the_order_first_then_a_flow_of_shop_products(shop: Shop) -> None:
    store = jumper(shop)
    await take_orders(shop, CREATE)
    store.order("1", BUYER, [("v-TR-R", 1)])
    await look(shop)
    await take_products(shop, OWN_RANGE)
    await look(shop)

    assert {1: ("Trui", [800_000, 900_000])} == products(shop)
    assert {"TR-R": 800_000, "TR-B": 900_000} == await kept(shop)


async def test_a_flow_of_shop_products_first_then_the_order(shop: Shop) -> None:
    store = jumper(shop)
    await take_products(shop, {**OWN_RANGE, "numbers": "assigned"})
    await look(shop)
    await take_orders(shop, CREATE)
    store.order("1", BUYER, [("v-TR-B", 1)])
    await look(shop)

    assert [[(900_001, "Trui blauw", 1, 4_500)]] == lines(shop), await shop.attempts()
    assert {1: ("Trui", [900_000, 900_001])} == products(shop)
    assert ["createProduct"] == written(shop)


async def test_what_was_edited_in_the_till_stays_beside_an_article_made_for_an_order(shop: Shop) -> None:
    store = open_store(shop)
    offer(store, "trui", variant("TR-R", "Trui rood"))
    flow = await take_products(shop, {**OWN_RANGE, "update_existing": True})
    await take_orders(shop, CREATE)
    await look(shop)
    (shop.till.catalogue.article(900_000) or {})["priceIncl"] = 5_500
    offer(store, "trui", variant("TR-B", "Trui blauw", 45))
    store.order("1", BUYER, [("v-TR-B", 1)])
    await shop.worker.schedule.scanner.scan(shop.flow_ids[1])
    await shop.quiet()
    assert {1: ("Trui", [900_000, 800_000])} == products(shop)
    await shop.replay(flow)
    await look(shop)

    assert (5_500, 4_500) == tuple(articles(shop)[number]["priceIncl"] for number in (900_000, 800_000))


async def test_a_number_is_kept_though_the_other_flow_gives_others(shop: Shop) -> None:
    store = open_store(shop)
    offer(store, "trui", variant("5001"))
    await take_orders(shop, {**CREATE, "new_articles": {**NEW, "numbers": "assigned"}})
    store.order("1", BUYER, [("v-5001", 1)])
    await look(shop)
    await take_products(shop)
    await look(shop)

    assert {1: ("Trui", [800_000])} == products(shop)


async def test_of_a_product_that_is_gone_from_the_line_and_completed_when_it_is_back(shop: Shop) -> None:
    store = jumper(shop)
    await take_orders(shop, CREATE)
    order(store, "1", ("v-TR-R", 2, 30))
    forget(store, "trui")
    await look(shop)

    name = f"{STORE}/trui/v-TR-R"
    assert {name: 800_000} == await kept(shop), await shop.attempts()
    assert [[(800_000, name, 2, 6_000)]] == lines(shop)
    held = articles(shop)[800_000]
    assert (name, name, 3_000) == tuple(held[n] for n in ("description", "extArticleId", "priceIncl"))
    assert "pluNumber" not in held

    offer(store, "trui", variant("TR-R", "Trui rood"), variant("TR-B", "Trui blauw", 45), vendor="Wol & Zo")
    flow = await take_products(shop, OWN_RANGE)
    await look(shop)

    assert {1: ("Trui", [800_000, 900_000])} == products(shop)
    held = articles(shop)[800_000]
    shown = ("description", "pluNumber", "priceIncl", "brandName", "colour")
    assert ("Trui rood", "TR-R", 4_995, "Wol & Zo", "rood") == tuple(held[n] for n in shown)
    await shop.compare(flow)
    assert {} == await shop.differences(flow)
    order(store, "2", ("v-TR-R", 1, 49.95))
    offer(store, "trui", variant("TR-R", "Trui rood", 60), variant("TR-B", "Trui blauw", 45))
    await look(shop)
    await shop.replay(flow)
    await shop.quiet()

    assert [(800_000, "Trui rood", 1, 4_995)] == lines(shop)[1]
    assert 4_995 == articles(shop)[800_000]["priceIncl"]
    assert {1: ("Trui", [800_000, 900_000])} == products(shop)


async def test_two_variants_of_a_product_that_is_gone_stand_in_one_of_the_till(shop: Shop) -> None:
    store = jumper(shop)
    await take_orders(shop, CREATE)
    order(store, "1", ("v-TR-R", 1, 30))
    order(store, "2", ("v-TR-B", 1, 30))
    forget(store, "trui")
    await look(shop)

    assert [[800_000, 800_001]] == [numbers for _, numbers in products(shop).values()]
    assert [800_000, 800_001] == sorted(line[0] for sale in lines(shop) for line in sale)


async def test_an_article_of_a_products_flow_is_found_after_its_product_is_gone(shop: Shop) -> None:
    store = jumper(shop)
    await take_products(shop, OWN_RANGE)
    await look(shop)
    await take_orders(shop, CREATE)
    order(store, "1", ("v-TR-B", 1, 45))
    forget(store, "trui")
    await look(shop)

    assert [[(900_001, "Trui blauw", 1, 4_500)]] == lines(shop), await shop.attempts()
    assert {1: ("Trui", [900_000, 900_001])} == products(shop)


async def test_everything_that_is_missing_or_cannot_be_made_is_named_and_nothing_is_written(
    shop: Shop,
) -> None:
    store = jumper(shop)
    offer(store, "gratis", variant("GR-1", price=0))
    offer(store, "zonder", variant("ZON", "Zonder") | {"sku": ""})
    settings = {**CREATE, "shipping_article": "9001"}
    settings["new_articles"] = {**NEW, "vat_expression": "store", "vat_codes": {"entries": {"webshop": "2"}}}
    await take_orders(shop, settings)
    order(store, "1", ("v-TR-R", 1, 49.95), ("v-GR-1", 1, 0), ("v-ZON", 1, 5), shipping_total=5.0)
    await look(shop)

    assert {"webshop/1": ("quarantined", "article_missing")} == await shop.outcomes()
    said = await reason(shop)
    assert said is not None
    assert said.startswith("The till has no article for GR-1, webshop/zonder/v-ZON, 9001.")
    assert "GR-1 cannot be made: None of its variants is sent: it has no price." in said
    assert "webshop/zonder/v-ZON cannot be made: it has no SKU in the shop" in said
    assert ([], []) == (written(shop), relations(shop))


async def test_a_vat_code_that_nothing_says_is_told(shop: Shop) -> None:
    store = jumper(shop)
    new = {**NEW, "vat_codes": {"entries": {"Boeken": "1"}, "missing": "fail"}}
    await take_orders(shop, {**CREATE, "new_articles": new})
    store.order("1", BUYER, [("v-TR-R", 1)])
    await look(shop)

    assert ("quarantined", "article_missing") == (await shop.outcomes())["webshop/1"]
    assert "TR-R cannot be made: Nothing says which VAT code the product has." in str(await reason(shop))
    assert [] == written(shop)


async def test_a_buyer_who_cannot_be_booked_makes_no_article(shop: Shop) -> None:
    store = jumper(shop)
    await take_orders(shop, {**CREATE, "create_relations": False})
    store.order("1", BUYER, [("v-TR-R", 1)])
    await look(shop)

    assert ("quarantined", "no_relation") == (await shop.outcomes())["webshop/1"]
    assert [] == written(shop)


async def test_an_order_that_is_booked_already_makes_no_article(shop: Shop) -> None:
    store = jumper(shop)
    shop.till.catalogue.add(productNumber=9, articleList=[{"articleNumber": 1}])
    debtor = shop.till.relations.add(name="Webverkoop")["relationNumber"]
    line = {"articleNumber": 1, "data": {"quantity": 1, "price": 1000}}
    shop.till.orders.create(
        {"relationNumber": debtor, "employeeNumber": 1, "extOrderId": "webshop-1", "lineList": [line]}
    )
    await take_orders(shop, CREATE)
    store.order("1", BUYER, [("v-TR-R", 1)])
    await look(shop)

    assert 1 == len(booked(shop))
    assert [] == written(shop)


async def test_an_article_that_the_till_refuses_leaves_the_order_unbooked(shop: Shop) -> None:
    store = jumper(shop)
    await take_orders(shop, {**CREATE, "new_articles": {**NEW, "vat_codes": {"force": "7"}}})
    store.order("1", BUYER, [("v-TR-R", 1)])
    await look(shop)

    [(outcome, _)] = (await shop.outcomes()).values()
    assert ("quarantined", [], {}, []) == (outcome, booked(shop), products(shop), relations(shop))


async def test_a_range_that_is_used_up_writes_nothing(shop: Shop) -> None:
    store = jumper(shop)
    new = {**NEW, "number_range": {"first": 7, "last": 7}}
    await take_orders(shop, {**CREATE, "new_articles": new})
    store.order("1", BUYER, [("v-TR-R", 1), ("v-TR-B", 1)])
    await look(shop)

    assert ("quarantined", "numbers_used_up") == (await shop.outcomes())["webshop/1"]
    assert ([], [], []) == (written(shop), booked(shop), relations(shop))


async def test_what_is_there_costs_no_look_at_the_shop(shop: Shop) -> None:
    store = open_store(shop)
    offer(store, "trui", variant("1001"))
    shop.till.catalogue.add(articleList=[{"articleNumber": 1001, "priceIncl": 100, "vatCode": 2}])
    await take_orders(shop, CREATE)
    store.order("1", BUYER, [("v-1001", 1)])
    await look(shop)

    assert 1 == len(booked(shop))
    assert 0 == read(shop)


async def test_undo_puts_away_what_was_made_for_the_order(shop: Shop) -> None:
    store = jumper(shop)
    flow = await take_orders(shop, CREATE)
    store.order("1", BUYER, [("v-TR-R", 1)])
    await look(shop)
    shop.clock.advance(60)

    undo = await shop.undo(flow)

    assert ("done", 1) == (undo.state, undo.total)
    assert {"webshop/1": ("delivered", "undone")} == await shop.undone()
    assert booked(shop)[0]["cancelled"]
    assert articles(shop)[800_000]["inactive"]


def order(store: Shopping, number: str, *items: tuple[str, int, float], **more: Any) -> None:
    """An order at prices of its own."""
    store.order(number, BUYER, [(id, quantity) for id, quantity, _ in items], **more)
    row = store.store.orders[number]
    total = 0.0
    for line, (_, quantity, price) in zip(row.lines.values(), items, strict=True):
        line["price"] = price
        total += quantity * price
    row.data["order_total"] = round(total + more.get("shipping_total", 0), 2)
