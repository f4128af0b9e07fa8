"""Odd products of shops: each arrives whole, or stays behind with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from app.connectors.mailchimp.shopproducts import OUT_ROWS
from app.connectors.mplus.rows import PRODUCTS_IN
from app.mapping.rows import parse_rows
from app.sandbox.faults import Fault
from app.sandbox.mailchimp.shopping import Shopping
from tests.shop import Shop
from tests.stories.assortment import (  # fmt: skip
    articles,
    offer,
    open_store,
    products,
    take_products,
    told,
    variant,
    warnings,
    written,
)
from tests.stories.webshop import look


async def one(
    shop: Shop, *variants: dict[str, Any], settings: dict[str, Any] | None = None, **fields: Any
) -> str:
    """One product through a flow with these settings: how its delivery ended."""
    offer(open_store(shop), "p", *variants, **fields)
    await take_products(shop, settings)
    await look(shop)
    outcome, code = (await shop.outcomes())["webshop/p"]
    return code or outcome or ""


@pytest.mark.parametrize(
    ("odd", "code", "why"),
    [
        (variant("", id="v1"), "no_sku", "it has no SKU, and an article is known by it"),
        (variant("1001", price=-0.01), "price_negative", "its price is negative"),
        (variant("1001", price=1e15), "price_too_high", "its price is no price that a till can hold"),
        ({"id": "v1", "sku": "1001", "title": "Trui"}, "price_missing", "it has no price"),
        (variant("9" * 60), "sku_too_long", "its SKU is longer than 50 characters"),
    ],
)
async def test_what_cannot_be_an_article_is_left_out_with_its_reason(
    shop: Shop, odd: dict[str, Any], code: str, why: str
) -> None:
    assert code == await one(shop, odd)
    [attempt] = await shop.attempts()
    assert ("skipped", f"None of its variants is sent: {why}.") == (attempt["outcome"], attempt["reason"])
    assert [] == written(shop)

    store = shop.audience.account.stores["webshop"]
    store.products["p"].variants.clear()
    await look(shop)
    assert ("webshop/p", "skipped", "no_variants") == (await told(shop))[-1]


async def test_the_good_variants_of_a_product_go_without_the_bad_ones(shop: Shop) -> None:
    bad = [variant("", id="zonder"), variant("1002", price=-1), variant("1001", id="dubbel", price=7)]
    assert "delivered" == await one(shop, variant("1001"), *bad)

    assert {1: ("Trui", [1001])} == products(shop)
    assert [
        "left_out: variant zonder is not sent: it has no SKU, and an article is known by it (no_sku)",
        "left_out: variant 1002 is not sent: its price is negative (price_negative)",
        "left_out: variant 1001 is not sent: another variant of this product has the same SKU (duplicate_sku)",
    ] == await warnings(shop)


async def test_one_sku_in_two_products_belongs_to_the_first_and_the_other_is_next(shop: Shop) -> None:
    store = open_store(shop)
    offer(store, "a", variant("1001"), title="Trui")
    await take_products(shop)
    await look(shop)
    offer(store, "b", variant("1001"), variant("1002"), title="Sokken")
    await look(shop)

    assert {1: ("Trui", [1001])} == products(shop)
    assert ("skipped", "key_shared") == (await shop.outcomes())["webshop/b"]
    assert "webshop/a already" in (await shop.attempts())[-1]["reason"]


async def test_a_title_of_10000_characters_and_markup_is_cut_with_a_warning(shop: Shop) -> None:
    title, text = "Trui " * 2_000, f"<script>alert(1)</script><p>{'Zacht. ' * 5_000}</p>"
    assert "delivered" == await one(shop, variant("1001"), title=title, description=text)

    row = shop.till.catalogue.products.rows[1]
    assert (100, 4_000) == (len(row["description"]), len(row["extraText"]))
    assert "alert" not in row["extraText"]
    assert ["title_cut: the title has 9,999 characters; it is cut at 100", "description_cut: the description has 34,999 characters; it is cut at 4,000"] == await warnings(shop)  # fmt: skip


async def test_a_product_of_300_variants_comes_whole_and_its_last_variant_is_noticed(shop: Shop) -> None:
    sizes = [variant(str(1_000 + at), f"Trui kleur {at % 30} / {at // 30 + 30}") for at in range(300)]
    assert "delivered" == await one(shop, *sizes, settings={"update_existing": True})
    assert {1: ("Trui", list(range(1_000, 1_300)))} == products(shop)
    assert ["createProduct"] == written(shop)

    store = shop.audience.account.stores["webshop"]
    store.products["p"].variants["v-1299"]["price"] = 12
    await look(shop)
    assert (1_200, 4_995) == (articles(shop)[1_299]["priceIncl"], articles(shop)[1_298]["priceIncl"])
    assert ["createProduct", "updateProduct"] == written(shop)


@pytest.mark.parametrize(
    ("code", "held", "warned"),
    [
        ("8712345678906", "8712345678906", False),
        ("0012345678905", "0012345678905", False),
        ("8712345678905", None, True),
        ("12345", None, True),
        ("", None, False),
    ],
)
async def test_a_barcode_with_a_wrong_check_digit_is_told_and_not_sent(
    shop: Shop, code: str, held: str | None, warned: bool
) -> None:
    rows = [row.model_dump(mode="json") for row in parse_rows(OUT_ROWS)]
    rows = [row | ({"expression": "item.backorders"} if row["target"] == "variants[].gtin" else {}) for row in rows]  # fmt: skip
    offer(open_store(shop), "p", variant("1001", backorders=code))
    await take_products(shop, mapping={"leg1": rows})
    await look(shop)

    assert held == articles(shop)[1001].get("barcode")
    assert warned == any(text.startswith("gtin_invalid: variant 1001") for text in await warnings(shop))


@pytest.mark.parametrize(
    ("sku", "title", "colour", "size"),
    [
        ("AB[1].x", "Trui", None, None),
        ("SKU met spaties", "Trui - groen", "groen", None),
        ("Ünïcødé-٣", "Trui 38/40", None, "38/40"),
        ("'; DROP TABLE--", "Trui rood, 0,5 l", "rood", "0,5 l"),
        ("a" * 50, "😀 / 🧶", "😀", "🧶"),
    ],
)
async def test_any_sku_gets_a_number_and_is_found_again(
    shop: Shop, sku: str, title: str, colour: str | None, size: str | None
) -> None:
    other = variant("1001", "Trui los", 5)
    chosen = {"number_range": {"first": 500, "last": 510}, "update_existing": True}
    assert "delivered" == await one(shop, variant(sku, title), other, settings=chosen)
    held = articles(shop)[500]
    assert (sku, colour, size) == (held["pluNumber"], held.get("colour"), held.get("size"))

    offer(open_store_again(shop), "p", variant(sku, title, 19.5), other)
    await look(shop)
    assert 1_950 == articles(shop)[500]["priceIncl"]
    assert [500, 1001] == sorted(articles(shop))


async def test_the_mode_of_a_row_counts_for_a_sku_with_brackets_too(shop: Shop) -> None:
    rows = [{"target": row[0], "expression": row[1]} for row in PRODUCTS_IN]
    rows = [row | ({"mode": "create"} if row["target"] == "articleList[].priceIncl" else {}) for row in rows]
    store = open_store(shop)
    offer(store, "p", variant("AB[1].x"), variant("1001"))
    await take_products(
        shop, {"number_range": {"first": 5, "last": 9}, "update_existing": True}, mapping={"leg2": rows}
    )
    await look(shop)
    offer(store, "p", variant("AB[1].x", "Trui groot", 10), variant("1001", "Trui klein", 10))
    await look(shop)

    assert {5: (4_995, "groot"), 1001: (4_995, "klein")} == {
        number: (held["priceIncl"], held["size"]) for number, held in articles(shop).items()
    }


async def test_a_product_of_a_store_that_was_taken_off_the_flow_is_left_alone(shop: Shop) -> None:
    """Somebody asks for it by name, or it was noticed before the settings changed."""
    offer(open_store(shop, "ander"), "p", variant("1001"))
    open_store(shop)
    flow = await take_products(shop)
    await shop.ask(flow, "ander/p")
    await shop.quiet()

    assert {"ander/p": ("skipped", "other_store")} == await shop.outcomes()
    assert [] == written(shop)


async def test_a_title_and_description_of_nothing_but_markup(shop: Shop) -> None:
    assert "delivered" == await one(shop, variant("1001"), title="<b> </b>", description="<p></p>")

    assert {1: ("#p", [1001])} == products(shop)
    assert ["title_missing: the product has no title in the shop"] == await warnings(shop)


async def test_a_store_that_is_not_there_is_an_alert_and_the_others_stay_as_they_are(shop: Shop) -> None:
    offer(open_store(shop), "p", variant("1001"))
    flow = await take_products(shop, {"stores": [{"id": "webshop"}, {"id": "weg"}], "on_gone": "inactive"})
    await shop.worker.schedule.scanner.start_due()
    task = shop.worker.schedule.scanner._tasks[flow]
    await task
    await shop.quiet()

    assert {1: ("Trui", [1001])} == products(shop)
    assert [("scan_failed", True)] == await shop.alerts()
    assert set() == {number for number, held in articles(shop).items() if held.get("inactive")}


async def test_a_till_that_is_away_or_slow_gets_every_product_once(shop: Shop) -> None:
    store = open_store(shop)
    for at in range(6):
        offer(store, f"p{at}", variant(str(100 + at)), variant(f"X{at}"))
    await take_products(shop, {"number_range": {"first": 900, "last": 999}})
    for kind in ("reset_before", "reset_after", "status", "reset_after"):
        shop.till.faults.add(Fault(kind, operation="createProduct"))  # type: ignore[arg-type]
    shop.till.faults.add(Fault("status", operation="getProducts", times=2))
    await look(shop)

    assert 6 == len(products(shop))
    assert [*range(100, 106), *range(900, 906)] == sorted(articles(shop))
    assert {("delivered", None), ("unchanged", None)} >= set((await shop.outcomes()).values())


def open_store_again(shop: Shop) -> Any:
    """The store that is there already."""
    return Shopping(shop.audience.account, shop.audience.account.stores["webshop"])
