"""Calls on products, their variants and images (mailchimp.md §3.3).

What an update does not mention stays: absent variants are not removed, they have to be deleted one by one.
"""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp.call import Call, lookup
from app.sandbox.mailchimp.clock import wire_time
from app.sandbox.mailchimp.problems import unprocessable
from app.sandbox.mailchimp.shapes import integer, list_of, number, record, string, time
from app.sandbox.mailchimp.store import Product, Store, image_json, product_json, variant_json
from app.sandbox.mailchimp.storecalls import cut_id, store_of

VARIANT_FIELDS = {
    "title": string,
    "url": string,
    "sku": string,
    "price": number,
    "inventory_quantity": integer,
    "image_url": string,
    "backorders": string,
    "visibility": string,
}
IMAGE_FIELDS = {"url": string, "variant_ids": list_of(string)}
PRODUCT_FIELDS = {
    "title": string,
    "handle": string,
    "url": string,
    "description": string,
    "type": string,
    "vendor": string,
    "image_url": string,
    "published_at_foreign": time,
}
NEW_VARIANT = record(("id", "title"), id=string, **VARIANT_FIELDS)
VARIANT_CHANGE = record((), **VARIANT_FIELDS)
NEW_IMAGE = record(("id", "url"), id=string, **IMAGE_FIELDS)
IMAGE_CHANGE = record((), **IMAGE_FIELDS)
NEW_PRODUCT = record(
    ("id", "title", "variants"),
    id=string,
    **PRODUCT_FIELDS,
    variants=list_of(NEW_VARIANT, least=1),
    images=list_of(NEW_IMAGE),
)
PRODUCT_CHANGE = record(
    (),
    **PRODUCT_FIELDS,
    variants=list_of(record(("id",), id=string, **VARIANT_FIELDS)),
    images=list_of(record(("id",), id=string, **IMAGE_FIELDS)),
)
VARIANT_KEYS = ("id", *VARIANT_FIELDS, "created_at", "updated_at")
PRODUCT_KEYS = ("id", "currency_code", *PRODUCT_FIELDS, "variants", "images")


def product_of(call: Call) -> tuple[Store, Product]:
    store = store_of(call)
    return store, lookup(store.products, call.args[1])


def get_products(call: Call) -> dict[str, Any]:
    store = store_of(call)
    return call.page(
        "products",
        store.products.values(),
        lambda one: product_json(one, currency=store.currency),
        keys=PRODUCT_KEYS,
        store_id=store.id,
    )


def get_product(call: Call) -> dict[str, Any]:
    store, product = product_of(call)
    return call.answer(product_json(product, currency=store.currency))


def post_product(call: Call) -> dict[str, Any]:
    store = store_of(call)
    body = call.body(NEW_PRODUCT)
    product = add_product(store, body, now=call.world.clock.iso())
    return call.answer(product_json(product, currency=store.currency))


def add_product(store: Store, body: dict[str, Any], *, now: str) -> Product:
    product_id = cut_id(body["id"])
    if product_id in store.products:
        raise unprocessable("A product with the provided ID already exists in the account.")
    product = Product(product_id, {})
    fill(product, body, now=now)
    store.products[product_id] = product
    return product


def put_product(call: Call) -> dict[str, Any]:
    """The path says which product; it is made if it is not there. Whether what the body does not mention stays is not
    documented, here and for variants, so it is both (``world.put_forgets``)."""
    store = store_of(call)
    body = call.body(NEW_PRODUCT)
    now = call.world.clock.iso()
    product_id = cut_id(call.args[1])
    known = store.products.get(product_id)
    if known is not None and call.world.put_forgets:
        known = store.products[product_id] = Product(product_id, {})
        fill(known, body, now=now)
    elif known is None:
        known = add_product(store, {**body, "id": product_id}, now=now)
    else:
        fill(known, body, now=now)
    return call.answer(product_json(known, currency=store.currency))


def patch_product(call: Call) -> dict[str, Any]:
    store, product = product_of(call)
    fill(product, call.body(PRODUCT_CHANGE), now=call.world.clock.iso())
    return call.answer(product_json(product, currency=store.currency))


