"""A sale's money as a store is to have it: whole quantities, lines that add up to the cent, and nothing that is no revenue.

Pure. The till's own amounts count as they stand (mplus.md §4.7: "use these, do not calculate it yourself"); what is left out
takes its own VAT along. Features O21, O22, O26, O27, O31, O32, P22.
"""

from __future__ import annotations

from decimal import Decimal

from app.errors import MappingFailed
from app.flows.ordersettings import OrdersSettings
from app.records.order import Order, OrderLine, Promo
from app.values.money import half_up

CENT = Decimal("0.01")
ZERO = Decimal(0)
NO_REVENUE = frozenset({"deposit", "gift_card", "payment"})
"""Lines that bring money and no revenue (features O31)."""


def as_sold(order: Order, settings: OrdersSettings) -> tuple[Order, list[str]]:
    """The sale with its revenue alone, every line a whole number of pieces, and what is worth a warning.

    Raises MappingFailed where the lines do not add up and the settings say that this holds the sale back.
    """
    warnings = _checked(order, settings)
    kept = [line for line in order.lines if line.role != "text" and not _is_nothing(line)]
    left_out = [line for line in kept if line.role in NO_REVENUE]
    sold = [line for line in kept if line.role not in NO_REVENUE]
    shipping = [line for line in sold if line.role == "shipping" or line.sku in settings.shipping_articles]
    off = [line for line in sold if line not in shipping and _takes_off(line, settings)]
    lines = [line for line in sold if line not in shipping and line not in off]
    total = order.total - _sum(left_out)
    shipping_total = order.shipping_total + _sum(shipping)
    spread = _adding_up(lines, total - shipping_total - _sum(off))
    sent = order.model_copy(
        update={
            "lines": tuple(whole(line, cents) for line, cents in zip(lines, spread, strict=True)),
            "total": total,
            "tax_total": _tax(order, left_out),
            "shipping_total": shipping_total,
            "discount_total": half_up(sum((line.discount for line in lines), ZERO) - _sum(off)),
            "promos": (*order.promos, *_promos(lines, off, settings)),
        }
    )
    if left_out:
        warnings.append(f"not_revenue: {len(left_out)} lines are no revenue and stay behind")
    return sent, warnings


def as_refund(order: Order) -> Order:
    """A credit as what is taken back: every line below zero that is revenue, shipping included, whole and to the cent."""
    lines = [line for line in order.lines if line.role not in NO_REVENUE | {"text"} and not _is_nothing(line)]
    left_out = [line for line in order.lines if line.role in NO_REVENUE]
    spread = _adding_up(lines, order.total - _sum(left_out))
    told = tuple(whole(line, cents) for line, cents in zip(lines, spread, strict=True))
    return order.model_copy(
        update={"lines": told, "total": order.total - _sum(left_out), "tax_total": _tax(order, left_out)}
    )


def amount(line: OrderLine) -> Decimal:
    """What a line comes to, VAT included."""
    return line.total if line.total is not None else half_up(line.unit_price * line.quantity)


def whole(line: OrderLine, total: Decimal) -> OrderLine:
    """The line in whole pieces that come to ``total`` exactly.

    Pieces by weight become one, at the line's price, with the weight in its note. Where the total does not divide into whole
    cents the price is the next cent above, and ``discount`` takes the rest off again. What goes back is a line at 0 with all of
    it as its discount: nobody says that a store takes prices below zero.
    """
    pieces = abs(line.quantity)
    note = line.note
    if pieces != pieces.to_integral_value() or pieces == 0:
        note = weight(line)
        pieces = Decimal(1)
    exact = max(total, ZERO) / pieces
    price = half_up(exact)
    if price < exact:
        price += CENT
    return line.model_copy(
        update={
            "quantity": Decimal(int(pieces)),
            "unit_price": price,
            "discount": half_up(price * pieces - total),
            "total": total,
            "note": note,
        }
    )


def weight(line: OrderLine) -> str:
    """A quantity as it stands on paper: ``0,250 kg``. The till counts in thousandths."""
    amount = format(half_up(line.quantity, 3), "f").replace(".", ",")
    return f"{amount} {line.unit.lower()}" if line.unit else amount


def _adding_up(lines: list[OrderLine], total: Decimal) -> list[Decimal]:
    """What each line comes to, so that together they are ``total``: a rest goes to the largest line.

    Where VAT is added to the prices, the till rounds it per rate and not per line, and a cent or two are left over.
    """
    told = [half_up(amount(line)) for line in lines]
    rest = half_up(total) - sum(told, ZERO)
    if rest and told and abs(rest) <= CENT * len(told):
        largest = max(range(len(told)), key=lambda at: abs(told[at]))
        told[largest] += rest
    return told


def _checked(order: Order, settings: OrdersSettings) -> list[str]:
    if settings.totals_check == "off" or not order.lines or order.financial == "cancelled":
        return []  # a cancellation takes everything back: its sums are no news, and must not hold it up
    lines = [line for line in order.lines if line.role != "text"]
    added, total = _sum(lines), order.total
    if abs(added - total) <= (CENT * len(lines) if not order.prices_include_vat else ZERO):
        return []
    text = f"The lines come to {added:.2f}, and the sale's total is {total:.2f}."
    if settings.totals_check == "block":
        raise MappingFailed(
            text,
            field="total",
            advice="Look at the sale in the till, or let sales whose lines do not add up be sent with a warning.",
            code="totals_differ",
        )
    return [f"totals_differ: {text}"]


def _tax(order: Order, left_out: list[OrderLine]) -> Decimal | None:
    """The till's own sums per rate, without what stays behind."""
    if order.vat:
        tax = sum((each.amount for each in order.vat), ZERO)
    elif order.tax_total is not None:
        tax = order.tax_total
    else:
        return None
    for line in left_out:
        if line.total is not None and line.total_excl is not None:
            tax -= line.total - line.total_excl
    return half_up(tax)


def _promos(lines: list[OrderLine], off: list[OrderLine], settings: OrdersSettings) -> list[Promo]:
    """What each promo code took off: by lines of its article, and by promotions of the till in the lines' own prices."""
    taken: dict[str, Decimal] = {}
    for line in off:
        if (code := settings.promo_articles.get(line.sku or "")) is not None:
            taken[code] = taken.get(code, ZERO) - amount(line)
    for line in lines:
        if (code := settings.promotions.get(line.promotion or "")) is not None and line.discount > 0:
            taken[code] = taken.get(code, ZERO) + half_up(line.discount)
    return [Promo(code=code, amount=off) for code, off in taken.items()]


def _takes_off(line: OrderLine, settings: OrdersSettings) -> bool:
    named = (
        line.role == "discount"
        or line.sku in settings.discount_articles
        or line.sku in settings.promo_articles
    )
    return named and amount(line) <= 0


def _is_nothing(line: OrderLine) -> bool:
    """A remark: no article and no amount."""
    return line.sku is None and amount(line) == 0


def _sum(lines: list[OrderLine]) -> Decimal:
    return half_up(sum((amount(line) for line in lines), ZERO))
