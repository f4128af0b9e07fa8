"""Functions on numbers: Decimal throughout, rounded half up, so that no cent is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

from app.errors import MappingFailed
from app.mapping.library.entry import Items, Number, Run, Text, Whole, coerced
from app.values import vat
from app.values.dates import parse_moment
from app.values.money import MAX_EXPONENT, half_up, to_decimal

_CONTEXT = Context(prec=40)


def number(value: Any) -> Number | None:
    """The number in a text, also written the Dutch way; nothing when there is none.

    number('€ 1.234,56') -> 1234.56
    number('twelve') -> null
    """
    return to_decimal(value)


def whole(value: Number) -> Whole:
    """The number without its decimals.

    whole('3,7') -> 3
    """
    return int(value)


def round_(value: Number, places: Whole = 0) -> Number:
    """Rounded half up to so many decimals.

    round(`12.345`, `2`) -> 12.35
    """
    return half_up(value, places)


def floor(value: Number) -> Whole:
    """The whole number below.

    floor('3,7') -> 3
    """
    return int(value.to_integral_value(rounding=ROUND_FLOOR))


def ceil(value: Number) -> Whole:
    """The whole number above.

    ceil('3,2') -> 4
    """
    return int(value.to_integral_value(rounding=ROUND_CEILING))


def abs_(value: Number) -> Number:
    """The number without its sign.

    abs(`-5`) -> 5
    """
    return abs(value)


def add(left: Number, right: Number) -> Number:
    """Left plus right.

    add(`2.50`, `1`) -> 3.50
    """
    return _sane(_CONTEXT.add(left, right))


def subtract(left: Number, right: Number) -> Number:
    """Left minus right.

    subtract(`10`, `3`) -> 7
    """
    return _sane(_CONTEXT.subtract(left, right))


def multiply(left: Number, right: Number) -> Number:
    """Left times right.

    multiply(`3`, `1.25`) -> 3.75
    """
    return _sane(_CONTEXT.multiply(left, right))


def divide(left: Number, right: Number) -> Number | None:
    """Left divided by right; nothing when right is 0.

    divide(`10`, `4`) -> 2.5
    """
    return None if right == 0 else _sane(_CONTEXT.divide(left, right))


def modulo(left: Number, right: Number) -> Number | None:
    """What is left over of left after dividing by right; nothing when right is 0.

    modulo(`10`, `4`) -> 2
    """
    if right == 0 or abs(left.adjusted() - right.adjusted()) > MAX_EXPONENT:
        return None
    return _CONTEXT.remainder(left, right)


def add_percent(amount: Number, percent: Number) -> Number:
    """So many per cent more, or less with a negative number; not rounded.

    add_percent(`10`, `15`) -> 11.5
    """
    return _sane(_CONTEXT.multiply(amount, 1 + percent / 100))


def incl_vat(amount: Number, rate: Number, places: Whole = 2) -> Number:
    """An amount without VAT as an amount with it.

    incl_vat(`100`, `21`) -> 121.00
    """
    return _sane(vat.incl_vat(amount, rate, places=places))


def excl_vat(amount: Number, rate: Number, places: Whole = 2) -> Number | None:
    """An amount with VAT as an amount without it.

    excl_vat(`121`, `21`) -> 100.00
    """
    found = vat.excl_vat(amount, rate, places=places)
    return None if found is None else _sane(found)


def from_cents(cents: Number) -> Number:
    """Hundredths as an amount.

    from_cents(`1250`) -> 12.50
    """
    return cents.scaleb(-2, context=_CONTEXT)


def to_cents(amount: Number) -> Whole:
    """An amount in hundredths, rounded half up.

    to_cents(`12.5`) -> 1250
    """
    return int(half_up(amount.scaleb(2, context=_CONTEXT), 0))


def format_number(value: Number, places: Whole = 2, decimal: Text = ",", thousands: Text = "") -> Text:
    """The number as text, with a decimal sign and, if you like, a sign between thousands.

    format_number(`1234.5`) -> "1234,50"
    format_number(`1234.5`, `2`, ',', '.') -> "1.234,50"
    """
    shown = f"{half_up(value, max(0, min(12, places))):,f}"
    return shown.replace(",", "\x00").replace(".", decimal[:3]).replace("\x00", thousands[:3])


def sum_(run: Run, items: Items) -> Number:
    """The sum of a list; what is nothing counts as nothing. An empty list is 0.

    sum([`1`, `2.5`, null()]) -> 3.5
    """
    total = Decimal(0)
    for value in _numbers(run, items, "sum"):
        total = _sane(_CONTEXT.add(total, value))
    return total


def avg(run: Run, items: Items) -> Number | None:
    """The mean of a list; nothing for an empty one.

    avg([`1`, `2`]) -> 1.5
    """
    values = _numbers(run, items, "avg")
    return _CONTEXT.divide(sum(values, Decimal(0)), Decimal(len(values))) if values else None


def min_(run: Run, items: Items) -> Any:
    """The smallest of a list of numbers, the earliest of dates, or the first by alphabet of texts.

    min([`3`, `1`]) -> 1
    """
    return _extreme(run, items, "min", min)


def max_(run: Run, items: Items) -> Any:
    """The greatest of a list of numbers, the latest of dates, or the last by alphabet of texts.

    max([`3`, `1`]) -> 3
    """
    return _extreme(run, items, "max", max)


def _extreme(run: Run, items: Items, name: str, choose: Callable[..., Any]) -> Any:
    known = [item for item in items if item is not None]
    run.pay(len(items))
    if known and all(isinstance(item, str) for item in known):
        return choose(known)
    if known and all(isinstance(item, date) for item in known):  # days among moments are their midnight
        return choose(known, key=lambda day: parse_moment(day, run.zone) or datetime.min.replace(tzinfo=UTC))
    values = _numbers(run, items, name)
    return choose(values) if values else None


def _numbers(run: Run, items: Items, name: str) -> list[Decimal]:
    run.pay(len(items))
    values = [coerced("number", item, name) for item in items]
    if any(value is None and item not in (None, "") for value, item in zip(values, items, strict=True)):
        run.note(f"{name}() left out what is no number.")
    return [value for value in values if value is not None]


def _sane(value: Decimal) -> Decimal:
    if value != 0 and (not value.is_finite() or abs(value.adjusted()) > MAX_EXPONENT):
        raise MappingFailed("the number has become too large to be an amount", code="mapping_too_large")
    return value
