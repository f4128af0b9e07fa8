"""Supplying: what a record names and its target does not have is made first, where the flow says so: articles for an order.

Looked for before anything is reserved, so that a record whose names are all there costs no more than a look, and holds nothing.
What is made is a wish of its own in front of the record's, owned by whatever the source has it from: whoever comes later, this
flow or one of such records, finds it as its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.connectors.base import Existing, Fetched, Found, Refers, Unreadable
from app.errors import AppError, TimeError
from app.pipeline.linking import number_of
from app.pipeline.numbering import numbered
from app.pipeline.planning import known_of, wishes_of
from app.pipeline.route import Route
from app.pipeline.work import Item, Wish, prepare
from app.records.decision import Supply
from app.store import links, numbers, targets
from app.store.links import Part
from app.store.targets import Key, Target
from app.translation import Plan


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What is known here of the supplies of a batch: rows by key and by whose they are, numbers that were given, and those that
    parts of the source's records were found under."""

    rows: Mapping[Key, Target] = field(default_factory=dict)
    owned: Mapping[str, Sequence[Target]] = field(default_factory=dict)
    given: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    linked: Mapping[Part, int] = field(default_factory=dict)


async def supply(route: Route, items: Sequence[Item]) -> None:
    """Before the wishes of these items, those that make what they name and the target does not have.

    What cannot be made is told by the record's own steps, together with all else that they find missing.
    """
    asking = [(item, wish) for item in items for wish in item.wishes if _asks(item, wish)]
    if route.maker is None or not asking:
        return
    shelf = await _known_here(route, [wish for _, wish in asking])
    for _, wish in asking:
        here = ((each.called, _number_here(route, shelf, each)) for each in _supplies(wish))
        _number(route, wish, {called: number for called, number in here if number is not None})
    try:
        lacking = await _lacking(route, shelf, [wish for _, wish in asking])
        lacking = await _not_linked(route, shelf, [wish for _, wish in asking], lacking)
        refs = {each.of for names in lacking for each in names if each.of is not None}
        shown = await _shown(route, sorted(refs))
    except Exception as error:  # nothing was sent
        for _, wish in asking:
            wish.error = error
        return
    for (item, wish), names in zip(asking, lacking, strict=True):
        made = _made(route, shelf, item, wish, names, shown)
        if wish.error is None:
            item.wishes = [*made, *item.wishes]


def ready(route: Route, items: Sequence[Item]) -> None:
    """Once it was looked what stands there: the record names what is to be made by its number. Where the record is there
    already, or fails, nothing is made for it."""
    for item in items:
        for wish in item.wishes:
            makers = [each for each in item.wishes if each.makes_for is wish]
            if item.contends and _supplies(wish):
                wish.error = wish.error or TimeError(
                    "Another product took one of its articles a moment ago.", code="made_meanwhile"
                )
            if not makers:
                continue
            if wish.error is not None or wish.existing is not None or wish.named is None:
                for each in makers:
                    each.unchanged, each.error = True, None
                continue
            by_name = {name: number for each in makers for name, number in _places(each).items()}
            made = {
                (each.kind, each.called): Existing(by_name[each.name])
                for each in _supplies(wish)
                if each.name in by_name
            }
            wish.named = {**made, **wish.named}
            prepare(wish, sealer=route.sealer, options=route.options)


def _asks(item: Item, wish: Wish) -> bool:
    """A record that may have to be made, and names what may have to be."""
    if not _supplies(wish) or wish.unchanged or item.error is not None:
        return False
    return wish.row is None or wish.row.state != "present" or wish.row.in_doubt


def _supplies(wish: Wish) -> tuple[Supply, ...]:
    return wish.put.supplies if wish.put is not None else ()


def _places(maker: Wish) -> dict[str, str]:
    """Where what this wish brings along stands, or will, by name."""
    there = maker.existing.carries if maker.existing is not None else {}
    own = {
        variant.sku: str(variant.number)
        for variant in getattr(maker.put.record if maker.put else None, "variants", ())
        if variant.number is not None
    }
    return {**own, **{name: str(number) for name, number in maker.numbers.items()}, **there}


# --- what is there ----------------------------------------------------------------------------------------------------


async def _known_here(route: Route, wishes: Sequence[Wish]) -> _Shelf:
    supplies = [each for wish in wishes for each in _supplies(wish)]
    names: dict[str, set[str]] = {}
    for each in supplies:
        names.setdefault(each.kind, set()).update(filter(None, (each.name, each.formerly)))
    keys = {(kind, route.key(kind, name)) for kind, of_kind in names.items() for name in of_kind}
    refs = sorted({each.of for each in supplies if each.of is not None})
    async with route.db.read() as conn:
        return _Shelf(
            rows=await targets.load(conn, connection_id=route.target_connection_id, keys=keys),
            linked=await links.known(
                conn,
                connection_id=route.target_connection_id,
                owner_connection_id=route.source_connection_id,
                refs=refs,
            ),
            owned=await targets.owned(
                conn,
                connection_id=route.target_connection_id,
                owner_connection_id=route.source_connection_id,
                refs=refs,
                kinds=route.maker.translation.target_kinds if route.maker is not None else (),
            ),
            given={
                kind: await numbers.given(
                    conn, connection_id=route.target_connection_id, kind=kind, names=sorted(of_kind)
                )
                for kind, of_kind in names.items()
            },
        )


def _rows(route: Route, shelf: _Shelf, each: Supply) -> list[Target]:
    """The rows under which it may be known: its own, and that of its former name."""
    names = [name for name in (each.name, each.formerly) if name is not None]
    found = [shelf.rows.get((each.kind, route.key(each.kind, name))) for name in names]
    return [row for row in found if row is not None]


