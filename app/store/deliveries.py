"""Deliveries: who works on one, until when, and how it is let go of.

The life of a row is drawn in docs/architecture.md. Leases and fences are conditions of single statements; wishes that
make a row due stand in ``requests.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.requests import BACKFILL
from app.store.rows import given, packed, shallow
from app.store.tables import accounts, connections, deliveries, flows, targets
from app.store.upsert import chunks

HELD = "held"
"""Code of a row that came back because another held what it wanted to write."""

LIVE_STATES = ("pending", "running", "waiting")

is_live = deliveries.c.state.in_([literal_column(f"'{state}'") for state in LIVE_STATES])
"""Written out like the partial index, which serves only queries that say the same."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker holds until its lease ends. ``waited_ms``: since it first settled as waiting."""

    id: int
    source_ref: str
    requested: int
    tries: int
    priority: int
    trigger: str
    request_id: str | None
    requested_at: int
    needs_yes: bool
    outcome: str | None
    waited_ms: int = 0


def returned(clock: Clock) -> list[ColumnElement[Any]]:
    """What a claim answers of each row: a :class:`Claimed`."""
    waited = clock.sql() - func.coalesce(deliveries.c.waiting_since, clock.sql())
    same = [deliveries.c[f.name] for f in fields(Claimed) if f.name != "waited_ms"]
    return [*same, waited.label("waited_ms")]


async def claim(
    conn: AsyncConnection,
    *,
    flow_id: str,
    token: str,
    limit: int,
    lease_ms: int,
    clock: Clock,
    only: str | None = None,
    live: bool = False,
) -> list[Claimed]:
    """Take up to ``limit`` due deliveries of a flow in one statement, live before backfill, oldest first; with ``live`` no
    backfill at all.

    Rows of a flow that is paused, blocked, outside its window, or whose connection is broken or backing off simply
    stay where they are. A row whose lease ran out is due again like any other: there is no rescuer.
    """
    statement = _claim(conn.dialect.name, clock, only is not None, live)
    values = {"b_flow": flow_id, "b_token": token, "b_limit": limit, "b_lease": lease_ms, "b_only": only}
    rows = [Claimed(**row) for row in (await conn.execute(statement, values)).mappings()]
    return sorted(rows, key=lambda row: (row.priority, row.id))


@lru_cache(maxsize=32)
def _claim(dialect: str, clock: Clock, only: bool, live: bool) -> Update:
    now, row = clock.sql(), deliveries.c
    due = (
        select(row.id)
        .where(
            row.flow_id == bindparam("b_flow"),
            is_live,
            row.due_at <= now,
            ~row.needs_yes,
            exists(select(literal(1)).where(flows.c.id == bindparam("b_flow"), may_run(clock))),
        )
        .order_by(row.priority, row.due_at, row.id)
        .limit(bindparam("b_limit", type_=Integer))
    )
    if only:
        due = due.where(row.source_ref == bindparam("b_only"))
    if live:
        due = due.where(row.priority < BACKFILL)
    if dialect == "postgresql":
        locked = due.with_for_update(skip_locked=True, of=deliveries).cte("due").prefix_with("MATERIALIZED")
        due = select(locked.c.id)
    return (
        update(deliveries)
        .where(row.id.in_(due))
        .values(
            state="running",
            claim=bindparam("b_token"),
            due_at=now + bindparam("b_lease", type_=Integer),
            started_at=now,
        )
        .returning(*returned(clock))
    )


def may_run(clock: Clock) -> ColumnElement[bool]:
    """The flow runs, its window is open, and neither side is broken or backing off."""
    now = clock.sql()
    shut = (
        select(literal(1))
        .select_from(connections.outerjoin(accounts, accounts.c.account == connections.c.account))
        .where(
            connections.c.id.in_((flows.c.source_connection_id, flows.c.target_connection_id)),
            or_(connections.c.state == "broken", func.coalesce(accounts.c.backoff_until, 0) > now),
        )
    )
    return and_(flows.c.state == "running", flows.c.opens_at <= now, ~exists(shut))


async def renew(conn: AsyncConnection, *, token: str, lease_ms: int, clock: Clock) -> int:
    """Move the lease's end; how many rows this worker still holds."""
    statement = (
        update(deliveries)
        .where(deliveries.c.claim == token, deliveries.c.state == "running")
        .values(due_at=clock.sql() + lease_ms)
    )
    return (await conn.execute(statement)).rowcount


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a claimed delivery leaves the worker. ``delay_ms`` is relative to the database's clock."""

    id: int
    requested: int
    state: str  # settled | pending | waiting | dead
    outcome: str
    code: str | None = None
    reason: str | None = None
    who: str | None = None
    delay_ms: int = 0
    counts_try: bool = False
    needs_yes: bool = False


async def settle(
    conn: AsyncConnection,
    settlements: Sequence[Settlement],
    *,
    token: str,
    clock: Clock,
    fenced: bool = True,
) -> set[int]:
    """Settle the rows this worker still holds; their ids are returned. The others were overtaken.

    If more was requested meanwhile the row is pending again; its outcome is kept in any case.
    """
    if not settlements:
        return set()
    if conn.dialect.name == "postgresql":  # rows are locked in the order in which requests lock them
        row = deliveries.c
        await conn.execute(
            select(row.id)
            .where(row.id.in_([s.id for s in settlements]), row.claim == token)
            .order_by(row.source_ref.collate("C"))
            .with_for_update()
        )
    statement = _settle(conn.dialect.name, clock, fenced)
    handed = packed(shallow(settlement) for settlement in settlements)
    return set((await conn.execute(statement, handed | {"b_token": token})).scalars())


