"""Orders that other shops wrote into the account: what one says, and the shipped rows. Pure.

Mailchimp's lines hold no SKU, so the reader puts the variant's beside them (mailchimp.md §3.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.connectors.base import Document, FieldKind, Fields, Glimpse, RemoteField, ShippedRow
from app.connectors.mailchimp.fields import ANY_FIELD, MOMENT
from app.connectors.mailchimp.otherstores import filled, fingerprint, ref_of
from app.values.dates import parse_moment
from app.values.money import to_decimal
from app.values.text import spoken

KIND = "order"

SUMS = ("order_total", "tax_total", "shipping_total", "discount_total")
GLIMPSED = (
    "id",
    "currency_code",
    *SUMS,
    "financial_status",
    "fulfillment_status",
    "processed_at_foreign",
    "cancelled_at_foreign",
    "updated_at_foreign",
)
"""What a look at everything asks for of each order: no person's data, and as little as tells that something changed."""


def glimpse(store: str, raw: Mapping[str, Any]) -> Glimpse | None:
    """One order of a narrow page; None for one without an id."""
    order = str(raw.get("id") or "")
    if not order:
        return None
    mark = fingerprint([raw.get(name) for name in GLIMPSED])
    return Glimpse(ref_of(store, order), mark, parse_moment(raw.get("processed_at_foreign")))


def read(raw: Mapping[str, Any], *, store: str, skus: Mapping[tuple[str, str], str | None]) -> Document:
    """One order in Mailchimp's words: no empty texts, money as Decimal, ``sku`` on each line.

    ``skus`` are the variants' by product and variant; None where the variant is gone or has none.
    """
    document = filled(raw, but=("_links", "lines", "promos", *SUMS))
    document["store_id"] = store
    document |= {name: amount for name in SUMS if (amount := to_decimal(raw.get(name))) is not None}
    lines = []
    for at, line in enumerate(raw.get("lines") or (), start=1):
        one = filled(line, but=("_links", "price", "discount", "quantity"))
        one.setdefault("id", str(at))
        one |= {
            name: amount
            for name in ("price", "discount", "quantity")
            if (amount := to_decimal(line.get(name))) is not None
        }
        sku = skus.get(variant_of(line))
        lines.append(one | ({"sku": sku} if sku else {}))
    document["lines"] = lines
    document["promos"] = [
        filled(promo, but=("amount_discounted",))
        | {"amount_discounted": to_decimal(promo.get("amount_discounted"))}
        for promo in raw.get("promos") or ()
    ]
    return document


def variant_of(line: Mapping[str, Any]) -> tuple[str, str]:
    """Product and variant that a line names."""
    return str(line.get("product_id") or ""), str(line.get("product_variant_id") or "")


# --- the shipped rows of this side ----------------------------------------------------------------------------------


def _address(target: str, source: str) -> Iterator[ShippedRow]:
    country = f"coalesce({source}.country_code, {source}.country)"
    yield f"{target}.street", f"street({source}.address1, {country})"
    yield f"{target}.number", f"house_number({source}.address1, {country})"
    yield f"{target}.addition", f"house_addition({source}.address1, {country})"
    yield f"{target}.layout", f"street_layout({source}.address1, {country})"
    yield f"{target}.extra", f"{source}.address2"
    yield f"{target}.postal_code", f"{source}.postal_code"
    yield f"{target}.city", f"{source}.city"
    yield f"{target}.region", f"coalesce({source}.province_code, {source}.province)"
    yield (
        f"{target}.country",
        f"coalesce(country_code({source}.country_code), country_code({source}.country))",
    )
    yield f"{target}.country_text", f"{source}.country"


def _parcel(target: str) -> Iterator[ShippedRow]:
    """An address with the name on the parcel."""
    source = f"{target}_address"
    yield from _address(target, source)
    yield f"{target}.name", f"{source}.name"
    yield f"{target}.company", f"{source}.company"
    yield f"{target}.phone", f"{source}.phone"


_PHONE = "coalesce(billing_address.phone, shipping_address.phone)"
_WHERE = "coalesce(billing_address.country_code, billing_address.country)"

