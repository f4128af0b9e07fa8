"""Links: what a part of a source's record was found to be is kept by its ids, the newest of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from app.store import links
from app.store.links import Part
from app.store.session import Database
from tests.machine.toys import make_flow
from tests.store.versions import bring_to

RED, BLUE = ("webshop/trui", "article", "v-1"), ("webshop/trui", "article", "v-2")


@pytest.fixture
async def till(db: Database) -> str:
    await make_flow(db, source="shops", target="till")
    return "till"


async def keep(db: Database, till: str, found: dict[Part, int]) -> dict[Part, int]:
    """Keep these; what is known then."""
    async with db.write() as conn:
        await links.keep(conn, found, connection_id=till, owner_connection_id="shops")
    async with db.read() as conn:
        return await links.known(
            conn, connection_id=till, owner_connection_id="shops", refs=["webshop/trui", "webshop/jas"]
        )


async def test_the_newest_counts_and_the_others_stay(db: Database, till: str) -> None:
    assert {RED: 55} == await keep(db, till, {RED: 55})
    assert {RED: 56, BLUE: 55} == await keep(db, till, {RED: 56, BLUE: 55})


async def test_two_parts_may_be_one_article_and_other_connections_have_their_own(
    db: Database, till: str
) -> None:
    await keep(db, till, {RED: 55, BLUE: 55})
    async with db.read() as conn:
        others = await links.known(conn, connection_id=till, owner_connection_id=till, refs=["webshop/trui"])

    assert {} == others


async def test_an_id_that_fits_no_key_is_left_out(db: Database, till: str) -> None:
    assert {} == await keep(db, till, {("webshop/trui", "article", "v" * 201): 55})


def test_what_was_known_by_a_fact_of_its_row_is_carried_over(tmp_path: Path) -> None:
    path = tmp_path / "before.db"
    bring_to(path, "20261129_news")
    columns = "connection_id, owner_connection_id, owner_ref, kind, key, remote_id, facts, state, hashes, in_doubt, doubts, held_until, updated_at"  # fmt: skip
    rows = [
        ("till", "shops", "webshop/trui", "article", "k1", "12/900001", '{"variant": "v-1"}'),
        ("till", "shops", "webshop/trui", "article", "k2", "12/900002", "{}"),
        ("till", None, None, "article", "k3", "12/55", '{"variant": "v-3"}'),
        ("till", "left", "webshop/trui", "article", "k5", "12/900005", '{"variant": "v-5"}'),
        ("till", "shops", "webshop/trui", "product", "k4", "12/900001", '{"variant": "v-4"}'),
    ]
    with sqlite3.connect(path) as old:
        old.executemany(
            "INSERT INTO connections (id, system, name, account, settings, credentials_sealed, webhook_token_hash,"
            " webhook_token_sealed, state, poll_due_at, created_at, updated_at)"
            " VALUES (?, 'mplus', 'a', 'a', '{}', '', ?, '', 'ok', 0, 0, 0)",
            [("till", "h1"), ("shops", "h2")],
        )
        old.executemany(
            f"INSERT INTO targets ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, 'present', '{{}}', 0, 0, 0, 0)",
            rows,
        )
    bring_to(path, "head")
    with sqlite3.connect(path) as new:
        found = new.execute("SELECT owner_ref, kind, part, number FROM links").fetchall()

    assert [("webshop/trui", "article", "v-1", 900_001)] == found
