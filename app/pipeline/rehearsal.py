"""A rehearsal: what a batch would do with these records, told without writing anything, here or at the target.

It goes the way of a batch up to the send: map, decide, compare, look up, work out the calls. Nothing is claimed and no key
is held, so what it says is true for the moment it looked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from app.connectors.base import Change, Document, Existing, Fetched, Leave, Steps
from app.errors import AppError, CredentialsRefused, MisdirectedConnection, TimeError
from app.pipeline.looking import ask
from app.pipeline.moving import hand_on, leave_old, stands_apart, stay
from app.pipeline.numbering import give_numbers, recall
from app.pipeline.planning import plan_all
from app.pipeline.route import Route
from app.pipeline.supplying import ready, supply
from app.pipeline.work import Item, Wish, is_unchanged, prepare
from app.records.decision import Wait
from app.store import targets
from app.store.deliveries import Claimed
from app.store.requests import MANUAL
from app.store.targets import Key, Target
from app.translation import Plan

_ALL = (TimeError, CredentialsRefused, MisdirectedConnection)
"""What is about the account or the connection, and no finding about a record."""

REHEARSAL = "rehearsal"
"""The trigger of a record that nobody asked for: it is only said what would become of it."""

Action = Literal["create", "update", "unchanged", "archive", "delete", "leave"]


@dataclass(frozen=True, slots=True)
class Act:
    """What would be done to one target record. ``consent`` is what the flow noted about the person, if it notes that.

    ``document`` holds the leaves that this run may write; ``update`` says whether it may change what is there. ``leave``: nothing, by the target's own state, by the flow's
    settings, or because another record owns the key.
    """

    kind: str
    natural: str | None
    action: Action
    key: str = ""
    code: str | None = None
    reason: str = ""
    consent: str | None = None
    document: Document = field(default_factory=dict)
    existing: Existing | None = None
    changes: tuple[Change, ...] = ()
    update: bool = True
    scopes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One source record: how it was read, what the flow makes of it, and what would be done. ``error`` ends it early."""

    fetched: Fetched
    plan: Plan | None = None
    acts: tuple[Act, ...] = ()
    waits: tuple[Wait, ...] = ()
    error: AppError | None = None
    needs_yes: bool = False


async def rehearse(
    route: Route,
    fetched: Sequence[Fetched],
    *,
    taken: set[Key] | None = None,
    whole: bool = False,
    anew: bool = False,
    backfill: bool = False,
    by_hand: bool = False,
) -> list[Rehearsed]:
    """What would be done with these records. ``taken`` are keys that records before them take; it is added to.

    With ``whole`` every target record is looked at as it is now, also one that is known to be equal; with ``anew``
    nothing that was written before is believed, as if it were in doubt; with ``backfill`` the records are history, which
    starts no automations; with ``by_hand`` they are judged as if somebody sent them now. Raises what the target's look-up raises:
    TimeError or AdministratorError.
    """
    items = await planned(
        route, fetched, trigger="backfill" if backfill else MANUAL if by_hand else REHEARSAL
    )
    for item in items:
        if item.error is not None and (not isinstance(item.error, AppError) or isinstance(item.error, _ALL)):
            raise item.error
    await supply(route, items)
    await _look_up(route, items, whole=whole, anew=anew)
    taken = set() if taken is None else taken
    return [_told(route, item, taken) for item in items]


async def planned(route: Route, fetched: Sequence[Fetched], *, trigger: str = REHEARSAL) -> list[Item]:
    """What is wished for these records, by what is known here alone: no call to the target."""
    items = [Item(claimed=stand_in(answer.ref, trigger), fetched=answer) for answer in fetched]
    await plan_all(route, items, keep=False)
    return items


def _told(route: Route, item: Item, taken: set[Key]) -> Rehearsed:
    assert item.fetched is not None
    error = item.error if isinstance(item.error, AppError) else None
    acts: list[Act] = []
    for wish in [] if error else item.wishes:
        foreign = wish.put is not None and _is_taken(wish, taken)
        target = route.target.target(wish.kind)
        try:
            if isinstance(wish.error, AppError):
                raise wish.error
            steps = () if foreign or wish.intent is None else target.steps(wish.intent, wish.existing)
        except AppError as refused:
            told = [] if any(each.makes_for for each in item.wishes) else acts
            return Rehearsed(item.fetched, item.plan, tuple(told), error=refused)
        if wish.makes_for is not None and (wish.unchanged or isinstance(steps, Leave) or not steps):
            continue  # it is there already, or a record before this one makes it
        acts.append(act_of(wish, steps, foreign=foreign))
        if wish.put is not None and not foreign:
            taken.update([(wish.kind, wish.key), *wish.carries])
    return Rehearsed(item.fetched, item.plan, tuple(acts), tuple(item.absent), error, item.needs_yes)


