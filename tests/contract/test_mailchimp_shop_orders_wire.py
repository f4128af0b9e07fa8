"""Every call by which orders of other stores are read, against Mailchimp's own description."""

from __future__ import annotations

from datetime import UTC, datetime

from app.connectors.base import Found
from app.connectors.mailchimp.orderreader import OrderReader
from app.sandbox.mailchimp.shopping import Shopping
from tests.contract.test_mailchimp_wire import Line, line, pytestmark

__all__ = ["line", "pytestmark"]

LIST = "a1b2c3d4e5"


async def test_all_that_we_ask_about_orders_is_what_is_described(line: Line) -> None:
    audience = line.sandbox.world.audience(LIST)
    store = Shopping.open(audience.account, "webshop", list_id=LIST)
    store.stock("1", title="Boek", price=5)
    store.order("#1001 a", "anna@klant-voorbeeld.nl", [("1", 1)], opt_in=True)
    orders = line.client.source("order")
    assert isinstance(orders, OrderReader)

    [found] = await orders.including(frozenset({"vat_field:VAT"})).fetch_many(["webshop/#1001 a"])
    seen = [one async for page in line.client.scan("order", ["webshop"]) for one in page]
    hinted = line.client.scan_recent("order", ["webshop"], since=datetime(2020, 1, 1, tzinfo=UTC), most=5)
    recent = [one async for page in hinted for one in page]

    assert isinstance(found, Found)
    assert [one.ref for one in seen] == [one.ref for one in recent] == ["webshop/#1001 a"]
    store_path = "/ecommerce/stores/{store_id}"
    assert {
        f"GET {store_path}", f"GET {store_path}/orders", f"GET {store_path}/orders/{{order_id}}", f"GET {store_path}/customers",
        f"GET {store_path}/products/{{product_id}}/variants/{{variant_id}}", "GET /lists/{list_id}/members",
        "GET /lists/{list_id}/members/{subscriber_hash}",
    } == line.asked  # fmt: skip
