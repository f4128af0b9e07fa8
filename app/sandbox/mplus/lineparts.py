"""Taking lines apart: a part of one, one given back, and which articles are in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.sandbox.mplus.lines import cents, quantity_of, scaled_quantity

Row = Mapping[str, Any]


def turned(line: Row) -> dict[str, Any]:
    """The line of a credit, to be priced anew: the same, given back."""
    data = dict(line["data"])
    for amount in ("quantity", "discountAmount", "discountAmountExcl"):
        if data.get(amount):
            data[amount] = -data[amount]
    back = {**line, "lineId": "", "data": data}
    if line.get("preparationList"):
        back["preparationList"] = [turned(part) for part in line["preparationList"]]
    return back


def part_of(line: Row, amount: Decimal, *, after: Decimal) -> dict[str, Any]:
    """``amount`` of a line of which ``after`` went before: its discount in money is spread, and adds up to the cent."""
    data = {**line["data"], **scaled_quantity(amount)}
    whole = quantity_of(line["data"])
    for name in ("discountAmount", "discountAmountExcl"):
        if data.get(name):
            data[name] = cents(data[name] * (after + amount) / whole) - cents(data[name] * after / whole)
    found = {**line, "data": data}
    if line.get("preparationList"):
        found["preparationList"] = [
            {**part, "data": {**part["data"], **scaled_quantity(quantity_of(part["data"]) * amount / whole)}}
            for part in line["preparationList"]
        ]
    return found


def articles_in(line: Row, amount: Decimal) -> list[tuple[int, Decimal]]:
    """Which articles, and how much of each, ``amount`` of a line is: its own and those of the parts inside it."""
    if not amount:
        return []
    inside = [
        (part["articleNumber"], quantity_of(part["data"]) * amount / quantity_of(line["data"]))
        for part in line.get("preparationList", ())
    ]
    return [(article, each) for article, each in [(line["articleNumber"], amount), *inside] if article]
