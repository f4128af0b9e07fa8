"""Flow jobs: long work that somebody asked for, such as a comparison or an undo, one flow at a time in this process.

However many workers run, one is at a flow's job: what is asked for stands in the database, and who does it holds a lease. What
a dead worker left is asked for still.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from app.ending import cut_off
from app.errors import AppError
from app.resources import Resources
from app.route_map import RouteMap
from app.worker.leases import Leases

log = structlog.get_logger("flowjobs")

LEASE_MS = 9_000
"""Short, because it is renewed: so long after its worker was killed a job is free."""


class FlowJobs(ABC):
    """The jobs of one kind; ``name`` is what log lines and leases call it."""

    name: str
    grace_s = 0.0
    """So long what is under way may come to an end of its own when the process ends."""

    def __init__(self, resources: Resources, routes: RouteMap):
        self._resources, self._routes = resources, routes
        self._leases = Leases(resources.db, lease_ms=LEASE_MS)
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    @abstractmethod
    async def waiting(self) -> Sequence[str]:
        """The flows whose turn it is, the oldest wish first. Raises DatabaseAway."""

    @abstractmethod
    async def work(self, flow_id: str) -> None:
        """Do it. Whatever is raised ends it as failed."""

    @abstractmethod
    async def change(self, conn: AsyncConnection, flow_id: str, **values: Any) -> bool:
        """Change one that is under way; False when it is not any more."""

    async def start_due(self) -> bool:
        """Begin or go on with one that is asked for, unless one is under way here. Raises DatabaseAway."""
        if self._task is not None and not self._task.done():
            return False
        for flow_id in await self.waiting():
            if await self._leases.take(f"{self.name}:{flow_id}"):
                self._task = asyncio.create_task(self._guarded(flow_id))
                return True
        return False

    async def idle(self) -> None:
        """Wait until what is under way here has ended."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """End what is under way: the rest is done elsewhere, or after the next start."""
        self._stopping = True
        if self._task is not None:
            await asyncio.wait([self._task], timeout=self.grace_s)
            await cut_off([self._task])

    async def end(self, flow_id: str, **values: Any) -> None:
        """It ended now, as ``values`` say."""
        db = self._resources.db
        now = await db.now()
        async with db.write() as conn:
            await self.change(conn, flow_id, ended_at=now, **values)

    async def _guarded(self, flow_id: str) -> None:
        async with self._leases.kept(f"{self.name}:{flow_id}"):
            try:
                await self.work(flow_id)
            except AppError as error:
                log.warning(f"{self.name}.failed", flow=flow_id, code=error.code, detail=error.detail)
                await self._fail(flow_id, error.code, error.detail)
            except Exception:
                log.exception(f"{self.name}.failed", flow=flow_id, code="internal_error")
                await self._fail(flow_id, "internal_error", "See the worker's log.")

    async def _fail(self, flow_id: str, code: str, detail: str) -> None:
        with suppress(AppError):
            await self.end(flow_id, state="failed", code=code, detail=detail)
