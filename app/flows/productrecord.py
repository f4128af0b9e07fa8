"""A product as a store is to have it: what the settings make of a record, and which of its fields are written when.

Pure. Prices stand in the variants already (``prices.py``), texts come from ``producttexts.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from app.flows.prices import rate_of
from app.flows.productsettings import ProductsSettings
from app.flows.producttexts import (
    address_of,
    category_of,
    description_of,
    field_of,
    unmapped,
    variant_title,
)
from app.records.decision import WriteMode
from app.records.product import Product, ProductImage, Variant


def known_by(variant: Variant, settings: ProductsSettings) -> str:
    """What the store knows a variant by: its SKU, or its barcode by setting."""
    return variant.gtin or variant.sku if settings.identify_by == "gtin" else variant.sku


def record_of(
    product: Product, sent: Sequence[Variant], *, title: str, settings: ProductsSettings, quantities: bool
) -> tuple[Product, list[str]]:
    """The product as the store is to have it, and what is worth a warning.

    ``sent`` are its variants that are sent, under their natural keys. ``quantities`` is False where a stock flow alone
    writes them.
    """
    category = category_of(product, settings)
    description, cut = description_of(product, settings, category=category)
    variants = tuple(
        _variant(product, variant, title=title, settings=settings, quantities=quantities) for variant in sent
    )
    type_, vendor = _type_and_vendor(product, category, settings)
    record = product.model_copy(
        update={
            "title": title,
            "description": description,
            "category_name": type_,
            "brand": vendor,
            "url": variants[0].url,
            "tax_class": _tax_class(sent[0], settings),
            "variants": variants,
            "images": _images(product, sent, settings),
        }
    )
    return record, [*cut, *_warnings(product, sent, settings)]


def _variant(
    product: Product, variant: Variant, *, title: str, settings: ProductsSettings, quantities: bool
) -> Variant:
    alone = len(product.variants) == 1
    return variant.model_copy(
        update={
            "title": variant_title(product, variant, title=title, alone=alone, settings=settings),
            "quantity": variant.quantity if quantities else None,
            "visible": settings.visibility == "always" or variant.web_shop,
            "image_url": variant.image_url if settings.images == "all" else None,
            "url": address_of(product, variant, title, settings),
        }
    )


def _images(
    product: Product, sent: Sequence[Variant], settings: ProductsSettings
) -> tuple[ProductImage, ...]:
    """Those with a public address, each with the variants that are sent."""
    if settings.images == "off":
        return ()
    names = {variant.sku: known_by(variant, settings) for variant in product.variants}
    there = {variant.id for variant in sent}
    return tuple(
        image.model_copy(
            update={"skus": tuple(name for sku in image.skus if (name := names.get(sku)) in there)}
        )
        for image in product.images
        if image.url
    )


def _type_and_vendor(
    product: Product, category: str | None, settings: ProductsSettings
) -> tuple[str | None, str | None]:
    """What the store has room for: properties that were placed there come first, then category and brand."""
    type_, vendor = _placed(product, "type", settings), _placed(product, "vendor", settings) or product.brand
    if settings.category_to == "type":
        type_ = type_ or category
    elif settings.category_to == "vendor":
        vendor = category or vendor
    return type_, vendor


def _warnings(product: Product, sent: Sequence[Variant], settings: ProductsSettings) -> list[str]:
    found = [
        f"gtin_invalid: article {variant.sku}: {variant.gtin_problem}"
        for variant in sent
        if variant.gtin_problem
    ]
    hidden = sum(not image.url for image in product.images)
    if hidden and settings.images != "off":
        found.append(
            f"image_not_public: {hidden} of {len(product.images)} images have no public address and are not sent"
        )
    if product.categories and not product.category_name and settings.category_to != "nowhere":
        groups = ", ".join(product.categories[:5])
        found.append(
            f"category_unknown: group {groups} hangs on no tree of the till, so its name is not known"
        )
    hints = unmapped(product, settings)
    if hints:
        found.append(f"hint_unmapped: not sent, since no setting names them: {', '.join(hints)}"[:300])
    return found


def _placed(product: Product, place: Literal["vendor", "type"], settings: ProductsSettings) -> str | None:
    """The first property that goes there and has a value."""
    names = (name for name, where in settings.properties.items() if where == place)
    return next((value for name in names if (value := field_of(product, name))), None)


def _tax_class(variant: Variant, settings: ProductsSettings) -> str | None:
    rate_of(variant, settings)  # a code that the table should have fails here too
    known = settings.tax_classes.get(variant.vat_code or "")
    return known.name if known is not None and known.name else variant.vat_code


def modes_of(settings: ProductsSettings) -> dict[str, WriteMode]:
    """Fields that are written when the product is made and then left to the merchant."""
    kept: dict[str, WriteMode] = {}
    if not settings.update_title:
        kept |= dict.fromkeys(("title", "variants.title"), "create")
    if not settings.update_description:
        kept |= {"description": "create"}
    if not settings.update_category:
        kept |= dict.fromkeys(("type", "vendor"), "create")
    if not settings.update_images:
        kept |= dict.fromkeys(("image_url", "images.url", "images.variant_ids", "variants.image_url"), "create")  # fmt: skip
    return kept
