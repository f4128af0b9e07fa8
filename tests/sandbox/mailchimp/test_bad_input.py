"""Whatever is sent, the sandbox answers or refuses; it never breaks, and what it keeps can be shown again as JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.sandbox.mailchimp.server import create_mailchimp
from app.sandbox.mailchimp.shopping import Shopping
from app.sandbox.mailchimp.webhooks import EVENTS, Webhook
from tests.sandbox.mailchimp.conftest import ANNA, LIST

STORE = "/ecommerce/stores/till"
MEMBER: dict[str, Any] = {
    "email_address": ANNA,
    "status": "subscribed",
    "status_if_new": "subscribed",
    "merge_fields": {
        "FNAME": "Anna",
        "NUMBER": 1,
        "DATE": "2026-01-01",
        "URL": "https://u.nl",
        "BIRTHDAY": "01/02",
        "ADDRESS": {"addr1": "Markt 1", "city": "U", "state": "U", "zip": "3"},
    },
    "interests": {"{interest}": True},
    "location": {"latitude": 1, "longitude": 2},
    "marketing_permissions": [{"marketing_permission_id": "x", "enabled": True}],
    "timestamp_opt": "2026-01-01T00:00:00Z",
    "tags": ["gold"],
}
VARIANT = {"id": "100", "title": "Bread", "price": 2.75, "inventory_quantity": 4}
PRODUCT = {
    "id": "100",
    "title": "Bread",
    "variants": [VARIANT],
    "images": [{"id": "1", "url": "u", "variant_ids": ["1"]}],
}
ORDER: dict[str, Any] = {
    "id": "o1",
    "customer": {"id": "anna", "email_address": ANNA, "opt_in_status": False, "address": {"city": "U"}},
    "currency_code": "EUR",
    "order_total": 5.5,
    "lines": [
        {
            "id": "1",
            "product_id": "100",
            "product_variant_id": "100",
            "quantity": 1,
            "price": 1,
            "product": PRODUCT,
        }
    ],
    "promos": [{"code": "A", "amount_discounted": 1, "type": "fixed"}],
    "outreach": {"id": "x"},
    "billing_address": {"name": "Anna", "latitude": 1},
    "processed_at_foreign": "2026-01-01T00:00:00Z",
}
WRITES: list[tuple[str, str, Any]] = [
    ("PUT", f"{LIST}/members/{ANNA}", MEMBER),
    ("PATCH", f"{LIST}/members/{ANNA}", MEMBER),
    ("POST", f"{LIST}/members", MEMBER),
    ("POST", LIST, {"members": [MEMBER], "update_existing": True, "sync_tags": True}),
    ("POST", f"{LIST}/members/{ANNA}/tags", {"tags": [{"name": "gold", "status": "active"}], "is_syncing": True}),
    ("POST", f"{LIST}/merge-fields", {"name": "Shop", "type": "text", "options": {"choices": ["a"]}}),
    ("PATCH", f"{LIST}/merge-fields/1", {"name": "Shop", "tag": "SHOP", "options": {"size": 3}}),
    ("POST", f"{LIST}/interest-categories", {"title": "Taste", "type": "radio", "display_order": 1}),
    ("POST", "/ecommerce/stores", {"id": "x", "list_id": "a1b2c3d4e5", "name": "x", "currency_code": "EUR", "domain": "d"}),
    ("PATCH", STORE, {"name": "x", "address": {"city": "U", "longitude": 5}, "is_syncing": True}),
    ("PUT", f"{STORE}/products/100", PRODUCT),
    ("PATCH", f"{STORE}/products/100", PRODUCT),
    ("PUT", f"{STORE}/products/100/variants/1", VARIANT),
    ("PUT", f"{STORE}/customers/anna", ORDER["customer"]),
    ("POST", f"{STORE}/orders", ORDER),
    ("PUT", f"{STORE}/orders/o1", ORDER),
    ("PATCH", f"{STORE}/orders/there", ORDER),
    ("PATCH", f"{STORE}/orders/there/lines/1", ORDER["lines"][0]),
    ("POST", f"{STORE}/carts", ORDER),
    ("POST", f"{STORE}/promo-rules", {"id": "r", "description": "d", "amount": 1, "type": "fixed", "target": "total"}),
    ("POST", "/batches", {"operations": [{"method": "GET", "path": "/ping", "params": {"count": 1}}]}),
]  # fmt: skip

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
AWKWARD = st.sampled_from(
    ["", " ", "x" * 300, "é" * 200, "\x00", "\ud800", "2026-13-01", "9999-12-31T23:59:59-14:00", 10**400, -1, 1e308, [], {}]
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something could be put in the place of what is there."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from places(part, (*path, name))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[str, str, str]:
    method, path, body = draw(st.sampled_from(WRITES))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.sampled_from(list(places(body))))
        body = replaced(body, at, draw(JSON | AWKWARD))
    return method, path, json.dumps(body)


@settings(max_examples=150, deadline=None)
@given(writes=st.lists(spoiled(), min_size=1, max_size=8))
def test_spoiled_bodies(writes: list[tuple[str, str, str]]) -> None:
    sandbox = create_mailchimp(rounds=False, log_limit=0)
    account = next(iter(sandbox.world.accounts.values()))
    audience = sandbox.world.audience("a1b2c3d4e5")
    for type_ in ("number", "date", "url"):
        audience.open_field(type_.upper(), type=type_)
    interest = next(iter(audience.open_category("Taste", "Bread").interests))
    everything = dict.fromkeys(EVENTS, True)
    audience.webhooks["h"] = Webhook("h", "https://u.nl", audience.id, everything, {"api": True}, secret="s")
    till = Shopping.open(account, "till", list_id="a1b2c3d4e5")
    till.stock("100", title="Bread", price=2.75)
    till.order("there", "bram@klant-voorbeeld.nl", [("100", 1)])

    async def send() -> list[int]:
        return [
            (
                await sandbox.perform_operation(
                    account, account.logins[0], method, path, "", body.replace("{interest}", interest)
                )
            )[0]
            for method, path, body in writes
        ]

    statuses = asyncio.run(send())
    kept = json.dumps(sandbox.inside.state(), allow_nan=False)

    assert set(statuses) <= {200, 204, 400, 404}
    assert "till" in kept
