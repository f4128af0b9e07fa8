"""Writing orders, refunds, and the customers and products that they need: looking up, and one change at a time.

What is to be written is decided by :mod:`orders`. Here is what only the store itself can tell: that an order is there already,
that a product was deleted, that a campaign is not one of this audience's, what an order came to before it is lowered.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.connectors.allof import all_of
from app.connectors.base import Applied, Change, Desired, Document, Existing, Intent, Leave, Steps, Wanted
from app.connectors.mailchimp import orders
from app.connectors.mailchimp.calls import Api, segment
from app.connectors.mailchimp.orderchanges import (
    DeleteLine,
    EnsureProduct,
    OrderChange,
    PostOrder,
    PutStoreCustomer,
    RefundOrder,
    TagBuyer,
    WriteOrder,
)
from app.connectors.mailchimp.productchanges import PutProduct
from app.connectors.mailchimp.refusals import SETTLED
from app.connectors.mailchimp.shelf import pages
from app.connectors.mailchimp.stores import Storefront
from app.errors import RecordRefused

FEW = 3
MOST_REMEMBERED = 20_000
BELIEVED_S = 600.0
HELD_S = 3.0
_LOOKED_AT = ",".join(
    ("id", *orders.TEXTS[:6], *orders.SUMS, *orders.TIMES, *orders.PLACES, "promos", "customer.id")
)


class Remembered:
    """The newest so many entries of something: memory stays flat, however long an import is."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._held: OrderedDict[str, str] = OrderedDict()

    def find(self, name: str) -> str | None:
        """What is remembered under a name."""
        return self._held.get(name)

    def note(self, name: str, what: str = "") -> None:
        """Remember it, in place of what was there and of the oldest."""
        self._held[name] = what
        self._held.move_to_end(name)
        if len(self._held) > self._most:
            self._held.popitem(last=False)


