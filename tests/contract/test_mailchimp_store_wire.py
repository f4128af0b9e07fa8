"""Every call on stores, products and quantities against Mailchimp's own description."""

from __future__ import annotations

from typing import Any

import pytest

from app.connectors.base import Change, Wanted
from app.connectors.mailchimp.productchanges import (
    DeleteImage,
    DeleteProduct,
    DeleteVariant,
    HideVariant,
    PatchProduct,
    PatchVariant,
    PutImage,
    PutProduct,
    PutVariant,
    SetQuantity,
)
from tests.contract.test_mailchimp_wire import Line, line, pytestmark

__all__ = ["line", "pytestmark"]

VARIANT: dict[str, Any] = {
    "id": "10001", "title": "M", "sku": "10001", "price": 49.95, "inventory_quantity": 3, "visibility": "visible",
    "url": "https://winkel.example/1", "image_url": "https://till.example/1.png", "backorders": "no",
}  # fmt: skip
IMAGE: dict[str, Any] = {"id": "1", "url": "https://till.example/1.png", "variant_ids": ["10001"]}
PRODUCT: dict[str, Any] = {
    "id": "1", "title": "Trui", "handle": "trui", "url": "https://winkel.example/1", "description": "Zacht",
    "type": "Truien", "vendor": "Wol", "image_url": "https://till.example/1.png",
    "published_at_foreign": "2026-01-01T10:00:00+00:00", "variants": [VARIANT], "images": [IMAGE],
}  # fmt: skip


async def test_all_that_we_send_about_a_store_is_what_is_described(line: Line) -> None:
    items, quantities = line.client.target("product"), line.client.target("stock")
    but_id = {name: value for name, value in VARIANT.items() if name != "id"}
    many = [
        PutVariant(product="1", variant=str(n), body={"id": str(n), "title": str(n)}) for n in range(20_000, 20_050)
    ]  # fmt: skip
    changes: list[Change] = [
        PutProduct(product="1", body=PRODUCT),
        PatchProduct(product="1", body={name: PRODUCT[name] for name in ("title", "description", "type")}),
        PutVariant(product="1", variant="10002", body=VARIANT | {"id": "10002"}),
        PatchVariant(product="1", variant="10001", body=but_id),
        PutImage(product="1", image="2", body=IMAGE | {"id": "2"}),
        PutImage(product="1", image="2", body=IMAGE | {"id": "2"}),
        HideVariant(product="1", variant="10002"),
        DeleteVariant(product="1", variant="10002"),
        DeleteImage(product="1", image="2"),
        *many,
    ]
    for change in changes:
        await items.apply(change)
    await quantities.apply(SetQuantity(product="1", variant="10001", quantity=7))
    await items.fetch_many([Wanted("product", str(n), str(n), None) for n in range(9)])
    await items.apply(DeleteProduct(product="1"))
    await line.client.storefront.hold(True)
    await line.client.storefront.hold(False)

    store = "/ecommerce/stores/{store_id}"
    product = f"{store}/products/{{product_id}}"
    assert {
        "POST /ecommerce/stores", f"GET {store}", f"PATCH {store}", f"GET {store}/products", f"GET {product}", f"PUT {product}",
        f"PATCH {product}", f"DELETE {product}", f"GET {product}/variants", f"PUT {product}/variants/{{variant_id}}",
        f"PATCH {product}/variants/{{variant_id}}", f"DELETE {product}/variants/{{variant_id}}", f"POST {product}/images",
        f"PATCH {product}/images/{{image_id}}", f"DELETE {product}/images/{{image_id}}",
    } == line.asked  # fmt: skip


@pytest.mark.parametrize("body", [{"price": "12.00"}, {"inventory_quantity": 1.5}, {"backorders": 1}])
async def test_the_judge_is_awake_for_products(line: Line, body: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="Request body validation error"):
        await line.client.target("product").apply(PatchVariant(product="1", variant="2", body=body))
