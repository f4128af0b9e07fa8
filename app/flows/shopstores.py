"""A store whose orders are booked: in which states, under which numbers, and what its numbers mean."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.records.order import FinancialState, FulfilmentState


class SourceStore(BaseModel):
    """One store of the Mailchimp account whose orders are booked in the till."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(
        pattern=r"^[^/\s]{1,50}$",
        title="Store",
        description="Its id in Mailchimp. Never the store that this service writes: its orders came from the till.",
        examples=["webshop"],
    )
    prefix: str | None = Field(
        default=None,
        max_length=50,
        title="Before the order number",
        description=(
            "Makes the shop's order number the till's external number, which must be unique among all shops. Empty text: the "
            "number alone. Not filled in: the store's id and a dash."
        ),
        examples=["web-"],
    )
    take: tuple[FinancialState, ...] = Field(
        default=("paid",),
        min_length=1,
        title="Booked when",
        description="States of payment in which an order is booked. Others wait: they are looked at again when they change.",
        examples=[["paid"], ["paid", "open"]],
    )
    fulfilment: tuple[FulfilmentState, ...] = Field(
        default=(),
        title="Only when",
        description="States of delivery in which an order is booked. Empty: any.",
        examples=[["shipped"]],
    )
    words: dict[str, FinancialState] = Field(
        default_factory=dict,
        title="Words for payment",
        description="What the shop's own words mean, where they are not Mailchimp's.",
        examples=[{"betaald": "paid", "wacht": "open"}],
    )
    prices: Literal["auto", "with_vat", "without_vat"] = Field(
        default="auto",
        title="Prices of lines",
        description="Whether they hold the VAT. `auto`: what adds up to the order's total.",
        examples=["auto"],
    )
    line_discounts: Literal["auto", "in_price", "on_top"] = Field(
        default="auto",
        title="Discounts of lines",
        description="Whether a line's price is what is left after its discount. `auto`: what adds up to the total.",
        examples=["auto"],
    )

    @property
    def before(self) -> str:
        """What stands before the order's number in the till."""
        return f"{self.id}-" if self.prefix is None else self.prefix
