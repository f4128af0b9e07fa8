"""Products: what the till sells to products with variants in a store.

Pure: a record, settings and what is known become a decision. A product is one target, brought by one call wherever
that is possible; its variants go along under keys of their own, so that stock and sales find them and no SKU is ever
sold twice. Every article that is not sent has its reason. Features P1, P3, P5 to P10, P12 to P21.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.flows.base import FlowKind
from app.flows.prices import NoPrice, price_of
from app.flows.productrecord import known_by, modes_of, record_of
from app.flows.productsettings import Away, ProductsSettings
from app.flows.producttexts import title_of
from app.records.decision import UNDONE, Archive, Carried, Decision, Known, KnownTarget, Put, Skip
from app.records.product import Product, Variant

KIND, VARIANT, STOCK = "product", "variant", "stock"

_INACTIVE = ("inactive", "it is inactive in the till")
_DISCONTINUED = ("discontinued", "it is discontinued")
_NOT_WEB_SHOP = ("not_web_shop", "it is not marked for the web shop")


@dataclass(frozen=True, slots=True)
class _Out:
    """A variant that is not sent, why, and what becomes of it where it was sent before."""

    sku: str
    code: str
    reason: str
    away: Away


def decide(product: Product, settings: ProductsSettings, known: Known) -> Decision:
    """Put the product with every variant that is to be seen; take away those that are not, by policy."""
    sent, out = _sorted_out(product, settings)
    warnings = [f"left_out: article {each.sku} is not sent: {each.reason} ({each.code})" for each in out]
    archives = _archives(out, sent, settings, known)
    if not sent:
        skip = _nothing_left(product, out)
        gone = _whole(archives, known, permanently=any(each.away == "delete" for each in out))
        return Decision(archives=gone, skip=None if gone else skip, warnings=tuple(warnings))

    title, cut = title_of(product, settings)
    warnings += cut
    assert title is not None
    record, said = record_of(
        product, sent, title=title, settings=settings, quantities=STOCK not in known.flows
    )
    warnings += said
    put = Put(
        kind=KIND,
        natural=product.id,
        record=record,
        update=settings.update_existing,
        options={"currency": settings.store_currency or settings.currency},
        carries=tuple(Carried(VARIANT, variant.sku, variant.id) for variant in record.variants),
        modes=modes_of(settings),
    )
    return Decision(puts=(put,), archives=archives, warnings=tuple(dict.fromkeys(warnings)))


def gone(settings: ProductsSettings, known: Known) -> Decision:
    """A product that is not found any more: by policy, and only after a second read."""
    skip = Skip("not_found", "The till does not show this product any more; missing rights look the same.")
    return _away(known, settings.on_gone, skip)


def filtered(settings: ProductsSettings, known: Known, skip: Skip) -> Decision:
    """A product, or some of its variants, that a filter or list keeps back."""
    return _away(known, settings.when_filtered, skip)


def reach(product: Product) -> frozenset[tuple[str, str]]:
    """The variants a record speaks of."""
    return frozenset((VARIANT, variant.sku) for variant in product.variants)


# --- which variants -------------------------------------------------------------------------------------------------


def _sorted_out(product: Product, settings: ProductsSettings) -> tuple[list[Variant], list[_Out]]:
    sent: list[Variant] = []
    out: list[_Out] = []
    taken: set[str] = set()
    for variant in product.variants:
        name = known_by(variant, settings)
        found = _unwanted(variant, settings)
        if found is None and name in taken:
            reason = f"another article of this product is known by {name}"
            found = _Out(variant.sku, "duplicate", reason, "leave")
        if found is None:
            try:
                price = price_of(variant, settings)
            except NoPrice as no:
                found = _Out(variant.sku, no.code, str(no), "leave")
            else:
                taken.add(name)
                sent.append(variant.model_copy(update={"id": name, "price": price}))
        if found is not None:
            out.append(found)
    return sent, out


def _unwanted(variant: Variant, settings: ProductsSettings) -> _Out | None:
    if not variant.active:
        return _Out(variant.sku, *_INACTIVE, settings.on_inactive)
    if variant.discontinued:
        return _Out(variant.sku, *_DISCONTINUED, settings.on_inactive)
    if settings.which == "web_shop" and not variant.web_shop:
        return _Out(variant.sku, *_NOT_WEB_SHOP, settings.when_filtered)
    return None


def _archives(
    out: list[_Out], sent: list[Variant], settings: ProductsSettings, known: Known
) -> tuple[Archive, ...]:
    """Known variants that are not wanted any more, by the policy of their reason.

    One that the product has no more belongs to another product now: it leaves here whatever the policy, since a
    variant under two products would be sold twice.
    """
    wanted = {known.hashed(VARIANT, variant.sku) for variant in sent}
    reasons = {known.hashed(VARIANT, each.sku): each for each in out}
    moved: Away = "delete" if settings.on_inactive == "delete" else "hide"
    archives = []
    for target in _present(known, VARIANT):
        if target.key in wanted:
            continue
        each = reasons.get(target.key)
        away = each.away if each is not None else moved
        if away != "leave":
            reason = each.code if each is not None else "moved_away"
            archives.append(Archive(VARIANT, target.key, reason, permanently=away == "delete"))
    return tuple(archives)


def _nothing_left(product: Product, out: list[_Out]) -> Skip:
    if not out:
        return Skip("no_articles", f"Product {product.id} has no articles.")
    codes = list(dict.fromkeys(each.code for each in out))
    filtered = codes == [_NOT_WEB_SHOP[0]]
    if len(codes) == 1:
        return Skip(codes[0], f"None of its articles is sent: {out[0].reason}.", filtered=filtered)
    return Skip("nothing_to_sell", f"None of its articles is sent: {', '.join(codes)}.")


# --- what becomes of those that leave --------------------------------------------------------------------------------


def _away(known: Known, how: Away, skip: Skip) -> Decision:
    """Hide or delete what is known; where nothing is, the reason alone."""
    if how == "leave":
        return Decision(skip=skip)
    delete = how == "delete"
    archives = tuple(
        Archive(VARIANT, target.key, skip.code, permanently=delete) for target in _present(known, VARIANT)
    )
    archives = _whole(archives, known, permanently=delete, reason=skip.code)
    return Decision(archives=archives) if archives else Decision(skip=skip)


def _whole(
    archives: tuple[Archive, ...], known: Known, *, permanently: bool, reason: str = "nothing_left"
) -> tuple[Archive, ...]:
    """A product that loses its last variant by deletion is deleted itself, in one call: a store has none without."""
    products = _present(known, KIND)
    keys = {archive.key for archive in archives}
    stays = any(target.key not in keys for target in _present(known, VARIANT))
    if not permanently or not products or stays:
        return archives
    along = tuple((target.kind, target.key) for target in known.targets if target.kind == VARIANT)
    return tuple(Archive(KIND, each.key, reason, permanently=True, carries=along) for each in products)


def undo(settings: ProductsSettings, known: Known) -> Decision:
    """Products that are not to have been sent are hidden, or deleted where that is what becomes of inactive ones."""
    how: Away = "delete" if settings.on_inactive == "delete" else "hide"
    return _away(known, how, Skip(UNDONE, "A product without articles of its own has nothing to hide."))


def _present(known: Known, kind: str) -> list[KnownTarget]:
    return [t for t in known.targets if t.own and t.kind == kind and t.state == "present"]


PRODUCTS = FlowKind(
    name="products",
    record_kind=KIND,
    way=("till", "audience"),
    record=Product,
    settings=ProductsSettings,
    decide=decide,
    gone=gone,
    filtered=filtered,
    target_kinds=(KIND, VARIANT),
    begins="beginning",
    scopes={"variants": "sku", "images": "id"},
    target_scopes={"variants": "id", "images": "id"},
    list_elements={"variants": {"sku": "sku"}},
    reach=reach,
    also=lambda _settings: ("product_category",),
    quiet_import=True,
    parts=lambda settings: frozenset({STOCK}) if settings.quantity == "on" else frozenset(),
    undo=undo,
)
