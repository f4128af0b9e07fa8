"""Requests: wishes that a record be delivered, folded into its one standing order.

A hundred changes become one row: the first goes at once, the next not before the flow's window ends, the last wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

from sqlalchemy import Boolean, Insert, Integer, case, literal, literal_column, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.rows import packed, unpacked
from app.store.tables import deliveries, flows
from app.store.upsert import chunks, upsert

LIVE, BACKFILL = 0, 10
HISTORY = {"quiet": "history", "without_status": "history_silent"}
"""The trigger of a row that a person's backfill asked for, by how no mail goes out for it."""
COMPARED = "compare"
"""The trigger of a row that a comparison of both sides asked for."""
REPLAY, MANUAL = "replay", "manual"
BY_HAND = frozenset({REPLAY, MANUAL})
"""Triggers of rows that a person asked for, whatever they are about: once more, or one record now."""
NEWS = ("poll", "webhook")
"""Triggers of rows of which their source told just now."""
APPROVED = "approved"
"""The trigger of a row that a person said yes to."""


@dataclass(frozen=True, slots=True)
class Request:
    """A wish that one source record be delivered through one flow; ``times`` counts the new events behind it."""

    flow_id: str
    source_ref: str
    times: int = 1
    priority: int = LIVE
    trigger: str = "webhook"
    request_id: str | None = None


@lru_cache(maxsize=32)
def _upsert(dialect: str, clock: Clock) -> Insert:
    """Built once: building it took longer than running it."""
    types = {name: deliveries.c[name].type for name in ("flow_id", "source_ref", "priority", "trigger", "request_id")}  # fmt: skip
    source, wish = unpacked(dialect, types | {"times": Integer()})
    now = clock.sql()
    values = {
        "flow_id": wish["flow_id"],
        "source_ref": wish["source_ref"],
        "state": literal("pending"),
        "requested": wish["times"],
        "priority": wish["priority"],
        "due_at": now,
        "started_at": literal(0),
        "tries": literal(0),
        "needs_yes": literal(False, Boolean),
        "trigger": wish["trigger"],
        "request_id": wish["request_id"],
        "requested_at": now,
        "news_at": case((wish["trigger"].in_(NEWS), now)),
    }
    insert = upsert(dialect, deliveries).from_select(
        list(values),
        select(*values.values()).select_from(source).where(true()),  # WHERE: SQLite's ON is ambiguous
    )
    row, new = deliveries.c, insert.excluded
    # By name: as a column it would bring its table into the subquery a second time, with all of its rows.
    own_flow = literal_column("deliveries.flow_id", deliveries.c.flow_id.type)
    window = select(flows.c.window_ms).where(flows.c.id == own_flow).scalar_subquery()
    soonest = case((row.started_at + window > now, row.started_at + window), else_=now)
    done, running = row.state.in_(("settled", "dead")), row.state == "running"
    by_hand = new.trigger.in_(BY_HAND)
    # Who asks for what is under way already does not make history of news, nor news of history.
    goes_on = running | (by_hand & ~done)
    return insert.on_conflict_do_update(  # type: ignore[no-any-return]
        index_elements=["flow_id", "source_ref"],
        set_={
            "requested": row.requested + new.requested,
            "priority": case((done, new.priority), (new.priority < row.priority, new.priority), else_=row.priority),
            "state": case((running, "running"), else_="pending"),
            # A row that rests becomes due; one in a back-off, or running (its due time is the lease), keeps its time.
            "due_at": case((done | (row.state == "waiting"), soonest), else_=row.due_at),
            "tries": case((row.state == "dead", 0), else_=row.tries),
            "needs_yes": case((running, row.needs_yes), else_=False),
            "requested_at": case((done, now), else_=row.requested_at),
            "trigger": case((goes_on, row.trigger), else_=new.trigger),
            "request_id": case((running, row.request_id), else_=new.request_id),
            "news_at": case((by_hand, row.news_at), else_=new.news_at),
        },
    )  # fmt: skip


