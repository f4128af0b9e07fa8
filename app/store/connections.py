"""Connections: configured accounts of a remote system, their sealed credentials and their webhook's door.

All functions take an open SQLAlchemy connection; whoever opened the transaction commits it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from sqlalchemy import RowMapping, Update, bindparam, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.connectors.base import Diagnosis
from app.errors import Conflict, NotFound
from app.store.clock import Clock
from app.store.tables import connections, integrations, targets


@dataclass(frozen=True, slots=True)
class Connection:
    """One row of ``connections``. Times are milliseconds; everything ``_sealed`` opens with the ``Sealer`` only."""

    id: str
    system: str
    name: str
    account: str
    settings: Mapping[str, Any]
    credentials_sealed: bytes
    webhook_token_hash: str
    webhook_token_sealed: bytes
    webhook_secret_sealed: bytes | None
    webhook_remote_id: str | None
    subscription_id: str | None
    state: str
    state_code: str | None
    state_detail: str | None
    checked_at: int | None
    check_details: Mapping[str, Any] | None
    poll_interval_ms: int | None
    poll_due_at: int
    poll_soon: Sequence[int] | None
    marks: Mapping[str, int] | None
    created_at: int
    updated_at: int


_COLUMNS = [connections.c[field.name] for field in fields(Connection)]


def _connection(row: RowMapping) -> Connection:
    return Connection(**row)


async def add(
    db: AsyncConnection,
    *,
    id: str,
    system: str,
    name: str,
    account: str,
    settings: Mapping[str, Any],
    credentials_sealed: bytes,
    webhook_token_hash: str,
    webhook_token_sealed: bytes,
    webhook_secret_sealed: bytes | None,
    subscription_id: str | None,
    now: int,
) -> Connection:
    """A new connection, in the state ``new`` until its first check. Raises Conflict when the id is taken."""
    values = {
        "id": id,
        "system": system,
        "name": name,
        "account": account,
        "settings": dict(settings),
        "credentials_sealed": credentials_sealed,
        "webhook_token_hash": webhook_token_hash,
        "webhook_token_sealed": webhook_token_sealed,
        "webhook_secret_sealed": webhook_secret_sealed,
        "subscription_id": subscription_id,
        "state": "new",
        "created_at": now,
        "updated_at": now,
    }
    try:
        await db.execute(insert(connections).values(**values))
    except IntegrityError as error:
        raise Conflict(f"There is a connection {id} already.", field="id", code="id_taken") from error
    return await find(db, id)


async def find(db: AsyncConnection, id: str) -> Connection:
    """The connection. Raises NotFound."""
    row = (await db.execute(select(*_COLUMNS).where(connections.c.id == id))).mappings().first()
    if row is None:
        raise NotFound(f"There is no connection {id}.", field="connection_id")
    return _connection(row)


async def of_account(db: AsyncConnection, account: str) -> list[Connection]:
    """Every connection of one account of a remote system."""
    query = select(*_COLUMNS).where(connections.c.account == account).order_by(connections.c.id)
    return [_connection(row) for row in (await db.execute(query)).mappings()]


async def by_token_hash(db: AsyncConnection, token_hash: str) -> Connection | None:
    """The connection whose webhook URL holds the token with this keyed hash."""
    query = select(*_COLUMNS).where(connections.c.webhook_token_hash == token_hash)
    row = (await db.execute(query)).mappings().first()
    return None if row is None else _connection(row)


async def listed(db: AsyncConnection, *, system: str | None = None) -> list[Connection]:
    """All connections, oldest first."""
    query = select(*_COLUMNS).order_by(connections.c.created_at, connections.c.id)
    if system is not None:
        query = query.where(connections.c.system == system)
    return [_connection(row) for row in (await db.execute(query)).mappings()]


async def change(db: AsyncConnection, id: str, *, now: int, **values: Any) -> Connection:
    """Set columns by name. Raises NotFound."""
    await db.execute(update(connections).where(connections.c.id == id).values(updated_at=now, **values))
    return await find(db, id)


async def settle_check(db: AsyncConnection, id: str, diagnosis: Diagnosis, *, now: int) -> Connection:
    """Remember what a check found: the connection is ``ok`` or ``broken``, and why."""
    return await change(
        db,
        id,
        now=now,
        state="ok" if diagnosis.ok else "broken",
        state_code=None if diagnosis.ok else diagnosis.code,
        state_detail=None if diagnosis.ok else f"{diagnosis.sentence} {diagnosis.advice}".strip(),
        checked_at=now,
        check_details={
            "code": diagnosis.code,
            "sentence": diagnosis.sentence,
            "advice": diagnosis.advice,
            "details": dict(diagnosis.details),
            "warnings": list(diagnosis.warnings),
        },
    )


async def mark_broken(db: AsyncConnection, id: str, *, code: str, detail: str, now: int) -> bool:
    """Break a connection; False when it already was broken, so that one alert is raised and not many."""
    result = await db.execute(
        update(connections)
        .where(connections.c.id == id, connections.c.state != "broken")
        .values(state="broken", state_code=code, state_detail=detail, updated_at=now)
    )
    return result.rowcount == 1


async def is_written_to(db: AsyncConnection, id: str) -> bool:
    """Whether anything was ever written through this connection."""
    return bool((await db.execute(select(exists().where(targets.c.connection_id == id)))).scalar())


async def remove(db: AsyncConnection, id: str) -> None:
    """Forget a connection and everything that hangs on it. Raises NotFound, or Conflict while an integration uses it."""
    await find(db, id)
    used = or_(integrations.c.left_connection_id == id, integrations.c.right_connection_id == id)
    names = (
        (await db.execute(select(integrations.c.name).where(used).order_by(integrations.c.name)))
        .scalars()
        .all()
    )
    if names:
        raise Conflict(
            f"The connection is used by: {', '.join(names)}.",
            advice="Remove those integrations first.",
            code="in_use",
        )
    await db.execute(delete(connections).where(connections.c.id == id))


DOORBELL = "poll"
"""Kind of the events that name no record: something may have changed, ask."""

SOON_MS = (2_000, 6_000, 20_000)


async def poll_soon(db: AsyncConnection, ids: Iterable[str], *, clock: Clock) -> None:
    """Polls of these connections become due now, and a few times in the next seconds: a sale ends before it can be read."""
    await db.execute(_poll_soon(db.dialect.name, clock), {"ids": sorted(set(ids))})


@lru_cache(maxsize=32)
def _poll_soon(dialect: str, clock: Clock) -> Update:
    now = clock.sql()
    array = func.json_array if dialect == "sqlite" else func.json_build_array
    return (
        update(connections)
        .where(connections.c.id.in_(bindparam("ids", expanding=True)))
        .values(
            poll_due_at=case((connections.c.poll_due_at > now, now), else_=connections.c.poll_due_at),
            poll_soon=array(*(now + later for later in SOON_MS), type_=connections.c.poll_soon.type),
        )
    )


def next_poll(*, now: int, interval_ms: int, soon: Sequence[int] | None) -> tuple[int, list[int]]:
    """When a connection that was polled just now is due again, and which early times then still remain."""
    ahead = sorted(time for time in soon or () if time > now)
    if ahead and ahead[0] < now + interval_ms:
        return ahead[0], ahead[1:]
    return now + interval_ms, []
