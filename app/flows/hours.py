"""The hours in which a flow may deliver, on the shop's own clock: "nights only" holds across both changes of the clock.

Outside its hours a flow's changes are noticed and kept; they are delivered when it opens. Pure: the moment is passed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


class Hours(BaseModel):
    """When a flow may deliver. Times are the shop's wall clock; a window may run past midnight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: tuple[str, ...] = Field(
        min_length=1,
        max_length=10,
        title="Hours",
        description="Windows such as 22:00-06:00; one that ends before it begins runs past midnight.",
        examples=[["22:00-06:00"]],
    )
    days: tuple[Day, ...] = Field(
        default=DAYS,
        min_length=1,
        title="Days",
        description="The days on which a window begins.",
        examples=[["mon", "tue", "wed", "thu", "fri"]],
    )

    @field_validator("hours", mode="before")
    @classmethod
    def one_or_many(cls, value: object) -> object:
        """A single window may be given as a text."""
        return (value,) if isinstance(value, str) else value

    @field_validator("hours")
    @classmethod
    def readable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Every window as HH:MM-HH:MM, not empty."""
        for window in value:
            found = _WINDOW.fullmatch(window)
            if found is None or (found[3] == "24" and found[4] != "00"):
                raise ValueError(f"{window!r} is no window; write it like 22:00-06:00")
            if (found[1], found[2]) == (found[3], found[4]):
                raise ValueError(f"{window!r} is empty")
        return value


def opens_at(hours: Hours, *, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the hours begin next; None while they last. ``now`` is aware."""
    moment = now.astimezone(UTC)
    today = now.astimezone(zone).date()
    windows = sorted(_windows(hours, around=today, zone=zone))
    if any(start <= moment < end for start, end in windows):
        return None
    return min(start for start, _ in windows if start > moment)


def _windows(hours: Hours, *, around: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The windows of the days about a day as moments: what the wall clock shows twice counts from its first until its last."""
    for offset in range(-1, 9):
        day = around + timedelta(days=offset)
        if DAYS[day.weekday()] not in hours.days:
            continue
        for window in hours.hours:
            start, end = window.split("-")
            last = day + timedelta(days=1) if end <= start else day
            if end == "24:00":
                end, last = "00:00", day + timedelta(days=1)
            yield _moment(day, start, zone, fold=0), _moment(last, end, zone, fold=1)


def _moment(day: date, clock: str, zone: ZoneInfo, *, fold: int) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=zone).replace(fold=fold).astimezone(UTC)
