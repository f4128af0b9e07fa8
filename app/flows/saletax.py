"""Which VAT a shop's order bears, and which revenue account, by where it goes and who buys it.

The till has no revenue account per country and one VAT table per country (mplus.md §4.2); what it needs to know is the
method, the country and, where a table says so, a code for every line. Pure; features O23, O24.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from stdnum.eu import vat as eu_vat

from app.errors import MappingFailed
from app.flows.shopordersettings import ShopOrdersSettings
from app.mapping.run import Run
from app.mapping.tables import Table, compile_table
from app.records.order import Order, OrderLine
from app.values.text import as_text

Buyer = Literal["domestic", "eu_consumer", "eu_business", "outside_eu", "unknown"]

EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT",
    "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tax:
    """How an order is taxed. ``country`` is where, if that is not at home; ``code`` and ``account`` are for its lines."""

    buyer: Buyer
    taxed: Literal["normal", "shifted", "none"] = "normal"
    country: str | None = None
    code: str | None = None
    account: str | None = None
    warnings: tuple[str, ...] = ()


def tax_of(order: Order, settings: ShopOrdersSettings) -> Tax:
    """The order's VAT. Raises MappingFailed where a table or the settings say that it must be known and is not."""
    country = _country(order)
    buyer = _buyer(order, country, settings)
    warnings: list[str] = []
    if buyer == "unknown":
        if settings.unknown_country == "fail":
            raise MappingFailed(
                "The order says no country, and VAT hangs on it.",
                field="shipping.country",
                advice="Enter the country in the shop, or let such orders count as orders at home.",
                code="no_country",
            )
        warnings.append("no_country: the order says no country, so it bears our own VAT")
    taxed: Literal["normal", "shifted", "none"] = "normal"
    charged = bool(order.tax_total)
    if buyer == "eu_business" and settings.eu_businesses == "shift":
        taxed = "normal" if charged else "shifted"
    elif buyer == "outside_eu" and settings.outside_eu == "none":
        taxed = "normal" if charged else "none"
    if charged and buyer in ("eu_business", "outside_eu"):
        warnings.append("tax_charged: the shop charged VAT, so the order bears it")
    elsewhere = (
        taxed == "normal"
        and buyer in ("eu_consumer", "eu_business")
        and settings.eu_consumers == "destination"
    )
    return Tax(
        buyer=buyer,
        taxed=taxed,
        country=country if elsewhere else None,
        code=_listed(settings.vat_codes, country, buyer, field="vat_codes"),
        account=_listed(settings.accounts, country, buyer, field="accounts"),
        warnings=tuple(warnings),
    )


def with_tax(line: OrderLine, tax: Tax) -> OrderLine:
    """A line with the code and the account that hold for it. What it has of its own stays."""
    said: dict[str, Any] = {}
    if tax.code is not None and line.vat_code is None:
        said["vat_code"] = tax.code
    if tax.account is not None and line.account is None and line.role != "shipping":
        said["account"] = tax.account
    return line.model_copy(update=said) if said else line


def _country(order: Order) -> str | None:
    """Where it goes; else who gets the bill."""
    for address in (order.shipping, order.billing):
        if address is not None and address.country:
            return address.country
    return None


def _buyer(order: Order, country: str | None, settings: ShopOrdersSettings) -> Buyer:
    if country is None:
        return "unknown"
    if country == settings.country:
        return "domestic"
    if country not in EU:
        return "outside_eu"
    customer = order.customer
    number = customer.vat_number if customer is not None else None
    business = bool(customer is not None and customer.company and number and is_vat_number(number))
    return "eu_business" if business else "eu_consumer"


def is_vat_number(number: str) -> bool:
    """A VAT number of a member state, its country in front, whose check digits fit. Nobody is asked."""
    return bool(eu_vat.is_valid(number))


def _listed(table: Table | None, country: str | None, buyer: Buyer, *, field: str) -> str | None:
    """What a table says by country, else by kind of buyer; None where it says nothing."""
    if table is None:
        return None
    names = {name.strip().casefold() for name in table.entries}
    known = country is not None and country.casefold() in names
    key: str = country if known and country is not None else buyer
    asked = known or buyer in names
    if table.force is None and not asked and (not table.entries or table.missing in ("keep", "blank")):
        return as_text(table.default) or None
    found = compile_table(table, field)(key, Run())
    return None if found in (None, "") else as_text(found)
