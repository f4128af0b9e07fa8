"""An e-commerce store and what lies in it, as Mailchimp keeps and shows it (mailchimp.md §3). State only."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

MOST_VARIANTS_SHOWN = 50
LONGEST_ID = 50

Json = dict[str, Any]


@dataclass(slots=True, eq=False)
class Product:
    """``data`` holds the plain fields; variants and images by their ids."""

    id: str
    data: Json
    variants: dict[str, Json] = field(default_factory=dict)
    images: dict[str, Json] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Customer:
    """Counts his orders as they come and go, so that one customer with fifty thousand of them costs nothing."""

    id: str
    email: str
    data: Json
    created_at: str
    updated_at: str
    orders_count: int = 0
    total_spent: Decimal = Decimal(0)

    def count(self, order: Order) -> None:
        if order.counts:
            self.orders_count += 1
            self.total_spent += order.total

    def uncount(self, order: Order) -> None:
        if order.counts:
            self.orders_count -= 1
            self.total_spent -= order.total


@dataclass(slots=True, eq=False)
class Order:
    id: str
    customer: Customer
    data: Json
    lines: dict[str, Json] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Any ``cancelled_at_foreign`` cancels."""
        return not self.data.get("cancelled_at_foreign")

    @property
    def total(self) -> Decimal:
        return Decimal(str(self.data.get("order_total", 0)))


@dataclass(slots=True, eq=False)
class Cart:
    id: str
    customer: Customer
    data: Json
    created_at: str
    updated_at: str
    lines: dict[str, Json] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class PromoRule:
    id: str
    data: Json
    codes: dict[str, Json] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Store:
    id: str
    list_id: str
    data: Json
    created_at: str
    updated_at: str
    automations: set[str] = field(default_factory=lambda: {"order_notifications"})
    products: dict[str, Product] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    by_email: dict[str, Customer] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    carts: dict[str, Cart] = field(default_factory=dict)
    promo_rules: dict[str, PromoRule] = field(default_factory=dict)

    @property
    def is_syncing(self) -> bool:
        return bool(self.data.get("is_syncing", False))

    @property
    def currency(self) -> str:
        return str(self.data.get("currency_code", ""))


def store_json(store: Store, *, list_is_active: bool) -> Json:
    data = store.data
    return {
        "id": store.id,
        "list_id": store.list_id,
        "name": data.get("name", ""),
        "platform": data.get("platform", ""),
        "domain": data.get("domain", ""),
        "is_syncing": store.is_syncing,
        "email_address": data.get("email_address", ""),
        "currency_code": store.currency,
        "money_format": data.get("money_format", ""),
        "primary_locale": data.get("primary_locale", ""),
        "timezone": data.get("timezone", ""),
        "phone": data.get("phone", ""),
        "address": postal(data.get("address"), POSTAL),
        "connected_site": {"site_foreign_id": store.id, "site_script": {"url": "", "fragment": ""}},
        "automations": {
            "abandoned_cart": {
                "is_supported": True,
                "id": "",
                "status": "sending" if "abandoned_cart" in store.automations else "save",
            },
            "abandoned_browse": {"is_supported": False, "id": "", "status": "save"},
        },
        "list_is_active": list_is_active,
        "created_at": store.created_at,
        "updated_at": store.updated_at,
    }


POSTAL = (
    "address1",
    "address2",
    "city",
    "province",
    "province_code",
    "postal_code",
    "country",
    "country_code",
)
POSTAL_OF_ORDER = ("name", *POSTAL, "phone", "company")


def postal(given: Json | None, parts: tuple[str, ...]) -> Json:
    given = given or {}
    shown: Json = {part: given.get(part, "") for part in parts}
    for part in ("longitude", "latitude"):
        if part in given:
            shown[part] = given[part]
    return shown


def variant_json(variant: Json) -> Json:
    return {
        "id": variant["id"],
        "title": variant.get("title", ""),
        "url": variant.get("url", ""),
        "sku": variant.get("sku", ""),
        "price": variant.get("price", 0),
        "inventory_quantity": variant.get("inventory_quantity", 0),
        "image_url": variant.get("image_url", ""),
        "backorders": variant.get("backorders", ""),
        "visibility": variant.get("visibility", ""),
        "created_at": variant["created_at"],
        "updated_at": variant["updated_at"],
    }


