"""Sales of the till: orders, invoices and receipts, each with its own sequence of markers (mplus.md §3.1, §4.7, §4.8).

Counter sales are receipts, not orders; one sale may exist as all three. A reference says which it is, because their
ids come from the same well: ``order:…``, ``invoice:…``, ``receipt:…``. What the three say in different words about
payment, delivery and revenue is said once here (:mod:`states`), beside the till's own words. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.connectors.base import Document
from app.connectors.mplus import fields, states
from app.connectors.mplus.shelf import Shelf

KIND = "order"
Sale = states.Sale

_LISTS = ("lineList", "paymentList")


def read(kind: Sale) -> Callable[[Mapping[str, Any]], Document]:
    """The reader of one kind of sale: the till's words, plus ``kind`` and ``id``, which every sale has."""

    def read_sale(sale: Mapping[str, Any]) -> Document:
        document = fields.filled(sale, but=_LISTS)
        for name in ("deliveryAddress", "invoiceAddress"):
            if name in document:
                document[name] = fields.filled(document[name])
        document["kind"] = kind
        document["id"] = sale.get(f"{kind}Id", "")
        document["number"] = shown_number(sale.get(f"{kind}Number"))
        lines = [read_line(line, at=number) for number, line in enumerate(sale.get("lineList", ()), start=1)]
        document["lineList"] = [each for line in lines for each in (line, *priced_parts(line))]
        document["paymentList"] = [fields.filled(payment) for payment in sale.get("paymentList", ())]
        return document | states.of_sale(kind, document)

    return read_sale


def read_line(line: Mapping[str, Any], *, at: int = 1) -> Document:
    """One line with its amounts beside its names; components and preparations stay inside it."""
    document = {"lineId": str(at)} | fields.filled(line, but=("data", "preparationList"))
    if not document.get("articleNumber"):
        document.pop("articleNumber", None)  # a line of text names no article
    document |= fields.filled(line.get("data", {}))
    parts = [
        read_line(part, at=number) for number, part in enumerate(line.get("preparationList", ()), start=1)
    ]
    return document | states.of_line(document) | ({"preparationList": parts} if parts else {})


def priced_parts(line: Document) -> list[Document]:
    """Parts of a line that cost something of their own: the sale's total counts them beside the line's own amount."""
    parts: list[Document] = []
    for number, part in enumerate(line.get("preparationList", ()), start=1):
        told = part | {"lineId": f"{line['lineId']}-{number}"}
        parts += [*([told] if part.get("totalInclAmount") else ()), *priced_parts(told)]
    return parts


def with_credited(document: Document, sales: Mapping[str, Document]) -> Document:
    """The credit with the other kinds of the sale that it credits, where that is known."""
    credited = sales.get(document.get("creditOf", ""))
    return document if credited is None else document | {"creditRelatedIds": credited["relatedIds"]}


def with_relation(document: Document, relations: Mapping[int, Document]) -> Document:
    """The sale with the relation it belongs to, where that is known."""
    relation = relations.get(document.get("relationNumber", 0))
    return document if relation is None else document | {"relation": relation}


def with_links(document: Document, sales: Mapping[str, Document]) -> Document:
    """The sale with what those that it belongs to are as well, as far as they are known."""
    own = f"{document['kind']}:{document['id']}"
    further = [ref for name in document["relatedIds"] if name in sales for ref in sales[name]["relatedIds"]]
    named = dict.fromkeys([*document["relatedIds"], *further])
    return document | {"relatedIds": [ref for ref in named if ref != own]}


def articles_of(document: Document) -> set[int]:
    """The numbers of the articles that its lines name."""
    return {line["articleNumber"] for line in document["lineList"] if line.get("articleNumber")}


def with_products(document: Document, products: Mapping[int, int]) -> Document:
    """The sale with the product of each line's article, where that is known."""
    lines = [
        line | {"productNumber": products[number]}
        if (number := line.get("articleNumber")) in products
        else line
        for line in document["lineList"]
    ]
    return document | {"lineList": lines}


def shown_number(number: Mapping[str, int] | None) -> str | None:
    """A number as people read it on paper: ``2026.123``; of a receipt with branch and workplace, ``1.2.2026.123``."""
    if not number or not number.get("number"):
        return None
    parts = (number.get(name) for name in ("branchNumber", "workplaceNumber", "year", "number"))
    return ".".join(str(part) for part in parts if part is not None)


def by_mark(since: int, limit: int) -> Document:
    """Changed sales. Lines come along: they are what is sold."""
    return {"request": _always() | {"syncMarker": since, "syncMarkerLimit": limit, "includeLineList": True}}


def by_ids(name: str) -> Callable[[Sequence[str]], Document]:
    """Arguments for sales by their ids; ``name`` is the element that takes them."""
    return lambda ids: {"request": _always() | {name: list(ids), "includeLineList": True}}


def _always() -> Document:
    return {"articlePluNumbers": [], "articleBarcodes": []}  # mandatory, and empty (mplus.md §5, 8)


def _receipts_by_mark(since: int, limit: int) -> Document:
    return _with_orders(by_mark(since, limit))


def _receipts_by_ids(ids: Sequence[str]) -> Document:
    return _with_orders(by_ids("receiptIds")(ids))


def _with_orders(arguments: Document) -> Document:
    """Receipts tell which orders they belong to only when asked."""
    return {"request": arguments["request"] | {"includeOrderReferences": True}}


ORDERS = Shelf(
    kind=KIND,
    operation="getOrders",
    path="orderList/order",
    type="Order",
    number="orderId",
    mark="orderSyncMarker",
    by_mark=by_mark,
    by_refs=by_ids("orderIds"),
    read=read("order"),
    prefix="order:",
    numeric=False,
    chunk=100,
)
INVOICES = Shelf(
    kind=KIND,
    operation="getInvoices",
    path="invoiceList/invoice",
    type="Invoice",
    number="invoiceId",
    mark="invoiceSyncMarker",
    by_mark=by_mark,
    by_refs=by_ids("invoiceIds"),
    read=read("invoice"),
    prefix="invoice:",
    numeric=False,
    chunk=100,
)
RECEIPTS = Shelf(
    kind=KIND,
    operation="getReceipts",
    path="receiptList/receipt",
    type="Receipt",
    number="receiptId",
    mark="receiptSyncMarker",
    by_mark=_receipts_by_mark,
    by_refs=_receipts_by_ids,
    read=read("receipt"),
    prefix="receipt:",
    numeric=False,
    chunk=100,
)
SHELVES: Mapping[str, Shelf] = {"order": ORDERS, "invoice": INVOICES, "receipt": RECEIPTS}
"""By the name of the sequence: what ``marks`` and ``changes`` call it. Their records are all of the kind ``order``."""
