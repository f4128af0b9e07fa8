"""VAT: from an amount without to an amount with, and back, half-up exact.

A rate is in per cent, as people say it: ``21``. Where the till states both amounts, both are used and nothing is
computed; these functions are for where only one is known.
"""

from __future__ import annotations

from decimal import Decimal

from app.values.money import half_up

_HUNDRED = Decimal(100)


def incl_vat(excl: Decimal, rate: Decimal, *, places: int = 2) -> Decimal:
    """100.00 at 21 is 121.00."""
    return half_up(excl * (_HUNDRED + rate) / _HUNDRED, places)


def excl_vat(incl: Decimal, rate: Decimal, *, places: int = 2) -> Decimal | None:
    """121.00 at 21 is 100.00; None for a rate of -100 or less, which no amount can contain."""
    if rate <= -_HUNDRED:
        return None
    return half_up(incl * _HUNDRED / (_HUNDRED + rate), places)


def vat_of(incl: Decimal, rate: Decimal, *, places: int = 2) -> Decimal | None:
    """The VAT inside an amount: 121.00 at 21 is 21.00. With :func:`excl_vat` it always adds up to the amount."""
    excl = excl_vat(incl, rate, places=places)
    return None if excl is None else half_up(incl, places) - excl
