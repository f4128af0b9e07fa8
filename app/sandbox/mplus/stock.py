"""Stock per branch and article: what lies there, what undelivered orders reserve, what is on its way (mplus.md §4.5).

``amountFree`` is what can safely be sold: reservations are taken off already. ``setStock`` sets what lies there. Every
movement has a ``stockId`` of its own, which works like a sync marker, and leaves a row of history.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.sandbox.control import Action, RefusedError, Shelf, Shown
from app.sandbox.mplus.marked import Marked, Row
from app.sandbox.mplus.part import Arguments, Handler, Part, Values
from app.sandbox.mplus.schema import plain

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

ZERO = Decimal(0)
HISTORY_KEPT = 200_000


class Stock(Part):
    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.levels: Marked[str] = Marked(mark="stockId")
        self.history: list[dict[str, Any]] = []
        self.corrections = 0
        self.counted_later = False  # what is sold now was gone already when the stock was counted

    def operations(self) -> Mapping[str, Handler]:
        return {
            "getStock": self.get_stock,
            "getStockHistory": self.get_history,
            "getStockHistoryV2": self.get_history,
            "updateStock": self.update_stock,
            "setStock": self.set_stock,
            "saveStockCorrections": self.save_corrections,
        }

    def markers(self) -> Mapping[str, int]:
        return {"stockId": self.levels.visible}

    def clear(self) -> None:
        self.levels.clear()
        self.history.clear()

    def hold(self, kind: str, changes: int) -> bool:
        if kind == "stock":
            self.levels.hold(changes)
        return kind == "stock"

    def release(self) -> int:
        return self.levels.release()

    def state(self) -> Mapping[str, Any]:
        return {"stock": plain(self.levels.rows), "stockHistory": plain(self.history[-1_000:])}

    # keeping

    def level(self, branch: int, article: int) -> dict[str, Any]:
        """physical, reserved, incoming of an article at a branch; zeros where it was never counted."""
        found = self.levels.newest(f"{branch}:{article}")
        return found or {
            "branch": branch,
            "article": article,
            "physical": ZERO,
            "reserved": ZERO,
            "incoming": ZERO,
        }

    def free(self, branch: int, article: int) -> Decimal:
        level = self.level(branch, article)
        return Decimal(level["physical"] - level["reserved"])

    def begin(self, branch: int, article: int, *, physical: Decimal, at: datetime) -> None:
        """The first count, without history: how a seed starts."""
        row = {**self.level(branch, article), "physical": physical, "changeTimestamp": at}
        self.levels.put(f"{branch}:{article}", row)

    def move(
        self,
        branch: int,
        article: int,
        *,
        physical: Decimal = ZERO,
        reserved: Decimal = ZERO,
        incoming: Decimal = ZERO,
        kind: str = "STOCK-HISTORY-TYPE-SALES",
        parts: bool = True,
        **references: Any,
    ) -> int:
        """Change by these amounts; returns the stockId. Composed articles move their parts. Articles without stock: 0."""
        card = self.till.catalogue.article(article)
        if card is None:
            return 0
        last = 0
        for part in card.get("componentArticleList", ()) if parts else ():
            each = Decimal(part["quantity"]).scaleb(-part.get("decimalPlaces", 0))
            last = self.move(
                branch,
                part["articleNumber"],
                physical=physical * each,
                reserved=reserved * each,
                kind=kind,
                **references,
            )
        if self.counted_later:
            physical = ZERO
        if not card.get("stockArticle") or not (physical or reserved or incoming):
            return last
        now = self.level(branch, article)
        row = {
            **now,
            "physical": now["physical"] + physical,
            "reserved": now["reserved"] + reserved,
            "incoming": now["incoming"] + incoming,
            "changeTimestamp": self.till.now(),
        }
        last = self.levels.put(f"{branch}:{article}", row)
        if physical:
            self.history.append(
                {
                    "stockId": last,
                    "timestamp": self.till.now(),
                    "branchNumber": branch,
                    "articleNumber": article,
                    "change": physical,
                    "type": kind,
                    **references,
                }
            )
            if len(self.history) > HISTORY_KEPT:
                del self.history[: HISTORY_KEPT // 10]
        return last

    # reading over the wire

    def get_stock(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        branches = set(asked.get("branchNumbers") or [asked["branchNumber"]])
        numbers = set(asked["articleNumbers"])
        if not self.allowed("stock"):
            return {"articleStocks": []}
        found = self.levels.page(
            since=asked.get("stockId", 0),
            limit=len(self.levels) or 1,
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
        whole = min((self.free(branch, number) // each for number, each in parts), default=ZERO)
        levels = [self.level(branch, number) for number, _ in parts]
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
        start = bisect_left(self.history, asked.get("sinceStockId", 0), key=lambda row: row["stockId"])
        found: list[dict[str, Any]] = []
        if self.allowed("stock"):
            for row in self.history[start:]:
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

    # writing over the wire

    def update_stock(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        amount = Decimal(asked["amountChanged"]).scaleb(-asked.get("decimalPlaces", 0))
        return self._write("UPDATE-STOCK", asked, amount)

    def set_stock(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        amount = Decimal(asked["amount"]).scaleb(-asked.get("decimalPlaces", 0))
        return self._write(
            "SET-STOCK", asked, amount - self.level(asked["branchNumber"], asked["articleNumber"])["physical"]
        )

    def _write(self, deed: str, asked: Arguments, difference: Decimal) -> Values:
        wrong = self._wrong(asked["branchNumber"], asked["articleNumber"])
        if wrong:
            return {"result": f"{deed}-RESULT-{wrong}"}
        stock_id = self.move(
            asked["branchNumber"], asked["articleNumber"], physical=difference, kind="STOCK-HISTORY-TYPE-API"
        )
        return {"result": f"{deed}-RESULT-OK", "stockId": stock_id or self.levels.last}

    def _wrong(self, branch: int, article: int) -> str:
        card = self.till.catalogue.article(article)
        if branch not in self.till.organisation.branches:
            return "BRANCH-NOT-FOUND"
        if card is None:
            return "ARTICLE-NOT-FOUND"
        return "" if card.get("stockArticle") else "NO-STOCK-ARTICLE"

    def save_corrections(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        branch, lines = asked["branchNumber"], asked["stockCorrectionList"]
        if not lines:
            return {"result": "SAVE-STOCK-CORRECTIONS-RESULT-NO-CORRECTIONS"}
        for line in lines:
            wrong = self._wrong(branch, line["articleNumber"])
            if wrong:
                return {
                    "result": f"SAVE-STOCK-CORRECTIONS-RESULT-{wrong}",
                    "failedArticleNumber": line["articleNumber"],
                }
        self.corrections += 1
        stock_id = 0
        for line in lines:
            amount = Decimal(line["amount"]).scaleb(-line.get("decimalPlaces", 0))
            before = self.level(branch, line["articleNumber"])["physical"]
            relative = asked.get("correctionMode") == "STOCK-CORRECTION-MODE-RELATIVE"
            stock_id = self.move(
                branch,
                line["articleNumber"],
                physical=amount if relative else amount - before,
                kind="STOCK-HISTORY-TYPE-CORRECTION",
                correctionNumber={"year": self.till.now().year, "number": self.corrections},
            )
        return {"result": "SAVE-STOCK-CORRECTIONS-RESULT-OK", "stockId": stock_id or self.levels.last}

    def shelves(self) -> Sequence[Shelf]:
        return [
            Shelf(
                "stock",
                "Stock",
                ("branch", "article", "physical", "reserved", "incoming", "stockId"),
                lambda: Shown(self.levels.rows, plain),
                {"branch": "branches", "article": "articles"},
            )
        ]

    def actions(self) -> Sequence[Action]:
        where = (("branch", "1"), ("article", "10001"))
        return [
            Action("count_stock", "Count stock", (*where, ("amount", "10")), self._count),
            Action("order_stock", "Stock is on its way", (*where, ("amount", "20")), self._incoming),
        ]

    async def _count(self, fields: Mapping[str, Any]) -> Any:
        branch, article = self._where(fields)
        difference = Decimal(str(fields["amount"])) - self.level(branch, article)["physical"]
        self.move(branch, article, physical=difference, kind="STOCK-HISTORY-TYPE-MANUAL")
        return plain(self.level(branch, article))

    async def _incoming(self, fields: Mapping[str, Any]) -> Any:
        branch, article = self._where(fields)
        self.move(branch, article, incoming=Decimal(str(fields["amount"])))
        return plain(self.level(branch, article))

    def _where(self, fields: Mapping[str, Any]) -> tuple[int, int]:
        branch, article = int(fields["branch"]), int(fields["article"])
        wrong = self._wrong(branch, article)
        if wrong:
            raise RefusedError(wrong)
        return branch, article


def scaled(amount: Decimal) -> tuple[int, int]:
    """2.50 -> (25, 1): an integer and its decimal places, as few as there need be."""
    normal = amount.normalize()
    places = max(0, -int(normal.as_tuple().exponent))
    return int(normal.scaleb(places)), places


def movement(row: Row) -> dict[str, Any]:
    amount, places = scaled(row["change"])
    return {**row, "amountChanged": amount, "decimalPlaces": places}
