"""Chains: deliveries of one batch that hold the same key go one after the other, under one hold.

What a record holds it may write without owning it: the relation of a sale, the sale of a refund. Two of them never run at once,
yet the second need not wait for another batch: it is looked up when the first is through, and sees what that one did. A chain
is settled as one, so that the key is let go of only when nothing of it is under way any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.pipeline.work import Item
from app.store.targets import Key

LONGEST = 8
"""So many of one chain go in one batch; what is left comes with the next, so that a batch stays some seconds of work."""


def merely_held(item: Item) -> set[Key]:
    """The keys that the item's wishes hold and do not own."""
    wishes = [wish for wish in item.wishes if not wish.unchanged]
    held = {key for wish in wishes for key in wish.holds}
    return held.difference(*({(wish.kind, wish.key), *wish.carries} for wish in wishes))


def joins(item: Item, before: Sequence[Item]) -> bool:
    """Put the item behind those that hold the same; False where it cannot be, and waits for the next batch."""
    chains = {id(each.chain): each.chain for each in before}
    if len(chains) > 1 or any(len(chain) >= LONGEST for chain in chains.values()):
        return False
    item.chain = next(iter(chains.values()), [])
    item.chain.append(item)
    return True


def firsts(items: Iterable[Item]) -> list[Item]:
    """Those that no other goes before."""
    return [item for item in items if not item.chain or item.chain[0] is item]


def in_chains(items: Iterable[Item]) -> list[list[Item]]:
    """The items by their chains, in the chains' order; one that holds nothing is a chain of its own."""
    found: dict[int, list[Item]] = {}
    for item in items:
        found.setdefault(id(item.chain) if item.chain else id(item), []).append(item)
    return [sorted(part, key=_place) if len(part) > 1 else part for part in found.values()]


def wanted_by_others(item: Item) -> set[int]:
    """The rows that others of its chain still need: they are not let go of for its sake."""
    others = [each for each in item.chain if each is not item]
    return {row.id for each in others for wish in each.wishes if not wish.unchanged for row in wish.rows}


def _place(item: Item) -> int:
    return next(at for at, each in enumerate(item.chain) if each is item)
