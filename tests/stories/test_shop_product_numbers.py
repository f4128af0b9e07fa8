"""Under which numbers articles of other shops are made: found again, given once, and never another's."""

from __future__ import annotations

import asyncio
from typing import Any

from app.connectors.mplus.rows import PRODUCTS_IN
from app.sandbox.faults import Fault
from app.store.tables import numbers
from tests.shop import Shop, another_worker
from tests.stories.assortment import (
    RANGE,
    articles,
    change_settings,
    offer,
    open_store,
    prices,
    products,
    take_products,
    variant,
    written,
)
from tests.stories.webshop import BUYER, booked, look, take_orders


async def test_a_sku_that_is_no_number_gets_one_of_the_range_and_keeps_it(shop: Shop) -> None:
    shop.till.catalogue.add(articleList=[{"articleNumber": 900_000, "description": "Van de winkel zelf"}])
    store = open_store(shop)
    offer(store, "trui", variant("TR-R-M", "Trui rood / M"), variant("1001"))
    flow = await take_products(shop, RANGE)
    await look(shop)
    offer(store, "trui", variant("TR-R-L", "Trui rood / L"))
    await look(shop)
    await shop.forget_targets()
    await shop.rewind(flow)
    await look(shop)

    assert {2: ("Trui", [900_001, 1001, 900_002])} == {
        number: each for number, each in products(shop).items() if number == 2
    }
    held = articles(shop)
    assert ("TR-R-M", "TR-R-M", "rood", "M") == tuple(held[900_001][name] for name in ("extArticleId", "pluNumber", "colour", "size"))  # fmt: skip
    assert "pluNumber" not in held[1001]
    assert {"TR-R-M": 900_001, "TR-R-L": 900_002} == {row["name"]: row["number"] for row in await shop.rows(numbers)}  # fmt: skip
    assert ["createProduct", "updateProduct"] == written(shop)


async def test_a_number_that_was_given_is_the_same_after_a_lost_answer(shop: Shop) -> None:
    store = open_store(shop)
    offer(store, "trui", variant("TR-1"))
    await take_products(shop, RANGE)
    shop.till.faults.add(Fault("reset_before", operation="createProduct"))
    shop.till.faults.add(Fault("reset_after", operation="createProduct"))
    await look(shop)

    assert {1: ("Trui", [900_000])} == products(shop)
    assert 1 == len(await shop.rows(numbers))


async def test_a_kept_number_finds_its_article_without_any_plu(shop: Shop) -> None:
    rows = [
        {"target": row[0], "expression": row[1]} for row in PRODUCTS_IN if row[0] != "articleList[].pluNumber"
    ]
    offer(open_store(shop), "trui", variant("TR-1"))
    flow = await take_products(shop, RANGE, mapping={"leg2": rows})
    shop.till.faults.add(Fault("reset_after", operation="createProduct"))
    await look(shop)
    assert [900_000] == list(articles(shop))

    await shop.forget_targets()
    await shop.rewind(flow)
    await look(shop)
    assert ("skipped", "update_off") == (await shop.outcomes())["webshop/trui"]
    assert ["createProduct"] == written(shop)


async def test_a_number_that_somebody_used_meanwhile_is_for_a_person_to_decide(shop: Shop) -> None:
    offer(open_store(shop), "trui", variant("TR-1"))
    flow = await take_products(shop, {**RANGE, "vat_codes": {"force": "7"}})
    await look(shop)  # the till refuses the VAT code, and the number is kept
    shop.till.catalogue.add(description="Vaas", articleList=[{"articleNumber": 900_000, "priceIncl": 100}])
    await change_settings(shop, flow, vat_codes={"force": "2"}, update_existing=True)
    await shop.replay(flow, failed=True)
    await shop.quiet()
    assert ("quarantined", "number_taken") == (await shop.outcomes())["webshop/trui"]
    assert {900_000: 100} == prices(shop)

    await change_settings(shop, flow, sku_table={"TR-1": "900000"})
    await shop.replay(flow, failed=True)
    await shop.quiet()
    assert {900_000: 4_995} == prices(shop)


async def test_two_skus_of_one_article_do_not_chase_each_other(shop: Shop) -> None:
    store = open_store(shop)
    offer(store, "a", variant("1001", price=10))
    offer(store, "b", variant("OUD-1", price=20), title="Trui (oud)")
    flow = await take_products(shop, {"update_existing": True, "sku_table": {"OUD-1": "1001"}})
    await look(shop)
    before = written(shop)
    for _ in range(5):
        shop.clock.advance(700)
        await look(shop)
    assert before == written(shop)
    assert 1 == len(products(shop))

    offer(store, "a", variant("1001", price=12))
    await look(shop)
    await shop.replay(flow)
    await shop.quiet()
    assert {1001: 1_200} == prices(shop)


