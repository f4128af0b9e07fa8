"""What stories about other shops' orders have in common: a web shop in the same account, and what stands in the till afterwards."""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp.shopping import Shopping
from tests.shop import LIST_ID, Shop

STORE = "webshop"
BUYER = "sanne@klant-voorbeeld.nl"
ADDRESS = {
    "name": "Sanne Bakker",
    "address1": "Kerkstraat 12",
    "postal_code": "3511 AB",
    "city": "Utrecht",
    "country_code": "NL",
    "country": "Netherlands",
}


def article(number: int, price: float, **more: Any) -> dict[str, Any]:
    """One article of the till, at the high rate."""
    return {
        "articleNumber": number,
        "priceIncl": round(price * 100),
        "vatCode": 2,
        "turnoverGroup": 1,
        **more,
    }


def till_with_articles(shop: Shop) -> None:
    """Three articles of one product, and those for shipping, discounts and refunds."""
    shop.till.catalogue.add(
        productNumber=1,
        description="Trui",
        articleList=[article(1001, 49.95), article(1002, 10), article(1003, 5, vatCode=1)],
    )
    shop.till.catalogue.add(
        productNumber=2,
        description="Webwinkel",
        articleList=[article(9001, 6.95), article(9002, 0), article(9003, 0)],
    )


def webshop(shop: Shop, store: str = STORE) -> Shopping:
    """A shop in the account, with a catalogue whose SKUs are the till's article numbers."""
    opened = Shopping.open(shop.audience.account, store, list_id=LIST_ID)
    for sku, title, price in (("1001", "Trui", 49.95), ("1002", "Sokken", 10), ("1003", "Boek", 5)):
        opened.stock(sku, title=title, price=price)
    return opened


async def take_orders(shop: Shop, settings: dict[str, Any] | None = None, **more: Any) -> str:
    """A running flow from the account's stores to the till, from the beginning on."""
    chosen = {"stores": [{"id": STORE}], **(settings or {})}
    return await shop.flow("shop_orders", chosen, source=shop.list_id, target=shop.till_id, **more)


async def look(shop: Shop) -> None:
    """Look through the stores once, then deliver until nothing is due any more."""
    for flow_id in shop.flow_ids:
        await shop.worker.schedule.scanner.scan(flow_id)
    await shop.quiet()


def booked(shop: Shop) -> list[dict[str, Any]]:
    """Orders of the till, the oldest first: what a shopkeeper would look at."""
    return [_sale(shop, row, "Order") for row in shop.till.orders.cards.rows.values()]


def invoiced(shop: Shop) -> list[dict[str, Any]]:
    """Invoices of the till."""
    return [_sale(shop, row, "Invoice") for row in shop.till.invoices.cards.rows.values()]


def _sale(shop: Shop, row: dict[str, Any], kind: str) -> dict[str, Any]:
    relation = shop.till.relations.cards.rows[row["relationNumber"]]
    told = {
        "external": row[f"ext{kind}Id"],
        "reference": row.get("reference", ""),
        "on": relation.get("email") or relation["relationNumber"],
        "total": row["totalInclAmount"],
        "lines": [
            (line["articleNumber"], line["text"], line["data"]["quantity"], line["data"]["totalInclAmount"])
            for line in row["lineList"]
        ],
    }
    paid = row.get("paidAmount") if kind == "Invoice" else row.get("prepaidAmount")
    if paid:
        told["paid"] = [(payment["method"], payment["amount"]) for payment in row["paymentList"]]
    if row.get("cancelState", "").endswith("COMPLETE"):
        told["cancelled"] = True
    return told


def relations(shop: Shop) -> list[dict[str, Any]]:
    """Relations of the till: what the flow writes of them."""
    names = ("name", "companyName", "contact", "email", "telephone", "address", "zipcode", "city", "country", "vatNumber")  # fmt: skip
    return [
        {name: row[name] for name in (*names, "paymentWithinDays") if row.get(name)}
        for row in shop.till.relations.cards.rows.values()
    ]


async def one(shop: Shop, settings: dict[str, Any] | None = None, **order: Any) -> tuple[str, str | None]:
    """The usual order through a flow with these settings: how its delivery ended."""
    till_with_articles(shop)
    store = webshop(shop)
    await take_orders(shop, settings)
    items = order.pop("items", [("1001", 2)])
    store.order("1001", order.pop("email", BUYER), items, **{"billing_address": ADDRESS, **order})
    await look(shop)
    [outcome] = (await shop.outcomes()).values()
    return outcome[1] or outcome[0] or "", await reason(shop)


async def reason(shop: Shop) -> str | None:
    """What the newest attempt said."""
    tried = await shop.attempts()
    return tried[-1]["reason"] if tried else None
