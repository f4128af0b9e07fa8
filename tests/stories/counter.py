"""Sales of a shop as a shopkeeper rings them up, and the store's orders as a test can state them."""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp.ordercalls import order_json
from tests.shop import Shop
from tests.stories.storefront import article, store

JAN = {
    "name": "Jan de Vries",
    "email": "jan@devries.nl",
    "address": "Kerkstraat 12a",
    "zipcode": "1234 AB",
    "city": "Utrecht",
    "country": "Nederland",
}


def stocked(shop: Shop) -> int:
    """A jumper of 49.95 and cheese by weight in the till; Jan as a relation, whose number is told."""
    shop.till.catalogue.add(
        productNumber=1,
        description="Trui",
        articleList=[article(10_001, description="Trui", priceIncl=4_995)],
    )
    kaas = article(10_002, description="Kaas", priceIncl=1_500, vatCode=1, siUnit="KG")
    shop.till.catalogue.add(productNumber=2, description="Kaas", articleList=[kaas])
    return int(shop.till.relations.add(**JAN)["relationNumber"])


def sold(article_number: int, price: float, quantity: float = 1, **more: Any) -> dict[str, Any]:
    """A line of a till session, in euros."""
    text = {10_001: "Trui", 10_002: "Kaas"}.get(article_number, "Artikel")
    return {"articleNumber": article_number, "text": text, "quantity": quantity, "priceIncl": price} | more


def sell(shop: Shop, *lines: dict[str, Any], relation: int | None = None, method: str = "PIN") -> str:
    """A sale at the counter; the receipt's id."""
    due = sum(line["priceIncl"] * line["quantity"] for line in lines)
    left = shop.till.counter.sell(lines, [{"method": method, "amount": round(due, 2)}], relation=relation)
    return str(left["receiptId"])


def order(shop: Shop, relation: int, *lines: tuple[int, int], **more: Any) -> dict[str, Any]:
    """An order of the back office: (article, pieces)."""
    told = [
        {"articleNumber": number, "data": {"quantity": pieces, "decimalPlaces": 0}}
        for number, pieces in lines
    ]
    return shop.till.orders.create({"relationNumber": relation, "employeeNumber": 1, "lineList": told} | more)


def orders(shop: Shop) -> dict[str, dict[str, Any]]:
    """Every order of the store by its id, without what says nothing; lines by their articles."""
    held = store(shop)
    return {id: _shown(order_json(each, held)) for id, each in sorted(held.orders.items())}


def lines(shop: Shop, order_id: str) -> list[tuple[str, int, float, float]]:
    """(variant, quantity, price, discount) of every line."""
    found = order_json(store(shop).orders[order_id], store(shop))["lines"]
    return [(each["product_variant_id"], each["quantity"], each["price"], each["discount"]) for each in found]


def mails(shop: Shop) -> list[str]:
    """What Mailchimp wrote to people, by kind."""
    return [each.kind for each in shop.mailchimp.world.mails.sent]


def _shown(raw: dict[str, Any]) -> dict[str, Any]:
    own = {
        name: value
        for name, value in raw.items()
        if name not in ("id", "store_id", "customer", "lines", "outreach") and value not in ("", 0, [])
    }
    for name in ("billing_address", "shipping_address"):
        own[name] = {part: value for part, value in raw[name].items() if value}
        if not own[name]:
            del own[name]
    told = [(each["product_variant_id"], each["quantity"], each["price"]) for each in raw["lines"]]
    return own | {"customer": raw["customer"]["email_address"], "lines": told}
