"""What other shops sell becomes articles of the till: made once, under a number that is kept, and changed only by setting."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.connectors.mplus.productsteps import image_name
from app.connectors.mplus.rows import PRODUCTS_IN
from app.sandbox.faults import Fault
from app.store import flows, requests
from app.store.tables import numbers, targets
from tests.shop import Shop, another_worker
from tests.stories.assortment import (  # fmt: skip
    articles,
    offer,
    open_store,
    prices,
    products,
    take_products,
    told,
    variant,
    warnings,
    written,
)
from tests.stories.webshop import BUYER, booked, look, take_orders

RANGE = {"number_range": {"first": 900_000, "last": 900_009}}


def jumper(shop: Shop) -> Any:
    """A jumper in two colours and sizes, in an empty store."""
    store = open_store(shop)
    offer(
        store,
        "trui",
        variant("1001", "Trui Noord rood / M"),
        variant("1002", "Trui Noord rood / L"),
        variant("1003", "Trui Noord blauw / M", 45),
        title="Trui Noord",
        description="<p>Warm &amp; zacht.</p>",
        type="Truien",
        vendor="Waddenwerk",
    )
    return store


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
    picture = _picture(shop)
    store = jumper(shop)
    offer(store, "trui", variant("1001"), image_url=picture)
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
    offer(store, "trui", variant("1001"), image_url=_picture(shop))
    await take_products(shop)
    shop.till.faults.add(Fault("reset_after", operation="createImageFromUrl"))
    await look(shop)

    assert 1 == len(shop.till.images.of("PRODUCT", 1001))
    assert ["createProduct", "createImageFromUrl"] == written(shop)


# --- numbers ----------------------------------------------------------------------------------------------------------


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
    await _settings(shop, flow, vat_codes={"force": "2"}, update_existing=True)
    await shop.replay(flow, failed=True)
    await shop.quiet()
    assert ("quarantined", "number_taken") == (await shop.outcomes())["webshop/trui"]
    assert {900_000: 100} == prices(shop)

    await _settings(shop, flow, sku_table={"TR-1": "900000"})
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

    await _settings(shop, flow, number_range={"first": 7, "last": 20})
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
    await _settings(shop, flow, update_existing=True)
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
        await _settings(shop, flow, vat_codes={"entries": {"Truien": "1"}, "missing": "fail"})
        await shop.replay(flow, failed=True)
        await shop.quiet()
        assert {1001: 1} == {number: held["vatCode"] for number, held in articles(shop).items()}


async def test_a_vat_code_that_the_till_does_not_have_is_told_in_its_words(shop: Shop) -> None:
    offer(open_store(shop), "trui", variant("1001"))
    await take_products(shop, {"vat_codes": {"force": "7"}})
    await look(shop)
    [attempt] = await shop.attempts()

    assert {} == products(shop)
    assert ("quarantined", "The till refused it: VAT code 7 does not exist") == (
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
    main, red = _picture(shop, "main.png"), _picture(shop, "rood.png")
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
    await _settings(shop, flow, images="off")
    await shop.replay(flow)
    await shop.quiet()
    assert 2 + 1 == sum(len(shop.till.images.of("PRODUCT", number)) for number in (1001, 1002))


# --- later --------------------------------------------------------------------------------------------------------------


async def test_changes_stay_in_the_shop_unless_updates_are_on(shop: Shop) -> None:
    store = jumper(shop)
    flow = await take_products(shop)
    await look(shop)
    offer(store, "trui", variant("1001", "Trui Noord rood / M", 39.95), title="Trui Zuid")
    await look(shop)
    assert (4_995, "Trui Noord") == (prices(shop)[1001], products(shop)[1][0])
    assert ("webshop/trui", "skipped", "update_off") == (await told(shop))[-1]

    await _settings(shop, flow, update_existing=True)
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
    assert away == _inactive(shop)

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
    assert away == _inactive(shop)

    store.store.products["trui"] = whole
    offer(store, "trui", variant("1003", "Trui Noord blauw / M", 45), title="Trui Noord")
    await look(shop)
    assert set() == _inactive(shop)
    assert 1 == written(shop).count("createProduct")


async def test_an_article_that_the_merchant_made_inactive_stays_so(shop: Shop) -> None:
    store = jumper(shop)
    await take_products(shop, {"update_existing": True, "on_gone": "inactive"})
    await look(shop)
    shop.till.catalogue.edit_article(1001, active=False)
    offer(store, "trui", variant("1001", "Trui Noord rood / M", 10))
    await look(shop)

    assert {1001} == _inactive(shop)


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


# --- loops --------------------------------------------------------------------------------------------------------------


async def test_both_directions_of_products_come_to_rest_and_stay_silent(shop: Shop) -> None:
    shop.till.catalogue.add(
        description="Vaas", articleList=[{"articleNumber": 1, "priceIncl": 2_400, "vatCode": 2}]
    )
    store = jumper(shop)
    await shop.flow("products")
    await take_products(shop, {"update_existing": True, "on_gone": "inactive", **RANGE})
    offer(store, "sokken", variant("SOK-1"), title="Sokken")
    await _round(shop)
    await _round(shop)
    own = _own(shop)
    assert {"1", "2", "3"} == set(own)
    assert {"1001", "1002", "1003"} == set(own["2"].variants) or {"1001", "1002", "1003"} == set(
        own["3"].variants
    )

    shop.till.catalogue.edit_article(1001, priceIncl=4_100)
    await _round(shop)
    state = (articles(shop), products(shop), written(shop), shop.written(), _own_content(shop))
    for _ in range(10):
        shop.clock.advance(700)
        await _round(shop)
    for flow_id in shop.flow_ids:
        await shop.rewind(flow_id)
    await _round(shop)

    assert state == (articles(shop), products(shop), written(shop), shop.written(), _own_content(shop))
    assert 4_100 == prices(shop)[1001]


async def test_products_of_other_stores_are_not_the_way_back_of_our_own(shop: Shop) -> None:
    """They would be read one by one, as where both sides are edited."""
    for number in range(1, 6):
        shop.till.catalogue.add(description=f"Vaas {number}", articleList=[{"articleNumber": number, "priceIncl": 100, "vatCode": 2}])  # fmt: skip
    open_store(shop)
    out, back = await shop.flow("products"), await take_products(shop)
    shop.mailchimp.log.clear()
    await _round(shop)

    assert [(), ()] == [(await shop.worker.routes.route(flow)).back for flow in (out, back)]
    assert 5 == len(_own(shop))
    assert [] == [entry for entry in shop.mailchimp.log.find() if entry.operation == "product.get"]


async def test_what_we_wrote_into_our_own_store_never_comes_back(shop: Shop) -> None:
    shop.till.catalogue.add(
        description="Vaas", articleList=[{"articleNumber": 1, "priceIncl": 2_400, "vatCode": 2}]
    )
    await shop.flow("products")
    await shop.rest()
    own = next(iter(shop.audience.account.stores))
    flow = await take_products(shop, {"stores": [{"id": own}]})
    await shop.ask(flow, f"{own}/1")
    await shop.quiet()

    assert [] == written(shop)
    assert ("quarantined", "own_store") == (await shop.outcomes())[f"{own}/1"]


async def test_a_chain_over_two_stores_settles_after_one_pass(shop: Shop) -> None:
    """What came from a shop and is sold by it again under the till's number finds its own article."""
    store = jumper(shop)
    await take_products(shop, {"update_existing": True})
    await look(shop)
    offer(store, "terug", variant("1001", "Trui Noord rood / M"), title="Trui Noord")
    await look(shop)

    assert {1: ("Trui Noord", [1001, 1002, 1003])} == products(shop)
    assert ("skipped", "key_shared") == (await shop.outcomes())["webshop/terug"]


