"""Reserving: nobody else writes what a batch is about to write. Whoever lacks something lets go and comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from app.pipeline.chains import wanted_by_others
from app.pipeline.linking import links_of
from app.pipeline.moving import leaving
from app.pipeline.planning import to_reserve
from app.pipeline.route import Route
from app.pipeline.work import Item, Wish, is_unchanged, prepare
from app.store import targets, waits
from app.store.targets import Key, Taking, Target


async def reserve(route: Route, items: Sequence[Item], token: str) -> None:
    """Take hold of every key in one statement; whoever lacks one lets go of its others and comes back later."""
    ordered = sorted(items, key=_by_number)
    takings = to_reserve(route, ordered)
    if not takings:
        return
    keys = [(taking.kind, taking.key) for taking in takings]
    clock, connection_id = route.db.clock, route.target_connection_id
    async with route.db.write() as conn:
        rows = await _hold(conn, route, takings, token=token)
        lacking = [key for key in keys if key not in rows]
        left = (
            await targets.held_for_ms(conn, lacking, connection_id=connection_id, clock=clock)
            if lacking
            else {}
        )
        free: list[int] = []
        for item in ordered:
            wishes = [wish for wish in item.wishes if not wish.unchanged]
            if item.missing:
                item.wishes, item.held_ms = [], 1000
                continue
            item.missing = [key for wish in wishes for key in wish.keys if key not in rows]
            if item.missing:
                item.held_ms = max(left.get(key, 0) for key in item.missing)
                free += [rows[key].id for wish in wishes for key in wish.keys if key in rows]
                item.wishes = []
                continue
            item.wishes = [wish for wish in item.wishes if wish.unchanged] + _mine(
                route, item, wishes, rows, free
            )
        needed = {
            row.id for item in ordered for wish in item.wishes if not wish.unchanged for row in wish.rows
        }
        free = [id for id in free if id not in needed]
        await targets.let_go(conn, free, token=token)
        await waits.wake_waiting(conn, free, clock=clock)


async def _hold(
    conn: AsyncConnection, route: Route, takings: Sequence[Taking], *, token: str
) -> dict[Key, Target]:
    return await targets.reserve(
        conn,
        takings,
        connection_id=route.target_connection_id,
        taker_connection_id=route.source_connection_id,
        token=token,
        hold_ms=route.hold_ms,
        clock=route.db.clock,
        rules=route.rules,
    )


def _mine(
    route: Route, item: Item, wishes: list[Wish], rows: Mapping[Key, targets.Target], free: list[int]
) -> list[Wish]:
    """The wishes that may go on: the owner keeps a key, everybody else is remembered as a contender."""
    kept: list[Wish] = []
    for wish in wishes:
        row = rows[wish.kind, wish.key]
        wish.row = row
        wish.old_row = rows.get(wish.moves_from) if wish.moves_from else None
        wish.carried = [rows[key] for key in wish.carries]
        wish.held = [rows[key] for key in wish.holds]
        others = [each for each in (row, *wish.carried) if _foreign(wish, each)]
        if others and wish.put is None:
            free += [row.id, *(each.id for each in (*wish.carried, *wish.held))]
            continue  # what may have been left there is another's by now
        if others:
            item.contends += [(each.id, each.owner_ref or "") for each in others]
            item.links |= links_of(wish)
            free += [row.id, *(each.id for each in (*wish.carried, *wish.held))]
            if wish.old_row is not None:
                # Two who swap their addresses must not wait for each other: the old key is left in any case.
                kept.append(
                    leaving(wish.old_row, owner=wish.owner, sealer=route.sealer, options=route.options)
                )
            continue
        prepare(wish, sealer=route.sealer, options=route.options)
        if is_unchanged(wish, held_by_us=True):
            wish.unchanged = True
            free += [row.id, *(each.id for each in (*wish.carried, *wish.held))]
        kept.append(wish)
    return kept


def _foreign(wish: Wish, row: targets.Target) -> bool:
    """Another source record owns this key, and what it names is there."""
    owner = (row.owner_connection_id, row.owner_ref)
    return row.state == "present" and row.owner_ref is not None and owner != wish.owner


def _by_number(item: Item) -> tuple[int, int, str]:
    """Among newcomers the lowest number wins."""
    ref = item.claimed.source_ref
    return (0, int(ref), "") if ref.isascii() and ref.isdigit() else (1, 0, ref)


async def adopt(route: Route, items: Sequence[Item], token: str) -> None:
    """A record was found that our rows know under another key, if at all: hold that key as well, since whoever holds it may
    be about to move the record, or to put it away. Who lacks it comes back later."""
    adopting = [(item, wish) for item in items for wish in item.wishes if _is_news(wish)]
    if not adopting:
        return
    clock, connection_id = route.db.clock, route.target_connection_id
    async with route.db.read() as conn:
        elsewhere = await _known_elsewhere(conn, route, [wish for _, wish in adopting])
    if not elsewhere:
        return
    takings = [Taking(row.kind, row.key) for rows in elsewhere.values() for row in rows]
    async with route.db.write() as conn:
        rows = await _hold(conn, route, takings, token=token)
        free: list[int] = []
        for item, wish in adopting:
            if item.missing or wish not in item.wishes:
                continue
            own, others = _own_among(item, wish, elsewhere.get(_place(wish), ()))
            keys = [(row.kind, row.key) for row in others]
            item.missing = [key for key in keys if key not in rows]
            wish.displaced = own + [rows.pop(key) for key in keys if key in rows]
            if item.missing:
                left = await targets.held_for_ms(conn, item.missing, connection_id=connection_id, clock=clock)
                item.held_ms = max(left.values(), default=0)
                mine = {row.id for each in item.wishes for row in each.rows if row.holder == token}
                free += sorted(mine - wanted_by_others(item))
                item.wishes = []
        await targets.let_go(conn, free, token=token)
        await waits.wake_waiting(conn, free, clock=clock)


def _own_among(item: Item, wish: Wish, known: Sequence[Target]) -> tuple[list[Target], list[Target]]:
    """Of the rows that know what this wish found, those that another wish of its own item holds, and those of others. Such a
    wish is given up: nothing is to be put away there, and another person's is worked out anew afterwards."""
    ids = {row.id for row in known}
    giving_up = [
        each for each in item.wishes if each is not wish and ids.intersection(row.id for row in each.rows)
    ]
    item.wishes = [each for each in item.wishes if each not in giving_up]
    own = [row for each in giving_up for row in each.rows]
    return own, [row for row in known if row.id not in {each.id for each in own}]


def _is_news(wish: Wish) -> bool:
    """What was found is not what our rows say stands there."""
    return (
        wish.put is not None
        and not wish.unchanged
        and wish.error is None
        and wish.existing is not None
        and bool(wish.existing.remote_id)
        and wish.existing.remote_id not in {row.remote_id for row in wish.rows}
    )


def _place(wish: Wish) -> tuple[str, str]:
    assert wish.existing is not None
    return wish.kind, wish.existing.remote_id or ""


async def _known_elsewhere(
    conn: AsyncConnection, route: Route, wishes: Sequence[Wish]
) -> dict[tuple[str, str], list[Target]]:
    """By kind and remote id, the rows under which these records are known."""
    places: dict[str, set[str]] = {}
    for wish in wishes:
        kind, remote_id = _place(wish)
        places.setdefault(kind, set()).add(remote_id)
    found: dict[tuple[str, str], list[Target]] = {}
    for kind, ids in places.items():
        for row in await targets.by_remote(
            conn, connection_id=route.target_connection_id, kind=kind, remote_ids=sorted(ids)
        ):
            found.setdefault((kind, row.remote_id or ""), []).append(row)
    return found
