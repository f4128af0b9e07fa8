"""Lines of a sale with their prices, discounts and VAT, in whole cents (mplus.md §1.5, §4.7).

Pure, apart from looking up articles. ``sums.py`` adds lines up, ``lineparts.py`` takes them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.sandbox.mplus.finance import TURNOVER_GROUPS, excluding, including, percentage_of

Row = Mapping[str, Any]


def names(text: str) -> tuple[str, ...]:
    """Names of fields, written in one go."""
    return tuple(text.split())


INCLUSIVE, EXCLUSIVE = "VAT-METHOD-INCLUSIVE", "VAT-METHOD-EXCLUSIVE"
UNTAXED = ("VAT-METHOD-SHIFTED", "VAT-METHOD-NONE")
GROUP_OF = {number: (name, kind, account) for number, name, kind, account in TURNOVER_GROUPS}
TEXT_KINDS = frozenset({"LINE-KIND-SUBTOTAL", "LINE-KIND-HEADER", "LINE-KIND-SECONDARY-HEADER"})
# What of a line the till alone says, whatever a caller sends (mplus.md §4.7).
TOLD_ONLY = names(
    "deliveredQuantity deliveredDecimalPlaces cancelledQuantity cancelledDecimalPlaces averagePurchasePrice "
    "turnoverGroupName turnoverGroupType turnoverGroupAccountNumber vatPercentage totalInclAmount totalExclAmount"
)
UNTOUCHED = dict.fromkeys(
    ("deliveredQuantity", "deliveredDecimalPlaces", "cancelledQuantity", "cancelledDecimalPlaces"), 0
)


class VatUnknown(Exception):
    """A VAT code without a rate: the real till answers this with a fault and a sentence of its own."""

    def __init__(self, code: int) -> None:
        super().__init__(
            f"The rate for VAT-code {code} is not properly configured. Please contact API support at dev@mpluskassa.nl."
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all lines of a sale. ``article`` looks a card up, ``name`` gives the id of a new line."""

    vat_method: str
    branch: int
    country: str | None  # alpha-3, where the sale is taxed elsewhere
    scale: int  # of vatPercentage
    employee: int
    article: Callable[[int], Row | None]
    name: Callable[[], str]
    offer: Callable[[Row], Mapping[str, Any]] = (
        lambda _: {}
    )  # what a card is sold for today, where that is asked


def quantity_of(data: Row, name: str = "quantity", places: str = "decimalPlaces") -> Decimal:
    """A missing ``decimalPlaces`` is read as 0."""
    return Decimal(data.get(name) or 0).scaleb(-(data.get(places) or 0))


def scaled_quantity(amount: Decimal) -> dict[str, int]:
    normal = amount.normalize()
    places = max(0, -int(normal.as_tuple().exponent))
    return {"quantity": int(normal.scaleb(places)), "decimalPlaces": places}


