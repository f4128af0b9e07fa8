"""Ids and numbers of sales: UUIDs as the till makes them, and numbers that begin anew each year, without gaps."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from app.sandbox.mplus.part import Part

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till


def named(what: str, number: int) -> str:
    """The id of the ``number``-th ``what``: a UUID to look at, the same every time."""
    digits = hashlib.blake2s(f"{what} {number}".encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


class Ids(Part):
    """The same ones for the same place in the shop's life."""

    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.counts: dict[str, int] = {}

    def clear(self) -> None:
        self.counts.clear()

    def skip(self, numbers: int) -> None:
        """Leave a gap: an id or number that somebody may have seen is not given out again."""
        self.counts = {what: count + numbers for what, count in self.counts.items()}

    def count(self, what: str) -> int:
        """1, 2, 3 …"""
        number = self.counts[what] = self.counts.get(what, 0) + 1
        return number

    def new(self, what: str) -> str:
        """The id of the next ``what``: order, line, payment …"""
        return named(what, self.count(what))

    def yearly(self, what: str, year: int) -> dict[str, int]:
        return {"year": year, "number": self.count(f"{what} of {year}")}

    def at_workplace(self, what: str, branch: int, workplace: int, year: int) -> dict[str, int]:
        number = self.count(f"{what} of {branch}.{workplace}.{year}")
        return {"branchNumber": branch, "workplaceNumber": workplace, "year": year, "number": number}


def barcode(letter: str, number: dict[str, int]) -> str:
    """What is printed on the paper: ``O202500000012``."""
    return f"{letter}{number['year']}{number['number']:08}"


def shown(number: dict[str, int]) -> str:
    """``2025.12``"""
    return f"{number['year']}.{number['number']}"
