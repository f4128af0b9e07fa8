"""What a failure means for a delivery: a pure decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.errors import (
    AppError,
    CredentialsRefused,
    Interrupted,
    LimitReached,
    MisdirectedConnection,
    Throttled,
    TimeError,
)

FIRST_S, CAP_S = 5.0, 3600.0


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again after so many seconds; ``counts`` says whether it was the record's own failure."""

    after_s: float
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Rest until somebody acts on this record."""


@dataclass(frozen=True, slots=True)
class BackOff:
    """The whole account waits; the delivery comes back afterwards without losing an attempt."""

    retry_after_s: float | None


@dataclass(frozen=True, slots=True)
class Suspect:
    """Check the connection first: a failing check breaks it, a passing one quarantines only this record."""


@dataclass(frozen=True, slots=True)
class Block:
    """The flow rests until a check passes; no attempts are burnt."""


Verdict = RetryAt | Quarantine | BackOff | Suspect | Block


def decide(error: Exception, *, tries: int, jitter: float) -> Verdict:
    """What to do after a failed try. ``tries`` counts failures before this one, ``jitter`` is 0 to 1.

    Waits grow exponentially to an hour, for as long as it takes: a shop's line can be down for days.
    """
    if isinstance(error, Throttled):
        return BackOff(error.retry_after)
    if isinstance(error, Interrupted):
        return RetryAt(0.0, counts=False)
    if isinstance(error, TimeError):
        return RetryAt(backoff_s(tries, jitter=jitter))
    if isinstance(error, CredentialsRefused | MisdirectedConnection):
        return Suspect()
    if isinstance(error, LimitReached):
        return Block()
    if isinstance(error, AppError):
        return Quarantine()
    # A fault of our own: the record is kept and tried again, the cause stands in the attempt.
    return RetryAt(backoff_s(tries, jitter=jitter)) if tries < 5 else Quarantine()


def backoff_s(tries: int, *, jitter: float) -> float:
    """Seconds before the next try: 5 s, 10 s, … to an hour, half of it by chance."""
    whole = min(CAP_S, FIRST_S * 2.0 ** min(tries, 30))
    return whole * (0.5 + 0.5 * jitter)


Outcome = Literal["delivered", "unchanged", "skipped", "filtered", "retrying", "waiting", "quarantined"]
