"""What other shops sell becomes articles of the till: made once, and given what a till needs to know."""

from __future__ import annotations

from typing import Any

import pytest

from app.connectors.mplus.productsteps import image_name
from app.sandbox.faults import Fault
from app.store.tables import targets
from tests.shop import Shop
from tests.stories.assortment import (
    articles,
    change_settings,
    jumper,
    offer,
    open_store,
    picture,
    products,
    take_products,
    told,
    variant,
    warnings,
    written,
)
from tests.stories.webshop import look


async def test_a_product_of_a_shop_becomes_articles_of_one_product(shop: Shop) -> None:
    group = shop.till.groups.add("Truien")
    jumper(shop)
    await take_products(
        shop,
        {
            "vat_codes": {"entries": {"Boeken": "1"}, "default": "2", "missing": "default"},
            "turnover_groups": {"entries": {"Truien": "4"}, "missing": "blank"},
            "article_groups": {"entries": {"Truien": str(group)}, "missing": "blank"},
        },
    )
    await look(shop)

    common = {"brandName": "Waddenwerk", "vatCode": 2, "turnoverGroup": 4, "priceIncl": 4_995}
    assert {1: ("Trui Noord", [1001, 1002, 1003])} == products(shop)
    assert {
        1001: common | {"description": "Trui Noord rood / M", "extArticleId": "1001", "colour": "rood", "size": "M"},
        1002: common | {"description": "Trui Noord rood / L", "extArticleId": "1002", "colour": "rood", "size": "L"},
        1003: common | {"description": "Trui Noord blauw / M", "extArticleId": "1003", "colour": "blauw", "size": "M", "priceIncl": 4_500},
    } == articles(shop)  # fmt: skip
    row = shop.till.catalogue.products.rows[1]
    assert ("Warm & zacht.", [group]) == (row["extraText"], row["groupNumbers"])
    assert {(True, True)} == {(one["webshop"], one["stockArticle"]) for one in row["articleList"]}
    assert [("webshop/trui", "delivered", None)] == await told(shop)
    assert ["createProduct"] == written(shop)


async def test_a_second_run_and_a_sale_in_the_shop_write_and_ask_nothing(shop: Shop) -> None:
    store = jumper(shop)
    flow = await take_products(shop)
    await look(shop)
    before, done = articles(shop), written(shop)
    store.store.products["trui"].variants["v-1001"]["inventory_quantity"] = 1
    assert 0 == (await shop.worker.schedule.scanner.scan(flow)).asked
    shop.till.log.clear()
    await shop.rewind(flow)
    await look(shop)

    assert before == articles(shop)
    assert [] == written(shop)
    assert [] == [each for each in shop.asked() if each == "getProducts"]
    assert ["createProduct"] == done
    assert {"webshop/trui": ("unchanged", None)} == await shop.outcomes()


async def test_a_lost_answer_makes_no_second_product_and_its_pictures_still_come(shop: Shop) -> None:
    store = jumper(shop)
    offer(store, "trui", variant("1001"), image_url=picture(shop))
    await take_products(shop)
    shop.till.faults.add(Fault("reset_after", operation="createProduct"))
    await look(shop)

    assert {1: ("Trui", [1001, 1002, 1003])} == products(shop)
    assert ["createProduct", "createImageFromUrl"] == written(shop)
    assert [1, 1, 1] == [len(shop.till.images.of("PRODUCT", number)) for number in (1001, 1002, 1003)]
    assert ["retrying", "delivered"] == [outcome for _, outcome, _ in await told(shop)]
    owners = {(row["kind"], row["owner_ref"], row["state"]) for row in await shop.rows(targets)}
    assert {("product", "webshop/trui", "present"), ("article", "webshop/trui", "present")} == owners


async def test_a_lost_answer_of_a_picture_makes_no_second_one(shop: Shop) -> None:
    store = open_store(shop)
    offer(store, "trui", variant("1001"), image_url=picture(shop))
    await take_products(shop)
    shop.till.faults.add(Fault("reset_after", operation="createImageFromUrl"))
    await look(shop)

    assert 1 == len(shop.till.images.of("PRODUCT", 1001))
    assert ["createProduct", "createImageFromUrl"] == written(shop)


