"""The walk of ``tests/machine`` from many more seeds: ``WALKS=2000`` says how many on SQLite, a tenth of them on PostgreSQL."""

from __future__ import annotations

import os

import pytest

from app.store import session
from app.store.clock import ManualClock
from app.store.session import Database
from app.store.tables import metadata
from tests.machine.test_interleavings import walk

pytestmark = pytest.mark.chaos

WALKS = int(os.environ.get("WALKS", "200"))
FIRST = 1_000
"""The first seeds are walked by every test run."""


async def test_from_many_seeds_the_target_ends_as_the_source(
    db: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One thread is enough for one actor at a time, and twice as quick.
    monkeypatch.setattr(session, "_never_waits", lambda _call, _connection: True)
    wrong: dict[int, str] = {}
    for seed in range(FIRST, FIRST + (WALKS if db.is_sqlite else WALKS // 10)):
        clock.now = 1_000_000
        async with db.write() as conn:
            for table in reversed(metadata.sorted_tables):
                await conn.execute(table.delete())
        if found := await walk(db, clock, seed=seed):
            wrong[seed] = found

    assert {} == wrong
