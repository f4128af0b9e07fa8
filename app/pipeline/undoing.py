"""Undoing: what a run did for some records is taken back, by the same way as any other write.

What was made is put away as the flow's kind says, never deleted unless its own policy does so; what was changed is put
back where the values before were kept. What cannot be taken back is settled with the reason. It may be killed at any moment:
what has no attempt of the undo yet is taken again, and what was put away already is found so.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.connectors.limits import live_work
from app.errors import AdministratorError
from app.pipeline.batch import BatchResult, never, work_off
from app.pipeline.rehearsal import stand_in
from app.pipeline.route import Route
from app.pipeline.work import Item, Wish, prepare
from app.records.decision import Decision, Known, KnownTarget, Skip
from app.store import targets, undos
from app.store.targets import Target
from app.store.undos import UNDO, Did, Run, Undo
from app.translation import Plan, RowTranslation

Before = dict[str, tuple[Any, Any]]

MOST_NAMED = 100
FORESEEN_AT_ONCE = 500
MOST_FORESEEN = 5_000
"""So many records of a run are looked at one by one for a forecast, which somebody waits for; the others are only counted."""
MADE = frozenset({"made", "brought_back"})
NOT_KEPT = Skip("not_kept", "The values from before the run were not kept.")
PUT_AWAY = Skip("was_put_away", "The run put it away. Ask for the record again to bring it back.")
UNSURE = Skip("unsure", "An answer was lost, so nobody knows whether the run made it or found it there.")
GONE = Skip("already_gone", "It is not there any more.")
AWAY = Skip("already_away", "It was put away already.")
ANOTHERS = Skip("anothers", "Another record has its key now.")


@dataclass(slots=True)
class Foreseen:
    """What an undo would do about so many source ``records``, of which ``looked_at`` were looked at. At the target ``put_away`` what
    was made, ``restored`` what was changed, ``stays`` the rest by reason, the first of them by name."""

    records: int = 0
    looked_at: int = 0
    put_away: int = 0
    restored: int = 0
    stays: Counter[str] = field(default_factory=Counter)
    named: list[tuple[str, Skip]] = field(default_factory=list)


async def foresee(route: Route, run: Run, *, most: int = MOST_FORESEEN) -> Foreseen:
    """What the undo of a run would do, by what is known here: nothing is asked or written. Of a run of more than ``most`` records
    the first are looked at, so that it is at least so much."""
    async with route.db.read() as conn:
        found, after = Foreseen(await undos.count(conn, run)), 0
    while found.looked_at < most:
        async with route.db.read() as conn:
            limit = min(FORESEEN_AT_ONCE, most - found.looked_at)
            ids = await undos.deliveries_of(conn, run, after=after, limit=limit)
            did = await undos.steps_of(conn, run, ids)
            rows = await _rows(conn, did)
        if not ids:
            break
        found.looked_at, after = found.looked_at + len(ids), ids[-1]
        for steps in did.values():
            ref = steps[0].source_ref
            item = Item(claimed=stand_in(ref, UNDO))
            notes = plan_undo(route, item, steps, rows)
            found.put_away += sum(wish.archive is not None for wish in item.wishes)
            found.restored += sum(wish.restore is not None for wish in item.wishes)
            found.stays.update(note.code for note in notes)
            if notes and len(found.named) < MOST_NAMED:
                found.named.append((ref, notes[0]))
            await asyncio.sleep(0)
    return found


async def undo_batch(
    route: Route, undo: Undo, ids: Sequence[int], *, halted: Callable[[], bool] = never
) -> BatchResult:
    """Take back what a run did for these deliveries, but for those that somebody works on. Raises DatabaseAway."""
    clock, token = route.db.clock, secrets.token_hex(12)
    started = clock.monotonic()
    live_work.set(False)
    async with route.db.write() as conn:
        claimed = await undos.claim(conn, undo, ids, token=token, lease_ms=route.lease_ms, clock=clock)
    if not claimed:
        return BatchResult()

    async def plan(items: Sequence[Item]) -> None:
        async with route.db.read() as conn:
            did = await undos.steps_of(conn, undo.run, [item.claimed.id for item in items])
            rows = await _rows(conn, did)
        for item in items:
            item.undo = True
            plan_undo(route, item, did.get(item.claimed.id, []), rows)

    as_undo = [replace(each, trigger=UNDO, request_id=None) for each in claimed]
    return await work_off(route, as_undo, plan, token=token, started=started, halted=halted)


async def _rows(conn: AsyncConnection, did: Mapping[int, Sequence[Did]]) -> dict[int, Target]:
    ids = {effect["target"] for steps in did.values() for step in steps for effect in step.effects}
    return await targets.by_id(conn, ids)


def plan_undo(route: Route, item: Item, did: Sequence[Did], rows: Mapping[int, Target]) -> list[Skip]:
    """What is wished for this record: archives, fields to be put back. The answer is why the rest stays."""
    first, before, notes = _first(did), _before(route, did), list[Skip]()
    standing: dict[int, Target] = {}
    wishes: list[Wish] = []
    left = {effect.get("from") for step in did for effect in step.effects}
    for id, effect in first.items():
        row = rows.get(id)
        owner = (route.source_connection_id, effect.get("for", item.claimed.source_ref))
        why = _why_not(owner, effect["did"], row, kept=id in before)
        if why is not None or row is None:
            if id not in left:  # a key that was moved on from holds nothing of this record
                notes.append(why or GONE)
        elif effect["did"] in MADE:
            standing[id] = row
        else:
            wishes.append(_wish(route, owner, row, restore=before[id]))
    if standing:
        decision = _take_back(route, Known(tuple(map(_known, standing.values())), hashed=route.key))
        notes += [decision.skip] if decision.skip else []
        by_key = {(row.kind, row.key): (id, row) for id, row in standing.items()}
        for archive in decision.archives:
            id, row = by_key[archive.kind, archive.key]
            owner = (route.source_connection_id, first[id].get("for", item.claimed.source_ref))
            wish = _wish(route, owner, row)
            wish.archive, wish.made_as = archive, first[id].get("as")
            wish.carries = dict.fromkeys(archive.carries)
            prepare(wish, sealer=route.sealer, options=route.options)
            wishes.append(wish)
    item.wishes = wishes
    said = tuple(dict.fromkeys(f"{note.code}: {note.reason}" for note in notes)) if wishes else ()
    item.plan = Plan(Decision(skip=notes[0] if notes else None), warnings=said)
    return notes


def _first(did: Sequence[Did]) -> dict[int, Mapping[str, Any]]:
    """By target, what the run did to it first: that is what stood there before."""
    found: dict[int, Mapping[str, Any]] = {}
    for step in did:
        for effect in step.effects:
            before = found.get(effect.get("from", 0))
            if before is not None:  # it goes by another address since
                found.setdefault(effect["target"], before)
            if step.by_run:
                found.setdefault(effect["target"], effect)
    return found


def _before(route: Route, did: Sequence[Did]) -> dict[int, Before]:
    """By target and field, the value before the run and the last that it wrote."""
    found: dict[int, Before] = {}
    for step in did:
        for effect in step.effects:
            if effect.get("from") in found:  # it goes by another address since
                found.setdefault(effect["target"], {}).update(found[effect["from"]])
        if step.before_sealed is None or not step.by_run:
            continue
        try:
            kept = route.sealer.unseal_json(step.before_sealed)
        except AdministratorError:
            continue  # sealed with a key that is gone
        for id, values in kept.items():
            mine = found.setdefault(int(id), {})
            for name, (was, wrote) in values.items():
                mine[name] = (mine[name][0] if name in mine else was, wrote)
    return found


def _why_not(mine: tuple[str, str], did: str, row: Target | None, *, kept: bool) -> Skip | None:
    if did == "unsure":
        return UNSURE
    if did == "put_away":
        return PUT_AWAY
    if row is None or row.state == "gone":
        return GONE
    owner = (row.owner_connection_id, row.owner_ref)
    if row.state == "present" and owner != mine:
        return ANOTHERS
    if row.state != "present":
        return AWAY
    return None if kept or did in MADE else NOT_KEPT


def _wish(route: Route, owner: tuple[str, str], row: Target, *, restore: Before | None = None) -> Wish:
    wish = Wish(
        kind=row.kind,
        key=row.key,
        natural=None,
        owner=owner,
        restore=restore,
        row=row,
    )
    prepare(wish, sealer=route.sealer, options=route.options)
    return wish


def _take_back(route: Route, known: Known) -> Decision:
    """What the flow does about targets that are not to have been made: archives, or a skip that says why they stay."""
    translation = route.translation
    assert isinstance(translation, RowTranslation)
    return translation.kind.undo(translation.settings, known)


def _known(row: Target) -> KnownTarget:
    return KnownTarget(row.kind, row.key, row.remote_id, own=True, facts=dict(row.facts))