# --- helpers -------------------------------------------------------------------------------------------------------------


def _picture(shop: Shop, name: str = "trui.png") -> str:
    images = shop.till.images
    return images.url(images.pictures[images.add(name, at=shop.till.now())])


def _inactive(shop: Shop) -> set[int]:
    return {number for number, held in articles(shop).items() if held.get("inactive")}


def _own(shop: Shop) -> dict[str, Any]:
    [own] = [each for id, each in shop.audience.account.stores.items() if id != "webshop"]
    return own.products


def _own_content(shop: Shop) -> dict[str, Any]:
    return {id: (product.data, product.variants) for id, product in _own(shop).items()}


async def _round(shop: Shop) -> None:
    await shop.poll()
    for flow_id in shop.flow_ids:
        await shop.worker.schedule.scanner.scan(flow_id)
    await shop.quiet()


async def _settings(shop: Shop, flow: str, **changes: Any) -> None:
    async with shop.db.read() as conn:
        found = await flows.find(conn, flow)
    await shop.configure(flow, settings={**dict(found.settings), **changes})


async def _both(shop: Shop, other: Any, flow: str) -> None:
    async def work(worker: Any) -> None:
        while (await worker.batch(flow, limit=2)).claimed:
            pass

    await asyncio.gather(work(shop.worker), work(other))
