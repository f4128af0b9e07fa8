"""What the panel shows of this Mailchimp and lets one do there (``shelves.py``, ``deeds.py``, ``tradedeeds.py``); ``app/sandbox/control.py`` draws the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from app.sandbox.control import Action, Shelf
from app.sandbox.mailchimp.audience import Audience
from app.sandbox.mailchimp.audienceview import member_json
from app.sandbox.mailchimp.deeds import actions, audience_of
from app.sandbox.mailchimp.seeding import fill
from app.sandbox.mailchimp.shelves import audience_shelves, trade_shelves
from app.sandbox.mailchimp.store import (
    Store,
    cart_json,
    customer_json,
    order_json,
    product_json,
    store_json,
    variant_json,
)
from app.sandbox.mailchimp.tradedeeds import trade_actions
from app.sandbox.mailchimp.world import Account, Mailchimp

if TYPE_CHECKING:
    from app.sandbox.door import Door
    from app.sandbox.faults import Faults
    from app.sandbox.mailchimp.server import MailchimpSandbox
    from app.sandbox.requestlog import RequestLog


class Inside:
    """The panel's view; every order over HTTP ends in a method that a test can call in-process as well."""

    def __init__(
        self, sandbox: MailchimpSandbox, *, furnish: Callable[[Mailchimp], None], title: str
    ) -> None:
        self.title = title
        self.world: Mailchimp = sandbox.world
        self.faults: Faults = sandbox.faults
        self.log: RequestLog = sandbox.log
        self.door: Door = sandbox.door
        self._furnish = furnish

    def reset(self) -> None:
        self.world.clear()
        self.faults.clear()
        self._furnish(self.world)

    def seed(self, *, size: int, seed: int, **more: Any) -> None:
        fill(audience_of(self.world, more), size=size, seed=seed)

    def state(self) -> dict[str, Any]:
        """Everything, as plain data; members without the parts that are the same for all."""
        return {
            "now": self.world.clock.iso(),
            "accounts": [account_state(account) for account in self.world.accounts.values()],
            "mails": self.world.mails.as_json(),
            "postman": self.world.postman.as_json(),
        }

    def notes(self) -> Sequence[str]:
        lines = []
        for account in self.world.accounts.values():
            lists = ", ".join(f"{one.id} ({one.name})" for one in account.audiences.values())
            lines.append(f"{account.name}: API key {account.key}, audiences {lists}")
        return [
            *lines,
            "Set base_url to this server's address followed by /3.0. No mail is ever sent; see Mails.",
        ]

    def shelves(self) -> Sequence[Shelf]:
        return [*audience_shelves(self.world), *trade_shelves(self.world)]

    def actions(self) -> Sequence[Action]:
        return [*actions(self.world), *trade_actions(self.world)]


# -- state -------------------------------------------------------------------------------------------------------


def account_state(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "logins": [
            {
                "id": one.id,
                "role": one.role,
                "in_flight": one.in_flight,
                "peak": one.peak,
                "refused": one.refused,
            }
            for one in account.logins
        ],
        "contact_limit": account.contact_limit,
        "writes_refused": account.writes_refused,
        "unsigned_webhooks": account.unsigned_webhooks,
        "audiences": [audience_state(one) for one in account.audiences.values()],
        "stores": [
            store_state(one, is_active=one.list_id in account.audiences) for one in account.stores.values()
        ],
        "batches": [one.as_json(results_url="") for one in account.batches.values()],
    }


def audience_state(audience: Audience) -> dict[str, Any]:
    return {
        "id": audience.id,
        "name": audience.name,
        "double_optin": audience.double_optin,
        "welcome": audience.welcome,
        "merge_fields": [one.as_json(list_id=audience.id) for one in audience.fields.values()],
        "interests": audience.interest_names,
        "tags": audience.tag_ids,
        "members": {
            member.email: {
                key: value
                for key, value in member_json(member, audience).items()
                if key
                in ("id", "contact_id", "status", "merge_fields", "interests", "language", "last_changed")
            }
            | {
                "tags": [audience.tag_names[tag] for tag in member.tags],
                "in_compliance": member.in_compliance,
            }
            for member in audience.members.values()
        },
        "forgotten": sorted(audience.forgotten),
        "webhooks": [hook.as_json() | {"told": hook.told} for hook in audience.webhooks.values()],
    }


def store_state(store: Store, *, is_active: bool) -> dict[str, Any]:
    return store_json(store, list_is_active=is_active) | {
        "products": {
            one.id: product_json(one, currency=store.currency)
            | {"variants": [variant_json(variant) for variant in one.variants.values()]}
            for one in store.products.values()
        },
        "customers": {one.id: customer_json(one) for one in store.customers.values()},
        "orders": {one.id: order_json(one, store) for one in store.orders.values()},
        "carts": {one.id: cart_json(one, store) for one in store.carts.values()},
    }
