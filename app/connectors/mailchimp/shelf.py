"""Which products a store holds, by their ids: one look through narrow pages, believed for a while.

Mailchimp's listing of products has no filter (mailchimp.md §3.3). During a first import asking for every product by
itself would double the calls; that a product is absent may be a little old, since every write is an upsert.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from app.connectors.base import Document
from app.connectors.mailchimp.calls import Api

PER_PAGE = 1000
BELIEVED_S = 600.0


async def pages(api: Api, path: str, *, name: str, fields: str, operation: str) -> AsyncIterator[Document]:
    """Everything a listing holds, page after page; ``fields`` are those of one element."""
    told = ",".join(f"{name}.{field}" for field in fields.split(","))
    offset = 0
    while True:
        answer = await api.get(
            path,
            operation=operation,
            params={"count": PER_PAGE, "offset": offset, "fields": f"{told},total_items"},
        )
        found = answer.get(name) or ()
        for each in found:
            yield each
        offset += len(found)
        if not found or offset >= answer.get("total_items", 0):
            return


class Shelf:
    """The ids of the products that a store held when somebody last looked."""

    def __init__(self, api: Api, store_path: str, *, monotonic: Callable[[], float]):
        self._api = api
        self._path = f"{store_path}/products"
        self._monotonic = monotonic
        self._looked_at: float | None = None
        self._ids: frozenset[str] = frozenset()
        self._lock = asyncio.Lock()

    async def ids(self) -> frozenset[str]:
        """What is there, looked at again where it is old."""
        async with self._lock:
            if self._looked_at is None or self._monotonic() - self._looked_at > BELIEVED_S:
                started = self._monotonic()
                listed = pages(self._api, self._path, name="products", fields="id", operation="products.list")
                self._ids = frozenset([str(each.get("id", "")) async for each in listed])
                self._looked_at = started
            return self._ids
