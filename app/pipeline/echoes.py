"""Echoes: what the flow of the other way wrote comes back through our source, and is told from what a person did there.

A record that still has the marker of that flow's last write was edited by nobody since: fields that hold what it wrote, or
found to be so already, are no news. While that flow is at work on the record, or wrote to it since it was read, nobody
knows yet: it is read again a moment later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.connectors.base import Found, Recognises
from app.pipeline.route import Route
from app.pipeline.work import Item, leaf_hash
from app.store import targets
from app.store.targets import Target
from app.translation import Plan
from app.values.dates import parse_moment

AGAIN_MS = 1_000
"""So long until a record is read again that the flow of the other way is at work on."""


def stands_since(marker: str, item: Item, plan: Plan) -> int | None:
    """How what was read compares with the write that got this marker: 0 it is of that write, 1 it was changed since, -1 it
    was read before. None where that cannot be told."""
    position = item.fetched.position if isinstance(item.fetched, Found) else None
    if marker.isascii() and marker.isdigit():
        return None if position is None else (position > int(marker)) - (position < int(marker))
    changed_at, written_at = getattr(plan.record, "changed_at", None), parse_moment(marker)
    if changed_at is None or written_at is None:
        return None
    return (changed_at > written_at) - (changed_at < written_at)  # type: ignore[no-any-return]


def recognise(route: Route, item: Item, beside: Sequence[Target]) -> None:
    """Mark the fields of this item's wishes that only echo. ``beside`` is what the flow of the other way knows of its record."""
    item.beside = tuple(beside)
    plan, fetched = item.plan, item.fetched
    if plan is None or not isinstance(fetched, Found):
        return
    for row in beside:
        marker = row.facts.get("marker")
        target = route.source.target(row.kind)
        if not marker or row.state != "present" or row.in_doubt or not isinstance(target, Recognises):
            continue
        if stands_since(marker, item, plan) != 0:
            continue

        def digest(path: str, value: Any) -> str:
            return leaf_hash(path, value, sealer=route.sealer)

        shown = target.shown(fetched.document)
        for wish in item.wishes:
            if wish.put is not None and (wish.kind, wish.key) == (row.kind, row.key):
                wish.echoed = frozenset().union(
                    *(
                        each.echoed(shown, wrote=row.hashes, facts=row.facts, digest=digest)
                        for each in route.against
                    )
                )


async def postpone(route: Route, items: Sequence[Item]) -> None:
    """Let go of what the flow of the other way works on now, or wrote to since it was read."""
    asking = [
        item for item in items if item.beside and item.plan is not None and any(w.put for w in item.wishes)
    ]
    held = {(row.kind, row.key) for item in asking for row in item.beside if row.holder is not None}
    left: dict[tuple[str, str], int] = {}
    if held:
        async with route.db.read() as conn:
            left = await targets.held_for_ms(
                conn, held, connection_id=route.source_connection_id, clock=route.db.clock
            )
    for item in asking:
        assert item.plan is not None
        for row in item.beside:
            marker = row.facts.get("marker")
            early = bool(marker) and stands_since(marker or "", item, item.plan) == -1
            if left.get((row.kind, row.key)) or early:
                item.wishes, item.again_ms = [], AGAIN_MS
