"""First sales: in which branch a relation first bought something, on whatever paper (mplus.md §4.7, §4.8).

Headers tell it, all relations of a list together, in a call for each kind of sale. Money that moves without a sale, what was
given back and what was cancelled are no first sale. The till's own moment decides, not the marker: it moves with every change.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.connectors.base import Document, FirstSale, Found
from app.connectors.mplus import customers, orders
from app.connectors.mplus.calls import Till
from app.connectors.mplus.sifted import sifted
from app.values.dates import parse_moment


async def first_sales(till: Till, relations: Sequence[str]) -> dict[str, FirstSale]:
    """By the relation's number; one that bought nothing is absent. Raises what a call raises."""
    numbers = sorted({int(ref) for ref in relations if customers.SHELF.known(ref) is not None})
    found: dict[str, FirstSale] = {}
    for start in range(0, len(numbers), customers.SHELF.chunk):
        chunk = numbers[start : start + customers.SHELF.chunk]
        for shelf in orders.SHELVES.values():
            async for page in sifted(till, shelf, {"relationNumbers": chunk, "includeLineList": False}):
                for each in page.found:
                    if isinstance(each, Found) and (first := _sale(each.ref, each.document)) is not None:
                        relation = str(each.document.get("relationNumber", 0))
                        found[relation] = min(found.get(relation, first), first)
    return found


def _sale(ref: str, sale: Document) -> FirstSale | None:
    moment = parse_moment(sale.get("entryTimestamp")) or parse_moment(sale.get("financialDate"))
    branch = sale.get("financialBranchNumber")
    back = "creditOf" in sale or sale["financial"] in ("refunded", "cancelled")
    if not branch or moment is None or back or not sale["isRevenue"] or sale.get("totalInclAmount", 0) < 0:
        return None
    return FirstSale(moment, ref, str(branch))
