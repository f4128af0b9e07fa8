"""Undos: a run that a person took back. One per flow, the newest; how far it is stands in the attempt log itself.

A run is what one flow did between two moments, by choice only what some triggers asked for. What was taken back has an
attempt of its own behind the mark, so whoever goes on after a kill sees what is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import NotFound
from app.store.clock import Clock
from app.store.deliveries import Claimed, returned
from app.store.tables import attempts, deliveries, flows, undos
from app.store.upsert import upsert

UNDO = "undo"
"""The trigger of what an undo did."""
UNDER_WAY = ("asked", "running")
TO_COME = ("retrying", "waiting")
"""Outcomes that are none yet: the record's turn comes again."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one flow did from ``since`` to ``until``, in milliseconds; of that only what these triggers asked for, if any."""

    flow_id: str
    since: int
    until: int
    triggers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Undo:
    """One row. ``mark`` is the newest attempt when it was asked for, ``total`` the records that the run wrote."""

    flow_id: str
    state: str
    since: int
    until: int
    triggers: Sequence[str]
    asked_at: int
    mark: int
    total: int
    ended_at: int | None
    code: str | None
    detail: str | None

    @property
    def run(self) -> Run:
        """What is taken back."""
        return Run(self.flow_id, self.since, self.until, self.triggers)


@dataclass(frozen=True, slots=True)
class Did:
    """What one attempt did, of a run or beside it. ``effects`` say by target row what, and ``before_sealed`` holds the values from before."""

    delivery_id: int
    source_ref: str
    effects: Sequence[Mapping[str, Any]]
    before_sealed: bytes | None
    by_run: bool


_WROTE = cast(attempts.c.effects, Text) != "[]"


def _of(run: Run) -> ColumnElement[bool]:
    row = attempts.c
    found = and_(
        row.flow_id == run.flow_id,
        row.started_at >= run.since,
        row.started_at <= run.until,
        row.trigger != UNDO,
        _WROTE,
    )
    return and_(found, row.trigger.in_(run.triggers)) if run.triggers else found


async def deliveries_of(conn: AsyncConnection, run: Run, *, after: int, limit: int) -> list[int]:
    """Deliveries for which a run wrote something, by id from one on."""
    return await _ids(conn, _wrote(run), after=after, limit=limit)


async def count(conn: AsyncConnection, run: Run) -> int:
    """For how many deliveries a run wrote something."""
    mine = select(func.count(attempts.c.delivery_id.distinct())).where(_of(run))
    return (await conn.execute(mine)).scalar_one()


def _wrote(run: Run) -> Select[tuple[int]]:
    """By id, and one after the other: a page of them costs the same wherever it begins."""
    mine = exists(select(attempts.c.id).where(attempts.c.delivery_id == deliveries.c.id, _of(run)))
    return select(deliveries.c.id).where(mine)


async def _ids(conn: AsyncConnection, found: Select[tuple[int]], *, after: int, limit: int) -> list[int]:
    by_id = found.where(deliveries.c.id > after).order_by(deliveries.c.id).limit(limit)
    return [row.id for row in await conn.execute(by_id)]


async def find(conn: AsyncConnection, flow_id: str) -> Undo:
    """The newest of a flow. Raises NotFound."""
    row = (await conn.execute(select(undos).where(undos.c.flow_id == flow_id))).mappings().first()
    if row is None:
        raise NotFound(
            "Nothing of this flow was undone yet.",
            advice=f"POST /api/v1/flows/{flow_id}/undo says what can be.",
        )
    return Undo(**row)


async def ask(conn: AsyncConnection, run: Run, *, total: int, clock: Clock) -> bool:
    """Ask for a run to be taken back, in place of the undo before; False where one is under way."""
    mark = select(func.coalesce(func.max(attempts.c.id), 0)).scalar_subquery()
    values: dict[str, Any] = {
        "state": "asked", "since": run.since, "until": run.until, "triggers": list(run.triggers), "asked_at": clock.sql(),
        "mark": mark, "total": total, "ended_at": None, "code": None, "detail": None,
    }  # fmt: skip
    statement = upsert(conn, undos).values(flow_id=run.flow_id, **values)
    statement = statement.on_conflict_do_update(
        index_elements=["flow_id"], set_=values, where=undos.c.state.not_in(UNDER_WAY)
    )
    return (await conn.execute(statement.returning(undos.c.flow_id))).first() is not None


async def waiting(conn: AsyncConnection) -> list[str]:
    """The flows of which something is to be taken back, oldest wish first."""
    statement = select(undos.c.flow_id).where(undos.c.state.in_(UNDER_WAY)).order_by(undos.c.asked_at)
    return list((await conn.execute(statement)).scalars())


