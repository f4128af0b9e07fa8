"""Polls: which connections are to be asked now, for whom, and when again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.clock import Clock
from app.store.connections import Connection, find, next_poll
from app.store.cursors import Cursor
from app.store.flows import Flow
from app.store.tables import accounts, connections, cursors, flows, integrations, side_cursors


@dataclass(frozen=True, slots=True)
class Listening:
    """A flow that wants to hear of changes, how far it has read, and how long ago that moved.

    ``side`` names a sequence that is read beside the flow's own.
    """

    flow: Flow
    cursor: Cursor
    moved_ms_ago: int
    side: str | None = None

    @property
    def sequence(self) -> str:
        """What the source is asked for."""
        return self.side or self.flow.record_kind


async def due(conn: AsyncConnection, *, clock: Clock) -> list[str]:
    """Connections to be polled now. A broken one is left alone, and so is one whose account backs off."""
    listens = select(literal(1)).where(
        flows.c.source_connection_id == connections.c.id, flows.c.state != "paused"
    )
    statement = (
        select(connections.c.id)
        .outerjoin(accounts, accounts.c.account == connections.c.account)
        .where(
            connections.c.state != "broken",
            connections.c.poll_due_at <= clock.sql(),
            func.coalesce(accounts.c.backoff_until, 0) <= clock.sql(),
            listens.exists(),
        )
        .order_by(connections.c.poll_due_at, connections.c.id)
    )
    return list((await conn.execute(statement)).scalars())


async def begin(
    conn: AsyncConnection, connection_id: str, *, default_ms: int, clock: Clock
) -> tuple[Connection, list[Listening]]:
    """Who listens to a connection, oldest flow first; the connection's next poll is set. Raises NotFound.

    A doorbell that comes from here on makes it due earlier again.
    """
    connection = await find(conn, connection_id)
    columns = [flows.c[name] for name in Flow.__dataclass_fields__]
    now = clock.sql()
    statement = (
        select(*columns, integrations.c.settings.label("shared"), cursors.c.position, cursors.c.epoch, cursors.c.floor,
               cursors.c.history_to, cursors.c.updated_at.label("moved_at"), now.label("now"))
        .join(integrations, integrations.c.id == flows.c.integration_id)
        .join(cursors, cursors.c.flow_id == flows.c.id)
        .where(flows.c.source_connection_id == connection_id, flows.c.state != "paused")
        .order_by(flows.c.created_at, flows.c.id)
    )  # fmt: skip
    listening: list[Listening] = []
    intervals: list[int] = []
    for row in (await conn.execute(statement)).mappings():
        flow = Flow(**{column.name: row[column.name] for column in columns})
        cursor = Cursor(row["position"], row["epoch"], row["floor"], row["moved_at"], row["history_to"])
        listening.append(Listening(flow, cursor, row["now"] - row["moved_at"]))
        if wanted := (row["shared"] or {}).get("poll_interval_s"):
            intervals.append(round(float(wanted) * 1000))
    listening += await _beside(conn, listening, clock=clock)
    interval = connection.poll_interval_ms or min(intervals, default=default_ms)
    moment = int((await conn.execute(select(now))).scalar_one())
    due_at, soon = next_poll(now=moment, interval_ms=interval, soon=connection.poll_soon)
    await conn.execute(
        update(connections)
        .where(connections.c.id == connection_id)
        .values(poll_due_at=due_at, poll_soon=soon or None)
    )
    return connection, listening


async def _beside(conn: AsyncConnection, listening: Sequence[Listening], *, clock: Clock) -> list[Listening]:
    flows_by_id = {each.flow.id: each for each in listening}
    row, now = side_cursors.c, clock.sql()
    statement = (
        select(
            row.flow_id,
            row.sequence,
            row.position,
            row.floor,
            row.updated_at,
            row.history_to,
            (now - row.updated_at).label("ago"),
        )
        .where(row.flow_id.in_(flows_by_id))
        .order_by(row.flow_id, row.sequence)
    )
    return [
        Listening(
            flows_by_id[found.flow_id].flow,
            Cursor(
                found.position,
                flows_by_id[found.flow_id].cursor.epoch,
                found.floor,
                found.updated_at,
                found.history_to,
            ),
            found.ago,
            side=found.sequence,
        )
        for found in await conn.execute(statement)
    ]


async def remember_marks(conn: AsyncConnection, connection_id: str, marks: Mapping[str, int]) -> None:
    """The newest positions that a connection announces."""
    await conn.execute(update(connections).where(connections.c.id == connection_id).values(marks=dict(marks)))


async def make_due(conn: AsyncConnection, connection_id: str, *, clock: Clock) -> None:
    """Poll this connection now."""
    await conn.execute(
        update(connections)
        .where(connections.c.id == connection_id, connections.c.poll_due_at > clock.sql())
        .values(poll_due_at=clock.sql())
    )