async def request(conn: AsyncConnection, wishes: Sequence[Request], *, clock: Clock) -> None:
    """Fold the wishes into their rows.

    A running row only learns that it is wanted again; a back-off is never shortened; a live wish lifts a backfill row.
    """
    folded: dict[tuple[str, str], Request] = {}
    for wish in wishes:
        key = (wish.flow_id, wish.source_ref)
        folded[key] = _both(folded[key], wish) if key in folded else wish
    if folded:
        # Sorted keys, so that two writers never lock the same rows in opposite orders.
        rows = ({f.name: getattr(folded[key], f.name) for f in fields(Request)} for key in sorted(folded))
        await conn.execute(_upsert(conn.dialect.name, clock), packed(rows))


def _both(before: Request, wish: Request) -> Request:
    return Request(
        flow_id=wish.flow_id,
        source_ref=wish.source_ref,
        times=before.times + wish.times,
        priority=min(before.priority, wish.priority),
        trigger=before.trigger if wish.trigger in BY_HAND else wish.trigger,
        request_id=wish.request_id,
    )


async def requested_now(conn: AsyncConnection, flow_id: str) -> dict[str, int]:
    """How often each record of a flow was asked for so far: read this before a poll's page is asked for."""
    row = deliveries.c
    found = await conn.execute(select(row.source_ref, row.requested).where(row.flow_id == flow_id))
    return {ref: requested for ref, requested in found}  # noqa: C416 - rows are no pairs to mypy


async def news_among(
    conn: AsyncConnection, flow_id: str, refs: Sequence[str], *, for_ms: int, clock: Clock
) -> set[str]:
    """Those of which their source told as news within that time, and that nobody brought since."""
    row, found = deliveries.c, set[str]()
    for part in chunks(sorted(set(refs)), 500):
        statement = select(row.source_ref).where(
            row.flow_id == flow_id, row.source_ref.in_(part), row.news_at > clock.sql() - for_ms
        )
        found |= set((await conn.execute(statement)).scalars())
    return found


async def replay(
    conn: AsyncConnection,
    *,
    clock: Clock,
    flow_id: str | None = None,
    ids: Sequence[int] | None = None,
    failed: bool = False,
) -> int:
    """Ask once more for these rows, for a flow's, or, with ``failed``, only for those that are dead. How many.

    A row that waits for a person's yes is read again, and asks again if it must. One that is under way goes on as what it is.
    """
    if flow_id is None and ids is None and not failed:
        raise ValueError("replay needs a flow, ids, or failed=True")
    # Chosen rows go at once; a whole flow's must not stand before what happens in the shop meanwhile.
    priority = BACKFILL if ids is None else LIVE
    statement = update(deliveries).values(**_once_more(clock, trigger=REPLAY, priority=priority))
    row = deliveries.c
    if ids is not None:
        statement = statement.where(row.id.in_(list(ids)))
    if flow_id is not None:
        statement = statement.where(row.flow_id == flow_id)
    if failed:
        statement = statement.where(row.state == "dead")
    return (await conn.execute(statement)).rowcount


async def say_yes(
    conn: AsyncConnection, *, clock: Clock, flow_id: str | None = None, ids: Sequence[int] | None = None
) -> int:
    """A person agrees to what these rows (or all of a flow) were waiting to do. How many."""
    row = deliveries.c
    statement = (
        update(deliveries).where(row.needs_yes).values(**_once_more(clock, trigger=APPROVED, priority=LIVE))
    )
    if ids is not None:
        statement = statement.where(row.id.in_(list(ids)))
    if flow_id is not None:
        statement = statement.where(row.flow_id == flow_id)
    return (await conn.execute(statement)).rowcount


def _once_more(clock: Clock, *, trigger: str, priority: int) -> dict[str, object]:
    row, now = deliveries.c, clock.sql()
    running, done = row.state == "running", row.state.in_(("settled", "dead"))
    kept = ~done if trigger in BY_HAND else running
    return {
        "requested": row.requested + 1,
        "state": case((running, "running"), else_="pending"),
        "due_at": case((running, row.due_at), else_=now),
        "tries": 0,
        "priority": case((done | (row.priority > priority), priority), else_=row.priority),
        "needs_yes": False,
        "trigger": case((kept, row.trigger), else_=trigger),
        "requested_at": case((done, now), else_=row.requested_at),
    }
