"""Numbers that we gave: each name its own, once and for all, and no number twice."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.tables import connections, numbers
from app.store.upsert import chunks


async def given(
    conn: AsyncConnection, *, connection_id: str, kind: str, names: Sequence[str]
) -> dict[str, int]:
    """The numbers of these names, as far as they have any."""
    row, found = numbers.c, dict[str, int]()
    for part in chunks(sorted(set(names)), 500):
        statement = select(row.name, row.number).where(
            row.connection_id == connection_id, row.kind == kind, row.name.in_(part)
        )
        found |= {each.name: each.number for each in await conn.execute(statement)}
    return found


async def highest(
    conn: AsyncConnection, *, connection_id: str, kind: str, first: int, last: int
) -> int | None:
    """The highest number given out of this range; None where none was."""
    row = numbers.c
    statement = select(func.max(row.number)).where(
        row.connection_id == connection_id, row.kind == kind, row.number.between(first, last)
    )
    found: int | None = (await conn.execute(statement)).scalar_one()
    return found


async def give(
    conn: AsyncConnection,
    *,
    connection_id: str,
    kind: str,
    names: Sequence[str],
    free: Sequence[int],
    clock: Clock,
) -> dict[str, int]:
    """A number for each of these names, the lowest of ``free`` first; a name that has one keeps it. Who got none is absent.

    Givers come one by one: on PostgreSQL by a lock on the connection's row, on SQLite anyway.
    """
    await conn.execute(
        select(connections.c.id).where(connections.c.id == connection_id).with_for_update(key_share=True)
    )
    found = await given(conn, connection_id=connection_id, kind=kind, names=names)
    new = [name for name in dict.fromkeys(names) if name not in found]
    if not new or not free:
        return found
    row = numbers.c
    used = select(row.number).where(
        row.connection_id == connection_id, row.kind == kind, row.number.between(min(free), max(free))
    )
    spent = set((await conn.execute(used)).scalars())
    left = (number for number in sorted(free) if number not in spent)
    pairs = list(zip(new, left, strict=False))  # where names or numbers end first
    if pairs:
        now = (await conn.execute(select(clock.sql()))).scalar_one()
        await conn.execute(
            insert(numbers),
            [
                {
                    "connection_id": connection_id,
                    "kind": kind,
                    "name": name,
                    "number": number,
                    "given_at": now,
                }
                for name, number in pairs
            ],
        )
    return found | dict(pairs)
