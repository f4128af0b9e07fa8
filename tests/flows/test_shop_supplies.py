"""What the lines of a shop's order say of articles that may have to be made."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.errors import MappingFailed
from app.flows.shopordersettings import ShopOrdersSettings
from app.flows.shopsupplies import joined, makes, supplies_of, with_names
from app.records.decision import Supply
from app.records.order import Order, OrderLine
from app.records.product import Product, Variant

NEW = {
    "number_range": {"first": 800_000, "last": 899_999},
    "vat_codes": {"force": "2"},
    "turnover_groups": {"force": "4"},
}


def settings(**more: Any) -> ShopOrdersSettings:
    said = {"stores": [{"id": "webshop"}], "missing_article": "create", "new_articles": NEW}
    return ShopOrdersSettings.model_validate({**said, **more})


def line(
    id: str, sku: str | None, title: str | None, *, product: str | None = "p1", price: int = 10
) -> OrderLine:
    return OrderLine(
        id=id, sku=sku, product=product, variant=f"v{id}", title=title, unit_price=Decimal(price)
    )


def supplies(*lines: OrderLine, **more: Any) -> tuple[Supply, ...]:
    order = with_names(Order(id="7", store="webshop", currency="EUR", lines=lines))
    return supplies_of(order, settings(**more))


def test_a_line_of_a_variant_that_is_gone_has_a_name_of_its_own() -> None:
    found = supplies(line("1", None, "Trui rood"), line("2", "AB-2", "Trui blauw"))

    assert [("webshop/p1/v1", None), ("AB-2", "webshop/p1/v2")] == [
        (each.name, each.formerly) for each in found
    ]
    [long] = supplies(line("1", None, "Trui", product="p" * 50))
    assert 50 == len(long.name)


def test_a_line_that_names_neither_sku_nor_product_names_nothing() -> None:
    assert () == supplies(line("1", None, "Trui", product=None))
    [unknown] = supplies(line("1", "AB-1", "Trui", product=None))
    assert unknown.of is None


def test_the_table_says_what_the_till_calls_it_and_no_kept_number_counts_then() -> None:
    [found] = supplies(line("1", "AB-1", "Trui"), sku_table={"AB-1": "1001"})
    assert ("AB-1", "1001", False) == (found.name, found.called, found.kept)


@pytest.mark.parametrize(
    ("titles", "product", "variants"),
    [
        (["Trui rood"], "Trui rood", ["Trui rood"]),
        (["Trui rood", "Trui roze"], "Trui", ["Trui rood", "Trui roze"]),
        (["Trui", "Vaas"], "Trui", ["Trui", "Vaas"]),
        ([None], "webshop/p1/v1", ["webshop/p1/v1"]),
    ],
)
def test_lines_tell_of_a_product_that_is_gone(
    titles: list[str | None], product: str, variants: list[str]
) -> None:
    found = supplies(*(line(str(at), None, title) for at, title in enumerate(titles, 1)))
    told = joined(None, found)

    assert (product, variants) == (told.title, [each.title for each in told.variants])
    assert [Decimal(10)] * len(titles) == [each.price for each in told.variants]


def test_a_variant_that_is_gone_joins_those_that_are_there() -> None:
    there = Product(id="p1", store="webshop", variants=(Variant(sku="AB-2", id="v2"),))
    found = supplies(line("1", None, "Trui rood"), line("2", "AB-2", "Trui blauw"))

    assert ["AB-2", "webshop/p1/v1"] == [each.sku for each in joined(there, found).variants]
    assert there is joined(there, found[1:])


def test_a_variant_without_a_sku_is_no_variant_that_is_gone() -> None:
    there = Product(id="p1", store="webshop", variants=(Variant(sku="", id="v1"),))
    with pytest.raises(MappingFailed, match="no SKU"):
        joined(there, supplies(line("1", None, "Trui rood")))


def test_articles_are_made_as_the_orders_settings_say() -> None:
    making = makes(settings(currency="CHF", sku_table={"A": "1"}, new_articles={**NEW, "prices": "excl"}))

    assert making is not None
    said = making.settings.model_dump()
    assert ("CHF", {"A": "1"}, False) == (said["currency"], said["sku_table"], said["update_existing"])
    assert [{"id": "webshop", "prices": "excl"}] == [dict(each) for each in said["stores"]]
    assert makes(settings(missing_article="fail")) is None
