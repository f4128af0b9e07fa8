"""Comparisons: both sides of a flow beside each other. One per flow, the newest, with the records that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import NotFound
from app.store.clock import Clock
from app.store.tables import comparisons, deliveries, differences, flows, targets
from app.store.targets import Target
from app.store.upsert import chunks, upsert

UNDER_WAY = ("asked", "running")
MOST_NAMED = 1_000
"""More than so many are counted and not named: a person reads the first, and heals all at once."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row. Times in milliseconds; ``differ`` counts all that differ, ``healing`` those that were asked for again."""

    flow_id: str
    state: str
    asked_by: str
    heal: bool
    asked_at: int
    started_at: int | None
    ended_at: int | None
    differ: int
    healing: int
    counts: Mapping[str, Any]
    code: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One record that differs: ``not_sent``, ``changed_there``, ``missing_there`` or ``gone_at_source``. ``stays`` is the code of
    the rule by which the flow leaves it so. No person's data."""

    what: str
    ref: str
    remote_id: str | None = None
    fields: tuple[str, ...] = ()
    healing: bool = False
    stays: str | None = None


async def find(conn: AsyncConnection, flow_id: str) -> Comparison:
    """The newest of a flow. Raises NotFound."""
    row = (await conn.execute(select(comparisons).where(comparisons.c.flow_id == flow_id))).mappings().first()
    if row is None:
        raise NotFound(
            "This flow was never compared.", advice=f"POST /api/v1/flows/{flow_id}/comparison begins it."
        )
    return Comparison(**row)


async def named(conn: AsyncConnection, flow_id: str, *, after: int = 0, limit: int) -> Sequence[Any]:
    """What the newest comparison names, in the order in which it was found, from a number on."""
    row = differences.c
    statement = (
        select(differences)
        .where(row.flow_id == flow_id, row.number > after)
        .order_by(row.number)
        .limit(limit)
    )
    return (await conn.execute(statement)).all()


async def ask(conn: AsyncConnection, flow_id: str, *, by: str, heal: bool, clock: Clock) -> bool:
    """Ask for a new one in place of the one before, also one that was not begun; False where one is under way."""
    values: dict[str, Any] = {
        "state": "asked", "asked_by": by, "heal": heal, "asked_at": clock.sql(), "started_at": None, "ended_at": None,
        "differ": 0, "healing": 0, "counts": {}, "code": None, "detail": None,
    }  # fmt: skip
    statement = upsert(conn, comparisons).values(flow_id=flow_id, **values)
    statement = statement.on_conflict_do_update(
        index_elements=["flow_id"], set_=values, where=comparisons.c.state != "running"
    )
    return (await conn.execute(statement.returning(comparisons.c.flow_id))).first() is not None


async def waiting(conn: AsyncConnection, *, clock: Clock) -> list[Comparison]:
    """Those that are to be done now: their flow runs, and its hours last. One that a dead worker left begins anew."""
    statement = (
        select(comparisons)
        .join(flows, flows.c.id == comparisons.c.flow_id)
        .where(
            comparisons.c.state.in_(UNDER_WAY), flows.c.state == "running", flows.c.opens_at <= clock.sql()
        )
        .order_by(comparisons.c.asked_at)
    )
    return [Comparison(**row) for row in (await conn.execute(statement)).mappings()]


async def begin(conn: AsyncConnection, flow_id: str, *, clock: Clock) -> int | None:
    """Begin, or begin anew, and forget what was named before: the moment, which is the name of this run. None when somebody
    stopped it."""
    row = comparisons.c
    values = {"state": "running", "started_at": clock.sql(), "differ": 0, "healing": 0, "counts": {}}
    statement = (
        update(comparisons)
        .where(row.flow_id == flow_id, row.state.in_(UNDER_WAY))
        .values(values)
        .returning(row.started_at)
    )
    begun: int | None = (await conn.execute(statement)).scalar()
    if begun is not None:
        await conn.execute(delete(differences).where(differences.c.flow_id == flow_id))
    return begun


async def change(conn: AsyncConnection, flow_id: str, *, begun: int | None = None, **values: Any) -> bool:
    """Change one that is under way; False when it is not any more, or, with ``begun``, when that run is not the one."""
    row = comparisons.c
    statement = update(comparisons).where(row.flow_id == flow_id, row.state.in_(UNDER_WAY)).values(**values)
    if begun is not None:
        statement = statement.where(row.started_at == begun)
    return (await conn.execute(statement)).rowcount == 1


async def name(conn: AsyncConnection, flow_id: str, found: Sequence[Difference], *, clock: Clock) -> None:
    """Name these as well, as long as there are not too many."""
    row = differences.c
    last = (
        await conn.execute(select(func.coalesce(func.max(row.number), 0)).where(row.flow_id == flow_id))
    ).scalar_one()
    now = (await conn.execute(select(clock.sql()))).scalar_one()
    rows = [
        {"flow_id": flow_id, "number": number, "seen_at": now} | asdict(each) | {"fields": list(each.fields)}
        for number, each in enumerate(found[: max(0, MOST_NAMED - last)], start=last + 1)
    ]
    if rows:
        await conn.execute(insert(differences), rows)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a record's delivery stands. ``settled_at`` is when it was settled last, 0 for never."""

    state: str = "settled"
    settled_at: int = 0
    outcome: str | None = None
    code: str | None = None


async def standing(conn: AsyncConnection, flow_id: str, refs: Sequence[str]) -> dict[str, Standing]:
    """The deliveries of these records by source reference, as far as there are any."""
    row = deliveries.c
    found: dict[str, Standing] = {}
    for part in chunks(sorted(set(refs)), 500):
        statement = select(row.source_ref, row.state, row.settled_at, row.outcome, row.code).where(
            row.flow_id == flow_id, row.source_ref.in_(part)
        )
        found |= {
            ref: Standing(state, at or 0, outcome, code)
            for ref, state, at, outcome, code in await conn.execute(statement)
        }
    return found


_COLUMNS = [targets.c[field.name] for field in fields(Target)]


async def ours(
    conn: AsyncConnection,
    *,
    connection_id: str,
    kind: str,
    owner_connection_id: str,
    after: int,
    limit: int,
) -> list[Target]:
    """What one connection brought about at another and what stands there, by id from one on."""
    row = targets.c
    statement = (
        select(*_COLUMNS)
        .where(
            row.connection_id == connection_id,
            row.kind == kind,
            row.owner_connection_id == owner_connection_id,
            row.state == "present",
            row.id > after,
        )
        .order_by(row.id)
        .limit(limit)
    )
    return [Target(*each) for each in await conn.execute(statement)]


async def outcomes_of(conn: AsyncConnection, flow_id: str) -> dict[str, int]:
    """How many records of a flow stand how: by outcome, or as ``waiting`` for their first."""
    row = deliveries.c
    statement = (
        select(func.coalesce(row.outcome, row.state), func.count())
        .where(row.flow_id == flow_id)
        .group_by(func.coalesce(row.outcome, row.state))
    )
    return {outcome: count for outcome, count in await conn.execute(statement)}  # noqa: C416 - rows are no pairs to mypy
