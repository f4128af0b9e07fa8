"""VAT and revenue account of a shop's order, by where it goes and who buys it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.errors import MappingFailed
from app.flows.saletax import tax_of, with_tax
from app.flows.shopordersettings import ShopOrdersSettings
from app.mapping.run import SkipRecord
from app.records.customer import Customer
from app.records.order import Order, OrderAddress, OrderLine

BELGIAN, GERMAN = "BE0123456749", "DE136695976"


def settings(**more: Any) -> ShopOrdersSettings:
    return ShopOrdersSettings.model_validate({"stores": [{"id": "webshop"}], **more})


def order(
    country: str | None, *, company: str | None = None, vat: str | None = None, tax: str | None = None
) -> Order:
    return Order(
        id="1",
        tax_total=None if tax is None else Decimal(tax),
        customer=Customer(email="a@klant-voorbeeld.nl", company=company, vat_number=vat),
        shipping=None if country is None else OrderAddress(country=country),
    )


SHIFT, HERE, THERE = ("shifted", None), ("normal", None), lambda country: ("normal", country)
OSS = {"eu_consumers": "destination"}


@pytest.mark.parametrize(
    ("it", "more", "buyer", "expected"),
    [
        (order("NL", tax="1"), {}, "domestic", HERE),
        (order("NL", company="Bol", vat="NL001234567B01"), {}, "domestic", HERE),
        (order("DE"), {}, "eu_consumer", HERE),
        (order("DE"), OSS, "eu_consumer", THERE("DE")),
        (order("FR", tax="1"), OSS, "eu_consumer", THERE("FR")),
        (order("BE", company="Bol", vat=BELGIAN), {}, "eu_business", SHIFT),
        (order("BE", company="Bol", vat=BELGIAN, tax="0"), OSS, "eu_business", SHIFT),
        (order("BE", company="Bol", vat=BELGIAN, tax="2.10"), OSS, "eu_business", THERE("BE")),
        (order("BE", company="Bol", vat=BELGIAN), {"eu_businesses": "as_consumers", **OSS}, "eu_business", THERE("BE")),
        (order("DE", company="Bol", vat="DE000000000"), {}, "eu_consumer", HERE),
        (order("DE", vat=GERMAN), {}, "eu_consumer", HERE),
        (order("DE", company="Bol"), {}, "eu_consumer", HERE),
        (order("CH"), {}, "outside_eu", ("none", None)),
        (order("GB", company="Bol", vat="GB980780684"), {}, "outside_eu", ("none", None)),
        (order("US", tax="3"), {}, "outside_eu", HERE),
        (order("US"), {"outside_eu": "home"}, "outside_eu", HERE),
        (order(None), {}, "unknown", HERE),
        (order("BE"), {"country": "BE"}, "domestic", HERE),
    ],
)  # fmt: skip
def test_where_and_who(it: Order, more: dict[str, Any], buyer: str, expected: tuple[str, str | None]) -> None:
    found = tax_of(it, settings(**more))

    assert (buyer, expected) == (found.buyer, (found.taxed, found.country))


def test_where_it_goes_counts_before_who_gets_the_bill() -> None:
    """VAT is owed where goods arrive: a present that is paid in Germany and sent to France bears the French."""
    german, french = OrderAddress(country="DE"), OrderAddress(country="FR")
    found = [
        tax_of(order(None).model_copy(update={"shipping": where, "billing": german}), settings(**OSS))
        for where in (french, None)
    ]

    assert ["FR", "DE"] == [tax.country for tax in found]


def test_what_the_shop_charged_is_told() -> None:
    found = tax_of(order("BE", company="Bol", vat=BELGIAN, tax="2.10"), settings())

    assert ("tax_charged: the shop charged VAT, so the order bears it",) == found.warnings


def test_an_unknown_country_warns_or_fails() -> None:
    assert tax_of(order(None), settings()).warnings[0].startswith("no_country: ")
    with pytest.raises(MappingFailed) as caught:
        tax_of(order(None), settings(unknown_country="fail"))
    assert "no_country" == caught.value.code


CODES = {"entries": {"BE": "3", "eu_business": "0", "outside_eu": "0"}}


@pytest.mark.parametrize(
    ("it", "table", "expected"),
    [
        (order("NL"), None, None),
        (order("NL"), CODES, None),
        (order("BE"), CODES, "3"),
        (order("be"), {"entries": {"be": "3"}}, "3"),
        (order("BE", company="Bol", vat=BELGIAN), {"entries": {"eu_business": "0"}}, "0"),
        (order("CH"), CODES, "0"),
        (order("NL"), {"force": "2"}, "2"),
        (order(None), {"force": "2"}, "2"),
        (order("NL"), {"default": "2", "missing": "default"}, "2"),
        (order("NL"), {**CODES, "default": "2", "missing": "default"}, "2"),
        (order("NL"), {**CODES, "missing": "blank"}, None),
    ],
)
def test_the_code_by_table(it: Order, table: Any, expected: str | None) -> None:
    assert expected == tax_of(it, settings(vat_codes=table)).code
    assert expected == tax_of(it, settings(accounts=table)).account


def test_a_country_that_no_table_knows_by_policy() -> None:
    with pytest.raises(MappingFailed) as caught:
        tax_of(order("NL"), settings(accounts={**CODES, "missing": "fail"}))
    assert "not_in_table" == caught.value.code
    with pytest.raises(SkipRecord):
        tax_of(order("NL"), settings(accounts={**CODES, "missing": "skip"}))


def test_what_a_line_has_of_its_own_stays() -> None:
    tax = tax_of(order("BE"), settings(vat_codes={"force": "3"}, accounts={"force": "8090"}))
    lines = [
        OrderLine(id="1"),
        OrderLine(id="2", vat_code="1", account="8000"),
        OrderLine(id="3", role="shipping"),
    ]

    assert [("3", "8090"), ("1", "8000"), ("3", None)] == [
        (line.vat_code, line.account) for line in (with_tax(one, tax) for one in lines)
    ]
