"""Shop products: what other shops sell and wrote into the Mailchimp account becomes articles of the till.

Pure: a record, settings and what is known become one put with its articles, or a reason. Made once under a number that is
kept; changed only where the flow updates. An article is known by the shop's SKU. Feature P2.
"""

from __future__ import annotations

from app.flows.base import FlowKind, Scan
from app.flows.policies import archive_or_skip, take_back
from app.flows.shoparticles import (
    Out,
    TillCodes,
    article_of,
    line_name,
    name_of,
    pictures_of,
    sorted_out,
    texts_of,
)
from app.flows.shopproductsettings import ShopProductsSettings
from app.mapping.run import SkipRecord
from app.records.decision import Archive, Carried, Decision, Known, Numbering, Put, Skip
from app.records.product import Product, Variant
from app.values.gtin import gtin_is_valid

PRODUCT, ARTICLE = "product", "article"
OF_LINE = "of_line"
"""The fact that a product was made of an order's line: it is completed once, as soon as the shop shows it."""


def decide(product: Product, settings: ShopProductsSettings, known: Known) -> Decision:
    """Put the product with every variant that can be an article; or with those alone that are asked for, or not at all."""
    store = settings.store(product.store)
    if store is None:
        return Decision(skip=Skip("other_store", "The flow does not take products of this store."))
    foreign = next(
        (v.currency for v in product.variants if v.currency not in (None, settings.currency)), None
    )
    if foreign is not None:
        return Decision(
            skip=Skip(
                "other_currency", f"The shop's prices are in {foreign}, the till's in {settings.currency}."
            )
        )
    sent, out = sorted_out(product, store, settings)
    warnings = [each.warning for each in out]
    others: list[Variant] = []
    if known.wanted:
        others = [variant for variant in sent if variant.sku not in known.wanted]
        sent = [variant for variant in sent if variant.sku in known.wanted]
        lacking = [each for each in out if each.name in known.wanted]
        if lacking:
            return Decision(skip=_nothing_left(lacking))
    archives = () if known.wanted else _vanished(product, settings, known)
    if not sent:
        skip = _nothing_left(out)
        return Decision(archives=archives, skip=None if archives else skip, warnings=tuple(warnings))
    try:
        record, said = _record(product, sent, settings)
    except SkipRecord as skip:
        return Decision(skip=Skip("filtered", f"Filtered by a table: {skip}.", filtered=True))
    natural = f"{product.store}/{product.id}"
    made = known.find(PRODUCT, natural)
    completes = not known.wanted and made is not None and bool(made.facts.get(OF_LINE))
    put = Put(
        kind=PRODUCT,
        natural=natural,
        record=record,
        update=settings.update_existing or completes,
        facts=_facts(product, known, completes=completes),
        options=_revived(sent, known),
        carries=tuple(_carried(product, variant, settings) for variant in record.variants),
        numbering=_numbering(sent, settings),
        beside=tuple(_carried(product, variant, settings) for variant in others),
        partial=bool(known.wanted),
    )
    return Decision(puts=(put,), archives=archives, warnings=tuple(dict.fromkeys([*warnings, *said])))


def gone(settings: ShopProductsSettings, known: Known) -> Decision:
    """A product that is not found any more: by policy, and only after a second read."""
    skip = Skip("not_found", "Mailchimp does not show this product any more; its articles stay as they are.")
    return archive_or_skip(known, skip, kinds=(ARTICLE,), archive=settings.on_gone == "inactive")


def filtered(settings: ShopProductsSettings, known: Known, skip: Skip) -> Decision:
    """A product, or some of its variants, that a filter or list keeps back."""
    return archive_or_skip(known, skip, kinds=(ARTICLE,), archive=settings.when_filtered == "inactive")


def reach(product: Product) -> frozenset[tuple[str, str]]:
    """The articles that a product speaks of."""
    return frozenset((ARTICLE, name) for variant in product.variants if (name := name_of(variant.sku)))


# --- the record ---------------------------------------------------------------------------------------------------------


def _record(
    product: Product, sent: list[Variant], settings: ShopProductsSettings
) -> tuple[Product, list[str]]:
    title, description, said = texts_of(product, settings)
    images, hidden = pictures_of(product, sent, settings)
    whole, codes = product.model_dump(), TillCodes(settings)
    values = [whole | {"variant": variant.model_dump()} for variant in sent]
    articles = tuple(
        article_of(product, variant, value, codes, settings, title=title)
        for variant, value in zip(sent, values, strict=True)
    )
    wrong = [
        f"gtin_invalid: variant {variant.sku}: the barcode's length or check digit is wrong; it is not sent"
        for variant in sent
        if variant.gtin and not gtin_is_valid(variant.gtin)
    ]
    record = product.model_copy(
        update={
            "title": title,
            "description": description,
            "variants": articles,
            "categories": product.categories or codes.groups(values[0]),
            "images": images,
        }
    )
    return record, [*said, *hidden, *wrong]


