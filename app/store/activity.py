"""What moved, as people look at it: events, deliveries and attempts by filter, newest first, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, Text, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import NotFound
from app.store.tables import attempts, connections, counters, deliveries, events, flows


@dataclass(frozen=True, slots=True)
class Filter:
    """What to look for; None means anything. ``before`` continues a listing below that id. Times are milliseconds.

    ``text`` is looked for in reasons, codes, warnings and summaries, whatever its case.
    """

    flow_id: str | None = None
    integration_id: str | None = None
    connection_id: str | None = None
    delivery_id: int | None = None
    record: str | None = None
    kind: str | None = None
    state: Sequence[str] = ()
    outcome: Sequence[str] = ()
    code: str | None = None
    direction: str | None = None
    trigger: str | None = None
    needs_yes: bool | None = None
    since: int | None = None
    until: int | None = None
    text: str | None = None
    before: int | None = None


async def list_events(db: AsyncConnection, wanted: Filter, *, limit: int) -> list[RowMapping]:
    """Notifications."""
    query = select(events).order_by(events.c.id.desc()).limit(limit)
    conditions = [
        *_same(events.c, wanted, connection_id="connection_id", kind="kind", trigger="trigger", ref="record"),
        *_between(events.c.received_at, wanted),
        *_below(events.c.id, wanted),
    ]
    return list((await db.execute(query.where(*conditions))).mappings())


async def list_deliveries(db: AsyncConnection, wanted: Filter, *, limit: int) -> list[RowMapping]:
    """Standing orders, the newest first; their times are those of the last request."""
    query = select(*_DELIVERY).order_by(deliveries.c.id.desc()).limit(limit)
    return list((await db.execute(query.where(*_delivery_conditions(wanted)))).mappings())


async def find_delivery(db: AsyncConnection, id: int) -> RowMapping:
    """One standing order. Raises NotFound."""
    row = (await db.execute(select(*_DELIVERY).where(deliveries.c.id == id))).mappings().first()
    if row is None:
        raise NotFound(f"There is no delivery {id}.", field="delivery_id")
    return row


async def list_attempts(db: AsyncConnection, wanted: Filter, *, limit: int) -> list[RowMapping]:
    """Tries, newest first."""
    query = select(*_ATTEMPT).order_by(attempts.c.id.desc()).limit(limit)
    c = attempts.c
    conditions = [
        *_same(c, wanted, flow_id="flow_id", delivery_id="delivery_id", source_ref="record", code="code"),
        *_same(c, wanted, direction="direction", trigger="trigger"),
        *_among(c.outcome, wanted.outcome),
        *_of_integration(c.flow_id, wanted),
        *_between(c.started_at, wanted),
        *_below(c.id, wanted),
        *_text(wanted, c.reason, c.code, cast(c.warnings, Text), cast(c.changes, Text)),
    ]
    return list((await db.execute(query.where(*conditions))).mappings())


async def find_attempt(db: AsyncConnection, id: int) -> RowMapping:
    """One try with its sealed payload. Raises NotFound."""
    row = (await db.execute(select(attempts).where(attempts.c.id == id))).mappings().first()
    if row is None:
        raise NotFound(f"There is no attempt {id}.", field="attempt_id")
    return row


async def states_of(db: AsyncConnection, flow_id: str) -> dict[str, int]:
    """How many deliveries of a flow stand in each state; ``needs_yes`` counts those that wait for a person."""
    query = (
        select(deliveries.c.state, deliveries.c.needs_yes, func.count())
        .where(deliveries.c.flow_id == flow_id)
        .group_by(deliveries.c.state, deliveries.c.needs_yes)
    )
    found: dict[str, int] = {}
    for state, needs_yes, count in await db.execute(query):
        name = "needs_yes" if needs_yes else state
        found[name] = found.get(name, 0) + count
    return found


async def outcomes_of(db: AsyncConnection, flow_id: str, *, since: int) -> dict[str, int]:
    """Outcomes of a flow, counted by the hour, from the hour of ``since`` on."""
    query = (
        select(counters.c.outcome, func.sum(counters.c.count))
        .where(counters.c.flow_id == flow_id, counters.c.hour >= since - 3_600_000)
        .group_by(counters.c.outcome)
    )
    return {outcome: int(count) for outcome, count in await db.execute(query)}


_DELIVERY = [column for column in deliveries.c if column.name != "claim"]
_ATTEMPT = [column for column in attempts.c if column.name not in ("payload_sealed", "before_sealed")]


def _delivery_conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    c = deliveries.c
    conditions = [
        *_same(c, wanted, flow_id="flow_id", source_ref="record", code="code", trigger="trigger"),
        *_same(c, wanted, needs_yes="needs_yes"),
        *_among(c.state, wanted.state),
        *_among(c.outcome, wanted.outcome),
        *_of_integration(c.flow_id, wanted),
        *_between(c.requested_at, wanted),
        *_below(c.id, wanted),
        *_text(wanted, c.reason, c.code),
    ]
    if wanted.direction is not None:
        conditions.append(c.flow_id.in_(_flows_in_direction(wanted.direction)))
    return conditions


def _flows_in_direction(direction: str) -> Select[Any]:
    source, target = connections.alias("source"), connections.alias("target")
    return (
        select(flows.c.id)
        .join(source, source.c.id == flows.c.source_connection_id)
        .join(target, target.c.id == flows.c.target_connection_id)
        .where(source.c.system + "→" + target.c.system == direction)
    )


def _same(columns: Any, wanted: Filter, **names: str) -> list[ColumnElement[bool]]:
    values = {column: getattr(wanted, name) for column, name in names.items()}
    return [columns[column] == value for column, value in values.items() if value is not None]


def _among(column: ColumnElement[str], values: Sequence[str]) -> list[ColumnElement[bool]]:
    return [column.in_(list(values))] if values else []


def _of_integration(column: ColumnElement[str], wanted: Filter) -> list[ColumnElement[bool]]:
    if wanted.integration_id is None:
        return []
    return [column.in_(select(flows.c.id).where(flows.c.integration_id == wanted.integration_id))]


def _between(column: ColumnElement[int], wanted: Filter) -> list[ColumnElement[bool]]:
    since = [] if wanted.since is None else [column >= wanted.since]
    return since + ([] if wanted.until is None else [column < wanted.until])


def _below(column: ColumnElement[int], wanted: Filter) -> list[ColumnElement[bool]]:
    return [] if wanted.before is None else [column < wanted.before]


def _text(wanted: Filter, *columns: ColumnElement[str]) -> list[ColumnElement[bool]]:
    if not wanted.text:
        return []
    return [or_(*(func.lower(column).contains(wanted.text.lower(), autoescape=True) for column in columns))]
