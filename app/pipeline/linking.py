"""Linking: what a part of a source's record was found to be at the target is kept, whether we made it or not.

Later the source may have that record no more, and name its parts by ids that nothing at the target is found by.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from app.pipeline.route import Route
from app.pipeline.work import Item, Wish
from app.store import links
from app.store.links import Part


async def keep(route: Route, conn: AsyncConnection, items: Sequence[Item]) -> None:
    """What these items found out, in the transaction that settles them."""
    found: dict[Part, int] = {}
    for item in items:
        found |= item.links
        for wish in item.wishes:
            if wish.error is None and not wish.lost:
                found |= links_of(wish)
    await links.keep(
        conn,
        found,
        connection_id=route.target_connection_id,
        owner_connection_id=route.source_connection_id,
    )


def links_of(wish: Wish) -> dict[Part, int]:
    """The parts that a wish speaks of and whose place is known: as its calls told it, as it was found, or as our rows have it."""
    if wish.put is None:
        return {}
    found: dict[Part, int] = {}
    if wish.owner is not None:
        places = {
            carried.name: row.remote_id
            for row in wish.carried
            if row.state == "present" and (carried := wish.carries.get((row.kind, row.key))) is not None
        }
        if wish.existing is not None:
            places |= wish.existing.carries
        for applied in wish.applied:
            places |= applied.carries
        for each in (*wish.put.carries, *wish.put.beside):
            number = number_of(places.get(each.name))
            if each.part is not None and number is not None:
                found[wish.owner[1], each.kind, each.part] = number
    for supply in wish.put.supplies:
        there = (wish.named or {}).get((supply.kind, supply.called))
        number = number_of(there.remote_id if there is not None else None)
        if supply.of is not None and supply.part is not None and number is not None:
            found[supply.of, supply.kind, supply.part] = number
    return found


def number_of(remote_id: str | None) -> int | None:
    """The number that a part goes by, the last word of its remote id (``12/900001``); None where that is no number."""
    last = (remote_id or "").rpartition("/")[2]
    return int(last) if last.isascii() and last.isdigit() else None
