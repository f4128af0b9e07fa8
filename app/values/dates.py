"""Dates and moments: wall clocks of a shop against the one line of time.

The till writes wall clock of Europe/Amsterdam (mplus.md §1.5), Mailchimp ISO 8601 with offset and ``""`` for none
(mailchimp.md §1.5). Inside every moment is aware, in UTC. Twice a year the wall clock lies: in spring 02:30 does
not exist (read as 03:30, what a clock that was put forward shows), in autumn it happens twice (the first, summer
time, unless ``fold`` or an offset says otherwise).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

AMSTERDAM = "Europe/Amsterdam"

_DAY_FIRST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_ISO_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:[.,](\d{1,9}))?\s*(Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.ASCII | re.IGNORECASE,
)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo | None:
    """The time zone by its IANA name; None when there is none of that name."""
    if not re.fullmatch(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,2}", name):
        return None  # the name becomes a file name: no dots, no absolute paths
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def at_wall_clock(naive: datetime, zone_name: str = AMSTERDAM, *, fold: int = 0) -> datetime:
    """The moment, in UTC, at which clocks in the zone show ``naive``. ``fold=1`` is the second 02:30 in autumn."""
    where = zone(zone_name) or UTC
    try:
        return naive.replace(tzinfo=where, fold=fold).astimezone(UTC)
    except OverflowError:  # the first and the last day of the calendar
        return naive.replace(tzinfo=UTC)


def wall_clock(moment: datetime, zone_name: str = AMSTERDAM) -> datetime:
    """What clocks in the zone show at ``moment``, naive, with ``fold`` set the second time in autumn."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return aware.astimezone(zone(zone_name) or UTC).replace(tzinfo=None)
    except OverflowError:
        return aware.replace(tzinfo=None)


def offset_minutes(moment: datetime, zone_name: str = AMSTERDAM) -> int:
    """UTC offset of the zone at ``moment`` in minutes, as the till's ``timezone`` element wants it: 60 or 120."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    offset = aware.astimezone(zone(zone_name) or UTC).utcoffset()
    return int((offset or timedelta()).total_seconds() // 60)


def parse_date(value: Any) -> date | None:
    """A day from ISO, ``31-12-2026``, ``31/12/2026``, ``2026/12/31`` or ``20261231``; of a moment its day as written.

    Day before month always: the shops are European. Zeros (the till's null date) and impossible days are None.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not 8 <= len(value.strip()) <= 40:
        return None
    text = value.strip()
    if len(text) == 10 and text[4] == text[7] == "-" and text.isascii():  # ISO, as machines write it
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    if (found := _YEAR_FIRST.match(text)) or (found := _COMPACT.fullmatch(text)):
        rest = text[found.end() :]
        if rest and rest[0] not in "T ":
            return None
        year, month, day = found.groups()
    elif found := _DAY_FIRST.match(text):
        if text[found.end() :][:1].isdigit():
            return None
        day, month, year = found.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def parse_moment(value: Any, zone_name: str = AMSTERDAM) -> datetime | None:
    """A moment in UTC from ISO 8601; without an offset it is wall clock of the zone. A bare day is its midnight there."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else at_wall_clock(value, zone_name)
    if isinstance(value, date):
        return at_wall_clock(datetime(value.year, value.month, value.day), zone_name)  # noqa: DTZ001 - wall clock
    if not isinstance(value, str) or len(value) > 60:
        return None
    if len(value) == 25 and value[10] == "T" and value[7] == "-" and value[19] in "+-" and value.isascii():
        try:  # ISO with an offset, as machines write it
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    found = _ISO_MOMENT.fullmatch(value.strip())
    if found is None:
        day = parse_date(value) if len(value.strip()) <= 10 else None
        return None if day is None else parse_moment(day, zone_name)
    on, minutes, seconds, fraction, offset = found.groups()
    try:
        naive = datetime.fromisoformat(f"{on}T{minutes}{seconds or ':00'}")
        naive = naive.replace(microsecond=int((fraction or "0")[:6].ljust(6, "0")))
        return at_wall_clock(naive, zone_name) if offset is None else _shifted(naive, offset)
    except (ValueError, OverflowError):
        return None


def iso(moment: date | datetime) -> str:
    """ISO 8601 to the second: ``2026-11-24T09:30:00+00:00``, or ``2026-11-24`` for a day."""
    if isinstance(moment, datetime):
        return moment.isoformat(timespec="seconds")
    return moment.isoformat()


def _shifted(naive: datetime, offset: str) -> datetime:
    if offset in "Zz":
        return naive.replace(tzinfo=UTC)
    sign, digits = (-1 if offset[0] == "-" else 1), offset[1:].replace(":", "").ljust(4, "0")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return naive.replace(tzinfo=timezone(sign * away)).astimezone(UTC)
