"""Connections over the API: made, checked, changed, removed."""

from __future__ import annotations

import secrets
from typing import Any

import structlog
from fastapi import APIRouter, Response

from app.checkup import check_up
from app.connectors.base import Connector, RegistersWebhooks
from app.connectors.mplus.webhooks import new_secret
from app.connectors.registry import system
from app.errors import AppError, Conflict
from app.routers.access import Administers, Operates, Reads
from app.routers.connection_bodies import (
    CheckedConnection,
    ConnectionChange,
    ConnectionId,
    ConnectionMade,
    ConnectionOut,
    NewConnection,
    checked,
    configured,
    shown,
)
from app.routers.context import Context, Reach
from app.routers.doors import webhook_token_hash
from app.routers.webhook_setup import setup_of
from app.store import alerts, known_fields
from app.store import connections as store
from app.store.connections import Connection
from app.store.ids import new_id

log = structlog.get_logger("api")
router = APIRouter(prefix="/api/v1/connections", tags=["Connections"])


@router.get("")
async def list_connections(reach: Reach, _caller: Reads) -> list[ConnectionOut]:
    """All connections, oldest first."""
    async with reach.db.read() as db:
        return [ConnectionOut(**shown(connection, reach)) for connection in await store.listed(db)]


@router.post("", status_code=201)
async def create_connection(reach: Reach, _caller: Administers, body: NewConnection) -> ConnectionMade:
    """Connect an account, and check it at once. What stands in the way is told in `check`; the connection is kept.

    The answer holds the webhook's address and, for the till, the secret and what to type where; both are shown only now.
    """
    connector = system(body.system)
    settings, credentials, account = configured(
        connector, reach, settings=body.settings, credentials=body.credentials
    )
    id, token = body.id or new_id("con"), secrets.token_urlsafe(24)
    secret = new_secret() if connector.name == "mplus" else None
    subscription = f"t2a-{id}" if connector.name == "mplus" else None
    now = await reach.db.now()
    async with reach.db.write() as db:
        made = await store.add(
            db,
            id=id,
            system=connector.name,
            name=body.name,
            account=account,
            settings=settings,
            credentials_sealed=reach.sealer.seal_json(credentials),
            webhook_token_hash=webhook_token_hash(reach.sealer, token),
            webhook_token_sealed=reach.sealer.seal(token),
            webhook_secret_sealed=None if secret is None else reach.sealer.seal(secret),
            subscription_id=subscription,
            now=now,
        )
    found = (await check_up(reach.resources, id)).connection
    reach.doors.learn([found])
    url = reach.resources.webhook_url(made)
    setup = setup_of(made.system, url=url, secret=secret, subscription_id=subscription)
    return ConnectionMade(**shown(found, reach), webhook_setup=setup)


@router.get("/{connection_id}")
async def get_connection(reach: Reach, _caller: Reads, connection_id: ConnectionId) -> ConnectionOut:
    """One connection, with its last check."""
    async with reach.db.read() as db:
        return ConnectionOut(**shown(await store.find(db, connection_id), reach))


@router.patch("/{connection_id}")
async def change_connection(
    reach: Reach, _caller: Administers, connection_id: ConnectionId, body: ConnectionChange
) -> ConnectionOut:
    """Change name, settings or credentials. New settings or credentials are checked at once: look at `check`."""
    now = await reach.db.now()
    async with reach.db.write() as db:
        before = await store.find(db, connection_id)
        values: dict[str, Any] = {} if body.name is None else {"name": body.name}
        anew = body.settings is not None or body.credentials is not None
        if anew:
            values |= await _moved(reach, db, before, body)
            await known_fields.forget(db, connection_id)
        changed = await store.change(db, connection_id, now=now, **values)
    if anew:
        changed = (await check_up(reach.resources, connection_id)).connection
        reach.doors.learn([changed])
    return ConnectionOut(**shown(changed, reach))


async def _moved(reach: Context, db: Any, before: Connection, body: ConnectionChange) -> dict[str, Any]:
    """The columns of new settings or credentials. Raises InvalidInput by field, or Conflict."""
    connector = system(before.system)
    settings, credentials, account = configured(
        connector,
        reach,
        settings=dict(before.settings) if body.settings is None else body.settings,
        credentials=(
            reach.sealer.unseal_json(before.credentials_sealed)
            if body.credentials is None
            else body.credentials
        ),
    )
    _same_place(connector, before.settings, settings, used=await store.is_written_to(db, before.id))
    return {
        "settings": settings,
        "credentials_sealed": reach.sealer.seal_json(credentials),
        "account": account,
        "state": "new",
        "state_code": None,
        "state_detail": None,
    }


def _same_place(connector: Connector, before: Any, after: Any, *, used: bool) -> None:
    """What was written is remembered per connection, so one that was written to cannot become another place."""
    for name, field in connector.settings.model_fields.items():
        extra = field.json_schema_extra
        fixed = isinstance(extra, dict) and extra.get("fixed") is True
        if used and fixed and before.get(name) != after.get(name):
            raise Conflict(
                f"The setting {name!r} cannot change any more: records were already written through this connection.",
                advice="Make a new connection for the other place, and an integration with it.",
                field=f"settings.{name}",
                code="fixed_setting",
            )


@router.delete("/{connection_id}", status_code=204)
async def delete_connection(reach: Reach, _caller: Administers, connection_id: ConnectionId) -> Response:
    """Forget a connection that no integration uses, and clear its alerts. Its webhook is removed where we registered it, if it
    can be reached."""
    now = await reach.db.now()
    async with reach.db.read() as db:
        found = await store.find(db, connection_id)
    async with reach.db.write() as db:
        await store.remove(db, connection_id)
        await alerts.clear_alerts(db, subject=f"connection:{connection_id}", now=now)
    reach.doors.forget(found.webhook_token_hash)
    try:
        await removed_at_remote(reach, found)
    except AppError as error:
        log.warning("webhook.left_behind", connection=connection_id, code=error.code)
    return Response(status_code=204)


async def removed_at_remote(reach: Context, connection: Connection) -> bool:
    """Take away the webhook that we registered; whether there was one. Raises what the remote answers."""
    url = reach.resources.webhook_url(connection)
    if url is None or connection.webhook_remote_id is None:
        return False
    async with reach.resources.open_client(connection) as client:
        return isinstance(client, RegistersWebhooks) and await client.remove_webhook(url)


@router.post("/{connection_id}/check")
async def check_connection(reach: Reach, _caller: Operates, connection_id: ConnectionId) -> CheckedConnection:
    """Ask the remote now: what stands in the way, in one sentence, with what to do.

    A passing check releases what waited: the connection is `ok` and blocked flows go on. Where the remote lets us, the
    webhook is registered, or put back. A failed check is an answer, not an error: look at `check.ok`.
    """
    found = await check_up(reach.resources, connection_id)
    reach.doors.learn([found.connection])
    return checked(found, reach)
