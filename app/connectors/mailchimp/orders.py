"""Orders of a store: the shipped rows, and which calls bring one about. Pure.

One call for one order: it is posted whole when it is new, and afterwards only what changed is sent, because every status can
send a mail (mailchimp.md §3.4). Its customer goes before it, and so does a product that the store lacks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.connectors.base import (
    Change,
    Desired,
    Document,
    Existing,
    Intent,
    Leave,
    RemoteField,
    ShippedRow,
    Steps,
)
from app.connectors.mailchimp.customers import member_hash, street_line
from app.connectors.mailchimp.ids import store_id
from app.connectors.mailchimp.orderchanges import (
    DeleteLine,
    EnsureProduct,
    PatchOrder,
    PostOrder,
    PutStoreCustomer,
    RefundOrder,
    TagBuyer,
)
from app.connectors.mailchimp.productchanges import PutProduct
from app.connectors.mailchimp.products import VARIANT
from app.connectors.mailchimp.stores import Store

KIND, REFUND = "order", "refund"
PLACEHOLDER = "other-articles"


def _address(target: str, source: str) -> tuple[ShippedRow, ...]:
    return (
        (f"{target}.name", f"{source}.name"),
        (f"{target}.company", f"{source}.company"),
        (
            f"{target}.address1",
            street_line(source),
        ),
        (f"{target}.address2", f"{source}.extra"),
        (f"{target}.city", f"{source}.city"),
        (f"{target}.province", f"{source}.region"),
        (f"{target}.postal_code", f"{source}.postal_code"),
        (f"{target}.country", f"coalesce({source}.country_text, {source}.country)"),
        (f"{target}.country_code", f"{source}.country"),
        (f"{target}.phone", f"{source}.phone"),
    )


IN_ROWS: tuple[ShippedRow, ...] = (
    ("customer.email_address", "customer.email"),
    ("customer.first_name", "coalesce(customer.first_name, customer.full_name)"),
    ("customer.last_name", "customer.last_name"),
    ("customer.company", "customer.company"),
    (
        "customer.address.address1",
        street_line("customer.billing"),
    ),
    ("customer.address.city", "customer.billing.city"),
    ("customer.address.postal_code", "customer.billing.postal_code"),
    ("customer.address.country_code", "customer.billing.country"),
    ("customer.tags", "coalesce(customer.tags)"),
    ("currency_code", "currency"),
    {
        "target": "financial_status",
        "expression": "financial",
        "table": {
            "entries": {
                "open": "pending",
                "partly_paid": "pending",
                "paid": "paid",
                "partly_refunded": "partially_refunded",
                "refunded": "refunded",
                "cancelled": "cancelled",
            },
            "missing": "blank",
        },
    },
    {
        "target": "fulfillment_status",
        # What is taken along at the counter was never on its way, and starts no shipping notice.
        "expression": "if(kind == 'receipt', null(), fulfilment)",
        "table": {"entries": {"shipped": "shipped", "partly_shipped": "partial"}, "missing": "blank"},
    },
    ("order_total", "total"),
    ("tax_total", "tax_total"),
    ("shipping_total", "shipping_total"),
    ("discount_total", "discount_total"),
    ("processed_at_foreign", "placed_at"),
    ("updated_at_foreign", "changed_at"),
    ("cancelled_at_foreign", "cancelled_at"),
    ("order_url", "url"),
    ("landing_site", "landing_site"),
    ("campaign_id", "campaign"),
    *_address("billing_address", "billing"),
    *_address("shipping_address", "shipping"),
    ("promos", "promos[].{code: code, amount_discounted: amount, type: kind}"),
    ("lines[]", "lines"),
    ("lines[].id", "item.id"),
    ("lines[].sku", "item.sku"),
    ("lines[].product", "item.product"),
    ("lines[].title", "item.title"),
    ("lines[].note", "item.note"),
    ("lines[].quantity", "item.quantity"),
    ("lines[].price", "item.unit_price"),
    ("lines[].discount", "item.discount"),
)
"""Leg 2: an Order record to the order's document. A line names its article by ``sku``; which product and variant of the store
that is, the steps know. ``title`` and ``note`` name the product that is made of a line where the store has none."""

TEXTS = (
    "currency_code",
    "financial_status",
    "fulfillment_status",
    "order_url",
    "landing_site",
    "campaign_id",
    "tracking_number",
    "tracking_carrier",
    "tracking_url",
)
SUMS = ("order_total", "tax_total", "shipping_total", "discount_total")
TIMES = ("processed_at_foreign", "updated_at_foreign", "cancelled_at_foreign")
PLACES = ("billing_address", "shipping_address")
_TAGS = "customer.tags"
STATUS = ("financial_status", "fulfillment_status")
_PARTS = ("name", "company", "address1", "address2", "city", "province", "postal_code", "country", "country_code", "phone")  # fmt: skip

WRITABLE: Mapping[str, RemoteField] = {
    "customer": RemoteField("Customer", "object", required=True),
    "customer.email_address": RemoteField("E-mail address of the customer", required=True),
    "customer.first_name": RemoteField("First name"),
    "customer.last_name": RemoteField("Last name"),
    "customer.company": RemoteField("Company"),
    "customer.address": RemoteField("Address of the customer", "object"),
    "customer.tags": RemoteField("Tags of the buyer's contact", "list", origin="tag", note="Names; they are set, never taken away."),
    **{f"customer.address.{name}": RemoteField(f"Customer: {name}") for name in _PARTS[2:9]},
    **{name: RemoteField(name.replace("_", " ").capitalize()) for name in TEXTS},
    **{name: RemoteField(name.replace("_", " ").capitalize(), "number") for name in SUMS},
    **{name: RemoteField(name.replace("_", " ").capitalize(), "date") for name in TIMES},
    **{name: RemoteField(name.replace("_", " ").capitalize(), "object") for name in PLACES},
    **{f"{place}.{name}": RemoteField(f"{place.partition('_')[0].capitalize()}: {name}") for place in PLACES for name in _PARTS},
    "promos": RemoteField("Promo codes", "list"),
    "lines[]": RemoteField("Lines", "list", required=True),
    "lines[].id": RemoteField("Line ID", required=True),
    "lines[].sku": RemoteField("Article of the line"),
    "lines[].product": RemoteField("Product of the article, by its number"),
    "lines[].title": RemoteField("Title of the article"),
    "lines[].note": RemoteField("Note, for people only"),
    "lines[].quantity": RemoteField("Quantity, in whole pieces", "number", required=True),
    "lines[].price": RemoteField("Price of a piece", "number", required=True),
    "lines[].discount": RemoteField("Discount of the line", "number"),
}  # fmt: skip
"""All that an order of Mailchimp holds of what we know."""


def order_id(natural: str) -> str:
    """The id of an order in the store: ``receipt:5f…`` is ``receipt-5f…``."""
    return store_id(natural.replace(":", "-", 1))


def place_of_sale(
    kind: str, natural: str, lines: Sequence[str], *, credits: str | None
) -> tuple[str, tuple[str, ...]]:
    """The order in which a sale stands, and the ids of its lines there: those of a refund are added to the order that it lowers."""
    if kind != REFUND:
        return order_id(natural), tuple(store_id(line) for line in lines)
    return order_id(credits or ""), tuple(
        _refund_line(natural, number) for number in range(1, len(lines) + 1)
    )


def line_amount(line: Mapping[str, Any]) -> Decimal:
    """What a line of an order comes to."""
    return Decimal(str(line.get("price") or 0)) * int(line.get("quantity") or 0) - Decimal(
        str(line.get("discount") or 0)
    )


def _refund_line(natural: str, number: int) -> str:
    return store_id(f"{store_id(natural.partition(':')[2])}-r{number}")


def steps(
    intent: Intent, existing: Existing | None, store: Store, *, known_customer: str | None = None
) -> Steps:
    """The calls that bring one order or refund about. ``known_customer`` is the body under which the customer stands there
    already, as :func:`customer_body` makes it, where somebody knows."""
    if intent.desired is None:
        return Leave("kept", "What was sold stays sold: an order is never deleted.")
    currency = intent.document.get("currency_code") or intent.options.get("currency")
    if currency and store.currency and currency != store.currency:
        return Leave(
            "other_currency",
            f"The sale is in {currency}, and the store in {store.currency}; no number is sent for another currency's.",
        )
    if intent.kind == REFUND:
        return _refund(intent)
    order = (existing.remote_id if existing else None) or intent.remote_id or order_id(intent.natural or "")
    if existing is None and intent.changed is None:
        return _new(intent, order, known_customer)
    if not intent.update:
        if existing is not None:
            return ()  # it is there, by an earlier run or a call whose answer was lost: that is what was wanted
        return Leave("update_off", "The sale was sent, and later changes are not followed.")
    return _changed(intent, existing, order)


def customer_body(document: Mapping[str, Any]) -> Document:
    """The store's customer. ``opt_in_status`` is always false: consent is a matter of the audience (mailchimp.md §3.2)."""
    customer = document.get("customer") or {}
    email = str(customer.get("email_address", ""))
    body: Document = {"id": member_hash(email), "email_address": email, "opt_in_status": False}
    body |= said({name: customer.get(name) for name in ("company", "first_name", "last_name")})
    address = said(customer.get("address") or {})
    return body | ({"address": address} if address else {})