def delete_product(call: Call) -> None:
    """Orders that name it keep their lines, which then have no titles any more."""
    store, product = product_of(call)
    del store.products[product.id]


def fill(product: Product, body: dict[str, Any], *, now: str) -> None:
    for name in PRODUCT_FIELDS:
        if name in body:
            product.data[name] = body[name]
    if product.data.get("published_at_foreign"):
        product.data["published_at_foreign"] = wire_time(product.data["published_at_foreign"])
    for variant in body.get("variants") or ():
        set_variant(product, cut_id(variant["id"]), variant, now=now)
    for image in body.get("images") or ():
        set_image(product, cut_id(image["id"]), image)


# -- variants ----------------------------------------------------------------------------------------------------


def set_variant(product: Product, variant_id: str, body: dict[str, Any], *, now: str) -> dict[str, Any]:
    variant = product.variants.setdefault(
        variant_id, {"id": variant_id, "created_at": now, "updated_at": now}
    )
    given = {name: body[name] for name in VARIANT_FIELDS if name in body}
    if any(variant.get(name) != value for name, value in given.items()):
        variant.update(given)
        variant["updated_at"] = now
    return variant


def get_variants(call: Call) -> dict[str, Any]:
    store, product = product_of(call)
    return call.page(
        "variants",
        product.variants.values(),
        variant_json,
        keys=VARIANT_KEYS,
        store_id=store.id,
        product_id=product.id,
    )


def get_variant(call: Call) -> dict[str, Any]:
    _, product = product_of(call)
    return call.answer(variant_json(lookup(product.variants, call.args[2])))


def post_variant(call: Call) -> dict[str, Any]:
    _, product = product_of(call)
    body = call.body(NEW_VARIANT)
    variant_id = cut_id(body["id"])
    if variant_id in product.variants:
        raise unprocessable("A variant with the provided ID already exists in the account.")
    return call.answer(variant_json(set_variant(product, variant_id, body, now=call.world.clock.iso())))


def put_variant(call: Call) -> dict[str, Any]:
    """The parent must be there; the variant need not."""
    _, product = product_of(call)
    body, variant_id = call.body(NEW_VARIANT), cut_id(call.args[2])
    if call.world.put_forgets:
        product.variants.pop(variant_id, None)
    return call.answer(variant_json(set_variant(product, variant_id, body, now=call.world.clock.iso())))


def patch_variant(call: Call) -> dict[str, Any]:
    _, product = product_of(call)
    variant = lookup(product.variants, call.args[2])
    return call.answer(
        variant_json(
            set_variant(product, variant["id"], call.body(VARIANT_CHANGE), now=call.world.clock.iso())
        )
    )


def delete_variant(call: Call) -> None:
    _, product = product_of(call)
    del product.variants[lookup(product.variants, call.args[2])["id"]]


# -- images ------------------------------------------------------------------------------------------------------


def set_image(product: Product, image_id: str, body: dict[str, Any]) -> dict[str, Any]:
    image = product.images.setdefault(image_id, {"id": image_id})
    image.update({name: body[name] for name in IMAGE_FIELDS if name in body})
    return image


def get_images(call: Call) -> dict[str, Any]:
    store, product = product_of(call)
    return call.page(
        "images",
        product.images.values(),
        image_json,
        keys=("id", "url", "variant_ids"),
        store_id=store.id,
        product_id=product.id,
    )


def get_image(call: Call) -> dict[str, Any]:
    _, product = product_of(call)
    return call.answer(image_json(lookup(product.images, call.args[2])))


def post_image(call: Call) -> dict[str, Any]:
    _, product = product_of(call)
    body = call.body(NEW_IMAGE)
    if cut_id(body["id"]) in product.images:
        raise unprocessable("An image with the provided ID already exists in the account.")
    return call.answer(image_json(set_image(product, cut_id(body["id"]), body)))


def patch_image(call: Call) -> dict[str, Any]:
    _, product = product_of(call)
    image = lookup(product.images, call.args[2])
    return call.answer(image_json(set_image(product, image["id"], call.body(IMAGE_CHANGE))))


def delete_image(call: Call) -> None:
    _, product = product_of(call)
    del product.images[lookup(product.images, call.args[2])["id"]]
