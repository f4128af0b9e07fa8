"""Bodies of products as Mailchimp wants them, and what one does not mention of what stands there. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from app.connectors.base import Desired, Document
from app.connectors.mailchimp.ids import store_id

FIELDS = ("title", "handle", "url", "description", "type", "vendor", "image_url", "published_at_foreign")
VARIANT_FIELDS = ("title", "url", "sku", "price", "inventory_quantity", "image_url", "backorders", "visibility")  # fmt: skip


def as_new(desired: Desired) -> Document:
    """The document for a product that is not there: without what is only for updates."""
    later = {path for path, mode in desired.modes.items() if mode == "update"}
    if not later:
        return desired.document
    document = {name: value for name, value in desired.document.items() if name not in later}
    for scope in ("variants", "images"):
        if scope in document:
            document[scope] = [
                {name: value for name, value in element.items() if f"{scope}.{name}" not in later}
                for element in document[scope]
            ]
    return document


def whole_of(document: Document, product: str, *, new: bool) -> Document:
    """A whole product as Mailchimp wants it. A new one has nothing to empty, so empty texts are left out."""
    body: Document = {"id": product}
    body |= said({name: document.get(name) for name in FIELDS}, new=new)
    body["variants"] = [variant_of(each, new=new) for each in document.get("variants") or ()]
    images = [image_of(each) for each in document.get("images") or () if each.get("url")]
    if images:
        body["images"] = images
    return body


def variant_of(element: Mapping[str, Any], *, new: bool) -> Document:
    """One variant with all of its fields."""
    id = store_id(str(element["id"]))
    return {"id": id} | said({name: element.get(name) for name in VARIANT_FIELDS}, new=new)


def said(values: Mapping[str, Any], *, new: bool = False) -> Document:
    """What says something. An empty text empties what stands there; of a new record there is nothing to empty."""
    nothing = (None, "") if new else (None,)
    return {name: value for name, value in values.items() if value not in nothing}


def image_of(element: Mapping[str, Any]) -> Document:
    """One image, with the variants that it shows."""
    shown = [store_id(str(each)) for each in element.get("variant_ids") or ()]
    return {"id": store_id(str(element["id"])), "url": element["url"], "variant_ids": shown}


def unmentioned(body: Document, there: Document, *, apart_from: Collection[str] = ()) -> bool:
    """Whether something stands there that this body does not mention: the merchant's text, a quantity of the stock flow, a
    hidden variant, an image. ``apart_from``: ids of images that are to go."""
    if any(there.get(name) and name not in body for name in FIELDS):
        return True
    mentioned = {each["id"]: each for each in body["variants"]}
    for variant in there.get("variants") or ():
        ours = mentioned.get(variant["id"])
        if ours is None or any(variant.get(name) and name not in ours for name in VARIANT_FIELDS):
            return True
    images = {*apart_from, *(each["id"] for each in body.get("images") or ())}
    return any(image["id"] not in images for image in there.get("images") or ())
