"""Articles for orders: what the lines of a shop's order name, so that it can be made where the till does not have it. Pure.

An article made here is the one that a flow of shop products would make: under the same name and the same number, owned by the
shop's product. Feature O11.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.errors import MappingFailed
from app.flows.base import Making
from app.flows.shoparticles import NAMELESS, line_name, name_of
from app.flows.shopordersettings import ShopOrdersSettings
from app.flows.shopproducts import ARTICLE, OF_LINE, SHOP_PRODUCTS
from app.flows.shopproductsettings import ShopProductsSettings
from app.records.decision import Supply
from app.records.order import Order, OrderLine
from app.records.product import Product, Variant


def makes(settings: ShopOrdersSettings) -> Making | None:
    """A flow of shop products over the same stores, with the order flow's own settings of new articles."""
    if settings.missing_article != "create" or settings.new_articles is None:
        return None
    given = settings.new_articles.model_dump()
    prices = given.pop("prices")
    return Making(
        SHOP_PRODUCTS,
        ShopProductsSettings.model_validate(
            {
                **given,
                "stores": [{"id": store.id, "prices": prices} for store in settings.stores],
                "sku_table": settings.sku_table,
                "match_by": settings.match_by,
                "currency": settings.currency,
            }
        ),
        joined,
    )


def ranges(settings: ShopOrdersSettings) -> dict[str, tuple[int, int]]:
    """The numbers that are given to articles made for orders."""
    if settings.missing_article != "create" or settings.new_articles is None:
        return {}
    found = settings.new_articles.number_range
    return {"new_articles.number_range": (found.first, found.last)}


def joined(product: Product | None, supplies: Sequence[Supply]) -> Product:
    """The shop's product, with the variants that it has no more as the order's lines tell of them.

    Raises MappingFailed for a variant that is there and has no SKU.
    """
    told = supplies[0].stand_in
    assert isinstance(told, Product)
    if product is None:
        return told
    there = {name_of(variant.sku) for variant in product.variants}
    lacking = {each.name: each for each in supplies if each.name not in there}
    if not lacking:
        return product
    nameless = {variant.id for variant in product.variants if not name_of(variant.sku)}
    if any(each.part in nameless for each in lacking.values()):
        raise MappingFailed("it has no SKU in the shop, and an article is known by it.", code="no_sku")
    added = tuple(each for each in told.variants if name_of(each.sku) in lacking)
    return product.model_copy(
        update={"variants": (*product.variants, *added), "custom": product.custom | told.custom}
    )


def with_names(order: Order) -> Order:
    """The order with a name for each line whose variant the shop does not show any more, where the line tells its ids."""
    return order.model_copy(update={"lines": tuple(_named(line, order) for line in order.lines)})


def supplies_of(order: Order, settings: ShopOrdersSettings) -> tuple[Supply, ...]:
    """An article for each SKU that the order's lines name. ``order`` has names (:func:`with_names`) and the shop's own SKUs."""
    if settings.missing_article != "create":
        return ()
    lines: dict[str, OrderLine] = {}
    for line in order.lines:
        if line.sku and name_of(line.sku):
            lines.setdefault(name_of(line.sku), line)
    products: dict[str, list[OrderLine]] = {}
    for line in lines.values():
        products.setdefault(line.product or "", []).append(line)
    return tuple(
        Supply(
            kind=ARTICLE,
            name=name,
            called=settings.sku_table.get((line.sku or "").strip(), (line.sku or "").strip()),
            formerly=_former(line, order),
            of=f"{order.store}/{line.product}" if line.product else None,
            part=line.variant,
            stand_in=_product(order, line.product or "", products[line.product or ""]),
            kept=(line.sku or "").strip() not in settings.sku_table,
        )
        for name, line in lines.items()
    )


def _named(line: OrderLine, order: Order) -> OrderLine:
    if (line.sku or "").strip() or line.product is None:
        return line
    return line.model_copy(update={"sku": line_name(order.store, line.product, line.variant)})


def _former(line: OrderLine, order: Order) -> str | None:
    name = line_name(order.store, line.product, line.variant) if line.product else None
    return name if name != line.sku else None


def _product(order: Order, id: str, lines: list[OrderLine]) -> Product:
    """The product as far as these lines tell of it: their texts and prices."""
    titles = [_title(line) for line in lines]
    return Product(
        id=id,
        store=order.store,
        custom={OF_LINE: True},
        title=_common(titles),
        variants=tuple(
            Variant(
                sku=line.sku or "",
                id=line.variant,
                title=_title(line),
                price=line.unit_price,
                currency=order.currency,
                custom={NAMELESS: True} if line.sku == line_name(order.store, id, line.variant) else {},
            )
            for line in lines
        ),
    )


def _title(line: OrderLine) -> str:
    """The line's own text; of a product that is gone the shop may tell none, and then it is the name that it has here."""
    return line.title or line.sku or ""


def _common(titles: Sequence[str]) -> str | None:
    """What these titles begin with, in whole words; the first of them where that is nothing."""
    words = [title.split() for title in titles]
    shared = 0
    while all(len(each) > shared and each[shared] == words[0][shared] for each in words):
        shared += 1
    return " ".join(words[0][:shared]).strip(" -–/:,;|") or titles[0] or None
