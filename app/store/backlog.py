"""The backlog: which flows have something due, when the next thing is, and how long the oldest change waits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.deliveries import is_live, may_run
from app.store.requests import BACKFILL
from app.store.tables import backfills, deliveries, flows


async def due_flows(conn: AsyncConnection, *, clock: Clock) -> list[str]:
    """Flows that have something due and may run: what the sweep rings for."""
    row = deliveries.c
    due = select(literal(1)).where(
        row.flow_id == flows.c.id, is_live, row.due_at <= clock.sql(), ~row.needs_yes
    )
    statement = select(flows.c.id).where(may_run(clock), exists(due)).order_by(flows.c.id)
    return list((await conn.execute(statement)).scalars())


async def next_due_ms(conn: AsyncConnection, *, clock: Clock) -> int | None:
    """Milliseconds until something of a running flow becomes due; negative when overdue; None when nothing ever does."""
    row = deliveries.c
    statement = (
        select(func.min(row.due_at) - clock.sql())
        .select_from(deliveries.join(flows, flows.c.id == row.flow_id))
        .where(is_live, ~row.needs_yes, flows.c.state == "running")
    )
    return (await conn.execute(statement)).scalar()


async def importing(conn: AsyncConnection, *, kinds: Sequence[str]) -> dict[str, bool]:
    """Per connection that flows of these kinds write to, whether one that runs still works off a backfill, or a person asked
    for history."""
    row = deliveries.c
    backfill = exists(
        select(literal(1)).where(
            row.flow_id == flows.c.id,
            row.priority == BACKFILL,
            row.trigger == "backfill",
            row.state.in_(("pending", "running")),
        )
    )
    history = exists(
        select(literal(1)).where(
            backfills.c.flow_id == flows.c.id,
            backfills.c.mails == "quiet",
            backfills.c.state.in_(("running", "finishing", "stopping")),
        )
    )
    statement = select(flows.c.target_connection_id, flows.c.state, backfill, history).where(
        flows.c.kind.in_(kinds)
    )
    found: dict[str, bool] = {}
    for connection_id, state, busy, asked in await conn.execute(statement):
        importing = state == "running" and bool(busy or asked)
        found[connection_id] = found.get(connection_id, False) or importing
    return found


async def oldest_pending_ms(conn: AsyncConnection, *, clock: Clock) -> dict[str, int]:
    """Per flow, how long its oldest change not yet delivered has been waiting."""
    row = deliveries.c
    statement = (
        select(row.flow_id, clock.sql() - func.min(row.requested_at)).where(is_live).group_by(row.flow_id)
    )
    return {flow: int(age) for flow, age in await conn.execute(statement)}
