"""Calls on a store's customers, and the contact that each of them becomes in the audience (mailchimp.md §3.2).

``opt_in_status`` makes a new contact ``subscribed`` or ``transactional`` and never changes the status of one who is there;
only a customer who turns from false to true lifts his transactional contact.
"""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp import enrolment
from app.sandbox.mailchimp.call import Call, lookup
from app.sandbox.mailchimp.problems import bad_request, invalid_field, not_found, unprocessable
from app.sandbox.mailchimp.shapes import at_most, boolean, record, string
from app.sandbox.mailchimp.store import LONGEST_ID, POSTAL, Customer, Store, customer_json
from app.sandbox.mailchimp.storecalls import store_of
from app.sandbox.mailchimp.world import Account

ADDRESS = record((), **dict.fromkeys(POSTAL, string))
FIELDS = {
    "opt_in_status": boolean,
    "company": string,
    "first_name": string,
    "last_name": string,
    "sms_phone_number": string,
    "address": ADDRESS,
}
NEW_CUSTOMER = record(
    ("id", "email_address", "opt_in_status"), id=at_most(LONGEST_ID), email_address=string, **FIELDS
)
CUSTOMER_CHANGE = record((), email_address=string, **FIELDS)
CUSTOMER_KEYS = (
    "id",
    "email_address",
    *FIELDS,
    "orders_count",
    "total_spent",
    "created_at",
    "updated_at",
)


def get_customers(call: Call) -> dict[str, Any]:
    store = store_of(call)
    wanted = call.query.get("email_address")
    if wanted:
        one = store.by_email.get(wanted.strip().lower())
        found = [one] if one is not None else []
    else:
        found = list(store.customers.values())
    return call.page("customers", found, customer_json, keys=CUSTOMER_KEYS, store_id=store.id)


def get_customer(call: Call) -> dict[str, Any]:
    store = store_of(call)
    return call.answer(customer_json(lookup(store.customers, call.args[1])))


def post_customer(call: Call) -> dict[str, Any]:
    store = store_of(call)
    body = call.body(NEW_CUSTOMER)
    if body["id"] in store.customers:
        raise unprocessable("A customer with the provided ID already exists in the account.")
    return call.answer(customer_json(add_customer(call.account, store, body["id"], body)))


def put_customer(call: Call) -> dict[str, Any]:
    store = store_of(call)
    body = call.body(NEW_CUSTOMER)
    if len(call.args[1]) > LONGEST_ID:
        raise not_found()
    known = store.customers.get(call.args[1])
    if known is None:
        known = add_customer(call.account, store, call.args[1], body)
    else:
        change_customer(call.account, store, known, body)
    return call.answer(customer_json(known))


def patch_customer(call: Call) -> dict[str, Any]:
    store = store_of(call)
    customer = lookup(store.customers, call.args[1])
    change_customer(call.account, store, customer, call.body(CUSTOMER_CHANGE))
    return call.answer(customer_json(customer))


def delete_customer(call: Call) -> None:
    """His orders stay, and so does the contact. Afterwards the address is free for another customer."""
    store = store_of(call)
    customer = lookup(store.customers, call.args[1])
    del store.customers[customer.id]
    del store.by_email[customer.email.lower()]


def add_customer(account: Account, store: Store, customer_id: str, body: dict[str, Any]) -> Customer:
    check_new(store, body)
    email = body["email_address"].strip()
    opted_in = bool(body.get("opt_in_status", False))
    enrol(account, store, email, opted_in=opted_in, turned=False, body=body)
    now = account.world.clock.iso()
    customer = Customer(customer_id, email, plain(body), created_at=now, updated_at=now)
    store.customers[customer_id] = customer
    store.by_email[email.lower()] = customer
    return customer


def check_new(store: Store, body: dict[str, Any]) -> None:
    email = (body.get("email_address") or "").strip()
    if not email:
        raise invalid_field("email_address", "An email address is required to create a customer.")
    if email.lower() in store.by_email:
        raise bad_request("This customer email already exists")


def check_change(customer: Customer, body: dict[str, Any]) -> None:
    email = body.get("email_address")
    if email and email.strip().lower() != customer.email.lower():
        raise bad_request("An email address may not be changed once a customer is created")


def change_customer(account: Account, store: Store, customer: Customer, body: dict[str, Any]) -> None:
    check_change(customer, body)
    turned = body.get("opt_in_status") is True and not customer.data.get("opt_in_status", False)
    if turned:
        enrol(account, store, customer.email, opted_in=True, turned=True, body=body)
    given = plain(body)
    if any(customer.data.get(name) != value for name, value in given.items()):
        customer.data.update(given)
        customer.updated_at = account.world.clock.iso()


def plain(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in FIELDS if name in body}


def enrol(
    account: Account, store: Store, email: str, *, opted_in: bool, turned: bool, body: dict[str, Any]
) -> None:
    """Make or link the contact. An address that the audience refuses refuses the customer too (*inferred*)."""
    audience = account.audiences.get(store.list_id)
    if audience is None:
        return
    member = audience.find(email)
    if member is None:
        names = {"FNAME": body.get("first_name") or "", "LNAME": body.get("last_name") or ""}
        enrolment.add(
            audience,
            {"email_address": email, "merge_fields": names},
            "subscribed" if opted_in else "transactional",
            source="api",
            skip_required=True,
        )
    elif turned and member.status == "transactional":
        enrolment.set_status(audience, member, "subscribed", source="api")
