"""Prices: with or without VAT, in the store's currency, exact to the cent. Pure.

Where the source states both prices, each is used as it stands and nothing is computed, so that nothing drifts. Where it
states one, the other follows from the rate, rounded half up once.
"""

from __future__ import annotations

from decimal import Decimal

from app.errors import MappingFailed
from app.flows.productsettings import ProductsSettings
from app.records.product import Variant
from app.values.money import half_up
from app.values.vat import excl_vat, incl_vat


class NoPrice(Exception):
    """This article is left out: ``code`` and ``str`` say why."""

    def __init__(self, code: str, reason: str):
        super().__init__(reason)
        self.code = code


def rate_of(variant: Variant, settings: ProductsSettings) -> Decimal | None:
    """The VAT rate in per cent: the till's own, else the table's. MappingFailed for a code the table should have."""
    code = variant.vat_code
    if code is not None and code not in settings.tax_classes and settings.unknown_tax_class == "fail":
        raise MappingFailed(
            f"The VAT code {code[:20]} of article {variant.sku} is not in the table of tax classes.",
            field="tax_classes",
            advice="Add the code to the table, or let codes that are not in it be kept.",
            code="unknown_tax_class",
        )
    if variant.vat_rate is not None:
        return variant.vat_rate
    known = settings.tax_classes.get(code or "")
    return known.rate if known is not None else None


def price_of(variant: Variant, settings: ProductsSettings) -> Decimal:
    """The price to send. Raises NoPrice where the article is left out for it, MappingFailed where a rate is missing."""
    amount = _with_or_without_vat(variant, settings)
    if amount is not None and amount < 0:
        raise NoPrice("price_negative", "its price is negative")
    if amount is None or amount == 0:
        if settings.without_price == "leave_out":
            raise NoPrice("price_missing", "it has no price")
        amount = Decimal(0)
    return _in_store_currency(amount, variant, settings)


def _with_or_without_vat(variant: Variant, settings: ProductsSettings) -> Decimal | None:
    wanted, other = variant.price_incl, variant.price_excl
    if settings.prices == "excl":
        wanted, other = other, wanted
    rate = rate_of(variant, settings)
    if wanted is not None:
        return half_up(wanted)
    if other is None or other == 0:
        return other
    if rate is None:
        raise MappingFailed(
            f"Article {variant.sku} has a price {'with' if settings.prices == 'excl' else 'without'} VAT only, and no rate.",
            field="vat_rate",
            advice="Give its VAT code a rate in the till, or in the flow's table of tax classes.",
            code="vat_rate_missing",
        )
    return incl_vat(other, rate) if settings.prices == "incl" else excl_vat(other, rate)


def _in_store_currency(amount: Decimal, variant: Variant, settings: ProductsSettings) -> Decimal:
    own = variant.currency or settings.currency
    store = settings.store_currency or settings.currency
    if own == store:
        return amount
    rate = settings.currency_rates.get(own)
    if settings.other_currency == "leave_out":
        raise NoPrice("other_currency", f"its price is in {own}, the store's currency is {store}")
    if rate is None:
        raise MappingFailed(
            f"There is no rate from {own} to {store} for article {variant.sku}.",
            field="currency_rates",
            advice=f"Add what one {own} is worth in {store}, or leave out prices in other currencies.",
            code="currency_rate_missing",
        )
    return half_up(amount * rate)
