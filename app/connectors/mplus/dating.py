"""From a date to a marker: the till counts changes and has no question "since when", so the marker is found by halving.

Every change gives a record the next marker and the moment of the change, so moments rise with markers; each question is
one call for one record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

Ask = Callable[[int], Awaitable[tuple[int, datetime | None] | None]]
"""The first record at a marker or above it: its marker and when it changed. None where there is no such record."""


async def position_before(ask: Ask, moment: datetime, *, newest: int) -> int | None:
    """The highest marker below everything that changed at ``moment`` or later; None where no moments are told."""
    low, high = 1, newest + 1
    while low < high:
        middle = (low + high) // 2
        found = await ask(middle)
        if found is None or found[0] >= high:
            high = middle
            continue
        marker, changed = found
        if changed is None:
            return None
        if changed >= moment:
            high = middle
        else:
            low = marker + 1
    return low - 1
