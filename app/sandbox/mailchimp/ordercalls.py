"""Calls on orders and their lines (mailchimp.md §3.4): one missing product, variant or campaign refuses the whole order.

Nothing is kept of an order that is refused. A change leaves the lines that it does not mention.
"""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp import customercalls
from app.sandbox.mailchimp.call import Call, lookup
from app.sandbox.mailchimp.clock import wire_time
from app.sandbox.mailchimp.ordermails import send_order_mails
from app.sandbox.mailchimp.problems import bad_request, not_allowed, not_found, unprocessable
from app.sandbox.mailchimp.productcalls import NEW_PRODUCT, add_product
from app.sandbox.mailchimp.shapes import (
    integer,
    list_of,
    number,
    one_of,
    record,
    string,
    time,
)
from app.sandbox.mailchimp.store import (
    LONGEST_ID,
    ORDER_SUMS,
    ORDER_TEXTS,
    ORDER_TIMES,
    POSTAL_OF_ORDER,
    Customer,
    Order,
    Store,
    line_json,
    order_json,
)
from app.sandbox.mailchimp.storecalls import cut_id, store_of
from app.sandbox.mailchimp.world import Account

LINE_FIELDS = {
    "product_id": string,
    "product_variant_id": string,
    "quantity": integer,
    "price": number,
    "discount": number,
    "product": NEW_PRODUCT,
}
NEW_LINE = record(("id", "product_id", "product_variant_id", "quantity", "price"), id=string, **LINE_FIELDS)
LINE_CHANGE = record((), **LINE_FIELDS)
ADDRESS = record((), **dict.fromkeys(POSTAL_OF_ORDER, string), longitude=number, latitude=number)
FIELDS = {
    **dict.fromkeys(ORDER_TEXTS, string),
    **dict.fromkeys(ORDER_SUMS, number),
    **dict.fromkeys(ORDER_TIMES, time),
    "tracking_code": one_of("prec"),
    "currency_code": string,
    "shipping_address": ADDRESS,
    "billing_address": ADDRESS,
    "outreach": record((), id=string),
    "promos": list_of(
        record(
            ("code", "amount_discounted", "type"),
            code=string,
            amount_discounted=number,
            type=one_of("fixed", "percentage"),
        )
    ),
}
BUYER = {"email_address": string, **customercalls.FIELDS}
NEW_ORDER = record(
    ("id", "customer", "currency_code", "order_total", "lines"),
    id=string,
    customer=record(("id",), id=string, **BUYER),
    lines=list_of(NEW_LINE, least=1),
    **FIELDS,
)
ORDER_CHANGE = record(
    (),
    customer=record((), **BUYER),
    lines=list_of(record(("id",), id=string, **LINE_FIELDS)),
    **FIELDS,
)
ORDER_KEYS = ("id", "customer", "store_id", "lines", *FIELDS)
LINE_KEYS = [
    "id",
    "product_id",
    "product_title",
    "product_variant_id",
    "product_variant_title",
    "image_url",
    "quantity",
    "price",
    "discount",
]


# -- orders ------------------------------------------------------------------------------------------------------


def get_orders(call: Call) -> dict[str, Any]:
    store = store_of(call)
    found = [(one, store) for one in store.orders.values()]
    return _page(call, found, store_id=store.id)


def get_all_orders(call: Call) -> dict[str, Any]:
    """Of all stores of the account."""
    return _page(
        call, [(one, store) for store in call.account.stores.values() for one in store.orders.values()]
    )


def _page(call: Call, found: list[tuple[Order, Store]], **beside: Any) -> dict[str, Any]:
    query = call.query
    if query.get("customer_id"):
        found = [pair for pair in found if pair[0].customer.id == query["customer_id"]]
    if query.get("campaign_id"):
        found = [pair for pair in found if pair[0].data.get("campaign_id") == query["campaign_id"]]
    if query.get("outreach_id"):
        found = [pair for pair in found if outreach(pair[0]) == query["outreach_id"]]
    if query.get("has_outreach"):
        wanted = query["has_outreach"].lower() in ("true", "1")
        found = [pair for pair in found if bool(outreach(pair[0])) == wanted]
    return call.page("orders", found, lambda pair: order_json(*pair), keys=ORDER_KEYS, **beside)


def outreach(order: Order) -> str:
    return str((order.data.get("outreach") or {}).get("id", ""))


def order_of(call: Call) -> tuple[Store, Order]:
    store = store_of(call)
    return store, lookup(store.orders, call.args[1])


def get_order(call: Call) -> dict[str, Any]:
    store, order = order_of(call)
    return call.answer(order_json(order, store))


def post_order(call: Call) -> dict[str, Any]:
    store = store_of(call)
    order = add_order(call.account, store, call.body(NEW_ORDER))
    return call.answer(order_json(order, store))


def put_order(call: Call) -> dict[str, Any]:
    """Add or update; unproven at the real service. Lines are treated as PATCH treats them (*inferred*)."""
    if not call.account.put_orders:
        raise not_allowed(("GET", "PATCH", "DELETE"))
    store = store_of(call)
    body = call.body(NEW_ORDER)
    known = store.orders.get(call.args[1])
    if known is None:
        known = add_order(call.account, store, {**body, "id": call.args[1]})
    else:
        change_order(call.account, store, known, body)
    return call.answer(order_json(known, store))


def patch_order(call: Call) -> dict[str, Any]:
    store, order = order_of(call)
    change_order(call.account, store, order, call.body(ORDER_CHANGE))
    return call.answer(order_json(order, store))


