"""The products flow's decision: what the store is to have of a record, and what each article left behind is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.errors import MappingFailed
from app.flows.products import decide, filtered, gone, reach
from app.flows.productsettings import ProductsSettings
from app.records.decision import Archive, Decision, Known, KnownTarget, Skip
from app.records.product import Product, ProductImage, Variant


def variant(sku: str = "10001", **values: Any) -> Variant:
    return Variant(**({"sku": sku, "price_incl": Decimal(5)} | values))


def product(*variants: Variant, **values: Any) -> Product:
    return Product(id="7", title="Vaas", variants=variants or (variant(),), **values)


def known(*targets: tuple[str, str] | tuple[str, str, Any]) -> Known:
    return Known(
        targets=tuple(
            KnownTarget(t[0], f"{t[0]}:{t[1]}", t[1], own=True, state=t[2] if len(t) > 2 else "present")
            for t in targets
        )
    )


def put(record: Product, settings: dict[str, Any] | None = None, *, before: Known | None = None) -> Product:
    decision = decide(record, ProductsSettings(**(settings or {})), before or Known())
    [only] = decision.puts
    assert isinstance(only.record, Product)
    return only.record


BOTH = known(("product", "7"), ("variant", "10001"), ("variant", "10002"))
TAX = {"tax_classes": {"1": {"name": "low"}, "2": {"name": "high"}}}


@pytest.mark.parametrize(
    ("settings", "given", "field", "expected"),
    [
        ({}, {"brand": "Wol"}, "brand", "Wol"),
        ({"category_to": "vendor"}, {"brand": "Wol", "category_name": "Truien"}, "brand", "Truien"),
        ({"category_to": "vendor"}, {"brand": "Wol"}, "brand", "Wol"),
        ({"category_to": "nowhere"}, {"category_name": "Truien"}, "category_name", None),
        ({"properties": {"Lijn": "type"}}, {"category_name": "Truien", "custom": {"Lijn": "Zomer"}}, "category_name", "Zomer"),
        ({"properties": {"Maker": "vendor"}}, {"brand": "Wol", "custom": {"Maker": "Anna"}}, "brand", "Anna"),
        ({"properties": {"Maker": "vendor"}}, {"brand": "Wol"}, "brand", "Wol"),
    ],
)  # fmt: skip
def test_type_and_vendor(settings: dict[str, Any], given: dict[str, Any], field: str, expected: Any) -> None:
    assert expected == getattr(put(product(**given), settings), field)


@pytest.mark.parametrize(
    ("settings", "code", "expected"), [(TAX, "1", "low"), (TAX, "9", "9"), ({}, "2", "2"), (TAX, None, None)]
)
def test_tax_class(settings: dict[str, Any], code: str | None, expected: str | None) -> None:
    assert expected == put(product(variant(vat_code=code)), settings).tax_class


def test_a_tax_code_that_is_not_in_the_table_fails_by_policy() -> None:
    with pytest.raises(MappingFailed, match="VAT code 9 of article 10001"):
        put(product(variant(vat_code="9")), TAX | {"unknown_tax_class": "fail"})


PICTURES = (
    ProductImage(id="1", url="https://t/1.png", skus=("10001", "10009")),
    ProductImage(id="2", skus=("10001",)),
)


@pytest.mark.parametrize(
    ("setting", "images", "of_variant"),
    [
        ("all", [("1", ("10001",))], "https://t/1.png"),
        ("main", [("1", ("10001",))], None),
        ("off", [], None),
    ],
)
def test_images(setting: str, images: list[Any], of_variant: str | None) -> None:
    shown = put(product(variant(image_url="https://t/1.png"), images=PICTURES), {"images": setting})

    assert (images, of_variant) == ([(i.id, i.skus) for i in shown.images], shown.variants[0].image_url)


@pytest.mark.parametrize(("setting", "expected"), [("always", [True, True]), ("web_shop", [True, False])])
def test_visibility(setting: str, expected: list[bool]) -> None:
    pair = product(variant(), variant("10002", web_shop=False))

    assert expected == [v.visible for v in put(pair, {"visibility": setting}).variants]


def test_barcodes_that_are_the_same_within_a_product_are_one_variant_and_a_reason() -> None:
    pair = product(variant(gtin="0012345678905"), variant("10002", gtin="0012345678905"))
    decision = decide(pair, ProductsSettings(identify_by="gtin"), Known())

    assert ["0012345678905"] == [each.name for each in decision.puts[0].carries]
    assert (
        "left_out: article 10002 is not sent: another article of this product is known by 0012345678905 (duplicate)"
        in decision.warnings
    )


def test_a_wrong_check_digit_warns_and_keeps_the_barcode() -> None:
    shown = variant(gtin="0012345678900", gtin_problem="The check digit is wrong.")
    decision = decide(product(shown), ProductsSettings(), Known())

    assert ("gtin_invalid: article 10001: The check digit is wrong.",) == decision.warnings
    assert "0012345678900" == decision.puts[0].record.variants[0].gtin  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("settings", "record", "before", "skip", "archives"),
    [
        # never sent: nothing to take away
        ({}, product(variant(active=False)), Known(), "inactive", []),
        ({}, product(variant(discontinued=True)), Known(), "discontinued", []),
        ({}, product(variant(price_incl=Decimal(0))), Known(), "price_missing", []),
        ({}, Product(id="7"), Known(), "no_articles", []),
        ({}, product(variant(active=False), variant("10002", price_incl=None)), Known(), "nothing_to_sell", []),
        # sent before
        ({}, product(variant(active=False), variant("10002", active=False)), BOTH, None,
         [("variant", "10001", "inactive", False), ("variant", "10002", "inactive", False)]),
        ({"on_inactive": "delete"}, product(variant(active=False), variant("10002", active=False)), BOTH, None,
         [("product", "7", "nothing_left", True)]),
        ({"on_inactive": "leave"}, product(variant(active=False)), known(("product", "7"), ("variant", "10001")), "inactive", []),
        # no price any more: what is there stays as it is
        ({}, product(variant(price_incl=None)), known(("product", "7"), ("variant", "10001")), "price_missing", []),
        # hidden already: nothing more to do
        ({}, product(variant(active=False)), known(("product", "7"), ("variant", "10001", "archived")), "inactive", []),
        ({"which": "web_shop", "when_filtered": "delete"}, product(variant(web_shop=False), variant("10002", web_shop=False)), BOTH, None,
         [("product", "7", "nothing_left", True)]),
    ],
)  # fmt: skip
def test_when_nothing_is_left_to_send(
    settings: dict[str, Any], record: Product, before: Known, skip: str | None, archives: list[Any]
) -> None:
    decision = decide(record, ProductsSettings(**settings), before)

    assert () == decision.puts
    assert skip == (decision.skip.code if decision.skip else None)
    assert archives == [
        (each.kind, each.key.partition(":")[2], each.reason, each.permanently) for each in decision.archives
    ]


def test_deleting_takes_hidden_variants_along() -> None:
    before = known(("product", "7"), ("variant", "10001"), ("variant", "10002", "archived"))
    decision = gone(ProductsSettings(on_gone="delete"), before)

    along = (("variant", "variant:10001"), ("variant", "variant:10002"))
    assert (Archive("product", "product:7", "not_found", True, along),) == decision.archives


SKIP = Skip("filtered", "Filtered by rule 'x'", filtered=True)


@pytest.mark.parametrize(
    ("policy", "before", "expected"),
    [
        ("leave", BOTH, Decision(skip=SKIP)),
        ("hide", Known(), Decision(skip=SKIP)),
        ("hide", known(("variant", "10001")), Decision(archives=(Archive("variant", "variant:10001", "filtered"),))),
        ("delete", known(("variant", "10001")), Decision(archives=(Archive("variant", "variant:10001", "filtered", True),))),
    ],
)  # fmt: skip
def test_filtered_follows_its_policy(policy: Any, before: Known, expected: Decision) -> None:
    assert expected == filtered(ProductsSettings(when_filtered=policy), before, SKIP)


def test_a_record_speaks_of_all_its_articles() -> None:
    assert {("variant", "10001"), ("variant", "10002")} == reach(product(variant(), variant("10002")))
