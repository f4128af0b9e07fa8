"""The articles that a shop's product becomes: their numbers, texts, prices, VAT, colour and size. Pure.

Every variant that is left out has its reason; what concerns the whole product is raised.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.errors import MappingFailed
from app.flows.lookups import Lookup
from app.flows.producttexts import CONTROL, cut
from app.flows.shopproductsettings import ProductStore, ShopProductsSettings
from app.records.product import Product, ProductImage, Variant
from app.values.articlenumber import article_number
from app.values.gtin import gtin_digits, gtin_is_valid
from app.values.money import half_up
from app.values.text import html_to_text, one_line

LONGEST_SKU = 50
NAMELESS = "nameless"
"""Among a variant's custom values: the shop no longer tells its SKU, and the name that it has here is nothing to type."""
MOST_MONEY = Decimal(10) ** 9

_PARTS = re.compile(r"\s+/\s+|\s*[|;]\s*|,\s+|\s+[-–]\s+")
_SIZE = re.compile(
    r"(?:\d{0,2}x{0,3}[sml]|xxs|xxl|one size|(?:extra )?(?:small|large|klein|groot)|medium|middel|kort|lang|\d{2}(?:\s?[-/]\s?\d{2})?|\d+(?:[.,]\d+)?\s?(?:mm|cm|m|gr?|kg|ml|cl|l|liter))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Out:
    """A variant that is not sent, and why."""

    name: str
    code: str
    reason: str

    @property
    def warning(self) -> str:
        """For the activity."""
        return f"left_out: variant {self.name} is not sent: {self.reason} ({self.code})"


def name_of(sku: str) -> str:
    """What an article is known by here: its SKU in the shop. Brackets would not fit the paths of fields."""
    return one_line(sku).translate({ord("["): "(", ord("]"): ")"})


def line_name(store: str | None, product: str, variant: str | None) -> str | None:
    """What a variant is known by here when its SKU cannot be asked any more; None where the source has no id for it."""
    if not variant:
        return None
    whole = name_of(f"{store}/{product}/{variant}")
    if len(whole) <= LONGEST_SKU:
        return whole
    return f"{whole[:33]}~{hashlib.sha256(whole.encode()).hexdigest()[:16]}"


def sorted_out(
    product: Product, store: ProductStore, settings: ShopProductsSettings
) -> tuple[list[Variant], list[Out]]:
    """The variants that become articles, with their price, and those that do not."""
    sent: list[Variant] = []
    out: list[Out] = []
    taken: set[str] = set()
    for variant in product.variants:
        name = name_of(variant.sku)
        found = _unfit(variant, name, taken) or _without_price(variant, name, settings)
        if found is not None:
            out.append(found)
            continue
        taken.add(name)
        price = half_up(variant.price or Decimal(0))
        sent.append(
            variant.model_copy(
                update={
                    "sku": name,
                    "price_incl": price if store.prices == "incl" else None,
                    "price_excl": price if store.prices == "excl" else None,
                    **_numbered(variant, settings),
                }
            )
        )
    return sent, out


class TillCodes:
    """The till's numbers for VAT, turnover and groups, out of the flow's tables, compiled once for all variants."""

    def __init__(self, settings: ShopProductsSettings):
        self._vat = Lookup(settings.vat_expression, settings.vat_codes, field="vat_codes")
        self._turnover = settings.turnover_groups and Lookup(
            settings.turnover_expression, settings.turnover_groups, field="turnover_groups"
        )
        self._group = settings.article_groups and Lookup(
            settings.group_expression, settings.article_groups, field="article_groups"
        )

    def vat(self, values: Mapping[str, Any]) -> str:
        """The VAT code. MappingFailed where nothing says it."""
        found = _number(self._vat.of(values), "vat_codes")
        if found is None:
            raise MappingFailed(
                "Nothing says which VAT code the product has.",
                field="vat_codes",
                advice="Add the value to the flow's table of VAT codes, or a default.",
                code="no_vat_code",
            )
        return found

    def turnover(self, values: Mapping[str, Any]) -> str | None:
        """The turnover group, where the flow says one."""
        return _number(self._turnover.of(values), "turnover_groups") if self._turnover else None

    def groups(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The article groups that the product joins."""
        found = _number(self._group.of(values), "article_groups") if self._group else None
        return () if found is None else (found,)


def article_of(
    product: Product,
    variant: Variant,
    values: Mapping[str, Any],
    codes: TillCodes,
    settings: ShopProductsSettings,
    *,
    title: str,
) -> Variant:
    """One variant as the till is to have it; what rows or rules said of it stays. Raises MappingFailed, or SkipRecord where a
    table says so."""
    own = _own_title(product, variant)
    alone = len(product.variants) == 1
    return variant.model_copy(
        update={
            "title": title if alone or not own else f"{title} {own}",
            "vat_code": variant.vat_code or codes.vat(values),
            "turnover_group": variant.turnover_group or codes.turnover(values),
            "gtin": gtin_digits(variant.gtin) if gtin_is_valid(variant.gtin) else None,
            "attributes": ({} if alone else options_of(own, settings)) | variant.attributes,
        }
    )


def texts_of(product: Product, settings: ShopProductsSettings) -> tuple[str, str | None, list[str]]:
    """Title and description, in plain text of a length that a till can show, and warnings."""
    title = one_line(html_to_text(CONTROL.sub("", product.title or "")))
    if not title:
        title, said = f"#{product.id}", ["title_missing: the product has no title in the shop"]
    else:
        title, told = cut(title, settings.longest_title, "title_cut: the title")
        said = [*told]
    text = html_to_text(CONTROL.sub("", product.description or ""))
    description, told = cut(text, settings.longest_description, "description_cut: the description")
    return title, description or None, [*said, *told]


def pictures_of(
    product: Product, sent: Sequence[Variant], settings: ShopProductsSettings
) -> tuple[tuple[ProductImage, ...], list[str]]:
    """Those with a public address, each with the articles that it shows; and warnings."""
    if settings.images == "off":
        return (), []
    names = {variant.sku for variant in sent}
    images = product.images[:1] if settings.images == "main" else product.images
    found: list[ProductImage] = []
    hidden = 0
    for image in images:
        shown = tuple(name for sku in image.skus if (name := name_of(sku)) in names)
        if not (image.url or "").lower().startswith(("http://", "https://")):
            hidden += 1
        elif shown or not image.skus:  # one that shows only variants that are left out is left out as well
            found.append(image.model_copy(update={"skus": shown}))
    warning = f"image_not_public: {hidden} of {len(images)} images have no public address and are not sent"
    return tuple(found), [warning] if hidden else []


def options_of(own: str, settings: ShopProductsSettings) -> dict[str, str]:
    """Colour and size out of what a variant's title says beside the product's.

    ``rood / M`` is both; ``M`` alone is a size, ``rood`` alone the first part.
    """
    names = settings.variant_parts
    values = [part for part in _PARTS.split(own) if part]
    if not values or not names:
        return {}
    if len(values) == 1 and "size" in names and _SIZE.fullmatch(values[0]):
        return {"size": values[0]}
    if len(values) > len(names):
        values = [*values[: len(names) - 1], " / ".join(values[len(names) - 1 :])]
    return {name: value for name, value in zip(names, values, strict=False) if name != "skip"}


# --- one variant -----------------------------------------------------------------------------------------------------


def _unfit(variant: Variant, name: str, taken: set[str]) -> Out | None:
    told = name or variant.id or "?"
    if not name:
        return Out(told, "no_sku", "it has no SKU, and an article is known by it")
    if len(name) > LONGEST_SKU:
        return Out(
            f"{name[:LONGEST_SKU]}…", "sku_too_long", f"its SKU is longer than {LONGEST_SKU} characters"
        )
    if CONTROL.search(name):
        return Out(
            CONTROL.sub("?", name), "sku_unreadable", "its SKU holds characters that cannot be printed"
        )
    if name in taken:
        return Out(told, "duplicate_sku", "another variant of this product has the same SKU")
    return None


def _without_price(variant: Variant, name: str, settings: ShopProductsSettings) -> Out | None:
    price = variant.price or Decimal(0)
    if price < 0:
        return Out(name, "price_negative", "its price is negative")
    if half_up(price) == 0 and settings.without_price == "leave_out":
        return Out(name, "price_missing", "it has no price")
    if price >= MOST_MONEY:
        return Out(name, "price_too_high", "its price is no price that a till can hold")
    return None


def _numbered(variant: Variant, settings: ShopProductsSettings) -> dict[str, Any]:
    """The article number, where the SKU or the table says it; the SKU as PLU, where that is how it will be found again."""
    sku = one_line(variant.sku)
    translated = settings.sku_table.get(sku, sku).strip()
    number = article_number(translated)
    if number is not None and settings.numbers == "assigned" and sku not in settings.sku_table:
        number = None
    told = None if number is None else str(number)
    plu = None if number is not None or variant.custom.get(NAMELESS) else translated
    return {"number": told, "plu": variant.plu or plu}


def _own_title(product: Product, variant: Variant) -> str:
    """What a variant's title says beside the product's."""
    whole = one_line(html_to_text(CONTROL.sub("", product.title or "")))
    own = one_line(html_to_text(CONTROL.sub("", variant.title or "")))
    if whole and own.casefold().startswith(whole.casefold()):
        own = own[len(whole) :]
    return own.strip(" -–/:,;|")


def _number(found: str | None, field: str) -> str | None:
    """A number of the till out of a table. MappingFailed for what is none."""
    if found is None:
        return None
    if not (found.isascii() and found.isdigit() and len(found) <= 9):
        raise MappingFailed(
            f"The flow's setting {field} gives a text where a number of the till is needed.",
            field=field,
            advice="Add the value to the table, or choose `default`, `skip` or `fail` for values that are not in it.",
            code="no_number",
        )
    return str(int(found))
