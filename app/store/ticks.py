"""Ticks: rounds of housekeeping. However many workers run, one of them does each round."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.tables import ticks
from app.store.upsert import upsert


async def take(
    conn: AsyncConnection, name: str, *, holder: str, lease_ms: int, every_ms: int, clock: Clock
) -> bool:
    """Take the round: True unless somebody is at it, or it was done less than ``every_ms`` ago."""
    now = clock.sql()
    statement = upsert(conn, ticks).values(name=name, holder=holder, until=now + lease_ms, ran_at=now)
    statement = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": holder, "until": now + lease_ms, "ran_at": now},
        where=(ticks.c.until <= now) & (ticks.c.ran_at <= now - every_ms),
    )
    return bool((await conn.execute(statement.returning(ticks.c.name))).first())


async def renew(conn: AsyncConnection, name: str, *, holder: str, lease_ms: int, clock: Clock) -> bool:
    """Go on with a long round; False when somebody else has it now."""
    statement = (
        update(ticks)
        .where(ticks.c.name == name, ticks.c.holder == holder)
        .values(until=clock.sql() + lease_ms)
    )
    return (await conn.execute(statement)).rowcount == 1


async def finish(conn: AsyncConnection, name: str, *, holder: str) -> None:
    """Done: the next round is anybody's."""
    await conn.execute(
        update(ticks).where(ticks.c.name == name, ticks.c.holder == holder).values(until=0, holder=None)
    )


async def ever_ran(conn: AsyncConnection, name: str) -> bool:
    """Whether this was ever taken: for what is done once."""
    return (await conn.execute(select(ticks.c.name).where(ticks.c.name == name))).first() is not None


async def make_due(conn: AsyncConnection, name: str) -> None:
    """Let the round come again as if it had never run."""
    await conn.execute(update(ticks).where(ticks.c.name == name).values(ran_at=0))