def existing_order(raw: Mapping[str, Any]) -> Existing:
    """An order as it is now."""
    return Existing(str(raw.get("id", "")), document=dict(raw), whole=False)


# --- the three cases -------------------------------------------------------------------------------------------------


def _new(intent: Intent, order: str, known_customer: str | None) -> Steps:
    assert intent.desired is not None
    document = intent.document
    body = _body(document)
    if intent.options.get("history") == "history_silent":
        body = {name: value for name, value in body.items() if name not in STATUS}
    customer = customer_body(document)
    lines, made = _lines(intent, document.get("lines") or ())
    who = {name: customer[name] for name in ("id", "email_address", "opt_in_status")}
    post = PostOrder(
        order=order,
        body={"id": order, "customer": who, **body, "lines": lines},
        quiet=bool(intent.options.get("backfill")),
        stand_ins=_stand_ins(intent, document.get("lines") or ()),
    )
    first = () if known_customer == fingerprint(customer) else (PutStoreCustomer(customer=customer["id"], body=customer),)  # fmt: skip
    return (*first, *made, post, *_tags(intent, customer["id"]))


def _changed(intent: Intent, existing: Existing | None, order: str) -> Steps:
    changed = intent.changed
    names = (
        None if changed is None else {path.partition(".")[0].partition("[")[0] for path in changed - {_TAGS}}
    )
    body = _body(intent.document)
    if names is not None:
        body = {name: value for name, value in body.items() if name in names}
    elif existing is not None:
        body = {name: value for name, value in body.items() if not _same(existing.document.get(name), value)}
        if existing.document.get("financial_status") in ("refunded", "partially_refunded"):
            body = {name: value for name, value in body.items() if name not in ("financial_status", *SUMS)}
    wanted = [
        each for each in intent.document.get("lines") or () if len(each) > 1 and _is_news(each, changed)
    ]
    lines, made = _lines(intent, wanted)
    if lines:
        body["lines"] = lines
    calls: list[Change] = []
    if names is None or "customer" in names:
        customer = customer_body(intent.document)
        if customer["email_address"] and names is not None:
            # Whose sale it is cannot be changed at Mailchimp; how that customer is called can.
            calls.append(PutStoreCustomer(customer=customer["id"], body=customer))
    calls += made
    if body:
        quiet = bool(intent.options.get("backfill"))
        calls.append(PatchOrder(order=order, body=body, quiet=quiet, stand_ins=_stand_ins(intent, wanted)))
    assert intent.desired is not None
    if intent.desired.modes.get("lines.price") != "create":
        calls += [
            DeleteLine(order=order, line=store_id(path[6:-1]))
            for path in sorted(intent.vanished)
            if path.startswith("lines[")
        ]
    if changed is None or _TAGS in changed:
        calls += _tags(intent, customer_body(intent.document)["id"])
    return tuple(calls)


