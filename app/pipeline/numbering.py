"""Numbering: what a target lets us number gets a number out of a reserved range before it is made, and keeps it.

The number is committed before anything is sent, so that a second run, another worker, and a retry after a lost answer all
come to the same one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.connectors.base import TakesNumbers
from app.errors import RecordRefused
from app.pipeline.route import Route
from app.pipeline.work import Wish, prepare
from app.records.decision import Carried, Numbering
from app.store import numbers

BLOCK = 100
"""So many numbers are looked at in one call, so that a range with articles in it is walked through quickly."""


async def recall(route: Route, wishes: Sequence[Wish]) -> None:
    """The numbers that were given before: what we made is found by them, whichever flow made it. Raises DatabaseAway."""
    asking = [(wish, parts) for wish in wishes if (parts := _parts(route, wish))]
    if not asking:
        return
    by_kind: dict[str, set[str]] = {}
    for _, parts in asking:
        for each in parts:
            by_kind.setdefault(each.kind, set()).update(filter(None, (each.name, each.formerly)))
    async with route.db.read() as conn:
        found = {
            kind: await numbers.given(
                conn, connection_id=route.target_connection_id, kind=kind, names=sorted(names)
            )
            for kind, names in by_kind.items()
        }
    for wish, parts in asking:
        wish.numbers = {
            each.name: number
            for each in parts
            if (number := numbered(found[each.kind], each.name, each.formerly)) is not None
        }


def numbered(found: Mapping[str, int], name: str, formerly: str | None) -> int | None:
    """The number of a name, or that of the name it had before."""
    return found.get(name, found.get(formerly) if formerly else None)


async def give_numbers(route: Route, wishes: Sequence[Wish], *, keep: bool = True) -> None:
    """A number for each name that has none and that the target does not have; whoever gets none fails with the reason.

    Without ``keep`` nothing is remembered: those are the numbers that would be given.
    """
    groups: dict[tuple[str, str, int, int], list[Wish]] = {}
    for wish in wishes:
        numbering = _numbering(wish)
        if numbering is not None and wish.looked and wish.error is None and _lacking(wish):
            place = (wish.kind, numbering.kind, numbering.first, numbering.last)
            groups.setdefault(place, []).append(wish)
    for (target_kind, kind, first, last), asking in groups.items():
        target = route.target.target(target_kind)
        assert isinstance(target, TakesNumbers)
        names = list(dict.fromkeys(name for wish in asking for name in _lacking(wish)))
        try:
            found = await _given(route, target, kind, names, first=first, last=last, keep=keep)
        except Exception as error:  # nothing was sent: the known state of every row stays
            for wish in asking:
                wish.error = error
            continue
        for wish in asking:
            wish.numbers = {**wish.numbers, **{name: found[name] for name in _lacking(wish) if name in found}}
            left = _lacking(wish)
            if left:
                wish.error = _used_up(left, first, last)
            prepare(wish, sealer=route.sealer, options=route.options)


async def _given(
    route: Route,
    target: TakesNumbers,
    kind: str,
    names: Sequence[str],
    *,
    first: int,
    last: int,
    keep: bool,
) -> dict[str, int]:
    """Block by block behind the last number that was given: those that somebody uses at the target are passed over."""
    connection_id, missing, found = route.target_connection_id, list(names), dict[str, int]()
    async with route.db.read() as conn:
        before = await numbers.highest(conn, connection_id=connection_id, kind=kind, first=first, last=last)
    after = first - 1 if before is None else before
    while missing and after < last:
        block = range(after + 1, min(after + max(BLOCK, len(missing)), last) + 1)
        taken = await target.taken(block)
        free = [number for number in block if number not in taken]
        if keep:
            async with route.db.write() as conn:
                found |= await numbers.give(
                    conn,
                    connection_id=connection_id,
                    kind=kind,
                    names=missing,
                    free=free,
                    clock=route.db.clock,
                )
        else:
            found |= dict(zip(missing, free, strict=False))
        missing = [name for name in missing if name not in found]
        after = block[-1]
    return found


def _parts(route: Route, wish: Wish) -> tuple[Carried, ...]:
    """What a wish brings along, or is found by, under numbers that may be ours."""
    if wish.put is None or not isinstance(route.target.target(wish.kind), TakesNumbers):
        return ()
    carried = (each for each in wish.carries.values() if each is not None)
    return tuple(each for each in (*carried, *wish.put.beside) if each.kept)


def _numbering(wish: Wish) -> Numbering | None:
    return wish.put.numbering if wish.put is not None else None


def _wanted(wish: Wish) -> Numbering:
    numbering = _numbering(wish)
    assert numbering is not None
    return numbering


def _lacking(wish: Wish) -> list[str]:
    """The names that need a number, have none, and are not there."""
    there = wish.existing.carries if wish.existing is not None else {}
    return [name for name in _wanted(wish).names if name not in there and name not in wish.numbers]


def _used_up(names: Sequence[str], first: int, last: int) -> RecordRefused:
    return RecordRefused(
        f"No number from {first} to {last} is left for {', '.join(names[:20])}.",
        advice="Reserve a larger range in the flow's settings, then replay this record.",
        field="number_range",
        code="numbers_used_up",
    )
