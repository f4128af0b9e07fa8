"""The migration that takes addresses out of lists, and out of every version that was kept of them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from app.sealing import Sealer
from app.store.session import migrate
from tests.routers.conftest import SEAL_KEY
from tests.store.versions import bring_to

BEFORE = "20261127_comparisons"
SEALER = Sealer(keys=(SEAL_KEY,), hash_secret="for tests")
LISTS = {"block": {"email": [" Jan@winkel.nl", "geen adres"], "sku": ["A-1"]}, "allow": {}}


def entry(address: str) -> str:
    return f"hashed:{SEALER.keyed_hash('lists', length=8)}:{SEALER.keyed_hash('target', 'customer', address)}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database as the version before had it, with a flow and three versions of it."""
    path = tmp_path / "old.sqlite3"
    bring_to(path, BEFORE)
    differences: list[list[dict[str, Any]]] = [
        [{"path": "mapping.lists", "how": "added", "before": None, "after": LISTS}],
        [
            {"path": 'mapping.lists.block.email["bo@winkel.nl"]', "how": "removed", "before": "bo@winkel.nl", "after": None},
            {"path": 'mapping.lists.block.email["bo@wink…]', "how": "added", "before": None, "after": "bo@winkel.nl"},
            {"path": 'mapping.lists.block.email["jan@winkel.nl"]', "how": "moved", "before": 1, "after": 2},
        ],
        [{"path": "settings.without_consent", "how": "changed", "before": "skip", "after": None}],
    ]  # fmt: skip
    with sqlite3.connect(path) as db:
        db.execute(
            "INSERT INTO connections (id, system, name, account, settings, credentials_sealed, webhook_token_hash,"
            " webhook_token_sealed, state, poll_due_at, created_at, updated_at)"
            " VALUES ('c1', 'mplus', 'a', 'a', '{}', '', 'h', '', 'ok', 0, 0, 0)"
        )
        db.execute("INSERT INTO integrations VALUES ('i1', 'Shop', 'c1', 'c1', '{}', 0, 0)")
        db.execute(
            "INSERT INTO flows (id, integration_id, kind, record_kind, source_connection_id, target_connection_id, settings,"
            " mapping, version, state, window_ms, deadline_ms, opens_at, created_at, updated_at)"
            " VALUES ('f1', 'i1', 'customers', 'customer', 'c1', 'c1', '{}', ?, 1, 'paused', 0, 0, 0, 0, 0)",
            (json.dumps({"lists": LISTS, "rules": []}),),
        )
        for number, told in enumerate(differences, start=1):
            content = {"settings": {}, "mapping": {"lists": LISTS} if number < 3 else {}, "hours": None}
            db.execute(
                "INSERT INTO config_changes (integration_id, subject, number, at, how, differences, content)"
                " VALUES ('i1', 'f1', ?, 0, 'changed', ?, ?)",
                (number, json.dumps(told), json.dumps(content)),
            )
    return path


def rows(path: Path, statement: str) -> list[Any]:
    with sqlite3.connect(path) as db:
        return db.execute(statement).fetchall()


def test_addresses_become_hashes_in_flows_and_in_their_versions(path: Path) -> None:
    migrate(f"sqlite+aiosqlite:///{path}", keyed_hash=SEALER.keyed_hash)

    hashed = {
        "block": {"email": [entry("jan@winkel.nl"), entry("geen adres")], "sku": ["A-1"]},
        "allow": {},
    }
    ((mapping,),) = rows(path, "SELECT mapping FROM flows")
    assert {"lists": hashed, "rules": []} == json.loads(mapping)
    kept = rows(path, "SELECT content, differences FROM config_changes ORDER BY number")
    assert [{"lists": hashed}, {"lists": hashed}, {}] == [
        json.loads(content)["mapping"] for content, _ in kept
    ]
    first, second, third = (json.loads(told) for _, told in kept)
    bo = entry("bo@winkel.nl")
    assert [("mapping.lists", None, hashed)] == [(d["path"], d["before"], d["after"]) for d in first]
    assert [
        (f'mapping.lists.block.email["{bo}"]', bo, None),
        ("mapping.lists.block.email[…]", None, bo),
        (f'mapping.lists.block.email["{entry("jan@winkel.nl")}"]', 1, 2),
    ] == [(d["path"], d["before"], d["after"]) for d in second]
    assert ["skip"] == [d["before"] for d in third]
    assert "winkel" not in str(kept) + mapping


def test_without_the_key_nothing_is_changed(path: Path) -> None:
    with pytest.raises(RuntimeError, match="python -m app migrate"):
        migrate(f"sqlite+aiosqlite:///{path}")

    ((mapping,),) = rows(path, "SELECT mapping FROM flows")
    assert LISTS == json.loads(mapping)["lists"]