def delete_order(call: Call) -> None:
    store, order = order_of(call)
    del store.orders[order.id]
    order.customer.uncount(order)


def add_order(account: Account, store: Store, body: dict[str, Any]) -> Order:
    order_id = cut_id(body["id"])
    if order_id in store.orders:
        raise unprocessable("An order with the provided ID already exists in the account.")
    check_lines(store, body["lines"])
    check_campaign(account, store, body)
    customer = buyer(account, store, body["customer"])
    first = customer.orders_count == 0
    order = Order(order_id, customer, plain(body))
    set_lines(store, order.lines, body["lines"], now=account.world.clock.iso())
    store.orders[order_id] = order
    customer.count(order)
    send_order_mails(account, store, order, before={}, first=first)
    return order


def change_order(account: Account, store: Store, order: Order, body: dict[str, Any]) -> None:
    lines = body.get("lines") or []
    for line in lines:
        if cut_id(line["id"]) not in order.lines:
            complete(line)
    check_lines(store, lines)
    check_campaign(account, store, body)
    buyer_change = body.get("customer")
    if buyer_change:
        customercalls.change_customer(account, store, order.customer, buyer_change)
    before = dict(order.data)
    order.customer.uncount(order)
    order.data.update(plain(body))
    order.customer.count(order)
    set_lines(store, order.lines, lines, now=account.world.clock.iso())
    send_order_mails(account, store, order, before=before, first=False)


def plain(body: dict[str, Any]) -> dict[str, Any]:
    kept = {name: body[name] for name in FIELDS if name in body}
    for name in ORDER_TIMES:
        if kept.get(name):
            kept[name] = wire_time(kept[name])
    return kept


# -- what an order refers to -------------------------------------------------------------------------------------


def check_lines(store: Store, lines: list[dict[str, Any]]) -> None:
    """An inline ``product`` is as good as one that is there (new in 3.0.91)."""
    for line in lines:
        product_id, variant_id = line.get("product_id"), line.get("product_variant_id")
        if product_id is None and variant_id is None:
            continue
        inline = line.get("product")
        product = store.products.get(product_id or "")
        if product is None and (inline is None or inline["id"] != product_id):
            raise bad_request("A product with the provided ID does not exist in the account for this list.")
        variants = {one["id"] for one in inline["variants"]} if inline is not None else set()
        if product is not None:
            variants |= product.variants.keys()
        if variant_id is not None and variant_id not in variants:
            raise bad_request(
                "A product with the provided variant ID does not exist in the account for this list."
            )


def check_campaign(account: Account, store: Store, body: dict[str, Any]) -> None:
    campaign = body.get("campaign_id")
    if campaign and account.campaigns.get(campaign) != store.list_id:
        raise bad_request("A campaign with the provided ID does not exist in the account for this list.")


def buyer(account: Account, store: Store, body: dict[str, Any]) -> Customer:
    """The customer of an order or cart: known by his id, or made from what is said about him."""
    if len(body["id"]) > LONGEST_ID:
        raise not_found()
    known = store.customers.get(body["id"])
    if known is None:
        return customercalls.add_customer(account, store, body["id"], body)
    customercalls.change_customer(account, store, known, body)
    return known


# -- lines -------------------------------------------------------------------------------------------------------


def complete(line: dict[str, Any]) -> None:
    """A line that is not there yet must say everything."""
    missing = [
        name for name in ("product_id", "product_variant_id", "quantity", "price") if line.get(name) is None
    ]
    if missing:
        raise bad_request(f"Required fields were not provided: {', '.join(missing)}")


def set_lines(
    store: Store, lines: dict[str, dict[str, Any]], given: list[dict[str, Any]], *, now: str
) -> None:
    for line in given:
        inline = line.get("product")
        if inline is not None and inline["id"] not in store.products:
            add_product(store, inline, now=now)
        line_id = cut_id(line["id"])
        kept = lines.setdefault(line_id, {"id": line_id})
        kept.update({name: line[name] for name in LINE_FIELDS if name in line and name != "product"})


def get_lines(call: Call) -> dict[str, Any]:
    store, order = order_of(call)
    return call.page(
        "lines",
        order.lines.values(),
        lambda one: line_json(one, store),
        keys=LINE_KEYS,
        store_id=store.id,
        order_id=order.id,
    )


def get_line(call: Call) -> dict[str, Any]:
    store, order = order_of(call)
    return call.answer(line_json(lookup(order.lines, call.args[2]), store))


def post_line(call: Call) -> dict[str, Any]:
    store, order = order_of(call)
    body = call.body(NEW_LINE)
    if cut_id(body["id"]) in order.lines:
        raise unprocessable("An order line with the provided ID already exists in the account.")
    check_lines(store, [body])
    set_lines(store, order.lines, [body], now=call.world.clock.iso())
    return call.answer(line_json(order.lines[cut_id(body["id"])], store))


def patch_line(call: Call) -> dict[str, Any]:
    store, order = order_of(call)
    line = lookup(order.lines, call.args[2])
    body = {**call.body(LINE_CHANGE), "id": line["id"]}
    check_lines(store, [{**line, **body}])
    set_lines(store, order.lines, [body], now=call.world.clock.iso())
    return call.answer(line_json(line, store))


def delete_line(call: Call) -> None:
    _, order = order_of(call)
    del order.lines[lookup(order.lines, call.args[2])["id"]]
