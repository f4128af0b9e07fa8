"""Words of every connector: plain documents, what webhooks and polls say, and what reading answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.errors import AppError
from app.records.decision import WriteMode

Document = dict[str, Any]
"""Plain data in one system's own words: Decimals, ISO dates, the vendor's names."""

Mode = WriteMode

ShippedRow = tuple[Any, ...] | Mapping[str, Any]
"""A mapping row as plain data: ``(target, expression)``, with a mode third, or by name where a row needs more."""


# --- notifications: what webhooks and polls say ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Changed:
    """One record changed. ``dedupe`` makes the notification unique within its connection.

    ``ref`` names the record at the source without personal data (a relation number, a keyed hash).
    """

    kind: str
    ref: str
    dedupe: str
    previous_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody left one address for another, by a call that was verified. What cannot be read again: it rests sealed, for a
    day. ``kind`` is that of the record at the target whose key the address is."""

    kind: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class PollSoon:
    """Something may have changed among these kinds: polls become due now and a few times in the next seconds."""

    kinds: frozenset[str]
    dedupe: str
    moved: Moved | None = None


Notification = Changed | PollSoon


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What the remote is told: for MplusKASSA the signed constant ``{}``."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


# --- reading ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """A source record, decoded. ``position`` is its marker when the read tells it, ``sequence`` whose marker that is where a
    kind has several."""

    ref: str
    document: Document
    position: int | None = None
    sequence: str | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """The source says that there is no such record (missing rights look the same)."""

    ref: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The source answered with something that cannot be decoded: this record alone fails."""

    ref: str
    error: AppError


Fetched = Found | Gone | Unreadable


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a poll. ``position`` is the highest marker seen; ``found`` holds whole records where it has them."""

    changed: tuple[Changed, ...]
    position: int
    more: bool
    found: tuple[Fetched, ...] = ()


@dataclass(frozen=True, slots=True)
class Glimpse:
    """One record as a look at everything shows it: ``fingerprint`` differs when the record does. ``at`` is when it came about
    at the source, where that is told."""

    ref: str
    fingerprint: str
    at: datetime | None = None
