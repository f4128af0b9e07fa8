"""Alerts: what a person should look at. Equal ones are one row with a count, until they are cleared."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import NotFound
from app.store.tables import alerts


@dataclass(frozen=True, slots=True)
class Alert:
    """One row of ``alerts``. ``subject`` is ``connection:<id>``, ``flow:<id>`` and the like."""

    id: int
    code: str
    subject: str
    detail: str
    count: int
    raised_at: int
    last_at: int
    cleared_at: int | None


_COLUMNS = [alerts.c[field.name] for field in fields(Alert)]


async def raise_alert(db: AsyncConnection, *, code: str, subject: str, detail: str, now: int) -> bool:
    """Raise an alert, or count an open one with the same code and subject once more. True when it is new."""
    same = (alerts.c.code == code, alerts.c.subject == subject, alerts.c.cleared_at.is_(None))
    result = await db.execute(
        update(alerts).where(*same).values(count=alerts.c.count + 1, last_at=now, detail=detail)
    )
    if result.rowcount:
        return False
    await db.execute(
        insert(alerts).values(code=code, subject=subject, detail=detail, count=1, raised_at=now, last_at=now)
    )
    return True


async def clear_alerts(db: AsyncConnection, *, subject: str, now: int, code: str | None = None) -> int:
    """Clear the open alerts of a subject (of one code, or all); how many there were."""
    statement = update(alerts).where(alerts.c.subject == subject, alerts.c.cleared_at.is_(None))
    if code is not None:
        statement = statement.where(alerts.c.code == code)
    return (await db.execute(statement.values(cleared_at=now))).rowcount


async def clear_one(db: AsyncConnection, id: int, *, now: int) -> Alert:
    """Clear one alert by hand. Raises NotFound; a cleared one stays as it is."""
    await db.execute(
        update(alerts).where(alerts.c.id == id, alerts.c.cleared_at.is_(None)).values(cleared_at=now)
    )
    return await find(db, id)


async def find(db: AsyncConnection, id: int) -> Alert:
    """The alert. Raises NotFound."""
    row = (await db.execute(select(*_COLUMNS).where(alerts.c.id == id))).mappings().first()
    if row is None:
        raise NotFound(f"There is no alert {id}.", field="alert_id")
    return Alert(**row)


async def listed(
    db: AsyncConnection,
    *,
    open_only: bool = True,
    subject: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Alert]:
    """Alerts, newest first; ``before`` continues a listing below that id."""
    query = select(*_COLUMNS).order_by(alerts.c.id.desc()).limit(limit)
    if open_only:
        query = query.where(alerts.c.cleared_at.is_(None))
    if subject is not None:
        query = query.where(alerts.c.subject == subject)
    if before is not None:
        query = query.where(alerts.c.id < before)
    return [Alert(**row) for row in (await db.execute(query)).mappings()]
