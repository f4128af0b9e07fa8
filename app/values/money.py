"""Money and numbers as Decimal: read from anything, rounded half up.

The till counts in cents, in euros, or in an integer with its scale beside it (mplus.md §1.5); Mailchimp wants JSON
numbers. In between everything is a Decimal, because a float loses a cent in a thousand lines.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

# Wide enough for any shop, and bounded: 10**1000000 in a text must not become a number of a million digits.
MAX_EXPONENT = 30
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
_UNITS = {places: Decimal(1).scaleb(-places) for places in range(-MAX_EXPONENT, MAX_EXPONENT + 1)}

_MACHINE = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,30})?", re.ASCII)
_DECORATION = re.compile(r"(?:€|eur|euro|\s|\u00a0|\u202f|')+", re.IGNORECASE)
_GROUPED_COMMA = re.compile(
    r"[+-]?\d{1,3}(?:\.\d{3})*(?:,(?:\d{1,30}|-{1,2}))?", re.ASCII
)  # 1.234,56 and 12,-
_GROUPED_POINT = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d{1,30}", re.ASCII)  # 1,234.56
_PLAIN_COMMA = re.compile(r"[+-]?\d{1,30},(?:\d{1,30}|-{1,2})", re.ASCII)


def to_decimal(value: Any) -> Decimal | None:
    """A number from an int, a Decimal, a float or a text; None when there is none to read.

    A text in machine form (``1234.5``) is read so; otherwise the last separator is the decimal one, and a lone comma
    always is: ``€ 1.234,56``, ``12,5``, ``12,-``. A float is read as it prints (0.1 is 0.1).

    >>> to_decimal("€ 1.234,56"), to_decimal("12,-"), to_decimal(0.1), to_decimal("twelve")
    (Decimal('1234.56'), Decimal('12'), Decimal('0.1'), None)
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, Decimal):
        return value if _sane(value) else None
    if isinstance(value, int):
        return Decimal(value) if value.bit_length() < 100 else None
    if isinstance(value, float):
        found = Decimal(repr(value))
        return found if _sane(found) else None
    if not isinstance(value, str) or len(value) > 80:
        return None
    text = value.strip()
    if _MACHINE.fullmatch(text):
        return _bounded(text)
    text = _DECORATION.sub("", text)
    if _MACHINE.fullmatch(text):
        return _bounded(text)
    if _GROUPED_COMMA.fullmatch(text) or _PLAIN_COMMA.fullmatch(text):
        whole, _, fraction = text.replace(".", "").partition(",")
        return _bounded(f"{whole}.{fraction.strip('-') or '0'}" if fraction.strip("-") else whole)
    if _GROUPED_POINT.fullmatch(text):
        return _bounded(text.replace(",", ""))
    return None


def half_up(amount: Decimal, places: int = 2) -> Decimal:
    """Rounded half away from zero, as tills and tax offices do: 0.125 is 0.13, -0.125 is -0.13."""
    places = max(-MAX_EXPONENT, min(MAX_EXPONENT, places))
    try:
        rounded = amount.quantize(_UNITS[places], context=_WIDE)
    except InvalidOperation:  # more digits than any money has: what cannot be rounded stays as it is
        return amount
    return rounded if places >= 0 else rounded.quantize(Decimal(1), context=_WIDE)


def from_cents(cents: int | None) -> Decimal | None:
    """Hundredths as an amount: 1250 is 12.50."""
    return None if cents is None else Decimal(cents).scaleb(-2, context=_WIDE)


def to_cents(amount: Decimal | None) -> int | None:
    """An amount in hundredths, rounded half up."""
    return None if amount is None else int(half_up(amount, 2).scaleb(2, context=_WIDE))


def from_scaled(units: int | None, decimals: int | None) -> Decimal | None:
    """An integer with its scale beside it, as the till writes quantities: 15 with 1 is 1.5. No scale is 0."""
    if units is None:
        return None
    return Decimal(units).scaleb(-max(0, min(MAX_EXPONENT, decimals or 0)), context=_WIDE)


def share_out(total: Decimal, weights: list[Decimal], places: int = 2) -> list[Decimal]:
    """``total`` divided by weight, each part rounded, and their sum exactly ``total``: no cent is lost or made.

    The rounding rest goes, unit by unit, to the parts that lost most by rounding down, first ones first. Without
    any positive weight all parts count alike; without parts there is nothing to share.
    """
    if not weights:
        return []
    positive = [max(weight, Decimal(0)) for weight in weights]
    if sum(positive) == 0:
        positive = [Decimal(1)] * len(weights)
    unit = Decimal(1).scaleb(-places)
    whole, weight_sum = half_up(total, places), sum(positive)
    exact = [whole * weight / weight_sum for weight in positive]
    parts = [(part / unit).to_integral_value(rounding="ROUND_FLOOR") * unit for part in exact]
    rest = int(((whole - sum(parts)) / unit).to_integral_value())
    by_loss = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in by_loss[:rest]:
        parts[at] += unit
    return [half_up(part, places) for part in parts]


def _bounded(text: str) -> Decimal | None:
    found = Decimal(text)
    return found if _sane(found) else None


def _sane(number: Decimal) -> bool:
    return number.is_finite() and (not number or -MAX_EXPONENT <= number.adjusted() <= MAX_EXPONENT)
