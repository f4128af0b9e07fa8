"""Links: which record at a target a part of a source's record was found to be, whether we made it or not, by its number.

A source that deleted a record names its parts by their own ids at most, and by those nothing else can be found any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import links
from app.store.upsert import chunks, upsert

Part = tuple[str, str, str]
"""(the source's reference of the record, kind at the target, the part's own id)."""
LONGEST = 200


async def known(
    conn: AsyncConnection, *, connection_id: str, owner_connection_id: str, refs: Sequence[str]
) -> dict[Part, int]:
    """By part, the numbers that are known of these records."""
    row, found = links.c, dict[Part, int]()
    for some in chunks(sorted(set(refs)), 500):
        statement = select(row.owner_ref, row.kind, row.part, row.number).where(
            row.connection_id == connection_id,
            row.owner_connection_id == owner_connection_id,
            row.owner_ref.in_(some),
        )
        found |= {(ref, kind, part): number for ref, kind, part, number in await conn.execute(statement)}
    return found


async def keep(
    conn: AsyncConnection, found: Mapping[Part, int], *, connection_id: str, owner_connection_id: str
) -> None:
    """Write down what is new of this. Ids that are too long for a key are left out."""
    found = {part: number for part, number in found.items() if max(map(len, part)) <= LONGEST}
    if not found:
        return
    before = await known(
        conn,
        connection_id=connection_id,
        owner_connection_id=owner_connection_id,
        refs=[ref for ref, _, _ in found],
    )
    news = sorted(place for place, number in found.items() if before.get(place) != number)
    for some in chunks(news, 100):  # sorted: two workers take the same rows in the same order
        statement = upsert(conn, links).values(
            [
                {
                    "connection_id": connection_id,
                    "owner_connection_id": owner_connection_id,
                    "owner_ref": ref,
                    "kind": kind,
                    "part": part,
                    "number": found[ref, kind, part],
                }
                for ref, kind, part in some
            ]
        )
        await conn.execute(
            statement.on_conflict_do_update(
                index_elements=list(links.primary_key.columns), set_={"number": statement.excluded.number}
            )
        )
