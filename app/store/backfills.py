"""Backfills: a flow's history, which a person asked for. One per flow; it stops and goes on, and says how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import NotFound
from app.store.clock import Clock
from app.store.requests import HISTORY
from app.store.tables import attempts, backfills, deliveries
from app.store.upsert import upsert

ACTIVE = ("counting", "running", "finishing", "stopping")
PARKED = "backfill_stopped"
FAR_MS = 10 * 365 * 86_400_000
SOON_MS = 60_000


@dataclass(frozen=True, slots=True)
class Backfill:
    """One row. Times in milliseconds; ``asked`` are records that were asked for so far, of ``total``."""

    flow_id: str
    state: str
    mails: str
    since: int | None
    count: int | None
    total: int | None
    asked: int
    positions: Mapping[str, int]
    started_at: int
    run_at: int
    run_done: int
    held_at: int | None
    released_at: int | None
    ended_at: int | None

    @property
    def trigger(self) -> str:
        """What its deliveries say asked for them."""
        return HISTORY[self.mails]


@dataclass(frozen=True, slots=True)
class Open:
    """Its deliveries that are not settled: all, those running, and those that go within a minute."""

    all: int
    running: int
    soon: int


async def find(conn: AsyncConnection, flow_id: str) -> Backfill:
    """The newest of a flow. Raises NotFound."""
    row = (await conn.execute(select(backfills).where(backfills.c.flow_id == flow_id))).mappings().first()
    if row is None:
        raise NotFound(
            "This flow has no backfill.", advice=f"POST /api/v1/flows/{flow_id}/backfill begins one."
        )
    return Backfill(**row)


async def active(conn: AsyncConnection) -> list[Backfill]:
    """Those that something is to be done for."""
    statement = select(backfills).where(backfills.c.state.in_(ACTIVE)).order_by(backfills.c.flow_id)
    return [Backfill(**row) for row in (await conn.execute(statement)).mappings()]


async def begin(
    conn: AsyncConnection, flow_id: str, *, mails: str, since: int | None, count: int | None, now: int
) -> None:
    """A new one, in place of the one before."""
    values: dict[str, Any] = {
        "state": "counting", "mails": mails, "since": since, "count": count, "total": None, "asked": 0, "positions": {},
        "started_at": now, "run_at": now, "run_done": 0, "held_at": None, "released_at": None, "ended_at": None,
    }  # fmt: skip
    statement = upsert(conn, backfills).values(flow_id=flow_id, **values)
    await conn.execute(statement.on_conflict_do_update(index_elements=["flow_id"], set_=values))


async def change(conn: AsyncConnection, flow_id: str, *, was: str, **values: Any) -> bool:
    """Change it, if it still is in that state; False when somebody was quicker."""
    row = backfills.c
    statement = update(backfills).where(row.flow_id == flow_id, row.state == was).values(**values)
    return (await conn.execute(statement)).rowcount == 1


async def open_of(conn: AsyncConnection, flow_id: str, *, clock: Clock) -> Open:
    """What is not settled of it."""
    row = deliveries.c
    running, soon = row.state == "running", (row.state == "pending") & (row.due_at <= clock.sql() + SOON_MS)
    statement = select(func.count(), func.count().filter(running), func.count().filter(running | soon)).where(
        row.flow_id == flow_id,
        row.trigger.in_(tuple(HISTORY.values())),
        row.state.in_(("pending", "running", "waiting")),
    )
    return Open(*(await conn.execute(statement)).one())


async def park(conn: AsyncConnection, flow_id: str, *, clock: Clock) -> None:
    """What it asked for and was not begun rests; what happens in the shop meanwhile lifts a record out."""
    row = deliveries.c
    await conn.execute(
        update(deliveries)
        .where(row.flow_id == flow_id, row.trigger.in_(tuple(HISTORY.values())), row.state == "pending")
        .values(state="waiting", code=PARKED, due_at=clock.sql() + FAR_MS, waiting_since=None)
    )


async def unpark(conn: AsyncConnection, flow_id: str, *, clock: Clock) -> None:
    """What rests goes on."""
    row = deliveries.c
    await conn.execute(
        update(deliveries)
        .where(row.flow_id == flow_id, row.state == "waiting", row.code == PARKED)
        .values(state="pending", code=None, due_at=clock.sql())
    )


async def muted(conn: AsyncConnection, found: Backfill, *, most: int) -> Sequence[str]:
    """Live records that were delivered while the notices were held back: nobody got a mail for them."""
    if found.held_at is None:
        return ()
    row = attempts.c
    statement = (
        select(row.source_ref)
        .where(
            row.flow_id == found.flow_id,
            row.outcome == "delivered",
            row.trigger.not_in(tuple(HISTORY.values())),
            row.started_at >= found.held_at,
        )
        .group_by(row.source_ref)
        .order_by(func.min(row.id))
        .limit(most)
    )
    if found.released_at is not None:
        statement = statement.where(row.started_at <= found.released_at)
    return list((await conn.execute(statement)).scalars())
