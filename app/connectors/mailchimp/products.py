"""Products of a store: the shipped rows, and which calls bring one about. Pure.

One call wherever one will do: a product is put whole when it is made and when much of it changed; a single variant or
the product's own fields go alone. Whether a PUT keeps what it does not mention is not documented (mailchimp.md §3.3). So a
product that is there is only put whole where nothing stands there that the call would not mention, and what is no longer
wanted is deleted by name. An answer lists 50 variants at most: nothing here is decided by how many were listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.connectors.base import Change, Desired, Existing, Intent, Leave, RemoteField, Steps
from app.connectors.mailchimp.ids import store_id
from app.connectors.mailchimp.productbodies import (
    FIELDS,
    VARIANT_FIELDS,
    as_new,
    image_of,
    said,
    unmentioned,
    variant_of,
    whole_of,
)
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
)
from app.connectors.mailchimp.stores import Store

KIND, VARIANT = "product", "variant"

IN_ROWS: tuple[tuple[str, str], ...] = (
    ("id", "id"),
    ("title", "title"),
    ("handle", "handle"),
    ("url", "url"),
    # An empty text empties: what the till no longer says must not stay in the store.
    ("description", "if(description, description, '')"),
    ("type", "if(category_name, category_name, '')"),
    ("vendor", "if(brand, brand, '')"),
    ("image_url", "if(images[0].url, images[0].url, '')"),
    ("published_at_foreign", "published_at"),
    ("images[]", "if(settings.images == 'main', `[]`, images)"),
    ("images[].id", "item.id"),
    ("images[].url", "item.url"),
    ("images[].variant_ids", "item.skus"),
    ("variants[]", "variants"),
    ("variants[].id", "coalesce(item.id, item.sku)"),
    ("variants[].title", "item.title"),
    ("variants[].sku", "item.sku"),
    ("variants[].price", "item.price"),
    ("variants[].inventory_quantity", "item.quantity"),
    ("variants[].url", "item.url"),
    ("variants[].image_url", "if(item.image_url, item.image_url, '')"),
    ("variants[].visibility", "if(item.visible, 'visible', 'hidden')"),
)
"""Leg 2: a Product record to the product's document. ``variants[].backorders``, a text, is there for rows of a merchant."""

WRITABLE: Mapping[str, RemoteField] = {
    "id": RemoteField("Product ID", required=True),
    "title": RemoteField("Title", required=True),
    "handle": RemoteField("Handle"),
    "url": RemoteField("Address in the shop"),
    "description": RemoteField("Description"),
    "type": RemoteField("Type: the one category of a product"),
    "vendor": RemoteField("Vendor"),
    "image_url": RemoteField("Main image"),
    "published_at_foreign": RemoteField("Published at", "date"),
    "images[]": RemoteField("Images", "list"),
    "images[].id": RemoteField("Image ID"),
    "images[].url": RemoteField("Address of the image"),
    "images[].variant_ids": RemoteField("Variants that the image shows", "list"),
    "variants[]": RemoteField("Variants", "list", required=True),
    "variants[].id": RemoteField("Variant ID", required=True),
    "variants[].title": RemoteField("Title of the variant", required=True),
    "variants[].sku": RemoteField("SKU"),
    "variants[].price": RemoteField("Price", "number"),
    "variants[].inventory_quantity": RemoteField("Quantity, in whole pieces", "number"),
    "variants[].url": RemoteField("Address in the shop"),
    "variants[].image_url": RemoteField("Image of the variant"),
    "variants[].backorders": RemoteField("Backorders, a text"),
    "variants[].visibility": RemoteField("Visibility", choices=("visible", "hidden")),
}
"""All that a product of Mailchimp holds: what is not here has no place there."""


def steps(intent: Intent, existing: Existing | None, store: Store) -> Steps:
    """The calls that bring one product about, or take one of its variants away."""
    if intent.desired is None:
        return _away(intent)
    currency = intent.options.get("currency")
    if currency and store.currency and currency != store.currency:
        return Leave(
            "other_currency",
            f"Its prices are in {currency}, and the store's in {store.currency}; no number is sent for another currency's.",
        )
    known = existing is not None or intent.changed is not None
    if known and not intent.update:
        return Leave("update_off", "The product is in the store already, and updates are switched off.")
    product = (existing.remote_id if existing else None) or intent.remote_id or store_id(intent.natural or "")
    everything = PutProduct(product=product, body=whole_of(as_new(intent.desired), product, new=True))
    if not known:
        return _checked((everything,), intent)
    part = _Parts(intent, product, everything, _ids(existing))
    calls = part.pieces()
    if part.are_many:
        whole = part.whole()
        if existing is None:  # it was asked for, and is not there any more
            calls = (everything,)
        elif not unmentioned(whole.body, existing.document, apart_from=part.gone):
            calls = (whole,)
    return _checked((*calls, *part.leavings()), intent)


def are_many(intent: Intent) -> bool:
    """Whether so much of a product changed that one call with all of it would do: then it must be known what stands there."""
    if intent.desired is None or intent.changed is None or not intent.update:
        return False
    nothing = PutProduct(product="", body={})
    return _Parts(intent, "", nothing, _ids(None)).are_many


def _checked(calls: tuple[Change, ...], intent: Intent) -> tuple[Change, ...]:
    if not intent.options.get("check_images"):
        return calls
    return tuple(call.model_copy(update={"check_images": True}) for call in calls)


