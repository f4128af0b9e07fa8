"""A sale as the rows wrote it, as the till's type: articles by number, accounts as turnover groups, amounts to the cent.

What a line names stands in ``named``, looked up beforehand; all that is missing is told in one error, before anything is
written (features O11 to O13, O24). Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any, Literal

from app.connectors.base import Document, Existing
from app.errors import AppError, RecordRefused, TimeError
from app.values.countries import alpha_3

Kind = Literal["order", "invoice"]
Named = Mapping[tuple[str, str], Existing]

ARTICLE, ACCOUNT, RELATION = "article", "account", "relation"

# What a line holds beside its amounts; everything else of a flat line stands in ``data`` on the wire.
LINE_NAMES = frozenset({
    "lineId", "employeeNumber", "articleNumber", "pluNumber", "text", "lineType", "sequenceNumber", "lineKind",
})  # fmt: skip
_OURS = frozenset({"lineList", "paymentList", "relation", "totalInclAmount"})
"""Parts of the document that are no part of a new sale: they are worked into it, or are calls of their own."""
_CENT = Decimal("0.01")


def as_sale(document: Mapping[str, Any], *, kind: Kind, external: str) -> Document:
    """The till's type: flat lines with their amounts in ``data``, no payments, and our external number."""
    sale = {name: value for name, value in document.items() if name not in _OURS and value is not None}
    if "vatCountryIso3" in sale:
        sale["vatCountryIso3"] = alpha_3(sale["vatCountryIso3"]) or sale["vatCountryIso3"]
    sale.pop("deliveryMethod" if kind == "invoice" else "dueDate", None)  # what only the other has
    sale["lineList"] = [line_of(line) for line in document.get("lineList", ())]
    if kind == "order":
        return sale | {
            "orderId": "",
            "extOrderId": external,
        }  # the number of a new order is the till's to give
    return sale | {"extInvoiceId": external}


def line_of(line: Mapping[str, Any]) -> Document:
    """One line. A ``lineTotal`` is what the till must arrive at: see :func:`to_the_cent`."""
    given = {name: value for name, value in line.items() if value is not None}
    total = given.pop("lineTotal", None)
    if total is not None:
        given |= to_the_cent(
            total, quantity=given.get("quantity", Decimal(1)), discount=given.get("discountAmount")
        )
    if not given.get("discountAmount"):
        given.pop("discountAmount", None)
    return {name: value for name, value in given.items() if name in LINE_NAMES} | {
        "data": {name: value for name, value in given.items() if name not in LINE_NAMES}
    }


def to_the_cent(total: Decimal, *, quantity: Decimal, discount: Decimal | None) -> Document:
    """Unit price and discount from which the till reckons exactly this total: price times quantity, less the discount.

    The price is what one piece cost before the discount, in whole cents; what it is too much goes with the discount.

    >>> to_the_cent(Decimal("10.00"), quantity=Decimal(3), discount=None)
    {'price': Decimal('3.34'), 'discountAmount': Decimal('0.02')}
    """
    if not quantity:
        return {"price": Decimal(0), "discountAmount": -total}
    before = (total + (discount or Decimal(0))) / quantity
    price = before.quantize(_CENT, rounding=ROUND_CEILING)
    reckoned = (price * quantity).quantize(_CENT, rounding="ROUND_HALF_UP")
    return {"price": price, "discountAmount": reckoned - total}


# --- what the lines name --------------------------------------------------------------------------------------------


def resolved(document: Document, named: Named, *, options: Mapping[str, Any]) -> Document:
    """The document with every article and account as the till's number. Raises RecordRefused with all that is missing,
    or TimeError where the flow would rather wait for it."""
    lines: list[Document] = []
    missing: list[str] = []
    groups: list[str] = []
    warned = options.get("missing_article", "fail")
    placeholder = named.get((ARTICLE, str(options.get("placeholder_article") or "")))
    for at, line in enumerate(document.get("lineList", ()), start=1):
        one = dict(line)
        found = named.get((ARTICLE, name_of(line)))
        if found is None and warned == "placeholder" and placeholder is not None:
            found = placeholder
            one["text"] = " ".join(
                str(part) for part in (line.get("articleNumber"), line.get("text")) if part
            )
        if found is None:
            missing.append(name_of(line) or f"line {at} (without a SKU)")
        else:
            one["articleNumber"] = int(found.remote_id.rpartition("/")[2])  # of a product: 12/1001
        account = one.pop("accountNumber", None)
        if account is not None:
            group = named.get((ACCOUNT, str(account)))
            if group is not None:
                one["turnoverGroup"] = int(group.remote_id)
            elif options.get("account_without_group", "fail") == "fail":
                groups.append(str(account))
        lines.append(one)
    if missing:
        raise _without_articles(missing, wait=warned == "hold", unmade=options.get("unmade") or {})
    if groups:
        raise RecordRefused(
            f"No turnover group of the till books on account {_listed(groups)}.",
            advice="Correct the flow's table of accounts, or the turnover group in the till; then replay this order.",
            field="accounts",
            code="account_without_group",
        )
    return document | {"lineList": lines}


def name_of(line: Mapping[str, Any]) -> str:
    """How a line names its article."""
    value = line.get("articleNumber")
    return "" if value is None else str(value).strip()


def relation_of(document: Mapping[str, Any]) -> Document | None:
    """The buyer as the till should have him, where the sale names one by address."""
    relation = document.get("relation")
    return relation if isinstance(relation, Mapping) and relation.get("email") else None  # type: ignore[return-value]


def _without_articles(names: list[str], *, wait: bool, unmade: Mapping[str, str]) -> AppError:
    sentence = f"The till has no article for {_listed(names)}."
    for name in dict.fromkeys(names):
        if name in unmade:
            sentence += f" {name} cannot be made: {unmade[name]}"
    if wait:
        return TimeError(f"{sentence} The order waits until it has.", code="article_missing")
    return RecordRefused(
        f"{sentence} Nothing was written.",
        advice=(
            "Put the SKU into the flow's table, correct it in the shop, or make the article in the till; then replay this "
            "order."
        ),
        field="lines",
        code="article_missing",
    )


def _listed(names: list[str]) -> str:
    return ", ".join(dict.fromkeys(names))