def _tags(intent: Intent, member: str) -> tuple[TagBuyer, ...]:
    """The call that tags the buyer's contact, where a rule or a row wants it."""
    wanted = (intent.document.get("customer") or {}).get("tags")
    names = tuple(str(name) for name in wanted if name) if isinstance(wanted, list | tuple) else ()
    quiet = bool(intent.options.get("backfill"))
    return (TagBuyer(member=member, tags=names, quiet=quiet),) if names else ()


def _refund(intent: Intent) -> Steps:
    order = intent.references.get((KIND, str(intent.options.get("refund_of", ""))))
    if not order:
        return Leave("sale_not_sent", "The sale that it credits is not in the store.")
    lines = []
    for number, line in enumerate(intent.document.get("lines") or (), start=1):
        told: Document = {"id": _refund_line(intent.natural or "", number), **_amounts(line)}
        place = intent.references.get((VARIANT, str(line.get("sku", ""))), "")
        product, _, variant = place.partition("/")
        lines.append(told | ({"product_id": product, "product_variant_id": variant} if variant else {}))
    quiet = bool(intent.options.get("backfill"))
    return (
        RefundOrder(
            order=order, quiet=quiet, lines=tuple(lines), tax=Decimal(intent.document.get("tax_total") or 0)
        ),
    )


