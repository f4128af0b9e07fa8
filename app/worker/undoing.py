"""Undoing: a run that a person took back, batch after batch, while its flow is paused.

What a dead worker left goes on where it was. What another holds, or what fails for a while, is tried again in the next round.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import TimeError
from app.pipeline.route import Route
from app.pipeline.undoing import undo_batch
from app.store import accounts, connections, flows, undos
from app.store.undos import Undo
from app.store.upsert import chunks
from app.worker.flowjobs import FlowJobs

log = structlog.get_logger("undoing")

LOOKED_UP = 1_000
BATCH = 50
"""Some seconds of single calls: a stop is heard between two batches."""


class Undoer(FlowJobs):
    """Undoes the runs of this installation, one flow at a time."""

    name = "undo"
    grace_s = 2.0  # what was sent is to be settled

    async def waiting(self) -> list[str]:
        """See :func:`undos.waiting`."""
        async with self._resources.db.read() as conn:
            return await undos.waiting(conn)

    async def change(self, conn: AsyncConnection, flow_id: str, **values: Any) -> bool:
        """See :func:`undos.change`."""
        return await undos.change(conn, flow_id, **values)

    async def work(self, flow_id: str) -> None:
        """Go on with it. What could not be done now is left for the next round."""
        try:
            await self._undo(flow_id)
        except TimeError as error:
            log.warning("undo.interrupted", flow=flow_id, code=error.code, detail=error.detail)

    async def _undo(self, flow_id: str) -> None:
        """Once through what is left; nothing left is the end."""
        db, after = self._resources.db, 0
        route = await self._routes.route(flow_id)
        while (undo := await self._current(route)) is not None:
            async with db.read() as conn:
                ids = await undos.left(conn, undo, after=after, limit=LOOKED_UP)
                if not ids and after and await undos.left(conn, undo, after=0, limit=1):
                    return
            if not ids:
                await self.end(flow_id, state="done")
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
