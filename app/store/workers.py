"""Workers as they report: who is alive, since when, and what it says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.tables import workers
from app.store.upsert import upsert

ALIVE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker. ``silent_ms`` is how long ago it was heard of."""

    id: str
    started_at: int
    silent_ms: int
    facts: Mapping[str, Any]


async def beat(
    conn: AsyncConnection, id: str, *, started_at: int, facts: Mapping[str, Any], clock: Clock
) -> None:
    """I am alive."""
    statement = upsert(conn, workers).values(
        id=id, started_at=started_at, seen_at=clock.sql(), facts=dict(facts)
    )
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=["id"], set_={"seen_at": clock.sql(), "facts": dict(facts)}
        )
    )


async def listed(conn: AsyncConnection, *, clock: Clock, within_ms: int = ALIVE_MS) -> list[Worker]:
    """Those heard of lately, oldest first."""
    silent = clock.sql() - workers.c.seen_at
    statement = (
        select(workers.c.id, workers.c.started_at, silent, workers.c.facts)
        .where(silent <= within_ms)
        .order_by(workers.c.started_at, workers.c.id)
    )
    return [Worker(*row) for row in await conn.execute(statement)]


async def leave(conn: AsyncConnection, id: str) -> None:
    """I stop."""
    await conn.execute(delete(workers).where(workers.c.id == id))


async def forget(conn: AsyncConnection, *, silent_ms: int, clock: Clock) -> int:
    """Forget those that were not heard of for long; how many."""
    statement = delete(workers).where(workers.c.seen_at < clock.sql() - silent_ms)
    return (await conn.execute(statement)).rowcount