async def test_two_workers_never_give_one_number_twice(shop: Shop, redis_url: str) -> None:
    store = open_store(shop)
    for at in range(8):
        offer(store, f"p{at}", variant(f"SKU-{at}"), variant("same") if at == 0 else variant(f"X-{at}"))
    flow = await take_products(shop, {"number_range": {"first": 5_000, "last": 5_999}})
    await shop.worker.schedule.scanner.scan(flow)
    async with another_worker(shop, redis_url) as other:
        await _both(shop, other, flow)
    await shop.quiet()

    given = [row["number"] for row in await shop.rows(numbers)]
    assert list(range(5_000, 5_016)) == sorted(given) == sorted(articles(shop))
    assert 8 == len(products(shop))


async def test_a_range_that_is_used_up_holds_the_product_back(shop: Shop) -> None:
    store = open_store(shop)
    offer(store, "trui", variant("A"), variant("B"), variant("C"))
    flow = await take_products(shop, {"number_range": {"first": 7, "last": 8}})
    await look(shop)
    assert {} == products(shop)
    [attempt] = await shop.attempts()
    assert ("numbers_used_up", "administrator") == (attempt["code"], attempt["who"])
    assert attempt["reason"].startswith("No number from 7 to 8 is left for C.")

    await change_settings(shop, flow, number_range={"first": 7, "last": 20})
    await shop.replay(flow, failed=True)
    await shop.quiet()
    assert {1: ("Trui", [7, 8, 9])} == products(shop)


async def test_every_sku_without_a_number_is_named_and_nothing_is_written(shop: Shop) -> None:
    offer(open_store(shop), "trui", variant("TR-1"), variant("007"), variant("1001"))
    await take_products(shop)
    await look(shop)
    [attempt] = await shop.attempts()

    assert {} == products(shop)
    assert [] == written(shop)
    assert ("quarantined", "no_article_number") == (attempt["outcome"], attempt["code"])
    assert "No article is known for TR-1, 007, and that is no article number" in attempt["reason"]


async def test_articles_that_are_there_are_found_by_table_plu_and_barcode(shop: Shop) -> None:
    shop.till.catalogue.add(
        description="Van alles",
        articleList=[
            {"articleNumber": 1, "priceIncl": 100},
            {"articleNumber": 2, "pluNumber": "AB-2", "priceIncl": 100},
            {"articleNumber": 3, "barcode": "8712345678906", "priceIncl": 100},
            {"articleNumber": 4, "pluNumber": "1004", "priceIncl": 100},
        ],
    )
    store = open_store(shop)
    for at, sku in enumerate(("AB-1", "AB-2", "8712345678906", "1004")):
        offer(store, f"p{at}", variant(sku))
    flow = await take_products(
        shop, {"sku_table": {"AB-1": "1"}, "match_by": ["article_number", "plu", "barcode"]}
    )
    await look(shop)

    assert {1: ("Van alles", [1, 2, 3, 4])} == products(shop)
    assert {("skipped", "update_off")} == set((await shop.outcomes()).values())
    await change_settings(shop, flow, update_existing=True)
    await shop.replay(flow)
    await shop.quiet()
    assert {1: 4_995, 2: 4_995, 3: 4_995, 4: 4_995} == prices(shop)
    assert "Van alles" == products(shop)[1][0]


async def test_all_numbers_may_be_given_by_us(shop: Shop) -> None:
    offer(open_store(shop), "trui", variant("8712345678906"), variant("AB-1"))
    await take_products(shop, {"numbers": "assigned", "sku_table": {"AB-1": "17"}, **RANGE})
    await look(shop)

    held = articles(shop)
    assert [17, 900_000] == sorted(held)
    assert ("8712345678906", "8712345678906") == (held[900_000]["barcode"], held[900_000]["pluNumber"])


async def test_orders_of_that_shop_find_the_articles_that_were_made(shop: Shop) -> None:
    store = open_store(shop)
    offer(store, "trui", variant("TR-1"), variant("1001", "Trui groot", 10))
    await take_products(shop, RANGE)
    await look(shop)
    await take_orders(shop, {"match_by": ["article_number", "plu"]})
    store.order("1", BUYER, [("v-TR-1", 1), ("v-1001", 2)])
    await look(shop)

    [sale] = booked(shop)
    assert [(900_000, 1, 4_995), (1001, 2, 2_000)] == [(line[0], line[2], line[3]) for line in sale["lines"]]


async def _both(shop: Shop, other: Any, flow: str) -> None:
    async def work(worker: Any) -> None:
        while (await worker.batch(flow, limit=2)).claimed:
            pass

    await asyncio.gather(work(shop.worker), work(other))
