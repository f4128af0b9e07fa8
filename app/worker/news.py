"""What of a look through a source is news, and how it is asked for. Pure."""

from __future__ import annotations

from app.connectors.base import Glimpse
from app.store.cursors import Cursor
from app.store.flows import Flow
from app.store.glimpses import Kept
from app.store.requests import BACKFILL, LIVE, Request


def request_of(flow: Flow, glimpse: Glimpse, *, live: bool) -> Request:
    """The order to deliver it: live, or as history behind that."""
    priority, trigger = (LIVE, "poll") if live else (BACKFILL, "backfill")
    return Request(flow.id, glimpse.ref, priority=priority, trigger=trigger)


def is_live(glimpse: Glimpse, whole_before: bool, recent: float) -> bool:
    """News of a source that was looked through before, and what came about lately; the rest of a first look is history."""
    return whole_before or (glimpse.at is not None and glimpse.at.timestamp() >= recent)


def differs(glimpse: Glimpse, kept: Kept | None, cursor: Cursor) -> bool:
    """Whether it was never seen as it is now, since the cursor was placed."""
    return kept is None or kept.epoch != cursor.epoch or kept.fingerprint != glimpse.fingerprint


def is_news(glimpse: Glimpse, cursor: Cursor, *, whole_before: bool) -> bool:
    """What came about before the flow's beginning is history. Where nobody tells when it did, what was there at the first
    whole look is."""
    if cursor.position == 0:
        return True
    if glimpse.at is None:
        return whole_before
    return glimpse.at.timestamp() >= cursor.position
