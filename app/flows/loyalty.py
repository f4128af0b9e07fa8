"""Loyalty: what a customer's purchases and points come to, and the tags that follow from them. Features C-16.

Off by default. Pure; the amounts are the source's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.flows.base import FlowSettings
from app.records.customer import Customer, Purchases


class PurchaseTag(BaseModel):
    """A tag for customers who bought enough. Every condition that is filled in must hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        min_length=1,
        max_length=100,
        title="Tag",
        description="The tag's name in Mailchimp.",
        examples=["VIP"],
    )
    groups: tuple[str, ...] = Field(
        default=(),
        title="Turnover groups",
        description="Numbers of turnover groups, as they stand on sales: something of one of them was bought.",
        examples=[["3"]],
    )
    count: int | None = Field(
        default=None, ge=1, title="Purchases", description="So many sales at least.", examples=[5]
    )
    total: Decimal | None = Field(
        default=None,
        gt=0,
        title="Amount",
        description="So much was spent at least, VAT included, credits taken off.",
        examples=["500"],
    )

    @model_validator(mode="after")
    def says_something(self) -> PurchaseTag:
        """A tag for everybody would be none."""
        if not self.groups and self.count is None and self.total is None:
            raise ValueError("needs groups, count or total")
        return self

    def fits(self, bought: Purchases) -> bool:
        """Whether the customer gets it."""
        return (
            (not self.groups or not set(self.groups).isdisjoint(bought.groups))
            and (self.count is None or (bought.count or 0) >= self.count)
            and (self.total is None or (bought.total or Decimal(0)) >= self.total)
        )


class LoyaltySettings(FlowSettings):
    """What a customers flow does about points and purchases."""

    loyalty: bool = Field(
        default=False,
        title="Loyalty",
        description=(
            "On: a customer whose points or purchases changed is brought up to date, also when nothing else did. What is told "
            "is up to the rows POINTS, BALANCE and LASTBUY, which are shipped switched off. Replay the flow after switching on."
        ),
        examples=[True],
    )
    purchases_since: date | None = Field(
        default=None,
        title="Purchases since",
        description=(
            "Receipts and invoices of that day and later are added up per customer, for the last purchase and for the tags "
            "below. A fixed day, since with a moving one tags would go stale when nobody buys. Empty: purchases are not read."
        ),
        examples=["2026-01-01"],
    )
    purchase_tags: tuple[PurchaseTag, ...] = Field(
        default=(),
        max_length=20,
        title="Tags from purchases",
        description="Set when its conditions hold, and taken away when they hold no longer.",
        examples=[[{"name": "VIP", "total": "500"}]],
    )

    @model_validator(mode="after")
    def purchases_are_read(self) -> LoyaltySettings:
        """Tags need purchases, and purchases need loyalty."""
        if self.purchase_tags and self.purchases_since is None:
            raise ValueError("purchase_tags need purchases_since: the day from which purchases count")
        if self.purchases_since is not None and not self.loyalty:
            raise ValueError("purchases_since needs loyalty to be on")
        return self


POINTS, RECEIPTS, INVOICES = "relation_points", "relation_receipts", "relation_invoices"


def beside(settings: LoyaltySettings) -> tuple[str, ...]:
    """The sequences of the source that tell whose points or purchases changed."""
    if not settings.loyalty:
        return ()
    return (POINTS, RECEIPTS, INVOICES) if settings.purchases_since else (POINTS,)


def parts(settings: LoyaltySettings) -> frozenset[str]:
    """What is read along with every customer."""
    since = settings.purchases_since
    return frozenset({f"purchases:{since.isoformat()}"}) if since else frozenset()


def with_tags(customer: Customer, settings: LoyaltySettings) -> Customer:
    """The customer with the tags of his purchases: set, or to be taken away. His other tags stay as they are."""
    if not settings.purchase_tags:
        return customer
    bought = customer.purchases or Purchases()
    wishes = {tag.name: tag.fits(bought) for tag in settings.purchase_tags}
    return customer.model_copy(update={"tag_wishes": wishes | dict.fromkeys(customer.tags, True)})


NOT_HIS: Mapping[str, Any] = {"points": None, "balance": None, "purchases": None, "tag_wishes": {}}
"""What of a relation is not said of a contact of a company: points and purchases are the company's."""
