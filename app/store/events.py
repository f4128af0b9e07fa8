"""Events: notifications, each once. They hold references, never a person's data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.tables import events
from app.store.upsert import chunks, upsert


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One notification to store. ``hint`` is sealed already; it goes to the delivery, not to the event."""

    connection_id: str
    kind: str
    ref: str
    dedupe_key: str
    trigger: str
    previous_ref: str | None = None
    request_id: str | None = None
    hint_sealed: bytes | None = None
    priority: int = 0


async def insert_new(conn: AsyncConnection, news: Sequence[NewEvent], *, clock: Clock) -> list[NewEvent]:
    """Store the events that are new; those are returned. A repeated one is passed over."""
    unique = {(event.connection_id, event.dedupe_key): event for event in news}
    inserted: list[NewEvent] = []
    # Sorted keys, so that two writers never lock the same rows in opposite orders.
    for part in chunks(sorted(unique), 500):
        rows = [
            {
                "connection_id": event.connection_id,
                "dedupe_key": event.dedupe_key,
                "kind": event.kind,
                "ref": event.ref,
                "previous_ref": event.previous_ref,
                "trigger": event.trigger,
                "request_id": event.request_id,
                "received_at": clock.sql(),
            }
            for event in (unique[key] for key in part)
        ]
        statement = (
            upsert(conn, events)
            .values(rows)
            .on_conflict_do_nothing(index_elements=["connection_id", "dedupe_key"])
            .returning(events.c.connection_id, events.c.dedupe_key)
        )
        inserted += [unique[row.connection_id, row.dedupe_key] for row in await conn.execute(statement)]
    return inserted


async def prune(conn: AsyncConnection, *, before: int) -> int:
    """Delete events received before that time; how many."""
    return (await conn.execute(delete(events).where(events.c.received_at < before))).rowcount
