"""Moves: addresses that somebody left for others, sealed, for a day. Where no link tells whose record it is, the record may
still stand under the address before; nobody can be asked for that one afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.events import NewEvent
from app.store.tables import moves
from app.store.upsert import chunks, upsert

KEPT_MS = 86_400_000


async def note(conn: AsyncConnection, news: Iterable[NewEvent], *, clock: Clock) -> None:
    """Keep what these notifications tell of addresses; the latest of a key counts."""
    told = {(each.connection_id, each.moved_to): each.moved_from_sealed for each in news if each.moved_to and each.moved_from_sealed}  # fmt: skip
    until = clock.sql() + KEPT_MS
    for (connection_id, key), sealed in sorted(told.items()):
        values = {"old_sealed": sealed, "until": until}
        statement = upsert(conn, moves).values(connection_id=connection_id, key=key, **values)
        await conn.execute(
            statement.on_conflict_do_update(index_elements=["connection_id", "key"], set_=values)
        )


async def before(
    conn: AsyncConnection, *, connection_id: str, keys: Sequence[str], clock: Clock
) -> dict[str, bytes]:
    """By the key of an address, the one before it, sealed, as far as it is kept."""
    row = moves.c
    found: dict[str, bytes] = {}
    for part in chunks(sorted(set(keys)), 500):
        statement = select(row.key, row.old_sealed).where(
            row.connection_id == connection_id, row.key.in_(part), row.until > clock.sql()
        )
        found |= {key: sealed for key, sealed in await conn.execute(statement)}  # noqa: C416 - rows are no pairs to mypy
    return found


async def forget(conn: AsyncConnection, *, clock: Clock) -> int:
    """Delete what was kept for a day, used or not. How many."""
    return (await conn.execute(delete(moves).where(moves.c.until <= clock.sql()))).rowcount
