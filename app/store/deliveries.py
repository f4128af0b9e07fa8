"""Deliveries: the standing order to keep one source record delivered through one flow.

The life of a row is drawn in docs/architecture.md. Uniqueness, leases and fences are conditions of single statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    String,
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
from app.store.tables import accounts, connections, deliveries, flows
from app.store.upsert import chunks, upsert

LIVE, BACKFILL = 0, 10
LIVE_STATES = ("pending", "running", "waiting")


@dataclass(frozen=True, slots=True)
class Request:
    """A wish that one source record be delivered through one flow; ``times`` counts the new events behind it."""

    flow_id: str
    source_ref: str
    times: int = 1
    priority: int = LIVE
    trigger: str = "webhook"
    request_id: str | None = None
    hint_sealed: bytes | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker holds until its lease ends."""

    id: int
    source_ref: str
    requested: int
    tries: int
    priority: int
    trigger: str
    request_id: str | None
    requested_at: int
    waiting_since: int | None
    needs_yes: bool
    outcome: str | None
    hint_sealed: bytes | None


async def request(
    conn: AsyncConnection, requests: Sequence[Request], *, clock: Clock, hint_ms: int = 86_400_000
) -> None:
    """Fold the wishes into their rows: the first goes at once, the next not before the flow's window ends.

    A running row only learns that it is wanted again; a back-off is never shortened; a live wish lifts a backfill row.
    """
    folded: dict[tuple[str, str], Request] = {}
    for wish in requests:
        before = folded.get((wish.flow_id, wish.source_ref))
        times = wish.times + (before.times if before else 0)
        priority = min(wish.priority, before.priority) if before else wish.priority
        hint = wish.hint_sealed or (before.hint_sealed if before else None)
        folded[wish.flow_id, wish.source_ref] = Request(
            wish.flow_id, wish.source_ref, times, priority, wish.trigger, wish.request_id, hint
        )
    now = clock.sql()
    for part in chunks(sorted(folded), 300):
        wishes = [folded[key] for key in part]
        insert = upsert(conn, deliveries).values(
            [
                {
                    "flow_id": wish.flow_id,
                    "source_ref": wish.source_ref,
                    "state": "pending",
                    "requested": wish.times,
                    "priority": wish.priority,
                    "due_at": now,
                    "started_at": 0,
                    "tries": 0,
                    "needs_yes": False,
                    "trigger": wish.trigger,
                    "request_id": wish.request_id,
                    "requested_at": now,
                    "hint_sealed": wish.hint_sealed,
                    "hint_until": now + hint_ms if wish.hint_sealed else None,
                }
                for wish in wishes
            ]
        )
        row, new = deliveries.c, insert.excluded
        # Spelled out, because an insert gives SQLAlchemy no table to correlate with: it would join them all.
        window = literal_column(
            "(SELECT flows.window_ms FROM flows WHERE flows.id = deliveries.flow_id)", Integer
        )
        soonest = case((row.started_at + window > now, row.started_at + window), else_=now)
        resting = row.state.in_(("settled", "dead", "waiting"))
        await conn.execute(
            insert.on_conflict_do_update(
                index_elements=["flow_id", "source_ref"],
                set_={
                    "requested": row.requested + new.requested,
                    "priority": case((row.state.in_(("settled", "dead")), new.priority), (new.priority < row.priority, new.priority), else_=row.priority),
                    "state": case((row.state == "running", "running"), else_="pending"),
                    "due_at": case((resting, soonest), else_=row.due_at),
                    "tries": case((row.state == "dead", 0), else_=row.tries),
                    "requested_at": case((row.state.in_(("settled", "dead")), now), else_=row.requested_at),
                    "trigger": case((row.state == "running", row.trigger), else_=new.trigger),
                    "request_id": case((row.state == "running", row.request_id), else_=new.request_id),
                    "hint_sealed": func.coalesce(new.hint_sealed, row.hint_sealed),
                    "hint_until": func.coalesce(new.hint_until, row.hint_until),
                },
            )
        )  # fmt: skip


