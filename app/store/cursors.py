"""Cursors: how far each flow has read its source. A cursor moves only from the position somebody started from."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.tables import cursors, side_cursors
from app.store.upsert import upsert


@dataclass(frozen=True, slots=True)
class Cursor:
    """``position`` is the highest marker stored; ``epoch`` counts how often it was placed: what lies behind is new then.

    ``floor`` is where it was placed last: whoever begins with today must not be told of yesterday.
    """

    position: int
    epoch: int
    floor: int
    updated_at: int


async def position(conn: AsyncConnection, flow_id: str) -> int | None:
    """The highest marker stored, or None before the first start."""
    return (await conn.execute(select(cursors.c.position).where(cursors.c.flow_id == flow_id))).scalar()


async def find(conn: AsyncConnection, flow_id: str) -> Cursor | None:
    """The whole cursor, or None before the first start."""
    statement = select(cursors.c.position, cursors.c.epoch, cursors.c.floor, cursors.c.updated_at).where(
        cursors.c.flow_id == flow_id
    )
    row = (await conn.execute(statement)).first()
    return None if row is None else Cursor(*row)


async def place(
    conn: AsyncConnection, flow_id: str, *, position: int, clock: Clock, by_hand: bool = False
) -> None:
    """Set it, whatever it was: a start, a rewind, a jump to a date. Polls behind it count as new from now on.

    ``by_hand``: a person says where, also before the first start.
    """
    statement = upsert(conn, cursors).values(
        flow_id=flow_id, position=position, epoch=int(by_hand), floor=position, updated_at=clock.sql()
    )
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=["flow_id"],
            set_={
                "position": position,
                "epoch": cursors.c.epoch + 1,
                "floor": position,
                "updated_at": clock.sql(),
            },
        )
    )


async def place_side(
    conn: AsyncConnection, flow_id: str, sequence: str, *, position: int, clock: Clock
) -> None:
    """Begin to read another sequence of a flow here; one that is read already stays where it is."""
    statement = upsert(conn, side_cursors).values(
        flow_id=flow_id, sequence=sequence, position=position, floor=position, updated_at=clock.sql()
    )
    await conn.execute(statement.on_conflict_do_nothing())


async def move(
    conn: AsyncConnection,
    flow_id: str,
    *,
    start: int,
    end: int,
    clock: Clock,
    sequence: str | None = None,
) -> bool:
    """Move from ``start`` to ``end``; False when somebody moved it meanwhile, and then nothing is moved.

    ``updated_at`` tells when it last stood elsewhere. ``sequence`` names another than the flow's own.
    """
    values: dict[str, object] = {"position": end}
    if end != start:
        values["updated_at"] = clock.sql()
    if sequence is None:
        statement = update(cursors).where(cursors.c.flow_id == flow_id, cursors.c.position == start)
    else:
        row = side_cursors.c
        statement = update(side_cursors).where(
            row.flow_id == flow_id, row.sequence == sequence, row.position == start
        )
    statement = statement.values(values)
    return (await conn.execute(statement)).rowcount == 1
