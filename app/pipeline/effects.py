"""Effects: what an attempt did to which target, so that a person can take a whole run back later. Pure.

They stand beside the attempt as row ids and words. The values that were written over are personal: they are kept only
where the flow says so, sealed, and for so many days.
"""

from __future__ import annotations

from typing import Any, Literal

from app.connectors.base import Document, Restores
from app.pipeline.route import Route
from app.pipeline.work import Item, Wish
from app.store.targets import Target

Did = Literal["made", "changed", "brought_back", "put_away", "unsure", "restored"]
"""``unsure``: an answer was lost, so it may have been made by us or found there. What moved here from another key says ``from``
which target, what was made as something says ``as`` what, and an article that was made for an order ``for`` which product."""


def effects_of(item: Item) -> list[dict[str, Any]]:
    """What was done to each target of this delivery, also where its rest failed."""
    found: list[dict[str, Any]] = []
    for wish in item.wishes:
        if wish.row is None or not wish.row.id:
            continue
        did = _did(wish)
        if not wish.applied and not (did == "unsure" and wish.done):
            continue
        moved = {"from": wish.old_row.id} if did == "changed" and wish.old_row is not None else {}
        whose = _made_for(item, wish)
        found.append({"target": wish.row.id, "did": did} | _made_as(wish, did) | moved | whose)
        if wish.put is not None and wish.done:
            made = (row for row in wish.carried if _was_made(wish, row))
            found += [{"target": row.id, "did": "made"} | whose for row in made]
    return found


def _made_for(item: Item, wish: Wish) -> dict[str, str]:
    """Whose the target is, where that is another source record than the delivery's own."""
    ref = wish.owner[1] if wish.owner is not None else item.claimed.source_ref
    return {} if ref == item.claimed.source_ref else {"for": ref}


def _was_made(wish: Wish, row: Target) -> bool:
    """Whether what went along was not there before: neither by our rows, nor by what was found at the target."""
    carried = wish.carries.get((row.kind, row.key))
    there = wish.existing.carries if wish.existing is not None else {}
    return bool(row.id) and row.state != "present" and (carried is None or carried.name not in there)


def _did(wish: Wish) -> Did:
    row, existing = wish.row, wish.existing
    assert row is not None
    if wish.archive is not None:
        return "put_away"
    if wish.restore is not None:
        return "restored"
    if existing is not None and existing.state == "archived":
        return "brought_back"
    if existing is None and (wish.looked or (row.state != "present" and wish.old_row is None)):
        return "made"
    if existing is not None and row.state != "present" and row.in_doubt and _may_be_ours(wish, row):
        return "unsure"
    return "changed"


def _may_be_ours(wish: Wish, row: Target) -> bool:
    return wish.owner is not None and row.taken_by(*wish.owner)


def _made_as(wish: Wish, did: Did) -> dict[str, str]:
    """As what it was made, where that may change by somebody's own will."""
    said = next((word for change in wish.changes if (word := change.made_as())), None)
    return {"as": said} if did == "made" and said else {}


def before_of(route: Route, item: Item) -> dict[str, Document]:
    """By target row, the fields that were written over, each with its value before and after."""
    found: dict[str, Document] = {}
    for wish in item.wishes:
        target = route.target.target(wish.kind)
        if wish.row is None or wish.existing is None or _did(wish) != "changed":
            continue
        if isinstance(target, Restores) and wish.applied and wish.existing.whole:
            kept = target.kept(wish.existing, wish.changes[: len(wish.applied)])
            if kept:
                found[str(wish.row.id)] = dict(kept)
    return found