async def is_under_way(conn: AsyncConnection, flow_id: str) -> bool:
    """Whether something of this flow is being taken back."""
    return flow_id in await waiting(conn)


async def change(conn: AsyncConnection, flow_id: str, **values: Any) -> bool:
    """Change one that is under way; False when it is not any more."""
    row = undos.c
    statement = update(undos).where(row.flow_id == flow_id, row.state.in_(UNDER_WAY)).values(**values)
    return (await conn.execute(statement)).rowcount == 1


# --- what is left, and what became of it -----------------------------------------------------------------------------


async def left(conn: AsyncConnection, undo: Undo, *, after: int, limit: int) -> list[int]:
    """Deliveries of the run that nothing is known of yet, by id from one on."""
    return await _ids(conn, _left(undo), after=after, limit=limit)


def _left(undo: Undo) -> Select[tuple[int]]:
    own = attempts.alias("own")
    settled = exists(
        select(own.c.id).where(
            own.c.delivery_id == deliveries.c.id,
            own.c.id > undo.mark,
            own.c.trigger == UNDO,
            own.c.outcome.not_in(TO_COME),
        )
    )
    return _wrote(undo.run).where(~settled)


async def count_left(conn: AsyncConnection, undo: Undo) -> int:
    """How many deliveries of the run nothing is known of yet."""
    return (await conn.execute(select(func.count()).select_from(_left(undo).subquery()))).scalar_one()


async def steps_of(conn: AsyncConnection, run: Run, ids: Sequence[int]) -> dict[int, list[Did]]:
    """What was done for these deliveries since the run began, oldest first: by it, and after it or beside it."""
    row = attempts.c
    by_run = case((_of(run), True), else_=False)
    statement = (
        select(row.delivery_id, row.source_ref, row.effects, row.before_sealed, by_run)
        .where(row.delivery_id.in_(list(ids)), row.started_at >= run.since)
        .where(row.trigger != UNDO, _WROTE)
        .order_by(row.id)
    )
    found: dict[int, list[Did]] = {}
    for each in await conn.execute(statement):
        found.setdefault(each.delivery_id, []).append(Did(*each))
    return found


async def claim(
    conn: AsyncConnection, undo: Undo, ids: Sequence[int], *, token: str, lease_ms: int, clock: Clock
) -> list[Claimed]:
    """Take these deliveries of a paused flow, but for those that somebody works on."""
    row, now = deliveries.c, clock.sql()
    paused = exists(select(flows.c.id).where(flows.c.id == undo.flow_id, flows.c.state == "paused"))
    statement = (
        update(deliveries)
        .where(row.id.in_(list(ids)), or_(row.state != "running", row.due_at <= now), paused)
        .values(
            state="running",
            claim=token,
            due_at=now + lease_ms,
            started_at=now,
        )
        .returning(*returned(clock))
    )
    rows = [Claimed(**each) for each in (await conn.execute(statement)).mappings()]
    return sorted(rows, key=lambda each: each.id)


async def counts_of(conn: AsyncConnection, undo: Undo) -> dict[tuple[str, str | None], int]:
    """How many attempts of the undo ended how: by outcome and code."""
    row = attempts.c
    statement = (
        select(row.outcome, row.code, func.count())
        .where(row.flow_id == undo.flow_id, row.id > undo.mark, row.trigger == UNDO)
        .group_by(row.outcome, row.code)
    )
    return {(outcome, code): count for outcome, code, count in await conn.execute(statement)}


@dataclass(frozen=True, slots=True)
class Stays:
    """A record of which all or a part was not taken back: ``id`` is its attempt's."""

    id: int
    ref: str
    code: str
    reason: str


async def named(conn: AsyncConnection, undo: Undo, *, after: int, limit: int) -> list[Stays]:
    """What was not taken back, or not wholly, in the order in which it was tried, from an id on."""
    row = attempts.c
    partly = and_(row.outcome == "delivered", cast(row.warnings, Text) != "[]")
    statement = (
        select(row.id, row.source_ref, row.outcome, row.code, row.reason, row.warnings)
        .where(row.flow_id == undo.flow_id, row.id > max(undo.mark, after), row.trigger == UNDO)
        .where(or_(row.outcome.in_(("skipped", "quarantined")), partly))
        .order_by(row.id)
        .limit(limit)
    )
    return [_stays(each) for each in await conn.execute(statement)]


def _stays(row: Any) -> Stays:
    if row.outcome != "delivered":
        return Stays(row.id, row.source_ref, row.code or "", row.reason or "")
    code, _, reason = row.warnings[0].partition(": ")
    return Stays(row.id, row.source_ref, code, reason)
