"""Products that other shops wrote into the account: what one says, and the shipped rows. Pure.

Mailchimp knows neither barcodes nor VAT nor stock groups of a variant, and its options only as words in its title. A price is
in the store's currency; whether it holds the VAT, the shop knows (mailchimp.md §3.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.connectors.base import Document, FieldKind, Fields, Glimpse, RemoteField, ShippedRow
from app.connectors.mailchimp.fields import MOMENT
from app.connectors.mailchimp.otherstores import filled, fingerprint, ref_of
from app.values.money import to_decimal
from app.values.text import spoken

KIND = "product"

MOST_SHOWN = 50
"""Of more variants an answer shows only so many; the others are asked for (mailchimp.md §3.3)."""

GLIMPSED = ("id", "title", "description", "type", "vendor", "image_url")
GLIMPSED_VARIANT = ("id", "sku", "title", "price", "visibility", "image_url")
GLIMPSED_IMAGE = ("id", "url")
"""What a look at everything asks for: no quantities, which move with every sale and are nothing that this service takes."""


def narrow_fields() -> str:
    """The fields of a page of products."""
    names = [
        *(f"products.{name}" for name in GLIMPSED),
        *(f"products.variants.{name}" for name in GLIMPSED_VARIANT),
        *(f"products.images.{name}" for name in GLIMPSED_IMAGE),
    ]
    return ",".join([*names, "total_items"])


def glimpse(store: str, raw: Mapping[str, Any]) -> Glimpse | None:
    """One product of a narrow page, with all of its variants; None for one without an id. When it came about is not told."""
    product = str(raw.get("id") or "")
    if not product:
        return None
    variants = [[each.get(name) for name in GLIMPSED_VARIANT] for each in raw.get("variants") or ()]
    images = [[each.get(name) for name in GLIMPSED_IMAGE] for each in raw.get("images") or ()]
    return Glimpse(
        ref_of(store, product), fingerprint([[raw.get(name) for name in GLIMPSED], variants, images])
    )


def read(raw: Mapping[str, Any], *, store: str) -> Document:
    """One product in Mailchimp's words, with all of its variants: no empty texts, money as Decimal.

    ``images`` are all of its pictures once, each with the ``skus`` that it shows: the listed ones, the main one, and those of
    single variants. None named means that it shows all of them.
    """
    document = filled(raw, but=("_links", "variants", "images"))
    document["store_id"] = store
    variants = [_variant(each) for each in raw.get("variants") or ()]
    document["variants"] = variants
    document["images"] = _images(raw, variants)
    return document


def _variant(raw: Mapping[str, Any]) -> Document:
    variant = filled(raw, but=("_links", "price"))
    price = to_decimal(raw.get("price"))
    return variant | ({"price": price} if price is not None else {})


def _images(raw: Mapping[str, Any], variants: Sequence[Document]) -> list[Document]:
    skus = {str(each["id"]): each["sku"] for each in variants if each.get("sku") and each.get("id")}
    found: dict[str, Document] = {}
    for image in raw.get("images") or ():
        one = filled(image, but=("_links", "variant_ids"))
        shown = [skus[id] for each in image.get("variant_ids") or () if (id := str(each)) in skus]
        if one.get("url") and one.get("id"):
            found.setdefault(one["url"], one | {"skus": shown})
    main = str(raw.get("image_url") or "").strip()
    if main and main not in found:
        found = {main: {"id": "main", "url": main, "skus": []}} | found
    for variant in variants:
        url = variant.get("image_url")
        if url and url not in found:
            found[url] = {"id": f"variant-{variant.get('id')}", "url": url, "skus": []}
        if url and url != main and variant.get("sku") and variant["sku"] not in found[url]["skus"]:
            found[url]["skus"].append(variant["sku"])
    return list(found.values())


# --- the shipped rows of this side ----------------------------------------------------------------------------------

OUT_ROWS: tuple[ShippedRow, ...] = (
    ("id", "id"),
    ("store", "store_id"),
    ("title", "title"),
    ("description", "description"),
    ("brand", "vendor"),
    ("category_name", "type"),
    ("handle", "handle"),
    ("url", "url"),
    ("published_at", "moment(published_at_foreign)"),
    ("images[]", "images"),
    ("images[].id", "item.id"),
    ("images[].url", "item.url"),
    ("images[].skus", "item.skus"),
    ("variants[]", "variants"),
    ("variants[].id", "as_text(item.id)"),
    ("variants[].sku", "if(item.sku, as_text(item.sku), '')"),
    ("variants[].title", "item.title"),
    {
        "target": "variants[].gtin",
        "expression": "if(gtin_valid(item.sku), gtin(item.sku), `null`)",
        "note": "Mailchimp has no field for a barcode. A SKU that is one counts; a shop that keeps it elsewhere needs a row of its own.",
    },
    ("variants[].price", "item.price"),
    ("variants[].currency", "whole.currency_code"),
    ("variants[].visible", "if(item.visibility == 'hidden', `false`, `true`)"),
    ("variants[].image_url", "item.image_url"),
    ("variants[].url", "item.url"),
)
"""Leg 1: a product of a shop to a Product record."""


def _fields(
    names: Sequence[str], kind: FieldKind = "text", *, example: str = "", note: str = ""
) -> dict[str, RemoteField]:
    return {
        name: RemoteField(spoken(name.rpartition(".")[2]), kind, example=example, note=note) for name in names
    }


FIELDS: Fields = {
    **_fields(("id", "store_id")),
    "currency_code": RemoteField("Currency", example="EUR", note="The store's."),
    **_fields(("title", "handle", "url", "description", "vendor", "image_url")),
    "type": RemoteField("Type", example="Truien", note="The one category of a product."),
    "published_at_foreign": RemoteField("Published at", "date", example=MOMENT),
    "images": RemoteField("Images", "list", note="Every picture once."),
    **_fields(("images[].id", "images[].url")),
    "images[].skus": RemoteField("SKUs", "list", note="The variants that it shows; none: all of them."),
    "variants": RemoteField("Variants", "list"),
    **_fields(
        ("variants[].id", "variants[].sku", "variants[].title", "variants[].url", "variants[].image_url")
    ),
    **_fields(("variants[].backorders", "variants[].visibility")),
    "variants[].price": RemoteField("Price", "number", example="49.95", note="In the store's currency."),
    "variants[].inventory_quantity": RemoteField("Quantity", "number", example="12"),
    **_fields(("variants[].created_at", "variants[].updated_at"), "date", example=MOMENT),
}
"""The fields of a product's document by path."""
