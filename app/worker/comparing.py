"""Comparing: both sides of each flow, by night and when a person asks, one flow after the other and behind all live work.

What is asked for waits for the flow's hours, and for an account that backs off. However many workers run, one compares a
flow at a time; one that a dead worker left begins anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from pydantic import ValidationError

from app.comparison.report import Report, Stopped
from app.comparison.run import compare
from app.comparison.tally import Tally
from app.connectors.limits import live_work
from app.ending import cut_off
from app.errors import AppError, Throttled
from app.flows.nightly import NightlySettings
from app.flows.registry import flow_kind
from app.flows.shared import inherited, shared_settings
from app.pipeline.route import Route
from app.resources import Resources
from app.route_map import RouteMap
from app.store import accounts, alerts, comparisons, flows, integrations
from app.worker.leases import Leases

log = structlog.get_logger("comparing")

WITHIN_MIN = 60
"""A night that its hour missed waits for the next one."""
NIGHT_MS = 20 * 3_600_000
LEASE_MS = 9_000
DRIFT = "drift_found"


class Comparer:
    """Compares the flows of this installation, one at a time."""

    def __init__(self, resources: Resources, routes: RouteMap):
        self._resources, self._routes = resources, routes
        self._leases = Leases(resources.db, lease_ms=LEASE_MS)
        self._task: asyncio.Task[None] | None = None

    async def start_due(self) -> bool:
        """Ask for those whose hour came; begin with one, unless one is under way here. Raises DatabaseAway."""
        await self._ask_nightly()
        if self._task is not None and not self._task.done():
            return False
        db = self._resources.db
        async with db.read() as conn:
            waiting = await comparisons.waiting(conn, clock=db.clock)
        for each in waiting:
            if await self._leases.take(f"compare:{each.flow_id}"):
                self._task = asyncio.create_task(self._guarded(each.flow_id))
                return True
        return False

    async def idle(self) -> None:
        """Wait until what is under way here has ended."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """End what is under way: it begins anew elsewhere, or after the next start."""
        if self._task is not None:
            await cut_off([self._task])

    # --- when ------------------------------------------------------------------------------------------------------

    async def _ask_nightly(self) -> None:
        db = self._resources.db
        async with db.read() as conn:
            running = await flows.listed(conn, state="running")
            shared = {each.id: each.settings for each in await integrations.listed(conn)}
        now = await db.now()
        for flow in running:
            settings = settings_of(flow, shared.get(flow.integration_id, {}))
            if settings is None or not is_time(settings, shared.get(flow.integration_id, {}), now=now):
                continue
            if await self._leases.take(f"compare-night:{flow.id}", every_ms=NIGHT_MS):
                async with db.write() as conn:
                    heal = settings.on_drift == "heal"
                    await comparisons.ask(conn, flow.id, by="night", heal=heal, clock=db.clock)

    # --- comparing ---------------------------------------------------------------------------------------------------

    async def _guarded(self, flow_id: str) -> None:
        async with self._leases.kept(f"compare:{flow_id}"):
            try:
                await self._compare(flow_id)
            except Stopped:
                log.info("compare.stopped", flow=flow_id)
            except AppError as error:
                log.warning("compare.failed", flow=flow_id, code=error.code, detail=error.detail)
                with suppress(AppError):
                    await self._end(flow_id, state="failed", code=error.code, detail=error.detail)
            except Exception:
                log.exception("compare.failed", flow=flow_id, code="internal_error")
                with suppress(AppError):
                    await self._end(
                        flow_id, state="failed", code="internal_error", detail="See the worker's log."
                    )

    async def _compare(self, flow_id: str) -> None:
        db = self._resources.db
        live_work.set(False)
        route = await self._routes.route(flow_id)
        async with db.read() as conn:
            asked = await comparisons.find(conn, flow_id)
            flow = await flows.find(conn, flow_id)
            for account in (route.source_account, route.target_account):
                if await accounts.backs_off(conn, account, clock=db.clock):
                    return  # it stays asked for
        async with db.write() as conn:
            begun = await comparisons.begin(conn, flow_id, clock=db.clock)
        if begun is None:
            return
        by_person = asked.asked_by == "person"
        report = Report(route, flow_kind(flow.kind), begun, heal=asked.heal, by_person=by_person)
        try:
            tally = await compare(report)
        except Throttled as error:
            await self._back_off(route, error)
            return
        finally:
            if report.tally.healing:
                self._resources.ring([flow_id, *route.back])
        await self._conclude(flow_id, tally)

    async def _back_off(self, route: Route, error: Throttled) -> None:
        """Which side it was is not said: both rest, and it begins anew after that."""
        db = self._resources.db
        async with db.write() as conn:
            for account in {route.source_account, route.target_account}:
                await accounts.back_off(
                    conn, account, reason=error.detail, clock=db.clock, retry_after_s=error.retry_after
                )

    async def _conclude(self, flow_id: str, tally: Tally) -> None:
        await self._end(
            flow_id, state="done", counts=tally.as_json(), differ=tally.differ, healing=tally.healing
        )
        left, db = tally.differ - tally.healing, self._resources.db
        now = await db.now()
        async with db.write() as conn:
            if left:
                await alerts.raise_alert(
                    conn,
                    code=DRIFT,
                    subject=f"flow:{flow_id}",
                    detail=(
                        f"{left} {'record differs' if left == 1 else 'records differ'} between the two sides. "
                        f"GET /api/v1/flows/{flow_id}/comparison names them; "
                        'POST the same with {"heal": true} brings them about again.'
                    ),
                    now=now,
                )
            else:
                await alerts.clear_alerts(conn, subject=f"flow:{flow_id}", code=DRIFT, now=now)
        log.info(
            "flow.compared",
            flow=flow_id,
            source=tally.source.records,
            target=tally.target.records,
            differ=tally.differ,
            healing=tally.healing,
        )

    async def _end(self, flow_id: str, **values: Any) -> None:
        db = self._resources.db
        now = await db.now()
        async with db.write() as conn:
            await comparisons.change(conn, flow_id, ended_at=now, **values)


def settings_of(flow: flows.Flow, shared: Mapping[str, Any]) -> NightlySettings | None:
    """What the flow says about its nights; None where what is stored cannot be used, which is told elsewhere."""
    kind = flow_kind(flow.kind)
    try:
        found = kind.settings.model_validate(inherited(kind.settings, shared) | dict(flow.settings))
    except ValidationError as error:
        log.warning("compare.unusable", flow=flow.id, error=type(error).__name__)
        return None
    return found if isinstance(found, NightlySettings) else None


def is_time(settings: NightlySettings, shared: Mapping[str, Any], *, now: int) -> bool:
    """Whether the time at which the flow is to be compared came within the last hour, on the shop's clock."""
    if settings.compare_at is None:
        return False
    hour, minute = (int(part) for part in settings.compare_at.split(":"))
    try:
        zone = ZoneInfo(shared_settings(shared).time_zone)
    except ValidationError:
        return False
    here = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
    return 0 <= (here.hour * 60 + here.minute) - (hour * 60 + minute) < WITHIN_MIN
