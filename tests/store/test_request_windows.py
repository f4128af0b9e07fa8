"""A record that was just delivered waits for its own flow's window, whatever else is in the database."""

from __future__ import annotations

from app.store import requests
from app.store.requests import Request
from app.store.session import Database
from app.store.tables import deliveries, flows
from tests.machine.toys import make_flow


async def test_a_window_is_its_own_flows(db: Database) -> None:
    slow, quick = [await make_flow(db, source="a", target="b", kind=kind) for kind in ("products", "stock")]
    wishes = [Request(flow, ref) for flow in (slow, quick) for ref in ("1", "2", "3")]
    async with db.write() as conn:
        await conn.execute(flows.update().where(flows.c.id == slow).values(window_ms=60_000))
        await requests.request(conn, wishes, clock=db.clock)
        await conn.execute(deliveries.update().values(state="settled", started_at=db.clock.sql()))
        await requests.request(conn, wishes, clock=db.clock)
        now = await db.now()
        found = await conn.execute(
            deliveries.select().order_by(deliveries.c.flow_id, deliveries.c.source_ref)
        )
        waits = {flow: {row.due_at - now for row in rows} for flow, rows in _by_flow(found).items()}

    assert {slow: {60_000}, quick: {0}} == waits


def _by_flow(rows: object) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for row in rows:  # type: ignore[attr-defined]
        found.setdefault(row.flow_id, []).append(row)
    return found
