"""What a getProducts request asks for: which products, and which of their articles (mplus.md §4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.sandbox.mplus.marked import Row


class Chosen:
    """A request's filters. All given ones must fit; without the include-all flag only fitting articles come along."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self.since: int = asked.get("syncMarker", 0)
        self.by_marker = "syncMarker" in asked
        self.numbers = set(asked.get("articleNumbers", ()))
        self.products = set(asked.get("productNumbers", ()))
        self.groups = set(asked.get("groupNumbers", ()))
        self.plus = {one["text"] for one in asked.get("pluNumbers", ()) if one["text"]}
        self.webshop = asked.get("onlyWebshop", False)
        self.active = asked.get("onlyActive", False)
        self.changed_since = asked.get("changedSinceTimestamp")
        self.everything = asked.get("includeAllArticlesOfSelectedProducts", False)

    def fits(self, row: Row) -> bool:
        if self.products and row["productNumber"] not in self.products:
            return False
        if self.groups and not self.groups & set(row["groupNumbers"]):
            return False
        if self.by_marker and row.get("syncMarker", 0) >= self.since and not self._narrow():
            return True
        return any(self._article(one) for one in row["articleList"])

    def articles(self, row: Row) -> list[dict[str, Any]]:
        if self.everything:
            return list(row["articleList"])
        return [one for one in row["articleList"] if self._article(one)]

    def _narrow(self) -> bool:
        return bool(self.numbers or self.plus or self.webshop or self.active or self.changed_since)

    def _article(self, one: Row) -> bool:
        return (
            (not self.numbers or one["articleNumber"] in self.numbers)
            and (not self.plus or one.get("pluNumber") in self.plus)
            and (not self.webshop or bool(one.get("webshop")))
            and (not self.active or bool(one.get("active")))
            and (self.changed_since is None or one["changeTimestamp"] >= self.changed_since)
            and (not self.by_marker or one["syncMarker"] >= self.since)
        )
