"""Opening hours of a flow, above all when the clock changes."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from app.flows.hours import Hours, opens_at
from app.flows.shared import opening_ms

SHOP = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("hours", "days", "now", "expected"),
    [
        # nights only
        ("22:00-06:00", None, "2026-11-24T21:59:59+01:00", "2026-11-24T22:00:00+01:00"),
        ("22:00-06:00", None, "2026-11-24T22:00:00+01:00", None),
        ("22:00-06:00", None, "2026-11-25T05:59:59+01:00", None),
        ("22:00-06:00", None, "2026-11-25T06:00:00+01:00", "2026-11-25T22:00:00+01:00"),
        # a whole day, and until midnight
        ("00:00-24:00", None, "2026-11-25T23:59:59+01:00", None),
        ("09:00-24:00", None, "2026-11-25T23:59:59+01:00", None),
        ("09:00-24:00", None, "2026-11-25T00:00:00+01:00", "2026-11-25T09:00:00+01:00"),
        # several windows
        (("12:00-13:00", "20:00-21:00"), None, "2026-11-25T13:00:00+01:00", "2026-11-25T20:00:00+01:00"),
        # weekdays only: Friday's night runs into Saturday, Saturday has none
        ("22:00-06:00", ("mon", "tue", "wed", "thu", "fri"), "2026-11-28T05:00:00+01:00", None),
        ("22:00-06:00", ("mon", "tue", "wed", "thu", "fri"), "2026-11-28T23:00:00+01:00", "2026-11-30T22:00:00+01:00"),
        # the clock goes forward on 29 March at 2:00: that night is an hour shorter, and still ends at six
        ("22:00-06:00", None, "2026-03-29T03:30:00+02:00", None),
        ("22:00-06:00", None, "2026-03-29T05:59:00+02:00", None),
        ("22:00-06:00", None, "2026-03-29T06:00:00+02:00", "2026-03-29T22:00:00+02:00"),
        ("02:30-04:00", None, "2026-03-29T01:59:59+01:00", "2026-03-29T03:30:00+02:00"),
        # the clock goes back on 25 October at 3:00: that night is an hour longer
        ("22:00-06:00", None, "2026-10-25T02:30:00+02:00", None),
        ("22:00-06:00", None, "2026-10-25T02:30:00+01:00", None),
        ("22:00-06:00", None, "2026-10-25T06:00:00+01:00", "2026-10-25T22:00:00+01:00"),
        ("02:30-04:00", None, "2026-10-25T02:45:00+02:00", None),
        ("02:30-04:00", None, "2026-10-25T02:10:00+01:00", None),  # shown twice: open since the first half past two
        ("22:00-02:30", None, "2026-10-25T02:15:00+01:00", None),  # and shut after the second
        ("22:00-02:30", None, "2026-10-25T02:30:00+01:00", "2026-10-25T22:00:00+01:00"),
    ],
)  # fmt: skip
def test_hours(hours: str, days: tuple[str, ...] | None, now: str, expected: str | None) -> None:
    said = {"hours": hours} | ({} if days is None else {"days": days})
    found = opens_at(Hours.model_validate(said), now=datetime.fromisoformat(now), zone=SHOP)

    assert (None if expected is None else datetime.fromisoformat(expected)) == found


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Amsterdam", "2026-11-24T22:00:00+01:00"),
        ("America/New_York", "2026-11-24T22:00:00-05:00"),
    ],
)
def test_hours_are_read_on_the_integrations_clock(zone: str, expected: str) -> None:
    now = datetime.fromisoformat("2026-11-24T20:00:00+01:00").timestamp() * 1000
    found = opening_ms(Hours(hours=("22:00-06:00",)), {"time_zone": zone}, now_ms=round(now))

    assert datetime.fromisoformat(expected).timestamp() * 1000 == found


@pytest.mark.parametrize(
    "said",
    [
        {"hours": "22-6"},
        {"hours": "22:00-22:00"},
        {"hours": "22:00-24:30"},
        {"hours": "25:00-26:00"},
        {"hours": []},
        {"hours": "22:00-06:00", "days": []},
        {"hours": "22:00-06:00", "days": ["someday"]},
    ],
)
def test_what_is_no_window_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Hours.model_validate(said)
