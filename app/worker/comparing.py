"""Comparing: once a night everything of a flow is looked at on both sides, and what differs is repaired.

At the target, what stands there is compared with what was written; what somebody changed behind our back is doubted and
asked for again. At the source every record is asked for again, behind live work; those that are as they were cost no call
to the target, and those that were missed are delivered, with ``compare`` as what asked for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from app.connectors.base import Document, Looks
from app.pipeline.route import Route
from app.pipeline.work import leaf_hashes
from app.store import outcomes, requests, targets
from app.store.requests import BACKFILL, Request

log = structlog.get_logger("comparing")

PAGE = 500
TRIGGER = "compare"


@dataclass(slots=True)
class Compared:
    """What a comparison saw: records at the target, those that differ there, and records of the source asked for again."""

    seen: int = 0
    differ: int = 0
    asked: int = 0


async def compare(route: Route) -> Compared:
    """Compare one flow. Raises what either side raises; what was found until then is asked for already."""
    told = Compared()
    if isinstance(route.target, Looks):
        part: list[tuple[str, Document]] = []
        async for each in route.target.look_at_all(route.record_kind):
            part.append(each)
            if len(part) >= PAGE:
                await _judge(route, part, told)
                part = []
        await _judge(route, part, told)
    await _ask_for_all(route, told)
    log.info("flow.compared", flow=route.flow_id, seen=told.seen, differ=told.differ, asked=told.asked)
    return told


async def _judge(route: Route, part: Sequence[tuple[str, Document]], told: Compared) -> None:
    """Doubt and ask for what stands otherwise at the target than it was written last."""
    told.seen += len(part)
    there = dict(part)
    async with route.db.read() as conn:
        rows = await targets.by_remote(
            conn, connection_id=route.target_connection_id, kind=route.record_kind, remote_ids=list(there)
        )
    changed = [row for row in rows if _differs(route, row, there[row.remote_id or ""])]
    if not changed:
        return
    told.differ += len(changed)
    async with route.db.write() as conn:
        await outcomes.doubt(conn, [row.id for row in changed], clock=route.db.clock)
        await requests.request(
            conn,
            [
                Request(route.flow_id, row.owner_ref, trigger=TRIGGER)
                for row in changed
                if row.owner_ref is not None and row.owner_connection_id == route.source_connection_id
            ],
            clock=route.db.clock,
        )


def _differs(route: Route, row: targets.Target, document: Mapping[str, object]) -> bool:
    """Only what we wrote counts, and only where we surely know it."""
    if row.state != "present" or row.in_doubt or row.holder is not None:
        return False
    there = leaf_hashes(dict(document), {}, sealer=route.sealer)
    return any(path in row.hashes and row.hashes[path] != digest for path, digest in there.items())


async def _ask_for_all(route: Route, told: Compared) -> None:
    since = 1
    while True:
        page = await route.source.changes(route.record_kind, since=since, limit=PAGE)
        wishes = [
            Request(route.flow_id, change.ref, priority=BACKFILL, trigger=TRIGGER) for change in page.changed
        ]
        for start in range(0, len(wishes), PAGE):
            async with route.db.write() as conn:
                await requests.request(conn, wishes[start : start + PAGE], clock=route.db.clock)
        told.asked += len(wishes)
        if not page.more or page.position < since:
            return
        since = page.position + 1
