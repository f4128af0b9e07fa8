"""What becomes of articles when their shop changes, deletes or brings back a product."""

from __future__ import annotations

import pytest

from app.connectors.mplus.rows import PRODUCTS_IN
from app.store import requests
from tests.shop import Shop
from tests.stories.assortment import (
    articles,
    change_settings,
    jumper,
    offer,
    open_store,
    prices,
    products,
    take_products,
    told,
    variant,
    written,
)
from tests.stories.webshop import look


async def test_changes_stay_in_the_shop_unless_updates_are_on(shop: Shop) -> None:
    store = jumper(shop)
    flow = await take_products(shop)
    await look(shop)
    offer(store, "trui", variant("1001", "Trui Noord rood / M", 39.95), title="Trui Zuid")
    await look(shop)
    assert (4_995, "Trui Noord") == (prices(shop)[1001], products(shop)[1][0])
    assert ("webshop/trui", "skipped", "update_off") == (await told(shop))[-1]

    await change_settings(shop, flow, update_existing=True)
    await shop.replay(flow)
    await shop.quiet()
    assert (3_995, "Trui Zuid") == (prices(shop)[1001], products(shop)[1][0])
    assert ["createProduct", "updateProduct"] == written(shop)


async def test_what_is_edited_in_the_till_stays_until_the_shop_changes_that_field(shop: Shop) -> None:
    store = jumper(shop)
    await take_products(shop, {"update_existing": True})
    await look(shop)
    shop.till.catalogue.edit_article(1001, priceIncl=100, description="Mooie trui")
    offer(store, "trui", variant("1002", "Trui Noord rood / L", 60))
    await look(shop)
    assert (100, "Mooie trui", 6_000) == (
        prices(shop)[1001],
        articles(shop)[1001]["description"],
        prices(shop)[1002],
    )

    offer(store, "trui", variant("1001", "Trui Noord rood / M", 55))
    await look(shop)
    assert (5_500, "Mooie trui") == (prices(shop)[1001], articles(shop)[1001]["description"])


async def test_every_row_has_its_own_mode(shop: Shop) -> None:
    shop.till.catalogue.add(
        description="Trui",
        extraText="",
        articleList=[
            {"articleNumber": 1001, "priceIncl": 100, "brandName": "Eigen merk", "vatCode": 1},
            {"articleNumber": 1002, "priceIncl": 100, "brandName": "", "vatCode": 1},
        ],
    )
    offer(open_store(shop), "trui", variant("1001"), variant("1002"), variant("1003"), vendor="Waddenwerk", description="Warm")  # fmt: skip
    modes = {"articleList[].brandName": "if_empty", "articleList[].vatCode": "create", "extraText": "if_empty", "description": "create"}  # fmt: skip
    rows = [
        {"target": row[0], "expression": row[1], "mode": modes.get(row[0], "always")} for row in PRODUCTS_IN
    ]
    await take_products(shop, {"update_existing": True}, mapping={"leg2": rows})
    await look(shop)

    held = articles(shop)
    assert ["Eigen merk", "Waddenwerk", "Waddenwerk"] == [held[n]["brandName"] for n in (1001, 1002, 1003)]
    assert [1, 1, 2] == [held[n]["vatCode"] for n in (1001, 1002, 1003)]
    assert [4_995] * 3 == [held[n]["priceIncl"] for n in (1001, 1002, 1003)]
    assert "Warm" == shop.till.catalogue.products.rows[1]["extraText"]
    offer_again = written(shop)
    await look(shop)
    assert offer_again == written(shop)


async def test_new_variants_are_added_to_a_product_that_is_there(shop: Shop) -> None:
    store = jumper(shop)
    await take_products(shop)
    await look(shop)
    offer(store, "trui", variant("1004", "Trui Noord blauw / L"), title="Trui Noord")
    await look(shop)

    assert {1: ("Trui Noord", [1001, 1002, 1003, 1004])} == products(shop)
    assert ("blauw", "L") == (articles(shop)[1004]["colour"], articles(shop)[1004]["size"])
    assert ["createProduct", "updateProduct"] == written(shop)


