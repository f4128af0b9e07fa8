"""Glimpses: what a flow saw of each record when it last looked at all of them, by reference and fingerprint only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import deliveries, glimpses
from app.store.upsert import chunks, upsert


@dataclass(frozen=True, slots=True)
class Kept:
    """``epoch`` is that of the flow's cursor: where it was placed anew since, the record counts as never seen."""

    ref: str
    fingerprint: str
    epoch: int


async def known(conn: AsyncConnection, flow_id: str, refs: Sequence[str]) -> dict[str, Kept]:
    """What is kept of these records, as far as there is anything."""
    row = glimpses.c
    found: dict[str, Kept] = {}
    for part in chunks(sorted(set(refs)), 500):
        statement = select(row.ref, row.fingerprint, row.epoch).where(
            row.flow_id == flow_id, row.ref.in_(part)
        )
        found |= {each.ref: Kept(*each) for each in await conn.execute(statement)}
    return found


async def keep(conn: AsyncConnection, flow_id: str, seen: Iterable[Kept]) -> None:
    """Remember these. Sorted, so that two writers never lock the same rows in opposite orders."""
    by_ref = {each.ref: each for each in seen}
    for part in chunks(sorted(by_ref), 200):
        statement = upsert(conn, glimpses).values(
            [
                {
                    "flow_id": flow_id,
                    "ref": ref,
                    "fingerprint": by_ref[ref].fingerprint,
                    "epoch": by_ref[ref].epoch,
                }
                for ref in part
            ]
        )
        new = statement.excluded
        await conn.execute(
            statement.on_conflict_do_update(
                index_elements=["flow_id", "ref"],
                set_={"fingerprint": new.fingerprint, "epoch": new.epoch},
            )
        )


async def count(conn: AsyncConnection, flow_id: str) -> int:
    """How many records the flow has seen."""
    statement = select(func.count()).select_from(glimpses).where(glimpses.c.flow_id == flow_id)
    return int((await conn.execute(statement)).scalar_one())


async def refs(conn: AsyncConnection, flow_id: str) -> set[str]:
    """Every record that the flow has seen."""
    statement = select(glimpses.c.ref).where(glimpses.c.flow_id == flow_id)
    return set((await conn.execute(statement)).scalars())


async def forget(conn: AsyncConnection, flow_id: str, gone: Iterable[str]) -> None:
    """Records that are not there any more: should they come back, they are news."""
    row = glimpses.c
    for part in chunks(sorted(set(gone)), 500):
        await conn.execute(delete(glimpses).where(row.flow_id == flow_id, row.ref.in_(part)))


async def asked_for(conn: AsyncConnection, flow_id: str, refs: Sequence[str]) -> set[str]:
    """Those of these records that the flow has a delivery for already."""
    row = deliveries.c
    found: set[str] = set()
    for part in chunks(sorted(set(refs)), 500):
        statement = select(row.source_ref).where(row.flow_id == flow_id, row.source_ref.in_(part))
        found |= set((await conn.execute(statement)).scalars())
    return found
