"""Undoing: a run that a person took back, batch after batch, while its flow is paused.

However many workers run, one undoes a flow's run at a time; what a dead worker left goes on where it was. What another
holds, or what fails for a while, is tried again in the next round.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog

from app.ending import cut_off
from app.errors import AppError, TimeError
from app.pipeline.route import Route
from app.pipeline.undoing import undo_batch
from app.resources import Resources
from app.route_map import RouteMap
from app.store import accounts, connections, flows, undos
from app.store.undos import Undo
from app.store.upsert import chunks
from app.worker.leases import Leases

log = structlog.get_logger("undoing")

LEASE_MS = 9_000
LOOKED_UP = 1_000
BATCH = 50
"""Some seconds of single calls: a stop is heard between two batches."""


class Undoer:
    """Undoes the runs of this installation, one flow at a time."""

    def __init__(self, resources: Resources, routes: RouteMap):
        self._resources, self._routes = resources, routes
        self._leases = Leases(resources.db, lease_ms=LEASE_MS)
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def start_due(self) -> bool:
        """Go on with one that is asked for, unless one is under way here. Raises DatabaseAway."""
        if self._task is not None and not self._task.done():
            return False
        async with self._resources.db.read() as conn:
            waiting = await undos.waiting(conn)
        for flow_id in waiting:
            if await self._leases.take(f"undo:{flow_id}"):
                self._task = asyncio.create_task(self._guarded(flow_id))
                return True
        return False

    async def idle(self) -> None:
        """Wait until what is under way here has ended."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Send nothing more, and let what was sent be settled: the rest is done elsewhere, or after the next start."""
        self._stopping = True
        if self._task is not None:
            await asyncio.wait([self._task], timeout=2.0)
            await cut_off([self._task])

    async def _guarded(self, flow_id: str) -> None:
        async with self._leases.kept(f"undo:{flow_id}"):
            try:
                await self._undo(flow_id)
            except TimeError as error:  # the next round goes on
                log.warning("undo.interrupted", flow=flow_id, code=error.code, detail=error.detail)
            except AppError as error:
                log.warning("undo.failed", flow=flow_id, code=error.code, detail=error.detail)
                with suppress(AppError):
                    await self._end(flow_id, state="failed", code=error.code, detail=error.detail)
            except Exception:
                log.exception("undo.failed", flow=flow_id, code="internal_error")
                with suppress(AppError):
                    await self._end(
                        flow_id, state="failed", code="internal_error", detail="See the worker's log."
                    )

    # --- undoing -----------------------------------------------------------------------------------------------------

    async def _undo(self, flow_id: str) -> None:
        """Once through what is left; nothing left is the end. What could not be done now is left for the next round."""
        db, after = self._resources.db, 0
        route = await self._routes.route(flow_id)
        while (undo := await self._current(route)) is not None:
            async with db.read() as conn:
                ids = await undos.left(conn, undo, after=after, limit=LOOKED_UP)
                if not ids and after and await undos.left(conn, undo, after=0, limit=1):
                    return
            if not ids:
                await self._end(flow_id, state="done")
                log.info("undo.done", flow=flow_id, records=undo.total)
                return
            for part in chunks(ids, BATCH):
                if await self._current(route) != undo or not await self._goes(route, undo, part):
                    return
            after = ids[-1]

    async def _goes(self, route: Route, undo: Undo, ids: Sequence[int]) -> bool:
        """One batch; False where nothing works now. In a task of its own: what it notes about its urgency ends with it."""
        batch = asyncio.create_task(undo_batch(route, undo, ids, halted=self._halted))
        outcomes = (await batch).outcomes
        return not outcomes or not outcomes.keys() <= {"retrying"}

    async def _current(self, route: Route) -> Undo | None:
        """The undo as it is now, on its way; None where it is not to go on, or not now."""
        db = self._resources.db
        if self._stopping:
            return None
        async with db.write() as conn:
            flow = await flows.find(conn, route.flow_id)
            if flow.state != "paused":
                await undos.change(
                    conn, route.flow_id, state="stopped", code="not_paused", detail="The flow was started."
                )
                return None
            sides = (route.source_connection_id, route.target_connection_id)
            broken = [(await connections.find(conn, each)).state == "broken" for each in sides]
            if any(broken) or await accounts.backs_off(conn, route.target_account, clock=db.clock):
                return None  # it stays asked for
            if not await undos.change(conn, route.flow_id, state="running"):
                return None
            return await undos.find(conn, route.flow_id)

    def _halted(self) -> bool:
        return self._stopping

    async def _end(self, flow_id: str, **values: Any) -> None:
        db = self._resources.db
        now = await db.now()
        async with db.write() as conn:
            await undos.change(conn, flow_id, ended_at=now, **values)
