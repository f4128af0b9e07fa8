"""Stores, products, variants and images: what is kept, what is cut, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.mailchimp.conftest import Shop, said

NOT_VALIDATED = (
    "The resource submitted could not be validated. For field-specific details, see the 'errors' array."
)
PROCESS = "We were unable to process the request."
NOT_FOUND = (404, "Resource Not Found", "The requested resource could not be found.")
STORES = "/ecommerce/stores"
STORE = f"{STORES}/till"
PRODUCTS = f"{STORE}/products"


async def open_store(shop: Shop, **more: Any) -> tuple[int, Any]:
    body = {"id": "till", "list_id": "a1b2c3d4e5", "name": "Till", "currency_code": "EUR", **more}
    return await shop.call("POST", STORES, body)


def bread(**more: Any) -> dict[str, Any]:
    variant = {"id": "100", "title": "Bread", "sku": "100", "price": 2.75, "inventory_quantity": 4}
    return {"id": "100", "title": "Bread", "variants": [variant], **more}


async def test_a_store(shop: Shop) -> None:
    status, made = await open_store(shop, domain="winkel-voorbeeld.nl", platform="till", is_syncing=True)
    changed = (await shop.call("PATCH", STORE, {"is_syncing": False, "list_id": "other", "name": "Shop"}))[1]
    listed = (await shop.call("GET", f"{STORES}?fields=stores.id,total_items"))[1]

    assert (200, True, True, "a1b2c3d4e5") == (
        status,
        made["is_syncing"],
        made["list_is_active"],
        made["list_id"],
    )
    assert (False, "Shop", "a1b2c3d4e5") == (changed["is_syncing"], changed["name"], changed["list_id"])
    assert {"stores": [{"id": "till"}], "total_items": 1} == listed


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, (400, "Bad Request", f"{PROCESS} A store with the provided ID already exists in the account.")),
        ({"id": "x", "domain": "https://Winkel-Voorbeeld.nl/"},
         (400, "Bad Request",
          f"{PROCESS} A store with the domain https://Winkel-Voorbeeld.nl/ already exists in the account.")),
        ({"id": "x", "currency_code": None},
         (400, "Invalid Resource", NOT_VALIDATED, ("", "Required fields were not provided: currency_code"),
          ("currency_code", "Schema describes string, NULL found instead"))),
        ({"id": "x", "currency_code": "euro"},
         (400, "Invalid Resource", NOT_VALIDATED, ("currency_code", "euro is not a valid currency code."))),
        ({"id": "x", "list_id": "nosuch"},
         (400, "Invalid Resource", NOT_VALIDATED,
          ("list_id", "The list_id provided does not belong to a list of this account."))),
        ({"id": "x", "is_syncing": "yes"},
         (400, "Invalid Resource", NOT_VALIDATED, ("is_syncing", "Schema describes boolean, string found instead"))),
    ],
)  # fmt: skip
async def test_stores_that_are_refused(shop: Shop, sent: dict[str, Any], expected: tuple[Any, ...]) -> None:
    await open_store(shop, domain="https://winkel-voorbeeld.nl")

    assert expected == said(await open_store(shop, **sent))


async def test_deleting_a_store_takes_everything_along(shop: Shop) -> None:
    await open_store(shop)
    await shop.call("POST", PRODUCTS, bread())

    assert (204, None) == await shop.call("DELETE", STORE)
    await open_store(shop)
    assert 0 == (await shop.call("GET", PRODUCTS))[1]["total_items"]


async def test_a_store_outlives_its_audience(shop: Shop) -> None:
    await open_store(shop)

    assert (204, None) == await shop.call("DELETE", "/lists/a1b2c3d4e5")
    assert (await shop.call("GET", STORE))[1]["list_is_active"] is False


async def test_a_product_is_shown_whole(shop: Shop) -> None:
    await open_store(shop)
    sent = bread(
        type="Bakery",
        vendor="Mill",
        image_url="https://winkel-voorbeeld.nl/b.jpg",
        images=[{"id": "i1", "url": "https://winkel-voorbeeld.nl/b.jpg", "variant_ids": ["100"]}],
        published_at_foreign="2026-01-01 09:00:00",
    )

    status, made = await shop.call("POST", PRODUCTS, sent)

    del made["_links"]
    assert (
        200,
        {
            "id": "100",
            "currency_code": "EUR",
            "title": "Bread",
            "handle": "",
            "url": "",
            "description": "",
            "type": "Bakery",
            "vendor": "Mill",
            "image_url": "https://winkel-voorbeeld.nl/b.jpg",
            "variants": [
                {
                    "id": "100",
                    "title": "Bread",
                    "url": "",
                    "sku": "100",
                    "price": 2.75,
                    "inventory_quantity": 4,
                    "image_url": "",
                    "backorders": "",
                    "visibility": "",
                    "created_at": "2026-03-01T12:00:00+00:00",
                    "updated_at": "2026-03-01T12:00:00+00:00",
                }
            ],
            "images": [{"id": "i1", "url": "https://winkel-voorbeeld.nl/b.jpg", "variant_ids": ["100"]}],
            "published_at_foreign": "2026-01-01T09:00:00+00:00",
        },
    ) == (status, made)


VARIANT = {"id": "1", "title": "One"}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"variants": [{**VARIANT, "backorders": 1}]},
         ("variants.item:0.backorders", "Schema describes string, integer found instead")),
        ({"variants": [{**VARIANT, "price": "2.75"}]},
         ("variants.item:0.price", "Schema describes number, string found instead")),
        ({"variants": [{**VARIANT, "inventory_quantity": 2.5}]},
         ("variants.item:0.inventory_quantity", "Schema describes integer, number found instead")),
        ({"variants": [{**VARIANT, "visibility": True}]},
         ("variants.item:0.visibility", "Schema describes string, boolean found instead")),
        ({"variants": [VARIANT, {"id": "2"}]}, ("variants.item:1", "Required fields were not provided: title")),
        ({"variants": {}}, ("variants", "Schema describes array, object found instead")),
        ({"variants": []}, ("variants", "Array contains 0 items, at least 1 required")),
        ({"description": True}, ("description", "Schema describes string, boolean found instead")),
        ({"images": [{"id": "i1"}]}, ("images.item:0", "Required fields were not provided: url")),
        ({"published_at_foreign": "soon"}, ("published_at_foreign", "This value is not a valid datetime.")),
    ],
)  # fmt: skip
async def test_products_of_the_wrong_shape(
    shop: Shop, sent: dict[str, Any], expected: tuple[str, str]
) -> None:
    await open_store(shop)

    answer = await shop.call("POST", PRODUCTS, bread(**sent))

    assert (400, "Invalid Resource", NOT_VALIDATED, expected) == said(answer)
    assert {} == shop.account.stores["till"].products


async def test_a_price_beyond_all_numbers(shop: Shop) -> None:
    await open_store(shop)

    answer = await shop.http.post(
        f"/3.0{PRODUCTS}", content=b'{"id":"1","title":"t","variants":[{"id":"1","title":"t","price":1e999}]}'
    )

    assert ("variants.item:0.price", "This value is too large.") == said((400, answer.json()))[3]


async def test_the_second_post_is_refused(shop: Shop) -> None:
    await open_store(shop)
    await shop.call("POST", PRODUCTS, bread())

    assert (
        400,
        "Bad Request",
        f"{PROCESS} A product with the provided ID already exists in the account.",
    ) == said(await shop.call("POST", PRODUCTS, bread()))


async def test_ids_are_cut_at_fifty_characters_without_a_word(shop: Shop) -> None:
    await open_store(shop)
    long = "p" * 60

    status, made = await shop.call("POST", PRODUCTS, bread(id=long))

    assert (200, "p" * 50) == (status, made["id"])
    assert NOT_FOUND == said(await shop.call("GET", f"{PRODUCTS}/{long}"))
    assert 200 == (await shop.call("GET", f"{PRODUCTS}/{long[:50]}"))[0]


async def test_put_makes_and_changes_and_leaves_absent_variants(shop: Shop) -> None:
    await open_store(shop)
    path = f"{PRODUCTS}/100"
    two = [{"id": "1", "title": "White"}, {"id": "2", "title": "Brown"}]

    made = await shop.call("PUT", path, bread(variants=two, description="Fresh"))
    shop.world.advance(60)
    changed = await shop.call(
        "PUT", path, bread(title="Loaf", variants=[*two[:1], {"id": "3", "title": "Rye"}])
    )

    assert (200, 200) == (made[0], changed[0])
    assert ("Loaf", "Fresh", ["1", "2", "3"]) == (
        changed[1]["title"],
        changed[1]["description"],
        [one["id"] for one in changed[1]["variants"]],
    )
    assert ["2026-03-01T12:00:00+00:00", "2026-03-01T12:00:00+00:00", "2026-03-01T12:01:00+00:00"] == [
        one["updated_at"] for one in changed[1]["variants"]
    ]


async def test_patch_needs_the_product(shop: Shop) -> None:
    await open_store(shop)
    missing = await shop.call("PATCH", f"{PRODUCTS}/100", {"title": "Loaf"})
    await shop.call("POST", PRODUCTS, bread())

    changed = await shop.call(
        "PATCH", f"{PRODUCTS}/100", {"title": "Loaf", "variants": [{"id": "100", "price": 3}]}
    )

    assert NOT_FOUND == said(missing)
    assert ("Loaf", 3, 4) == (
        changed[1]["title"],
        changed[1]["variants"][0]["price"],
        changed[1]["variants"][0]["inventory_quantity"],
    )


async def test_variants(shop: Shop) -> None:
    await open_store(shop)
    path = f"{PRODUCTS}/100/variants"
    orphan = await shop.call("PUT", f"{path}/1", {"id": "1", "title": "White"})
    await shop.call("POST", PRODUCTS, bread())

    made = await shop.call("PUT", f"{path}/1", {"id": "1", "title": "White", "inventory_quantity": 3})
    doubled = await shop.call("POST", path, {"id": "1", "title": "White"})
    shop.world.advance(60)
    changed = await shop.call("PATCH", f"{path}/1", {"inventory_quantity": 2})
    same = await shop.call("PATCH", f"{path}/1", {"inventory_quantity": 2})

    assert NOT_FOUND == said(orphan)
    assert (200, 400, f"{PROCESS} A variant with the provided ID already exists in the account.") == (
        made[0],
        *(said(doubled)[index] for index in (0, 2)),
    )
    assert (2, "White", "2026-03-01T12:01:00+00:00") == (
        changed[1]["inventory_quantity"],
        changed[1]["title"],
        changed[1]["updated_at"],
    )
    assert changed == same
    assert (204, None) == await shop.call("DELETE", f"{path}/1")
    assert NOT_FOUND == said(await shop.call("GET", f"{path}/1"))
    assert NOT_FOUND == said(await shop.call("PATCH", f"{path}/1", {"inventory_quantity": 2}))


async def test_a_product_shows_fifty_variants_and_pages_show_all(shop: Shop) -> None:
    await open_store(shop)
    many = [{"id": str(number), "title": str(number)} for number in range(120)]

    _, made = await shop.call("POST", PRODUCTS, bread(variants=many))
    first = (await shop.call("GET", f"{PRODUCTS}/100/variants?count=100&fields=variants.id,total_items"))[1]
    rest = (await shop.call("GET", f"{PRODUCTS}/100/variants?count=100&offset=100"))[1]

    assert (50, 100, 120, 20) == (
        len(made["variants"]),
        len(first["variants"]),
        first["total_items"],
        len(rest["variants"]),
    )


async def test_images(shop: Shop) -> None:
    await open_store(shop)
    await shop.call("POST", PRODUCTS, bread())
    path = f"{PRODUCTS}/100/images"
    sent = {"id": "i1", "url": "https://winkel-voorbeeld.nl/b.jpg"}

    made = await shop.call("POST", path, sent)
    doubled = await shop.call("POST", path, sent)
    changed = await shop.call("PATCH", f"{path}/i1", {"variant_ids": ["100"]})

    assert {**sent, "variant_ids": []} == {name: made[1][name] for name in ("id", "url", "variant_ids")}
    assert 400 == doubled[0]
    assert ["100"] == changed[1]["variant_ids"]
    assert 1 == (await shop.call("GET", path))[1]["total_items"]
    assert 200 == (await shop.call("GET", f"{path}/i1"))[0]
    assert (204, None) == await shop.call("DELETE", f"{path}/i1")
    assert NOT_FOUND == said(await shop.call("GET", f"{path}/i1"))


@pytest.mark.parametrize("path", ["/carts", "/promo-rules", "/orders", "/customers", "/products", ""])
async def test_a_store_that_is_not_there(shop: Shop, path: str) -> None:
    assert NOT_FOUND == said(await shop.call("GET", f"{STORE}{path}"))
