"""Numbers are given once: to each name its own, whoever asks at the same time."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError

from app.store import numbers
from app.store.session import Database
from tests.machine.toys import make_flow

RANGE = range(900_000, 900_100)


@pytest.fixture
async def till(db: Database) -> str:
    await make_flow(db, source="shops", target="till")
    return "till"


async def give(db: Database, till: str, names: list[str], free: list[int] | range = RANGE) -> dict[str, int]:
    async with db.write() as conn:
        return await numbers.give(
            conn, connection_id=till, kind="article", names=names, free=list(free), clock=db.clock
        )


async def test_a_name_keeps_its_number(db: Database, till: str) -> None:
    first = await give(db, till, ["B", "A"])
    again = await give(db, till, ["A", "C"], range(900_050, 900_060))
    async with db.read() as conn:
        known = await numbers.given(conn, connection_id=till, kind="article", names=["A", "B", "C", "D"])
        highest = await numbers.highest(conn, connection_id=till, kind="article", first=900_000, last=900_040)

    assert {"B": 900_000, "A": 900_001} == first
    assert {"A": 900_001, "C": 900_050} == again
    assert {"A": 900_001, "B": 900_000, "C": 900_050} == known
    assert 900_001 == highest


async def test_whoever_asks_at_the_same_time_gets_another(db: Database, till: str) -> None:
    asked = [[f"{worker}-{n}" for n in range(4)] + ["same"] for worker in range(8)]
    answers = await asyncio.gather(*(give(db, till, names) for names in asked))

    merged = {name: number for answer in answers for name, number in answer.items()}
    assert 33 == len(merged) == len(set(merged.values()))
    assert 1 == len({answer["same"] for answer in answers})


async def test_where_there_are_too_few_some_get_none(db: Database, till: str) -> None:
    assert {"A": 5, "B": 7} == await give(db, till, ["A", "B", "C"], [7, 5])
    assert {} == await give(db, till, ["C"], [5, 7])


async def test_the_database_itself_refuses_a_number_twice(db: Database, till: str) -> None:
    await give(db, till, ["A"])
    row = {"connection_id": till, "kind": "article", "name": "B", "number": 900_000, "given_at": 1}
    with pytest.raises(IntegrityError):
        async with db.write() as conn:
            await conn.execute(numbers.numbers.insert().values(row))
