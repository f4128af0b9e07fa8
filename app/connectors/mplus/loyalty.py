"""Loyalty: whose points moved, who bought something, and what a relation bought since a day (mplus.md §4.6, §4.8).

Points have a marker of their own and do not move the relation's. Receipts and invoices name their relation by number:
their sequences tell who bought, without lines. What was bought is added up of the till's own amounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from app.connectors.base import Changed, Document, Fetched, Found, Page, Source, wrong_kind
from app.connectors.mplus import customers, orders
from app.connectors.mplus.calls import Till
from app.connectors.mplus.readers import ShelfReader
from app.connectors.mplus.shelf import MAX_PAGE, Shelf
from app.connectors.mplus.sifted import sifted

POINTS = "relation_points"
BUYERS: Mapping[str, Shelf] = {"relation_receipts": orders.RECEIPTS, "relation_invoices": orders.INVOICES}
"""By the name of the sequence: the sales that tell who bought."""
MARKS: Mapping[str, str] = {POINTS: "relationPointsSyncMarker"} | {
    name: shelf.mark for name, shelf in BUYERS.items()
}
PURCHASES = "purchases:"
"""The part that adds up what a relation bought; the day from which on stands behind it."""


class PointsReader:
    """Relations whose points moved."""

    def __init__(self, till: Till):
        self._till = till

    async def changes(self, *, since: int, limit: int) -> Page:
        """By the marker of the points."""
        wanted = max(1, min(limit, MAX_PAGE))
        answer = await self._till.document(
            "getRelationPoints", {"request": {"syncMarker": max(since, 0), "syncMarkerLimit": wanted}}
        )
        moved = [
            (each["relationNumber"], each.get("syncMarker", 0))
            for each in answer.get("relationPointsLst", ())
            if each.get("relationNumber")
        ]
        return Page(
            changed=tuple(
                Changed(customers.KIND, str(number), dedupe=f"points {number}@{marker}")
                for number, marker in moved
            ),
            position=max((marker for _, marker in moved), default=since - 1),
            more=len(moved) >= wanted,
        )

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:  # noqa: ARG002 - the protocol's
        """Relations are read as relations."""
        raise wrong_kind("MplusKASSA", POINTS)


class BuyerReader:
    """Relations that bought something, by one sequence of sales."""

    def __init__(self, till: Till, shelf: Shelf, marks: Mapping[str, int]):
        self._till, self._shelf, self._marks = till, shelf, marks

    async def changes(self, *, since: int, limit: int) -> Page:
        """Headers of sales only."""
        wanted = max(1, min(limit, MAX_PAGE))
        asked = self._shelf.by_mark(max(since, 0), wanted)
        answer = await self._till.call(
            self._shelf.operation, {"request": asked["request"] | {"includeLineList": False}}
        )
        page = self._shelf.page(answer, since=since, limit=wanted, mark=self._marks.get(self._shelf.mark))
        bought = [
            Changed(customers.KIND, str(number), dedupe=f"{sale.ref}@{sale.position}")
            for sale in page.found
            if isinstance(sale, Found) and (number := sale.document.get("relationNumber"))
        ]
        return replace(page, changed=tuple(bought), found=())

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:  # noqa: ARG002 - the protocol's
        """Relations are read as relations."""
        raise wrong_kind("MplusKASSA", self._shelf.kind)


class RelationReader(ShelfReader):
    """Relations, with what they bought where that is wanted."""

    def __init__(self, till: Till, marks: Mapping[str, int]):
        super().__init__(till, customers.SHELF, marks)
        self._till = till

    def including(self, parts: frozenset[str]) -> Source:
        """With their purchases since a day."""
        days = [part.removeprefix(PURCHASES) for part in parts if part.startswith(PURCHASES)]
        return BuyingRelationReader(self, self._till, date.fromisoformat(days[0])) if days else self


class BuyingRelationReader:
    """Relations with their purchases since a day; all that are asked for together, in a call for each kind of sale."""

    def __init__(self, relations: ShelfReader, till: Till, since: date):
        self._relations, self._till, self._since = relations, till, since

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        """Each reference once."""
        fetched = await self._relations.fetch_many(refs)
        numbers = [int(record.ref) for record in fetched if isinstance(record, Found)]
        bought: dict[int, list[Document]] = {}
        for start in range(0, len(numbers), customers.SHELF.chunk):
            for shelf in BUYERS.values():
                await self._add(shelf, numbers[start : start + customers.SHELF.chunk], bought)
        return [
            replace(
                record, document=record.document | {"purchases": added_up(bought.get(int(record.ref), ()))}
            )
            if isinstance(record, Found)
            else record
            for record in fetched
        ]

    async def _add(self, shelf: Shelf, numbers: Sequence[int], bought: dict[int, list[Document]]) -> None:
        whose = {"relationNumbers": list(numbers), "fromFinancialDate": self._since}
        async for page in sifted(self._till, shelf, whose):
            for sale in page.found:
                if isinstance(sale, Found) and sale.document.get("relationNumber"):
                    bought.setdefault(sale.document["relationNumber"], []).append(sale.document)


def added_up(sales: Sequence[Mapping[str, Any]]) -> Document:
    """What these sales come to: how many, how much, when the last was, and which turnover groups they are of.

    What moves money and sells nothing is no purchase; a credit lowers the amount and is none either.
    """
    real = [sale for sale in sales if sale.get("isRevenue")]
    kept = [sale for sale in real if "creditOf" not in sale and sale.get("totalInclAmount", Decimal(0)) > 0]
    groups = {
        str(line["turnoverGroup"])
        for sale in kept
        for line in sale.get("lineList", ())
        if line.get("role") == "product" and line.get("turnoverGroup") is not None
    }
    days = [day for sale in kept if (day := sale.get("financialDate"))]
    return {
        "count": len(kept),
        "total": sum((sale.get("totalInclAmount", Decimal(0)) for sale in real), Decimal(0)),
        "last": max(days, default=None),
        "groups": sorted(groups),
    }