OUT_ROWS: tuple[ShippedRow, ...] = (
    ("id", "id"),
    ("number", "id"),
    ("store", "store_id"),
    ("currency", "currency_code"),
    ("total", "order_total"),
    ("tax_total", "tax_total"),
    ("shipping_total", "shipping_total"),
    ("discount_total", "discount_total"),
    {
        "target": "financial",
        "expression": "financial_status",
        "table": {
            "entries": {
                "paid": "paid",
                "pending": "open",
                "authorized": "open",
                "partially_paid": "partly_paid",
                "refunded": "refunded",
                "partially_refunded": "partly_refunded",
                "cancelled": "cancelled",
                "canceled": "cancelled",
                "voided": "cancelled",
            },
            "default": "unknown",
            "missing": "default",
        },
        "note": "What the shops' words mean. A store with words of its own has a table in the flow's settings.",
    },
    {
        "target": "fulfilment",
        "expression": "fulfillment_status",
        "table": {
            "entries": {
                "shipped": "shipped",
                "fulfilled": "shipped",
                "partial": "partly_shipped",
                "partially_fulfilled": "partly_shipped",
                "unfulfilled": "none",
            },
            "default": "unknown",
            "missing": "default",
        },
    },
    ("custom.financial_status", "financial_status"),
    ("custom.fulfillment_status", "fulfillment_status"),
    ("customer.email", "email(customer.email_address)"),
    ("customer.email_problem", "email_problem(customer.email_address)"),
    ("customer.first_name", "customer.first_name"),
    ("customer.last_name", "customer.last_name"),
    (
        "customer.full_name",
        "coalesce(full_name(customer.first_name, customer.last_name), billing_address.name)",
    ),
    ("customer.company", "coalesce(customer.company, billing_address.company)"),
    ("customer.phone", f"coalesce(phone({_PHONE}, {_WHERE}), {_PHONE})"),
    ("customer.vat_number", "vat_number"),
    *_address("customer.billing", "billing_address"),
    *_address("customer.shipping", "shipping_address"),
    *_parcel("billing"),
    *_parcel("shipping"),
    ("landing_site", "landing_site"),
    ("campaign", "campaign_id"),
    ("url", "order_url"),
    ("financial_date", "iso_date(processed_at_foreign)"),
    ("placed_at", "moment(processed_at_foreign)"),
    ("changed_at", "moment(updated_at_foreign)"),
    ("cancelled_at", "moment(cancelled_at_foreign)"),
    ("lines[]", "lines"),
    ("lines[].id", "as_text(item.id)"),
    ("lines[].sku", "item.sku"),
    ("lines[].product", "item.product_id"),
    ("lines[].variant", "item.product_variant_id"),
    (
        "lines[].title",
        "if(contains(item.product_variant_title, item.product_title), item.product_variant_title, "
        "join(' ', [item.product_title, item.product_variant_title]))",
    ),
    ("lines[].quantity", "item.quantity"),
    ("lines[].unit_price", "item.price"),
    ("lines[].discount", "item.discount"),
    ("promos[]", "promos"),
    ("promos[].code", "item.code"),
    ("promos[].amount", "item.amount_discounted"),
    ("promos[].kind", "item.type"),
)
"""Leg 1: an order of a shop to an Order record."""

_PLACE = ("name", "company", "address1", "address2", "city", "province", "province_code", "postal_code", "country", "country_code", "phone")  # fmt: skip
_PERSON = ("id", "email_address", "first_name", "last_name", "company")


def _fields(
    names: Iterable[str], kind: FieldKind = "text", *, example: str = "", note: str = ""
) -> dict[str, RemoteField]:
    return {name: RemoteField(spoken(name), kind, example=example, note=note) for name in names}


FIELDS: Fields = {
    **_fields(("id", "store_id")),
    "currency_code": RemoteField("Currency", example="EUR"),
    "financial_status": RemoteField(
        "Financial status", example="paid", note="Each shop has words of its own."
    ),
    "fulfillment_status": RemoteField("Fulfillment status", example="shipped"),
    **_fields(("order_url", "landing_site", "campaign_id", "cart_id", "vat_number")),
    **_fields(("tracking_code", "tracking_number", "tracking_carrier", "tracking_url")),
    **_fields(SUMS, "number", example="12.50", note="In the order's currency."),
    **_fields(("processed_at_foreign", "cancelled_at_foreign", "updated_at_foreign"), "date", example=MOMENT),
    "customer": RemoteField("Customer", "object"),
    **_fields(f"customer.{name}" for name in _PERSON),
    **_fields(("customer.orders_count", "customer.total_spent"), "number"),
    "customer.opt_in_status": RemoteField("Opt-in status", "yes/no", example="true"),
    "customer.address": RemoteField("Address of the customer", "object"),
    **_fields(f"customer.address.{name}" for name in _PLACE[2:10]),
    **{
        path: field
        for place in ("billing_address", "shipping_address")
        for path, field in (
            (place, RemoteField(spoken(place), "object")),
            *_fields(f"{place}.{name}" for name in _PLACE).items(),
            *_fields((f"{place}.latitude", f"{place}.longitude"), "number").items(),
        )
    },
    "outreach": RemoteField("Campaign", "object"),
    **_fields(f"outreach.{name}" for name in ("id", "name", "type", "published_time")),
    "merge_fields": RemoteField("Merge fields", "object"),
    "merge_fields.*": ANY_FIELD,
    "lines": RemoteField("Lines", "list"),
    **_fields(f"lines[].{name}" for name in ("id", "sku", "product_id", "product_title")),
    **_fields(f"lines[].{name}" for name in ("product_variant_id", "product_variant_title", "image_url")),
    **_fields((f"lines[].{name}" for name in ("quantity", "price", "discount")), "number"),
    "promos": RemoteField("Promo codes", "list"),
    **_fields(("promos[].code", "promos[].type")),
    **_fields(("promos[].amount_discounted",), "number"),
}
"""The fields of an order's document by path."""
