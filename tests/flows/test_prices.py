"""Prices as a table: with or without VAT, in the store's currency, exact to the cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.errors import MappingFailed
from app.flows.prices import NoPrice, price_of
from app.flows.productsettings import ProductsSettings
from app.records.product import Variant

EXCL = {"prices": "excl"}
RATES = {"tax_classes": {"1": {"name": "low", "rate": "9"}, "2": {"name": "high", "rate": "21"}}}
DOLLARS = {"store_currency": "EUR", "other_currency": "convert", "currency_rates": {"USD": "0.92"}}


def variant(**values: Any) -> Variant:
    return Variant(sku="10001", **values)


@pytest.mark.parametrize(
    ("settings", "article", "expected"),
    [
        # The till states both: each is used as it stands, even where one does not follow from the other.
        ({}, {"price_incl": "12.10", "price_excl": "9.99", "vat_rate": 21}, "12.10"),
        (EXCL, {"price_incl": "12.10", "price_excl": "9.99", "vat_rate": 21}, "9.99"),
        # One is stated: the other follows, rounded half up once.
        ({}, {"price_excl": "10.00", "vat_rate": 21}, "12.10"),
        (EXCL, {"price_incl": "12.10", "vat_rate": 21}, "10.00"),
        (EXCL, {"price_incl": "9.99", "vat_rate": 21}, "8.26"),
        (EXCL, {"price_incl": "1.00", "vat_rate": 9}, "0.92"),
        ({}, {"price_excl": "0.50", "vat_rate": 9}, "0.55"),
        ({}, {"price_excl": "10.00", "vat_rate": 0}, "10.00"),
        ({}, {"price_excl": "1.005", "vat_rate": 0}, "1.01"),
        # The till gives no rate: the table's counts.
        (RATES, {"price_excl": "10.00", "vat_code": "1"}, "10.90"),
        (RATES, {"price_excl": "10.00", "vat_code": "1", "vat_rate": 6}, "10.60"),
        # Currency
        ({}, {"price_incl": "10", "currency": "EUR"}, "10.00"),
        (DOLLARS, {"price_incl": "10.00", "currency": "USD"}, "9.20"),
        (DOLLARS | {"currency": "USD"}, {"price_incl": "0.37"}, "0.34"),
        ({"currency": "USD"}, {"price_incl": "10"}, "10.00"),
        ({"without_price": "send"}, {"price_incl": "0"}, "0"),
        ({"without_price": "send"}, {}, "0"),
    ],
)
def test_price(settings: dict[str, Any], article: dict[str, Any], expected: str) -> None:
    assert Decimal(expected) == price_of(variant(**article), ProductsSettings(**settings))


@pytest.mark.parametrize(
    ("settings", "article", "code"),
    [
        ({}, {}, "price_missing"),
        ({}, {"price_incl": "0.00"}, "price_missing"),
        (EXCL, {"price_excl": "0"}, "price_missing"),
        ({}, {"price_excl": "0"}, "price_missing"),
        ({}, {"price_incl": "-0.01"}, "price_negative"),
        ({"without_price": "send"}, {"price_incl": "-5"}, "price_negative"),
        ({}, {"price_incl": "10", "currency": "USD"}, "other_currency"),
        ({"store_currency": "USD"}, {"price_incl": "10"}, "other_currency"),
    ],
)
def test_no_price(settings: dict[str, Any], article: dict[str, Any], code: str) -> None:
    with pytest.raises(NoPrice) as refused:
        price_of(variant(**article), ProductsSettings(**settings))

    assert code == refused.value.code


@pytest.mark.parametrize(
    ("settings", "article", "code"),
    [
        ({}, {"price_excl": "10"}, "vat_rate_missing"),
        (EXCL, {"price_incl": "10", "vat_code": "7"}, "vat_rate_missing"),
        (RATES | {"unknown_tax_class": "fail"}, {"price_incl": "10", "vat_code": "7"}, "unknown_tax_class"),
        (DOLLARS, {"price_incl": "10", "currency": "GBP"}, "currency_rate_missing"),
    ],
)
def test_what_somebody_must_add_first(settings: dict[str, Any], article: dict[str, Any], code: str) -> None:
    with pytest.raises(MappingFailed) as refused:
        price_of(variant(**article), ProductsSettings(**settings))

    assert (code, True) == (refused.value.code, bool(refused.value.advice))