def _number_here(route: Route, shelf: _Shelf, each: Supply) -> int | None:
    if not each.kept:
        return None
    for row in _rows(route, shelf, each):
        number = number_of(row.remote_id)
        if row.state != "gone" and number is not None:
            return number
    return numbered(shelf.given.get(each.kind, {}), each.name, each.formerly)


async def _lacking(route: Route, shelf: _Shelf, wishes: Sequence[Wish]) -> list[list[Supply]]:
    """For each wish, what is not there; or may be, by a call of ours whose answer was lost: that is settled by looking."""
    kinds = {wish.kind for wish in wishes}
    stands: dict[int, Mapping[tuple[str, str], Existing]] = {}
    for kind in kinds:
        target = route.target.target(kind)
        assert isinstance(target, Refers)
        asked = [wish for wish in wishes if wish.kind == kind and wish.intent is not None]
        only = frozenset(each.kind for wish in asked for each in _supplies(wish))
        answers = await target.named([wish.intent for wish in asked if wish.intent is not None], only=only)
        for wish, answer in zip(asked, answers, strict=True):
            if isinstance(answer, AppError):
                wish.error = answer
            else:
                stands[id(wish)] = answer
    return [
        [
            each
            for each in _supplies(wish)
            if id(wish) in stands
            and (
                (each.kind, each.called) not in stands[id(wish)]
                or any(row.in_doubt or row.state == "new" for row in _rows(route, shelf, each)[:1])
            )
        ]
        for wish in wishes
    ]


async def _not_linked(
    route: Route, shelf: _Shelf, wishes: Sequence[Wish], lacking: Sequence[list[Supply]]
) -> list[list[Supply]]:
    """What its name leads to nothing for is where that part was found before, if that still stands; else it is lacking."""
    linked = [
        (wish, wish.numbers, found)
        for wish, names in zip(wishes, lacking, strict=True)
        if (found := _found_before(shelf, names))
    ]
    for wish, before, found in linked:
        _number(route, wish, {**before, **found})
    again = await _lacking(route, shelf, [wish for wish, _, _ in linked])
    for (wish, before, found), names in zip(linked, again, strict=True):
        gone = {each.called for each in names}
        standing = {called: number for called, number in found.items() if called not in gone}
        _number(route, wish, {**before, **standing})
    told = {id(wish): names for (wish, _, _), names in zip(linked, again, strict=True)}
    return [told.get(id(wish), names) for wish, names in zip(wishes, lacking, strict=True)]


def _found_before(shelf: _Shelf, names: Sequence[Supply]) -> dict[str, int]:
    return {
        each.called: number
        for each in names
        if each.kept and (number := shelf.linked.get((each.of or "", each.kind, each.part or "")))
    }


def _number(route: Route, wish: Wish, numbers: Mapping[str, int]) -> None:
    """The record names these by their numbers."""
    wish.numbers = numbers
    prepare(wish, sealer=route.sealer, options=route.options)


async def _shown(route: Route, refs: Sequence[str]) -> dict[str, Fetched]:
    """The source's records that these supplies are of."""
    if not refs or route.maker is None:
        return {}
    source = route.source.source(route.maker.translation.kind.record_kind)
    return {answer.ref: answer for answer in await source.fetch_many(refs)}


# --- what is made -----------------------------------------------------------------------------------------------------


def _made(
    route: Route,
    shelf: _Shelf,
    item: Item,
    wish: Wish,
    lacking: Sequence[Supply],
    shown: Mapping[str, Fetched],
) -> list[Wish]:
    """A wish for each record that has something to be made; ``wish.unmade`` for what cannot be."""
    by_ref: dict[str, list[Supply]] = {}
    unmade: dict[str, str] = {}
    for each in lacking:
        if each.of is None:
            unmade[each.called] = "the order's line does not say of which product it is."
        else:
            by_ref.setdefault(each.of, []).append(each)
    made: list[Wish] = []
    for ref, names in by_ref.items():
        answer = shown.get(ref)
        if isinstance(answer, Unreadable):
            wish.error = answer.error
            return []
        try:
            plan = _plan(route, shelf, ref, names, answer)
        except AppError as error:
            unmade |= {each.called: error.detail for each in names}
            continue
        skip = plan.decision.skip
        if skip is not None or not plan.decision.puts:
            unmade |= {each.called: skip.reason if skip else "nothing says how." for each in names}
            continue
        for one in wishes_of(route, plan, owner=(route.source_connection_id, ref)):
            one.makes_for = wish
            one.backfill, one.history = wish.backfill, wish.history
            made.append(one)
        if item.plan is not None:
            item.plan = replace(item.plan, warnings=item.plan.warnings + plan.warnings)
    wish.unmade = unmade
    prepare(wish, sealer=route.sealer, options=route.options)
    return made


def _plan(route: Route, shelf: _Shelf, ref: str, names: Sequence[Supply], answer: Fetched | None) -> Plan:
    """Of the source's record; of what the names themselves tell of it, where the source has it, or that part of it, no more."""
    assert route.maker is not None
    translation = route.maker.translation
    known = replace(
        known_of(route, ref, shelf.owned.get(ref, ())), wanted=frozenset(each.name for each in names)
    )
    if not isinstance(answer, Found):
        return translation.plan_record(route.maker.joined(None, names), known)
    plan = translation.plan(answer, known)
    if plan.record is None:
        return plan
    whole = route.maker.joined(plan.record, names)
    return plan if whole is plan.record else translation.plan_record(whole, known)