async def claim(
    conn: AsyncConnection,
    *,
    flow_id: str,
    token: str,
    limit: int,
    lease_ms: int,
    clock: Clock,
    only: str | None = None,
) -> list[Claimed]:
    """Take up to ``limit`` due deliveries of a flow in one statement, live before backfill, oldest first.

    Rows of a flow that is paused, blocked, outside its window, or whose connection is broken or backing off simply
    stay where they are. A row whose lease ran out is due again like any other: there is no rescuer.
    """
    now = clock.sql()
    due = (
        select(deliveries.c.id)
        .where(
            deliveries.c.flow_id == flow_id,
            deliveries.c.state.in_(LIVE_STATES),
            deliveries.c.due_at <= now,
            ~deliveries.c.needs_yes,
            _open(flow_id, clock=clock),
        )
        .order_by(deliveries.c.priority, deliveries.c.due_at, deliveries.c.id)
        .limit(limit)
    )
    if only is not None:
        due = due.where(deliveries.c.source_ref == only)
    if conn.dialect.name == "postgresql":
        cte = due.with_for_update(skip_locked=True, of=deliveries).cte("due").prefix_with("MATERIALIZED")
        due = select(cte.c.id)
    statement = (
        update(deliveries)
        .where(deliveries.c.id.in_(due))
        .values(state="running", claim=token, due_at=now + lease_ms, started_at=now)
        .returning(*(deliveries.c[name] for name in Claimed.__dataclass_fields__))
    )
    rows = [Claimed(**row) for row in (await conn.execute(statement)).mappings()]
    return sorted(rows, key=lambda row: (row.priority, row.id))


def _open(flow_id: str, *, clock: Clock) -> ColumnElement[bool]:
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
    return exists(
        select(literal(1)).where(
            flows.c.id == flow_id, flows.c.state == "running", flows.c.opens_at <= now, ~exists(shut)
        )
    )


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
    conn: AsyncConnection, settlements: Sequence[Settlement], *, token: str, clock: Clock, fenced: bool = True
) -> set[int]:
    """Settle the rows this worker still holds; their ids are returned. The others were overtaken.

    If more was requested meanwhile the row is pending again; its outcome is kept in any case.
    """
    if not settlements:
        return set()
    by_id = {settlement.id: settlement for settlement in settlements}
    held = (
        select(deliveries.c.id)
        .where(deliveries.c.id.in_(list(by_id)), deliveries.c.claim == token if fenced else true())
        .order_by(deliveries.c.id)
    )
    mine = set((await conn.execute(held.with_for_update())).scalars())
    if not mine:
        return mine
    now, row = clock.sql(), deliveries.c
    again = row.requested != bindparam("b_requested", type_=Integer)
    # A new request must not shorten the back-off of a failure, only cut a settlement or a long wait short.
    window = select(flows.c.window_ms).where(flows.c.id == row.flow_id).scalar_subquery()
    reopened = and_(again, bindparam("b_rests", type_=Boolean))
    soonest = case((row.started_at + window > now, row.started_at + window), else_=now)
    final = bindparam("b_final", type_=Boolean)
    statement = (
        update(deliveries)
        .where(row.id == bindparam("b_id"))
        .values(
            state=case((again, "pending"), else_=bindparam("b_state", type_=String)),
            claim=None,
            due_at=case((reopened, soonest), else_=now + bindparam("b_delay", type_=Integer)),
            outcome=bindparam("b_outcome"),
            code=bindparam("b_code"),
            reason=bindparam("b_reason"),
            who=bindparam("b_who"),
            needs_yes=bindparam("b_yes"),
            tries=case((final, 0), else_=row.tries + bindparam("b_tries", type_=Integer)),
            waiting_since=case(
                (bindparam("b_waits", type_=Boolean), func.coalesce(row.waiting_since, now)), else_=None
            ),
            settled_at=case((final, now), else_=row.settled_at),
            requested_at=case((and_(again, final), now), else_=row.requested_at),
            hint_sealed=case((final, None), else_=row.hint_sealed),
        )
    )
    await conn.execute(
        statement,
        [
            {
                "b_id": s.id,
                "b_requested": s.requested,
                "b_state": s.state,
                "b_final": s.state in ("settled", "dead"),
                "b_rests": s.state in ("settled", "dead", "waiting"),
                "b_waits": s.state == "waiting",
                "b_delay": s.delay_ms,
                "b_outcome": s.outcome,
                "b_code": s.code,
                "b_reason": s.reason,
                "b_who": s.who,
                "b_yes": s.needs_yes,
                "b_tries": int(s.counts_try),
            }
            for s in (by_id[id] for id in sorted(mine))
        ],
    )
    return mine