def image_json(image: Json) -> Json:
    return {"id": image["id"], "url": image.get("url", ""), "variant_ids": image.get("variant_ids", [])}


def product_json(product: Product, *, currency: str) -> Json:
    """At most fifty variants; the rest is found by paging the product's variants."""
    data = product.data
    return {
        "id": product.id,
        "currency_code": currency,
        "title": data.get("title", ""),
        "handle": data.get("handle", ""),
        "url": data.get("url", ""),
        "description": data.get("description", ""),
        "type": data.get("type", ""),
        "vendor": data.get("vendor", ""),
        "image_url": data.get("image_url", ""),
        "variants": [variant_json(one) for one in list(product.variants.values())[:MOST_VARIANTS_SHOWN]],
        "images": [image_json(one) for one in product.images.values()],
        "published_at_foreign": data.get("published_at_foreign", ""),
    }


def customer_json(customer: Customer) -> Json:
    """``orders_count`` and ``total_spent`` are counted from the orders, whatever anybody sends."""
    data = customer.data
    return {
        "id": customer.id,
        "email_address": customer.email,
        "sms_phone_number": data.get("sms_phone_number", ""),
        "opt_in_status": data.get("opt_in_status", False),
        "company": data.get("company", ""),
        "first_name": data.get("first_name", ""),
        "last_name": data.get("last_name", ""),
        "orders_count": customer.orders_count,
        "total_spent": float(customer.total_spent),
        "address": postal(data.get("address"), POSTAL),
        "created_at": customer.created_at,
        "updated_at": customer.updated_at,
    }


def line_json(line: Json, store: Store) -> Json:
    product = store.products.get(line["product_id"])
    variant = product.variants.get(line["product_variant_id"]) if product is not None else None
    return {
        "id": line["id"],
        "product_id": line["product_id"],
        "product_title": product.data.get("title", "") if product is not None else "",
        "product_variant_id": line["product_variant_id"],
        "product_variant_title": variant.get("title", "") if variant is not None else "",
        "image_url": product.data.get("image_url", "") if product is not None else "",
        "quantity": line.get("quantity", 0),
        "price": line.get("price", 0),
        "discount": line.get("discount", 0),
    }


ORDER_TEXTS = (
    "financial_status",
    "fulfillment_status",
    "order_url",
    "landing_site",
    "campaign_id",
    "cart_id",
    "tracking_code",
    "tracking_number",
    "tracking_carrier",
    "tracking_url",
)
ORDER_SUMS = ("order_total", "tax_total", "shipping_total", "discount_total")
ORDER_TIMES = ("processed_at_foreign", "cancelled_at_foreign", "updated_at_foreign")


def order_json(order: Order, store: Store) -> Json:
    """Unset texts and times come as "", also the tracking code that an update refuses in that form."""
    data = order.data
    shown: Json = {
        "id": order.id,
        "customer": customer_json(order.customer),
        "store_id": store.id,
        "currency_code": data.get("currency_code", ""),
        "shipping_address": postal(data.get("shipping_address"), POSTAL_OF_ORDER),
        "billing_address": postal(data.get("billing_address"), POSTAL_OF_ORDER),
        "promos": data.get("promos", []),
        "lines": [line_json(line, store) for line in order.lines.values()],
        "outreach": {
            "id": (data.get("outreach") or {}).get("id", ""),
            "name": "",
            "type": "",
            "published_time": "",
        },
    }
    for name in ORDER_SUMS:
        shown[name] = data.get(name, 0)
    for name in (*ORDER_TEXTS, *ORDER_TIMES):
        shown[name] = data.get(name, "")
    return shown


def cart_line_json(line: Json, store: Store) -> Json:
    shown = line_json(line, store)
    return {name: shown[name] for name in shown if name not in ("discount", "image_url")}


def cart_json(cart: Cart, store: Store) -> Json:
    return {
        "id": cart.id,
        "customer": customer_json(cart.customer),
        "campaign_id": cart.data.get("campaign_id", ""),
        "checkout_url": cart.data.get("checkout_url", ""),
        "currency_code": cart.data.get("currency_code", ""),
        "order_total": cart.data.get("order_total", 0),
        "tax_total": cart.data.get("tax_total", 0),
        "lines": [cart_line_json(line, store) for line in cart.lines.values()],
        "created_at": cart.created_at,
        "updated_at": cart.updated_at,
    }
