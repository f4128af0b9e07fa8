"""How the till writes single values: numbers, money, quantities, days and moments (mplus.md §1.5).

The traps live here, once: cents beside euros, an integer whose decimals stand in a sibling, a wall clock with an
offset that is not always true, a day of zeros that means none. Readers take the text of an element and return the
value, None for an empty one; what cannot be read raises :class:`Malformed`, which names no value: it may be personal.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

from app.values.dates import at_wall_clock, offset_minutes, parse_date, parse_moment, wall_clock

MAX_PLACES = 12
MAX_DIGITS = 19  # xsd:long

_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})", re.ASCII)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Malformed(ValueError):
    """A value that is not what its type promises. Says the field and the expected kind, never the value."""

    def __init__(self, expected: str, field: str = ""):
        super().__init__(f"{field}: {expected} expected" if field else f"{expected} expected")
        self.expected = expected
        self.field = field

    def within(self, outer: str) -> Malformed:
        """The same fault, seen from the element around it."""
        return Malformed(self.expected, f"{outer}.{self.field}" if self.field else outer)


# --- reading ------------------------------------------------------------------------------------------------------


def read_integer(text: str | None) -> int | None:
    """``17``; None for an empty element."""
    stripped = (text or "").strip()
    if not stripped:
        return None
    if _INTEGER.fullmatch(stripped) is None:
        raise Malformed("whole number")
    return int(stripped)


def read_boolean(text: str | None) -> bool | None:
    """``true``/``false``, ``1``/``0``."""
    match (text or "").strip().lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case "":
            return None
    raise Malformed("true or false")


def read_decimal(text: str | None) -> Decimal | None:
    """A newer type's number: euros, or a quantity, as written."""
    stripped = (text or "").strip()
    if not stripped:
        return None
    if _DECIMAL.fullmatch(stripped) is None:
        raise Malformed("number")
    return Decimal(stripped)


def read_cents(text: str | None) -> Decimal | None:
    """Money of the older types: ``1250`` is 12.50."""
    cents = read_integer(text)
    return None if cents is None else scaled(cents, 2)


def read_percent(text: str | None) -> Decimal | None:
    """A VAT rate of unstated scale: ``21`` and ``2100`` are both 21 (mplus.md §1.5)."""
    rate = read_decimal(text)
    if rate is None:
        return None
    return plain(rate / 100) if abs(rate) > 100 else plain(rate)


def scaled(value: int, places: int) -> Decimal:
    """An integer with its decimals beside it: 15 with 1 is 1.5."""
    if not 0 <= places <= MAX_PLACES:
        raise Malformed(f"number of decimals between 0 and {MAX_PLACES}")
    return Decimal(value).scaleb(-places)


def read_day(*, year: int | None, month: int | None, day: int | None) -> str | None:
    """ISO day of a ``SoapMplusDate``; a zero in any part means that there is none."""
    if not year or not month or not day:
        return None
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise Malformed("day of the calendar") from None


def read_moment(parts: dict[str, int | None]) -> str | None:
    """ISO moment in UTC of a ``SoapMplusDateTime``, which is a wall clock of Europe/Amsterdam.

    ``timezone`` (minutes) is not always true, so it only tells the second 02:30 of an autumn night from the first.
    """
    year, month, day = parts.get("year"), parts.get("mon"), parts.get("day")
    if not year or not month or not day:
        return None
    try:
        naive = datetime(  # noqa: DTZ001 - it is a wall clock until the next line
            year, month, day, parts.get("hour") or 0, parts.get("min") or 0, min(parts.get("sec") or 0, 59)
        )
    except ValueError:
        raise Malformed("moment of the calendar") from None
    second = parts.get("timezone") == 60 and month in (
        9,
        10,
    )  # in spring a fold would move a clock that never was
    return at_wall_clock(naive, fold=int(second)).isoformat(timespec="seconds")


# --- writing ------------------------------------------------------------------------------------------------------


def write_text(value: Any) -> str:
    """Text without the characters that XML forbids."""
    return _NOT_XML.sub("", value if isinstance(value, str) else str(value))


def write_integer(value: Any) -> str:
    """A whole number; a Decimal or a text counts when it is one."""
    number = _number(value)
    if number != number.to_integral_value() or len(str(abs(int(number)))) > MAX_DIGITS:
        raise Malformed("whole number")
    return str(int(number))


def write_boolean(value: Any) -> str:
    """``true`` or ``false``: an empty element would be a fault."""
    if isinstance(value, bool):
        return "true" if value else "false"
    read = read_boolean(str(value))
    if read is None:
        raise Malformed("true or false")
    return "true" if read else "false"


def write_decimal(value: Any) -> str:
    """A plain number without exponent."""
    return f"{_number(value):f}"


def write_cents(value: Any) -> str:
    """Euros as cents, half up: 12.345 is ``1235``."""
    return str(int((_number(value) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP, context=_WIDE)))


def unscaled(value: Any) -> tuple[int, int]:
    """A quantity as integer and decimals, always both: 1.50 is (15, 1), 2 is (2, 0)."""
    number = plain(_number(value))
    places = max(0, -int(number.as_tuple().exponent))
    if places > MAX_PLACES:
        number = number.quantize(Decimal(1).scaleb(-MAX_PLACES), context=_WIDE)
        places = MAX_PLACES
    return int(number.scaleb(places)), places


def write_day(value: Any) -> tuple[int, int, int]:
    """Day, month and year; an empty text is the null date of zeros."""
    if value == "":
        return 0, 0, 0
    day = parse_date(value)
    if day is None:
        raise Malformed("day")
    return day.day, day.month, day.year


def write_moment(value: Any) -> dict[str, str]:
    """The parts of a ``SoapMplusDateTime`` in order, as the vendor's current client sends them."""
    if value == "":
        return dict.fromkeys(("sec", "min", "hour", "day", "mon", "year"), "0") | {
            "isdst": "false",
            "timezone": "0",
        }
    moment = parse_moment(value)
    if moment is None:
        raise Malformed("moment")
    clock = wall_clock(moment)
    return {
        "sec": str(clock.second),
        "min": str(clock.minute),
        "hour": str(clock.hour),
        "day": str(clock.day),
        "mon": str(clock.month),
        "year": str(clock.year),
        "isdst": "false",
        "timezone": str(offset_minutes(moment.astimezone(UTC))),
    }


def plain(number: Decimal) -> Decimal:
    """The same number without trailing zeros and without exponent: 21.00 is 21."""
    short = number.normalize(_WIDE)
    return short.quantize(Decimal(1), context=_WIDE) if int(short.as_tuple().exponent) > 0 else short


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or value is None:
        raise Malformed("number")
    if isinstance(value, float):
        value = repr(value)
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()) is None:
        raise Malformed("number")
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        raise Malformed("number") from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise Malformed("number")
    return number
