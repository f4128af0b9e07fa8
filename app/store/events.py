"""Events: notifications, each once. They hold references, never a person's data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Insert, delete, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.rows import packed, unpacked
from app.store.tables import events
from app.store.upsert import upsert


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One notification to store. ``moved_to`` is the
    key of an address that somebody has now, beside the one before, sealed; both rest apart, for a day."""

    connection_id: str
    kind: str
    ref: str
    dedupe_key: str
    trigger: str
    previous_ref: str | None = None
    request_id: str | None = None
    priority: int = 0
    moved_to: str | None = None
    moved_from_sealed: bytes | None = None


_LONGEST_KEY = 120


def dedupe_key(*parts: object) -> str:
    """One key of several parts, hashed where it would be longer than the column."""
    key = ":".join(map(str, parts))
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


_GIVEN = ("connection_id", "dedupe_key", "kind", "ref", "previous_ref", "trigger", "request_id")


@lru_cache(maxsize=32)
def _insert(dialect: str, clock: Clock) -> Insert:
    """Built once: building it took longer than running it."""
    given, column = unpacked(dialect, {name: events.c[name].type for name in _GIVEN})
    return (  # type: ignore[no-any-return]
        upsert(dialect, events)
        .from_select(
            [*_GIVEN, "received_at"],
            select(*column.values(), clock.sql())
            .select_from(given)
            .where(true()),  # WHERE: SQLite's ON is ambiguous
        )
        .on_conflict_do_nothing(index_elements=["connection_id", "dedupe_key"])
        .returning(events.c.connection_id, events.c.dedupe_key)
    )


async def insert_new(conn: AsyncConnection, news: Sequence[NewEvent], *, clock: Clock) -> list[NewEvent]:
    """Store the events that are new; those are returned. A repeated one is passed over."""
    unique = {(event.connection_id, event.dedupe_key): event for event in news}
    if not unique:
        return []
    # Sorted keys, so that two writers never lock the same rows in opposite orders.
    rows = packed({name: getattr(unique[key], name) for name in _GIVEN} for key in sorted(unique))
    return [
        unique[row.connection_id, row.dedupe_key]
        for row in await conn.execute(_insert(conn.dialect.name, clock), rows)
    ]


async def latest(conn: AsyncConnection, connection_id: str, *, kind: str, after: int) -> int | None:
    """When the newest notification of a connection about this kind was received, if that was later than ``after``."""
    row = events.c
    statement = select(func.max(row.received_at)).where(
        row.received_at > after, row.connection_id == connection_id, row.kind == kind
    )
    found = (await conn.execute(statement)).scalar()
    return None if found is None else int(found)


async def prune(conn: AsyncConnection, *, before: int) -> int:
    """Delete events received before that time; how many."""
    return (await conn.execute(delete(events).where(events.c.received_at < before))).rowcount
