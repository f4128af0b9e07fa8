"""Orders of products that the shop deleted meanwhile: the article that is known for them is used, never a second one made."""

from __future__ import annotations

from typing import Any

import pytest

from app.store.tables import links
from tests.shop import Shop, another_worker
from tests.stories.assortment import articles, offer, open_store, products, take_products, variant, written
from tests.stories.test_shop_order_articles import CREATE, NEW, OWN_RANGE, forget, lines, order
from tests.stories.webshop import look, take_orders

CODE = "8712345678906"
MATCH = {"match_by": ["article_number", "plu", "barcode"]}


def stock_the_till(shop: Shop, number: int = 55, **more: Any) -> None:
    """An article that the merchant made in the till."""
    article = {"articleNumber": number, "priceIncl": 5_000, "vatCode": 2, "turnoverGroup": 1, **more}
    shop.till.catalogue.add(productNumber=5, description="Trui van de kassa", articleList=[article])


async def look_anew(shop: Shop, flow: str, redis_url: str) -> None:
    """Look with a worker that remembers no SKU."""
    await shop.worker.schedule.scanner.scan(flow)
    async with another_worker(shop, redis_url) as other:
        await other.batch(flow)
    await shop.quiet()


@pytest.mark.parametrize(
    ("sku", "article", "settings"),
    [
        ("55", {}, {}),
        ("TR-R", {}, {"sku_table": {"TR-R": "55"}}),
        ("TR-R", {"pluNumber": "TR-R"}, {}),
        (CODE, {"barcode": CODE}, MATCH),
    ],
    ids=["number", "table", "plu", "barcode"],
)
async def test_an_article_that_a_products_flow_only_found_is_used(
    shop: Shop, sku: str, article: dict[str, Any], settings: dict[str, Any]
) -> None:
    store = open_store(shop)
    offer(store, "trui", variant(sku, "Trui rood"))
    stock_the_till(shop, **article)
    await take_products(shop, {**OWN_RANGE, **settings})
    await look(shop)
    assert ([], {5: ("Trui van de kassa", [55])}) == (written(shop), products(shop))

    await take_orders(shop, CREATE)
    order(store, "1", (f"v-{sku}", 1, 30))
    forget(store, "trui")
    await look(shop)

    assert [55] == [line[0] for sale in lines(shop) for line in sale], await shop.attempts()
    assert ([], {5: ("Trui van de kassa", [55])}) == (written(shop), products(shop))


async def test_an_article_that_an_order_only_found_is_used_by_the_next(shop: Shop, redis_url: str) -> None:
    store = open_store(shop)
    offer(store, "trui", variant("TR-R", "Trui rood"))
    stock_the_till(shop, pluNumber="TR-R")
    flow = await take_orders(shop, {**CREATE, "match_by": ["article_number", "plu"]})
    order(store, "1", ("v-TR-R", 1, 30))
    await look(shop)
    order(store, "2", ("v-TR-R", 1, 30))
    forget(store, "trui")
    await look_anew(shop, flow, redis_url)

    assert [55, 55] == [line[0] for sale in lines(shop) for line in sale], await shop.attempts()
    assert [] == written(shop)


async def test_of_two_products_with_one_sku_the_second_leads_to_the_article_of_the_first(shop: Shop) -> None:
    store = open_store(shop)
    for product in ("trui", "trui-2"):
        offer(store, product, variant("TR-R", "Trui rood") | {"id": f"v-{product}"})
    await take_products(shop, OWN_RANGE)
    await look(shop)
    await take_orders(shop, CREATE)
    order(store, "1", ("v-trui-2", 1, 30))
    forget(store, "trui-2")
    await look(shop)

    assert [900_000] == [line[0] for sale in lines(shop) for line in sale], await shop.attempts()
    assert ["createProduct"] == written(shop)


async def test_a_sku_that_leads_somewhere_is_believed_before_what_the_variant_was(
    shop: Shop, redis_url: str
) -> None:
    store = open_store(shop)
    offer(store, "trui", variant("55", "Trui rood"))
    stock_the_till(shop)
    shop.till.catalogue.add(productNumber=6, description="Jas", articleList=[{"articleNumber": 56}])
    flow = await take_orders(shop, CREATE)
    order(store, "1", ("v-55", 1, 30))
    await look(shop)
    offer(store, "trui", variant("56", "Jas") | {"id": "v-55"})
    order(store, "2", ("v-55", 1, 30))
    await look_anew(shop, flow, redis_url)

    assert [55, 56] == [line[0] for sale in lines(shop) for line in sale], await shop.attempts()
    assert {("webshop/trui", "v-55"): 56} == {
        (row["owner_ref"], row["part"]): row["number"] for row in await shop.rows(links)
    }


async def test_a_known_article_that_the_till_lost_is_made_once_more(shop: Shop) -> None:
    store = open_store(shop)
    offer(store, "trui", variant("55", "Trui rood"))
    stock_the_till(shop)
    await take_products(shop, OWN_RANGE)
    await look(shop)
    await take_orders(shop, CREATE)
    shop.till.catalogue.lose_article(55)
    for number in ("1", "2"):
        order(store, number, ("v-55", 1, 30))
    forget(store, "trui")
    await look(shop)

    assert [800_000] * 2 == [line[0] for sale in lines(shop) for line in sale], await shop.attempts()
    assert ["createProduct"] == written(shop)
    assert [800_000] == [*articles(shop)]
    assert {"first": 800_000, "last": 800_009} == NEW["number_range"]


async def test_a_number_in_the_table_says_more_than_what_was_found_before(shop: Shop) -> None:
    store = open_store(shop)
    offer(store, "trui", variant("55", "Trui rood"))
    stock_the_till(shop)
    await take_products(shop, OWN_RANGE)
    await look(shop)
    shop.till.catalogue.add(productNumber=6, description="Jas", articleList=[{"articleNumber": 56}])
    await take_orders(shop, {**CREATE, "sku_table": {"webshop/trui/v-55": "56"}})
    order(store, "1", ("v-55", 1, 30))
    forget(store, "trui")
    await look(shop)

    assert [56] == [line[0] for sale in lines(shop) for line in sale], await shop.attempts()