class OrderTarget:
    """The orders of one store, and refunds of them."""

    def __init__(
        self, api: Api, storefront: Storefront, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._api = api
        self._storefront = storefront
        self._monotonic = monotonic
        self._path = f"{storefront.path}/orders"
        self._customers, self._products, self._others = Remembered(), Remembered(), Remembered()
        self._listed: frozenset[str] = frozenset()
        self._listed_at: float | None = None
        self._lock = asyncio.Lock()

    async def learn(self) -> None:
        """Know the store and its currency before anything is decided."""
        await self._storefront.look()

    def fitted(self, desired: Desired) -> tuple[Desired, tuple[str, ...]]:
        """See :func:`orders.fitted`."""
        return orders.fitted(desired)

    def needs_existing(self, intent: Intent) -> bool:
        """What was written and confirmed is known leaf by leaf; of anything else it is asked whether it is there."""
        return intent.kind == orders.KIND and intent.changed is None

    async def fetch_many(self, wanted: Sequence[Wanted]) -> Mapping[str, Existing]:
        """By key. Many are looked up in the list of ids first, and only those that are there are asked for."""
        await self._storefront.look()
        asked = [
            (each, each.remote_id or orders.order_id(each.natural or ""))
            for each in wanted
            if each.kind == orders.KIND
        ]
        if not self._storefront.there:
            return {}
        if len(asked) > FEW:
            there = await self._ids()
            asked = [(each, id) for each, id in asked if id in there]
        answers = await all_of(self._look(id) for _, id in asked)
        return {
            each.key: orders.existing_order(answer)
            for (each, _), answer in zip(asked, answers, strict=True)
            if answer is not None
        }

    def steps(self, intent: Intent, existing: Existing | None) -> Steps:
        """See :func:`orders.steps`."""
        customer = orders.customer_body(intent.document)["id"]
        found = orders.steps(
            intent, existing, self._storefront.known, known_customer=self._customers.find(customer)
        )
        return found if isinstance(found, Leave) else tuple(each for each in found if self._is_news(each))

    def _is_news(self, change: Change) -> bool:
        """Whether it is more than a product that was made before."""
        return not isinstance(change, EnsureProduct) or self._products.find(change.product.product) is None

    async def apply(self, change: Change) -> Applied | Leave:
        """Carry out one call."""
        assert isinstance(change, OrderChange)
        await self._storefront.ensure()
        match change:
            case PutStoreCustomer():
                return await self._put_customer(change)
            case EnsureProduct():
                await self._ensure(change)
                return Applied()
            case WriteOrder():
                warnings = await self._write(change)
                return Applied(remote_id=change.order, warnings=warnings)
            case DeleteLine():
                path = f"{self._path}/{segment(change.order)}/lines/{segment(change.line)}"
                await self._if_there("DELETE", path, operation="line.delete")
                return Applied(remote_id=change.order)
            case RefundOrder():
                return await self._refund(change)
            case TagBuyer():
                return await self._tag(change)
            case _:
                raise AssertionError(f"not a change of orders: {change.action}")

    # --- looking up ---------------------------------------------------------------------------------------------

    async def _ids(self) -> frozenset[str]:
        """The ids of all orders of the store, looked at again where that is old: an absence may be, since a second post of
        the same id is refused."""
        async with self._lock:
            if self._listed_at is None or self._monotonic() - self._listed_at > BELIEVED_S:
                started = self._monotonic()
                listed = pages(self._api, self._path, name="orders", fields="id", operation="orders.list")
                self._listed = frozenset([str(each.get("id", "")) async for each in listed])
                self._listed_at = started
            return self._listed

    async def _look(self, id: str, *, fields: str = _LOOKED_AT) -> Document | None:
        try:
            return await self._api.get(
                f"{self._path}/{segment(id)}", operation="order.get", params={"fields": fields}
            )
        except RecordRefused as refused:
            if refused.code != "not_found":
                raise
            return None

    # --- writing ------------------------------------------------------------------------------------------------

    async def _put_customer(self, change: PutStoreCustomer) -> Applied | Leave:
        path = f"{self._storefront.path}/customers/{segment(change.customer)}"
        try:
            await self._api.call("PUT", path, operation="customer.put", body=change.body)
        except RecordRefused as refused:
            if refused.code in SETTLED:
                return Leave(refused.code, refused.detail)
            if refused.code != "customer_email_taken":
                raise
            await self._find_customer(change)
        self._customers.note(change.customer, orders.fingerprint(change.body))
        return Applied()

    async def _find_customer(self, change: PutStoreCustomer) -> None:
        """Somebody else made a customer of this address, with an id of his own: the sale is his."""
        answer = await self._api.get(
            f"{self._storefront.path}/customers",
            operation="customers.find",
            params={"email_address": change.body["email_address"], "fields": "customers.id"},
        )
        for found in answer.get("customers") or ():
            self._others.note(change.customer, str(found["id"]))

    async def _ensure(self, change: EnsureProduct) -> None:
        for variant in change.product.body["variants"]:
            if self._products.find(_place(change.product, variant)) is not None:
                continue
            if change.beside:
                await self._mend(change.product, variant)
            else:
                await self._put_product(change.product)

    async def _put_product(self, product: PutProduct) -> None:
        await self._api.call("PUT", self._product(product), operation="product.put", body=product.body)
        for variant in product.body["variants"]:
            self._products.note(_place(product, variant))

    async def _mend(self, product: PutProduct, variant: Document) -> None:
        """Put what is not there, and nothing over what is: a line knows less of an article than the products flow."""
        at = self._product(product)
        path = f"{at}/variants/{segment(variant['id'])}"
        if await self._is_there(path, operation="variant.get"):
            self._products.note(_place(product, variant))
        elif await self._is_there(at, operation="product.get"):
            await self._api.call("PUT", path, operation="variant.put", body=variant)
            self._products.note(_place(product, variant))
        else:
            await self._put_product(product)

    async def _is_there(self, path: str, *, operation: str) -> bool:
        try:
            await self._api.get(path, operation=operation, params={"fields": "id"})
        except RecordRefused as refused:
            if refused.code != "not_found":
                raise
            return False
        return True

    def _product(self, product: PutProduct) -> str:
        return f"{self._storefront.path}/products/{segment(product.product)}"

    async def _write(self, change: WriteOrder) -> tuple[str, ...]:
        """Send it; what the store lacks meanwhile is made once, and a campaign of another audience is left out."""
        body, warnings = dict(change.body), list[str]()
        if change.quiet and not await self._held():
            body = {name: value for name, value in body.items() if name not in orders.STATUS}
        for _ in range(3):
            try:
                await self._send(change, body)
                return tuple(warnings)
            except RecordRefused as refused:
                if refused.code == "campaign_unknown" and "campaign_id" in body:
                    del body["campaign_id"]
                    warnings.append(
                        "campaign_unknown: the campaign is not one of this audience, and was left out"
                    )
                elif refused.code in ("product_missing", "variant_missing") and _MADE not in warnings:
                    await self._stand_in(change, refused)
                    warnings.append(_MADE)
                elif refused.code == "already_exists" and isinstance(change, PostOrder):
                    return tuple(warnings)  # an answer was lost, or another worker was quicker with the same
                else:
                    raise
        raise AssertionError("each is mended once")

    async def _held(self) -> bool:
        """Whether the store holds its notices back just now, by a look that is some seconds old at most."""
        return (await self._storefront.look(within=HELD_S)).is_syncing

    async def _send(self, change: WriteOrder, body: Document) -> None:
        if isinstance(change, PostOrder):
            customer = body["customer"]
            body = body | {"customer": customer | {"id": self._others.find(customer["id"]) or customer["id"]}}
            await self._api.call("POST", self._path, operation="order.post", body=body)
        else:
            await self._api.call(
                "PATCH", f"{self._path}/{segment(change.order)}", operation="order.patch", body=body
            )

    async def _stand_in(self, change: WriteOrder, refused: RecordRefused) -> None:
        """Products were deleted in the store since they were brought: what is not there any more is put, and nothing else."""
        used = {str(line.get("product_id")) for line in change.body.get("lines") or ()}
        made = [product for product in change.stand_ins if product.product in used]
        if not made:
            raise RecordRefused(
                refused.detail,
                advice="Replay the product in the products flow, then this sale.",
                code=refused.code,
            ) from None
        for product in made:
            for variant in product.body["variants"]:
                await self._mend(product, variant)

    async def _refund(self, change: RefundOrder) -> Applied | Leave:
        """Lines that come to less than zero, each added once by its id; so a lost answer never lowers an order twice."""
        order = await self._look(
            change.order, fields=f"id,lines.id,lines.product_id,lines.product_variant_id,{_LOOKED_AT}"
        )
        if order is None:
            return Leave("sale_not_sent", "The sale that it credits was deleted in the store.")
        there = {str(line.get("id")) for line in order.get("lines") or ()}
        if all(line["id"] in there for line in change.lines):
            return Applied(remote_id=change.order)
        first: Document = next(iter(order.get("lines") or ()), {})
        place = {name: first.get(name) for name in ("product_id", "product_variant_id")}
        lines = [place | line for line in change.lines]
        back = sum((orders.line_amount(line) for line in change.lines), Decimal(0))
        total = Decimal(str(order.get("order_total") or 0)) + back
        tax = Decimal(str(order.get("tax_total") or 0)) + Decimal(str(change.tax))
        body: Document = {"lines": lines, "order_total": total, "tax_total": tax}
        if order.get("financial_status") and not (change.quiet and not await self._held()):
            body["financial_status"] = "refunded" if total <= 0 else "partially_refunded"
        await self._api.call(
            "PATCH", f"{self._path}/{segment(change.order)}", operation="order.patch", body=body
        )
        return Applied(remote_id=change.order)

    async def _tag(self, change: TagBuyer) -> Applied:
        path = f"/lists/{segment(self._storefront.list_id)}/members/{segment(change.member)}/tags"
        try:
            await self._api.call("POST", path, operation="tags.post", body=change.payload())
        except RecordRefused as refused:
            if refused.code != "not_found":
                raise
            return Applied(warnings=("tags_left_out: the buyer is no contact of the audience",))
        return Applied()

    async def _if_there(self, method: str, path: str, *, operation: str) -> None:
        try:
            await self._api.call(method, path, operation=operation)
        except RecordRefused as refused:
            if refused.code != "not_found":
                raise


_MADE = "product_made: a product of the sale was deleted in the store, and a simple one stands in for it"


def _place(product: PutProduct, variant: Mapping[str, Any]) -> str:
    return f"{product.product}/{variant['id']}"
