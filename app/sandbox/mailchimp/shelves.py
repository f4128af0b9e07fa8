"""The kinds of record that the panel shows, with what leads from one to another."""

from __future__ import annotations

from collections.abc import Iterator

from app.sandbox.control import Shelf
from app.sandbox.mailchimp.audience import Audience
from app.sandbox.mailchimp.audienceview import audience_json, member_json
from app.sandbox.mailchimp.store import Store, cart_json, customer_json, order_json, product_json, store_json
from app.sandbox.mailchimp.world import Mailchimp


def audiences(world: Mailchimp) -> Iterator[Audience]:
    for account in world.accounts.values():
        yield from account.audiences.values()


def stores(world: Mailchimp) -> Iterator[Store]:
    for account in world.accounts.values():
        yield from account.stores.values()


def audience_shelves(world: Mailchimp) -> list[Shelf]:
    to_audience = {"list_id": "audiences"}
    return [
        Shelf(
            "audiences",
            "Audiences",
            ("id", "name", "double_optin", "has_welcome"),
            lambda: {one.id: audience_json(one, with_total=True) for one in audiences(world)},
        ),
        Shelf(
            "members",
            "Members",
            ("email_address", "full_name", "status", "last_changed", "tags_count", "list_id"),
            lambda: {
                f"{one.id}.{member.id}": member_json(member, one)
                for one in audiences(world)
                for member in one.members.values()
            },
            to_audience,
        ),
        Shelf(
            "merge-fields",
            "Merge fields",
            ("tag", "name", "type", "required", "list_id"),
            lambda: {
                f"{one.id}.{field.tag}": field.as_json(list_id=one.id)
                for one in audiences(world)
                for field in one.fields.values()
            },
            to_audience,
        ),
        Shelf(
            "webhooks",
            "Webhooks",
            ("id", "url", "signing_enabled", "list_id"),
            lambda: {
                hook.id: hook.as_json() | {"latest": hook.told[-10:]}
                for one in audiences(world)
                for hook in one.webhooks.values()
            },
            to_audience,
        ),
        Shelf(
            "mails",
            "Mails that would have been sent",
            ("at", "kind", "email", "about"),
            lambda: {str(number): mail for number, mail in enumerate(world.mails.as_json(), 1)},
        ),
    ]


def trade_shelves(world: Mailchimp) -> list[Shelf]:
    to_store = {"store_id": "stores"}
    return [
        Shelf(
            "stores",
            "Stores",
            ("id", "name", "domain", "currency_code", "is_syncing", "list_id"),
            lambda: {
                one.id: store_json(one, list_is_active=one.list_id in account.audiences)
                for account in world.accounts.values()
                for one in account.stores.values()
            },
            {"list_id": "audiences"},
        ),
        Shelf(
            "products",
            "Products",
            ("id", "title", "type", "vendor", "store_id"),
            lambda: {
                f"{store.id}/{one.id}": product_json(one, currency=store.currency) | {"store_id": store.id}
                for store in stores(world)
                for one in store.products.values()
            },
            to_store,
        ),
        Shelf(
            "customers",
            "Customers",
            ("email_address", "first_name", "last_name", "orders_count", "total_spent", "store_id"),
            lambda: {
                f"{store.id}/{one.id}": customer_json(one) | {"store_id": store.id}
                for store in stores(world)
                for one in store.customers.values()
            },
            to_store,
        ),
        Shelf(
            "orders",
            "Orders",
            ("id", "order_total", "financial_status", "processed_at_foreign", "store_id"),
            lambda: {
                f"{store.id}/{one.id}": order_json(one, store)
                for store in stores(world)
                for one in store.orders.values()
            },
            to_store,
        ),
        Shelf(
            "carts",
            "Carts",
            ("id", "order_total", "checkout_url", "store_id"),
            lambda: {
                f"{store.id}/{one.id}": cart_json(one, store) | {"store_id": store.id}
                for store in stores(world)
                for one in store.carts.values()
            },
            to_store,
        ),
        Shelf(
            "batches",
            "Batches",
            ("id", "status", "total_operations", "errored_operations", "submitted_at"),
            lambda: {
                one.id: one.as_json(results_url="")
                for account in world.accounts.values()
                for one in account.batches.values()
            },
        ),
    ]
