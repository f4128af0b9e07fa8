"""What a shop's variants become: options out of titles, where their articles are looked for, settings that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.flows.shoparticles import name_of, options_of
from app.flows.shopproducts import ARTICLE, decide, filtered, gone
from app.flows.shopproductsettings import ShopProductsSettings
from app.records.decision import Known, KnownTarget, Skip
from app.records.product import Product

SETTINGS: dict[str, Any] = {"stores": [{"id": "webshop"}], "vat_codes": {"force": "2"}}


@pytest.mark.parametrize(
    ("title", "parts", "options"),
    [
        ("rood / M", ["colour", "size"], {"colour": "rood", "size": "M"}),
        ("M / rood", ["size", "colour"], {"colour": "rood", "size": "M"}),
        ("rood, 3XL", ["colour", "size"], {"colour": "rood", "size": "3XL"}),
        ("rood | 36-40", ["colour", "size"], {"colour": "rood", "size": "36-40"}),
        ("rood - 250 g", ["colour", "size"], {"colour": "rood", "size": "250 g"}),
        ("0,75 l", ["colour", "size"], {"size": "0,75 l"}),
        ("36/37", ["colour", "size"], {"size": "36/37"}),
        ("extra large", ["colour", "size"], {"size": "extra large"}),
        ("rood/wit", ["colour", "size"], {"colour": "rood/wit"}),
        ("M", ["colour"], {"colour": "M"}),
        ("rood / M / katoen", ["colour", "size"], {"colour": "rood", "size": "M / katoen"}),
        ("katoen / rood / M", ["skip", "colour", "size"], {"colour": "rood", "size": "M"}),
        ("rood / M", [], {}),
        ("", ["colour", "size"], {}),
        (" / ", ["colour", "size"], {}),
    ],
)
def test_colour_and_size_out_of_a_title(title: str, parts: list[str], options: dict[str, str]) -> None:
    settings = ShopProductsSettings.model_validate(SETTINGS | {"variant_parts": parts})

    assert options == options_of(title, settings)


@pytest.mark.parametrize(
    ("match_by", "sku", "gtin", "found_by"),
    [
        (["article_number"], "1001", None, [("article_number", "1001")]),
        (["barcode"], "1001", None, [("article_number", "1001")]),  # under that number it would be made
        (["barcode"], "1001", "8712345678906", [("barcode", "8712345678906"), ("article_number", "1001")]),
        (["barcode"], "1001", "8712345678905", [("article_number", "1001")]),  # its check digit is wrong
        (["article_number"], "AB-1", None, [("article_number", "AB-1"), ("plu", "AB-1")]),  # left as its PLU
        (["plu", "article_number"], "1001", None, [("plu", "1001"), ("article_number", "1001")]),
        (["article_number"], "OUD-1", None, [("article_number", "7")]),
    ],
)
def test_by_what_an_article_is_looked_for(
    match_by: list[str], sku: str, gtin: str | None, found_by: list[tuple[str, str]]
) -> None:
    settings = ShopProductsSettings.model_validate(
        SETTINGS | {"match_by": match_by, "sku_table": {"OUD-1": "7"}}
    )
    said = {"id": "trui", "store": "webshop", "variants": [{"sku": sku, "gtin": gtin, "price": "5"}]}
    [put] = decide(Product.model_validate(said), settings, Known()).puts

    assert [tuple(found_by)] == [each.found_by for each in put.carries]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stores": []}, "at least 1 item"),
        ({"stores": [{"id": "a"}, {"id": "a"}]}, "names a store twice"),
        ({"stores": [{"id": "a/b"}]}, "match pattern"),
        ({"numbers": "assigned"}, "number_range must say which"),
        ({"number_range": {"first": 9, "last": 8}}, "begins behind its end"),
        ({"number_range": {"first": 1, "last": 10**18}}, "less than or equal"),
        ({"vat_expression": "category_name.("}, "vat_expression"),
        ({"match_by": []}, "at least 1 item"),
        ({"variant_parts": ["material"]}, "'colour', 'size' or 'skip'"),
        ({"vat_codes": None}, "valid dictionary or instance of Table"),
    ],
)
def test_settings_that_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ShopProductsSettings.model_validate(SETTINGS | changes)


def test_vat_codes_have_no_default() -> None:
    with pytest.raises(ValidationError, match="vat_codes"):
        ShopProductsSettings.model_validate({"stores": [{"id": "webshop"}]})


def test_names_of_articles_fit_the_paths_of_fields() -> None:
    assert "AB(1) x" == name_of("  AB[1]\n x ")


@pytest.mark.parametrize(("policy", "away"), [("leave", []), ("inactive", ["a"])])
def test_what_is_gone_or_filtered_stays_or_becomes_inactive(policy: str, away: list[str]) -> None:
    settings = ShopProductsSettings.model_validate(SETTINGS | {"on_gone": policy, "when_filtered": policy})
    other = ShopProductsSettings.model_validate(SETTINGS)
    known = Known(targets=(KnownTarget(ARTICLE, "a", "7/1001", own=True),))
    skip = Skip("filtered", "Filtered.", filtered=True)

    for decision in (gone(settings, known), filtered(settings, known, skip)):
        assert away == [each.key for each in decision.archives]
    assert ((), ()) == (gone(other, known).archives, filtered(other, known, skip).archives)
