"""The sandbox against Mailchimp's own description: every operation is called, every answer is judged.

The tests of the sandbox judge each of their answers too; this one shows that no described operation is left out, that
lists hold records when they are judged, and that the judge is awake.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from openapi_core.validation.response.exceptions import ResponseValidationError

from app.sandbox.mailchimp.server import create_mailchimp
from app.sandbox.serving import serving
from tests.sandbox.mailchimp import openapi

pytestmark = pytest.mark.skipif(
    not openapi.DESCRIPTION.exists(), reason="shared/specs/mailchimp is not beside this checkout"
)

ANNA = "anna@klant-voorbeeld.nl"
LIST = "/lists/{list}"
STORES = "/ecommerce/stores"
STORE = f"{STORES}/till"
CONTACT = {
    "company": "A",
    "address1": "Markt 1",
    "city": "Utrecht",
    "state": "UT",
    "zip": "3511",
    "country": "NL",
}
SETTINGS = {
    "name": "Second",
    "contact": CONTACT,
    "permission_reminder": "You asked for it.",
    "campaign_defaults": {
        "from_name": "A",
        "from_email": "a@winkel-voorbeeld.nl",
        "subject": "",
        "language": "nl",
    },
    "email_type_option": False,
}
VARIANT = {
    "id": "100",
    "title": "Bread",
    "sku": "100",
    "price": 2.75,
    "inventory_quantity": 4,
    "backorders": "0",
}
IMAGE = {"id": "i1", "url": "https://winkel-voorbeeld.nl/b.jpg", "variant_ids": ["100"]}
PRODUCT = {"id": "100", "title": "Bread", "variants": [VARIANT], "images": [IMAGE],
           "published_at_foreign": "2026-01-01T00:00:00+00:00"}  # fmt: skip
BUYER = {"id": "anna", "email_address": ANNA, "opt_in_status": False, "address": {"city": "Utrecht"}}
LINE = {"id": "1", "product_id": "100", "product_variant_id": "100", "quantity": 1, "price": 2.75}
ORDER = {
    "id": "o1", "customer": BUYER, "currency_code": "EUR", "order_total": 2.75, "lines": [{**LINE, "discount": 0.25}],
    "financial_status": "paid", "processed_at_foreign": "2026-01-01T00:00:00+00:00", "tracking_code": "prec",
    "billing_address": {"name": "Anna", "latitude": 52.1, "longitude": 5.1},
    "promos": [{"code": "A", "amount_discounted": 1, "type": "fixed"}], "outreach": {"id": "out"},
}  # fmt: skip
CART = {
    **{key: ORDER[key] for key in ("customer", "currency_code", "order_total")},
    "id": "c1",
    "lines": [LINE],
}
RULE = {"id": "r1", "description": "A tenth off", "amount": 0.1, "type": "percentage", "target": "total"}
CODE = {"id": "k1", "code": "BREAD", "redemption_url": "https://winkel-voorbeeld.nl/?c=BREAD"}
HOOK = {"url": "https://connector-voorbeeld.nl/hook", "events": {"subscribe": True}, "sources": {"api": True}}
MEMBER = {
    "email_address": ANNA, "status_if_new": "subscribed", "language": "nl", "vip": True, "ip_opt": "198.51.100.1",
    "merge_fields": {"FNAME": "Anna", "ADDRESS": {"addr1": "Markt 1", "city": "U", "state": "U", "zip": "3"}},
    "timestamp_opt": "2026-01-01T00:00:00+00:00", "location": {"latitude": 52.1, "longitude": 5.1},
    "interests": {"{interest}": True},
    "marketing_permissions": [{"marketing_permission_id": "{permission}", "enabled": True}],
}  # fmt: skip

# What is done, in this order; ``{name}`` stands for an id that was learned on the way (third column).
WALK: list[tuple[str, str, str, Any]] = [
    ("GET", "/", "", None),
    ("GET", "/ping", "", None),
    ("POST", "/lists", "second", SETTINGS),
    ("GET", "/lists?include_total_contacts=true", "", None),
    ("PATCH", "/lists/{second}", "", SETTINGS),
    ("DELETE", "/lists/{second}", "", None),
    ("GET", f"{LIST}?include_total_contacts=true", "", None),
    ("POST", f"{LIST}/interest-categories", "category", {"title": "Taste", "type": "checkboxes"}),
    ("GET", f"{LIST}/interest-categories", "", None),
    ("GET", f"{LIST}/interest-categories/{{category}}", "", None),
    ("PATCH", f"{LIST}/interest-categories/{{category}}", "", {"title": "Tastes", "type": "radio"}),
    ("POST", f"{LIST}/interest-categories/{{category}}/interests", "interest", {"name": "Bread"}),
    ("GET", f"{LIST}/interest-categories/{{category}}/interests", "", None),
    ("GET", f"{LIST}/interest-categories/{{category}}/interests/{{interest}}", "", None),
    ("PATCH", f"{LIST}/interest-categories/{{category}}/interests/{{interest}}", "", {"name": "Loaf"}),
    ("PUT", f"{LIST}/members/{ANNA}", "anna", MEMBER),
    ("POST", f"{LIST}/members/{{anna}}/tags", "", {"tags": [{"name": "gold", "status": "active"}]}),
    ("GET", f"{LIST}/members/{{anna}}/tags", "", None),
    ("GET", f"{LIST}/tag-search?name=go", "", None),
    ("GET", f"{LIST}/members/{{anna}}", "", None),
    ("PATCH", f"{LIST}/members/{{anna}}?skip_merge_validation=true", "", {"status": "unsubscribed"}),
    ("POST", f"{LIST}/members", "bram", {"email_address": "bram@klant-voorbeeld.nl", "status": "pending"}),
    ("GET", f"{LIST}/members?count=1000&sort_field=last_changed&sort_dir=ASC", "", None),
    ("GET", f"/search-members?query={ANNA}", "", None),
    ("POST", LIST, "", {"members": [
        {"email_address": ANNA, "status": "unsubscribed", "tags": ["gold"]},
        {"email_address": "carl@klant-voorbeeld.nl", "status": "subscribed"},
        {"email_address": "x@example.com", "status": "subscribed"}], "update_existing": True}),
    ("DELETE", f"{LIST}/members/{{bram}}", "", None),
    ("GET", f"{LIST}/members/{{bram}}", "", None),
    ("POST", f"{LIST}/members/{{bram}}/actions/delete-permanent", "", None),
    ("POST", f"{LIST}/merge-fields", "", {"name": "Shop", "type": "dropdown", "tag": "SHOP",
                                         "options": {"choices": ["A", "B"]}}),
    ("GET", f"{LIST}/merge-fields", "", None),
    ("GET", f"{LIST}/merge-fields/6", "", None),
    ("PATCH", f"{LIST}/merge-fields/6", "", {"name": "Branch"}),
    ("DELETE", f"{LIST}/merge-fields/6", "", None),
    ("POST", f"{LIST}/webhooks", "hook", HOOK),
    ("GET", f"{LIST}/webhooks", "", None),
    ("GET", f"{LIST}/webhooks/{{hook}}", "", None),
    ("PATCH", f"{LIST}/webhooks/{{hook}}", "", {"events": {"profile": True}}),
    ("DELETE", f"{LIST}/webhooks/{{hook}}", "", None),
    ("POST", STORES, "", {"id": "till", "list_id": "{list}", "name": "Till", "currency_code": "EUR"}),
    ("GET", STORES, "", None),
    ("GET", STORE, "", None),
    ("PATCH", STORE, "", {"is_syncing": True, "address": {"city": "Utrecht", "longitude": 5.1, "latitude": 52.1}}),
    ("POST", f"{STORE}/products", "", PRODUCT),
    ("GET", f"{STORE}/products", "", None),
    ("GET", f"{STORE}/products/100", "", None),
    ("PATCH", f"{STORE}/products/100", "", {"title": "Loaf"}),
    ("PUT", f"{STORE}/products/100", "", PRODUCT),
    ("POST", f"{STORE}/products/100/variants", "", {**VARIANT, "id": "101"}),
    ("PUT", f"{STORE}/products/100/variants/101", "", {**VARIANT, "id": "101"}),
    ("PATCH", f"{STORE}/products/100/variants/101", "", {"inventory_quantity": 2}),
    ("GET", f"{STORE}/products/100/variants", "", None),
    ("GET", f"{STORE}/products/100/variants/101", "", None),
    ("DELETE", f"{STORE}/products/100/variants/101", "", None),
    ("POST", f"{STORE}/products/100/images", "", {**IMAGE, "id": "i2"}),
    ("PATCH", f"{STORE}/products/100/images/i2", "", {"variant_ids": []}),
    ("GET", f"{STORE}/products/100/images", "", None),
    ("GET", f"{STORE}/products/100/images/i2", "", None),
    ("DELETE", f"{STORE}/products/100/images/i2", "", None),
    ("PUT", f"{STORE}/customers/anna", "", BUYER),
    ("POST", f"{STORE}/customers", "", {**BUYER, "id": "bo", "email_address": "bo@klant-voorbeeld.nl"}),
    ("PATCH", f"{STORE}/customers/anna", "", {"first_name": "Anna"}),
    ("GET", f"{STORE}/customers", "", None),
    ("GET", f"{STORE}/customers/anna", "", None),
    ("DELETE", f"{STORE}/customers/bo", "", None),
    ("POST", f"{STORE}/orders", "", ORDER),
    ("PUT", f"{STORE}/orders/o2", "", {**ORDER, "id": "o2", "tracking_code": "prec"}),
    ("PATCH", f"{STORE}/orders/o1", "", {"cancelled_at_foreign": "2026-01-02T00:00:00+00:00"}),
    ("GET", f"{STORE}/orders", "", None),
    ("GET", f"{STORE}/orders/o1", "", None),
    ("GET", "/ecommerce/orders", "", None),
    ("POST", f"{STORE}/orders/o1/lines", "", {**LINE, "id": "2"}),
    ("PATCH", f"{STORE}/orders/o1/lines/2", "", {"quantity": 2}),
    ("GET", f"{STORE}/orders/o1/lines", "", None),
    ("GET", f"{STORE}/orders/o1/lines/2", "", None),
    ("DELETE", f"{STORE}/orders/o1/lines/2", "", None),
    ("DELETE", f"{STORE}/orders/o2", "", None),
    ("POST", f"{STORE}/carts", "", CART),
    ("PATCH", f"{STORE}/carts/c1", "", {"order_total": 3}),
    ("GET", f"{STORE}/carts", "", None),
    ("GET", f"{STORE}/carts/c1", "", None),
    ("POST", f"{STORE}/carts/c1/lines", "", {**LINE, "id": "2"}),
    ("PATCH", f"{STORE}/carts/c1/lines/2", "", {"quantity": 2}),
    ("GET", f"{STORE}/carts/c1/lines", "", None),
    ("GET", f"{STORE}/carts/c1/lines/2", "", None),
    ("DELETE", f"{STORE}/carts/c1/lines/2", "", None),
    ("DELETE", f"{STORE}/carts/c1", "", None),
    ("POST", f"{STORE}/promo-rules", "", RULE),
    ("PATCH", f"{STORE}/promo-rules/r1", "", {"starts_at": "2026-01-01T00:00:00+00:00"}),
    ("GET", f"{STORE}/promo-rules", "", None),
    ("GET", f"{STORE}/promo-rules/r1", "", None),
    ("POST", f"{STORE}/promo-rules/r1/promo-codes", "", CODE),
    ("PATCH", f"{STORE}/promo-rules/r1/promo-codes/k1", "", {"usage_count": 1}),
    ("GET", f"{STORE}/promo-rules/r1/promo-codes", "", None),
    ("GET", f"{STORE}/promo-rules/r1/promo-codes/k1", "", None),
    ("DELETE", f"{STORE}/promo-rules/r1/promo-codes/k1", "", None),
    ("DELETE", f"{STORE}/promo-rules/r1", "", None),
    ("POST", "/batches", "batch", {"operations": [{"method": "GET", "path": "/ping", "operation_id": "1"}]}),
    ("GET", "/batches/{batch}", "", None),
    ("GET", "/batches", "", None),
    ("DELETE", "/batches/{batch}", "", None),
    ("POST", "/batch-webhooks", "batch hook", {"url": "https://connector-voorbeeld.nl/batch"}),
    ("GET", "/batch-webhooks", "", None),
    ("GET", "/batch-webhooks/{batch hook}", "", None),
    ("PATCH", "/batch-webhooks/{batch hook}", "", {"enabled": False}),
    ("DELETE", "/batch-webhooks/{batch hook}", "", None),
    ("DELETE", f"{STORE}/products/100", "", None),
    ("DELETE", STORE, "", None),
    ("DELETE", f"{LIST}/interest-categories/{{category}}/interests/{{interest}}", "", None),
    ("DELETE", f"{LIST}/interest-categories/{{category}}", "", None),
]  # fmt: skip


def filled(template: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        template = template.replace("{" + name + "}", value)
    return template


def operations() -> set[tuple[str, str]]:
    return {
        (method.upper(), path)
        for path, item in openapi.document()["paths"].items()
        for method in item
        if method in ("get", "post", "put", "patch", "delete")
    }


async def test_every_described_operation_answers_as_described() -> None:
    sandbox = create_mailchimp(rounds=False)
    sandbox.postman.transport = httpx.MockTransport(lambda _: httpx.Response(200))
    account = next(iter(sandbox.world.accounts.values()))
    audience = next(iter(account.audiences.values()))
    known = {"list": audience.id, "permission": audience.open_permission("E-mail")}
    done: set[tuple[str, str]] = set()

    async with (
        serving(sandbox) as base_url,
        httpx.AsyncClient(
            base_url=f"{base_url}/3.0", headers={"Authorization": f"Bearer {account.key}"}
        ) as http,
    ):
        for method, template, learn, body in WALK:
            content = filled(json.dumps(body), known) if body is not None else None
            response = await http.request(
                method,
                filled(template, known),
                content=content,
                headers={"Content-Type": "application/json"} if content else {},
            )
            assert response.status_code in (200, 204), (method, template, response.text)
            openapi.judge(response)
            done.add((method, openapi.described_path(response.request)))
            if learn:
                known[learn] = response.json()["id"]

    assert operations() == done


async def test_the_judge_is_awake() -> None:
    request = httpx.Request("GET", "http://sandbox/3.0/ecommerce/stores/till/customers/anna")
    wrong = {"id": "anna", "orders_count": "three"}

    with pytest.raises(ResponseValidationError):
        openapi.judge(httpx.Response(200, json=wrong, request=request))
    with pytest.raises(ResponseValidationError):
        openapi.judge(httpx.Response(200, json={"id": "anna", "updated_at": "today"}, request=request))
    with pytest.raises(AssertionError):
        openapi.judge(httpx.Response(200, json={}, request=httpx.Request("GET", "http://sandbox/3.0/nosuch")))
