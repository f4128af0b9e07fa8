"""The filters that getOrders, getInvoices, getReceipts and getPackingSlips share, and how their answers are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from app.sandbox.mplus.marked import Marked

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

Row = Mapping[str, Any]


class Asked:
    """One request for sales of a kind (``order``, ``invoice``, ``receipt``, ``packingSlip``). All filters must fit."""

    def __init__(self, till: Till, kind: str, asked: Row) -> None:
        self.till = till
        self.kind = kind
        self.asked = asked
        self.ids = set(asked.get(f"{kind}Ids", ()))
        self.numbers = {(one["year"], one["number"]) for one in asked.get(f"{kind}Numbers", ())}
        sets = {
            "financialBranchNumber": set(asked.get("branchNumbers", ())),
            "employeeNumber": set(asked.get("employeeNumbers", ())),
            "relationNumber": set(asked.get("relationNumbers", ())),
        }
        self.sets = {name: wanted for name, wanted in sets.items() if wanted}
        self.begin, self.end = asked.get("fromFinancialDate"), asked.get("throughFinancialDate")
        self.articles = set(asked.get("articleNumbers", ()))
        self.groups = set(asked.get("articleTurnoverGroups", ()))
        self.plus = {one["text"] for one in asked.get("articlePluNumbers", ()) if one["text"]}
        self.barcodes = {one["text"] for one in asked.get("articleBarcodes", ()) if one["text"]}

    def fits(self, row: Row) -> bool:
        if self.ids and row[f"{self.kind}Id"] not in self.ids:
            return False
        number = row.get(f"{self.kind}Number", {})
        if self.numbers and (number.get("year"), number.get("number")) not in self.numbers:
            return False
        if any(row.get(name) not in wanted for name, wanted in self.sets.items()):
            return False
        if (
            not (self.begin or row["financialDate"])
            <= row["financialDate"]
            <= (self.end or row["financialDate"])
        ):
            return False
        lines = row.get("lineList", ())
        return (
            (not self.articles or any(line["articleNumber"] in self.articles for line in lines))
            and (not self.groups or any(line["data"]["turnoverGroup"] in self.groups for line in lines))
            and (not self.plus or any(line["pluNumber"] in self.plus for line in lines))
            and (
                not self.barcodes
                or any(self._barcode(line["articleNumber"]) in self.barcodes for line in lines)
            )
        )

    def _barcode(self, article: int) -> str:
        return str((self.till.catalogue.article(article) or {}).get("barcode", ""))

    def page(self, cards: Marked[str], also: Callable[[Row], bool] = lambda _: True) -> list[dict[str, Any]]:
        """Those asked for: by marker, or all that fit; a list of ids alone is looked up directly."""
        cap = self.till.settings.page_cap
        if self.ids and "syncMarker" not in self.asked:
            rows = [row for one in sorted(self.ids) if (row := cards.get(one)) is not None]
            return [row for row in rows if self.fits(row) and also(row)][:cap]
        return cards.page(
            since=self.asked.get("syncMarker", 0),
            limit=min(self.asked.get("syncMarkerLimit") or cap, cap),
            fits=lambda row: self.fits(row) and also(row),
        )

    def headers_only(self) -> bool:
        return not self.asked.get("includeLineList", True)


def without(row: Row, *names: str) -> dict[str, Any]:
    """``includeLineList`` false leaves out the lines and the references to other papers (mplus.md §3.1)."""
    return {name: value for name, value in row.items() if name not in names}


def told(till: Till, row: Row, *, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """A sale as it goes over the wire."""
    found = without(row, *but)
    if till.settings.omit_decimal_places and "lineList" in found:
        found["lineList"] = [bare_line(line) for line in found["lineList"]]
    return found


def bare_line(line: Row) -> dict[str, Any]:
    data = {
        name: value
        for name, value in line["data"].items()
        if value or not name.lower().endswith("decimalplaces")
    }
    return {**line, "data": data}