@pytest.mark.parametrize("policy", ["leave", "inactive"])
async def test_what_is_deleted_in_the_shop_stays_or_becomes_inactive_and_comes_back(
    shop: Shop, policy: str
) -> None:
    store = jumper(shop)
    flow = await take_products(shop, {"on_gone": policy})
    await look(shop)
    whole = store.store.products["trui"]
    del whole.variants["v-1003"]
    await look(shop)
    away = {1003} if policy == "inactive" else set()
    assert away == inactive(shop)

    del store.store.products["trui"]
    await look(shop)
    if policy == "inactive":  # much of what the flow knows is gone at once: that needs a yes
        assert ("waiting", "needs_yes") == (await shop.outcomes())["webshop/trui"]
        async with shop.db.write() as conn:
            await requests.say_yes(conn, clock=shop.clock, flow_id=flow)
        await shop.quiet()
    else:
        assert ("webshop/trui", "skipped", "not_found") == (await told(shop))[-1]
    away = {1001, 1002, 1003} if policy == "inactive" else set()
    assert away == inactive(shop)

    store.store.products["trui"] = whole
    offer(store, "trui", variant("1003", "Trui Noord blauw / M", 45), title="Trui Noord")
    await look(shop)
    assert set() == inactive(shop)
    assert 1 == written(shop).count("createProduct")


async def test_a_variant_that_is_gone_becomes_inactive_though_none_of_the_others_can_be_sent(
    shop: Shop,
) -> None:
    store = open_store(shop)
    offer(store, "trui", variant("1001"), variant("1002"))
    await take_products(shop, {"on_gone": "inactive"})
    await look(shop)
    del store.store.products["trui"].variants["v-1002"]
    offer(store, "trui", variant("1001", price=0))
    await look(shop)

    assert {1002} == inactive(shop)
    assert 4_995 == prices(shop)[1001]


async def test_an_article_that_the_merchant_made_inactive_stays_so(shop: Shop) -> None:
    store = jumper(shop)
    await take_products(shop, {"update_existing": True, "on_gone": "inactive"})
    await look(shop)
    shop.till.catalogue.edit_article(1001, active=False)
    offer(store, "trui", variant("1001", "Trui Noord rood / M", 10))
    await look(shop)

    assert {1001} == inactive(shop)


async def test_a_filtered_product_is_made_when_it_is_not_any_more(shop: Shop) -> None:
    store = open_store(shop)
    offer(store, "trui", variant("1001"), type="Concept")
    only = [{"name": "No drafts", "when": {"field": "category_name", "is": "not_equals", "value": "Concept"}, "stage": "after"}]  # fmt: skip
    await take_products(shop, mapping={"filters": only})
    await look(shop)
    assert [("webshop/trui", "filtered", "filtered")] == await told(shop)

    offer(store, "trui", variant("1001"), type="Truien")
    await look(shop)
    assert {1: ("Trui", [1001])} == products(shop)


async def test_a_run_is_taken_back_and_what_the_till_had_before_stays(shop: Shop) -> None:
    shop.till.catalogue.add(
        description="Trui", articleList=[{"articleNumber": 1001, "priceIncl": 4_995, "vatCode": 2}]
    )
    store = jumper(shop)
    offer(store, "sokken", variant("2001"), title="Sokken")
    flow = await take_products(shop, {"update_existing": True})
    await look(shop)
    assert [1001, 1002, 1003, 2001] == sorted(articles(shop))

    undo = await shop.undo(flow)
    assert "done" == undo.state
    assert {1002, 1003, 2001} == inactive(shop)

    await shop.change_flow(flow, state="running")
    await look(shop)
    assert {1002, 1003, 2001} == inactive(shop)
    offer(store, "sokken", variant("2001", price=5), title="Sokken")
    await look(shop)
    assert {1002, 1003} == inactive(shop)


def inactive(shop: Shop) -> set[int]:
    """Numbers of articles that are inactive."""
    return {number for number, held in articles(shop).items() if held.get("inactive")}
