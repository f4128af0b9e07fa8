"""API keys: only their keyed hash rests here, so a stolen database opens no door."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import NotFound
from app.store.tables import api_keys

_TOUCH_EVERY_MS = 60_000


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key as it may be shown: never its text."""

    id: str
    name: str
    scope: str
    created_at: int
    last_used_at: int | None
    revoked_at: int | None


_COLUMNS = [api_keys.c[field.name] for field in fields(ApiKey)]


async def add(db: AsyncConnection, *, id: str, name: str, key_hash: str, scope: str, now: int) -> ApiKey:
    """A new key."""
    await db.execute(
        insert(api_keys).values(id=id, name=name, key_hash=key_hash, scope=scope, created_at=now)
    )
    return await find(db, id)


async def find(db: AsyncConnection, id: str) -> ApiKey:
    """The key by its id. Raises NotFound."""
    row = (await db.execute(select(*_COLUMNS).where(api_keys.c.id == id))).mappings().first()
    if row is None:
        raise NotFound(f"There is no API key {id}.", field="key_id")
    return ApiKey(**row)


async def by_hash(db: AsyncConnection, key_hash: str) -> ApiKey | None:
    """The key with this hash, unless it is revoked."""
    query = select(*_COLUMNS).where(api_keys.c.key_hash == key_hash, api_keys.c.revoked_at.is_(None))
    row = (await db.execute(query)).mappings().first()
    return None if row is None else ApiKey(**row)


async def listed(db: AsyncConnection) -> list[ApiKey]:
    """All keys, the revoked ones too, oldest first."""
    query = select(*_COLUMNS).order_by(api_keys.c.created_at, api_keys.c.id)
    return [ApiKey(**row) for row in (await db.execute(query)).mappings()]


async def revoke(db: AsyncConnection, id: str, *, now: int) -> ApiKey:
    """Shut a key for good. Raises NotFound; a revoked one stays as it is."""
    await db.execute(
        update(api_keys).where(api_keys.c.id == id, api_keys.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    return await find(db, id)


def is_stale(key: ApiKey, *, now: int) -> bool:
    """Whether its last use should be written down again: once a minute is enough to see which keys live."""
    return key.last_used_at is None or key.last_used_at < now - _TOUCH_EVERY_MS


async def touch(db: AsyncConnection, id: str, *, now: int) -> None:
    """Remember that a key was used."""
    stale = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < now)
    await db.execute(update(api_keys).where(api_keys.c.id == id, stale).values(last_used_at=now))
