"""Flows as configured: settings, mapping, state and schedule. What moves through them stands in ``deliveries``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import Conflict, NotFound
from app.store.tables import flows


@dataclass(frozen=True, slots=True)
class Flow:
    """One row of ``flows``. ``version`` counts changes of settings or mapping; compiled mappings are kept by it."""

    id: str
    integration_id: str
    kind: str
    record_kind: str
    source_connection_id: str
    target_connection_id: str
    settings: Mapping[str, Any]
    mapping: Mapping[str, Any]
    version: int
    state: str
    state_code: str | None
    state_detail: str | None
    approved_at: int | None
    window_ms: int
    deadline_ms: int
    schedule: Mapping[str, Any] | None
    opens_at: int
    created_at: int
    updated_at: int


_COLUMNS = [flows.c[field.name] for field in fields(Flow)]


async def add(
    db: AsyncConnection,
    *,
    id: str,
    integration_id: str,
    kind: str,
    record_kind: str,
    source_connection_id: str,
    target_connection_id: str,
    settings: Mapping[str, Any],
    mapping: Mapping[str, Any],
    window_ms: int,
    deadline_ms: int,
    now: int,
) -> Flow:
    """A new flow; it starts paused. Raises Conflict when the integration already has that flow."""
    values = {
        "id": id,
        "integration_id": integration_id,
        "kind": kind,
        "record_kind": record_kind,
        "source_connection_id": source_connection_id,
        "target_connection_id": target_connection_id,
        "settings": dict(settings),
        "mapping": dict(mapping),
        "window_ms": window_ms,
        "deadline_ms": deadline_ms,
        "state": "paused",
        "created_at": now,
        "updated_at": now,
    }
    try:
        await db.execute(insert(flows).values(**values))
    except IntegrityError as error:
        raise Conflict(
            f"The integration already has a flow of the kind {kind!r} between these connections.",
            advice="Change that one, or choose other connections.",
            code="flow_exists",
        ) from error
    return await find(db, id)


async def find(db: AsyncConnection, id: str, *, to_change: bool = False) -> Flow:
    """The flow. Raises NotFound.

    ``to_change``: whoever else wants to change it waits until this transaction ends, and then sees what it made of it.
    Deliveries of the flow are not held up.
    """
    statement = select(*_COLUMNS).where(flows.c.id == id)
    if to_change:
        statement = statement.with_for_update(key_share=True)  # SQLite has one writer at a time anyway
    row = (await db.execute(statement)).mappings().first()
    if row is None:
        raise NotFound(f"There is no flow {id}.", field="flow_id")
    return Flow(**row)


async def listed(
    db: AsyncConnection,
    *,
    integration_id: str | None = None,
    connection_id: str | None = None,
    state: str | None = None,
) -> list[Flow]:
    """Flows, oldest first; ``connection_id`` finds those that read from or write to it."""
    query = select(*_COLUMNS).order_by(flows.c.created_at, flows.c.id)
    if integration_id is not None:
        query = query.where(flows.c.integration_id == integration_id)
    if connection_id is not None:
        query = query.where(
            or_(flows.c.source_connection_id == connection_id, flows.c.target_connection_id == connection_id)
        )
    if state is not None:
        query = query.where(flows.c.state == state)
    return [Flow(**row) for row in (await db.execute(query)).mappings()]


async def change(db: AsyncConnection, id: str, *, now: int, **values: Any) -> Flow:
    """Set columns that do not change what the flow means: state, timing, schedule. Raises NotFound."""
    await db.execute(update(flows).where(flows.c.id == id).values(updated_at=now, **values))
    return await find(db, id)


async def configure(
    db: AsyncConnection,
    id: str,
    *,
    now: int,
    settings: Mapping[str, Any] | None = None,
    mapping: Mapping[str, Any] | None = None,
    expected_version: int | None = None,
) -> Flow:
    """Put new settings or a new mapping: one version more. Raises Conflict when somebody else changed it meanwhile."""
    values: dict[str, Any] = {"updated_at": now, "version": flows.c.version + 1}
    if settings is not None:
        values["settings"] = dict(settings)
    if mapping is not None:
        values["mapping"] = dict(mapping)
    statement = update(flows).where(flows.c.id == id)
    if expected_version is not None:
        statement = statement.where(flows.c.version == expected_version)
    if (await db.execute(statement.values(**values))).rowcount == 0:
        present = await find(db, id)
        raise Conflict(
            f"The flow is at version {present.version} now, not at {expected_version}.",
            advice="Read it again, and repeat your change on what you then see.",
            field="version",
            code="version_moved",
        )
    return await find(db, id)


async def block(db: AsyncConnection, id: str, *, code: str, detail: str, now: int) -> bool:
    """Block a running flow (limits at the target); False when it was not running, so that one alert is raised."""
    result = await db.execute(
        update(flows)
        .where(flows.c.id == id, flows.c.state == "running")
        .values(state="blocked", state_code=code, state_detail=detail, updated_at=now)
    )
    return result.rowcount == 1


async def unblock(db: AsyncConnection, *, connection_id: str, now: int) -> list[str]:
    """Let the blocked flows that write to a connection run again, after a passing check; their ids."""
    query = (
        select(flows.c.id)
        .where(flows.c.target_connection_id == connection_id, flows.c.state == "blocked")
        .order_by(flows.c.id)
    )
    ids = list((await db.execute(query)).scalars())
    if ids:
        await db.execute(
            update(flows)
            .where(flows.c.id.in_(ids), flows.c.state == "blocked")
            .values(state="running", state_code=None, state_detail=None, updated_at=now)
        )
    return ids


async def remove(db: AsyncConnection, id: str) -> None:
    """Forget a flow, its deliveries and attempts. What it brought to the target stays there."""
    await find(db, id)
    await db.execute(delete(flows).where(flows.c.id == id))
