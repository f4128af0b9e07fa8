"""What a batch works on: an item per delivery, a wish per target record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.connectors.base import (
    Applied,
    Change,
    Compares,
    Desired,
    Document,
    Existing,
    Fetched,
    GoesBy,
    Intent,
    Leave,
    Wanted,
)
from app.errors import AdministratorError
from app.pipeline import merging
from app.pipeline.counterflow import Counterflow
from app.pipeline.merging import Merged
from app.records.decision import Archive, Carried, Put, Wait
from app.sealing import Sealer, target_key
from app.store.deliveries import Claimed
from app.store.links import Part
from app.store.targets import Key, Target
from app.translation import Plan, leaves, narrowed, needs_existing_leaves


@dataclass(slots=True)
class Wish:
    """One target record that a delivery wants changed, and what became of it.

    ``owner`` is whose wish it is, by connection and source reference. ``carries`` are the keys that go along, with what they are where that is said; ``carried`` their rows.
    ``displaced`` are rows that know the record we found under another key, as it was before. ``holds`` are keys of others
    that its calls may write, ``held`` their rows. ``restore`` are fields to be put back, each with its value before and after a
    run that is undone; ``stayed`` those that somebody changed since;
    ``makes_for`` is the wish that names what this one makes, and ``unmade`` says of what a wish names why it cannot be made;
    ``made_as`` as what a record began that is taken back. ``about`` are the keys of people whom it tells of. ``named`` is what the document names at the target, once that was asked.
    ``against`` are the flows of the other way, ``echoed`` the fields in which the source only shows what they wrote.
    """

    kind: str
    key: str
    natural: str | None
    owner: tuple[str, str] | None = None
    put: Put | None = None
    desired: Desired | None = None
    archive: Archive | None = None
    restore: Mapping[str, tuple[Any, Any]] | None = None
    made_as: str | None = None
    makes_for: Wish | None = None
    unmade: Mapping[str, str] = field(default_factory=dict)
    moves_from: Key | None = None
    carries: dict[Key, Carried | None] = field(default_factory=dict)
    holds: tuple[Key, ...] = ()
    about: tuple[Key, ...] = ()
    formerly: tuple[str, ...] = ()
    references: Mapping[tuple[str, str], str] = field(default_factory=dict)
    named: Mapping[tuple[str, str], Existing] | None = None
    numbers: Mapping[str, int] = field(default_factory=dict)
    instead_of: Existing | None = None
    row: Target | None = None
    old_row: Target | None = None
    carried: list[Target] = field(default_factory=list)
    displaced: list[Target] = field(default_factory=list)
    held: list[Target] = field(default_factory=list)
    existing: Existing | None = None
    looked: bool = False
    intent: Intent | None = None
    written: dict[str, str] = field(default_factory=dict)
    hashed: Document | None = None
    vanished: frozenset[str] = frozenset()
    emptied: frozenset[str] = frozenset()
    compares: Compares | None = None
    merged: Merged = field(default_factory=Merged)
    against: tuple[Counterflow, ...] = ()
    echoed: frozenset[str] = frozenset()
    backfill: bool = False
    history: str | None = None
    planned: bool = False
    changes: tuple[Change, ...] = ()
    applied: list[Applied] = field(default_factory=list)
    left: Leave | None = None
    stayed: tuple[str, ...] = ()
    error: Exception | None = None
    sent: int = 0
    lost: bool = False
    unchanged: bool = False

    @property
    def keys(self) -> list[Key]:
        """What must be reserved: for an address change the old key and the new one, what goes along, and what is held."""
        moved = [self.moves_from] if self.moves_from else []
        return [(self.kind, self.key), *moved, *self.carries, *self.holds]

    @property
    def rows(self) -> list[Target]:
        """The rows of all these keys, as far as they are known."""
        rows = (self.row, self.old_row, *self.carried, *self.displaced, *self.held)
        return [row for row in rows if row is not None]

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
    """One claimed delivery on its way. ``undo``: what a run did for it is taken back. ``chain`` are those of its batch that hold what it holds, itself among them: they go
    one after the other (:mod:`chains`). ``beside`` is what the flow of the other way knows of its record; ``again_ms``: in so long it is
    read again, because that flow is at it. ``links`` are parts of its record whose place at the target is known though another
    record has it."""

    claimed: Claimed
    fetched: Fetched | None = None
    plan: Plan | None = None
    wishes: list[Wish] = field(default_factory=list)
    error: Exception | None = None
    missing: list[Key] = field(default_factory=list)
    absent: list[Wait] = field(default_factory=list)
    contends: list[tuple[int, str]] = field(default_factory=list)
    links: dict[Part, int] = field(default_factory=dict)
    held_ms: int = 0
    again_ms: int = 0
    beside: tuple[Target, ...] = ()
    needs_yes: bool = False
    settled: bool = False
    undo: bool = False
    started: float = 0.0
    chain: list[Item] = field(default_factory=list, repr=False, compare=False)


def leaf_hashes(document: Document, scopes: Mapping[str, str], *, sealer: Sealer) -> dict[str, str]:
    """A keyed hash per leaf, so that what was written can be compared without being kept."""
    return {path: leaf_hash(path, value, sealer=sealer) for path, value in leaves(document, scopes).items()}


def leaf_hash(path: str, value: Any, *, sealer: Sealer) -> str:
    """The keyed hash of one leaf."""
    return sealer.keyed_hash("leaf", path, canonical(value), length=24)


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
    if (
        wish.archive is not None
        and wish.natural is None
        and row is not None
        and row.natural_sealed is not None
    ):
        with suppress(AdministratorError):  # sealed with a key that is gone: the remote id is all there is
            wish.natural = sealer.unseal(row.natural_sealed)
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
        gone = elements(row.hashes if row else ()) - elements(wish.written)
        wish.vanished = frozenset() if wish.put is not None and wish.put.partial else gone
        wish.emptied = _emptied(wish.desired.emptiable, before, written=wish.written)
    document, untouched = _merged(wish, document, before, sealer=sealer, options=options)
    said = (dict(wish.put.options) if wish.put else {}) | _put_away(wish)
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
        options={
            **options,
            **said,
            "backfill": wish.backfill,
            "history": wish.history,
            "made_as": wish.made_as,
            "unmade": wish.unmade,
        },
        facts=facts_of(before, None) if before else {},
        instead_of=wish.instead_of,
        changed=_changed(wish),
        vanished=wish.vanished,
        lacking=lacking(wish),
        references=wish.references,
        named=wish.named,
        emptied=untouched,
        left=wish.merged.left,
        reason=wish.archive.reason if wish.archive else "",
        numbers=wish.numbers,
        doubtful=row is not None and row.in_doubt,
    )


def _merged(
    wish: Wish, document: Document, before: Target | None, *, sealer: Sealer, options: Mapping[str, Any]
) -> tuple[Document, frozenset[str]]:
    """The document without what stays as the target has it; and of what became empty, what nobody edited there."""
    desired, existing, compares = wish.desired, wish.existing, wish.compares
    wish.merged = Merged()
    if desired is None or existing is None or compares is None or not existing.whole:
        return document, frozenset()
    if not weighs(desired, options):
        return document, wish.emptied
    believed = before if before is not None and not before.in_doubt else None
    said = dict(believed.hashes) if believed is not None else {}
    facts = believed.facts if believed is not None else {}
    stood = said | json.loads(facts.get(merging.SPELLED, "{}"))
    news = frozenset[str](json.loads(facts.get(merging.NEWS, "[]")))
    held = leaves(existing.document, desired.scopes)
    for path, value in held.items() if wish.formerly else ():
        if isinstance(value, str) and value.strip().lower() in wish.formerly:
            said[path] = stood[path] = leaf_hash(
                path, value, sealer=sealer
            )  # nobody edited it but the person

    def digest(path: str, value: Any) -> str:
        return leaf_hash(path, value, sealer=sealer)

    address = compares.address if isinstance(compares, GoesBy) else None
    if address is not None and before is not None and _is_under(before, held.get(address), sealer):
        stood.setdefault(address, digest(address, held[address]))  # whatever is forgotten: nobody moved it

    def alike(path: str, wanted: Any, present: Any) -> bool | None:
        if path == address:
            return str(wanted).strip().casefold() == str(present or "").strip().casefold()
        return compares.alike(path, wanted, present, existing.document)

    wanted = leaves(document, desired.scopes)
    halves = [
        whole
        for each in wish.against
        for whole in each.halves
        if not any(isinstance(wanted.get(name), bool) for name in whole)  # those of a set count by themselves
    ]
    empty = merging.completed(wanted, held, halves, desired.emptiable)
    wish.merged = merging.merge(
        merging.Sides(
            wanted=wanted | empty,
            held=held,
            said=said,
            stood=stood,
            source_at=getattr(wish.put.record, "changed_at", None) if wish.put else None,
            target_at=existing.changed_at,
            tie=bool(options.get("tie")),
            echoed=wish.echoed,
            news=news,
            doubted=before is not None and before.in_doubt,
        ),
        rule=lambda name: merging.rule_of(name, desired.modes, options.get("on_conflict", "source_wins")),
        theirs=lambda name: merging.strongest(each.rule(name) for each in wish.against),
        digest=digest,
        alike=alike,
        both_ways=bool(options.get("both_ways")),
        halves=halves,
    )
    document = _with(document, empty)
    untouched = frozenset(
        path
        for path in wish.emptied
        if digest(path, held.get(path)) == stood.get(path)
        and merging.field_of(path) not in news
        and (bool(options.get("tie")) or merging.field_of(path) not in wish.echoed)
    )
    return merging.without(document, wish.merged.left), untouched


def _with(document: Document, found: Mapping[str, str]) -> Document:
    """The document with these fields, each a name inside an object."""
    for path, value in found.items():
        place, _, name = path.partition(".")
        document = document | ({place: document.get(place, {}) | {name: value}} if name else {place: value})
    return document


def _is_under(row: Target, address: Any, sealer: Sealer) -> bool:
    """Whether a record that has this address goes by the key of this row."""
    return isinstance(address, str) and target_key(sealer, row.kind, address.strip().lower()) == row.key


def weighs(desired: Desired, options: Mapping[str, Any]) -> bool:
    """Whether the target's own edits count: where flows go both ways, or the flow or a row says so."""
    rules = {options.get("on_conflict", "source_wins"), *desired.modes.values()}
    return bool(options.get("both_ways")) or not rules.isdisjoint(merging.RULES - {"source_wins"})


