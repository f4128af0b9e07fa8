"""Backfilling: a flow's history, a little at a time behind live work, because a person asked for it.

First everything is counted, so that it can be said how much there is. Then records are asked for, page by page, never more
than some hundreds ahead of what is delivered: so it stops at once, and goes on where it was. While it runs quietly the target
holds its own mails back; what holds stands in the database before anything is asked for, and whoever goes on lets go at the end.
"""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

import structlog

from app.connectors.base import Fetched, Found, HoldsAutomations, Unreadable
from app.connectors.limits import live_work
from app.errors import AppError
from app.flows.registry import sequences_beside
from app.pipeline.firstbranches import learn
from app.pipeline.route import Route
from app.records.decision import Known
from app.resources import Resources
from app.route_map import RouteMap
from app.store import backfills, flows, requests
from app.store.backfills import Backfill
from app.store.requests import BACKFILL, Request
from app.translation import Plan

log = structlog.get_logger("backfilling")

PAGE = 500
AHEAD = 1_000
"""So many deliveries may be under way: some seconds of work, however large the history is."""
FOR_EVER = datetime.min.replace(tzinfo=UTC)


class Backfiller:
    """Looks after every backfill of the installation, one round after the other."""

    def __init__(self, resources: Resources, routes: RouteMap):
        self._resources, self._routes = resources, routes

    async def look(self) -> None:
        """One round."""
        async with self._resources.db.read() as conn:
            found = await backfills.active(conn)
        for each in found:
            try:
                await self._look_after(each)
            except AppError as error:
                log.warning(
                    "backfill.failed",
                    flow=each.flow_id,
                    state=each.state,
                    code=error.code,
                    detail=error.detail,
                )

    async def _look_after(self, found: Backfill) -> None:
        live_work.set(False)
        async with self._resources.db.read() as conn:
            flow = await flows.find(conn, found.flow_id)
        if flow.state != "running" and found.state in ("counting", "running"):
            return  # a pause holds the history, too
        sequences = (flow.record_kind, *sequences_beside(flow.kind, flow.settings))
        match found.state:
            case "counting":
                await self._count(found, sequences)
            case "running":
                await self._go_on(found, sequences)
            case "finishing":
                await self._finish(found)
            case _:
                await self._stop(found)

    # --- counting --------------------------------------------------------------------------------------------------

    async def _count(self, found: Backfill, sequences: Sequence[str]) -> None:
        """How many records there are; with a count, from which moment on they are the newest so many."""
        total, newest = 0, list[float]()
        async for _, _, part in _pages(await self._routes.route(found.flow_id), sequences, {}):
            moments = [moment for _, moment in part if _is_wanted(moment, found.since)]
            total += len(moments)
            if found.count is not None:
                for moment in moments:
                    heapq.heappush(newest, moment.timestamp() if moment > FOR_EVER else 0.0)
                    if len(newest) > found.count:
                        heapq.heappop(newest)
        values: dict[str, Any] = {"total": total}
        if found.count is not None:
            values = {"total": min(total, found.count), "since": round(newest[0] * 1000) if newest else None}
        async with self._resources.db.write() as conn:
            await backfills.change(
                conn, found.flow_id, was="counting", state="running", run_at=await self._now(), **values
            )
        log.info("backfill.counted", flow=found.flow_id, total=values["total"])

    # --- asking ----------------------------------------------------------------------------------------------------

    async def _go_on(self, found: Backfill, sequences: Sequence[str]) -> None:
        route = await self._routes.route(found.flow_id)
        if found.mails == "quiet" and found.held_at is None:
            await self._hold(route, found)
        db = self._resources.db
        async with db.read() as conn:
            ahead = (await backfills.open_of(conn, found.flow_id, clock=db.clock)).all
        asked, positions = found.asked, dict(found.positions)
        if ahead < AHEAD:
            async for sequence, position, part in _pages(route, sequences, positions):
                refs = [ref for ref, moment in part if _is_wanted(moment, found.since)]
                positions[sequence] = position
                asked, ahead = asked + len(refs), ahead + len(refs)
                if not await self._ask(found, refs, positions=dict(positions), asked=asked):
                    return  # somebody stopped it
                if ahead >= AHEAD:
                    break
            else:
                async with db.write() as conn:
                    await backfills.change(conn, found.flow_id, was="running", state="finishing")
        log.info("backfill.going", flow=found.flow_id, done=max(asked - ahead, 0), total=found.total)

    async def _ask(
        self, found: Backfill, refs: Sequence[str], *, positions: dict[str, int], asked: int
    ) -> bool:
        """Ask for a page's records and note how far it was read, in one transaction."""
        db = self._resources.db
        async with db.write() as conn:
            mine = await backfills.change(
                conn, found.flow_id, was="running", positions=positions, asked=asked
            )
            if mine:
                wishes = [
                    Request(found.flow_id, ref, priority=BACKFILL, trigger=found.trigger) for ref in refs
                ]
                await requests.request(conn, wishes, clock=db.clock)
        self._resources.ring([found.flow_id])
        return mine

    # --- the end ---------------------------------------------------------------------------------------------------

    async def _finish(self, found: Backfill) -> None:
        """Done when nothing goes within a minute: what waits longer goes without a status, and holds nobody's mails back."""
        db = self._resources.db
        async with db.read() as conn:
            left = await backfills.open_of(conn, found.flow_id, clock=db.clock)
        if left.soon:
            return
        await self._let_go(found, state="done")
        log.info("backfill.done", flow=found.flow_id, total=found.asked, left=left.all)

    async def _stop(self, found: Backfill) -> None:
        db = self._resources.db
        async with db.write() as conn:
            await backfills.park(conn, found.flow_id, clock=db.clock)
        async with db.read() as conn:
            left = await backfills.open_of(conn, found.flow_id, clock=db.clock)
        if left.running:
            return
        await self._let_go(found, state="stopped")
        log.info("backfill.stopped", flow=found.flow_id, asked=found.asked, total=found.total)

    async def _hold(self, route: Route, found: Backfill) -> None:
        if isinstance(route.target, HoldsAutomations):
            await route.target.hold_automations(True)
        async with self._resources.db.write() as conn:
            await backfills.change(
                conn, found.flow_id, was="running", held_at=await self._now(), released_at=None
            )
        log.info("automations.held", connection=route.target_connection_id, flow=found.flow_id)

    async def _let_go(self, found: Backfill, *, state: str) -> None:
        """The target first, then our row: who dies between the two is followed by one who lets go again."""
        route = await self._routes.route(found.flow_id)
        now = await self._now()
        if found.held_at is not None and isinstance(route.target, HoldsAutomations):
            await route.target.hold_automations(False)
            log.info("automations.let_go", connection=route.target_connection_id, flow=found.flow_id)
        async with self._resources.db.write() as conn:
            await backfills.change(
                conn,
                found.flow_id,
                was=found.state,
                state=state,
                ended_at=now,
                released_at=now if found.held_at is not None else None,
            )

    async def _now(self) -> int:
        return await self._resources.db.now()


