"""When a flow is compared by night, as a table on the shop's own clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from app.flows.nightly import NightlySettings
from app.worker.comparing import is_time

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def at(day: int, hour: int, minute: int, *, month: int = 3) -> int:
    return round(datetime(2026, month, day, hour, minute, tzinfo=AMSTERDAM).timestamp() * 1000)


@pytest.mark.parametrize(
    ("compare_at", "now", "expected"),
    [
        pytest.param("03:00", at(2, 3, 0), True, id="on the minute"),
        pytest.param("03:00", at(2, 3, 59), True, id="within the hour"),
        pytest.param("03:00", at(2, 4, 0), False, id="its hour is over"),
        pytest.param("03:00", at(2, 2, 59), False, id="not yet"),
        pytest.param("23:30", at(31, 23, 30), True, id="late in the evening"),
        pytest.param("23:30", at(1, 0, 29, month=4), True, id="and its hour ends in the next month"),
        pytest.param("23:30", at(1, 0, 30, month=4), False, id="where it is over as well"),
        pytest.param("02:30", at(29, 3, 10), True, id="an hour that the summer time leaves out"),
        pytest.param(None, at(2, 3, 0), False, id="never by itself"),
    ],
)
def test_it_is_time_within_the_hour_after(compare_at: str | None, now: int, expected: bool) -> None:
    assert expected == is_time(NightlySettings(compare_at=compare_at), {}, now=now)


def test_the_shops_clock_counts() -> None:
    settings = NightlySettings(compare_at="03:00")
    shared = {"time_zone": "Atlantic/Canary"}

    assert (False, True) == tuple(is_time(settings, shared, now=at(2, hour, 0)) for hour in (3, 4))
    assert not is_time(settings, {"time_zone": "Nowhere"}, now=at(2, 3, 0))
