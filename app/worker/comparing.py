"""Comparing: both sides of each flow, by night and when a person asks, one flow after the other and behind all live work.

What is asked for waits for the flow's hours, and for an account that backs off. One that a dead worker left begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.comparison.report import Report, Stopped
from app.comparison.run import compare
from app.comparison.tally import Tally
from app.connectors.limits import live_work
from app.errors import Throttled
from app.flows.nightly import NightlySettings
from app.flows.registry import flow_kind
from app.flows.shared import inherited, shared_settings
from app.pipeline.route import Route
from app.store import accounts, alerts, comparisons, flows, integrations
from app.worker.flowjobs import FlowJobs

log = structlog.get_logger("comparing")

WITHIN_MIN = 60
"""A night that its hour missed waits for the next one."""
NIGHT_MS = 20 * 3_600_000
DRIFT = "drift_found"


class Comparer(FlowJobs):
    """Compares the flows of this installation, one at a time."""

    name = "compare"

    async def start_due(self) -> bool:
        """Ask for those whose hour came; begin with one, unless one is under way here. Raises DatabaseAway."""
        await self._ask_nightly()
        return await super().start_due()

    async def waiting(self) -> list[str]:
        """See :func:`comparisons.waiting`."""
        db = self._resources.db
        async with db.read() as conn:
            return [each.flow_id for each in await comparisons.waiting(conn, clock=db.clock)]

    async def change(self, conn: AsyncConnection, flow_id: str, **values: Any) -> bool:
        """See :func:`comparisons.change`."""
        return await comparisons.change(conn, flow_id, **values)

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

    async def work(self, flow_id: str) -> None:
        """Both sides, from the beginning."""
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
        except Stopped:
            log.info("compare.stopped", flow=flow_id)
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
        await self.end(
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
    return ((here.hour - hour) * 60 + here.minute - minute) % (24 * 60) < WITHIN_MIN
