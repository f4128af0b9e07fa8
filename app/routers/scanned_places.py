"""Places that a flow looks through must not be where we write: what we wrote would come back as news."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from app.connectors.base import Client, Scans
from app.errors import InvalidInput
from app.flows.base import FlowKind
from app.store import connections
from app.store.connections import Connection

ClientOf = Callable[[Connection], Client]
"""The client of a connection."""


async def refuse_own_places(
    db: AsyncConnection,
    client_of: ClientOf,
    source_connection_id: str,
    kind: FlowKind,
    settings: BaseModel,
    *,
    field: str,
) -> None:
    """Raises InvalidInput naming the place, whichever connection of the account writes there. ``field`` is where the settings
    stand in the request."""
    plan = kind.scan(settings)
    if plan is None:
        return
    source = await connections.find(db, source_connection_id)
    own: set[str] = set()
    for each in await connections.of_account(db, source.account):
        client = client_of(each)
        if isinstance(client, Scans):
            own |= client.own_places & set(plan.places)
    if own:
        raise InvalidInput(
            f"{min(own)} is a store that this service writes: its orders came from the till.",
            advice="Choose other stores of the account.",
            field=f"{field}.stores" if field else "stores",
            code="own_store",
        )
