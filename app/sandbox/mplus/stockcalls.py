"""The calls about stock: levels, history, and the three ways of changing it (mplus.md §4.5)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.sandbox.mplus.marked import Row
from app.sandbox.mplus.part import Arguments, Handler, Part, Values
from app.sandbox.mplus.stock import ZERO, scaled

if TYPE_CHECKING:
    from app.sandbox.mplus.stock import Stock


class StockCalls(Part):
    """Keeps nothing itself."""

    @property
    def stock(self) -> Stock:
        return self.till.stock

    def operations(self) -> Mapping[str, Handler]:
        return {
            "getStock": self.get_stock,
            "getStockHistory": self.get_history,
            "getStockHistoryV2": self.get_history,
            "updateStock": self.update_stock,
            "setStock": self.set_stock,
            "saveStockCorrections": self.save_corrections,
        }

    # reading

    def get_stock(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        branches = set(asked.get("branchNumbers") or [asked["branchNumber"]])
        numbers = set(asked["articleNumbers"])
        if not self.allowed("stock"):
            return {"articleStocks": []}
        found = self.stock.levels.page(
            since=asked.get("stockId", 0),
            limit=len(self.stock.levels) or 1,
            fits=lambda row: row["branch"] in branches and (not numbers or row["article"] in numbers),
        )
        told = [self.told(row) for row in found]
        if numbers and not asked.get("stockId"):
            told += [
                self.composed(b, n) for n in sorted(numbers) for b in sorted(branches) if self._is_composed(n)
            ]
        return {"articleStocks": told}

    def told(self, row: Row) -> dict[str, Any]:
        free, free_places = scaled(row["physical"] - row["reserved"])
        reserved, reserved_places = scaled(row["reserved"])
        incoming, incoming_places = scaled(row["incoming"])
        omit = self.till.settings.omit_decimal_places
        return {
            "branchNumber": row["branch"],
            "articleNumber": row["article"],
            "changeTimestamp": row.get("changeTimestamp"),
            "stockId": row.get("stockId", 0),
            "amountFree": free,
            "decimalPlacesFree": None if omit and not free_places else free_places,
            "amountReserved": reserved,
            "decimalPlacesReserved": None if omit and not reserved_places else reserved_places,
            "amountIncoming": incoming,
            "decimalPlacesIncoming": None if omit and not incoming_places else incoming_places,
            "isDayStockArticle": False,
        }

    def _is_composed(self, article: int) -> bool:
        card = self.till.catalogue.article(article)
        return card is not None and bool(card.get("componentArticleList")) and not card.get("stockArticle")

    def composed(self, branch: int, article: int) -> dict[str, Any]:
        """A composed article has as many as its scarcest part allows; the parts come along."""
        card = self.till.catalogue.article(article) or {}
        parts = [
            (one["articleNumber"], Decimal(one["quantity"]).scaleb(-one.get("decimalPlaces", 0)))
            for one in card.get("componentArticleList", ())
        ]
        whole = min((self.stock.free(branch, number) // each for number, each in parts), default=ZERO)
        levels = [self.stock.level(branch, number) for number, _ in parts]
        row = {
            "branch": branch,
            "article": article,
            "physical": whole,
            "reserved": ZERO,
            "incoming": ZERO,
            "stockId": max((level.get("stockId", 0) for level in levels), default=0),
        }
        return {**self.told(row), "subArticle": [self.told(level) for level in levels]}

    def get_history(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        branches = set(asked.get("branchNumbers", ())) | (
            {asked["branchNumber"]} if "branchNumber" in asked else set()
        )
        numbers = set(asked.get("articleNumbers", ()))
        begin, end = asked.get("fromFinancialDateTime"), asked.get("throughFinancialDateTime")
        cap = self.till.settings.page_cap
        limit = min(asked.get("sinceStockIdLimit") or cap, cap)
        start = bisect_left(self.stock.history, asked.get("sinceStockId", 0), key=lambda row: row["stockId"])
        found: list[dict[str, Any]] = []
        if self.allowed("stock"):
            for row in self.stock.history[start:]:
                if (
                    (not branches or row["branchNumber"] in branches)
                    and (not numbers or row["articleNumber"] in numbers)
                    and (begin is None or row["timestamp"] >= begin)
                    and (end is None or row["timestamp"] <= end)
                ):
                    found.append(row)
                    if len(found) == limit:
                        break
        return {"articleStockHistory": [movement(row) for row in found]}

    # writing

    def update_stock(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        amount = Decimal(asked["amountChanged"]).scaleb(-asked.get("decimalPlaces", 0))
        return self._write("UPDATE-STOCK", asked, amount)

    def set_stock(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        amount = Decimal(asked["amount"]).scaleb(-asked.get("decimalPlaces", 0))
        return self._write(
            "SET-STOCK",
            asked,
            amount - self.stock.level(asked["branchNumber"], asked["articleNumber"])["physical"],
        )

    def _write(self, deed: str, asked: Arguments, difference: Decimal) -> Values:
        wrong = self.stock.wrong(asked["branchNumber"], asked["articleNumber"])
        if wrong:
            return {"result": f"{deed}-RESULT-{wrong}"}
        stock_id = self.stock.move(
            asked["branchNumber"], asked["articleNumber"], physical=difference, kind="STOCK-HISTORY-TYPE-API"
        )
        return {"result": f"{deed}-RESULT-OK", "stockId": stock_id or self.stock.levels.last}

    def save_corrections(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        branch, lines = asked["branchNumber"], asked["stockCorrectionList"]
        if not lines:
            return {"result": "SAVE-STOCK-CORRECTIONS-RESULT-NO-CORRECTIONS"}
        for line in lines:
            wrong = self.stock.wrong(branch, line["articleNumber"])
            if wrong:
                return {
                    "result": f"SAVE-STOCK-CORRECTIONS-RESULT-{wrong}",
                    "failedArticleNumber": line["articleNumber"],
                }
        self.stock.corrections += 1
        stock_id = 0
        for line in lines:
            amount = Decimal(line["amount"]).scaleb(-line.get("decimalPlaces", 0))
            before = self.stock.level(branch, line["articleNumber"])["physical"]
            relative = asked.get("correctionMode") == "STOCK-CORRECTION-MODE-RELATIVE"
            stock_id = self.stock.move(
                branch,
                line["articleNumber"],
                physical=amount if relative else amount - before,
                kind="STOCK-HISTORY-TYPE-CORRECTION",
                correctionNumber={"year": self.till.now().year, "number": self.stock.corrections},
            )
        return {"result": "SAVE-STOCK-CORRECTIONS-RESULT-OK", "stockId": stock_id or self.stock.levels.last}


def movement(row: Row) -> dict[str, Any]:
    amount, places = scaled(row["change"])
    return {**row, "amountChanged": amount, "decimalPlaces": places}
