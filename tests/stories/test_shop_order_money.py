"""The money of shop orders at the till: VAT, accounts, shipping, discounts, and what the till reckons itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shop import Shop
from tests.stories.webshop import (
    ADDRESS,
    BUYER,
    article,
    booked,
    look,
    one,
    relations,
    take_orders,
    till_with_articles,
    webshop,
)

BELGIAN = "BE0123456749"


@pytest.mark.parametrize(
    ("country", "settings", "order", "expected"),
    [
        # the till's own table of branch 3: at home, then per country
        ("NL", {}, {}, ("VAT-METHOD-INCLUSIVE", None, 10_900, 9_090, {2100: 1_736, 900: 74})),
        ("DE", {}, {}, ("VAT-METHOD-INCLUSIVE", "DEU", 10_900, 9_244, {1900: 1_597, 700: 59})),
        ("FR", {}, {}, ("VAT-METHOD-INCLUSIVE", "FRA", 10_900, 9_186, {2000: 1_667, 550: 47})),
        ("LU", {}, {}, ("VAT-METHOD-INCLUSIVE", "LUX", 10_900, 9_380, {1700: 1_453, 800: 67})),
        ("CH", {}, {}, ("VAT-METHOD-NONE", None, 10_900, 10_900, {0: 0})),
    ],
)
async def test_the_vat_of_five_countries(
    shop: Shop, country: str, settings: dict[str, Any], order: dict[str, Any], expected: Any
) -> None:
    till_with_articles(shop)
    shop.till.catalogue.add(
        productNumber=4,
        description="Gemengd",
        articleList=[article(2001, 100), article(2002, 9, vatCode=1)],
    )
    store = webshop(shop)
    for sku, price in (("2001", 100), ("2002", 9)):
        store.stock(sku, title=sku, price=price)
    await take_orders(shop, {"branch": 3, "workplace": 1, "eu_consumers": "destination", **settings})
    address = ADDRESS | {"country_code": country, "country": ""}
    store.order("1", BUYER, [("2001", 1), ("2002", 1)], shipping_address=address, **order)
    await look(shop)

    [row] = shop.till.orders.cards.rows.values()
    vat: dict[int, int] = {}
    for group in row["vatGroupList"]:
        rate = group["vatPercentage"]
        vat[rate] = vat.get(rate, 0) + group["vatAmount"]
    assert expected == (
        row["vatMethod"],
        row.get("vatCountryIso3"),
        row["totalInclAmount"],
        row["totalExclAmount"],
        vat,
    )


async def test_a_business_elsewhere_in_the_eu_gets_its_vat_shifted_by_its_number(shop: Shop) -> None:
    till_with_articles(shop)
    store = webshop(shop)
    shop.audience.open_field("VATNUMBER")
    await take_orders(shop, {"vat_number_field": "VATNUMBER"})
    store.order(
        "1",
        BUYER,
        [("1002", 2)],
        customer={"company": "Bakkerij Bol", "first_name": "Lien", "last_name": "Peeters"},
        billing_address=ADDRESS | {"country_code": "BE"},
    )
    shop.life.edit(BUYER, merge_fields={"VATNUMBER": BELGIAN})
    await look(shop)

    [row] = shop.till.orders.cards.rows.values()
    assert ("VAT-METHOD-SHIFTED", 2_000, 2_000) == tuple(
        row[name] for name in ("vatMethod", "totalInclAmount", "totalExclAmount")
    )
    assert BELGIAN == relations(shop)[0]["vatNumber"]


@pytest.mark.parametrize(
    ("accounts", "more", "expected"),
    [
        ({"entries": {"BE": "8090"}}, {}, [5]),
        ({"force": 8020}, {}, [3]),
        ({"entries": {"NL": "8000"}, "default": "8030", "missing": "default"}, {}, [4]),
        ({"force": 1234}, {"account_without_group": "leave"}, [1]),
    ],
)
async def test_the_revenue_account_through_the_tills_turnover_groups(
    shop: Shop, accounts: dict[str, Any], more: dict[str, Any], expected: list[int]
) -> None:
    address = ADDRESS | {"country_code": "BE"}
    await one(shop, {"accounts": accounts, **more}, billing_address=address)

    [row] = shop.till.orders.cards.rows.values()
    assert expected == [line["data"]["turnoverGroup"] for line in row["lineList"]]


async def test_an_account_that_no_turnover_group_has_holds_the_order_back(shop: Shop) -> None:
    outcome, why = await one(shop, {"accounts": {"force": 1234}})

    assert ("account_without_group", [], []) == (outcome, booked(shop), relations(shop))
    assert "account 1234" in str(why)


async def test_shipping_discounts_and_promo_codes_as_lines_to_the_cent(shop: Shop) -> None:
    settings = {
        "shipping_article": "9001",
        "shipping_text": "Bezorging",
        "discount_article": "9002",
        "shipping_vat_code": "1",
    }
    await one(
        shop,
        settings,
        items=[("1001", 1), ("1003", 1)],
        order_total=50.65,
        shipping_total=6.95,
        discount_total=11.25,
        promos=[
            {"code": "ZOMER", "type": "fixed", "amount_discounted": 5},
            {"code": "TIEN", "type": "percentage", "amount_discounted": 5.5},
        ],
    )

    [sale] = booked(shop)
    assert [
        (1001, "Trui", 1, 4_995),
        (1003, "Boek", 1, 500),
        (9002, "Kortingscode ZOMER", 1, -500),
        (9002, "Kortingscode TIEN", 1, -550),
        (9002, "Korting", 1, -75),
        (9001, "Bezorging", 1, 695),
    ] == sale["lines"]
    assert 5_065 == sale["total"]
    [row] = shop.till.orders.cards.rows.values()
    assert 900 == row["lineList"][-1]["data"]["vatPercentage"]


async def test_a_discount_of_the_whole_order_is_shared_out_over_its_lines(shop: Shop) -> None:
    await one(shop, items=[("1001", 3), ("1002", 1), ("1003", 7)], order_total=184.51, discount_total=10.34)

    [sale] = booked(shop)
    assert 18_451 == sale["total"] == sum(line[3] for line in sale["lines"])


async def test_what_the_till_reckons_otherwise_is_told(shop: Shop) -> None:
    stores = [{"id": "webshop", "prices": "without_vat"}]
    await one(shop, {"stores": stores}, items=[("1002", 1)], order_total=12.11, tax_total=2.11)

    assert [1_210] == [sale["total"] for sale in booked(shop)]
    assert ["total_differs: the till comes to 12.10, the shop to 12.11"] == (await shop.attempts())[-1][
        "warnings"
    ]
