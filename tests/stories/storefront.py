"""What the store of a shop holds, in literals that a test can state."""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp.store import Product, Store
from tests.shop import Shop


def store(shop: Shop) -> Store:
    """The one store of the sandbox's account."""
    stores = [
        store for account in shop.mailchimp.world.accounts.values() for store in account.stores.values()
    ]
    assert 1 == len(stores), [each.id for each in stores]
    return stores[0]


def shown(product: Product) -> dict[str, Any]:
    """A product without times and addresses of pictures: its own fields, and its variants by id."""
    own = {
        name: value
        for name, value in product.data.items()
        if name not in ("published_at_foreign", "image_url")
    }
    return own | {
        "variants": {id: _told(variant, "id", "created_at", "updated_at", "image_url") for id, variant in product.variants.items()}
    }  # fmt: skip


def contents(shop: Shop) -> dict[str, dict[str, Any]]:
    """Every product by its id."""
    return {id: shown(product) for id, product in sorted(store(shop).products.items())}


def quantities(shop: Shop) -> dict[str, Any]:
    """Per variant its quantity, of those that have one."""
    return {
        id: variant["inventory_quantity"]
        for product in store(shop).products.values()
        for id, variant in sorted(product.variants.items())
        if "inventory_quantity" in variant
    }


def sent(shop: Shop) -> list[str]:
    """What was written to the store so far, in order."""
    return [each for each in shop.written() if not each.startswith(("list.", "root."))]


def article(number: int, **fields: Any) -> dict[str, Any]:
    """One article card as a shopkeeper fills it in; prices in cents."""
    return {"articleNumber": number, "priceIncl": 1_000, "vatCode": 2, "turnoverGroup": 1, "webshop": True, "extraText": ""} | fields  # fmt: skip


def _told(values: dict[str, Any], *but: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in but}
