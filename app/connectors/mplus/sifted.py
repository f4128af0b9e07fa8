"""Sales of one shelf that a filter leaves, page after page: of some days, of some relations (mplus.md §4.7, §4.8)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.connectors.base import Document, Page
from app.connectors.mplus.calls import Till
from app.connectors.mplus.shelf import MAX_PAGE, Shelf


async def sifted(till: Till, shelf: Shelf, wanted: Document) -> AsyncIterator[Page]:
    """All of them, in calls of a thousand. ``wanted`` is what the request says beside the marker. Raises what a call raises."""
    since = 0
    while True:
        asked = shelf.by_mark(since, MAX_PAGE)["request"]
        answer = await till.call(shelf.operation, {"request": asked | wanted})
        page = shelf.page(answer, since=since, limit=MAX_PAGE)
        yield page
        if not page.more or page.position < since:
            return
        since = page.position + 1
