"""The catalogue of fields: what the rows of a flow can read at its source and write at its target.

A system is asked for the fields that the merchant made there, and what it told is kept for a short time, also across
restarts: whoever saves a mapping soon after is not made to wait, and while the system is away the last known ones count.
Where it was never asked, the fields that every account has do, with ``custom.*`` open for any name.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from app.connectors.base import Fields, TellsFields, Way
from app.connectors.registry import system
from app.errors import AppError, RemoteUnavailable
from app.mapping.check import Kind, TargetField
from app.resources import Resources
from app.store import connections, flows, known_fields
from app.store.connections import Connection

BELIEVED_MS = 60_000
"""So long what a system told is not asked for again."""
PATIENCE_S = 15.0
"""So long an editor is made to wait for a system."""


@dataclass(frozen=True, slots=True)
class Side:
    """The fields of one side as they are known. ``read_at`` is when the system told them (milliseconds since 1970), None for
    those of every account; ``error`` is why it could not be asked now."""

    connection: Connection
    kind: str
    way: Way
    fields: Fields
    read_at: int | None = None
    error: AppError | None = None


async def remembered(db: AsyncConnection, connection: Connection, kind: str, way: Way) -> Side:
    """What is known without asking anybody."""
    kept = await known_fields.find(db, connection_id=connection.id, kind=kind, way=way)
    if kept is not None:
        return Side(connection, kind, way, kept.fields, kept.read_at)
    connector = system(connection.system)
    standard = (connector.out_fields if way == "out" else connector.in_fields).get(kind, {})
    return Side(connection, kind, way, standard)


async def sides(resources: Resources, flow_id: str, *, believed_ms: int = BELIEVED_MS) -> tuple[Side, Side]:
    """Source and target of a flow; a system is asked where what it told is older than ``believed_ms``. Raises NotFound."""
    async with resources.db.read() as db:
        flow = await flows.find(db, flow_id)
        ends: tuple[tuple[str, Way], ...] = (
            (flow.source_connection_id, "out"),
            (flow.target_connection_id, "in"),
        )
        found = [
            await remembered(db, await connections.find(db, id), flow.record_kind, way) for id, way in ends
        ]
    now = await resources.db.now()
    source, target = await asyncio.gather(
        *(_asked(resources, side, now=now, believed_ms=believed_ms) for side in found)
    )
    return source, target


async def _asked(resources: Resources, side: Side, *, now: int, believed_ms: int) -> Side:
    """The side as its system tells it now; as it was, with the reason, where that cannot be asked."""
    if side.read_at is not None and 0 <= now - side.read_at < believed_ms:
        return side
    try:
        client = resources.client(side.connection)
        if not isinstance(client, TellsFields):
            return side
        async with asyncio.timeout(PATIENCE_S):
            told = await client.fields(side.kind, side.way)
    except TimeoutError:
        error: AppError = RemoteUnavailable("The system did not tell its fields in time.", code="later")
        return Side(side.connection, side.kind, side.way, side.fields, side.read_at, error)
    except AppError as error:
        return Side(side.connection, side.kind, side.way, side.fields, side.read_at, error)
    async with resources.db.write() as db:
        await known_fields.keep(
            db, connection_id=side.connection.id, kind=side.kind, way=side.way, fields=told, now=now
        )
    return Side(side.connection, side.kind, side.way, told, now)


def as_sources(fields: Fields) -> dict[str, Kind]:
    """As the check of a mapping takes what can be read."""
    return {path: field.kind for path, field in fields.items()}


def as_targets(fields: Fields) -> dict[str, TargetField]:
    """As the check of a mapping takes what can be written."""
    return {
        path: TargetField(field.kind, field.required, field.note, field.choices)
        for path, field in fields.items()
    }
