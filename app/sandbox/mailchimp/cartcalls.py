"""Calls on carts and their lines (mailchimp.md §3.5). A cart does not expire and never becomes an order by itself."""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp.call import Call, lookup
from app.sandbox.mailchimp.ordercalls import BUYER, buyer, check_campaign, check_lines, complete, set_lines
from app.sandbox.mailchimp.problems import unprocessable
from app.sandbox.mailchimp.shapes import integer, list_of, number, record, string
from app.sandbox.mailchimp.store import Cart, Store, cart_json, cart_line_json
from app.sandbox.mailchimp.storecalls import cut_id, store_of

LINE = {"product_id": string, "product_variant_id": string, "quantity": integer, "price": number}
NEW_LINE = record(("id", *LINE), id=string, **LINE)
LINE_CHANGE = record((), **LINE)
FIELDS = {
    "campaign_id": string,
    "checkout_url": string,
    "currency_code": string,
    "order_total": number,
    "tax_total": number,
}
NEW_CART = record(
    ("id", "customer", "currency_code", "order_total", "lines"),
    id=string,
    customer=record(("id",), id=string, **BUYER),
    lines=list_of(NEW_LINE, least=1),
    **FIELDS,
)
CART_CHANGE = record(
    (), customer=record((), **BUYER), lines=list_of(record(("id",), id=string, **LINE)), **FIELDS
)
CART_KEYS = ("id", "customer", *FIELDS, "lines", "created_at", "updated_at")
LINE_KEYS = [
    "id",
    "product_id",
    "product_title",
    "product_variant_id",
    "product_variant_title",
    "quantity",
    "price",
]


def cart_of(call: Call) -> tuple[Store, Cart]:
    store = store_of(call)
    return store, lookup(store.carts, call.args[1])


def get_carts(call: Call) -> dict[str, Any]:
    store = store_of(call)
    return call.page(
        "carts", store.carts.values(), lambda one: cart_json(one, store), keys=CART_KEYS, store_id=store.id
    )


def get_cart(call: Call) -> dict[str, Any]:
    store, cart = cart_of(call)
    return call.answer(cart_json(cart, store))


def post_cart(call: Call) -> dict[str, Any]:
    store = store_of(call)
    body = call.body(NEW_CART)
    cart_id = cut_id(body["id"])
    if cart_id in store.carts:
        raise unprocessable("A cart with the provided ID already exists in the account.")
    lines = known_parts(body["lines"])
    check_lines(store, lines)
    check_campaign(call.account, store, body)
    now = call.world.clock.iso()
    customer = buyer(call.account, store, body["customer"])
    cart = Cart(cart_id, customer, plain(body), created_at=now, updated_at=now)
    set_lines(store, cart.lines, lines, now=now)
    store.carts[cart_id] = cart
    return call.answer(cart_json(cart, store))


def patch_cart(call: Call) -> dict[str, Any]:
    store, cart = cart_of(call)
    body = call.body(CART_CHANGE)
    lines = known_parts(body.get("lines") or [])
    for line in lines:
        if cut_id(line["id"]) not in cart.lines:
            complete(line)
    check_lines(store, lines)
    check_campaign(call.account, store, body)
    cart.updated_at = call.world.clock.iso()
    cart.data.update(plain(body))
    set_lines(store, cart.lines, lines, now=cart.updated_at)
    return call.answer(cart_json(cart, store))


def delete_cart(call: Call) -> None:
    store, cart = cart_of(call)
    del store.carts[cart.id]


def plain(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in FIELDS if name in body}


def known_parts(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Unlike an order's line, a cart's line cannot bring its product along."""
    return [{name: line[name] for name in ("id", *LINE) if name in line} for line in lines]


def get_lines(call: Call) -> dict[str, Any]:
    store, cart = cart_of(call)
    return call.page(
        "lines",
        cart.lines.values(),
        lambda one: cart_line_json(one, store),
        keys=LINE_KEYS,
        store_id=store.id,
        cart_id=cart.id,
    )


def get_line(call: Call) -> dict[str, Any]:
    store, cart = cart_of(call)
    return call.answer(cart_line_json(lookup(cart.lines, call.args[2]), store))


def post_line(call: Call) -> dict[str, Any]:
    store, cart = cart_of(call)
    body = call.body(NEW_LINE)
    line_id = cut_id(body["id"])
    if line_id in cart.lines:
        raise unprocessable("A cart line with the provided ID already exists in the account.")
    lines = known_parts([body])
    check_lines(store, lines)
    set_lines(store, cart.lines, lines, now=call.world.clock.iso())
    return call.answer(cart_line_json(cart.lines[line_id], store))


def patch_line(call: Call) -> dict[str, Any]:
    store, cart = cart_of(call)
    line = lookup(cart.lines, call.args[2])
    change = known_parts([{**call.body(LINE_CHANGE), "id": line["id"]}])
    check_lines(store, [{**line, **change[0]}])
    set_lines(store, cart.lines, change, now=call.world.clock.iso())
    return call.answer(cart_line_json(line, store))


def delete_line(call: Call) -> None:
    _, cart = cart_of(call)
    del cart.lines[lookup(cart.lines, call.args[2])["id"]]
