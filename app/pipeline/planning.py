"""From what was read to what is wished for: mapping, decision, comparison. No call to the target."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.connectors.base import Fits, Found, Gone, Unreadable
from app.errors import AppError
from app.pipeline.absence import ask_about_absence
from app.pipeline.chains import joins, merely_held
from app.pipeline.echoes import recognise, stands_since
from app.pipeline.firstbranches import learn
from app.pipeline.former import recall
from app.pipeline.history import WARNING, came_before, history_among
from app.pipeline.route import Route
from app.pipeline.work import Item, Wish, is_unchanged, prepare
from app.records.decision import UNDONE, Counterpart, Decision, Known, KnownTarget, Skip, TargetState
from app.store import targets
from app.store.requests import COMPARED, HISTORY
from app.store.tables import erased
from app.store.targets import Key, Taking, Target
from app.translation import Plan


async def plan_all(route: Route, items: Sequence[Item], *, keep: bool = True) -> None:
    """Give every readable item its plan and its wishes, with the target rows as they stand now. Without ``keep`` nothing that is
    found out about buyers on the way is remembered."""
    async with route.db.read() as conn:
        owned = await targets.owned(
            conn,
            connection_id=route.target_connection_id,
            owner_connection_id=route.source_connection_id,
            refs=[item.claimed.source_ref for item in items],
            kinds=route.translation.target_kinds,
        )
        beside = await _beside(route, conn, [item.claimed.source_ref for item in items])
    counterparts = _counterparts(beside)
    by_ref: dict[str, list[Target]] = {}
    for row in beside:
        by_ref.setdefault(row.remote_id or "", []).append(row)
    taken_back = {row.remote_id: row for row in beside if UNDONE in row.facts}
    fits = await _learnt(route, items)
    old = await history_among(route, items)

    async def plan(some: Sequence[Item], branches: Mapping[str, str]) -> None:
        for n, item in enumerate(some):
            ref = item.claimed.source_ref
            if isinstance(item.fetched, Unreadable):
                item.error = item.fetched.error
            elif item.error is None and isinstance(item.fetched, Found | Gone):
                try:
                    mine = owned.get(ref, [])
                    known = known_of(route, ref, mine, counterparts, branches)
                    item.plan = _fitted(route.translation.plan(item.fetched, known), fits)
                    if _is_undo(item, item.plan, taken_back.get(ref)):
                        item.plan = _TAKEN_BACK
                    owner = (route.source_connection_id, ref)
                    item.wishes = wishes_of(route, item.plan, mine, owner=owner)
                    recognise(route, item, by_ref.get(ref, ()))
                    _make_quiet(item, is_history=ref in old or came_before(route, item.plan, mine))
                except AppError as error:
                    item.error = error
            if n % 50 == 49:
                await asyncio.sleep(0)  # a big batch must not keep the loop from its other work

    await plan(items, {})
    await _ask_first_branches(route, items, plan, keep=keep)
    await _wait(route, items)
    await _compare(route, items)
    await ask_about_absence(route, items)


async def _ask_first_branches(
    route: Route,
    items: Sequence[Item],
    plan: Callable[[Sequence[Item], Mapping[str, str]], Awaitable[None]],
    *,
    keep: bool,
) -> None:
    """What depends on where its buyer first bought is planned once more when that is known."""
    asked = {id(item): asks for item in items if item.plan and (asks := item.plan.decision.asks)}
    asking = [item for item in items if id(item) in asked]
    if not asking:
        return
    try:
        branches = await learn(route, list(asked.values()), keep=keep)
    except Exception as error:  # nothing was sent: every one of them keeps its place in the queue
        for item in asking:
            item.error, item.wishes = error, []
        return
    await plan(asking, branches)


def _make_quiet(item: Item, *, is_history: bool) -> None:
    """What is history, or healed, is no news: nobody gets a mail for it."""
    trigger = item.claimed.trigger
    for wish in item.wishes:
        wish.history = trigger if trigger in HISTORY.values() else None
        wish.backfill = trigger in ("backfill", COMPARED) or wish.history is not None or is_history
    if is_history and item.plan is not None and item.wishes:
        item.plan = replace(item.plan, warnings=(*item.plan.warnings, WARNING))


async def _learnt(route: Route, items: Sequence[Item]) -> dict[str, Fits]:
    """The targets that know what they can hold, by kind. Where that cannot be asked, nothing of the batch can be judged."""
    fits: dict[str, Fits] = {}
    for kind in route.translation.target_kinds:
        target = route.target.target(kind)
        if isinstance(target, Fits):
            fits[kind] = target
    try:
        for each in fits.values():
            await each.learn()
    except Exception as error:  # nothing was sent: every record keeps its place in the queue
        for item in items:
            item.error = item.error or error
    return fits


def _fitted(plan: Plan, fits: Mapping[str, Fits]) -> Plan:
    if not fits or not plan.desired:
        return plan
    desired, warnings = list(plan.desired), list(plan.warnings)
    for n, put in enumerate(plan.decision.puts):
        if put.kind in fits:
            desired[n], said = fits[put.kind].fitted(desired[n])
            warnings += said
    return replace(plan, desired=tuple(desired), warnings=tuple(dict.fromkeys(warnings)))


_STATES: Mapping[str, TargetState] = {"archived": "archived", "gone": "gone"}


async def _beside(route: Route, conn: AsyncConnection, refs: Sequence[str]) -> list[Target]:
    """Where flows go both ways: what the other flow knows of these source records, as its targets."""
    if not route.both_ways:
        return []
    return [
        row
        for kind in route.translation.target_kinds
        for row in await targets.by_remote(
            conn, connection_id=route.source_connection_id, kind=kind, remote_ids=refs
        )
        if row.owner_ref and row.owner_connection_id == route.target_connection_id
    ]


def _counterparts(beside: Sequence[Target]) -> dict[str, Counterpart]:
    """By source reference, the record at our target that the other flow made it from."""
    return {
        row.remote_id: Counterpart(row.owner_ref, dict(row.facts))
        for row in beside
        if row.remote_id and row.owner_ref and row.state == "present"
    }


_TAKEN_BACK = Plan(
    decision=Decision(
        skip=Skip(UNDONE, "What the other flow had brought was taken back; that is no news here.")
    )
)


def _is_undo(item: Item, plan: Plan, row: Target | None) -> bool:
    """Whether the source only shows what an undo of the other flow did there: put away, or put back and not edited since."""
    said = row.facts.get(UNDONE) if row is not None else None
    if not said or row is None:
        return False
    if row.state != "present":
        return bool(plan.decision.archives) and not plan.decision.puts
    return stands_since(said, item, plan) == 0


def known_of(
    route: Route,
    ref: str,
    rows: Sequence[Target],
    counterparts: Mapping[str, Counterpart] = MappingProxyType({}),
    branches: Mapping[str, str] = MappingProxyType({}),
) -> Known:
    """What a decision about this source record may know; ``rows`` are its targets."""
    return Known(
        targets=tuple(known for row in rows if (known := _known_target(route, ref, row)) is not None),
        flows=route.siblings,
        counterpart=counterparts.get(ref),
        first_branches=branches,
        hashed=route.key,
    )


def _known_target(route: Route, ref: str, row: Target) -> KnownTarget | None:
    own = (row.owner_connection_id, row.owner_ref) == (route.source_connection_id, ref) and row.state != "new"
    doubtful = row.taken_by(route.source_connection_id, ref)
    if not own and not doubtful:
        return None
    return KnownTarget(
        kind=row.kind,
        key=row.key,
        remote_id=row.remote_id,
        own=own,
        state=_STATES.get(row.state, "present") if own else "present",
        facts=dict(row.facts) if own else {},
        doubtful=doubtful,
    )


def wishes_of(
    route: Route, plan: Plan, owned: Sequence[Target] = (), *, owner: tuple[str, str]
) -> list[Wish]:
    """A wish for each put and archive of a plan, for this owner."""
    kinds = {row.key: row.kind for row in owned}
    wishes = [
        Wish(
            kind=put.kind,
            key=route.key(put.kind, put.natural),
            natural=put.natural,
            owner=owner,
            put=put,
            desired=desired,
            moves_from=(kinds.get(put.moves_from, put.kind), put.moves_from) if put.moves_from else None,
            carries={(each.kind, route.key(each.kind, each.natural)): each for each in put.carries},
            holds=tuple((kind, route.key(kind, natural)) for kind, natural in put.holds),
            about=tuple((kind, route.key(kind, natural)) for kind, natural in put.about),
            against=route.against,
        )
        for put, desired in zip(plan.decision.puts, plan.desired, strict=True)
    ]
    wishes += [
        Wish(
            kind=gone.kind,
            key=gone.key,
            natural=None,
            owner=owner,
            archive=gone,
            carries=dict.fromkeys(gone.carries),
        )
        for gone in plan.decision.archives
    ]
    return wishes


async def _wait(route: Route, items: Sequence[Item]) -> None:
    """Look for what the decisions need first: its remote id goes to the steps, its absence holds the delivery back."""
    needed = {
        (wait.kind, route.key(wait.kind, wait.natural))
        for item in items
        if item.plan is not None
        for wait in item.plan.decision.waits
    }
    if not needed:
        return
    async with route.db.read() as conn:
        rows = await targets.load(conn, connection_id=route.target_connection_id, keys=needed)
    for item in items:
        if item.plan is None:
            continue
        there: dict[tuple[str, str], str] = {}
        for wait in item.plan.decision.waits:
            row = rows.get((wait.kind, route.key(wait.kind, wait.natural)))
            if row is not None and row.state in wait.states:
                there[wait.kind, wait.natural] = row.remote_id or ""
            elif wait.absent != "without" or item.claimed.waited_ms < wait.patience_s * 1000:
                item.absent.append(wait)
        if item.absent:
            item.wishes = []
        for wish in item.wishes:
            wish.references = there


async def _compare(route: Route, items: Sequence[Item]) -> None:
    """Mark what is equal already, so that nothing is reserved or sent for it; keep erased people out."""
    keys = [key for item in items for wish in item.wishes for key in (*wish.keys, *wish.about)]
    if not keys:
        return
    async with route.db.read() as conn:
        rows = await targets.load(conn, connection_id=route.target_connection_id, keys=keys)
        blocked = set(
            (
                await conn.execute(select(erased.c.hash).where(erased.c.hash.in_({key for _, key in keys})))
            ).scalars()
        )
    for item in items:
        if any(
            key in blocked
            for wish in item.wishes
            for _, key in ((wish.kind, wish.key), *wish.holds, *wish.about)
        ):
            item.wishes = []
            item.plan = Plan(
                decision=Decision(skip=Skip("erased", "This person was erased here and is not made again."))
            )
            continue
        for wish in item.wishes:
            wish.row = rows.get((wish.kind, wish.key))
            wish.carried = [rows[key] for key in wish.carries if key in rows]
            prepare(wish, sealer=route.sealer, options=route.options)
            believe = not route.rules.held_means_no_comparison
            wish.unchanged = is_unchanged(wish, held_by_us=False, believe_held=believe) and _is_owner(wish)
    await recall(route, items)


def _is_owner(wish: Wish) -> bool:
    row = wish.row
    return row is not None and (row.owner_connection_id, row.owner_ref) == wish.owner


def to_reserve(route: Route, items: Sequence[Item]) -> list[Taking]:
    """Every key of the wishes that need a call. Where both merely hold what an earlier item takes, the later one follows it in
    this batch; otherwise it is left for the next."""
    taken: dict[Key, Taking] = {}
    holding: dict[Key, Item] = {}
    for item in items:
        wanted = [taking for wish in item.wishes if not wish.unchanged for taking in _takings(route, wish)]
        held = merely_held(item)
        before = [holding[key] for key in sorted(held) if key in holding]
        keys = [(each.kind, each.key) for each in wanted]
        clash = [key for key in keys if key in taken and not (key in held and key in holding)]
        if clash or (held and not joins(item, before)):
            item.missing = clash or sorted(held)
            continue
        taken |= {(each.kind, each.key): each for each in wanted}
        holding |= dict.fromkeys(held, item)
    return list(taken.values())


def _takings(route: Route, wish: Wish) -> list[Taking]:
    takings = [Taking(kind, key) for kind, key in wish.keys]
    mine = taking_of(route, wish)
    return [mine, *takings[1:]] if mine else takings


def taking_of(route: Route, wish: Wish) -> Taking | None:
    """For a record that may come about now and was not there, as far as we know: what finds it again should its answer be lost."""
    if wish.put is None or wish.natural is None or (wish.row is not None and wish.row.state == "present"):
        return None
    assert wish.owner is not None
    return Taking(wish.kind, wish.key, wish.owner[1], route.sealer.seal(wish.natural))
