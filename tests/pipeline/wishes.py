"""Wishes, rows and a target for tests of what is worked out before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.connectors.base import Desired, Intent
from app.pipeline.work import Wish, leaf_hashes, prepare
from app.records.decision import Put
from app.sealing import Sealer
from app.store.targets import Target
from tests.machine.toys import SEALER

OWNER = ("source", "1")


class Person(BaseModel):
    changed_at: datetime | None = None


@dataclass
class Till:
    """A target whose records people edit, and that go by an address."""

    address: str = "email"

    def alike(self, field: str, wanted: Any, held: Any, document: Mapping[str, Any]) -> bool | None:
        return bool(wanted == held)


def hashed(**values: Any) -> dict[str, str]:
    return leaf_hashes(values, {}, sealer=SEALER)


def row(**more: Any) -> Target:
    """A row that says: owned, there, and known."""
    known = Target(
        id=1, kind="customer", key="k", remote_id="7", owner_connection_id="source", owner_ref="1", state="present",
        hashes={}, facts={}, in_doubt=False, doubts=0, holder=None, held_until=0,
    )  # fmt: skip
    return replace(known, **more)


def wish(document: Mapping[str, Any] | None = None, **more: Any) -> Wish:
    values: dict[str, Any] = {
        "kind": "customer",
        "key": "k",
        "natural": "a@x",
        "owner": OWNER,
        "put": Put("customer", "a@x", Person()),
        "desired": None if document is None else Desired(dict(document)),
        "compares": Till(),
    }
    return Wish(**values | more)


def moving(**more: Any) -> Wish:
    old = row(id=2, key="before", remote_id="8")
    return wish({"name": "A"}, **{"row": row(), "old_row": old, "moves_from": ("customer", "before"), **more})


def prepared(each: Wish, *, sealer: Sealer = SEALER, **options: Any) -> Intent:
    prepare(each, sealer=sealer, options=options)
    assert each.intent is not None
    return each.intent
