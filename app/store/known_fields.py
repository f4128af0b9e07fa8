"""Which fields a connection's records have, as its system told it last: for checks and for when the system is away."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.connectors.base import Fields, RemoteField, Way
from app.store.tables import known_fields as table
from app.store.upsert import upsert

_DEFAULTS = asdict(RemoteField())
_NAMES = {field.name for field in fields(RemoteField)}


@dataclass(frozen=True, slots=True)
class Remembered:
    """Fields by path, and when they were read: milliseconds since 1970."""

    fields: Fields
    read_at: int


async def find(db: AsyncConnection, *, connection_id: str, kind: str, way: Way) -> Remembered | None:
    """What was told last; None where nobody asked yet."""
    query = select(table.c.fields, table.c.read_at).where(
        table.c.connection_id == connection_id, table.c.kind == kind, table.c.way == way
    )
    row = (await db.execute(query)).first()
    if row is None:
        return None
    return Remembered({path: _field(kept) for path, kept in row.fields.items()}, row.read_at)


async def keep(
    db: AsyncConnection, *, connection_id: str, kind: str, way: Way, fields: Fields, now: int
) -> None:
    """Remember what was told just now."""
    kept = {path: _kept(field) for path, field in fields.items()}
    statement = upsert(db, table).values(
        connection_id=connection_id, kind=kind, way=way, fields=kept, read_at=now
    )
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["connection_id", "kind", "way"],
            set_={"fields": statement.excluded.fields, "read_at": statement.excluded.read_at},
        )
    )


async def forget(db: AsyncConnection, connection_id: str) -> None:
    """The connection may be another place now."""
    await db.execute(delete(table).where(table.c.connection_id == connection_id))


def _kept(field: RemoteField) -> dict[str, object]:
    return {name: value for name, value in asdict(field).items() if value != _DEFAULTS[name]}


def _field(kept: dict[str, object]) -> RemoteField:
    """What a later version wrote and this one does not know is left out."""
    known = {name: value for name, value in kept.items() if name in _NAMES}
    if "choices" in known:
        known["choices"] = tuple(known["choices"])  # type: ignore[arg-type]
    return RemoteField(**known)  # type: ignore[arg-type]
