"""Stock per branch and article: what lies there, what undelivered orders reserve, what is on its way (mplus.md §4.5).

``amountFree`` is what can safely be sold: reservations are taken off already. ``setStock`` sets what lies there. Every
movement has a ``stockId`` of its own, which works like a sync marker, and leaves a row of history. ``stockcalls.py`` has the
calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.sandbox.control import Action, RefusedError, Shelf, Shown
from app.sandbox.mplus.marked import Marked
from app.sandbox.mplus.part import Part
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

    def wrong(self, branch: int, article: int) -> str:
        card = self.till.catalogue.article(article)
        if branch not in self.till.organisation.branches:
            return "BRANCH-NOT-FOUND"
        if card is None:
            return "ARTICLE-NOT-FOUND"
        return "" if card.get("stockArticle") else "NO-STOCK-ARTICLE"

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
        wrong = self.wrong(branch, article)
        if wrong:
            raise RefusedError(wrong)
        return branch, article


def scaled(amount: Decimal) -> tuple[int, int]:
    """2.50 -> (25, 1): an integer and its decimal places, as few as there need be."""
    normal = amount.normalize()
    places = max(0, -int(normal.as_tuple().exponent))
    return int(normal.scaleb(places)), places
