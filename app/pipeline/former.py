"""Former addresses: whose record is not found under the present address may stand under the one before.

Only what a verified call told, and only where no link is known: neither of this source record nor, under the former
address, of another one; and nobody else at the source has that address now. Whose it is by then, his is the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from app.connectors.base import LooksUp
from app.errors import AdministratorError, AppError
from app.pipeline.route import Route
from app.pipeline.work import Item, Wish
from app.store import moves, targets
from app.store.targets import Key

MOST = 5
"""So often somebody may have changed the address within the day."""


async def recall(route: Route, items: Sequence[Item]) -> None:
    """Tell wishes for records that are not known the addresses before theirs, the latest first."""
    asking = [wish for item in items for wish in item.wishes if _is_unknown(wish)]
    if not asking:
        return
    await _follow(route, {wish.key: wish for wish in asking})
    for item in items:
        try:
            for wish in item.wishes:
                if wish.formerly:
                    wish.formerly = await _left(route, wish)
        except AppError as error:  # nothing was sent: it keeps its place in the queue
            item.error, item.wishes = error, []


def _is_unknown(wish: Wish) -> bool:
    row = wish.row
    return (
        wish.put is not None
        and wish.moves_from is None
        and wish.put.linked is None
        and (row is None or row.state != "present")
    )


async def _follow(route: Route, asking: dict[str, Wish]) -> None:
    at = {key: key for key in asking}
    for _ in range(MOST):
        if not at:
            return
        async with route.db.read() as conn:
            found = await moves.before(
                conn, connection_id=route.source_connection_id, keys=list(at.values()), clock=route.db.clock
            )
        steps = {whose: _add(route, asking[whose], found[key]) for whose, key in at.items() if key in found}
        at = {whose: key for whose, key in steps.items() if key}


def _add(route: Route, wish: Wish, sealed: bytes) -> str:
    """The key of the address before, or nothing where it is known already or cannot be opened."""
    with suppress(AdministratorError):
        old = route.sealer.unseal(sealed)
        if old != wish.natural and old not in wish.formerly:
            wish.formerly += (old,)
            return route.key(wish.kind, old)
    return ""


async def _left(route: Route, wish: Wish) -> tuple[str, ...]:
    """Those that are nobody's now. Raises what looking somebody up raises."""
    keys: dict[str, Key] = {old: (wish.kind, route.key(wish.kind, old)) for old in wish.formerly}
    async with route.db.read() as conn:
        rows = await targets.load(conn, connection_id=route.target_connection_id, keys=keys.values())
    taken = {old for old, key in keys.items() if key in rows and rows[key].state == "present"}
    if isinstance(route.source, LooksUp):
        for old in keys.keys() - taken:
            if await route.source.look_up(route.record_kind, email=old) is not None:
                taken.add(old)
    return tuple(old for old in wish.formerly if old not in taken)