# --- lines -----------------------------------------------------------------------------------------------------------


def _lines(
    intent: Intent, wanted: Iterable[Mapping[str, Any]]
) -> tuple[list[Document], tuple[EnsureProduct, ...]]:
    """Lines by product and variant of the store, and the products to be made for those that it lacks."""
    lines, made = [], {}
    for line in wanted:
        place, product = _place(intent, line)
        if product is not None:
            shared = _is_brought(intent, line) or product.product == _own_product(line)
            made[place] = EnsureProduct(product=product, beside=shared)
        product_id, _, variant = place.partition("/")
        lines.append(
            {
                "id": store_id(str(line["id"])),
                "product_id": product_id,
                "product_variant_id": variant,
                **_amounts(line),
            }
        )
    return lines, tuple(made.values())


def _amounts(line: Mapping[str, Any]) -> Document:
    told: Document = {"quantity": int(line.get("quantity") or 1), "price": line.get("price") or 0}
    return told | ({"discount": line["discount"]} if line.get("discount") else {})


def _place(intent: Intent, line: Mapping[str, Any]) -> tuple[str, PutProduct | None]:
    """Where the line's article stands in the store, ``product/variant``; and the product to make where it does not."""
    sku = str(line.get("sku") or "")
    note = "" if intent.options.get("weights") == "plain" else str(line.get("note") or "")
    title = str(line.get("title") or sku)
    if _is_brought(intent, line):
        known = intent.references[VARIANT, sku]
        if not note:
            return known, None
        # A line has no text of its own, only its variant's title: so a weight is a hidden variant that says it.
        id, _, variant = known.partition("/")
        product = _product(id, f"{variant}-{note}", title, sku=sku, price=line.get("price"), note=note)
    elif not sku or intent.options.get("missing_products") == "placeholder":
        product = _product(
            PLACEHOLDER, PLACEHOLDER, str(intent.options.get("placeholder_title") or "Other articles")
        )
    else:
        variant = f"{sku}-{note}" if note else sku
        product = _product(
            _own_product(line) or f"article-{sku}",
            variant,
            title,
            sku=sku,
            price=line.get("price"),
            note=note,
        )
    return f"{product.product}/{product.body['variants'][0]['id']}", product


