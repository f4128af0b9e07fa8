"""What a batch works on: an item per delivery, a wish per target record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.connectors.base import Applied, Change, Desired, Document, Existing, Fetched, Intent, Leave
from app.records.decision import Archive, Carried, Put, Wait
from app.sealing import Sealer
from app.store.deliveries import Claimed
from app.store.targets import Key, Target
from app.translation import Plan, leaves, narrowed


@dataclass(slots=True)
class Wish:
    """One target record that a delivery wants changed, and what became of it.

    ``carries`` are the keys that go along, with what they are where that is said; ``carried`` their rows.
    """

    kind: str
    key: str
    natural: str | None
    put: Put | None = None
    desired: Desired | None = None
    archive: Archive | None = None
    moves_from: Key | None = None
    carries: dict[Key, Carried | None] = field(default_factory=dict)
    references: Mapping[tuple[str, str], str] = field(default_factory=dict)
    row: Target | None = None
    old_row: Target | None = None
    carried: list[Target] = field(default_factory=list)
    existing: Existing | None = None
    intent: Intent | None = None
    written: dict[str, str] = field(default_factory=dict)
    hashed: Document | None = None
    vanished: frozenset[str] = frozenset()
    emptied: frozenset[str] = frozenset()
    backfill: bool = False
    planned: bool = False
    changes: tuple[Change, ...] = ()
    applied: list[Applied] = field(default_factory=list)
    left: Leave | None = None
    error: Exception | None = None
    sent: int = 0
    lost: bool = False
    unchanged: bool = False

    @property
    def keys(self) -> list[Key]:
        """What must be reserved: for an address change the old key and the new one, and what goes along."""
        return [(self.kind, self.key), *([self.moves_from] if self.moves_from else []), *self.carries]

    @property
    def rows(self) -> list[Target]:
        """The rows of all these keys, as far as they are known."""
        return [row for row in (self.row, self.old_row, *self.carried) if row is not None]

    @property
    def done(self) -> bool:
        """It was worked out what to do, and every change has a known good outcome."""
        return (
            self.planned
            and self.error is None
            and self.left is None
            and len(self.applied) == len(self.changes)
        )


@dataclass(slots=True)
class Item:
    """One claimed delivery on its way."""

    claimed: Claimed
    fetched: Fetched | None = None
    plan: Plan | None = None
    wishes: list[Wish] = field(default_factory=list)
    error: Exception | None = None
    missing: list[Key] = field(default_factory=list)
    absent: list[Wait] = field(default_factory=list)
    contends: list[tuple[int, str]] = field(default_factory=list)
    held_ms: int = 0
    needs_yes: bool = False
    settled: bool = False
    started: float = 0.0


def leaf_hashes(document: Document, scopes: Mapping[str, str], *, sealer: Sealer) -> dict[str, str]:
    """A keyed hash per leaf, so that what was written can be compared without being kept."""
    return {
        path: sealer.keyed_hash("leaf", path, canonical(value), length=24)
        for path, value in leaves(document, scopes).items()
    }


def canonical(value: Any) -> str:
    """One spelling per value: 1.50 and 1.5 are the same money."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_spelled)


def _spelled(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def prepare(wish: Wish, *, sealer: Sealer, options: Mapping[str, Any]) -> None:
    """From the row as it stands now: what may be written, and whether anything has to be."""
    row = wish.row
    exists = row is not None and row.state == "present"
    before = wish.old_row if wish.old_row is not None else row
    document: Document = {}
    if wish.desired is not None:
        held = (
            leaves(wish.existing.document, wish.desired.scopes)
            if wish.existing and wish.existing.whole
            else None
        )
        document = narrowed(wish.desired, exists=exists or wish.existing is not None, existing=held)
        if wish.hashed is None or wish.hashed != document:  # comparing is much cheaper than hashing anew
            wish.written, wish.hashed = leaf_hashes(document, wish.desired.scopes, sealer=sealer), document
        wish.vanished = elements(row.hashes if row else ()) - elements(wish.written)
        wish.emptied = _emptied(wish.desired.emptiable, before, written=wish.written)
    said = dict(wish.put.options) if wish.put else {}
    if row is not None and row.state == "archived" and row.facts.get("archived_by") == "us":
        said["archived_by_us"] = row.facts.get("status_before", "unknown")
    wish.intent = Intent(
        kind=wish.kind,
        key=wish.key,
        natural=wish.natural,
        remote_id=before.remote_id if before else None,
        desired=wish.desired,
        document=document,
        moves_from_id=wish.old_row.remote_id if wish.old_row else None,
        permanently=wish.archive.permanently if wish.archive else False,
        create=wish.put.create if wish.put else True,
        update=wish.put.update if wish.put else True,
        options={**options, **said, "backfill": wish.backfill},
        facts=dict(before.facts) if before else {},
        changed=_changed(wish),
        vanished=wish.vanished,
        lacking=lacking(wish),
        references=wish.references,
    )


def lacking(wish: Wish) -> frozenset[tuple[str, str]]:
    """What goes along and is not there, as far as our rows know."""
    there = {(row.kind, row.key) for row in wish.carried if row.state == "present"}
    return frozenset(
        (each.kind, each.name) for key, each in wish.carries.items() if each is not None and key not in there
    )


def _changed(wish: Wish) -> frozenset[str] | None:
    row = wish.row
    if (
        wish.desired is None
        or row is None
        or row.state != "present"
        or row.in_doubt
        or not row.hashes
        or wish.moves_from is not None
    ):
        return None
    return frozenset(path for path, digest in wish.written.items() if row.hashes.get(path) != digest)


def elements(paths: Iterable[str]) -> frozenset[str]:
    """The elements of named lists among these leaves: ``variants[101].price`` is of ``variants[101]``."""
    return frozenset(path[: path.index("]") + 1] for path in paths if "[" in path)


def without(hashes: Mapping[str, str], gone: frozenset[str]) -> dict[str, str]:
    """The hashes without those of elements that are no longer wanted: should they come back, they are news."""
    return {path: each for path, each in hashes.items() if not elements((path,)) & gone}


def _emptied(
    emptiable: frozenset[str], before: Target | None, *, written: Mapping[str, str]
) -> frozenset[str]:
    """Leaves that were written once and of which the source says nothing any more: the target is to empty them."""
    if before is None or not emptiable:
        return frozenset()
    return frozenset(path for path in before.hashes.keys() - written.keys() if _covered(path, emptiable))


def _covered(path: str, emptiable: frozenset[str]) -> bool:
    while path not in emptiable:
        path, dot, _ = path.rpartition(".")
        if not dot:
            return False
    return True


def is_unchanged(wish: Wish, *, held_by_us: bool, believe_held: bool = False) -> bool:
    """Equal to what was last written and confirmed, of a target that is neither in doubt nor held by another."""
    row = wish.row
    if (
        wish.put is None
        or wish.moves_from is not None
        or wish.vanished
        or wish.emptied
        or lacking(wish)
        or row is None
        or row.state != "present"
        or row.in_doubt
    ):
        return False
    if row.holder is not None and not held_by_us and not believe_held:
        return False
    facts_equal = all(row.facts.get(name) == value for name, value in wish.put.facts.items())
    return facts_equal and all(row.hashes.get(path) == digest for path, digest in wish.written.items())
