"""Every call by which products of other stores are read, against Mailchimp's own description."""

from __future__ import annotations

from app.connectors.base import Found
from app.sandbox.mailchimp.shopping import Shopping
from tests.contract.test_mailchimp_wire import Line, line, pytestmark

__all__ = ["line", "pytestmark"]

LIST = "a1b2c3d4e5"


async def test_all_that_we_ask_about_products_is_what_is_described(line: Line) -> None:
    audience = line.sandbox.world.audience(LIST)
    store = Shopping.open(audience.account, "webshop", list_id=LIST)
    store.stock("#1 a", title="Trui", price=5, variants=[str(size) for size in range(60)])

    [found] = await line.client.source("product").fetch_many(["webshop/#1 a"])
    seen = [one async for page in line.client.scan("product", ["webshop"]) for one in page]

    assert isinstance(found, Found)
    assert 60 == len(found.document["variants"])
    assert ["webshop/#1 a"] == [one.ref for one in seen]
    store_path = "/ecommerce/stores/{store_id}"
    assert {
        f"GET {store_path}/products",
        f"GET {store_path}/products/{{product_id}}",
        f"GET {store_path}/products/{{product_id}}/variants",
    } == line.asked
