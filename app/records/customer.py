"""A customer: one person or company as the middle sees it, with everybody who can be written to."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ConsentState = Literal["yes", "no", "unknown"]


class Address(BaseModel):
    """A postal address, street and number apart. ``country`` is ISO 3166 alpha-2, or None when it is not known.

    ``layout`` is how its line was written, where that is not the country's usual form: ``{street} {number}{addition}``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    street: str | None = None
    number: str | None = None
    addition: str | None = None
    layout: str | None = None
    extra: str | None = None
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    country_text: str | None = None


class Consent(BaseModel):
    """What the person said about marketing mail, and the proof of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    state: ConsentState = "unknown"
    at: datetime | None = None
    source: str | None = Field(
        default=None, description="Where the proof stands, e.g. the till's field by name"
    )
    ip: str | None = None


class Person(BaseModel):
    """Somebody who can be written to: the customer itself, or one contact of a company."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    id: str | None = Field(
        default=None, description="The source's number of this person, when it has its own"
    )
    email: str | None = Field(
        default=None, description="Trimmed, lower case; None when there is none that can be used"
    )
    email_problem: Literal["missing", "invalid"] | None = None
    full_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    mobile: str | None = None
    birthday: date | None = None
    language: str | None = None
    consent: Consent = Consent()
    categories: tuple[str, ...] = ()
    custom: dict[str, Any] = Field(default_factory=dict, description="What no other field fits")


class Purchases(BaseModel):
    """What somebody bought since a day that the flow names: amounts with VAT, credits taken off."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    count: int | None = None
    total: Decimal | None = None
    last: date | None = None
    groups: tuple[str, ...] = Field(default=(), description="Turnover groups of what was bought")


class Customer(Person):
    """One relation of a till or one contact of an audience."""

    company: str | None = None
    active: bool = True
    contacts: tuple[Person, ...] = ()
    billing: Address | None = None
    shipping: Address | None = None
    website: str | None = None
    vat_number: str | None = None
    registration_number: str | None = None
    number: str | None = Field(default=None, description="The customer number people know")
    card_number: str | None = None
    price_group: str | None = None
    payment_days: int | None = None
    points: int | None = None
    balance: Decimal | None = None
    purchases: Purchases | None = None
    tags: tuple[str, ...] = ()
    groups: tuple[str, ...] = Field(default=(), description="Groups of interest that were chosen, by id")
    tag_wishes: dict[str, bool] = Field(
        default_factory=dict, description="Tags that are set, or taken away, because of purchases"
    )
    category_wishes: dict[str, bool] = Field(
        default_factory=dict, description="Categories at the target that are set, or taken away"
    )
    note: str | None = None
    created_at: datetime | None = None
    changed_at: datetime | None = None
