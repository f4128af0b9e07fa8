"""GTIN (EAN, UPC): kept as text, because a leading zero is part of it; the check digit only warns."""

from __future__ import annotations

import re
from typing import Any

from stdnum import ean

_SPACERS = re.compile(r"[\s\u00a0.-]+")
_LENGTHS = frozenset((8, 12, 13, 14))


def gtin_digits(value: Any) -> str | None:
    """The digits of a GTIN with 8, 12, 13 or 14 of them, leading zeros kept; None for anything else.

    The check digit is not looked at: a mistyped barcode is still the barcode on the shelf.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    if isinstance(value, int) and not 0 <= value < 10**14:
        return None
    if isinstance(value, str) and len(value) > 40:
        return None
    digits = _SPACERS.sub("", str(value))
    return digits if digits.isascii() and digits.isdigit() and len(digits) in _LENGTHS else None


def gtin_is_valid(value: Any) -> bool:
    """Whether the check digit fits (GS1 modulo 10)."""
    digits = gtin_digits(value)
    return digits is not None and bool(ean.is_valid(digits))
