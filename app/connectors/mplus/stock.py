"""Stock of the till: per branch and article, its own marker, and amounts that are net already (mplus.md §4.5).

``amountFree`` can be sold: reservations are off it, so nobody subtracts them again. A poll answers the branches that
moved only, so an article is always read again in all of them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.connectors.base import Changed, Document, Fetched, Found, Gone, Page
from app.connectors.mplus import fields, soap
from app.connectors.mplus.codec import Element

KIND = "stock"
MARK = "stockId"
CHUNK = 200
MIN_PAGE = 5000
"""A poll has no limit of its own: every page downloads everything that is left, so pages are large."""


def by_mark(since: int, branch: int) -> Document:
    """What changed in one branch, all of it at once. Whether the value counts itself is not said (mplus.md §3.1): one below, and what is older is dropped."""
    return {"request": _request((branch,), ()) | {"stockId": max(since - 1, 0)}}


def by_refs(numbers: Sequence[int], branches: Sequence[int]) -> Document:
    """These articles, in every branch."""
    return {"request": _request(branches, numbers)}


def _request(branches: Sequence[int], numbers: Sequence[int]) -> Document:
    request: Document = {"branchNumber": branches[0], "articleNumbers": list(numbers)}
    return request | {"branchNumbers": list(branches)} if len(branches) > 1 else request


def moved(row: Element) -> tuple[int, int] | None:
    """Article and ``stockId`` of a row; the rest of it may be as broken as it likes."""
    article, stock_id = soap.number_of(row, "articleNumber"), soap.number_of(row, "stockId")
    return None if article is None else (article, stock_id or 0)


def page(rows: Iterable[tuple[int, int]], *, since: int, limit: int) -> Page:
    """Articles by their newest ``stockId``, oldest first; ``rows`` are (article, stockId) in any order."""
    newest: dict[int, int] = {}
    for article, stock_id in rows:
        if stock_id >= since:
            newest[article] = max(newest.get(article, 0), stock_id)
    wanted = max(limit, MIN_PAGE)
    ordered = sorted(newest.items(), key=lambda pair: pair[1])
    taken = ordered[:wanted]
    return Page(
        changed=tuple(
            Changed(KIND, str(article), dedupe=f"{article}@{stock_id}") for article, stock_id in taken
        ),
        position=taken[-1][1] if taken else since - 1,
        more=len(ordered) > wanted,
    )


def read(article: int, rows: Sequence[Mapping[str, Any]]) -> Document:
    """One article's stock in the till's words, a row per branch."""
    return {
        "articleNumber": article,
        "stockArticle": True,
        "isDayStockArticle": any(row.get("isDayStockArticle", False) for row in rows),
        "branches": [fields.filled(row, but=("articleNumber", "isDayStockArticle")) for row in rows],
    }


def without_stock(article: int) -> Document:
    """An article that the till keeps no stock of."""
    return {"articleNumber": article, "stockArticle": False, "isDayStockArticle": False, "branches": []}


def fetched(
    refs: Sequence[str], rows: Iterable[Mapping[str, Any]], unstocked: Iterable[int]
) -> Iterator[Fetched]:
    """Each reference once. ``unstocked`` are articles that exist and have no stock; others without rows are gone."""
    by_article: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_article.setdefault(str(row.get("articleNumber", "")), []).append(row)
    bare = {str(article) for article in unstocked}
    for ref in dict.fromkeys(refs):
        if (own := by_article.get(ref)) is not None:
            own.sort(key=lambda row: row.get("branchNumber", 0))
            yield Found(ref, read(int(ref), own), max(row.get("stockId", 0) for row in own))
        else:
            yield Found(ref, without_stock(int(ref))) if ref in bare else Gone(ref)
