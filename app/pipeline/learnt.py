"""What was learnt: a wish's known outcome as the whole new content of its target rows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from app.connectors.base import Applied, Carries
from app.pipeline import merging
from app.pipeline.route import Route
from app.pipeline.work import Item, Wish, facts_of, leaf_hash, maybe, without
from app.records.decision import UNDONE
from app.store.outcomes import Outcome
from app.store.targets import Target


def maybe_done(items: Sequence[Item]) -> dict[int, dict[str, str]]:
    """What is to be remembered of calls whose answer was lost, should it turn out that they were done."""
    found: dict[int, dict[str, str]] = {}
    for item in items:
        for wish in item.wishes:
            if wish.lost and wish.row is not None and wish.sent:
                facts = maybe(wish.changes[wish.sent - 1].if_done())
                if facts:
                    found[wish.row.id] = facts_of(wish.row, None) | facts
    return found


def rows_left(route: Route, wish: Wish) -> list[Outcome]:
    """What was looked at stands there, whoever's it is; and with it what it would have brought along."""
    left = wish.left
    assert left is not None
    assert wish.row is not None
    remote_id = wish.existing.remote_id if wish.existing else wish.row.remote_id
    return [
        Outcome(
            id=row.id,
            doubts=row.doubts,
            remote_id=remote_id if row is wish.row else _carried_id(route, wish, row, remote_id),
            owner_connection_id=row.owner_connection_id,
            owner_ref=row.owner_ref,
            state=left.state if wish.existing or left.state != "present" else row.state,
            hashes=row.hashes,
            facts=facts_of(row, wish.existing),
        )
        for row in (wish.row, *wish.carried)
    ]


def is_so_already(wish: Wish) -> bool:
    """Looked at, or surely known, and nothing to do: as good as written. Without this a record that was there before us
    is never ours, and what is no longer wanted of one is never forgotten."""
    if wish.put is None:
        return False
    if wish.existing is not None:
        return wish.existing.state == "present"
    return wish.row is not None and wish.row.state == "present" and not wish.row.in_doubt


def rows_written(route: Route, item: Item, wish: Wish) -> list[Outcome]:
    row = wish.row
    assert row is not None
    assert wish.intent is not None
    _, owner_ref = _owner(wish)
    facts: dict[str, str] = {} if wish.old_row is None else facts_of(wish.old_row, None)
    facts |= facts_of(row, None)
    remote_id, state = row.remote_id or (wish.old_row.remote_id if wish.old_row else None), "present"
    if not wish.changes and wish.existing is not None:
        remote_id = wish.existing.remote_id
    # Where updates are off, only what was made holds what we say.
    holds = wish.intent.update or (wish.existing is None and bool(wish.changes))
    written = _really_written(wish) if holds else {}
    put_away: Applied | None = None
    for applied in wish.applied:
        if wish.old_row is not None and applied.state == "archived":
            put_away = applied  # the new key had a record of its own, and the old one was put away for it
            continue
        remote_id, state = applied.remote_id or remote_id, applied.state
        facts |= dict(applied.facts)
    if item.undo:
        facts[UNDONE] = facts.get("marker", "") if state == "present" else state
    facts = merging.without_findings(facts) | merging.findings(_with_what_it_keeps(route, wish))
    if wish.put is not None:
        facts |= wish.put.facts
        if state == "present":
            facts.pop("archived_by", None)
            facts.pop(UNDONE, None)
    owns = state == "present"
    before = (
        dict(wish.old_row.hashes)
        if wish.old_row is not None and not wish.old_row.in_doubt
        else dict(row.hashes)
    )
    outcomes = [
        Outcome(
            id=row.id,
            doubts=row.doubts,
            remote_id=remote_id,
            owner_connection_id=route.source_connection_id
            if owns or wish.archive
            else row.owner_connection_id,
            owner_ref=owner_ref if owns or wish.archive else row.owner_ref,
            state=state,
            hashes=_still_there(before, wish, holds=holds) | written if owns else {},
            facts=facts,
        ),
        *_carried(route, wish, remote_id=remote_id, state=state),
    ]
    if wish.old_row is not None:
        outcomes.append(_left_behind(wish.old_row, outcomes[0], put_away))
    return outcomes


def _with_what_it_keeps(route: Route, wish: Wish) -> merging.Merged:
    """What was found before it was written, and beside that what the target keeps otherwise than it was said."""
    spelled = {
        path: digest
        for applied in wish.applied
        for path, value in applied.kept_as.items()
        if path in wish.written
        and (digest := leaf_hash(path, value, sealer=route.sealer)) != wish.written[path]
    }
    return replace(wish.merged, spelled={**wish.merged.spelled, **spelled}) if spelled else wish.merged


def _left_behind(old: Target, new: Outcome, put_away: Applied | None) -> Outcome:
    """The row of the key that was left: the record moved on, or it was put away and may come back."""
    if put_away is None:
        return Outcome(old.id, old.doubts, None, None, None, "gone", {}, {})
    facts = dict(old.facts) | dict(put_away.facts)
    return Outcome(
        old.id, old.doubts, old.remote_id, new.owner_connection_id, new.owner_ref, put_away.state, {}, facts
    )


def _owner(wish: Wish) -> tuple[str, str]:
    assert wish.owner is not None
    return wish.owner


def _carried(route: Route, wish: Wish, *, remote_id: str | None, state: str) -> list[Outcome]:
    """What went along has the same fate."""
    _, owner_ref = _owner(wish)
    return [
        Outcome(
            id=row.id,
            doubts=row.doubts,
            remote_id=_carried_id(route, wish, row, remote_id),
            owner_connection_id=route.source_connection_id,
            owner_ref=owner_ref,
            state=state,
            hashes={},
            facts=dict(row.facts),
        )
        for row in wish.carried
    ]


def _carried_id(route: Route, wish: Wish, row: Target, remote_id: str | None) -> str | None:
    """The remote id of what goes along: as the target told it, else it follows from that of the record that brings it."""
    carried = wish.carries.get((row.kind, row.key))
    told = (
        *(applied.carries for applied in reversed(wish.applied)),
        wish.existing.carries if wish.existing else {},
    )
    found = next((each[carried.name] for each in told if carried is not None and carried.name in each), None)
    if found is not None:
        return found
    target = route.target.target(wish.kind)
    if carried is None or not remote_id or not isinstance(target, Carries):
        return row.remote_id
    return target.carried_id(remote_id, row.kind, carried.name)


def _really_written(wish: Wish) -> dict[str, str]:
    """The hashes of what was written: all of it, but for what the target refused while it took the rest."""
    left_out = [path for applied in wish.applied for path in applied.left_out]
    return _without_fields(wish.written, left_out) if left_out else wish.written


def _without_fields(hashes: Mapping[str, str], fields: Iterable[str]) -> dict[str, str]:
    places = tuple(f"{path}." for path in fields)
    return {path: digest for path, digest in hashes.items() if not f"{path}.".startswith(places)}


def _still_there(before: Mapping[str, str], wish: Wish, *, holds: bool) -> dict[str, str]:
    """The hashes from before without those of what was taken away or emptied now."""
    kept = without(before, wish.vanished)
    if wish.restore is not None:  # not as we said it any more: asked for again, it is news
        return _without_fields(kept, wish.restore)
    return {path: digest for path, digest in kept.items() if path not in wish.emptied} if holds else kept
