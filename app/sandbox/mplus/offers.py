"""What an article costs today for this relation, where a call asks the till to apply its own prices (mplus.md §4.7).

``applyPriceGroups`` takes the price group of the relation, ``applySalesPrices`` a sale price that runs today. The cheaper
one wins. ``applySalesAndActions`` lets both in: this till has no actions over several articles. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from app.sandbox.mplus.finance import excluding, percentage_of

Row = Mapping[str, Any]


def offers(asked: Row, *, relation: Row, on: date) -> Callable[[Row], Mapping[str, Any]]:
    """From the flags of a request: the price, and as what it counts, that a card is to be sold for."""
    everything = asked.get("applySalesAndActions", False)
    groups = everything or asked.get("applyPriceGroups", False)
    sales = everything or asked.get("applySalesPrices", False)
    group = relation.get("priceGroupNumber") if groups else None

    def offer(card: Row) -> Mapping[str, Any]:
        found = [
            (lowered(card, one), "DISCOUNT-TYPE-PRICE-GROUP")
            for one in card.get("priceGroupList", ())
            if group and one["priceGroupNumber"] == group
        ]
        found += [
            (lowered(card, one), "DISCOUNT-TYPE-SALES-PRICE")
            for one in card.get("salesPriceList", ())
            if sales and runs(one, on)
        ]
        if not found:
            return {}
        price, kind = min(found)
        rate = percentage_of(card.get("vatCode", 0)) or Decimal(0)
        return {"priceIncl": price, "priceExcl": excluding(price, rate), "discountType": kind}

    return offer


def lowered(card: Row, price: Row) -> int:
    if price.get("priceIncl") is not None:
        return int(price["priceIncl"])
    off = Decimal(100 - price.get("discountPercentage", 0))
    return int((card.get("priceIncl", 0) * off / 100).to_integral_value())


def runs(price: Row, on: date) -> bool:
    begin, end = price.get("startDate"), price.get("endDate")
    return (begin is None or begin <= on) and (end is None or on <= end)
