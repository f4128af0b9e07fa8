"""What another shop, or the merchant, could do in the account's stores, as orders to the panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.sandbox.control import Action, RefusedError
from app.sandbox.mailchimp.deeds import Order as Wish
from app.sandbox.mailchimp.deeds import account_of, audience_of, yes
from app.sandbox.mailchimp.problems import ProblemError
from app.sandbox.mailchimp.shopping import Shopping
from app.sandbox.mailchimp.store import order_json, product_json, store_json
from app.sandbox.mailchimp.world import Account, Mailchimp


def shop_of(world: Mailchimp, wish: Wish) -> Shopping:
    """The store with ``store_id``, whatever account it belongs to."""
    for account in world.accounts.values():
        store = account.stores.get(str(wish.get("store_id", "")))
        if store is not None:
            return Shopping(account, store)
    raise RefusedError(f"there is no store {wish.get('store_id')!r}")


def rest_of(wish: Wish, *known: str) -> dict[str, Any]:
    return {name: value for name, value in wish.items() if name not in known}


def items_of(wish: Wish) -> list[tuple[str, int]]:
    """``[["A-1", 2]]``, or from the page ``A-1*2, B-1``."""
    items = wish.get("items") or ""
    if not isinstance(items, str):
        return [(str(variant), int(quantity)) for variant, quantity in items]
    parts = [part.strip().partition("*") for part in items.split(",") if part.strip()]
    return [(variant, int(quantity or 1)) for variant, _, quantity in parts]


def open_store(world: Mailchimp, wish: Wish) -> Any:
    account: Account = audience_of(world, wish).account if wish.get("list_id") else account_of(world, wish)
    list_id = wish.get("list_id") or next(iter(account.audiences))
    shop = Shopping.open(
        account,
        str(wish["store_id"]),
        list_id=str(list_id),
        **rest_of(wish, "store_id", "list_id", "account_id"),
    )
    return store_json(shop.store, list_is_active=True)


def stock(world: Mailchimp, wish: Wish) -> Any:
    shop = shop_of(world, wish)
    product = shop.stock(
        str(wish["sku"]),
        title=str(wish.get("title", wish["sku"])),
        price=float(wish.get("price", 0)),
        quantity=int(wish.get("quantity", 10)),
        variants=wish.get("variants") or ("",),
        **rest_of(wish, "store_id", "sku", "title", "price", "quantity", "variants"),
    )
    return product_json(product, currency=shop.store.currency)


def place_order(world: Mailchimp, wish: Wish) -> Any:
    shop = shop_of(world, wish)
    order = shop.order(
        str(wish["id"]),
        str(wish["email"]),
        items_of(wish),
        **rest_of(wish, "store_id", "id", "email", "items"),
    )
    return order_json(order, shop.store)


def change_order(world: Mailchimp, wish: Wish) -> Any:
    shop = shop_of(world, wish)
    if str(wish.get("id")) not in shop.store.orders:
        raise RefusedError(f"there is no order {wish.get('id')!r} in store {shop.store.id}")
    order = shop.change(str(wish["id"]), **rest_of(wish, "store_id", "id"))
    return order_json(order, shop.store)


def fill_store(world: Mailchimp, wish: Wish) -> Any:
    shop = shop_of(world, wish)
    shop.fill(size=int(wish.get("size", 20)), seed=int(wish.get("seed", 1)))
    return {"products": len(shop.store.products), "orders": len(shop.store.orders)}


def automations(world: Mailchimp, wish: Wish) -> Any:
    shop = shop_of(world, wish)
    for name in ("order_notifications", "abandoned_cart", "first_purchase"):
        if name in wish:
            (shop.store.automations.add if yes(wish[name]) else shop.store.automations.discard)(name)
    return {"automations": sorted(shop.store.automations)}


def abandon_carts(world: Mailchimp, wish: Wish) -> Any:
    return {"mailed": shop_of(world, wish).abandon_carts()}


def campaign(world: Mailchimp, wish: Wish) -> Any:
    audience = audience_of(world, wish)
    audience.account.campaigns[str(wish["campaign_id"])] = audience.id
    return {"campaigns": audience.account.campaigns}


def trade_actions(world: Mailchimp) -> list[Action]:
    def action(
        name: str, title: str, fields: tuple[tuple[str, str], ...], do: Callable[[Mailchimp, Wish], Any]
    ) -> Action:
        async def run(wish: Wish) -> Any:
            try:
                return do(world, wish)
            except ProblemError as problem:
                complaints = [f"{one['field']}: {one['message']}" for one in problem.errors or ()]
                raise RefusedError(" ".join([problem.detail, *complaints])) from None

        return Action(name, title, fields, run)

    store = ("store_id", "store")
    return [
        action("open_store", "Another shop opens a store", (store, ("list_id", "audience")), open_store),
        action(
            "stock",
            "Another shop puts a product on sale",
            (store, ("sku", "SKU"), ("title", "title"), ("price", "price"), ("quantity", "quantity")),
            stock,
        ),
        action(
            "place_order",
            "Somebody orders in another shop",
            (store, ("id", "order number"), ("email", "address"), ("items", "SKU*2, SKU")),
            place_order,
        ),
        action(
            "change_order",
            "Another shop changes an order",
            (store, ("id", "order number"), ("financial_status", "paid, refunded, cancelled")),
            change_order,
        ),
        action("fill_store", "Fill a store", (store, ("size", "orders"), ("seed", "1")), fill_store),
        action(
            "automations",
            "Which mails a store sends",
            (
                store,
                ("order_notifications", "1 or 0"),
                ("abandoned_cart", "1 or 0"),
                ("first_purchase", "1 or 0"),
            ),
            automations,
        ),
        action("abandon_carts", "Hours pass over open carts", (store,), abandon_carts),
        action("campaign", "A campaign exists", (("campaign_id", "id"), ("list_id", "audience")), campaign),
    ]
