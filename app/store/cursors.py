"""Cursors: how far each flow has read its source. A cursor moves only from the position somebody started from."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.tables import cursors
from app.store.upsert import upsert


async def position(conn: AsyncConnection, flow_id: str) -> int | None:
    """The highest marker stored, or None before the first start."""
    return (await conn.execute(select(cursors.c.position).where(cursors.c.flow_id == flow_id))).scalar()


async def place(conn: AsyncConnection, flow_id: str, *, position: int, clock: Clock) -> None:
    """Set it, whatever it was: a start, a rewind, a jump to a date."""
    statement = upsert(conn, cursors).values(flow_id=flow_id, position=position, updated_at=clock.sql())
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=["flow_id"], set_={"position": position, "updated_at": clock.sql()}
        )
    )


async def move(conn: AsyncConnection, flow_id: str, *, start: int, end: int, clock: Clock) -> bool:
    """Move from ``start`` to ``end``; False when somebody moved it meanwhile, and then nothing is moved."""
    statement = (
        update(cursors)
        .where(cursors.c.flow_id == flow_id, cursors.c.position == start)
        .values(position=end, updated_at=clock.sql())
    )
    return (await conn.execute(statement)).rowcount == 1