def stand_in(ref: str, trigger: str) -> Claimed:
    """A stand-in for a delivery: nothing is stored about it."""
    return Claimed(
        id=0,
        source_ref=ref,
        requested=0,
        tries=0,
        priority=0,
        trigger=trigger,
        request_id=None,
        requested_at=0,
        needs_yes=False,
        outcome=None,
    )


async def _look_up(route: Route, items: Sequence[Item], *, whole: bool, anew: bool) -> None:
    """Rows here, and records there: one question for each kind."""
    wishes = [wish for item in items for wish in item.wishes]
    keys = sorted({key for wish in wishes for key in wish.keys})
    if not keys:
        return
    async with route.db.read() as conn:
        rows = await targets.load(conn, connection_id=route.target_connection_id, keys=keys)
    if anew:
        rows = {key: replace(row, in_doubt=True, hashes={}) for key, row in rows.items()}
    by_kind: dict[str, list[Wish]] = {}
    for wish in wishes:
        wish.row = rows.get((wish.kind, wish.key))
        wish.old_row = rows.get(wish.moves_from) if wish.moves_from else None
        wish.carried = [rows[key] for key in wish.carries if key in rows]
        wish.unchanged = wish.unchanged and not anew
        prepare(wish, sealer=route.sealer, options=route.options)
        if whole or not wish.unchanged:
            by_kind.setdefault(wish.kind, []).append(wish)
    await recall(route, wishes)
    await _ask(route, by_kind, whole=whole)
    await give_numbers(route, wishes, keep=False)
    for item in items:
        apart = [wish for wish in item.wishes if stands_apart(wish)]
        old = [leave_old(wish, sealer=route.sealer, options=route.options) for wish in apart]
        item.wishes += old
        await _ask(route, {each.kind: [each] for each in old}, whole=whole)
        item.wishes = stay(item.wishes, sealer=route.sealer, options=route.options)
        hand_on(item.wishes, sealer=route.sealer, options=route.options)
    ready(route, items)


async def _ask(route: Route, by_kind: Mapping[str, Sequence[Wish]], *, whole: bool) -> None:
    for kind, asking in by_kind.items():
        if asking:
            await ask(route, kind, asking, whole=whole)


def _is_taken(wish: Wish, taken: set[Key]) -> bool:
    """Another source record owns the key, or one of what goes along, or came first in this rehearsal."""
    if {(wish.kind, wish.key), *wish.carries} & taken:
        return True
    rows: list[Target] = [row for row in (wish.row, *wish.carried) if row is not None]
    return any(
        row.state == "present"
        and row.owner_ref is not None
        and (row.owner_connection_id, row.owner_ref) != wish.owner
        for row in rows
    )


def act_of(wish: Wish, steps: Steps, *, foreign: bool = False) -> Act:
    """What one wish comes to, from its row, what the target holds and the steps it would take. Pure."""

    def act(action: Action, code: str | None = None, reason: str = "", changes: tuple[Change, ...] = ()) -> Act:  # fmt: skip
        return Act(
            kind=wish.kind,
            natural=wish.natural,
            action=action,
            key=wish.key,
            code=code,
            reason=reason,
            consent=wish.put.facts.get("consent") if wish.put else None,
            document=wish.intent.document if wish.intent else {},
            existing=wish.existing,
            changes=changes,
            update=wish.put.update if wish.put else True,
            scopes=wish.desired.scopes if wish.desired else {},
        )

    if foreign:
        return act("leave", "key_shared", "Another record has this address or number already.")
    if wish.unchanged or is_unchanged(wish, held_by_us=False):
        return act("unchanged")
    if isinstance(steps, Leave):
        return act("leave", steps.code, steps.reason)
    known = wish.existing is not None or wish.old_row is not None
    if not steps:
        return act("unchanged") if wish.existing is not None or wish.archive else act("leave")
    if wish.archive is not None:
        return act("delete" if wish.archive.permanently else "archive", None, wish.archive.reason, steps)
    return act("update" if known else "create", changes=steps)
