"""The schedule: rounds of housekeeping, rung by arq's cron on a queue of their own so that they never wait behind deliveries.

However many workers run, one of them does each round: it takes the round's lease in the database first. A round that
fails is told and comes again.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import structlog
from arq.cron import CronJob, cron
from arq.typing import WorkerCoroutine
from pydantic import ValidationError
from redis.exceptions import RedisError

from app.checkup import check_up
from app.errors import AppError, NotFound
from app.flows.hours import Hours
from app.flows.shared import opening_ms
from app.metrics import TICK_SECONDS, TICKS
from app.resources import Resources
from app.route_map import RouteMap
from app.store import (
    attempts,
    backlog,
    connections,
    events,
    first_branches,
    flows,
    integrations,
    moves,
    ticks,
    workers,
)
from app.worker.backfilling import Backfiller
from app.worker.comparing import Comparer
from app.worker.holding import Holder
from app.worker.polling import Poller
from app.worker.scanning import Scanner
from app.worker.undoing import Undoer

log = structlog.get_logger("schedule")

DAY_MS = 86_400_000
SILENT_MS = DAY_MS
BROKEN_AGAIN_MS = 60_000
WELL_AGAIN_MS = 900_000
BLOCKED_AGAIN_MS = 6 * 3_600_000
"""How long after its last check a connection is checked again: broken ones soon, those with a blocked flow seldom, since
each time costs the other side a call that it refuses."""


@dataclass(frozen=True, slots=True)
class Round:
    """One kind of housekeeping. ``every_ms`` is the least time between two, ``lease_ms`` how long one may take."""

    name: str
    seconds: frozenset[int]
    every_ms: int
    lease_ms: int
    work: Callable[[], Awaitable[None]]


class Schedule:
    """The rounds of this installation."""

    def __init__(self, resources: Resources, poller: Poller):
        self._resources, self._poller = resources, poller
        self._holder = secrets.token_hex(8)
        self._imports, routes = Holder(resources), RouteMap(resources)
        self._backfills = Backfiller(resources, routes)
        self.comparer = Comparer(resources, routes)
        self.undoer = Undoer(resources, routes)
        self.scanner = Scanner(resources)
        every = frozenset(range(60))
        self.rounds = (
            # Each connection has a lease of its own, so every worker may look.
            Round("poll", every, 0, 0, self._poll),
            Round("scan", frozenset(range(4, 60, 5)), 0, 0, self._scan),
            Round("sweep", frozenset(range(0, 60, 2)), 1_000, 5_000, self._sweep),
            Round("hours", frozenset(range(0, 60, 10)), 5_000, 30_000, self._hours),
            Round("checks", frozenset(range(5, 60, 15)), 10_000, 120_000, self._checks),
            Round("hold", frozenset(range(3, 60, 5)), 0, 0, self._hold),
            Round("backfill", frozenset(range(0, 60, 2)), 1_000, 120_000, self._backfills.look),
            Round("compare", frozenset(range(1, 60, 5)), 0, 0, self._compare),
            Round("undo", frozenset(range(0, 60, 2)), 0, 0, self._undo),
            Round("prune", frozenset({33}), 3_000_000, 600_000, self._prune),
        )

    def cron_jobs(self) -> list[CronJob]:
        """What arq is to ring for. A lost ring is made good by the next."""
        return [
            cron(self._coroutine(each), name=each.name, second=set(each.seconds), max_tries=1, timeout=900)
            for each in self.rounds
        ]

    def _coroutine(self, each: Round) -> WorkerCoroutine:
        async def ring(_ctx: dict[Any, Any]) -> None:
            await self.run(each)

        return cast(WorkerCoroutine, ring)

    async def run(self, each: Round) -> bool:
        """Do one round, unless another worker does it, or it was done just now; whether it was done here."""
        started = time.perf_counter()
        try:
            if each.lease_ms and not await self._take(each):
                return False
            await each.work()
        except (AppError, RedisError, OSError) as error:
            code = error.code if isinstance(error, AppError) else "redis_away"
            TICKS.labels(each.name, code).inc()
            log.warning("round.failed", round=each.name, code=code)
        except Exception:
            TICKS.labels(each.name, "internal_error").inc()
            log.exception("round.failed", round=each.name, code="internal_error")
        else:
            TICKS.labels(each.name, "ok").inc()
        finally:
            TICK_SECONDS.labels(each.name).observe(time.perf_counter() - started)
        if each.lease_ms:
            await self._finish(each)
        return True

    async def _take(self, each: Round) -> bool:
        db = self._resources.db
        async with db.write() as conn:
            return await ticks.take(
                conn,
                each.name,
                holder=self._holder,
                lease_ms=each.lease_ms,
                every_ms=each.every_ms,
                clock=db.clock,
            )

    async def _finish(self, each: Round) -> None:
        try:
            async with self._resources.db.write() as conn:
                await ticks.finish(conn, each.name, holder=self._holder)
        except AppError as error:
            log.warning("round.not_finished", round=each.name, code=error.code)

    # --- the rounds --------------------------------------------------------------------------------------------------

    async def _poll(self) -> None:
        await self._poller.start_due()

    async def _scan(self) -> None:
        """Look through sources that do not tell what changed; each flow has a lease of its own."""
        await self.scanner.start_due()

    async def _sweep(self) -> None:
        """Ring for everything that is due: this makes good every ring that was lost."""
        db = self._resources.db
        async with db.read() as conn:
            due = await backlog.due_flows(conn, clock=db.clock)
        for flow_id in due:
            await self._resources.queue.ring_now(flow_id)

    async def _hours(self) -> None:
        """Open and close the flows that have hours."""
        db = self._resources.db
        async with db.read() as conn:
            scheduled = [flow for flow in await flows.listed(conn) if flow.schedule]
            shared = {each.id: each.settings for each in await integrations.listed(conn)}
        if not scheduled:
            return
        now = await db.now()
        for flow in scheduled:
            opens = _opens_at(flow, shared.get(flow.integration_id, {}), now=now)
            if opens != flow.opens_at:
                async with db.write() as conn:
                    await flows.change(conn, flow.id, now=now, opens_at=opens)

    async def _checks(self) -> None:
        """Check again what is broken, and now and then what is well: webhooks that somebody removed are put back."""
        db = self._resources.db
        async with db.read() as conn:
            found = await connections.listed(conn)
            blocked = {flow.target_connection_id for flow in await flows.listed(conn, state="blocked")}
        now = await db.now()
        for connection in found:
            again = BROKEN_AGAIN_MS if connection.state != "ok" else WELL_AGAIN_MS
            if connection.id in blocked:
                again = max(again, BLOCKED_AGAIN_MS)
            if now - (connection.checked_at or 0) >= again:
                try:
                    await check_up(self._resources, connection.id)
                except NotFound:
                    continue  # removed meanwhile

    async def _hold(self) -> None:
        """Hold automations of the target back while a first import is under way, and let them go after it: one worker, for
        as long as it lives."""
        await self._imports.look()

    async def _compare(self) -> None:
        """Compare both sides of a flow, by night or because a person asked; each flow has a lease of its own."""
        await self.comparer.start_due()

    async def _undo(self) -> None:
        """Go on with a run that a person took back; each flow has a lease of its own."""
        await self.undoer.start_due()

    async def _prune(self) -> None:
        """Delete what was kept long enough."""
        settings, db = self._resources.settings, self._resources.db
        now = await db.now()
        async with db.write() as conn:
            tried = await attempts.prune(conn, before=now - settings.attempt_retention_days * DAY_MS)
        async with db.write() as conn:
            noticed = await events.prune(conn, before=now - settings.event_retention_days * DAY_MS)
        async with db.write() as conn:
            left = await moves.forget(conn, clock=db.clock)
            before = await attempts.forget_before(conn, clock=db.clock)
            await first_branches.forget_erased(conn)
            await workers.forget(conn, silent_ms=SILENT_MS, clock=db.clock)
        if tried or noticed or left or before:
            log.info("pruned", attempts=tried, events=noticed, moves=left, values_before=before)


def _opens_at(flow: flows.Flow, shared: Mapping[str, Any], *, now: int) -> int:
    try:
        return opening_ms(Hours.model_validate(flow.schedule), shared, now_ms=now)
    except ValidationError as error:
        log.warning("hours.unusable", flow=flow.id, error=type(error).__name__)
        return flow.opens_at
