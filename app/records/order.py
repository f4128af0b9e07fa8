"""A sale, as the middle sees it: an order, an invoice or a receipt of a till; an order of a shop."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.records.customer import Address, Customer

SaleKind = Literal["order", "invoice", "receipt"]
FinancialState = Literal["open", "partly_paid", "paid", "refunded", "partly_refunded", "cancelled", "unknown"]
FulfilmentState = Literal["none", "partly_shipped", "shipped", "unknown"]
LineRole = Literal["product", "shipping", "discount", "deposit", "gift_card", "payment", "text"]


class OrderAddress(Address):
    """An address with the name on the parcel."""

    name: str | None = None
    company: str | None = None
    phone: str | None = None


class OrderLine(BaseModel):
    """One line. ``unit_price`` and ``total`` include VAT after the line's discount; ``discount`` is what came off."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    id: str
    sku: str | None = None
    gtin: str | None = None
    product: str | None = Field(
        default=None, description="The product that the article belongs to, where the source tells"
    )
    variant: str | None = Field(
        default=None, description="The source's own id of the article, where it has one beside the SKU"
    )
    title: str | None = None
    role: LineRole = "product"
    quantity: Decimal = Decimal(1)
    unit: str | None = None
    unit_price: Decimal = Decimal(0)
    unit_price_excl: Decimal | None = None
    discount: Decimal = Decimal(0)
    promotion: str | None = Field(default=None, description="The promotion that took the discount off")
    total: Decimal | None = None
    total_excl: Decimal | None = None
    vat_code: str | None = None
    vat_rate: Decimal | None = None
    account: str | None = None
    note: str | None = None


class VatSum(BaseModel):
    """The source's own sum per VAT code: used as it stands, never computed anew."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    code: str
    rate: Decimal | None = None
    base: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)


class OrderPayment(BaseModel):
    """One payment by its method; paying by gift card is a payment, not a discount."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    method: str
    amount: Decimal
    at: datetime | None = None
    reference: str | None = None


class Promo(BaseModel):
    """A promo code that was used."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    code: str
    amount: Decimal
    kind: Literal["fixed", "percentage"] = "fixed"


class Order(BaseModel):
    """One sale. ``number`` is what people read on paper, ``id`` what the source finds it by."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    id: str
    kind: SaleKind = "order"
    number: str | None = None
    external_id: str | None = None
    related_ids: tuple[str, ...] = Field(
        default=(), description="The same sale under its other kinds: order, invoice, receipt"
    )
    credit_of: str | None = Field(default=None, description="The sale that this one credits")
    credit_related_ids: tuple[str, ...] = Field(
        default=(), description="The credited sale under its other kinds, where the source tells"
    )
    customer_ref: str | None = None
    customer: Customer | None = None
    currency: str | None = None
    lines: tuple[OrderLine, ...] = ()
    total: Decimal = Decimal(0)
    total_excl: Decimal | None = None
    tax_total: Decimal | None = None
    shipping_total: Decimal = Decimal(0)
    discount_total: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    vat: tuple[VatSum, ...] = ()
    prices_include_vat: bool = True
    taxed: Literal["normal", "shifted", "none"] = Field(
        default="normal", description="`shifted`: the buyer's business owes the VAT; `none`: exported"
    )
    tax_country: str | None = Field(
        default=None, description="ISO 3166 alpha-2 of the country whose VAT it bears, where it is not ours"
    )
    financial: FinancialState = "unknown"
    fulfilment: FulfilmentState = "unknown"
    is_revenue: bool = Field(
        default=True, description="False: cash in or out, a transfer, a top-up, a deposit, an invoice paid"
    )
    billing: OrderAddress | None = None
    shipping: OrderAddress | None = None
    payments: tuple[OrderPayment, ...] = ()
    promos: tuple[Promo, ...] = ()
    branch: str | None = None
    workplace: str | None = None
    employee: str | None = None
    category: str | None = None
    delivery_method: str | None = None
    reference: str | None = None
    note: str | None = None
    store: str | None = Field(default=None, description="The source store where a system has several")
    campaign: str | None = None
    landing_site: str | None = None
    url: str | None = None
    financial_date: date | None = None
    due_date: date | None = None
    placed_at: datetime | None = None
    changed_at: datetime | None = None
    cancelled_at: datetime | None = None
    version: str | None = None
    custom: dict[str, Any] = Field(default_factory=dict, description="What no other field fits")
