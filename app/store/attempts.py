"""Attempts: what was tried, for people to read. Counters: how many of each outcome per flow and hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from sqlalchemy import Integer, bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.tables import attempts, counters
from app.store.upsert import upsert

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """One try that did something. Nothing in it is personal, except ``payload_sealed``."""

    delivery_id: int
    flow_id: str
    source_ref: str
    duration_ms: int
    outcome: str
    trigger: str
    direction: str
    code: str | None = None
    reason: str | None = None
    who: str | None = None
    warnings: Sequence[str] = field(default_factory=list)
    changes: Sequence[str] = field(default_factory=list)
    payload_sealed: bytes | None = None
    request_id: str | None = None


async def add(conn: AsyncConnection, news: Sequence[NewAttempt], *, clock: Clock) -> None:
    """Append them; each started its duration ago."""
    if news:
        started = clock.sql() - bindparam("b_duration", type_=Integer)
        rows = [asdict(new) | {"b_duration": new.duration_ms} for new in news]
        await conn.execute(insert(attempts).values(started_at=started), rows)


async def count(conn: AsyncConnection, *, flow_id: str, outcomes: Counter[str], clock: Clock) -> None:
    """Add to the counters of this hour."""
    statement = upsert(conn, counters).values(hour=clock.sql() // HOUR_MS * HOUR_MS)
    statement = statement.on_conflict_do_update(
        index_elements=["flow_id", "hour", "outcome"],
        set_={"count": counters.c.count + statement.excluded.count},
    )
    # Sorted, so that two workers never lock the same rows in opposite orders.
    rows = [{"flow_id": flow_id, "outcome": name, "count": n} for name, n in sorted(outcomes.items()) if n]
    if rows:
        await conn.execute(statement, rows)


async def settled_since(
    conn: AsyncConnection, *, flow_id: str, code: str, ms: int, but_for: str, clock: Clock
) -> set[str]:
    """The source references of a flow that were settled with this code in the last ``ms``, but for one trigger."""
    row = attempts.c
    statement = select(row.source_ref).where(
        row.flow_id == flow_id,
        row.code == code,
        row.outcome == "delivered",
        row.trigger != but_for,
        row.started_at > clock.sql() - ms,
    )
    return set((await conn.execute(statement)).scalars())


async def prune(conn: AsyncConnection, *, before: int) -> int:
    """Delete attempts started before that time; how many."""
    return (await conn.execute(delete(attempts).where(attempts.c.started_at < before))).rowcount
