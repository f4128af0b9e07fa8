"""A till's article number: what a SKU must be to name an article by itself."""

from __future__ import annotations

MOST_DIGITS = 18
LARGEST = 10**MOST_DIGITS - 1


def article_number(value: str) -> int | None:
    """The number, or None for anything but ASCII digits without sign, decimals or a leading zero, at most 18 of them."""
    fits = value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS and not value.startswith("0")
    return int(value) if fits else None
