"""The sandbox's time: injectable, movable, and written the way Mailchimp writes it.

All times inside the sandbox are text like ``2026-03-01T12:00:00+00:00``: always UTC, whole seconds. They compare as text,
and two changes within one second carry the same time, as they do at Mailchimp.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """``now`` is where time comes from; ``advance`` moves it on without waiting."""

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self._source = now or (lambda: datetime.now(UTC))
        self._offset = timedelta()
        self._second = -1
        self._text = ""

    def now(self) -> datetime:
        return self._source() + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    def iso(self) -> str:
        moment = self.now()
        second = int(moment.timestamp())
        if second != self._second:
            self._second, self._text = second, iso(moment)
        return self._text


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()


def wire_time(text: str) -> str:
    """A time as Mailchimp accepts it, in the form it answers; ValueError if it is none.

    ``2018-06-12 01:20:05`` is accepted too and taken as UTC: plugins have sent it (mailchimp.md §3.4).
    """
    if len(text) < 10:
        raise ValueError(f"{text!r} is no time")
    try:
        moment = datetime.fromisoformat(text)
        return iso(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))
    except OverflowError as error:
        raise ValueError(f"{text!r} is no time") from error