def lacking(wish: Wish) -> frozenset[tuple[str, str]]:
    """What goes along and is not there, as far as our rows know."""
    there = {(row.kind, row.key) for row in wish.carried if row.state == "present"}
    return frozenset(
        (each.kind, each.name) for key, each in wish.carries.items() if each is not None and key not in there
    )


def _put_away(wish: Wish) -> dict[str, Any]:
    """What the steps must know of a record that we took out of sight ourselves: as what, and whether for somebody else."""
    row = wish.row
    if row is None:
        return {}
    facts = facts_of(row, wish.existing)
    archived = row.state == "archived" or (wish.existing is not None and wish.existing.state == "archived")
    if not archived or facts.get("archived_by") != "us":
        return {}
    said: dict[str, Any] = {"archived_by_us": facts.get("status_before", "unknown")}
    if wish.owner != (row.owner_connection_id, row.owner_ref):
        said["archived_for_another"] = True
    return said


ADDRESS_LEFT = "address_left"
"""Why a record is put away whose key nobody goes by any more."""
KEEP_BEFORE = "keep_before_days"
"""The setting of flows that keep what they write over, for an undo."""
MAYBE = "maybe_"


def maybe(facts: Mapping[str, str]) -> dict[str, str]:
    """Facts of a call whose answer was lost, as the row keeps them until somebody has looked."""
    return {f"{MAYBE}{name}": value for name, value in facts.items()}


