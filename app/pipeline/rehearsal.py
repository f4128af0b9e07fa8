"""A rehearsal: what a batch would do with these records, told without writing anything, here or at the target.

It goes the way of a batch up to the send: map, decide, compare, look up, work out the calls. Nothing is claimed and no key
is held, so what it says is true for the moment it looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.connectors.base import Change, Document, Existing, Fetched, Leave, Wanted
from app.errors import AppError
from app.pipeline.planning import plan_all
from app.pipeline.route import Route
from app.pipeline.work import Item, Wish, is_unchanged, prepare
from app.store import targets
from app.store.deliveries import Claimed
from app.store.targets import Key
from app.translation import Plan, needs_existing_leaves

Action = Literal["create", "update", "unchanged", "archive", "skip"]


@dataclass(frozen=True, slots=True)
class Act:
    """What would be done to one target record. ``consent`` is what the flow noted about the person, if it notes that."""

    kind: str
    key: str
    action: Action
    code: str | None = None
    reason: str | None = None
    consent: str | None = None
    wanted: Document = field(default_factory=dict)
    existing: Existing | None = None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One source record: how it was read, what the flow makes of it, and what would be done. ``error`` ends it early."""

    ref: str
    fetched: Fetched
    plan: Plan | None = None
    acts: tuple[Act, ...] = ()
    error: AppError | None = None
    needs_yes: bool = False


async def rehearse(
    route: Route, fetched: Sequence[Fetched], *, taken: set[Key] | None = None, whole: bool = False
) -> list[Rehearsed]:
    """What would be done with these records. ``taken`` are keys that records before them take; it is added to.

    With ``whole`` every target record is looked at as it is now, also one that is known to be equal. Raises what the
    target's look-up raises: TimeError or AdministratorError.
    """
    items = [Item(claimed=_claimed(answer.ref), fetched=answer) for answer in fetched]
    await plan_all(route, items)
    await _look_up(route, items, whole=whole)
    taken = set() if taken is None else taken
    told: list[Rehearsed] = []
    for item, answer in zip(items, fetched, strict=True):
        error = item.error if item.error is None or isinstance(item.error, AppError) else AppError()
        acts = () if error else tuple(_act(route, item, wish, taken=taken) for wish in item.wishes)
        told.append(Rehearsed(answer.ref, answer, item.plan, acts, error, item.needs_yes))
    return told


def _claimed(ref: str) -> Claimed:
    """A stand-in for a delivery: nothing is stored about it."""
    return Claimed(
        id=0,
        source_ref=ref,
        requested=0,
        tries=0,
        priority=0,
        trigger="rehearsal",
        request_id=None,
        requested_at=0,
        needs_yes=False,
        outcome=None,
        hint_sealed=None,
    )


async def _look_up(route: Route, items: Iterable[Item], *, whole: bool) -> None:
    """Rows here and records there, in one question each."""
    wishes = [wish for item in items for wish in item.wishes]
    keys = sorted({key for wish in wishes for key in wish.keys})
    if not keys:
        return
    async with route.db.read() as conn:
        rows = await targets.load(conn, connection_id=route.target_connection_id, keys=keys)
    by_kind: dict[str, list[Wish]] = {}
    for wish in wishes:
        wish.row = rows.get((wish.kind, wish.key))
        wish.old_row = rows.get(wish.moves_from) if wish.moves_from else None
        prepare(wish, sealer=route.sealer, options=route.options)
        if whole or not wish.unchanged:
            by_kind.setdefault(wish.kind, []).append(wish)
    for kind, asking in by_kind.items():
        existing = await route.target.target(kind).fetch_many([_wanted(wish, whole=whole) for wish in asking])
        for wish in asking:
            wish.existing = existing.get(wish.key)
            prepare(wish, sealer=route.sealer, options=route.options)


def _wanted(wish: Wish, *, whole: bool) -> Wanted:
    row = wish.old_row or wish.row
    return Wanted(
        kind=wish.kind,
        key=wish.key,
        natural=wish.natural,
        remote_id=row.remote_id if row else None,
        whole=whole or (wish.desired is not None and needs_existing_leaves(wish.desired)),
    )


def _act(route: Route, item: Item, wish: Wish, *, taken: set[Key]) -> Act:
    key = (wish.kind, wish.key)
    consent = wish.put.facts.get("consent") if wish.put else None
    assert wish.intent is not None

    def act(action: Action, *, code: str | None = None, reason: str | None = None, changes: tuple[Change, ...] = ()) -> Act:  # fmt: skip
        document = wish.intent.document if wish.intent else {}
        return Act(wish.kind, wish.key, action, code, reason, consent, document, wish.existing, changes)

    if wish.put is not None:
        if key in taken or _is_foreign(route, item, wish):
            return act("skip", code="key_shared", reason="Another record has this address already.")
        taken.add(key)
    if wish.unchanged or is_unchanged(wish, held_by_us=False):
        return act("unchanged")
    steps = route.target.target(wish.kind).steps(wish.intent, wish.existing)
    if isinstance(steps, Leave):
        return act("skip", code=steps.code, reason=steps.reason)
    if not steps:
        return act("unchanged")
    if wish.archive is not None:
        return act("archive", code=wish.archive.reason, changes=steps)
    known = wish.existing is not None or wish.old_row is not None
    return act("update" if known else "create", changes=steps)


def _is_foreign(route: Route, item: Item, wish: Wish) -> bool:
    row = wish.row
    if row is None or row.state != "present" or row.owner_ref is None:
        return False
    return (row.owner_connection_id, row.owner_ref) != (route.source_connection_id, item.claimed.source_ref)
