"""Scanning: a source that does not tell what changed is looked at as a whole, narrowly, and compared with the last look.

What is new or differs is asked for in the commit that remembers it. How often follows from the size, because every
thousand records cost a call. A person who changed is a hint that something of his did: that is looked at at once.
However many workers run, one looks through a flow's source at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from pydantic import ValidationError

from app.checkup import check_up
from app.connectors.base import Glimpse, Scans
from app.connectors.limits import live_work
from app.ending import cut_off
from app.errors import AdministratorError, AppError, Throttled
from app.flows.base import Scan
from app.flows.registry import flow_kind
from app.metrics import POLLS
from app.resources import Resources
from app.store import accounts, alerts, connections, cursors, events, flows, glimpses, requests, ticks
from app.store.connections import DOORBELL, Connection
from app.store.cursors import Cursor
from app.store.flows import Flow
from app.store.glimpses import Kept
from app.store.requests import LIVE, Request
from app.worker.leases import Leases
from app.worker.news import differs, is_live, is_news, request_of

log = structlog.get_logger("scanning")

PER_CALL = 1000
LEASE_MS = 9_000
HINT_EVERY_MS = 10_000
HINT_MARGIN_MS = 120_000
RECENT_S = 86_400.0
"""What came about within a day is live, also where a first look finds it; older things go behind it as backfill."""
HINTED_PEOPLE = 20
"""More people than this at once are an import: the next look at everything finds their orders."""


@dataclass(slots=True)
class Scanned:
    """What a look found: records seen, and those asked for. ``refs`` are those seen, where what is gone is asked for."""

    seen: int = 0
    asked: int = 0
    refs: set[str] = field(default_factory=set)


class Scanner:
    """Looks through the sources of this installation, each flow in a task of its own."""

    def __init__(self, resources: Resources):
        self._resources = resources
        self._leases = Leases(resources.db, lease_ms=LEASE_MS)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._sizes: dict[str, int] = {}
        self._heard: dict[str, int] = {}

    async def start_due(self) -> int:
        """Begin to look where it is time, or where a person gave a hint; how many looks began. Raises DatabaseAway."""
        db = self._resources.db
        async with db.read() as conn:
            running = await flows.listed(conn, state="running")
        begun = 0
        for flow in running:
            plan = _plan(flow)
            if plan is None or flow.id in self._tasks:
                continue
            hint = await self._hint(flow)
            whole = await self._leases.take(f"scan:{flow.id}", every_ms=await self._every_ms(flow, plan))
            if whole or (hint and await self._leases.take(f"scan-recent:{flow.id}", every_ms=HINT_EVERY_MS)):
                self._tasks[flow.id] = asyncio.create_task(self._guarded(flow, None if whole else hint))
                begun += 1
        return begun

    async def close(self) -> None:
        """End what is under way: the next look begins anew."""
        await cut_off(self._tasks.values())

    async def scan(self, flow_id: str) -> Scanned:
        """Look through one flow's source now. Raises NotFound, DatabaseAway, and what the source raises."""
        async with self._resources.db.read() as conn:
            flow = await flows.find(conn, flow_id)
        return await self._look(flow, None)

    async def look_at_recent(self, flow_id: str, since_ms: int) -> Scanned:
        """Look at what belongs to people who changed since then."""
        async with self._resources.db.read() as conn:
            flow = await flows.find(conn, flow_id)
        return await self._look(flow, since_ms)

    # --- when ------------------------------------------------------------------------------------------------------

    async def _every_ms(self, flow: Flow, plan: Scan) -> int:
        if flow.id not in self._sizes:
            async with self._resources.db.read() as conn:
                self._sizes[flow.id] = await glimpses.count(conn, flow.id)
        calls = max(len(plan.places), -(-self._sizes[flow.id] // PER_CALL))
        return round(1000 * max(plan.every_s, calls * 60 / plan.calls_a_minute))

    async def _hint(self, flow: Flow) -> int | None:
        """When the newest webhook about a person came, if it is newer than those we heard of."""
        db = self._resources.db
        if flow.id not in self._heard:
            self._heard[flow.id] = await db.now()
        async with db.read() as conn:
            return await events.latest(
                conn, flow.source_connection_id, kind=DOORBELL, after=self._heard[flow.id]
            )

    # --- looking -----------------------------------------------------------------------------------------------------

    async def _guarded(self, flow: Flow, since_ms: int | None) -> None:
        name = f"scan:{flow.id}" if since_ms is None else f"scan-recent:{flow.id}"
        try:
            async with self._leases.kept(name):
                await self._look(flow, since_ms)
            if since_ms is not None:
                self._heard[flow.id] = since_ms
        except AppError as error:
            log.warning("scan.failed", flow=flow.id, code=error.code, detail=error.detail)
            with suppress(AppError):
                await self._fail(flow, error)
        except Exception:
            log.exception("scan.failed", flow=flow.id, code="internal_error")
        finally:
            self._tasks.pop(flow.id, None)

    async def _look(self, flow: Flow, since_ms: int | None) -> Scanned:
        db, told = self._resources.db, Scanned()
        plan = _plan(flow)
        async with db.read() as conn:
            connection = await connections.find(conn, flow.source_connection_id)
            cursor = await cursors.find(conn, flow.id)
            backs_off = await accounts.backs_off(conn, connection.account, clock=db.clock)
        client = self._resources.client(connection)
        if plan is None or cursor is None or connection.state == "broken" or backs_off:
            return told
        if not isinstance(client, Scans) or flow.record_kind not in client.scanned:
            return told
        recent = await db.now() / 1000 - RECENT_S
        seen_whole = f"scanned:{flow.id}:{cursor.epoch}"
        async with db.read() as conn:
            whole_before = await ticks.ever_ran(conn, seen_whole)
        live_work.set(whole_before)
        if since_ms is None:
            pages = client.scan(flow.record_kind, plan.places)
        else:
            since = datetime.fromtimestamp((since_ms - HINT_MARGIN_MS) / 1000, UTC)
            pages = client.scan_recent(flow.record_kind, plan.places, since=since, most=HINTED_PEOPLE)
        async for page in pages:
            await self._judge(flow, cursor, page, whole_before=whole_before, recent=recent, told=told)
            if plan.asks_for_gone:
                told.refs.update(each.ref for each in page)
        if since_ms is None:
            if plan.asks_for_gone:
                await self._ask_for_gone(flow, told)
            self._sizes[flow.id] = told.seen
            await self._note_whole(flow, connection, seen_whole)
        if told.asked:
            log.info("flow.scanned", flow=flow.id, seen=told.seen, asked=told.asked)
        return told

    async def _note_whole(self, flow: Flow, connection: Connection, name: str) -> None:
        db = self._resources.db
        now = await db.now()
        async with db.write() as conn:
            await ticks.take(conn, name, holder="", lease_ms=0, every_ms=0, clock=db.clock)
            await alerts.clear_alerts(conn, subject=f"flow:{flow.id}", code="scan_failed", now=now)
        POLLS.labels(connection.system, "ok").inc()

    async def _judge(
        self,
        flow: Flow,
        cursor: Cursor,
        page: Sequence[Glimpse],
        *,
        whole_before: bool,
        recent: float,
        told: Scanned,
    ) -> None:
        """Ask for what is new or differs, and remember it, in one commit."""
        db = self._resources.db
        told.seen += len(page)
        async with db.read() as conn:
            known = await glimpses.known(conn, flow.id, [each.ref for each in page])
            fresh = [each for each in page if differs(each, known.get(each.ref), cursor)]
            asked = await glimpses.asked_for(conn, flow.id, [each.ref for each in fresh])
        if not fresh:
            return
        wanted = [
            each for each in fresh if each.ref in asked or is_news(each, cursor, whole_before=whole_before)
        ]
        async with db.write() as conn:
            await glimpses.keep(
                conn, flow.id, [Kept(each.ref, each.fingerprint, cursor.epoch) for each in fresh]
            )
            await requests.request(
                conn,
                [request_of(flow, each, live=is_live(each, whole_before, recent)) for each in wanted],
                clock=db.clock,
            )
        told.asked += len(wanted)
        if wanted:
            self._resources.ring([flow.id])

    async def _ask_for_gone(self, flow: Flow, told: Scanned) -> None:
        """What was there once and this whole look did not show: it is read, and what is gone is gone by the flow's policy."""
        db = self._resources.db
        async with db.read() as conn:
            gone = await glimpses.refs(conn, flow.id) - told.refs
            asked = await glimpses.asked_for(conn, flow.id, sorted(gone)) if gone else set()
        if not gone:
            return
        async with db.write() as conn:
            await glimpses.forget(conn, flow.id, gone)
            wanted = [Request(flow.id, ref, priority=LIVE, trigger="poll") for ref in sorted(asked)]
            await requests.request(conn, wanted, clock=db.clock)
        told.asked += len(asked)
        if asked:
            self._resources.ring([flow.id])

    async def _fail(self, flow: Flow, error: AppError) -> None:
        db = self._resources.db
        async with db.read() as conn:
            connection = await connections.find(conn, flow.source_connection_id)
        POLLS.labels(connection.system, error.code).inc()
        if isinstance(error, Throttled):
            async with db.write() as conn:
                await accounts.back_off(
                    conn,
                    connection.account,
                    reason=error.detail,
                    clock=db.clock,
                    retry_after_s=error.retry_after,
                )
        elif isinstance(error, AdministratorError) and error.field == "stores":
            now = await db.now()
            async with db.write() as conn:
                await alerts.raise_alert(
                    conn,
                    code="scan_failed",
                    subject=f"flow:{flow.id}",
                    detail=f"{error.detail} {error.advice}".strip(),
                    now=now,
                )
        elif isinstance(error, AdministratorError):
            await check_up(self._resources, connection.id)  # confirms it before anything breaks


def _plan(flow: Flow) -> Scan | None:
    kind = flow_kind(flow.kind)
    try:
        return kind.scan(kind.settings.model_validate(dict(flow.settings)))
    except ValidationError as error:
        log.warning("scan.unusable", flow=flow.id, error=type(error).__name__)
        return None
