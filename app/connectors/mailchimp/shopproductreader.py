"""Reading products of the account's other stores: one by one with all of their variants, and all of them, narrowly.

There is no since filter and no list by ids (mailchimp.md §3.7), so a product that is wanted costs a call. An answer shows fifty
variants at most: of larger products the variants cost a call of their own, for each thousand.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from app.connectors.allof import all_of
from app.connectors.base import Document, Fetched, Found, Glimpse, Gone, Unreadable
from app.connectors.mailchimp import shopproducts
from app.connectors.mailchimp.calls import Api, segment
from app.connectors.mailchimp.otherstores import no_such_store, own_store, parts_of, path_of
from app.connectors.mailchimp.shelf import pages
from app.errors import RecordRefused

PER_PAGE = 1000
_WITHOUT_LINKS = "_links,variants._links,images._links"


class ShopProductReader:
    """Products of every store of the account but ``own_store``."""

    def __init__(self, api: Api, *, own_store: str):
        self._api = api
        self._own_store = own_store

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        """Each reference once; the account's gate bounds how many are asked at once."""
        return await all_of(map(self._fetch, dict.fromkeys(refs)))

    async def _fetch(self, ref: str) -> Fetched:
        parts = parts_of(ref)
        if parts is None:
            return Gone(ref)
        store, product = parts
        if store == self._own_store:
            return Unreadable(ref, own_store(store, records="products"))
        try:
            raw = await self._api.get(
                f"{path_of(store)}/products/{segment(product)}",
                operation="product.get",
                params={"exclude_fields": _WITHOUT_LINKS},
            )
            whole = raw | {"variants": await self._variants(store, raw, fields=None)}
        except RecordRefused as refused:
            return Gone(ref) if refused.code == "not_found" else Unreadable(ref, refused)
        return Found(ref, shopproducts.read(whole, store=store))

    async def _variants(self, store: str, product: Document, *, fields: str | None) -> list[Document]:
        """All of a product's variants: as they came with it, or page by page where it has more than are shown."""
        shown: list[Document] = list(product.get("variants") or ())
        if len(shown) < shopproducts.MOST_SHOWN:
            return shown
        path = f"{path_of(store)}/products/{segment(str(product['id']))}/variants"
        names = fields or ",".join(("id", "sku", "title", "price", "url", "image_url", "visibility", "backorders", "inventory_quantity", "created_at", "updated_at"))  # fmt: skip
        listed = pages(self._api, path, name="variants", fields=names, operation="variants.get")
        return [each async for each in listed]

    # --- looking at everything ----------------------------------------------------------------------------------------

    async def scan(self, places: Sequence[str]) -> AsyncIterator[Sequence[Glimpse]]:
        """Every product of these stores, a call for each thousand. Raises AdministratorError for a store that cannot be read."""
        for store in places:
            if store == self._own_store:
                raise own_store(store, records="products")
            offset, total = 0, 1
            while offset < total:
                try:
                    answer = await self._api.get(
                        f"{path_of(store)}/products",
                        operation="products.get",
                        params={"fields": shopproducts.narrow_fields(), "count": PER_PAGE, "offset": offset},
                    )
                except RecordRefused as refused:
                    raise no_such_store(store) if refused.code == "not_found" else refused from None
                listed: list[Document] = list(answer.get("products") or ())
                yield await self._glimpses(store, listed)
                offset, total = offset + len(listed), int(answer.get("total_items") or 0) if listed else 0

    async def _glimpses(self, store: str, listed: Sequence[Document]) -> list[Glimpse]:
        fields = ",".join(shopproducts.GLIMPSED_VARIANT)
        variants = await all_of(self._variants(store, product, fields=fields) for product in listed)
        whole = (product | {"variants": each} for product, each in zip(listed, variants, strict=True))
        return [seen for raw in whole if (seen := shopproducts.glimpse(store, raw)) is not None]

    async def scan_recent(
        self,
        places: Sequence[str],  # noqa: ARG002 - whoever changed, no product follows from it
        *,
        since: datetime,  # noqa: ARG002
        most: int,  # noqa: ARG002
    ) -> AsyncIterator[Sequence[Glimpse]]:
        """Nothing: a person who changed is no hint that a product did."""
        return
        yield
