"""Versions of what people configure: every change of a flow or an integration with who, when, what differs, and the whole content.

A change is noted in the transaction that makes it. Each version is compared with the one before it as it was noted, so that
the chain has no gap: what was changed before versions were kept is noted as ``found``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Protocol

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import NotFound
from app.flows.differences import Difference, differences
from app.store.flows import Flow
from app.store.integrations import Integration
from app.store.tables import config_changes as table

How = Literal["found", "created", "changed", "restored", "imported", "removed"]
KEPT = 200
"""So many versions of one flow or integration are kept; older ones are forgotten."""


class Who(Protocol):
    """Whose key made the change."""

    @property
    def key_id(self) -> str: ...

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One row of ``config_changes``. ``differences`` are those of :mod:`app.flows.differences`, as plain data."""

    id: int
    integration_id: str
    subject: str
    number: int
    at: int
    key_id: str | None
    key_name: str | None
    how: str
    restored: int | None
    differences: Sequence[Mapping[str, Any]]
    content: Mapping[str, Any]


_COLUMNS = [table.c[field.name] for field in fields(ConfigChange)]


def flow_content(flow: Flow) -> dict[str, Any]:
    """Everything of a flow that a version holds."""
    return {
        "settings": dict(flow.settings),
        "mapping": dict(flow.mapping),
        "hours": None if flow.schedule is None else dict(flow.schedule),
        "window_s": flow.window_ms / 1000,
        "deadline_s": flow.deadline_ms / 1000,
    }


def integration_content(integration: Integration) -> dict[str, Any]:
    """Everything of an integration that a version holds."""
    return {"name": integration.name, "settings": dict(integration.settings)}


async def note_flow(
    db: AsyncConnection,
    flow: Flow,
    *,
    who: Who,
    now: int,
    before: Flow | None = None,
    how: How = "changed",
    restored: int | None = None,
) -> int | None:
    """Note a flow as it is now. ``before`` is how it stood before this transaction. See :func:`note`."""
    return await note(
        db,
        integration_id=flow.integration_id,
        subject=flow.id,
        before=None if before is None else flow_content(before),
        content=flow_content(flow),
        who=who,
        now=now,
        how=how,
        restored=restored,
    )


async def note_integration(
    db: AsyncConnection,
    integration: Integration,
    *,
    who: Who,
    now: int,
    before: Integration | None = None,
    how: How = "changed",
    restored: int | None = None,
) -> int | None:
    """Note an integration as it is now. See :func:`note`."""
    return await note(
        db,
        integration_id=integration.id,
        subject=integration.id,
        before=None if before is None else integration_content(before),
        content=integration_content(integration),
        who=who,
        now=now,
        how=how,
        restored=restored,
    )


async def note(
    db: AsyncConnection,
    *,
    integration_id: str,
    subject: str,
    before: Mapping[str, Any] | None,
    content: Mapping[str, Any],
    who: Who,
    now: int,
    how: How,
    restored: int | None = None,
) -> int | None:
    """The number of the new version; None where nothing differs from the latest one.

    The row of the flow or the integration must have been written in this transaction already: that lock makes numbers
    follow each other.
    """
    latest = await newest(db, integration_id=integration_id, subject=subject)
    if latest is None and before is not None:
        latest = await _add(db, integration_id, subject, 1, before, (), how="found", who=None, now=now)
    last = {} if latest is None else latest.content
    found = tuple(asdict(each) for each in differences(last, content)) if latest is not None else ()
    if latest is not None and not found and how != "removed":
        return None
    number = 1 if latest is None else latest.number + 1
    await _add(
        db, integration_id, subject, number, content, found, how=how, who=who, now=now, restored=restored
    )
    await db.execute(
        delete(table).where(
            table.c.integration_id == integration_id,
            table.c.subject == subject,
            table.c.number <= number - KEPT,
        )
    )
    return number


async def _add(
    db: AsyncConnection,
    integration_id: str,
    subject: str,
    number: int,
    content: Mapping[str, Any],
    found: Sequence[Mapping[str, Any]],
    *,
    how: How,
    who: Who | None,
    now: int,
    restored: int | None = None,
) -> ConfigChange:
    await db.execute(
        insert(table).values(
            integration_id=integration_id,
            subject=subject,
            number=number,
            at=now,
            key_id=None if who is None else who.key_id,
            key_name=None if who is None else who.name,
            how=how,
            restored=restored,
            differences=list(found),
            content=dict(content),
        )
    )
    return await find(db, integration_id=integration_id, subject=subject, number=number)


def told(change: ConfigChange) -> list[Difference]:
    """Its differences."""
    return [Difference(**each) for each in change.differences]


async def find(db: AsyncConnection, *, integration_id: str, subject: str, number: int) -> ConfigChange:
    """One version. Raises NotFound."""
    query = select(*_COLUMNS).where(
        table.c.integration_id == integration_id, table.c.subject == subject, table.c.number == number
    )
    row = (await db.execute(query)).mappings().first()
    if row is None:
        raise NotFound(
            f"There is no version {number} of {subject}; the latest {KEPT} are kept.", field="number"
        )
    return ConfigChange(**row)


async def newest(db: AsyncConnection, *, integration_id: str, subject: str) -> ConfigChange | None:
    """The version that counts now; None where none was noted yet."""
    found = await listed(db, integration_id=integration_id, subject=subject, limit=1)
    return found[0] if found else None


async def listed(
    db: AsyncConnection,
    *,
    integration_id: str,
    subject: str | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[ConfigChange]:
    """Versions, newest first; without a subject those of the integration and of all of its flows."""
    query = select(*_COLUMNS).where(table.c.integration_id == integration_id)
    if subject is not None:
        query = query.where(table.c.subject == subject)
    if before_id is not None:
        query = query.where(table.c.id < before_id)
    rows = await db.execute(query.order_by(table.c.id.desc()).limit(limit))
    return [ConfigChange(**row) for row in rows.mappings()]