@lru_cache(maxsize=32)
def _settle(dialect: str, clock: Clock, fenced: bool) -> Update:
    row = deliveries.c
    columns = ("id", "requested", "state", "outcome", "code", "reason", "who", "needs_yes")
    types = {name: row[name].type for name in columns}
    new = given(dialect, types | {"delay_ms": Integer(), "counts_try": Boolean()}).c
    now = clock.sql()
    final = new.state.in_(("settled", "dead"))
    again = row.requested != new.requested
    window = select(flows.c.window_ms).where(flows.c.id == row.flow_id).scalar_subquery()
    soonest = case((row.started_at + window > now, row.started_at + window), else_=now)
    waits_on = and_(new.state == "waiting", ~again)
    brought = and_(new.outcome.in_(("delivered", "unchanged")), ~again)
    return (
        update(deliveries)
        .where(row.id == new.id, row.claim == bindparam("b_token") if fenced else true())
        .values(
            state=case((again, "pending"), else_=new.state),
            claim=None,
            # A new request cuts a rest or a wait short, never the back-off of a failure.
            due_at=case((and_(again, new.state != "pending"), soonest), else_=now + new.delay_ms),
            outcome=new.outcome,
            code=new.code,
            reason=new.reason,
            who=new.who,
            needs_yes=and_(new.needs_yes, ~again),
            tries=case((final, 0), (new.counts_try, row.tries + 1), else_=row.tries),
            waiting_since=case(
                (waits_on, func.coalesce(row.waiting_since, now)), (final, None), else_=row.waiting_since
            ),
            settled_at=case((final, now), else_=row.settled_at),
            news_at=case((brought, None), else_=row.news_at),
            requested_at=case((and_(again, final), now), else_=row.requested_at),
        )
        .returning(row.id)
    )


async def release(conn: AsyncConnection, ids: Iterable[int], *, token: str, clock: Clock) -> None:
    """Give back what this worker claimed and did nothing with: due at once for whoever comes."""
    row = deliveries.c
    for part in chunks(sorted(set(ids)), 500):
        await conn.execute(
            update(deliveries)
            .where(row.id.in_(part), row.claim == token, row.state == "running")
            .values(state="pending", claim=None, due_at=clock.sql())
        )


async def want_again(conn: AsyncConnection, ids: Iterable[int], *, clock: Clock) -> None:
    """Overtaken rows are read once more, so that the newest state stays: due now unless running."""
    row = deliveries.c
    running = row.state == "running"
    for part in chunks(sorted(set(ids)), 500):
        await conn.execute(
            update(deliveries)
            .where(row.id.in_(part))
            .values(
                requested=row.requested + 1,
                state=case((running, "running"), else_="pending"),
                due_at=case((running, row.due_at), else_=clock.sql()),
                needs_yes=False,
            )
        )


async def resting(conn: AsyncConnection, flow_id: str, ids: Iterable[int]) -> list[int]:
    """Those of these that are settled while their flow is paused: nobody but an undo can have written them."""
    row, found = deliveries.c, list[int]()
    paused = exists(select(literal(1)).where(flows.c.id == flow_id, flows.c.state == "paused"))
    for part in chunks(sorted(set(ids)), 500):
        statement = select(row.id).where(
            row.id.in_(part), row.flow_id == flow_id, row.state == "settled", paused
        )
        found += (await conn.execute(statement)).scalars()
    return found


async def of_owners(conn: AsyncConnection, target_ids: Iterable[int]) -> list[int]:
    """The deliveries of whoever owns these targets, in every flow that leads to them."""
    found: set[int] = set()
    for part in chunks(sorted(set(target_ids)), 500):
        statement = (
            select(deliveries.c.id)
            .join(flows, flows.c.id == deliveries.c.flow_id)
            .join(
                targets,
                and_(
                    targets.c.connection_id == flows.c.target_connection_id,
                    targets.c.owner_connection_id == flows.c.source_connection_id,
                    targets.c.owner_ref == deliveries.c.source_ref,
                ),
            )
            .where(targets.c.id.in_(part))
        )
        found |= set((await conn.execute(statement)).scalars())
    return sorted(found)


async def wake(conn: AsyncConnection, ids: Iterable[int], *, clock: Clock) -> None:
    """What these rows waited for has come, or a key has become free: due now; running ones are read once more."""
    row = deliveries.c
    running = row.state == "running"
    rests = or_(row.state.in_(("waiting", "settled")), and_(row.state == "pending", row.code == HELD))
    for part in chunks(sorted(set(ids)), 500):
        await conn.execute(
            update(deliveries)
            .where(row.id.in_(part), or_(running, and_(rests, ~row.needs_yes)))
            .values(
                requested=case((running, row.requested + 1), else_=row.requested),
                state=case((running, "running"), else_="pending"),
                due_at=case((running, row.due_at), else_=clock.sql()),
            )
        )
