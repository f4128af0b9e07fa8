"""Attempts: what was tried, for people to read. Counters: how many of each outcome per flow and hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, case, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.rows import shallow
from app.store.tables import attempts, counters
from app.store.upsert import upsert

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """One try that did something. Nothing in it is personal, except what is sealed.

    ``effects`` says by target row what was done to it; ``before_sealed`` the values that were written over, which are
    forgotten after ``keep_before_ms``.
    """

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
    effects: Sequence[Mapping[str, Any]] = field(default_factory=list)
    before_sealed: bytes | None = None
    keep_before_ms: int = 0


async def add(conn: AsyncConnection, news: Sequence[NewAttempt], *, clock: Clock) -> None:
    """Append them; each started its duration ago."""
    if news:
        started = clock.sql() - bindparam("b_duration", type_=Integer)
        keeps = bindparam("b_keep", type_=BigInteger)
        until = case((keeps > 0, clock.sql() + keeps), else_=None)
        rows = [_row(new) for new in news]
        await conn.execute(insert(attempts).values(started_at=started, before_until=until), rows)


def _row(new: NewAttempt) -> dict[str, Any]:
    row = shallow(new)
    keep_ms = row.pop("keep_before_ms")
    return row | {"b_duration": new.duration_ms, "b_keep": 0 if new.before_sealed is None else keep_ms}


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


async def forget_before(conn: AsyncConnection, *, clock: Clock) -> int:
    """Values that were written over are kept so many days as the flow says, and no longer. How many were forgotten."""
    row = attempts.c
    statement = (
        update(attempts).where(row.before_until <= clock.sql()).values(before_sealed=None, before_until=None)
    )
    return (await conn.execute(statement)).rowcount
