"""Writing products, their variants and their quantities: looking up how they stand, and one change at a time.

What is to be written is decided by :mod:`products` and :mod:`stock`. Here a part that is not there any more, because
somebody deleted it in Mailchimp, is put back with everything around it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from app.connectors.allof import all_of
from app.connectors.base import Applied, Change, Desired, Document, Existing, Intent, Leave, Steps, Wanted
from app.connectors.mailchimp import products, stock
from app.connectors.mailchimp.calls import Api, segment
from app.connectors.mailchimp.ids import store_id
from app.connectors.mailchimp.pictures import Pictures
from app.connectors.mailchimp.productbodies import FIELDS, VARIANT_FIELDS
from app.connectors.mailchimp.productchanges import (
    DeleteImage,
    DeleteProduct,
    DeleteVariant,
    HideVariant,
    PartChange,
    PatchProduct,
    PatchVariant,
    ProductChange,
    PutImage,
    PutProduct,
    PutVariant,
    SetQuantity,
)
from app.connectors.mailchimp.shelf import Shelf, pages
from app.connectors.mailchimp.stores import Storefront
from app.errors import RecordRefused

FEW = 3
WHOLE = ",".join(
    (
        "id",
        *FIELDS,
        *(f"variants.{name}" for name in ("id", *VARIANT_FIELDS)),
        *(f"images.{name}" for name in ("id", "url", "variant_ids")),
    )
)
MISSING = frozenset({"not_found", "product_missing", "variant_missing"})
SHOWN = 50
"""So many variants an answer lists at most (mailchimp.md §3.3)."""


class ProductTarget:
    """The products of one store and their variants."""

    def __init__(
        self, api: Api, storefront: Storefront, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._api = api
        self._storefront = storefront
        self._shelf = Shelf(api, storefront.path, monotonic=monotonic)
        self._path = f"{storefront.path}/products"
        self._pictures = Pictures(api.http, monotonic=monotonic)

    async def learn(self) -> None:
        """Know the store and its currency before anything is decided."""
        await self._storefront.look()

    def fitted(self, desired: Desired) -> tuple[Desired, tuple[str, ...]]:
        """See :func:`products.fitted`."""
        return products.fitted(desired)

    def needs_existing(self, intent: Intent) -> bool:
        """What was written and confirmed is known leaf by leaf; what else stands there counts before it is put whole, or a
        variant that may be there already is put."""
        return products.are_many(intent) or any(kind == products.VARIANT for kind, _ in intent.lacking)

    def carried_id(self, remote_id: str, kind: str, name: str) -> str:  # noqa: ARG002 - the protocol's
        """A variant is found below its product."""
        return f"{remote_id}/{store_id(name)}"

    async def fetch_many(self, wanted: Sequence[Wanted]) -> Mapping[str, Existing]:
        """By key. Many are looked up on the shelf first, and only those that are there are asked for."""
        await self._storefront.look()
        found = {
            each.key: Existing(each.remote_id, whole=False)
            for each in wanted
            if each.kind == products.VARIANT and each.remote_id
        }
        asked = [(each, _product_id(each)) for each in wanted if each.kind != products.VARIANT]
        if len(asked) > FEW:
            there = await self._shelf.ids() if self._storefront.there else frozenset()
            asked = [(each, id) for each, id in asked if id in there]
        answers = await all_of(self._look(id, whole=each.whole) for each, id in asked)
        for (each, _), answer in zip(asked, answers, strict=True):
            if answer is not None:
                found[each.key] = answer
        return found

    def steps(self, intent: Intent, existing: Existing | None) -> Steps:
        """See :func:`products.steps`."""
        return products.steps(intent, existing, self._storefront.known)

    async def apply(self, change: Change) -> Applied | Leave:
        """Carry out one call."""
        assert isinstance(change, ProductChange)
        match change:
            case PutProduct():
                warnings = await self._seen(self._put(change), change, change.body)
                return Applied(remote_id=change.product, warnings=warnings)
            case PartChange():
                warnings = await self._seen(self._part(change), change, change.body)
                return Applied(remote_id=change.product, warnings=warnings)
            case HideVariant():
                body: Document = {"visibility": "hidden"}
                there = await self._if_there("PATCH", self._variant(change), "variant.patch", body=body)
                return Applied(state="archived" if there else "gone", facts={"archived_by": "us"})
            case DeleteVariant():
                await self._if_there("DELETE", self._variant(change), "variant.delete")
                return Applied(state="gone")
            case DeleteProduct():
                await self._if_there("DELETE", self._product(change), "product.delete")
                return Applied(state="gone")
            case DeleteImage():
                await self._if_there(
                    "DELETE", f"{self._product(change)}/images/{segment(change.image)}", "image.delete"
                )
            case _:
                raise AssertionError(f"not a change of products: {change.action}")
        return Applied(remote_id=change.product)

    # --- looking up ---------------------------------------------------------------------------------------------

    async def _look(self, id: str, *, whole: bool) -> Existing | None:
        """The product as it stands, with all of its variants and images. ``whole``: and its own edits count."""
        path = f"{self._path}/{segment(id)}"
        try:
            answer = await self._api.get(path, operation="product.get", params={"fields": WHOLE})
        except RecordRefused as refused:
            if refused.code != "not_found":
                raise
            return None
        variants = list(answer.get("variants") or ())
        if len(variants) >= SHOWN:
            told = ",".join(("id", *VARIANT_FIELDS))
            listed = pages(
                self._api, f"{path}/variants", name="variants", fields=told, operation="variants.list"
            )
            variants = [each async for each in listed]
        return Existing(id, document=answer | {"variants": variants}, whole=whole)

    async def _seen(self, write: Awaitable[None], change: ProductChange, body: Document) -> tuple[str, ...]:
        """Write, and meanwhile ask for the pictures where that is wanted; what is wrong with them is a warning."""
        if not change.check_images:
            await write
            return ()
        looking = asyncio.create_task(self._pictures.doubts(body))
        try:
            await write
            return await looking
        finally:
            looking.cancel()

    # --- writing ------------------------------------------------------------------------------------------------

    async def _put(self, change: PutProduct) -> None:
        for attempt in (1, 2):
            await self._storefront.ensure()
            try:
                await self._api.call("PUT", self._product(change), operation="product.put", body=change.body)
                return
            except RecordRefused as refused:
                if refused.code != "not_found" or attempt == 2:
                    raise
                # A product that is put is never missing: its store is, and is made again.
                self._storefront.doubt()

    async def _part(self, change: PartChange) -> None:
        try:
            await self._send(change)
        except RecordRefused as refused:
            if refused.code not in MISSING or change.whole is None:
                raise
            if not isinstance(change, PatchVariant) or not await self._put_back(change, change.whole):
                await self._put(change.whole)

    async def _put_back(self, change: PatchVariant, whole: PutProduct) -> bool:
        """A variant that is gone comes back alone, so that the rest stays as the merchant has it; False: its product is gone."""
        body = next((each for each in whole.body["variants"] if each["id"] == change.variant), None)
        if body is None:
            return False
        try:
            await self._api.call("PUT", self._variant(change), operation="variant.put", body=body)
        except RecordRefused as refused:
            if refused.code not in MISSING:
                raise
            return False
        return True

    async def _send(self, change: PartChange) -> None:
        at = self._product(change)
        match change:
            case PatchProduct():
                await self._api.call("PATCH", at, operation="product.patch", body=change.body)
            case PutVariant():
                await self._api.call("PUT", self._variant(change), operation="variant.put", body=change.body)
            case PatchVariant():
                await self._api.call("PATCH", self._variant(change), operation="variant.patch", body=change.body)  # fmt: skip
            case PutImage():
                await self._image(change, f"{at}/images")
            case _:
                raise AssertionError(f"not a part of a product: {change.action}")

    async def _image(self, change: PutImage, path: str) -> None:
        try:
            await self._api.call("POST", path, operation="image.post", body=change.body)
        except RecordRefused as refused:
            if refused.code != "already_exists":
                raise
            body = {name: value for name, value in change.body.items() if name != "id"}
            await self._api.call(
                "PATCH", f"{path}/{segment(change.image)}", operation="image.patch", body=body
            )

    async def _if_there(
        self, method: str, path: str, operation: str, *, body: Document | None = None
    ) -> bool:
        """False where it is not there, which is what was wanted."""
        try:
            await self._api.call(method, path, operation=operation, body=body)
        except RecordRefused as refused:
            if refused.code != "not_found":
                raise
            return False
        return True

    def _product(self, change: ProductChange) -> str:
        return f"{self._path}/{segment(change.product)}"

    def _variant(self, change: PutVariant | PatchVariant | HideVariant | DeleteVariant) -> str:
        return f"{self._product(change)}/variants/{segment(change.variant)}"


class QuantityTarget:
    """The quantities of the variants of one store."""

    def __init__(self, api: Api, storefront: Storefront) -> None:
        self._api = api
        self._path = f"{storefront.path}/products"

    def needs_existing(self, intent: Intent) -> bool:  # noqa: ARG002 - the protocol's
        """A quantity is overwritten, whatever it was."""
        return False

    async def fetch_many(self, wanted: Sequence[Wanted]) -> Mapping[str, Existing]:  # noqa: ARG002 - the protocol's
        """Nothing is asked: a quantity is overwritten, whatever it was."""
        return {}

    def steps(self, intent: Intent, existing: Existing | None) -> Steps:  # noqa: ARG002 - the protocol's
        """See :func:`stock.steps`."""
        return stock.steps(intent)

    async def apply(self, change: Change) -> Applied | Leave:
        """Carry out the call."""
        assert isinstance(change, SetQuantity)
        path = f"{self._path}/{segment(change.product)}/variants/{segment(change.variant)}"
        body = {"inventory_quantity": change.quantity}
        try:
            await self._api.call("PATCH", path, operation="quantity.patch", body=body)
        except RecordRefused as refused:
            if refused.code != "not_found":
                raise
            return Leave("not_in_store", "The variant was deleted in Mailchimp; the products flow puts it back.")  # fmt: skip
        return Applied(remote_id=f"{change.product}/{change.variant}")


def _product_id(wanted: Wanted) -> str:
    return wanted.remote_id or store_id(wanted.natural or "")
