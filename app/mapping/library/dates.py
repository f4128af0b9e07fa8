"""Functions on dates and moments. A day is ``2026-12-31``, a moment ISO 8601 with its offset.

Without a time zone of their own they read the shop's clock: the setting ``time_zone``, else Amsterdam's.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from app.mapping.library.entry import Run, Text, Whole, Zone
from app.values.dates import iso, parse_moment, wall_clock
from app.values.dates import parse_date as read_date

# The codes a form may hold. Not strftime itself: what it shows depends on the machine.
_CODES = {
    "Y": "{0.year:04}", "y": "{1:02}", "m": "{0.month:02}", "d": "{0.day:02}",
    "H": "{0.hour:02}", "M": "{0.minute:02}", "S": "{0.second:02}", "%": "%",
}  # fmt: skip


@lru_cache(maxsize=256)
def _layout(form: str) -> str:
    """A form as Python's own format: ``%d-%m`` is ``{0.day:02}-{0.month:02}``."""
    pieces, letters = [], iter(form[:100])
    for letter in letters:
        code = next(letters, "%") if letter == "%" else ""
        plain = f"%{code}" if code else letter
        pieces.append(_CODES.get(code) or plain.replace("{", "{{").replace("}", "}}"))
    return "".join(pieces)


def iso_date(run: Run, value: Any, zone: Zone | None = None) -> Text | None:
    """The day of a date or moment in ISO form; a moment with an offset counts in the time zone.

    iso_date('31-12-2026') -> "2026-12-31"
    iso_date('2026-12-31T23:30:00+00:00') -> "2027-01-01"
    """
    day = _day(value, _name(run, zone))
    return None if day is None else iso(day)


def date_(run: Run, value: Any, form: Text = "%d-%m-%Y", zone: Zone | None = None) -> Text | None:
    """A date or moment in another form: %Y %y year, %m month, %d day, %H %M %S time, as the zone's clock shows it.

    date('2026-12-31') -> "31-12-2026"
    date('2026-12-31', '%m/%d') -> "12/31"
    date('2026-07-01T10:05:00Z', '%d-%m %H:%M') -> "01-07 12:05"
    """
    shown = _as_a_clock_shows(value, _name(run, zone))
    return None if shown is None else _layout(form).format(shown, shown.year % 100)


def moment(run: Run, value: Any, zone: Zone | None = None) -> Text | None:
    """A moment in UTC; without an offset it is read as wall clock of the time zone.

    moment('2026-07-01 12:00') -> "2026-07-01T10:00:00+00:00"
    """
    found = parse_moment(value, _name(run, zone))
    return None if found is None else iso(found)


def add_days(run: Run, value: Any, days: Whole) -> Text | None:
    """The day so many days later; a negative number is earlier.

    add_days('2026-12-31', `1`) -> "2027-01-01"
    """
    day = _day(value, run.zone)
    try:
        return None if day is None else iso(day + timedelta(days=days))
    except OverflowError:
        return None


def days_between(run: Run, first: Any, second: Any) -> Whole | None:
    """How many days lie between two days; negative when the second is earlier.

    days_between('2026-12-24', '2026-12-31') -> 7
    """
    start, end = _day(first, run.zone), _day(second, run.zone)
    return None if start is None or end is None else (end - start).days


def birthday(value: Any) -> Text | None:
    """Month and day, as Mailchimp wants a birthday.

    birthday('1980-05-04') -> "05/04"
    """
    day = read_date(value)
    return None if day is None else f"{day.month:02}/{day.day:02}"


def _name(run: Run, zone: Zone | None) -> str:
    return run.zone if zone is None else str(zone)


def _as_a_clock_shows(value: Any, zone: str) -> datetime | None:
    """Naive wall clock; a bare day is the same everywhere."""
    day = read_date(value) if isinstance(value, str) and len(value) == 10 else None
    if day is not None:
        return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - wall clock
    found = parse_moment(value, zone)
    return None if found is None else wall_clock(found, zone)


def _day(value: Any, zone: str) -> date | None:
    if isinstance(value, str) and len(value) <= 10:
        return read_date(value)
    found = parse_moment(value, zone)
    return read_date(value) if found is None else wall_clock(found, zone).date()
