"""Versions in the database: a chain without gap, also when many write at once; only the latest are kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from app.errors import NotFound
from app.store import changes, integrations
from app.store.changes import KEPT
from app.store.session import Database
from app.store.tables import connections


@dataclass(frozen=True)
class Anna:
    key_id: str = "key_anna"
    name: str = "Anna"


async def made(db: Database) -> None:
    async with db.write() as conn:
        for id in ("con_a", "con_b"):
            row = {"system": "mplus", "name": id, "account": id, "settings": {}, "credentials_sealed": b""}
            token = {"webhook_token_hash": id, "webhook_token_sealed": b""}
            times = {"created_at": 1, "updated_at": 1}
            await conn.execute(connections.insert().values(id=id, **row, **token, **times))
        one = await integrations.add(
            conn,
            id="int_a",
            name="Shop",
            left_connection_id="con_a",
            right_connection_id="con_b",
            settings={},
            now=1,
        )
        assert 1 == await changes.note_integration(conn, one, who=Anna(), now=1, how="created")


async def put(db: Database, settings: dict[str, Any], *, at: int = 2) -> int | None:
    async with db.write() as conn:
        before = await integrations.find(conn, "int_a")
        after = await integrations.change(conn, "int_a", now=at, settings=settings)
        return await changes.note_integration(conn, after, before=before, who=Anna(), now=at)


async def test_many_at_once_make_a_chain_without_gap(db: Database) -> None:
    await made(db)

    numbers = await asyncio.gather(*(put(db, {"n": n}) for n in range(12)))

    assert [*range(2, 14)] == sorted(number or 0 for number in numbers)
    async with db.read() as conn:
        rows = await changes.listed(conn, integration_id="int_a", limit=100)
        now = await integrations.find(conn, "int_a")
    held: Any = None
    for row in reversed(rows[:-1]):
        (difference,) = changes.told(row)
        # What each says was before is what the one before it left.
        assert ("settings.n", held, row.content["settings"]["n"]) == (
            difference.path,
            difference.before,
            difference.after,
        )
        held = difference.after
    assert now.settings == {"n": held}


async def test_nothing_is_noted_when_the_change_is_undone_with_its_transaction(db: Database) -> None:
    await made(db)

    async def undone() -> None:
        async with db.write() as conn:
            before = await integrations.find(conn, "int_a")
            after = await integrations.change(conn, "int_a", now=2, settings={"n": 1})
            assert 2 == await changes.note_integration(conn, after, before=before, who=Anna(), now=2)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()

    async with db.read() as conn:
        assert [1] == [row.number for row in await changes.listed(conn, integration_id="int_a")]


async def test_only_the_latest_are_kept(db: Database) -> None:
    await made(db)
    for n in range(KEPT + 2):
        await put(db, {"n": n})

    async with db.read() as conn:
        rows = await changes.listed(conn, integration_id="int_a", limit=KEPT * 2)
        with pytest.raises(NotFound):
            await changes.find(conn, integration_id="int_a", subject="int_a", number=3)

    assert [*range(KEPT + 3, 3, -1)] == [row.number for row in rows]
