"""Absence: records that the source does not show any more, and how many of them may be put away without a yes.

Missing rights look the same as deletion, so what vanished is put away quietly only while it is little: within a day
at most 20 records of a flow, and at most one in a hundred. What waits for a yes counts as well; what somebody said
yes to does not.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from app.connectors.base import Gone
from app.pipeline.route import Route
from app.pipeline.work import Item
from app.store import attempts
from app.store.requests import APPROVED
from app.store.tables import deliveries

GONE_SHARE, GONE_MOST = 0.01, 20
DAY_MS = 86_400_000

PUT_AWAY = "source_gone"
"""The code of a delivery that put away what its source does not show any more: the day's are counted by it."""


async def ask_about_absence(route: Route, items: Sequence[Item]) -> None:
    """Let archives for records that vanished wait for a yes where they are many, in this batch and the day before it."""
    vanished = [
        i
        for i in items
        if isinstance(i.fetched, Gone) and any(w.archive for w in i.wishes) and i.claimed.trigger != APPROVED
    ]
    if not vanished:
        return
    row = deliveries.c
    async with route.db.read() as conn:
        total = (await conn.execute(select(func.count()).where(row.flow_id == route.flow_id))).scalar_one()
        asked = (
            await conn.execute(select(func.count()).where(row.flow_id == route.flow_id, row.needs_yes))
        ).scalar_one()
        refs = {item.claimed.source_ref for item in vanished}
        done = await attempts.settled_since(
            conn, flow_id=route.flow_id, code=PUT_AWAY, ms=DAY_MS, but_for=APPROVED, clock=route.db.clock
        )
    if len(vanished) + asked + len(done - refs) > min(GONE_MOST, total * GONE_SHARE):
        for item in vanished:
            item.needs_yes = True
            item.wishes = []
