"""Where somebody first bought is decided once, whoever decides at the same time."""

from __future__ import annotations

import asyncio

import pytest

from app.store import first_branches
from app.store.first_branches import Decided
from app.store.session import Database
from tests.machine.toys import make_flow

PEOPLE = [f"person-{n}" for n in range(20)]


@pytest.fixture
async def till(db: Database) -> str:
    await make_flow(db, source="till", target="audience")
    return "till"


async def decide(db: Database, till: str, people: list[str], branch: str) -> dict[str, str]:
    async with db.write() as conn:
        return await first_branches.decide(
            conn,
            {person: Decided(branch, f"receipt:{branch}") for person in people},
            connection_id=till,
            clock=db.clock,
        )


async def test_what_was_decided_stays(db: Database, till: str) -> None:
    assert {"A": "1"} == await decide(db, till, ["A"], "1")
    assert {"A": "1", "B": "2"} == await decide(db, till, ["A", "B"], "2")
    async with db.read() as conn:
        known = await first_branches.known(conn, connection_id=till, people=["A", "B", "C"])
    assert {"A": "1", "B": "2"} == known


async def test_whoever_decides_at_the_same_time_is_told_the_same(db: Database, till: str) -> None:
    orders = [PEOPLE if worker % 2 else PEOPLE[::-1] for worker in range(8)]
    answers = await asyncio.gather(
        *(decide(db, till, people, str(worker)) for worker, people in enumerate(orders))
    )

    assert [answers[0]] * 8 == answers
    assert set(PEOPLE) == answers[0].keys()
