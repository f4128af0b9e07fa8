"""Products over HTTP: what is asked before writing, and what happens when something is not there any more."""

from __future__ import annotations

from typing import Any

import pytest

from app.connectors.base import Applied, Leave, Wanted
from app.connectors.mailchimp.client import MailchimpClient
from app.connectors.mailchimp.productchanges import (
    DeleteProduct,
    DeleteVariant,
    HideVariant,
    PatchVariant,
    PutImage,
    PutProduct,
    PutVariant,
    SetQuantity,
)
from app.errors import RecordRefused
from app.sandbox.mailchimp.store import Product, Store
from tests.connectors.mailchimp.conftest import Shop


def variant(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "title": id, "sku": id, "price": 5} | more


def put(id: str = "1", *variants: str) -> PutProduct:
    shown = [variant(each) for each in variants or ("10001",)]
    return PutProduct(product=id, body={"id": id, "title": f"Product {id}", "variants": shown})


def store(shop: Shop) -> Store:
    [only] = shop.account.stores.values()
    return only


def product(shop: Shop, id: str = "1") -> Product:
    return store(shop).products[id]


async def test_a_product_is_put_into_a_store_that_is_made_for_it(client: MailchimpClient, shop: Shop) -> None:
    shop.calls()

    assert Applied(remote_id="1") == await client.target("product").apply(put())
    assert ["store.get", "stores.post", "product.put"] == shop.calls()
    assert Applied(remote_id="2") == await client.target("product").apply(put("2"))
    assert ["product.put"] == shop.calls()


async def test_a_store_that_was_deleted_is_made_again(client: MailchimpClient, shop: Shop) -> None:
    target = client.target("product")
    await target.apply(put())
    shop.account.stores.clear()

    await target.apply(put("2"))

    assert ["2"] == list(store(shop).products)


async def test_nothing_is_there_before_the_store_is(client: MailchimpClient, shop: Shop) -> None:
    found = await client.target("product").fetch_many([Wanted("product", str(n), str(n), None) for n in range(50)])  # fmt: skip

    assert ({}, {}) == (found, shop.account.stores)


async def test_many_are_looked_up_on_the_shelf(client: MailchimpClient, shop: Shop) -> None:
    target = client.target("product")
    for id in ("3", "7"):
        await target.apply(put(id, f"{id}01", f"{id}02"))
    shop.calls()

    found = await target.fetch_many([Wanted("product", f"k{n}", str(n), None) for n in range(10)])

    assert {f"k{id}": (id, False, f"Product {id}", [f"{id}01", f"{id}02"]) for id in ("3", "7")} == {
        key: (
            each.remote_id,
            each.whole,
            each.document["title"],
            [variant["id"] for variant in each.document["variants"]],
        )
        for key, each in found.items()
    }
    assert ["product.get", "product.get", "products.get"] == sorted(shop.calls())


async def test_all_of_three_hundred_variants_are_known(client: MailchimpClient, shop: Shop) -> None:
    ids = [str(n) for n in range(10_000, 10_300)]
    await client.target("product").apply(put("1", *ids))

    found = await client.target("product").fetch_many([Wanted("product", "k", "1", None)])

    assert ids == [each["id"] for each in found["k"].document["variants"]]


async def test_a_variant_whose_product_is_gone_comes_back_with_all_of_it(
    client: MailchimpClient, shop: Shop
) -> None:
    target = client.target("product")
    await target.apply(put("1", "10001", "10002"))
    store(shop).products.clear()
    body = variant("10003")

    await target.apply(
        PutVariant(product="1", variant="10003", body=body, whole=put("1", "10001", "10002", "10003"))
    )

    assert ["10001", "10002", "10003"] == list(product(shop).variants)


async def test_a_deleted_variant_comes_back_when_it_changes(client: MailchimpClient, shop: Shop) -> None:
    target = client.target("product")
    await target.apply(put())
    del product(shop).variants["10001"]

    await target.apply(PatchVariant(product="1", variant="10001", body={"price": 7}, whole=put()))

    assert ["10001"] == list(product(shop).variants)


async def test_an_image_that_is_there_is_patched(client: MailchimpClient, shop: Shop) -> None:
    target = client.target("product")
    await target.apply(put())
    for url in ("https://till.example/1.png", "https://till.example/2.png"):
        body = {"id": "5", "url": url, "variant_ids": ["10001"]}
        await target.apply(PutImage(product="1", image="5", body=body, whole=put()))

    assert {"5": {"id": "5", "url": "https://till.example/2.png", "variant_ids": ["10001"]}} == product(
        shop
    ).images


async def test_what_is_to_go_may_be_gone(client: MailchimpClient, shop: Shop) -> None:
    target = client.target("product")
    await target.apply(put())
    hidden = await target.apply(HideVariant(product="1", variant="10001"))
    assert "hidden" == product(shop).variants["10001"]["visibility"]

    gone = [
        await target.apply(change)
        for change in (
            DeleteVariant(product="1", variant="10001"),
            DeleteVariant(product="1", variant="10001"),
            HideVariant(product="1", variant="10001"),
            DeleteProduct(product="1"),
            DeleteProduct(product="1"),
        )
    ]

    assert ["archived", *["gone"] * 5] == [each.state for each in (hidden, *gone)]  # type: ignore[union-attr]
    assert {} == store(shop).products


async def test_a_quantity_touches_nothing_else(client: MailchimpClient, shop: Shop) -> None:
    await client.target("product").apply(put())
    before = dict(product(shop).variants["10001"])

    applied = await client.target("stock").apply(SetQuantity(product="1", variant="10001", quantity=7))

    assert Applied(remote_id="1/10001") == applied
    assert before | {"inventory_quantity": 7} == product(shop).variants["10001"]


async def test_a_quantity_without_its_variant_is_nobodys_to_mend(client: MailchimpClient) -> None:
    left = await client.target("stock").apply(SetQuantity(product="1", variant="10001", quantity=7))

    assert isinstance(left, Leave)
    assert "not_in_store" == left.code


async def test_what_mailchimp_refuses_names_the_field(client: MailchimpClient) -> None:
    bad = put()
    bad.body["variants"][0]["price"] = "12.00"

    with pytest.raises(RecordRefused) as refused:
        await client.target("product").apply(bad)

    assert ("record_refused", "variants.item:0.price") == (refused.value.code, refused.value.field)
