"""Integrations: pairs of connections with shared settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import Conflict, NotFound
from app.store.tables import integrations


@dataclass(frozen=True, slots=True)
class Integration:
    """One row of ``integrations``. ``settings`` hold what all of its flows share: time zone, country, currency."""

    id: str
    name: str
    left_connection_id: str
    right_connection_id: str
    settings: Mapping[str, Any]
    created_at: int
    updated_at: int

    @property
    def connection_ids(self) -> tuple[str, str]:
        """Both sides."""
        return self.left_connection_id, self.right_connection_id


_COLUMNS = [integrations.c[field.name] for field in fields(Integration)]


async def add(
    db: AsyncConnection,
    *,
    id: str,
    name: str,
    left_connection_id: str,
    right_connection_id: str,
    settings: Mapping[str, Any],
    now: int,
) -> Integration:
    """A new integration without flows. Raises Conflict when the id is taken."""
    values = {
        "id": id,
        "name": name,
        "left_connection_id": left_connection_id,
        "right_connection_id": right_connection_id,
        "settings": dict(settings),
        "created_at": now,
        "updated_at": now,
    }
    try:
        await db.execute(insert(integrations).values(**values))
    except IntegrityError as error:
        raise Conflict(f"There is an integration {id} already.", field="id", code="id_taken") from error
    return await find(db, id)


async def find(db: AsyncConnection, id: str) -> Integration:
    """The integration. Raises NotFound."""
    row = (await db.execute(select(*_COLUMNS).where(integrations.c.id == id))).mappings().first()
    if row is None:
        raise NotFound(f"There is no integration {id}.", field="integration_id")
    return Integration(**row)


async def listed(db: AsyncConnection) -> list[Integration]:
    """All integrations, oldest first."""
    query = select(*_COLUMNS).order_by(integrations.c.created_at, integrations.c.id)
    return [Integration(**row) for row in (await db.execute(query)).mappings()]


async def change(db: AsyncConnection, id: str, *, now: int, **values: Any) -> Integration:
    """Set columns by name. Raises NotFound."""
    await db.execute(update(integrations).where(integrations.c.id == id).values(updated_at=now, **values))
    return await find(db, id)


async def remove(db: AsyncConnection, id: str) -> None:
    """Forget an integration with its flows, their deliveries and attempts. Nothing is touched at either side."""
    await find(db, id)
    await db.execute(delete(integrations).where(integrations.c.id == id))
