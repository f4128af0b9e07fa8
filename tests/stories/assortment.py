"""What stories about other shops' products have in common: a shop's catalogue, and the articles that stand in the till afterwards."""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp.productcalls import NEW_PRODUCT, add_product, fill
from app.sandbox.mailchimp.shapes import checked
from app.sandbox.mailchimp.shopping import Shopping
from app.store import flows
from tests.shop import LIST_ID, Shop
from tests.stories.webshop import STORE

SHOWN = (
    "description",
    "extArticleId",
    "pluNumber",
    "barcode",
    "colour",
    "size",
    "brandName",
    "priceIncl",
    "vatCode",
    "turnoverGroup",
)
RANGE = {"number_range": {"first": 900_000, "last": 900_009}}
WRITES = ("createProduct", "updateProduct", "createImageFromUrl", "createImage", "saveCardImages")


def open_store(shop: Shop, store: str = STORE, **more: Any) -> Shopping:
    """An empty store of another shop in the account."""
    return Shopping.open(shop.audience.account, store, list_id=LIST_ID, **more)


def variant(sku: str, title: str = "Trui", price: float = 49.95, **more: Any) -> dict[str, Any]:
    """One variant as a shop's plug-in writes it."""
    return {"id": f"v-{sku}", "sku": sku, "title": title, "price": price, "inventory_quantity": 5} | more


def offer(store: Shopping, id: str, *variants: dict[str, Any], **fields: Any) -> None:
    """A product is written into the store, or changed in it."""
    now = store.account.world.clock.iso()
    body = checked({"id": id, "title": "Trui", "variants": list(variants), **fields}, NEW_PRODUCT)
    known = store.store.products.get(id)
    if known is None:
        add_product(store.store, body, now=now)
    else:
        fill(known, body, now=now)


def jumper(shop: Shop) -> Shopping:
    """A jumper in two colours and sizes, in an empty store."""
    store = open_store(shop)
    offer(
        store,
        "trui",
        variant("1001", "Trui Noord rood / M"),
        variant("1002", "Trui Noord rood / L"),
        variant("1003", "Trui Noord blauw / M", 45),
        title="Trui Noord",
        description="<p>Warm &amp; zacht.</p>",
        type="Truien",
        vendor="Waddenwerk",
    )
    return store


def picture(shop: Shop, name: str = "trui.png") -> str:
    """The address of a picture that can be fetched."""
    images = shop.till.images
    return images.url(images.pictures[images.add(name, at=shop.till.now())])


async def take_products(shop: Shop, settings: dict[str, Any] | None = None, **more: Any) -> str:
    """A running flow from the account's stores to the till, with everything that is there."""
    chosen = {"stores": [{"id": STORE}], "vat_codes": {"force": "2"}, **(settings or {})}
    return await shop.flow("shop_products", chosen, source=shop.list_id, target=shop.till_id, **more)


def articles(shop: Shop) -> dict[int, dict[str, Any]]:
    """The till's articles by number: what fields hold, empty ones left out; ``inactive`` where one is."""
    found: dict[int, dict[str, Any]] = {}
    for number in sorted(shop.till.catalogue.product_of):
        row = shop.till.catalogue.article(number) or {}
        held = {name: row[name] for name in SHOWN if row.get(name) not in (None, "")}
        if row.get("active") is False:
            held["inactive"] = True
        found[number] = held
    return found


def products(shop: Shop) -> dict[int, tuple[str, list[int]]]:
    """The till's products: description, and the numbers of its articles."""
    rows = shop.till.catalogue.products.rows
    return {
        number: (row["description"], [one["articleNumber"] for one in row["articleList"]])
        for number, row in sorted(rows.items())
    }


def prices(shop: Shop) -> dict[int, int]:
    """Prices incl. VAT by article, in cents."""
    return {number: held["priceIncl"] for number, held in articles(shop).items()}


def written(shop: Shop) -> list[str]:
    """What was written to the till so far."""
    return [entry.operation for entry in shop.till.log.find() if entry.operation in WRITES]


async def told(shop: Shop) -> list[tuple[str, str, str | None]]:
    """The activity: reference, outcome and code of every attempt."""
    return [(row["source_ref"], row["outcome"], row["code"]) for row in await shop.attempts()]


async def warnings(shop: Shop) -> list[str]:
    """Every warning of the activity."""
    return [text for row in await shop.attempts() for text in row["warnings"]]


async def change_settings(shop: Shop, flow: str, **changes: Any) -> None:
    """Some of a flow's settings are changed."""
    async with shop.db.read() as conn:
        found = await flows.find(conn, flow)
    await shop.configure(flow, settings={**dict(found.settings), **changes})
