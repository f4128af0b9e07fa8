"""Calls on e-commerce stores (mailchimp.md §3.1): tied to one audience for ever, one per domain."""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp.call import Call, lookup
from app.sandbox.mailchimp.problems import invalid_field, unprocessable
from app.sandbox.mailchimp.shapes import boolean, number, record, string
from app.sandbox.mailchimp.store import LONGEST_ID, POSTAL, Store, store_json
from app.sandbox.mailchimp.world import Account

ADDRESS = record((), **dict.fromkeys(POSTAL, string), longitude=number, latitude=number)
FIELDS = {
    "name": string,
    "platform": string,
    "domain": string,
    "is_syncing": boolean,
    "email_address": string,
    "currency_code": string,
    "money_format": string,
    "primary_locale": string,
    "timezone": string,
    "phone": string,
    "address": ADDRESS,
}
NEW_STORE = record(("id", "list_id", "name", "currency_code"), id=string, list_id=string, **FIELDS)
STORE_CHANGE = record((), **FIELDS)
STORE_KEYS = (
    *FIELDS,
    "id",
    "list_id",
    "connected_site",
    "automations",
    "list_is_active",
    "created_at",
    "updated_at",
)


def shown(store: Store, account: Account) -> dict[str, Any]:
    return store_json(store, list_is_active=store.list_id in account.audiences)


def store_of(call: Call) -> Store:
    return lookup(call.account.stores, call.args[0])


def cut_id(text: str) -> str:
    """Longer ids are cut, and nothing is said."""
    return text[:LONGEST_ID]


def get_stores(call: Call) -> dict[str, Any]:
    return call.page(
        "stores", call.account.stores.values(), lambda one: shown(one, call.account), keys=STORE_KEYS
    )


def get_store(call: Call) -> dict[str, Any]:
    return call.answer(shown(store_of(call), call.account))


def post_store(call: Call) -> dict[str, Any]:
    return call.answer(shown(open_store(call.account, call.body(NEW_STORE)), call.account))


def open_store(account: Account, body: dict[str, Any]) -> Store:
    store_id = cut_id(body["id"])
    if not store_id:
        raise invalid_field("id", "This value should not be blank.")
    if store_id in account.stores:
        raise unprocessable("A store with the provided ID already exists in the account.")
    if body["list_id"] not in account.audiences:
        raise invalid_field(
            "list_id", "The list_id provided does not belong to a list of this account."
        )  # inferred
    check(account, body, own=None)
    now = account.world.clock.iso()
    store = Store(store_id, body["list_id"], plain(body), created_at=now, updated_at=now)
    account.stores[store_id] = store
    return store


def patch_store(call: Call) -> dict[str, Any]:
    store = store_of(call)
    body = call.body(STORE_CHANGE)
    check(call.account, body, own=store)
    store.data.update(plain(body))
    store.updated_at = call.world.clock.iso()
    return call.answer(shown(store, call.account))


def delete_store(call: Call) -> None:
    """Takes products, customers, orders and carts along."""
    del call.account.stores[store_of(call).id]


def plain(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in FIELDS if name in body}


def check(account: Account, body: dict[str, Any], *, own: Store | None) -> None:
    currency = body.get("currency_code")
    if currency is not None and not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise invalid_field("currency_code", f"{currency} is not a valid currency code.")  # inferred
    domain = body.get("domain")
    if domain and any(
        place(one.data.get("domain", "")) == place(domain)
        for one in account.stores.values()
        if one is not own
    ):
        raise unprocessable(f"A store with the domain {domain} already exists in the account.")


def place(domain: str) -> str:
    return domain.strip().lower().rstrip("/")
