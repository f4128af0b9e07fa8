"""Dates and moments: what is read, in which clock, and what is no date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.values.dates import at_wall_clock, parse_date, parse_moment, wall_clock


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-12-31", date(2026, 12, 31)),
        (" 2026-12-31 ", date(2026, 12, 31)),
        ("31-12-2026", date(2026, 12, 31)),
        ("31/12/2026", date(2026, 12, 31)),
        ("1.2.2026", date(2026, 2, 1)),
        ("20261231", date(2026, 12, 31)),
        ("2026/1/5", date(2026, 1, 5)),
        ("2026-12-31T23:30:00+00:00", date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), date(2026, 12, 31)),
        ("2026-13-01", None),
        ("2026-02-30", None),
        ("0000-00-00", None),
        ("2026-W01-1", None),
        ("2026-1 -05", None),
        ("٢٠٢٦-١٢-٣١", None),
        ("31-12", None),
        ("soon", None),
        ("", None),
        (None, None),
        (20261231, None),
    ],
)
def test_a_day(value: Any, expected: date | None) -> None:
    assert expected == parse_date(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-07-01T12:00:00+02:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01T12:00:00-00:30", datetime(2026, 7, 1, 12, 30, tzinfo=UTC)),
        ("2026-07-01T10:00:00Z", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01 12:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01T12:00:00.250", datetime(2026, 7, 1, 10, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-07-01T12:00:00,12345", datetime(2026, 7, 1, 10, 0, 0, 123_450, tzinfo=UTC)),
        ("2026-01-01", datetime(2025, 12, 31, 23, tzinfo=UTC)),
        (date(2026, 1, 1), datetime(2025, 12, 31, 23, tzinfo=UTC)),
        ("2026-03-29 02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-10-25 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2026-W01-1T10:00:00+00:00", None),
        ("2026-07-01T12:00+02:00:00", None),
        ("2026-07-01T25:00:00+02:00", None),
        ("2026-07-01T12:00:00+25:00", None),
        ("noon", None),
        ("", None),
        (None, None),
    ],
)
def test_a_moment(value: Any, expected: datetime | None) -> None:
    found = parse_moment(value)

    assert expected == found
    assert found is None or found.tzinfo is UTC


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - the offset comes beside it
    st.integers(-14 * 60, 14 * 60),
)
def test_what_machines_write_is_read_back(naive: datetime, minutes: int) -> None:
    moment = naive.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))

    assert moment == parse_moment(moment.isoformat())
    assert moment.date() == parse_date(moment.date().isoformat())


@given(st.datetimes(datetime(1950, 1, 1), datetime(2037, 1, 1)))  # noqa: DTZ001 - wall clock
def test_a_wall_clock_shows_again_what_it_showed_but_for_the_hour_that_does_not_exist(
    naive: datetime,
) -> None:
    shown = wall_clock(at_wall_clock(naive))

    assert shown in (naive, naive + timedelta(hours=1))
