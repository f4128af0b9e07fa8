"""The money of a shop's order, line by line to the cent: which prices hold the VAT, what came off, what shipping cost.

Mailchimp says of neither prices nor discounts how they are meant (mailchimp.md §3.4), and shops differ. So every reading
that the settings allow is tried until one adds up to the order's own total. Where none does, the order is held back, or
booked with a warning. Pure; features O21, O22, O27, O32.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.errors import MappingFailed
from app.flows.shopordersettings import ShopOrdersSettings
from app.flows.shopstores import SourceStore
from app.records.order import Order, OrderLine, Promo
from app.values.money import half_up, share_out

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Reading:
    """How the numbers are meant. ``rest`` is the discount of the order as a whole, beside that of its lines."""

    with_vat: bool
    on_top: bool
    rest: Decimal


@dataclass(frozen=True, slots=True)
class Money:
    """The lines as they are booked, shipping and discounts among them."""

    lines: tuple[OrderLine, ...]
    with_vat: bool
    warnings: tuple[str, ...] = ()


def money_of(order: Order, store: SourceStore, settings: ShopOrdersSettings) -> Money:
    """The order's lines with totals that add up. Raises MappingFailed where they do not and the settings say block."""
    reading, warnings = _reading(order, store, settings)
    lines = [_line(line, reading) for line in order.lines]
    if settings.discount_article and reading.rest:
        lines += _discount_lines(order.promos, reading, article=settings.discount_article)
    elif reading.rest:
        lines = _shared_out(lines, reading)
    if order.shipping_total:
        lines.append(_shipping(order, reading, settings))
    return Money(tuple(lines), reading.with_vat, warnings)


def _reading(
    order: Order, store: SourceStore, settings: ShopOrdersSettings
) -> tuple[Reading, tuple[str, ...]]:
    readings = list(_readings(order, store, own_line=bool(settings.discount_article)))
    for reading in readings:
        if _comes_to(order, reading) == half_up(order.total):
            return reading, ()
    sentence = f"Lines, shipping and discounts come to {_comes_to(order, readings[0])}, the order's total is {half_up(order.total)}."
    if settings.totals == "block":
        raise MappingFailed(
            sentence,
            field="total",
            advice=(
                "Look at the order in the shop. If the shop means prices or discounts otherwise, say so at the store in the "
                "flow's settings; or let such orders be booked with a warning."
            ),
            code="total_differs",
        )
    return readings[0], (f"total_differs: {sentence}",)


def _readings(order: Order, store: SourceStore, *, own_line: bool) -> Iterator[Reading]:
    """Every reading that the store's settings allow, the likeliest first.

    A discount that is told of lines and of the order alike came off those lines; ``own_line``: it is booked beside them, since
    the flow has an article for discounts.
    """
    of_lines = sum((line.discount for line in order.lines), _ZERO)
    vat = {"auto": (True, False), "with_vat": (True,), "without_vat": (False,)}[store.prices]
    tops = {"auto": (not own_line, own_line), "in_price": (False,), "on_top": (True,)}[store.line_discounts]
    for with_vat in vat:
        for on_top in tops if of_lines else tops[:1]:
            told = order.discount_total
            rests = (told - of_lines, told, _ZERO) if on_top else (told, told - of_lines, _ZERO)
            for rest in dict.fromkeys(rests):
                if rest >= 0:
                    yield Reading(with_vat, on_top, rest)


def _comes_to(order: Order, reading: Reading) -> Decimal:
    lines = sum((_total(line, reading) for line in order.lines), _ZERO)
    tax = _ZERO if reading.with_vat else order.tax_total or _ZERO
    return half_up(lines + order.shipping_total - reading.rest + tax)


def _total(line: OrderLine, reading: Reading) -> Decimal:
    return half_up(line.unit_price * line.quantity - (line.discount if reading.on_top else _ZERO))


def _line(line: OrderLine, reading: Reading) -> OrderLine:
    return _priced(line, _total(line, reading), reading, discount=line.discount)


def _priced(line: OrderLine, total: Decimal, reading: Reading, *, discount: Decimal = _ZERO) -> OrderLine:
    """The line with its total, and what one piece comes to after all; with or without VAT as the shop means it."""
    unit = half_up(total / line.quantity, 4) if line.quantity else _ZERO
    amounts = (
        {"unit_price": unit, "total": total, "unit_price_excl": None, "total_excl": None}
        if reading.with_vat
        else {"unit_price": unit, "total": None, "unit_price_excl": unit, "total_excl": total}
    )
    return line.model_copy(update={**amounts, "discount": discount})


def _worth(line: OrderLine) -> Decimal:
    return line.total if line.total is not None else line.total_excl or _ZERO


def _shared_out(lines: Sequence[OrderLine], reading: Reading) -> list[OrderLine]:
    """The discount of the whole order over its lines, by what they are worth: no cent is lost or made."""
    worth = [max(_worth(line), _ZERO) for line in lines]
    if reading.rest > sum(worth, _ZERO):
        raise MappingFailed(
            "The order's discount is larger than its lines are worth.",
            field="discount_total",
            advice="Look at the order in the shop, or choose an article for discounts in the flow's settings.",
            code="discount_too_large",
        )
    shares = share_out(reading.rest, worth)
    return [
        _priced(line, _worth(line) - share, reading, discount=line.discount + share)
        for line, share in zip(lines, shares, strict=True)
    ]


def _discount_lines(promos: Sequence[Promo], reading: Reading, *, article: str) -> list[OrderLine]:
    """A line for each promo code, and one for what no code explains."""
    left, lines = reading.rest, []
    for at, promo in enumerate(promos, start=1):
        amount = min(half_up(promo.amount), left)
        if amount > 0:
            left -= amount
            line = OrderLine(
                id=f"promo-{at}", sku=article, title=f"Kortingscode {promo.code}", role="discount"
            )
            lines.append(_priced(line, -amount, reading))
    if left:
        line = OrderLine(id="discount", sku=article, title="Korting", role="discount")
        lines.append(_priced(line, -left, reading))
    return lines


def _shipping(order: Order, reading: Reading, settings: ShopOrdersSettings) -> OrderLine:
    if not settings.shipping_article:
        raise MappingFailed(
            "The order has shipping cost, and the flow has no article to book it on.",
            field="shipping_article",
            advice="Choose the article for shipping in the flow's settings, then replay this order.",
            code="no_shipping_article",
        )
    line = OrderLine(
        id="shipping",
        sku=settings.shipping_article,
        title=settings.shipping_text,
        role="shipping",
        vat_code=settings.shipping_vat_code,
    )
    return _priced(line, half_up(order.shipping_total), reading)