async def want_again(conn: AsyncConnection, ids: Iterable[int], *, clock: Clock) -> None:
    """Overtaken rows are read once more, so that the newest state stays: due now unless running."""
    row = deliveries.c
    for id in sorted(set(ids)):
        await conn.execute(
            update(deliveries)
            .where(row.id == id)
            .values(
                requested=row.requested + 1,
                state=case((row.state == "running", "running"), else_="pending"),
                due_at=case((row.state == "running", row.due_at), else_=clock.sql()),
            )
        )


async def wake(conn: AsyncConnection, ids: Sequence[int], *, clock: Clock) -> None:
    """Waiting or settled rows become due now: what they waited for has come, or a key has become free."""
    for part in chunks(sorted(set(ids)), 500):
        await conn.execute(
            update(deliveries)
            .where(deliveries.c.id.in_(part), deliveries.c.state.in_(("waiting", "settled")))
            .values(state="pending", due_at=clock.sql())
        )


async def replay(
    conn: AsyncConnection,
    *,
    clock: Clock,
    flow_id: str | None = None,
    ids: Sequence[int] = (),
    failed: bool = False,
) -> int:
    """Ask once more: for these rows, or for all of a flow (or of every flow) that are dead. How many."""
    row = deliveries.c
    statement = update(deliveries).values(
        requested=row.requested + 1,
        state=case((row.state == "running", "running"), else_="pending"),
        due_at=case((row.state == "running", row.due_at), else_=clock.sql()),
        tries=0,
        needs_yes=False,
        trigger=case((row.state == "running", row.trigger), else_="replay"),
        requested_at=case((row.state.in_(("settled", "dead")), clock.sql()), else_=row.requested_at),
    )
    if ids:
        statement = statement.where(row.id.in_(list(ids)))
    if flow_id is not None:
        statement = statement.where(row.flow_id == flow_id)
    if failed:
        statement = statement.where(row.state == "dead")
    return (await conn.execute(statement)).rowcount


async def due_flows(conn: AsyncConnection, *, clock: Clock) -> list[str]:
    """Flows that have something due and may run: what the sweep rings for."""
    statement = (
        select(deliveries.c.flow_id)
        .where(
            deliveries.c.state.in_(LIVE_STATES), deliveries.c.due_at <= clock.sql(), ~deliveries.c.needs_yes
        )
        .distinct()
    )
    candidates = (await conn.execute(statement)).scalars().all()
    return [id for id in candidates if (await conn.execute(select(_open(id, clock=clock)))).scalar()]


async def next_due_ms(conn: AsyncConnection, *, clock: Clock) -> int | None:
    """Milliseconds until something of a running flow becomes due; negative when overdue; None when nothing ever does."""
    statement = (
        select(func.min(deliveries.c.due_at) - clock.sql())
        .select_from(deliveries.join(flows, flows.c.id == deliveries.c.flow_id))
        .where(deliveries.c.state.in_(LIVE_STATES), ~deliveries.c.needs_yes, flows.c.state == "running")
    )
    return (await conn.execute(statement)).scalar()


async def oldest_pending_ms(conn: AsyncConnection, *, clock: Clock) -> dict[str, int]:
    """Per flow, how long its oldest change not yet delivered has been waiting."""
    statement = (
        select(deliveries.c.flow_id, clock.sql() - func.min(deliveries.c.requested_at))
        .where(deliveries.c.state.in_(LIVE_STATES))
        .group_by(deliveries.c.flow_id)
    )
    return {flow: int(age) for flow, age in await conn.execute(statement)}
