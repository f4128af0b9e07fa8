"""The delivery job: batch after batch of one flow until nothing is due.

Two of them may be at one flow in a worker, so that one sends while the other settles and reads. While both are busy a third is
at live work alone: what happens in the shop waits for no batch of a backfill. Any other ring is only remembered. A turn ends
after a while and rings again: other flows and other workers get theirs.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

import structlog
from redis.exceptions import RedisError

from app.ending import cut_off
from app.errors import AdministratorError, AppError, NotFound
from app.metrics import ATTEMPTS, BATCH_SECONDS, BATCHES, BATCHES_FAILED
from app.pipeline.batch import BatchResult, run_batch
from app.resources import Resources
from app.route_map import RouteMap
from app.store import alerts, flows
from app.store.wakes import next_wakes
from app.worker.pace import FIRST, next_limit

log = structlog.get_logger("worker")

AT_ONCE = 2
LIVE_LIMIT = 50
TURN_S = 20.0
SOON_MS = 6_000
"""What becomes due within this time is rung for exactly; the sweep rings for what comes later."""


@dataclass(slots=True)
class _Flow:
    running: int = 0
    again: bool = False
    limit: int = FIRST
    hurries: bool = False
    hurry_again: bool = False
    places: asyncio.Semaphore | None = None


class Deliverer:
    """Runs the batches of a worker."""

    def __init__(self, resources: Resources, routes: RouteMap, *, turn_s: float = TURN_S):
        self._resources, self._routes, self._turn_s = resources, routes, turn_s
        self._flows: dict[str, _Flow] = {}
        self._turns: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def close(self, *, within_s: float) -> None:
        """Send nothing more, let what is under way be answered and settled, and cut off what takes longer."""
        self._stopping = True
        if self._turns:
            await asyncio.wait(self._turns, timeout=within_s)
        await cut_off(self._turns)

    @property
    def busy(self) -> int:
        """Turns that run now."""
        return sum(flow.running + flow.hurries for flow in self._flows.values())

    async def deliver(self, flow_id: str) -> None:
        """One turn at a flow. Never raises for what a flow, a remote or the database does."""
        with suppress(RedisError, OSError):
            # Before claiming: whoever stores something from here on rings anew.
            await self._resources.queue.take_down(flow_id)
        flow = self._flows.setdefault(flow_id, _Flow())
        if flow.running < AT_ONCE:
            flow.running += 1
            turn = asyncio.create_task(self._whole_turn(flow_id, flow))
        else:
            flow.again = flow.hurry_again = True
            if flow.hurries:
                return
            flow.hurries = True
            turn = asyncio.create_task(self._hurry(flow_id, flow))
        self._turns.add(turn)
        turn.add_done_callback(self._turns.discard)
        # The job dies with its connection to Redis; what is being sent at that moment must not die with it.
        await asyncio.shield(turn)

    async def _whole_turn(self, flow_id: str, flow: _Flow) -> None:
        try:
            emptied = await self._turn(flow_id, flow)
        finally:
            flow.running -= 1
        with suppress(RedisError, OSError, AppError):
            await self._ring_again(flow_id, emptied=emptied)

    async def _hurry(self, flow_id: str, flow: _Flow) -> None:
        """Batches of live work alone until none is due; what is left then is for the others."""
        try:
            while not self._stopping:
                flow.hurry_again = False
                result = await self._batch(flow_id, flow, live=True)
                if result is None or not (result.claimed or flow.hurry_again):
                    return
        finally:
            flow.hurries = False

    async def _turn(self, flow_id: str, flow: _Flow) -> bool:
        """Batches until nothing is due or the turn is over; True when nothing was due at the end."""
        ends = time.monotonic() + self._turn_s
        while not self._stopping:
            flow.again = False
            limit = flow.limit
            result = await self._batch(flow_id, flow)
            if result is None:
                return True  # what went wrong is told; the sweep comes back to it
            if result.claimed:
                flow.limit = next_limit(limit, claimed=result.claimed, seconds=result.sending)
            elif not flow.again:
                return True
            if time.monotonic() >= ends:
                return False
        return False

    async def _batch(self, flow_id: str, flow: _Flow, *, live: bool = False) -> BatchResult | None:
        limit = LIVE_LIMIT if live else flow.limit

        def ring_for_more(claimed: int) -> None:
            """A full batch leaves others behind: they are read and reckoned while this one is sent."""
            if claimed >= limit and not live and flow.running < AT_ONCE:
                self._resources.ring([flow_id])

        try:
            route = await self._routes.route(flow_id)
            flow.places = flow.places or asyncio.Semaphore(max(1, route.concurrency))
            # In a task of its own: what it notes about its urgency ends with it.
            result = await asyncio.create_task(
                run_batch(
                    route,
                    limit=limit,
                    live=live,
                    halted=self._halted,
                    places=None if live else flow.places,  # who hurries waits for nobody
                    on_claimed=ring_for_more,
                )
            )
        except NotFound:
            return None  # the flow was removed meanwhile
        except AdministratorError as error:
            BATCHES_FAILED.labels(flow_id, error.code).inc()
            await self._block(flow_id, error)
            return None
        except AppError as error:
            BATCHES_FAILED.labels(flow_id, error.code).inc()
            log.warning("batch.failed", flow=flow_id, code=error.code, detail=error.detail)
            return None
        except Exception:
            BATCHES_FAILED.labels(flow_id, "internal_error").inc()
            log.exception("batch.failed", flow=flow_id, code="internal_error")
            return None
        if result.claimed:
            BATCHES.labels(flow_id).inc()
            BATCH_SECONDS.labels(flow_id).observe(result.seconds)
            for outcome, count in result.outcomes.items():
                ATTEMPTS.labels(flow_id, outcome).inc(count)
            log.info(
                "batch.done",
                flow=flow_id,
                direction=route.direction,
                claimed=result.claimed,
                ms=round(result.seconds * 1000),
                **dict(sorted(result.outcomes.items())),
            )
        return result

    def _halted(self) -> bool:
        return self._stopping

    async def _block(self, flow_id: str, error: AdministratorError) -> None:
        """What is stored about the flow or its connections cannot be used: a person must save it again."""
        log.error("flow.unusable", flow=flow_id, code=error.code, detail=error.detail)
        detail = f"{error.detail} {error.advice}".strip()
        with suppress(AppError):
            now = await self._resources.db.now()
            async with self._resources.db.write() as db:
                if await flows.block(db, flow_id, code=error.code, detail=detail, now=now):
                    await alerts.raise_alert(
                        db, code=error.code, subject=f"flow:{flow_id}", detail=detail, now=now
                    )

    async def _ring_again(self, flow_id: str, *, emptied: bool) -> None:
        db, queue = self._resources.db, self._resources.queue
        if not emptied:
            await queue.ring_now(flow_id)
            return
        async with db.read() as conn:
            wake = (await next_wakes(conn, clock=db.clock, flow_id=flow_id)).get(flow_id)
        if wake is not None and 0 < wake <= SOON_MS:
            await queue.ring_in(flow_id, seconds=wake / 1000 + 0.005, mark=wake_mark(wake))


def wake_mark(wake_ms: int, *, now: float | None = None) -> int:
    """The tenth of a second in which something becomes due: rings for the same moment are one."""
    return int(((time.time() if now is None else now) * 1000 + wake_ms) / 100)