def _own_product(line: Mapping[str, Any]) -> str:
    """The id under which the products flow brings the line's product."""
    return store_id(str(line["product"])) if line.get("product") else ""


def _is_brought(intent: Intent, line: Mapping[str, Any]) -> bool:
    """Whether the products flow brought the line's article."""
    return "/" in intent.references.get((VARIANT, str(line.get("sku") or "")), "")


def _stand_ins(intent: Intent, wanted: Iterable[Mapping[str, Any]]) -> tuple[PutProduct, ...]:
    """Products as they should be in the store already, should one have been deleted there. Where missing articles hold a
    sale back, nobody stands in for them."""
    found: dict[str, PutProduct] = {}
    for line in wanted:
        place, product = _place(intent, line)
        if product is None and intent.options.get("missing_products") in ("hold", "fail"):
            continue
        if product is None:
            id, _, variant = place.partition("/")
            title = str(line.get("title") or line.get("sku"))
            product = _product(id, variant, title, sku=str(line.get("sku")), price=line.get("price"))
        if product.product in found:
            variants = [*found[product.product].body["variants"], *product.body["variants"]]
            product = PutProduct(product=product.product, body=product.body | {"variants": variants})
        found[product.product] = product
    return tuple(found.values())


def _product(
    id: str, variant: str, title: str, *, sku: str | None = None, price: Any = None, note: str = ""
) -> PutProduct:
    """A simple product, which no campaign is to show. A price below zero is what went back, and none of the article's."""
    product = store_id(id)
    one = said({"sku": sku, "price": price if price and price > 0 else None})
    titled = f"{title} {note}" if note else title
    variants = [{"id": store_id(variant), "title": titled, **one, "visibility": "hidden"}]
    return PutProduct(product=product, body={"id": product, "title": title, "variants": variants})


def _is_news(line: Mapping[str, Any], changed: frozenset[str] | None) -> bool:
    return changed is None or any(path.startswith(f"lines[{line.get('id')}].") for path in changed)


# --- bodies ----------------------------------------------------------------------------------------------------------


def fitted(desired: Desired) -> tuple[Desired, tuple[str, ...]]:
    """What an order of Mailchimp has a place for, and a word for each field that has none."""
    known = {"customer", "promos", "lines", *TEXTS, *SUMS, *TIMES, *PLACES}
    lost = [name for name in desired.document if name not in known]
    if not lost:
        return desired, ()
    document = {name: value for name, value in desired.document.items() if name in known}
    return Desired(document, desired.modes, desired.scopes, desired.emptiable), tuple(
        f"unknown_field: Mailchimp's orders have no place for {name}" for name in lost
    )


def said(values: Mapping[str, Any]) -> Document:
    """Without what says nothing: empty texts are refused in some places (mailchimp.md §6, trap 10)."""
    return {name: value for name, value in values.items() if value not in (None, "")}


def fingerprint(customer: Mapping[str, Any]) -> str:
    """A customer's body in one short text that tells nobody who it is."""
    return hashlib.blake2s(repr(sorted(customer.items())).encode(), digest_size=12).hexdigest()


def _body(document: Document) -> Document:
    """Everything but customer and lines."""
    body = said({name: document.get(name) for name in (*TEXTS, *SUMS, *TIMES)})
    for place in PLACES:
        address = said(document.get(place) or {})
        if address:
            body[place] = address
    promos = [said(each) for each in document.get("promos") or ()]
    return body | ({"promos": promos} if promos else {})


def _same(there: Any, wanted: Iterable[Mapping[str, Any]]) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(there, Mapping) and all(
            _same(there.get(name), value) for name, value in wanted.items()
        )
    if isinstance(wanted, Decimal):
        return there is not None and Decimal(str(there)) == wanted
    if isinstance(wanted, datetime) and there:
        return datetime.fromisoformat(str(there)) == wanted
    return bool(there == wanted)