# --- what an article is given -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "outcome", "made"),
    [
        ({"missing": "fail"}, ("quarantined", "not_in_table"), {}),
        ({"missing": "skip"}, ("filtered", "filtered"), {}),
        ({"missing": "keep"}, ("quarantined", "no_number"), {}),
        ({"missing": "blank"}, ("quarantined", "no_vat_code"), {}),
        ({"missing": "default", "default": "2"}, ("delivered", None), {1001: 2}),
    ],
)
async def test_a_vat_code_that_no_table_knows_goes_by_its_policy(
    shop: Shop, policy: dict[str, Any], outcome: tuple[str, str | None], made: dict[int, int]
) -> None:
    offer(open_store(shop), "trui", variant("1001"), type="Truien")
    flow = await take_products(shop, {"vat_codes": {"entries": {"Boeken": "1"}, **policy}})
    await look(shop)

    assert {"webshop/trui": outcome} == await shop.outcomes()
    assert made == {number: held["vatCode"] for number, held in articles(shop).items()}
    assert all(reason for _, said, reason in await told(shop) if said != "delivered")
    if outcome[0] == "quarantined":
        await change_settings(shop, flow, vat_codes={"entries": {"Truien": "1"}, "missing": "fail"})
        await shop.replay(flow, failed=True)
        await shop.quiet()
        assert {1001: 1} == {number: held["vatCode"] for number, held in articles(shop).items()}


async def test_a_vat_code_that_the_till_does_not_have_is_told_in_its_words(shop: Shop) -> None:
    offer(open_store(shop), "trui", variant("1001"))
    await take_products(shop, {"vat_codes": {"force": "7"}})
    await look(shop)
    [attempt] = await shop.attempts()

    assert {} == products(shop)
    assert ("quarantined", "The till refused it: VAT code 7 does not exist.") == (
        attempt["outcome"],
        attempt["reason"].split(" Correct")[0],
    )


async def test_prices_of_shops_with_and_without_vat_to_the_cent(shop: Shop) -> None:
    offer(open_store(shop), "a", variant("1", price=12.345), variant("2", price=0.005))
    offer(open_store(shop, "groothandel"), "b", variant("3", price=10))
    offer(open_store(shop, "london", currency_code="GBP"), "c", variant("4"))
    stores = [{"id": "webshop"}, {"id": "groothandel", "prices": "excl"}, {"id": "london"}]
    await take_products(shop, {"stores": stores})
    await look(shop)

    rows = {number: shop.till.catalogue.article(number) or {} for number in articles(shop)}
    assert {1: (1_235, 1_021), 2: (1, 1), 3: (1_210, 1_000)} == {
        number: (row["priceIncl"], row["priceExcl"]) for number, row in rows.items()
    }
    assert ("skipped", "other_currency") == (await shop.outcomes())["london/c"]


async def test_pictures_come_with_the_articles_they_show_and_a_broken_one_is_a_warning(shop: Shop) -> None:
    main, red = picture(shop, "main.png"), picture(shop, "rood.png")
    offer(
        open_store(shop),
        "trui",
        variant("1001", "Trui rood", image_url=red),
        variant("1002", "Trui blauw"),
        image_url=main,
        images=[{"id": "x", "url": "https://127.0.0.1:9/weg.jpg"}, {"id": "y", "url": "//cdn/zonder.jpg"}],
    )
    flow = await take_products(shop)
    await look(shop)

    shown = {n: [one["imageName"] for one in shop.till.images.of("PRODUCT", n)] for n in (1001, 1002)}
    assert {1001: [image_name(main), image_name(red)], 1002: [image_name(main)]} == shown
    assert ["image_not_public", "image_refused"] == [text.partition(":")[0] for text in await warnings(shop)]
    assert ("delivered", None) == (await shop.outcomes())["webshop/trui"]
    await change_settings(shop, flow, images="off")
    await shop.replay(flow)
    await shop.quiet()
    assert 2 + 1 == sum(len(shop.till.images.of("PRODUCT", number)) for number in (1001, 1002))
