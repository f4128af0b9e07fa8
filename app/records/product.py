"""A product with its variants, as the middle sees it.

Money is Decimal in the product's currency; both prices are kept where the source tells both, so that none is computed
from a rounded other. A SKU is text, whatever the source makes of it.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ProductImage(BaseModel):
    """One picture. ``url`` is None where the source shows none that is public; ``skus`` names the variants it shows."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    id: str
    url: str | None = None
    hash: str | None = None
    skus: tuple[str, ...] = ()


class Variant(BaseModel):
    """One thing that can be sold: a till's article, a shop's variant."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    sku: str
    id: str | None = Field(default=None, description="The source's own id where it is not the SKU")
    number: str | None = Field(
        default=None, description="The target's own number, where it is known before anything is made"
    )
    external_id: str | None = None
    plu: str | None = None
    title: str | None = None
    gtin: str | None = None
    gtin_problem: str | None = None
    price_incl: Decimal | None = None
    price_excl: Decimal | None = None
    vat_code: str | None = None
    vat_rate: Decimal | None = Field(
        default=None, description="Per cent; None where the source gives no rate"
    )
    currency: str | None = None
    price: Decimal | None = Field(
        default=None, description="The price that a flow chose to send, in its target's currency"
    )
    visible: bool = Field(default=True, description="False: known at the target, and shown to nobody there")
    quantity: int | None = Field(
        default=None, description="What can be sold; None where it is not known or not managed"
    )
    stock_managed: bool = True
    active: bool = True
    discontinued: bool = False
    web_shop: bool = True
    attributes: dict[str, str] = Field(
        default_factory=dict, description="What makes it a variant: colour, size"
    )
    image_url: str | None = None
    url: str | None = None
    unit: str | None = None
    turnover_group: str | None = None
    price_groups: dict[str, Decimal] = Field(default_factory=dict)
    custom: dict[str, Any] = Field(default_factory=dict, description="What no other field fits")


class Product(BaseModel):
    """A product; a simple one has exactly one variant."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    id: str = Field(description="The source's number of the product")
    store: str | None = Field(
        default=None, description="The shop it comes from, where the source has several"
    )
    title: str | None = None
    description: str | None = None
    short_description: str | None = None
    brand: str | None = None
    url: str | None = None
    handle: str | None = None
    variants: tuple[Variant, ...] = ()
    categories: tuple[str, ...] = Field(
        default=(), description="Numbers of the groups it stands in, first one first"
    )
    category_name: str | None = None
    category_path: tuple[str, ...] = Field(
        default=(), description="Names from the root of the tree to the first of its groups"
    )
    images: tuple[ProductImage, ...] = ()
    active: bool = True
    web_shop: bool = True
    properties: dict[str, str] = Field(default_factory=dict, description="Information only: makes no variant")
    tax_class: str | None = None
    published_at: datetime | None = None
    changed_at: datetime | None = None
    custom: dict[str, Any] = Field(default_factory=dict, description="What no other field fits")
