"""The one door in: notifications become events and due deliveries in one durable commit.

Many callers that wait at the same time share one commit, which is both the durable and the fast way. A fold that
fails is tried again caller by caller, so that nobody suffers for a neighbour's row.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.metrics import EVENTS
from app.store import connections, cursors, events, moves
from app.store.events import NewEvent
from app.store.requests import Request, request
from app.store.session import Database
from app.store.tables import flows

MAX_FOLD = 400
GATHER_STEP_S = 0.001
GATHER_STEPS = 4


@dataclass(frozen=True, slots=True)
class CursorMove:
    """A poll's cursor moves in the same transaction, if it still stands where the poll started."""

    flow_id: str
    start: int
    end: int
    sequence: str | None = None


@dataclass(slots=True)
class Accepted:
    """What came of it: events that were new, and the flows to ring for. ``moved`` is False when a cursor had moved."""

    new: int = 0
    flows: set[str] = field(default_factory=set)
    moved: bool = True


@dataclass(slots=True)
class _Caller:
    events: Sequence[NewEvent]
    move: CursorMove | None
    only_flow: str | None
    done: asyncio.Future[Accepted]


class Intake:
    """Accepts notifications. One per process; ``accept`` returns after the commit."""

    def __init__(self, db: Database):
        self._db = db
        self._waiting: list[_Caller] = []
        self._task: asyncio.Task[None] | None = None
        self._expected = 1

    async def accept(
        self,
        news: Sequence[NewEvent],
        *,
        move: CursorMove | None = None,
        only_flow: str | None = None,
        within_s: float | None = None,
    ) -> Accepted:
        """Store them durably. ``only_flow`` keeps a poll's findings to the flow that asked.

        Raises DatabaseAway when the database cannot be reached; then nothing is stored. Raises TimeoutError after
        ``within_s``; then they may be stored yet.
        """
        loop = asyncio.get_running_loop()
        caller = _Caller([_clean(event) for event in news], move, only_flow, loop.create_future())
        self._waiting.append(caller)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        if within_s is None:
            return await caller.done
        # A timer of our own: ``asyncio.timeout`` took a tenth of what a webhook takes.
        late = loop.call_later(within_s, _too_late, caller.done)
        try:
            return await caller.done
        finally:
            late.cancel()

    async def _work(self) -> None:
        while self._waiting:
            await self._gather()
            callers, self._waiting = self._waiting[:MAX_FOLD], self._waiting[MAX_FOLD:]
            try:
                results = await self._commit(callers)
                self._expected = min(len(callers) + len(self._waiting), MAX_FOLD)
            except Exception:
                for caller in callers:
                    await self._alone(caller)
            else:
                for caller, result in zip(callers, results, strict=True):
                    if not caller.done.done():
                        caller.done.set_result(result)

    async def _gather(self) -> None:
        """While many call, wait a moment for the others of the last fold: a fold's cost hardly grows with its size."""
        for _ in range(GATHER_STEPS):
            if len(self._waiting) >= self._expected:
                break
            await asyncio.sleep(GATHER_STEP_S)

    async def _alone(self, caller: _Caller) -> None:
        try:
            (result,) = await self._commit([caller])
        except Exception as error:
            if not caller.done.done():
                caller.done.set_exception(error)
        else:
            if not caller.done.done():
                caller.done.set_result(result)

    async def _commit(self, callers: Sequence[_Caller]) -> list[Accepted]:
        clock = self._db.clock
        results = [Accepted() for _ in callers]
        async with self._db.write() as conn:
            refused: set[int] = set()
            for i, caller in enumerate(callers):
                if caller.move is not None:
                    step = caller.move
                    results[i].moved = await cursors.move(
                        conn,
                        step.flow_id,
                        start=step.start,
                        end=step.end,
                        clock=clock,
                        sequence=step.sequence,
                    )
                    if not results[i].moved:
                        refused.add(i)
            news = [event for i, caller in enumerate(callers) if i not in refused for event in caller.events]
            if not news:
                return results
            stored = await events.insert_new(conn, news, clock=clock)
            inserted = {id(event) for event in stored}
            routes = await _routes(conn, news)
            requests: list[Request] = []
            for i, caller in enumerate(callers):
                if i in refused:
                    continue
                for event in caller.events:
                    if id(event) not in inserted:
                        continue
                    results[i].new += 1
                    for flow_id in routes.get((event.connection_id, event.kind), ()):
                        if caller.only_flow in (None, flow_id):
                            results[i].flows.add(flow_id)
                            requests += _requests(event, flow_id)
            await request(conn, requests, clock=clock)
            await moves.note(conn, [event for event in news if id(event) in inserted], clock=clock)
            # A doorbell names no record: it only makes polls due sooner.
            rung = {e.connection_id for e in news if e.kind == connections.DOORBELL and id(e) in inserted}
            if rung:
                await connections.poll_soon(conn, rung, clock=clock)
        for trigger, count in Counter(event.trigger for event in stored).items():
            EVENTS.labels(trigger).inc(count)
        return results


def _too_late(done: asyncio.Future[Accepted]) -> None:
    if not done.done():
        done.set_exception(TimeoutError())


def _requests(event: NewEvent, flow_id: str) -> list[Request]:
    refs = [event.ref] + (
        [event.previous_ref] if event.previous_ref and event.previous_ref != event.ref else []
    )
    return [
        Request(
            flow_id,
            ref,
            1,
            event.priority,
            event.trigger,
            event.request_id,
        )
        for ref in refs
    ]


async def _routes(conn: AsyncConnection, news: Sequence[NewEvent]) -> dict[tuple[str, str], list[str]]:
    """Which flows an event concerns. A paused flow is left out: its cursor stays and finds everything on resuming."""
    sources = sorted({event.connection_id for event in news if event.kind != connections.DOORBELL})
    if not sources:
        return {}
    statement = select(flows.c.id, flows.c.source_connection_id, flows.c.record_kind).where(
        flows.c.source_connection_id.in_(sources), flows.c.state != "paused"
    )
    routes: dict[tuple[str, str], list[str]] = {}
    for id_, connection_id, kind in await conn.execute(statement):
        routes.setdefault((connection_id, kind), []).append(id_)
    return routes


def _clean(event: NewEvent) -> NewEvent:
    """PostgreSQL refuses NUL in text: it is taken out at the border."""
    if "\0" not in event.ref + event.dedupe_key + (event.previous_ref or ""):
        return event
    return NewEvent(
        connection_id=event.connection_id,
        kind=event.kind,
        ref=event.ref.replace("\0", ""),
        dedupe_key=event.dedupe_key.replace("\0", ""),
        trigger=event.trigger,
        previous_ref=event.previous_ref.replace("\0", "") if event.previous_ref else None,
        request_id=event.request_id,
        priority=event.priority,
        moved_to=event.moved_to,
        moved_from_sealed=event.moved_from_sealed,
    )
