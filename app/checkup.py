"""The check-up of a connection: asks the remote, mends its webhook, remembers the finding, and acts on it.

A passing check releases what waited: the connection is ok, blocked flows run again, alerts are cleared. A failing one
breaks the connection, unless the failure is one that time mends and the connection was well before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from app.connectors.base import Client, Diagnosis, RegistersWebhooks, WebhookRegistration
from app.errors import AppError
from app.resources import Resources
from app.store import alerts, connections, flows
from app.store.connections import Connection

log = structlog.get_logger("checkup")

TEMPORARY = frozenset(
    {
        "answer_lost",
        "answer_timeout",
        "connect_timeout",
        "connection_refused",
        "later",
        "no_connection",
        "remote_unavailable",
        "throttled",
    }
)
"""Findings that time mends: they do not break a connection that worked before."""


@dataclass(frozen=True, slots=True)
class CheckUp:
    """What a check-up found and did. ``flows`` are those that may go on now."""

    connection: Connection
    diagnosis: Diagnosis
    flows: tuple[str, ...] = ()


async def check_up(resources: Resources, connection_id: str) -> CheckUp:
    """Check one connection and act on the finding. Raises NotFound; never what a connection can be wrong about."""
    async with resources.db.read() as db:
        connection = await connections.find(db, connection_id)
    diagnosis, registration = await _ask(resources, connection)
    now = await resources.db.now()
    async with resources.db.write() as db:
        before = await connections.find(db, connection_id)
        if registration is not None:
            await _keep(resources, db, connection_id, registration, now=now)
        if diagnosis.ok and diagnosis.account and diagnosis.account != before.account:
            await connections.change(db, connection_id, now=now, account=diagnosis.account)
        settled = await connections.settle_check(db, connection_id, diagnosis, now=now)
        if not diagnosis.ok and diagnosis.code in TEMPORARY and before.state == "ok":
            settled = await connections.change(
                db, connection_id, now=now, state="ok", state_code=None, state_detail=None
            )
        released = await _act(db, before, settled, diagnosis, now=now)
    resources.ring(released)
    log.info(
        "connection.checked",
        connection=connection_id,
        system=settled.system,
        code=diagnosis.code,
        state=settled.state,
        was=before.state,
        webhook=None if registration is None else registration.change,
    )
    return CheckUp(settled, diagnosis, tuple(released))


async def _ask(resources: Resources, connection: Connection) -> tuple[Diagnosis, WebhookRegistration | None]:
    try:
        async with resources.open_client(connection) as client:
            diagnosis = await client.check()
            if not diagnosis.ok:
                return diagnosis, None
            return await _mend_webhook(resources, connection, client, diagnosis)
    except AppError as error:
        return Diagnosis(ok=False, code=error.code, sentence=error.detail, advice=error.advice), None


async def _mend_webhook(
    resources: Resources, connection: Connection, client: Client, diagnosis: Diagnosis
) -> tuple[Diagnosis, WebhookRegistration | None]:
    """Where we can see to the webhook ourselves, see to it; a webhook that fails is a warning, polling does without."""
    url = resources.webhook_url(connection)
    if url is None or not isinstance(client, RegistersWebhooks):
        return diagnosis, None
    try:
        made = await client.ensure_webhook(
            url,
            remote_id=connection.webhook_remote_id,
            secret_known=connection.webhook_secret_sealed is not None,
        )
    except AppError as error:
        warning = (
            f"The webhook could not be set up, so polling alone does the work: {error.detail} {error.advice}"
        )
        return replace(diagnosis, warnings=(*diagnosis.warnings, warning.strip())), None
    done = {"none": "in place", "made": "made", "mended": "mended", "made_anew": "made anew"}[made.change]
    return replace(diagnosis, details={**diagnosis.details, "webhook": done}), made


async def _keep(
    resources: Resources, db: AsyncConnection, id: str, made: WebhookRegistration, *, now: int
) -> None:
    values: dict[str, object] = {"webhook_remote_id": made.remote_id}
    if made.secret is not None:
        values["webhook_secret_sealed"] = resources.sealer.seal(made.secret)
    elif made.change in ("made", "made_anew"):
        values["webhook_secret_sealed"] = None  # a remote that does not sign: the address is the only secret
    await connections.change(db, id, now=now, **values)


async def _act(
    db: AsyncConnection, before: Connection, after: Connection, diagnosis: Diagnosis, *, now: int
) -> list[str]:
    """Alerts and released flows; which flows to ring for."""
    subject = f"connection:{after.id}"
    if after.state == "broken":
        if before.state != "broken":
            await alerts.raise_alert(
                db,
                code=diagnosis.code,
                subject=subject,
                detail=f"{diagnosis.sentence} {diagnosis.advice}".strip(),
                now=now,
            )
        return []
    if not diagnosis.ok:
        return []
    await alerts.clear_alerts(db, subject=subject, now=now)
    released = await flows.unblock(db, connection_id=after.id, now=now)
    for flow_id in released:
        await alerts.clear_alerts(db, subject=f"flow:{flow_id}", now=now)
    if before.state == "ok":
        return released
    return [flow.id for flow in await flows.listed(db, connection_id=after.id, state="running")]