def fitted(desired: Desired) -> tuple[Desired, tuple[str, ...]]:
    """What a product of Mailchimp has a place for, and a word for each field that has none."""
    document, lost = dict(desired.document), []
    for name in [each for each in document if each not in (*FIELDS, "id", "variants", "images")]:
        del document[name]
        lost.append(name)
    for scope, known in (("variants", ("id", *VARIANT_FIELDS)), ("images", ("id", "url", "variant_ids"))):
        elements = document.get(scope) or ()
        odd = dict.fromkeys(name for each in elements for name in each if name not in known)
        if odd:
            lost += [f"{scope}[].{name}" for name in odd]
            document[scope] = [{name: each[name] for name in each if name in known} for each in elements]
    if not lost:
        return desired, ()
    return replace(desired, document=document), tuple(
        f"unknown_field: Mailchimp's products have no place for {name}" for name in lost
    )


class _Parts:
    """What of a product that is there has to be written, and by which calls."""

    def __init__(
        self, intent: Intent, product: str, everything: PutProduct, there: Mapping[str, frozenset[str]]
    ):
        assert intent.desired is not None
        self._intent, self._product, self._everything, self._there = intent, product, everything, there
        self._full = {str(each["id"]): each for each in intent.desired.document.get("variants") or ()}
        self._variants = {str(each["id"]): each for each in intent.document.get("variants") or ()}
        self._images = {str(each["id"]): each for each in intent.document.get("images") or ()}
        changed = intent.changed
        self._own = {
            name: intent.document[name]
            for name in FIELDS
            if name in intent.document and (changed is None or name in changed)
        }
        self._lacking = {name for kind, name in intent.lacking if kind == VARIANT}
        self._news = {id: self._told("variants", id, VARIANT_FIELDS, each) for id, each in self._variants.items()}  # fmt: skip
        self._news = {id: body for id, body in self._news.items() if body or id in self._lacking}
        self._pictures = {
            id: body
            for id, each in self._images.items()
            if (body := self._told("images", id, ("url", "variant_ids"), each)) and each.get("url")
        }

    def _told(
        self, scope: str, id: str, names: tuple[str, ...], element: Mapping[str, Any]
    ) -> dict[str, Any]:
        changed = self._intent.changed
        return {
            name: element[name]
            for name in names
            if name in element and (changed is None or f"{scope}[{id}].{name}" in changed)
        }

    @property
    def are_many(self) -> bool:
        """Whether more than one part changed, and a product with all of them can be put."""
        parts = len(self._news) + len(self._pictures) + bool(self._own)
        complete = "title" in self._intent.document and all("title" in each for each in self._variants.values())  # fmt: skip
        return parts > 1 and complete and bool(self._variants)

    def whole(self) -> PutProduct:
        """The product with all it has, as far as it may be written; what is new with all of its fields."""
        document = dict(self._intent.document)
        document["variants"] = [
            self._full[id] if id in self._lacking else each for id, each in self._variants.items()
        ]
        return PutProduct(product=self._product, body=whole_of(document, self._product, new=False))

    def pieces(self) -> tuple[Change, ...]:
        """Part by part, each call with what changed."""
        calls: list[Change] = []
        if self._own:
            calls.append(PatchProduct(product=self._product, body=said(self._own), whole=self._everything))
        for id, body in self._news.items():
            variant = store_id(id)
            if id in self._lacking and variant not in self._there["variants"]:
                full = variant_of(self._full[id], new=True)
                calls.append(
                    PutVariant(product=self._product, variant=variant, body=full, whole=self._everything)
                )
            elif id in self._lacking:
                full = {
                    name: value
                    for name, value in variant_of(self._full[id], new=False).items()
                    if name != "id"
                }
                kept = {name: full[name] for name in full if name in self._variants[id]}
                calls.append(
                    PatchVariant(product=self._product, variant=variant, body=kept, whole=self._everything)
                )
            else:
                calls.append(
                    PatchVariant(
                        product=self._product, variant=variant, body=said(body), whole=self._everything
                    )
                )
        calls += [
            PutImage(product=self._product, image=store_id(id), body=image_of(self._images[id]), whole=self._everything)
            for id in self._pictures
        ]  # fmt: skip
        return tuple(calls)

    @property
    def gone(self) -> Sequence[str]:
        """Ids of images that are no longer wanted, unless they are the merchant's."""
        assert self._intent.desired is not None
        if self._intent.desired.modes.get("images.url", "always") in ("create", "if_empty"):
            return ()
        return sorted(
            store_id(path[7:-1])
            for path in self._intent.vanished
            if path.startswith("images[") and path.endswith("]")
        )

    def leavings(self) -> tuple[Change, ...]:
        """The end of those images. Variants have their own wish, by policy."""
        return tuple(DeleteImage(product=self._product, image=image) for image in self.gone)


def _away(intent: Intent) -> Steps:
    if intent.remote_id is None:
        return Leave("already_gone", "The store has no such product.", state="gone")
    product, _, variant = intent.remote_id.partition("/")
    if intent.kind == VARIANT:
        call = DeleteVariant if intent.permanently else HideVariant
        return (call(product=product, variant=variant),)
    if intent.permanently:
        return (DeleteProduct(product=product),)
    return Leave("no_visibility", "A product of Mailchimp has no visibility of its own; its variants have.")


def _ids(existing: Existing | None) -> Mapping[str, frozenset[str]]:
    document = existing.document if existing is not None else {}
    return {
        name: frozenset(str(each["id"]) for each in document.get(name) or ())
        for name in ("variants", "images")
    }
