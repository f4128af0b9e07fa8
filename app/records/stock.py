"""The stock of one article, per branch, before any formula."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class BranchStock(BaseModel):
    """One branch's amounts. ``free`` is what can safely be sold: already net of ``reserved`` (mplus.md §4.5)."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    branch: str
    free: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    incoming: Decimal = Decimal(0)

    @property
    def on_hand(self) -> Decimal:
        """What physically lies there."""
        return self.free + self.reserved


class Sellable(BaseModel):
    """What one article may be sold of, after the flow's formula: whole pieces."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sku: str
    quantity: int


class StockLevel(BaseModel):
    """One article's stock in every branch the source told."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    sku: str
    branches: tuple[BranchStock, ...] = ()
    managed: bool = Field(default=True, description="False: the article keeps no stock; a constant is sent")
    day_stock: bool = False
