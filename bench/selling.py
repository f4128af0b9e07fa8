"""Selling at the sandbox till while something is measured: who bought what when, and when it had arrived."""

from __future__ import annotations

import asyncio
import time
from itertools import count

from sqlalchemy import select

from app.store import connections, cursors
from app.store.tables import attempts
from bench.house import House

ARTICLE = 10_001
PART = 400


class Counter:
    """A counter that sells one article to one customer after the other. ``rung`` is when each receipt was made, by its
    reference, in milliseconds of the database's clock; ``wanted`` are those that a store is to have, since some customers have
    no e-mail address."""

    def __init__(self, made: House, *, customers: int):
        self._made, self._customers = made, customers
        self.rung: dict[str, float] = {}
        self.wanted: set[str] = set()
        self._numbers = count(1)

    async def sell(self, *, every_s: float, seconds: float = float("inf")) -> None:
        """A sale at each tick. Who is late catches up, so that as many are sold as were meant to be."""
        began, pending = time.perf_counter(), set[asyncio.Task[None]]()
        for number in self._numbers:
            due = began + (number - 1) * every_s
            if due - began >= seconds:
                break
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.create_task(self._one(number))
            pending.add(task)
            task.add_done_callback(pending.discard)
        await asyncio.gather(*pending)

    async def _one(self, number: int) -> None:
        body = {"relationNumber": number % self._customers + 1, "articleNumber": ARTICLE}
        began = await self._made.resources.db.now()
        left = await self._made.act(self._made.till_url, "actions/complete_session", body)
        if left.get("receiptId"):
            self.rung[f"receipt:{left['receiptId']}"] = began

    async def waits(self, *, patience_s: float = 10.0) -> list[float]:
        """Seconds from the counter to the store, or to the reason why a sale stays behind. One that has not arrived after
        ``patience_s`` has waited for ever."""
        ends = time.monotonic() + patience_s
        arrived: dict[str, float] = {}
        while time.monotonic() < ends and len(arrived) < len(self.rung):
            await asyncio.sleep(0.2)
            arrived |= await self._arrived([ref for ref in self.rung if ref not in arrived])
        return [(arrived.get(ref, float("inf")) - at) / 1000 for ref, at in self.rung.items()]

    async def _arrived(self, refs: list[str]) -> dict[str, float]:
        row = attempts.c
        found: dict[str, float] = {}
        for start in range(0, len(refs), PART):
            wanted = (
                select(row.source_ref, row.started_at, row.duration_ms, row.outcome)
                .where(row.source_ref.in_(refs[start : start + PART]))
                .where(row.outcome.in_(("delivered", "skipped")))
                .order_by(row.id.desc())
            )
            async with self._made.resources.db.read() as conn:
                for ref, at, took, outcome in await conn.execute(wanted):
                    found[ref] = at + took
                    if outcome == "delivered":
                        self.wanted.add(ref)
        return found


async def begin_with_today(made: House) -> None:
    """As a started flow of orders: what was sold before is history."""
    async with made.resources.db.read() as conn:
        till = await connections.find(conn, made.till_id)
    marks, clock = await made.resources.client(till).marks(), made.resources.db.clock
    async with made.resources.db.write() as conn:
        await cursors.place(conn, made.flow_id, position=marks["order"], clock=clock)
        for name in ("invoice", "receipt"):
            await cursors.place_side(conn, made.flow_id, name, position=marks[name], clock=clock)


def p99(waits: list[float]) -> float:
    """The slowest but one in a hundred; for ever where there is none."""
    return sorted(waits)[min(len(waits) - 1, int(len(waits) * 0.99))] if waits else float("inf")
