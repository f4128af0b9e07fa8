"""First branches: in which branch somebody first bought, by the keyed hash of their address. Decided once, and then it stays: who
else comes to another branch later, from whatever it read, is told the one that stands here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.tables import erased, first_branches
from app.store.upsert import chunks, upsert


@dataclass(frozen=True, slots=True)
class Decided:
    """The branch, and the source's reference of the sale that decided."""

    branch: str
    sale: str


async def known(conn: AsyncConnection, *, connection_id: str, people: Sequence[str]) -> dict[str, str]:
    """By person, the branch, as far as it was decided."""
    row, found = first_branches.c, dict[str, str]()
    for part in chunks(sorted(set(people)), 500):
        statement = select(row.person, row.branch).where(
            row.connection_id == connection_id, row.person.in_(part)
        )
        found |= {person: branch for person, branch in await conn.execute(statement)}  # noqa: C416 - rows are no pairs to mypy
    return found


async def decide(
    conn: AsyncConnection, decided: Mapping[str, Decided], *, connection_id: str, clock: Clock
) -> dict[str, str]:
    """Keep these; by person, the branch as it stands then, which is another worker's where that one was quicker. Of who was
    erased nothing is kept."""
    gone = set[str]()
    for part in chunks(sorted(decided), 500):
        gone |= set((await conn.execute(select(erased.c.hash).where(erased.c.hash.in_(part)))).scalars())
    for person in sorted(decided.keys() - gone):  # sorted: two workers take the same rows in the same order
        values = {"branch": decided[person].branch, "sale": decided[person].sale, "decided_at": clock.sql()}
        statement = upsert(conn, first_branches).values(connection_id=connection_id, person=person, **values)
        await conn.execute(statement.on_conflict_do_nothing())
    stands = await known(conn, connection_id=connection_id, people=list(decided))
    return {person: each.branch for person, each in decided.items()} | stands


async def forget_erased(conn: AsyncConnection) -> int:
    """Delete what is kept of people who were erased. How many."""
    gone = select(erased.c.hash)
    return (await conn.execute(delete(first_branches).where(first_branches.c.person.in_(gone)))).rowcount
