"""Shops that write into the same Mailchimp account without us: a store, its catalogue, and orders that appear there.

    shop = Shopping.open(account, "webshop", list_id=audience.id)
    shop.stock("A-1", title="Bread", price=2.5)
    shop.order("1001", "someone@klant-voorbeeld.nl", [("A-1", 2)])

Everything goes through the same rules as the API, so an order here makes a customer, a contact and mails as it would there.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from hashlib import md5
from itertools import islice
from typing import Any

from app.sandbox import people
from app.sandbox.mailchimp.ordercalls import NEW_ORDER, ORDER_CHANGE, add_order, change_order
from app.sandbox.mailchimp.productcalls import NEW_PRODUCT, add_product, fill
from app.sandbox.mailchimp.shapes import checked
from app.sandbox.mailchimp.store import Order, Product, Store
from app.sandbox.mailchimp.storecalls import NEW_STORE, open_store
from app.sandbox.mailchimp.world import Account

WARES = (
    ("Brood", ("wit", "bruin", "volkoren"), 2.75),
    ("Taart", ("klein", "groot"), 14.95),
    ("Koffie", ("250 g", "500 g", "1 kg"), 6.5),
    ("Trui", ("S", "M", "L", "XL"), 39.95),
    ("Sokken", ("36-40", "41-45"), 7.95),
    ("Kaars", ("",), 4.25),
    ("Vaas", ("",), 24.0),
)


class Shopping:
    """One foreign store and its owner's hand."""

    def __init__(self, account: Account, store: Store) -> None:
        self.account = account
        self.store = store

    @classmethod
    def open(cls, account: Account, store_id: str, *, list_id: str, **more: Any) -> Shopping:
        body = {"id": store_id, "list_id": list_id, "name": store_id, "currency_code": "EUR", **more}
        return cls(account, open_store(account, checked(body, NEW_STORE)))

    def stock(
        self,
        sku: str,
        *,
        title: str,
        price: float,
        quantity: int = 10,
        variants: Iterable[str] = ("",),
        **more: Any,
    ) -> Product:
        """A product whose id is the SKU; several ``variants`` are called SKU-1, SKU-2, and so on."""
        names = list(variants)
        body = {
            "id": sku,
            "title": title,
            "variants": [
                {
                    "id": sku if len(names) == 1 else f"{sku}-{number}",
                    "sku": sku if len(names) == 1 else f"{sku}-{number}",
                    "title": f"{title} {name}".strip(),
                    "price": price,
                    "inventory_quantity": quantity,
                }
                for number, name in enumerate(names, 1)
            ],
            **more,
        }
        now = self.account.world.clock.iso()
        known = self.store.products.get(sku)
        if known is not None:
            fill(known, checked(body, NEW_PRODUCT), now=now)
            return known
        return add_product(self.store, checked(body, NEW_PRODUCT), now=now)

    def order(
        self,
        order_id: str,
        email: str,
        items: Iterable[tuple[str, int]],
        *,
        opt_in: bool = False,
        **more: Any,
    ) -> Order:
        """``items`` are (variant id, quantity); prices come from the catalogue, the sum from the lines."""
        lines = []
        for number, (variant_id, quantity) in enumerate(items, 1):
            product, variant = self.find(variant_id)
            lines.append(
                {
                    "id": str(number),
                    "product_id": product.id,
                    "product_variant_id": variant_id,
                    "quantity": quantity,
                    "price": variant.get("price", 0),
                }
            )
        body = {
            "id": order_id,
            "customer": {
                "id": md5(email.lower().encode(), usedforsecurity=False).hexdigest(),
                "email_address": email,
                "opt_in_status": opt_in,
                **more.pop("customer", {}),
            },
            "currency_code": self.store.currency,
            "order_total": round(sum(line["price"] * line["quantity"] for line in lines), 2),
            "lines": lines,
            "financial_status": "paid",
            "processed_at_foreign": self.account.world.clock.iso(),
            **more,
        }
        return add_order(self.account, self.store, checked(body, NEW_ORDER))

    def change(self, order_id: str, **changes: Any) -> Order:
        order = self.store.orders[order_id]
        change_order(self.account, self.store, order, checked(changes, ORDER_CHANGE))
        return order

    def find(self, variant_id: str) -> tuple[Product, dict[str, Any]]:
        for product in self.store.products.values():
            if variant_id in product.variants:
                return product, product.variants[variant_id]
        raise ValueError(f"there is no variant {variant_id} in store {self.store.id}")

    def abandon_carts(self) -> int:
        """Some hours pass: whoever left a cart with a way back to it is written to, if the automation is on."""
        if self.store.is_syncing or "abandoned_cart" not in self.store.automations:
            return 0
        left = [cart for cart in self.store.carts.values() if cart.data.get("checkout_url")]
        for cart in left:
            self.account.world.mail(
                "abandoned_cart",
                email=cart.customer.email,
                list_id=self.store.list_id,
                store_id=self.store.id,
                about=cart.id,
            )
        return len(left)

    def fill(self, *, size: int, seed: int) -> None:
        """A catalogue of ``WARES`` and ``size`` orders by believable people, without mails."""
        draw = random.Random(f"store {seed}")
        for number, (title, variants, price) in enumerate(WARES, 1):
            self.stock(f"{number}00", title=title, price=price, variants=variants)
        variants_there = [one for product in self.store.products.values() for one in product.variants]
        syncing, self.store.data["is_syncing"] = self.store.is_syncing, True
        for number, person in enumerate(islice(people.people(seed), size), 1):
            items = [(one, draw.randrange(1, 4)) for one in draw.sample(variants_there, draw.randrange(1, 4))]
            if f"{seed}-{number}" not in self.store.orders:
                self.order(
                    f"{seed}-{number}",
                    person.email,
                    items,
                    customer={"first_name": person.first, "last_name": person.last},
                    financial_status=draw.choice(("paid", "paid", "paid", "pending")),
                    billing_address=billing(person),
                    shipping_address=billing(person),
                )
        self.store.data["is_syncing"] = syncing


def billing(person: people.Person) -> dict[str, str]:
    return {
        "name": person.name,
        "address1": person.address.line,
        "city": person.address.city,
        "postal_code": person.address.zipcode,
        "country_code": person.address.country,
        "country": person.address.country_text,
        "phone": person.phone,
    }
