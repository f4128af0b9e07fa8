"""Articles that no shop should have and every shop has: each arrives, or stays behind with a reason that the activity tells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.shop import Shop
from tests.stories.counter import JAN, orders, sell, sold
from tests.stories.storefront import article, contents, quantities, store


async def told(shop: Shop) -> dict[str, tuple[str | None, str | None, list[str]]]:
    """What the activity says of each product: outcome, reason and warnings of its newest attempt."""
    return {
        row["source_ref"]: (row["outcome"], row["reason"], row["warnings"]) for row in await shop.attempts()
    }


def vase(shop: Shop, number: int = 1, *articles: dict[str, Any], **more: Any) -> None:
    """A product of the till, of one article unless told otherwise."""
    shop.till.catalogue.add(
        productNumber=number,
        articleList=list(articles) or [article(10_000 + number)],
        **{"description": f"Vaas {number}"} | more,
    )


async def test_a_vat_code_without_a_rate_holds_back_one_product(shop: Shop) -> None:
    vase(shop, 1, article(10_001, vatCode=1))
    vase(shop, 2)
    await shop.flow(
        "products", {"tax_classes": {"2": {"name": "high", "rate": 21}}, "unknown_tax_class": "fail"}
    )
    await shop.rest()

    assert {
        "1": (
            "quarantined",
            "The VAT code 1 of article 10001 is not in the table of tax classes. "
            "Add the code to the table, or let codes that are not in it be kept.",
            [],
        ),
        "2": ("delivered", None, []),
    } == await told(shop)
    assert ["2"] == list(contents(shop))


async def test_two_articles_of_one_barcode(shop: Shop) -> None:
    """In one product the second stays behind and says so; in two products each has it, since a variant is its product's."""
    same = {"barcode": "4006381333931"}
    vase(shop, 1, article(10_001, size="S", **same), article(10_002, size="L", **same))
    vase(shop, 2, article(10_003, **same))
    await shop.flow("products", {"identify_by": "gtin"})
    await shop.rest()

    left_out = (
        "left_out: article 10002 is not sent: another article of this product is known by 4006381333931"
    )
    assert {"1": ("delivered", None, [f"{left_out} (duplicate)"]), "2": ("delivered", None, [])} == await told(shop)  # fmt: skip
    assert {"1": ["10001"], "2": ["10003"]} == {
        id: [each["sku"] for each in product["variants"].values()] for id, product in contents(shop).items()
    }


async def test_three_hundred_variants(shop: Shop) -> None:
    vase(shop, 1, *(article(10_000 + n, size=str(n)) for n in range(300)))
    await shop.flow("products")
    await shop.rest()
    shop.till.catalogue.edit_article(10_299, priceIncl=1_250)
    await shop.rest()

    assert 300 == len(store(shop).products["1"].variants)
    assert 12.5 == store(shop).products["1"].variants["10299"]["price"]
    await shop.again()


async def test_texts_as_nobody_should_write_them(shop: Shop) -> None:
    vase(shop, 1, description="x" * 10_000)
    vase(shop, 2, description="<b>Vaas</b> \x07blauw", extraText="<script>alert(1)</script><p>a\x0bb</p>")
    await shop.flow("products")
    await shop.rest()

    arrived = contents(shop)
    assert ("x" * 254 + "…", "Vaas blauw", "ab") == (
        arrived["1"]["title"],
        arrived["2"]["title"],
        arrived["2"]["description"],
    )
    assert {
        "1": ("delivered", None, ["title_cut: the title has 10,000 characters; it is cut at 255"]),
        "2": ("delivered", None, []),
    } == await told(shop)


async def test_groups_that_stand_below_each_other(shop: Shop) -> None:
    """Nobody can say what such a group is called: its products go under the fallback, with a warning."""
    above = shop.till.groups.add("Vazen")
    below = shop.till.groups.add("Hoge vazen", parent=above)
    shop.till.groups.edit(above, parentGroupNumber=below)
    vase(shop, 1, groupNumbers=[below])
    await shop.flow("products", {"category_form": "path", "category_fallback": "Overig"})
    await shop.rest()

    assert "Overig" == contents(shop)["1"]["type"]
    unknown = f"category_unknown: group {below} hangs on no tree of the till, so its name is not known"
    assert {"1": ("delivered", None, [unknown])} == await told(shop)


async def test_stock_in_thousandths(shop: Shop) -> None:
    vase(shop)
    shop.till.stock.move(1, 10_001, physical=Decimal("2.999"))
    await shop.flow("products")
    await shop.flow("stock")
    await shop.rest()

    assert {"10001": 2} == quantities(shop)


@pytest.mark.parametrize("policy", ["hide", "delete"])
async def test_a_product_that_is_gone_and_the_sales_that_name_it(shop: Shop, policy: str) -> None:
    """The till tells of it no more. Sales that name it keep their lines, and a new one still arrives."""
    for number in range(1, 121):  # one of a few would wait for a yes
        vase(shop, number)
    jan = int(shop.till.relations.add(**JAN)["relationNumber"])
    products = await shop.flow("products", {"on_gone": policy})
    await shop.flow("orders")
    await shop.rest()
    sell(shop, sold(10_001, 10), relation=jan)
    await shop.rest()
    shop.till.settings.missing_rights = {"articles"}
    await shop.ask(products, "1")
    await shop.rest()

    variants = contents(shop).get("1", {"variants": {}})["variants"]
    assert ({"10001": "hidden"} if policy == "hide" else {}) == {
        sku: each["visibility"] for sku, each in variants.items()
    }
    assert ("delivered", "source_gone") == (await shop.outcomes())["1"]

    sell(shop, sold(10_001, 10), relation=jan)
    await shop.rest()

    assert [[("10001", 1, 10.0)]] * 2 == [sale["lines"] for sale in orders(shop).values()]