def cents(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def priced(lines: Sequence[Row], terms: Terms) -> list[dict[str, Any]]:
    """Every line with its prices and totals; parts of composed articles are put inside it unless the caller sent them
    already. ValueError for an article that does not exist."""
    given = {line.get("articleNumber") for line in lines}
    return [priced_line(line, terms, given=given) for line in lines]


def priced_line(line: Row, terms: Terms, *, given: set[Any]) -> dict[str, Any]:
    number = line.get("articleNumber")
    card = terms.article(number) if number else {}
    if card is None:
        raise ValueError(f"Article {number} does not exist")
    sent = {name: value for name, value in (line.get("data") or {}).items() if name not in TOLD_ONLY}
    data = {"quantity": 0 if line.get("lineKind") in TEXT_KINDS else 1, "decimalPlaces": 0} | sent
    told = {
        **line,
        "lineId": line.get("lineId") or terms.name(),
        "employeeNumber": line.get("employeeNumber", terms.employee),
        "articleNumber": number or 0,
        "pluNumber": line.get("pluNumber") or card.get("pluNumber", ""),
        "text": line.get("text") or card.get("description", ""),
        "lineType": line.get("lineType", "LINE-TYPE-NONE"),
        "data": amounts(data, card, terms),
    }
    parts = [dict(part) for part in line.get("preparationList", ())]
    present = given | {part.get("articleNumber") for part in parts}
    for part in card.get("componentArticleList", ()):
        if part["articleNumber"] not in present and terms.article(part["articleNumber"]) is not None:
            amount = quantity_of(data) * Decimal(part["quantity"]).scaleb(-part.get("decimalPlaces", 0))
            free = {**scaled_quantity(amount), "price": 0, "priceExcl": 0}
            parts.append(
                {"articleNumber": part["articleNumber"], "lineType": "LINE-TYPE-COMPONENT", "data": free}
            )
    if parts:
        told["preparationList"] = [priced_line(part, terms, given=given) for part in parts]
    return told


def amounts(data: Row, card: Row, terms: Terms) -> dict[str, Any]:
    """Prices and sums of a line. ``price`` of a request is without VAT where the sale's method is; answers say both."""
    code = data.get("vatCode", card.get("vatCode", 0))
    rate = percentage_of(code, branch=terms.branch, country=terms.country)
    if rate is None:
        raise VatUnknown(code)
    excl_given = terms.vat_method != INCLUSIVE
    offered = terms.offer(card) if "price" not in data and "priceExcl" not in data else {}
    price = unit_price(data, {**card, **offered}, excl_given=excl_given)
    off = data.get("discountAmount") or 0
    if excl_given:
        off = data.get("discountAmountExcl") or off
    amount = (
        cents(Decimal(price) * quantity_of(data) * (100 - (data.get("discountPercentage") or 0)) / 100) - off
    )
    if terms.vat_method in UNTAXED:
        rate, (incl, excl), (unit_incl, unit_excl) = Decimal(0), (amount, amount), (price, price)
    elif excl_given:
        incl, excl, unit_incl, unit_excl = including(amount, rate), amount, including(price, rate), price
    else:
        incl, excl, unit_incl, unit_excl = amount, excluding(amount, rate), price, excluding(price, rate)
    group = data.get("turnoverGroup", card.get("turnoverGroup", 1))
    group_name, group_kind, account = GROUP_OF.get(group, ("", "TURNOVER-GROUP-TYPE-UNKNOWN", 0))
    return {
        **UNTOUCHED,
        **data,
        "decimalPlaces": data.get("decimalPlaces") or 0,
        "price": unit_incl,
        "priceExcl": unit_excl,
        "originalPrice": data.get(
            "originalPrice", card.get("priceIncl", unit_incl) if offered else unit_incl
        ),
        "turnoverGroup": group,
        "turnoverGroupName": group_name,
        "turnoverGroupType": group_kind,
        "turnoverGroupAccountNumber": account,
        **({"siUnit": card["siUnit"]} if card.get("siUnit") else {}),
        "vatCode": code,
        "vatPercentage": int(rate * terms.scale),
        "discountType": data.get("discountType", offered.get("discountType", "DISCOUNT-TYPE-NONE")),
        "totalInclAmount": incl,
        "totalExclAmount": excl,
    }


def unit_price(data: Row, card: Row, *, excl_given: bool) -> int:
    """Cents as the sale's method has them: as sent, else the card's."""
    names = ("priceExcl", "price") if excl_given else ("price",)
    sent = next((data[name] for name in names if data.get(name) is not None), None)
    return int(card.get("priceExcl" if excl_given else "priceIncl", 0) if sent is None else sent)


def from_input(line: Row) -> dict[str, Any]:
    """A line of ``process*``, in euros and plain decimals -> a line in cents with scaled quantities."""
    data = line.get("data", {})
    told: dict[str, Any] = {name: data[name] for name in ("vatCode", "discountType") if name in data}
    told |= scaled_quantity(data.get("quantity", Decimal(1)))
    for name in (
        "price",
        "priceExcl",
        "originalPrice",
        "purchasePrice",
        "discountAmount",
        "discountAmountExcl",
    ):
        if name in data:
            told[name] = cents(data[name] * 100)
    if "discountPercentage" in data:
        told["discountPercentage"] = cents(data["discountPercentage"])
    kept = ("lineId", "lineType", "articleNumber", "pluNumber", "text", "lineKind")
    found: dict[str, Any] = {**{name: line[name] for name in kept if name in line}, "data": told}
    if line.get("preparationList"):
        found["preparationList"] = [from_input(part) for part in line["preparationList"]]
    return found
