"""Cursors: how far each flow has read its source. A cursor moves only from the position somebody started from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from sqlalchemy import ColumnElement, Table, case, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.tables import cursors, side_cursors
from app.store.upsert import upsert


@dataclass(frozen=True, slots=True)
class Cursor:
    """``position`` is the highest marker stored; ``epoch`` counts how often it was placed: what lies behind is new then.

    ``floor`` is where it was placed last: whoever begins with today must not be told of yesterday. What lies up to
    ``history_to`` is history: it had been read, or was there before the flow was first started.
    """

    position: int
    epoch: int
    floor: int
    updated_at: int
    history_to: int = 0


async def position(conn: AsyncConnection, flow_id: str) -> int | None:
    """The highest marker stored, or None before the first start."""
    return (await conn.execute(select(cursors.c.position).where(cursors.c.flow_id == flow_id))).scalar()


async def find(conn: AsyncConnection, flow_id: str) -> Cursor | None:
    """The whole cursor, or None before the first start."""
    columns = [cursors.c[each.name] for each in fields(Cursor)]
    row = (await conn.execute(select(*columns).where(cursors.c.flow_id == flow_id))).first()
    return None if row is None else Cursor(*row)


async def beside(conn: AsyncConnection, flow_id: str) -> dict[str, int]:
    """By its name, the highest marker stored of every sequence that the flow reads beside its own."""
    row = side_cursors.c
    statement = select(row.sequence, row.position).where(row.flow_id == flow_id).order_by(row.sequence)
    return {name: position for name, position in await conn.execute(statement)}  # noqa: C416 - rows are no pairs to mypy


async def positions(conn: AsyncConnection, flow_id: str, *, own: str) -> dict[str, int]:
    """By its name, the highest marker stored of every sequence that the flow reads; ``own`` names its own."""
    stands = await position(conn, flow_id)
    return await beside(conn, flow_id) | ({} if stands is None else {own: stands})


async def place(
    conn: AsyncConnection, flow_id: str, *, position: int, clock: Clock, by_hand: bool = False
) -> None:
    """Set it, whatever it was: a start, a rewind, a jump to a date. Polls behind it count as new from now on, and what had been
    read before as history; in the sequences beside it too, since a poll reads a little of each again.

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
                "history_to": _read_so_far(cursors),
            },
        )
    )
    beside = update(side_cursors).where(side_cursors.c.flow_id == flow_id)
    await conn.execute(beside.values(history_to=_read_so_far(side_cursors)))


async def place_side(
    conn: AsyncConnection, flow_id: str, sequence: str, *, position: int, clock: Clock, anew: bool = False
) -> None:
    """Begin to read another sequence of a flow here; one that is read already stays where it is, unless ``anew``."""
    statement = upsert(conn, side_cursors).values(
        flow_id=flow_id, sequence=sequence, position=position, floor=position, updated_at=clock.sql()
    )
    if not anew:
        await conn.execute(statement.on_conflict_do_nothing())
        return
    values = {
        "position": position,
        "floor": position,
        "updated_at": clock.sql(),
        "history_to": _read_so_far(side_cursors),
    }
    await conn.execute(statement.on_conflict_do_update(index_elements=["flow_id", "sequence"], set_=values))


async def note_history(
    conn: AsyncConnection, flow_id: str, marks: Mapping[str, int], *, own: str, at_most: bool = False
) -> None:
    """What lies up to these marks was there before the flow was first started: history, wherever it begins to read.

    ``own`` names the flow's own sequence. ``at_most``: what lies beyond them is no history, since a source whose markers fell
    (a restored backup) gives them to new records.
    """
    row, side = cursors.c, side_cursors.c
    for name, mark in marks.items():
        if name == own:
            ours = update(cursors).where(row.flow_id == flow_id, row.history_to > mark if at_most else true())
            await conn.execute(ours.values(history_to=mark))
        beside = update(side_cursors).where(side.flow_id == flow_id, side.sequence == name)
        if at_most:
            beside = beside.where(side.history_to > mark)
        await conn.execute(beside.values(history_to=mark))


def _read_so_far(table: Table) -> ColumnElement[int]:
    row = table.c
    return case((row.position > row.history_to, row.position), else_=row.history_to)


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
