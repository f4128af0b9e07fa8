"""A connection's webhook over the API: made anew, or removed."""

from __future__ import annotations

import secrets

from fastapi import APIRouter

from app.checkup import check_up
from app.connectors.mplus.webhooks import new_secret
from app.errors import InvalidInput
from app.routers.access import Administers
from app.routers.connection_bodies import ConnectionId, WebhookRemoved
from app.routers.connections import removed_at_remote
from app.routers.context import Reach
from app.routers.doors import webhook_token_hash
from app.routers.webhook_setup import WebhookSetup, setup_of
from app.store import connections as store

router = APIRouter(prefix="/api/v1/connections", tags=["Connections"])


@router.post("/{connection_id}/webhook")
async def renew_webhook(reach: Reach, _caller: Administers, connection_id: ConnectionId) -> WebhookSetup:
    """Make the webhook's address and secret anew, and show them once. The old address stops working at once.

    Type the new ones into the till; for Mailchimp the new address is registered right away.
    """
    async with reach.db.read() as db:
        before = await store.find(db, connection_id)
    if before.webhook_remote_id is not None:
        await removed_at_remote(reach, before)
    token = secrets.token_urlsafe(24)
    secret = new_secret() if before.system == "mplus" else None
    now = await reach.db.now()
    async with reach.db.write() as db:
        after = await store.change(
            db,
            connection_id,
            now=now,
            webhook_token_hash=webhook_token_hash(reach.sealer, token),
            webhook_token_sealed=reach.sealer.seal(token),
            webhook_secret_sealed=None if secret is None else reach.sealer.seal(secret),
            webhook_remote_id=None,
        )
    reach.doors.forget(before.webhook_token_hash)
    reach.doors.learn([after])
    url = reach.resources.webhook_url(after)
    if url is not None and before.system != "mplus":
        reach.doors.learn([(await check_up(reach.resources, connection_id)).connection])
    return setup_of(after.system, url=url, secret=secret, subscription_id=after.subscription_id)


@router.delete("/{connection_id}/webhook")
async def remove_webhook(reach: Reach, _caller: Administers, connection_id: ConnectionId) -> WebhookRemoved:
    """Remove the webhook that we registered. Polling goes on; the next check registers it again."""
    async with reach.db.read() as db:
        found = await store.find(db, connection_id)
    if found.system == "mplus":
        raise InvalidInput(
            "The till's webhook can only be removed in its back office.",
            advice="Open Beheer > Instellingen > Webhooks.",
            code="by_hand",
        )
    removed = await removed_at_remote(reach, found)
    now = await reach.db.now()
    async with reach.db.write() as db:
        changed = await store.change(
            db, connection_id, now=now, webhook_remote_id=None, webhook_secret_sealed=None
        )
    reach.doors.learn([changed])
    return WebhookRemoved(removed=removed)
