"""Everything of a kind as it stands, by narrow pages: for a comparison with what was written.

A call for each thousand records, and one more for each product or order with more parts than a listing shows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import Any

from app.connectors.base import Document, SoldThere
from app.connectors.mailchimp import customers, memberbody, orders, products, stock
from app.connectors.mailchimp.calls import Api, segment
from app.connectors.mailchimp.productbodies import FIELDS, VARIANT_FIELDS
from app.connectors.mailchimp.shelf import pages
from app.connectors.mailchimp.stores import Storefront
from app.errors import RecordRefused

LOOKED = frozenset({customers.KIND, products.KIND, stock.KIND, orders.KIND})
SHOWN = 50
"""So many variants, and as far as is known lines, an answer lists at most (mailchimp.md §3.3)."""
_MEMBER = ("language", "vip", "email_type")
_LINE = ("id", "quantity", "price", "discount")
_REFUNDED = frozenset({"refunded", "partially_refunded"})


class Overview:
    """The members of one audience, and what its store holds."""

    def __init__(self, api: Api, list_path: str, storefront: Storefront) -> None:
        self._api = api
        self._members = f"{list_path}/members"
        self._products = f"{storefront.path}/products"
        self._orders = f"{storefront.path}/orders"

    async def look_at_all(self, kind: str) -> AsyncIterator[tuple[str, Document]]:
        """Remote id and what is compared of each; nothing where there is no store."""
        look = {
            customers.KIND: self._look_at_members,
            products.KIND: self._look_at_products,
            stock.KIND: self._look_at_quantities,
            orders.KIND: self._look_at_orders,
        }[kind]
        try:
            async for each in look():
                yield each
        except RecordRefused as refused:
            if refused.code != "not_found" or kind == customers.KIND:
                raise

    async def _look_at_members(self) -> AsyncIterator[tuple[str, Document]]:
        """Without tags, groups and status: those are added, or follow a person's will, and nobody's edit of them is drift."""
        told = ",".join(("id", "contact_id", "merge_fields", *_MEMBER))
        async for member in pages(
            self._api, self._members, name="members", fields=told, operation="members.get"
        ):
            plain = {name: member[name] for name in memberbody.PLAIN if name in member}
            yield (
                str(member.get("contact_id") or member.get("id") or ""),
                plain | {"merge_fields": dict(member.get("merge_fields") or {})},
            )

    async def _look_at_products(self) -> AsyncIterator[tuple[str, Document]]:
        fields = (
            "id",
            *FIELDS,
            *(f"variants.{name}" for name in ("id", *VARIANT_FIELDS)),
            *(f"images.{name}" for name in ("id", "url", "variant_ids")),
        )
        async for product in self._with_all("variants", self._products, fields):
            yield product.pop("id"), product

    async def _look_at_quantities(self) -> AsyncIterator[tuple[str, Document]]:
        fields = ("id", "variants.id", "variants.inventory_quantity")
        async for product in self._with_all("variants", self._products, fields):
            for variant in product["variants"]:
                quantity = {"inventory_quantity": variant.get("inventory_quantity")}
                yield f"{product['id']}/{variant.get('id', '')}", quantity

    async def _look_at_orders(self) -> AsyncIterator[tuple[str, Document]]:
        """Sums and lines. No status: each can send a mail, so none is ever put right; nor a sale that was given back."""
        fields = ("id", "financial_status", *orders.SUMS, *(f"lines.{name}" for name in _LINE))
        async for order in self._with_all("lines", self._orders, fields):
            id, refunded = order.pop("id"), order.pop("financial_status", None) in _REFUNDED
            yield id, {} if refunded else order

    async def sales_there(self) -> AsyncIterator[SoldThere]:
        """Every order of the store with what its lines come to; nothing where there is no store."""
        fields = ("id", "order_total", "shipping_total", *(f"lines.{name}" for name in _LINE))
        try:
            async for order in self._with_all("lines", self._orders, fields):
                yield SoldThere(
                    id=order["id"],
                    total=_money(order.get("order_total")),
                    shipping=_money(order.get("shipping_total")),
                    lines={str(line.get("id", "")): orders.line_amount(line) for line in order["lines"]},
                )
        except RecordRefused as refused:
            if refused.code != "not_found":
                raise

    async def _with_all(self, part: str, path: str, fields: tuple[str, ...]) -> AsyncIterator[dict[str, Any]]:
        """Every product or order of the store with all of its variants or lines."""
        kind = path.rpartition("/")[2]
        inside = ",".join(name.partition(".")[2] for name in fields if name.startswith(f"{part}."))
        async for each in pages(
            self._api, path, name=kind, fields=",".join(fields), operation=f"{kind}.list"
        ):
            parts: list[Mapping[str, Any]] = list(each.get(part) or ())
            if len(parts) >= SHOWN:
                at = f"{path}/{segment(str(each.get('id', '')))}/{part}"
                listed = pages(self._api, at, name=part, fields=inside, operation=f"{part}.list")
                parts = [more async for more in listed]
            yield {**each, "id": str(each.get("id", "")), part: parts}


def _money(value: Any) -> Decimal:
    return Decimal(str(value or 0))
