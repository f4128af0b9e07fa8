"""A product's texts as tables: what is read, cut, filled in, and named as a hint."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.flows.productsettings import ProductsSettings
from app.flows.producttexts import (
    address_of,
    category_of,
    description_of,
    slug,
    title_of,
    unmapped,
    variant_title,
)
from app.records.product import Product, Variant


def product(**values: Any) -> Product:
    return Product(**({"id": "7", "title": "Trui", "variants": (variant(),)} | values))


def variant(**values: Any) -> Variant:
    return Variant(**({"sku": "10001"} | values))


@pytest.mark.parametrize(
    ("settings", "given", "expected"),
    [
        ({}, {}, ("Trui", ())),
        ({}, {"title": "  Trui \n met\tcol "}, ("Trui met col", ())),
        ({}, {"title": "<b>Trui</b> &amp; col\x07"}, ("Trui & col", ())),
        ({}, {"title": None}, ("#7", ("title_missing: the product has no description in the till",))),
        ({"title_from": "article"}, {"variants": (variant(title="Trui rood"),)}, ("Trui rood", ())),
        ({"title_from": "article"}, {}, ("Trui", ())),
        (
            {"longest_title": 20},
            {"title": "x" * 10_000},
            ("x" * 19 + "…", ("title_cut: the title has 10,000 characters; it is cut at 20",)),
        ),
    ],
)
def test_title(settings: dict[str, Any], given: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert expected == title_of(product(**given), ProductsSettings(**settings))


LONG, SHORT = {"description": "<p>Lang &amp; breed</p><p>Twee</p>"}, {"short_description": "Kort"}


@pytest.mark.parametrize(
    ("settings", "given", "expected"),
    [
        ({}, LONG, "Lang & breed\n\nTwee"),
        ({"markup": "keep"}, LONG, "<p>Lang &amp; breed</p><p>Twee</p>"),
        ({}, {"description": "<script>alert(1)</script><p onclick=\"x()\">Veilig</p>"}, "Veilig"),
        ({}, {"description": "a\x00b\x1bc\r\nd"}, "abc\nd"),
        ({"description_from": "short"}, LONG | SHORT, "Kort"),
        ({"description_from": "both"}, LONG | SHORT, "Kort\n\nLang & breed\n\nTwee"),
        ({"description_from": "both"}, {"description": "Kort"} | SHORT, "Kort"),
        ({"description_from": "none"}, LONG, None),
        ({}, {}, None),
        ({"description_template": "{brand}: {description}"}, LONG | {"brand": "Wol"}, "Wol: Lang & breed\n\nTwee"),
        ({"description_template": "{description}\nStof: {Materiaal}"}, LONG | {"custom": {"Materiaal": "wol"}}, "Lang & breed\n\nTwee\nStof: wol"),
        ({"description_template": "{description}\nStof: {Materiaal}"}, LONG, "Lang & breed\n\nTwee"),
        ({"properties": {"Materiaal": "description"}}, {"variants": (variant(custom={"Materiaal": "wol"}), variant(sku="2", custom={"Materiaal": "zijde"}))}, "Materiaal: wol, zijde"),
        ({"properties": {"Duurzaam": "description"}}, {"variants": (variant(custom={"Duurzaam": True}),)}, "Duurzaam: ja"),
        ({"properties": {"Labels": "description"}}, {"custom": {"Labels": ["a", 2, None]}}, "Labels: a, 2"),
        ({"description_template": "{category}"}, {}, "Truien"),
    ],
)  # fmt: skip
def test_description(settings: dict[str, Any], given: dict[str, Any], expected: str | None) -> None:
    text, warnings = description_of(product(**given), ProductsSettings(**settings), category="Truien")

    assert (expected, ()) == (text, warnings)


def test_a_description_that_is_too_long_is_cut_and_says_so() -> None:
    text, warnings = description_of(
        product(description="woord " * 100), ProductsSettings(longest_description=100), category=None
    )

    assert text is not None
    assert (True, "…") == (len(text) <= 100, text[-1])
    assert ("description_cut: the description has 599 characters; it is cut at 100",) == warnings


@pytest.mark.parametrize(
    ("settings", "given", "expected"),
    [
        ({}, {"category_name": "Truien"}, "Truien"),
        ({}, {}, None),
        ({"category_fallback": "Overig"}, {}, "Overig"),
        ({"category_fallback": "Overig"}, {"category_name": " "}, "Overig"),
        ({"category_form": "path"}, {"category_name": "Truien", "category_path": ("Dames", "Truien")}, "Dames > Truien"),
        ({"category_form": "path", "category_separator": "/"}, {"category_path": ("Dames", "Truien")}, "Dames/Truien"),
        ({"category_form": "path"}, {"category_name": "Truien"}, "Truien"),
    ],
)  # fmt: skip
def test_category(settings: dict[str, Any], given: dict[str, Any], expected: str | None) -> None:
    assert expected == category_of(product(**given), ProductsSettings(**settings))


RED_M = variant(title="Trui M", attributes={"colour": "rood", "size": "M"}, custom={"Stof": "wol"})


@pytest.mark.parametrize(
    ("settings", "shown", "alone", "expected"),
    [
        ({}, RED_M, False, "rood / M"),
        ({}, RED_M, True, "rood / M"),
        ({"variant_title": "full"}, RED_M, False, "Trui rood / M"),
        ({"attributes": {"size": "Maat", "colour": "Kleur"}}, RED_M, False, "Maat M / Kleur rood"),
        ({"attributes": {"Stof": ""}}, RED_M, False, "wol"),
        ({"attributes": {}}, RED_M, False, "Trui M"),
        ({}, variant(attributes={"colour": " ", "size": ""}), True, "Trui"),
        ({}, variant(title="Trui"), False, "Trui 10001"),
        ({}, variant(), False, "Trui 10001"),
        ({}, variant(title="Trui XL"), True, "Trui"),
    ],
)
def test_variant_title(settings: dict[str, Any], shown: Variant, alone: bool, expected: str) -> None:
    chosen = ProductsSettings(**settings)

    assert expected == variant_title(product(), shown, title="Trui", alone=alone, settings=chosen)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ("Stof", "Verborgen")),
        ({"attributes": {"colour": "", "Stof": ""}}, ("Verborgen", "size")),
        ({"properties": {"Stof": "vendor"}, "description_template": "{Verborgen}"}, ()),
    ],
)
def test_what_no_setting_names_is_a_hint(settings: dict[str, Any], expected: tuple[str, ...]) -> None:
    full = RED_M.model_copy(update={"custom": {"Stof": "wol", "Verborgen": False, "Leeg": ""}})

    assert expected == unmapped(product(variants=(full,)), ProductsSettings(**settings))


@pytest.mark.parametrize(
    ("template", "shown", "expected"),
    [
        (None, variant(), None),
        (None, variant(url="https://eigen.nl/7"), "https://eigen.nl/7"),
        ("https://w.nl/p/{id}", variant(), "https://w.nl/p/7"),
        ("https://w.nl/{slug}-{sku}", variant(), "https://w.nl/ete-trui-10001"),
        ("https://w.nl/{external_id}", variant(), None),
        ("https://w.nl/{plu}", variant(plu="A/1 b"), "https://w.nl/A%2F1%20b"),
    ],
)
def test_address(template: str | None, shown: Variant, expected: str | None) -> None:
    assert expected == address_of(product(), shown, "Été trui", ProductsSettings(product_url=template))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Été  Rood!", "ete-rood"), ("ß & ĳ", "ij"), ("日本", ""), ("a" * 300, "a" * 100)],
)
def test_slug(text: str, expected: str) -> None:
    assert expected == slug(text)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"product_url": "shop.nl/{id}"}, "must begin with https://"),
        ({"product_url": "https://shop.nl/{nummer}"}, "knows no {nummer}"),
        ({"properties": {"Stof": "weight"}}, "properties"),
        ({"properties": {"Stof": "type"}, "attributes": {"Stof": ""}}, "choose one"),
        ({"currency_rates": {"USD": "0"}}, "must be more than zero"),
        ({"tax_classes": {"1": {"rate": "900"}}}, "less than or equal to 100"),
        ({"on_inactive": "sell"}, "on_inactive"),
    ],
)
def test_settings_that_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ProductsSettings(**settings)
