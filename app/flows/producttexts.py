"""The texts of a product: title, description, category, what a variant is called, and its address in the shop.

Pure. Every text comes back with the warnings it deserves; a warning begins with its code and a colon.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from app.flows.productsettings import PLACEHOLDER, ProductsSettings
from app.records.product import Product, Variant
from app.values.text import as_text, html_to_text, one_line

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")

Text = tuple[str | None, tuple[str, ...]]


def title_of(product: Product, settings: ProductsSettings) -> Text:
    """The product's title in one line; its number where it has none, since a store takes no product without."""
    own = product.variants[0].title if settings.title_from == "article" and product.variants else None
    title = one_line(_readable(own or product.title or "", settings))
    if not title:
        return f"#{product.id}", ("title_missing: the product has no description in the till",)
    return cut(title, settings.longest_title, "title_cut: the title")


def description_of(product: Product, settings: ProductsSettings, *, category: str | None) -> Text:
    """The description by its template, with the properties that go there at its end."""
    long, short = _readable(product.description or "", settings), _readable(product.short_description or "", settings)  # fmt: skip
    chosen = {
        "long": [long],
        "short": [short],
        "both": [short, long] if short != long else [long],
        "none": [],
    }
    values: dict[str, str] = {
        "description": "\n\n".join(part for part in chosen[settings.description_from] if part),
        "short": short,
        "brand": product.brand or "",
        "category": category or "",
    }
    named = set(PLACEHOLDER.findall(settings.description_template))
    for name in named - values.keys():
        values[name] = field_of(product, name) or ""
    lines = [
        filled
        for line in settings.description_template.split("\n")
        if (filled := _filled(line, values)) is not None
    ]
    for name, place in settings.properties.items():
        value = field_of(product, name) if place == "description" and name not in named else None
        if value:
            lines.append(f"{name}: {value}")
    text = "\n".join(lines).strip()
    return cut(text, settings.longest_description, "description_cut: the description") if text else (None, ())  # fmt: skip


def category_of(product: Product, settings: ProductsSettings) -> str | None:
    """The one category that the store has room for: the first group's name or path, else the fallback."""
    name = product.category_name
    if settings.category_form == "path" and product.category_path:
        name = settings.category_separator.join(product.category_path)
    cleared = one_line(CONTROL.sub("", name or ""))
    return cleared or settings.category_fallback or None


def variant_title(
    product: Product, variant: Variant, *, title: str, alone: bool, settings: ProductsSettings
) -> str:
    """What tells this variant from its sisters; the product's title where it is the only one."""
    told = []
    for name, label in settings.attributes.items():
        value = attribute_of(variant, name)
        if value:
            told.append(f"{label} {value}".strip() if label else value)
    if told:
        own = " / ".join(told)
        return f"{title} {own}" if settings.variant_title == "full" else own
    if alone:
        return title
    own = one_line(CONTROL.sub("", variant.title or ""))
    return own if own and own != one_line(product.title or "") else f"{title} {variant.sku}"


def attribute_of(variant: Variant, name: str) -> str | None:
    """An attribute by name, a field of its own or a custom field of the article."""
    value = variant.attributes.get(name)
    return value.strip() or None if value is not None else _scalar(variant.custom.get(name))


def unmapped(product: Product, settings: ProductsSettings) -> tuple[str, ...]:
    """Attributes and custom fields that no setting uses: nothing is lost unseen."""
    used = {*settings.attributes, *settings.properties, *PLACEHOLDER.findall(settings.description_template)}
    there = {
        name
        for variant in product.variants
        for name in (*variant.attributes, *variant.custom)
        if attribute_of(variant, name)
    }
    return tuple(sorted(there - used))


def field_of(product: Product, name: str) -> str | None:
    """A property by name: the product's own, or its articles', all of those that differ."""
    own = product.properties.get(name) or _scalar(product.custom.get(name))
    if own:
        return own
    values = [value for variant in product.variants if (value := _scalar(variant.custom.get(name)))]
    return ", ".join(dict.fromkeys(values)) or None


def address_of(product: Product, variant: Variant, title: str, settings: ProductsSettings) -> str | None:
    """The product's address in the merchant's shop by the template; one that the source knows itself counts first."""
    if variant.url or product.url:
        return variant.url or product.url
    if settings.product_url is None:
        return None
    values = {
        "id": product.id,
        "sku": variant.sku,
        "slug": slug(title),
        "handle": product.handle or slug(title),
        "external_id": variant.external_id or "",
        "plu": variant.plu or "",
        "gtin": variant.gtin or "",
    }
    if any(not values[name] for name in PLACEHOLDER.findall(settings.product_url)):
        return None
    return PLACEHOLDER.sub(lambda found: quote(values[found[1]], safe=""), settings.product_url)


def slug(text: str) -> str:
    """Small letters, digits and dashes: ``Été rood`` is ``ete-rood``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NOT_SLUG.sub("-", plain).strip("-")[:100]


def _filled(line: str, values: Mapping[str, str]) -> str | None:
    names = PLACEHOLDER.findall(line)
    if names and not any(values.get(name) for name in names):
        return None
    return PLACEHOLDER.sub(lambda found: values.get(found[1], ""), line)


def _readable(text: str, settings: ProductsSettings) -> str:
    cleared = CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return html_to_text(cleared) if settings.markup == "text" else cleared.strip()


def cut(text: str, longest: int, what: str) -> tuple[str, tuple[str, ...]]:
    """At most so many characters, and a warning where something was left out; ``what`` begins with its code."""
    if len(text) <= longest:
        return text, ()
    return text[: longest - 1].rstrip() + "…", (f"{what} has {len(text):,} characters; it is cut at {longest:,}",)  # fmt: skip


def _scalar(value: Any) -> str | None:
    if isinstance(value, bool):
        return "ja" if value else "nee"
    if isinstance(value, list | tuple):
        return ", ".join(text for each in value if (text := _scalar(each))) or None
    text = as_text(value)
    return one_line(CONTROL.sub("", text)) or None if text is not None else None
