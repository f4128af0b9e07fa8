"""What a delivery asks of the database costs the same, however many records there are: SQLite has no statistics to go by,
so its way through the indexes is the one that these tests look at."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from app.pipeline.batch import run_batch
from app.store import deliveries, targets
from app.store.clock import ManualClock
from app.store.session import Database
from tests.machine.toys import ToyRecord, World, make_flow, make_route, request

GROWING = ("deliveries", "targets", "attempts", "waits", "contenders")
Statement = tuple[str, Any]


@contextmanager
def listening(db: Database) -> Iterator[dict[str, Any]]:
    """The statements of the block, each with one set of parameters."""
    heard: dict[str, Any] = {}

    def on_execute(
        _conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        heard[statement] = parameters[0] if many else parameters

    engines = {engine.sync_engine for engine in (db._writer, db._reader)}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", on_execute)
    yield heard
    for engine in engines:
        event.remove(engine, "before_cursor_execute", on_execute)


async def test_a_delivery_looks_through_no_table(db: Database, clock: ManualClock) -> None:
    if not db.is_sqlite:
        pytest.skip("PostgreSQL chooses by its statistics")
    world = World(random.Random(1), clock, sources={"s": {}}, trouble=False)
    flow = await make_flow(db, source="s", target="t")
    route = make_route(db, world, flow_id=flow, source="s", target="t", actor="w")
    with listening(db) as heard:
        for value in "12":
            for ref in "abc":
                world.sources["s"][ref] = ToyRecord(ref=ref, address=f"{ref}@x", values={"v": value})
                await request(db, flow, ref)
            await run_batch(route)
            clock.advance(60)
        async with db.write() as conn:
            await deliveries.renew(conn, token="w", lease_ms=1, clock=clock)
            await targets.renew(conn, token="w", hold_ms=1, clock=clock)

    plans = {statement: await _plan(db, statement, parameters) for statement, parameters in heard.items()}
    assert len([statement for statement in plans if "targets" in statement]) > 5
    assert {} == {
        statement: plan for statement, plan in plans.items() if any(_looks_through(step) for step in plan)
    }


def _looks_through(step: str) -> bool:
    whole = any(step.startswith(f"SCAN {table}") for table in GROWING)
    # Every target of a kind, or everyone's whose owner is known: nearly all there are.
    return whole or (
        "targets USING" in step and step.endswith(("(connection_id=? AND kind=?)", "owner_ref>?)"))
    )


async def _plan(db: Database, statement: str, parameters: Any) -> list[str]:
    if not statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")):
        return []
    async with db.read() as conn:
        rows = await conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[3] for row in rows]