def facts_of(row: Target, existing: Existing | None) -> dict[str, str]:
    """What the row remembers. A call that was lost counts as done where the record is found archived after it."""
    sure = {name: value for name, value in row.facts.items() if not name.startswith(MAYBE)}
    if row.in_doubt and existing is not None and existing.state == "archived":
        sure |= {
            name.removeprefix(MAYBE): value for name, value in row.facts.items() if name.startswith(MAYBE)
        }
    return sure


def wanted(wish: Wish, *, whole: bool = False) -> Wanted:
    """How to look up what stands there now: by its key, else by the remote id that it has kept, or is known by elsewhere."""
    row = wish.old_row or wish.row
    linked = wish.put.linked if wish.put else None
    whole = (
        whole
        or wish.restore is not None
        or (wish.archive is not None and wish.archive.reason == ADDRESS_LEFT)
    )
    if wish.desired is not None:
        options = wish.intent.options if wish.intent else {}
        looks = needs_existing_leaves(wish.desired) or weighs(wish.desired, options)
        whole = whole or looks or bool(options.get(KEEP_BEFORE))
    return Wanted(
        kind=wish.kind,
        key=wish.key,
        natural=wish.natural,
        remote_id=(row.remote_id if row else None) or linked,
        whole=whole,
        carries=tuple(each for each in wish.carries.values() if each is not None),
        beside=wish.put.beside if wish.put else (),
        numbers=wish.numbers,
        formerly=wish.formerly,
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
    """Equal to what was last written and confirmed, of a target that is neither in doubt nor held by another. What is made for
    another was looked for and not found, whatever was written of it."""
    row = wish.row
    if (
        wish.put is None
        or wish.makes_for is not None
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
