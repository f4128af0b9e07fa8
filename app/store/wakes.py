"""Wakes: when each flow next has something to do, counting everything that holds it back meanwhile."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.deliveries import LIVE_STATES
from app.store.tables import accounts, connections, deliveries, flows


async def next_wakes(conn: AsyncConnection, *, clock: Clock, flow_id: str | None = None) -> dict[str, int]:
    """Running flow → milliseconds until its next delivery may be claimed; 0 when one may be claimed now.

    A flow with nothing to come is absent, and so is one that waits for a person (paused, blocked, broken connection). An
    account's back-off and the flow's own hours only move the time.
    """
    source, target = connections.alias("source"), connections.alias("target")
    source_account, target_account = accounts.alias("source_account"), accounts.alias("target_account")
    # One look into the index per state: a minimum over all of them at once would read every row.
    soonest = [
        select(func.min(deliveries.c.due_at))
        .where(deliveries.c.flow_id == flows.c.id, deliveries.c.state == state, ~deliveries.c.needs_yes)
        .scalar_subquery()
        .label(state)
        for state in LIVE_STATES
    ]
    statement = (
        select(
            flows.c.id,
            clock.sql().label("now"),
            flows.c.opens_at,
            func.coalesce(source_account.c.backoff_until, 0).label("source_until"),
            func.coalesce(target_account.c.backoff_until, 0).label("target_until"),
            *soonest,
        )
        .join(source, source.c.id == flows.c.source_connection_id)
        .join(target, target.c.id == flows.c.target_connection_id)
        .outerjoin(source_account, source_account.c.account == source.c.account)
        .outerjoin(target_account, target_account.c.account == target.c.account)
        .where(flows.c.state == "running", source.c.state != "broken", target.c.state != "broken")
    )
    if flow_id is not None:
        statement = statement.where(flows.c.id == flow_id)
    wakes: dict[str, int] = {}
    for id, now, opens_at, source_until, target_until, *due in await conn.execute(statement):
        times = [time for time in due if time is not None]
        if times:
            wakes[id] = max(0, max(min(times), opens_at, source_until, target_until) - now)
    return wakes
