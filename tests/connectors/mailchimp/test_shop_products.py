"""Products of other stores over HTTP: read whole, and seen at a glance."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.connectors.base import Found, Gone, Unreadable
from app.connectors.mailchimp.client import MailchimpClient
from app.connectors.mailchimp.connector import CONNECTOR
from app.errors import AdministratorError, RemoteUnavailable
from app.mapping.rows import RowMapping, parse_rows
from app.records.product import Product
from app.sandbox.faults import Fault
from app.sandbox.mailchimp.productcalls import NEW_PRODUCT, add_product
from app.sandbox.mailchimp.shapes import checked
from app.sandbox.mailchimp.shopping import Shopping
from tests.connectors.mailchimp.conftest import LIST, Shop

ROWS = RowMapping.compile(
    parse_rows(CONNECTOR.out_rows["product"]), scopes={"variants": "id", "images": "id"}
)
VARIANTS = [
    {"id": "a", "sku": " 8712345678906 ", "title": "Trui M", "price": 49.95, "image_url": "https://x.nl/m.jpg"},
    {"id": "b", "sku": "", "title": "Trui L", "price": 0, "visibility": "hidden", "image_url": "https://x.nl/m.jpg"},
    {"id": "c", "sku": "1003", "title": "Trui XL", "image_url": "https://x.nl/main.jpg"},
]  # fmt: skip


@pytest.fixture
def store(shop: Shop) -> Shopping:
    return Shopping.open(shop.account, "webshop", list_id=LIST)


def offer(store: Shopping, id: str = "trui", **fields: Any) -> None:
    body = {"id": id, "title": "Trui", "variants": VARIANTS, **fields}
    add_product(store.store, checked(body, NEW_PRODUCT), now=store.account.world.clock.iso())


async def scanned(client: MailchimpClient, *places: str) -> dict[str, str]:
    return {one.ref: one.fingerprint async for page in client.scan("product", places) for one in page}


async def test_a_product_as_it_is_read(client: MailchimpClient, store: Shopping) -> None:
    images = [{"id": "1", "url": "https://x.nl/b.jpg", "variant_ids": ["c", "weg"]}]
    offer(store, type="Truien", description=" <p>Wol</p> ", image_url="https://x.nl/main.jpg", images=images)
    [found] = await client.source("product").fetch_many(["webshop/trui"])

    assert isinstance(found, Found)
    record = Product.model_validate(ROWS.apply(found.document, settings={}).document)
    assert ("trui", "webshop", "Trui", "Truien", "<p>Wol</p>") == (
        record.id, record.store, record.title, record.category_name, record.description,
    )  # fmt: skip
    assert [
        ("8712345678906", "8712345678906", Decimal("49.95"), "EUR", True),
        ("", None, Decimal(0), "EUR", False),
        ("1003", None, Decimal(0), "EUR", True),
    ] == [(each.sku, each.gtin, each.price, each.currency, each.visible) for each in record.variants]
    assert [
        ("main", "https://x.nl/main.jpg", ()),
        ("1", "https://x.nl/b.jpg", ("1003",)),
        ("variant-a", "https://x.nl/m.jpg", ("8712345678906",)),
    ] == [(each.id, each.url, each.skus) for each in record.images]


async def test_all_variants_of_a_large_product_are_read_and_seen(
    client: MailchimpClient, store: Shopping
) -> None:
    store.stock("T", title="Trui", price=5, variants=[str(size) for size in range(1_100)])
    [found] = await client.source("product").fetch_many(["webshop/T"])
    before = await scanned(client, "webshop")
    store.store.products["T"].variants["T-1100"]["price"] = 6
    after = await scanned(client, "webshop")

    assert isinstance(found, Found)
    assert [f"T-{number}" for number in range(1, 1_101)] == [each["sku"] for each in found.document["variants"]]  # fmt: skip
    assert before.keys() == after.keys() == {"webshop/T"}
    assert before != after


@pytest.mark.parametrize(
    ("edit", "seen"),
    [
        ({"inventory_quantity": 3}, False),
        ({"price": 3}, True),
        ({"sku": "X"}, True),
        ({"title": "Trui S"}, True),
        ({"visibility": "hidden"}, True),
    ],
)
async def test_a_glance_sees_what_the_till_is_told_and_no_quantities(
    client: MailchimpClient, store: Shopping, edit: dict[str, Any], seen: bool
) -> None:
    offer(store)
    before = await scanned(client, "webshop")
    store.store.products["trui"].variants["a"] |= edit

    assert seen == (before != await scanned(client, "webshop"))


async def test_a_look_pages_and_costs_a_call_for_each_thousand(
    client: MailchimpClient, store: Shopping, shop: Shop
) -> None:
    other = Shopping.open(shop.account, "ander", list_id=LIST)
    for number in range(1_001):
        offer(store, str(number))
    offer(other, "0")

    assert 1_002 == len(await scanned(client, "webshop", "ander"))
    asked = [entry.query["offset"] for entry in shop.sandbox.log.find() if entry.path.endswith("/products")]
    assert ["0", "1000", "0"] == asked


async def test_what_is_not_there_and_what_may_not_be_read(
    client: MailchimpClient, store: Shopping, shop: Shop
) -> None:
    offer(store)
    found = await client.source("product").fetch_many(["webshop/weg", "weg/trui", "vreemd", f"till-{LIST}/1"])
    assert [Gone, Gone, Gone, Unreadable] == [type(each) for each in found]

    for place, code in ((f"till-{LIST}", "own_store"), ("weg", "no_such_store")):
        with pytest.raises(AdministratorError) as refused:
            await scanned(client, place)
        assert (code, "stores") == (refused.value.code, refused.value.field)
    shop.sandbox.faults.add(Fault("status", status=503))
    with pytest.raises(RemoteUnavailable):
        await scanned(client, "webshop")


async def test_a_person_who_changed_is_no_hint_about_products(
    client: MailchimpClient, store: Shopping, shop: Shop
) -> None:
    offer(store)
    since = datetime(2020, 1, 1, tzinfo=UTC)
    shop.sandbox.log.clear()

    assert [] == [page async for page in client.scan_recent("product", ["webshop"], since=since, most=5)]
    assert [] == shop.sandbox.log.find()