async def _pages(
    route: Route, sequences: Sequence[str], positions: dict[str, int]
) -> AsyncIterator[tuple[str, int, list[tuple[str, datetime]]]]:
    """Every page of every sequence from these positions on: where it ends, and the records that would be sent."""
    for sequence in sequences:
        position = positions.get(sequence, 0)
        while True:
            page = await route.source.changes(sequence, since=position + 1, limit=PAGE)
            moved = page.position > position
            position = max(position, page.position)
            part = await _wanted(route, page.found)
            if part or moved:
                yield sequence, position, part
            if not page.more or not moved:
                break


async def _wanted(route: Route, fetched: Sequence[Fetched]) -> list[tuple[str, datetime]]:
    """Those of a page that would be sent, and when each was made. What cannot be read or translated says so itself."""
    plans: dict[str, Plan | None] = {each.ref: _plan(route, each) for each in fetched}
    asked = [plan.decision.asks for plan in plans.values() if plan and plan.decision.asks]
    if asked:
        branches = await learn(route, asked)
        for each in fetched:
            plan = plans[each.ref]
            if plan is not None and plan.decision.asks is not None:
                plans[each.ref] = _plan(route, each, branches)
    return [(ref, at) for ref, plan in plans.items() if (at := _moment(plan)) is not None]


def _plan(route: Route, fetched: Fetched, branches: Mapping[str, str] | None = None) -> Plan | None:
    if isinstance(fetched, Unreadable):
        return None
    if not isinstance(fetched, Found):
        return Plan()
    known = Known(flows=route.siblings, first_branches=branches or {}, hashed=route.key)
    try:
        return route.translation.plan(fetched, known)
    except AppError:
        return None


def _moment(plan: Plan | None) -> datetime | None:
    """When a sale was made; None where it would not be sent."""
    if plan is None:
        return FOR_EVER
    if not plan.decision.puts:
        return None
    record = plan.record
    placed, day = getattr(record, "placed_at", None), getattr(record, "financial_date", None)
    if placed is None and day is not None:
        placed = datetime.combine(day, time(12), UTC)
    return placed or FOR_EVER


def _is_wanted(moment: datetime, since: int | None) -> bool:
    """From the moment on; what does not say when it was is wanted in any case."""
    return since is None or moment == FOR_EVER or moment.timestamp() * 1000 >= since
