"""The calls that change orders of a store and the customers behind them, as values."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from app.connectors.base import Change, Document
from app.connectors.mailchimp.productchanges import PutProduct


class OrderChange(Change):
    """One call about one order or what it needs."""

    def payload(self) -> Document:
        """The body alone."""
        body: Document = getattr(self, "body", {})
        return body


class PutStoreCustomer(OrderChange):
    """``PUT`` of the store's customer, before the order: nobody is ever subscribed by it."""

    action: ClassVar[str] = "put_store_customer"
    customer: str
    body: Document

    def summary(self) -> str:
        """Names of fields."""
        return f"put store customer: {', '.join(sorted(self.body))}"


class EnsureProduct(OrderChange):
    """``PUT`` of what the store lacks of a line: a product made of it, or, with ``beside``, one more variant of a product
    that is there. Skipped where it was made before."""

    action: ClassVar[str] = "ensure_product"
    product: PutProduct
    beside: bool = False

    def summary(self) -> str:
        """Which product."""
        return f"ensure {'variant of ' if self.beside else ''}product {self.product.product}"

    def payload(self) -> Document:
        """The product's body."""
        return self.product.body


class WriteOrder(OrderChange):
    """A call about one order. ``stand_ins`` are products to make where the store turns out to lack one of its lines'.

    ``quiet``: it is history, and its status is sent only while the store is held, so that no notice goes out for it.
    """

    order: str
    body: Document
    quiet: bool = False
    stand_ins: tuple[PutProduct, ...] = ()

    def summary(self) -> str:
        """Names of fields, and how many lines."""
        lines = len(self.body.get("lines") or ())
        names = ", ".join(sorted(name for name in self.body if name != "lines"))
        return f"{self.action.replace('_', ' ')}: {lines} line{'s' if lines != 1 else ''}, {names}"


class PostOrder(WriteOrder):
    """``POST`` of a new order. Where its id is there already an answer was lost: it is what we sent."""

    action: ClassVar[str] = "post_order"


class PatchOrder(WriteOrder):
    """``PATCH`` of what changed; lines that it does not mention stay."""

    action: ClassVar[str] = "patch_order"


class DeleteLine(OrderChange):
    """``DELETE`` of a line that the sale has no more."""

    action: ClassVar[str] = "delete_line"
    order: str
    line: str


class RefundOrder(OrderChange):
    """Lower an order by what was given back: its lines are added once, by their ids, and its sums follow."""

    action: ClassVar[str] = "refund_order"
    order: str
    lines: tuple[Document, ...]
    quiet: bool = False
    tax: Decimal = Decimal(0)

    def summary(self) -> str:
        """How much of it."""
        return f"refund order: {len(self.lines)} line{'s' if len(self.lines) != 1 else ''}"

    def payload(self) -> Document:
        """The lines."""
        return {"lines": list(self.lines)}


class TagBuyer(OrderChange):
    """``POST`` of tags to the contact behind a sale: set, never taken away. ``quiet`` holds back what they start."""

    action: ClassVar[str] = "tag_buyer"
    member: str
    tags: tuple[str, ...]
    quiet: bool = False

    def summary(self) -> str:
        """How many, not which: names of tags may say much about a person."""
        return f"tag the buyer: {len(self.tags)} tag{'' if len(self.tags) == 1 else 's'}"

    def payload(self) -> Document:
        """The body."""
        body: Document = {"tags": [{"name": name, "status": "active"} for name in self.tags]}
        return body | ({"is_syncing": True} if self.quiet else {})
