"""Inspection: our sales and articles in the till as they stand now, asked by their ids, for a comparison with what was written.

A call for each hundred. Of a sale it tells what may still change on it, and what its lines come to; of a product its texts and
what its articles hold. Pictures and groups are only ever added, so nobody's edit of them is a difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.connectors.base import Asked, Document, Found, Unreadable
from app.connectors.mplus import booking, orders, productsteps
from app.connectors.mplus.articles import Articles
from app.connectors.mplus.calls import Till
from app.connectors.mplus.shelf import Shelf

KINDS = frozenset({booking.ORDER, booking.INVOICE, productsteps.PRODUCT})

_ADDRESSES = ("deliveryAddress", "invoiceAddress")
_ADDRESS = ("name", "contact", "companyName", "address", "zipcode", "city", "country")
_SALE = ("deliveryMethod", "deliveryDate", "orderCategoryNumber", "totalInclAmount")
_PRODUCT = ("description", "extraText")
_TEXTS = ("pluNumber", "description", "barcode", "colour", "size", "brandName")


class Inspection:
    """Looks at what stands in one till."""

    def __init__(self, till: Till, articles: Articles):
        self._till = till
        self._articles = articles

    async def show(self, kind: str, asked: Sequence[Asked]) -> Mapping[str, Document]:
        """By remote id, as far as they are there; an order that is cancelled is not."""
        if kind == productsteps.PRODUCT:
            return await self._products(asked)
        return await self._sales(orders.SHELVES[kind], [each.remote_id for each in asked])

    async def _sales(self, shelf: Shelf, ids: Sequence[str]) -> dict[str, Document]:
        found: dict[str, Document] = {}
        for start in range(0, len(ids), shelf.chunk):
            chunk = ids[start : start + shelf.chunk]
            request = shelf.by_refs(chunk)["request"] | {"includeLineList": False}
            answer = await self._till.call(shelf.operation, {"request": request})
            for each in shelf.fetched(answer, [shelf.ref(id) for id in chunk]):
                if isinstance(each, Unreadable):
                    found[
                        each.ref.removeprefix(shelf.prefix)
                    ] = {}  # it is there: nothing of it can be compared
                elif isinstance(each, Found) and not booking.is_cancelled(each.document):
                    found[each.ref.removeprefix(shelf.prefix)] = shown_sale(each.document)
        return found

    async def _products(self, asked: Sequence[Asked]) -> dict[str, Document]:
        numbers = {number for each in asked for number in _numbers(each).values()}
        standing = await self._articles.standing(numbers)
        shown = {each.remote_id: shown_product(each, standing) for each in asked}
        return {remote_id: document for remote_id, document in shown.items() if document is not None}


def shown_sale(sale: Mapping[str, Any]) -> Document:
    """What is compared of a sale; what the till holds nothing of is shown as empty."""
    shown = {name: sale[name] for name in _SALE if sale.get(name) is not None}
    return {
        "reference": sale.get("reference"),
        **{
            address: {name: (sale.get(address) or {}).get(name) for name in _ADDRESS}
            for address in _ADDRESSES
        },
        **shown,
    }


def shown_product(asked: Asked, standing: Mapping[int, tuple[Document, Document]]) -> Document | None:
    """What is compared of a product whose articles stand where they stand now; None where none of them does."""
    there = {name: standing[number] for name, number in _numbers(asked).items() if number in standing}
    if not there:
        return None
    number = asked.remote_id.partition("/")[0]
    own = next(
        (product for product, _ in there.values() if str(product.get("productNumber")) == number), None
    )
    texts = {} if own is None else {name: own.get(name) for name in _PRODUCT}
    articles = [
        dict.fromkeys(_TEXTS) | article | {productsteps.NAME: name} for name, (_, article) in there.items()
    ]
    return texts | {"articleList": articles}


def _numbers(asked: Asked) -> dict[str, int]:
    """The article numbers of a product's parts, by name: one is known as ``12/1001``."""
    return {name: int(id.partition("/")[2]) for name, id in asked.parts.items()}