def _facts(product: Product, known: Known, *, completes: bool) -> dict[str, str]:
    if completes:
        return {OF_LINE: ""}
    return {OF_LINE: "yes"} if known.wanted and product.custom.get(OF_LINE) else {}


def _carried(product: Product, variant: Variant, settings: ShopProductsSettings) -> Carried:
    former = line_name(product.store, product.id, variant.id)
    return Carried(
        ARTICLE,
        variant.sku,
        found_by=_found_by(variant, settings),
        formerly=former if former != variant.sku else None,
        part=variant.id or None,
        kept=variant.sku not in settings.sku_table,
    )


def _found_by(variant: Variant, settings: ShopProductsSettings) -> tuple[tuple[str, str], ...]:
    """By what its article may stand in the till already, in the order of the setting.

    The number that it would be made under is looked at in any case, and so is the PLU that a SKU without a number leaves.
    """
    sku = variant.number or variant.plu or variant.sku
    ways = {"article_number": sku, "plu": variant.plu or sku, "barcode": variant.gtin}
    found = {way: value for way in settings.match_by if (value := ways[way])}
    if variant.number is not None:
        found.setdefault("article_number", variant.number)
    elif variant.plu:
        found.setdefault("plu", variant.plu)
    return tuple(found.items())


def _numbering(sent: list[Variant], settings: ShopProductsSettings) -> Numbering | None:
    names = tuple(variant.sku for variant in sent if variant.number is None)
    if not names or settings.number_range is None:
        return None
    return Numbering(ARTICLE, names, settings.number_range.first, settings.number_range.last)


# --- what was made before ----------------------------------------------------------------------------------------------


def _vanished(product: Product, settings: ShopProductsSettings, known: Known) -> tuple[Archive, ...]:
    """Articles of variants that the shop has no more. One that is left out for its price or the like stays as it is."""
    if settings.on_gone != "inactive":
        return ()
    there = {known.hashed(*each) for each in reach(product)}
    former = (line_name(product.store, product.id, variant.id) for variant in product.variants)
    there |= {known.hashed(ARTICLE, name) for name in former if name is not None}
    return tuple(
        Archive(ARTICLE, target.key, "gone_from_shop")
        for target in known.targets
        if target.kind == ARTICLE and target.own and target.state == "present" and target.key not in there
    )


def _revived(sent: list[Variant], known: Known) -> dict[str, str]:
    """Names of articles that this flow put away and that are wanted again."""
    away = {t.key for t in known.targets if t.kind == ARTICLE and t.own and t.state == "archived"}
    names = [variant.sku for variant in sent if known.hashed(ARTICLE, variant.sku) in away]
    return {"revive": "\n".join(names)} if names else {}


def _nothing_left(out: list[Out]) -> Skip:
    if not out:
        return Skip("no_variants", "The product has no variants.")
    codes = list(dict.fromkeys(each.code for each in out))
    if len(codes) == 1:
        return Skip(codes[0], f"None of its variants is sent: {out[0].reason}.")
    return Skip("nothing_to_make", f"None of its variants is sent: {', '.join(codes)}.")


def _scan(settings: ShopProductsSettings) -> Scan:
    return Scan(
        places=tuple(store.id for store in settings.stores),
        every_s=settings.scan_every_s,
        calls_a_minute=settings.scan_calls_a_minute,
        asks_for_gone=True,
    )


def _ranges(settings: ShopProductsSettings) -> dict[str, tuple[int, int]]:
    found = settings.number_range
    return {} if found is None else {"number_range": (found.first, found.last)}


SHOP_PRODUCTS = FlowKind(
    name="shop_products",
    record_kind=PRODUCT,
    way=("audience", "till"),
    record=Product,
    settings=ShopProductsSettings,
    decide=decide,
    gone=gone,
    filtered=filtered,
    target_kinds=(PRODUCT, ARTICLE),
    begins="beginning",
    scopes={"variants": "id", "images": "id"},
    target_scopes={"articleList": "sku", "images": "id"},
    list_elements={"variants": {"sku": "sku"}},
    reach=reach,
    scan=_scan,
    compares="target",
    not_compared=(
        "Each look through the stores asks for what changed in them; here what stands in the till is compared with what was "
        "written. Not with it: pictures and groups, which are only ever added, and whether an article is active."
    ),
    element_kinds={"articleList": ARTICLE},
    undo=take_back(ARTICLE),
    ranges=_ranges,
)
