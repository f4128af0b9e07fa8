"""Readings: the gauges that only the database and Redis know, taken when somebody asks for the metrics.

The API and the worker tell the same ones. What cannot be reached is told as such, and its gauges stay as they were: a scrape
never fails because of it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app import metrics
from app.errors import AppError
from app.queue import Queue
from app.store import backlog, workers
from app.store.clock import Clock
from app.store.session import Database
from app.store.tables import alerts, connections, deliveries, flows

WITHIN_S = 3.0


async def exposition(db: Database, queue: Queue) -> bytes:
    """Every metric of this process, with fresh readings, in Prometheus' text format."""
    metrics.DATABASE_UP.set(await database_answers(db, reading=True))
    metrics.REDIS_UP.set(await redis_answers(queue))
    return metrics.exposition()


async def database_answers(db: Database, *, reading: bool = False) -> bool:
    """Whether the database can be reached and has our tables; with ``reading`` the gauges are set as well."""
    try:
        async with asyncio.timeout(WITHIN_S), db.read() as conn:
            if reading:
                await _read(conn, db.clock)
            else:
                await conn.execute(select(connections.c.id).limit(1))
    except (AppError, DBAPIError, OSError, TimeoutError):
        return False
    return True


async def redis_answers(queue: Queue) -> bool:
    """Whether Redis can be reached; sets the depth of the queues."""
    with suppress(RedisError, OSError, TimeoutError):
        async with asyncio.timeout(WITHIN_S):
            for name, depth in (await queue.depths()).items():
                metrics.QUEUE_DEPTH.labels(name).set(depth)
        return True
    return False


async def _read(conn: AsyncConnection, clock: Clock) -> None:
    oldest = await backlog.oldest_pending_ms(conn, clock=clock)
    row = deliveries.c
    states = (
        await conn.execute(select(row.flow_id, row.state, func.count()).group_by(row.flow_id, row.state))
    ).all()
    known = (await conn.execute(select(flows.c.id, flows.c.kind, flows.c.state))).all()
    sides = (await conn.execute(select(connections.c.id, connections.c.system, connections.c.state))).all()
    raised = (
        await conn.execute(
            select(alerts.c.code, func.count()).where(alerts.c.cleared_at.is_(None)).group_by(alerts.c.code)
        )
    ).all()
    alive = len(await workers.listed(conn, clock=clock))
    # From here on nothing waits: a second scrape never sees half of this one.
    for gauge in (
        metrics.OLDEST_PENDING,
        metrics.PENDING,
        metrics.FLOW_STATE,
        metrics.CONNECTION_STATE,
        metrics.ALERTS,
    ):
        gauge.clear()
    for flow_id, kind, state in known:
        metrics.OLDEST_PENDING.labels(flow_id).set(oldest.get(flow_id, 0) / 1000)
        metrics.FLOW_STATE.labels(flow_id, kind, state).set(1)
    for flow_id, state, count in states:
        metrics.PENDING.labels(flow_id, state).set(count)
    for connection_id, system, state in sides:
        metrics.CONNECTION_STATE.labels(connection_id, system, state).set(1)
    for code, count in raised:
        metrics.ALERTS.labels(code).set(count)
    metrics.WORKERS.set(alive)
