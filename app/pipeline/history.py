"""History: what is no news any more. Nobody gets a mail for it.

A poll tells news from history by the marker (``worker/polling.py``). A replay, or one record that is sent by hand, may mean any
record of the source, however old. It is news only if its source told of it as such lately and nobody brought it since, or if no
poll has come to it yet. Everything else goes as a backfill would bring it.

A record that changes is read as news, also a sale of years ago. So of what the target does not have yet, the record itself says
when it came about: before the flow was first started, it is history. Decision 12.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.connectors.base import Found
from app.pipeline.route import Route
from app.pipeline.work import Item
from app.store import cursors, requests
from app.store.requests import BY_HAND
from app.store.targets import Target
from app.translation import Plan

NEWS_FOR_MS = 7 * 86_400_000
"""So long somebody may mend what stood in the way of a sale, and it still is one that just happened."""
CLOCKS_DIFFER_MS = 300_000
"""A source tells whole seconds, and its clock may run behind ours."""
WARNING = "as_history: it is no news any more, so nobody gets a mail for it"


async def history_among(route: Route, items: Sequence[Item]) -> frozenset[str]:
    """References of those that a person asked for and that are history. One look for a batch."""
    asked = [
        item.fetched for item in items if item.claimed.trigger in BY_HAND and isinstance(item.fetched, Found)
    ]
    if not asked or not route.keeps_history_quiet:
        return frozenset()
    async with route.db.read() as conn:
        news = await requests.news_among(
            conn, route.flow_id, [each.ref for each in asked], for_ms=NEWS_FOR_MS, clock=route.db.clock
        )
        read_to = await cursors.positions(conn, route.flow_id, own=route.record_kind)
    return frozenset(
        each.ref
        for each in asked
        if each.ref not in news and not _is_still_to_be_read(each, read_to, own=route.record_kind)
    )


def came_before(route: Route, plan: Plan, owned: Sequence[Target]) -> bool:
    """Whether what would be made newly came about before the flow was first started, though something of it changed since."""
    if not route.keeps_history_quiet or any(row.state in ("present", "archived") for row in owned):
        return False
    moments = [put.came_about for put in plan.decision.puts if put.came_about is not None]
    return bool(moments) and max(moments).timestamp() * 1000 < route.began_ms - CLOCKS_DIFFER_MS


def _is_still_to_be_read(found: Found, read_to: Mapping[str, int], *, own: str) -> bool:
    """Beyond what the flow has read of the record's sequence. Of one that was never read nothing is."""
    position = read_to.get(found.sequence or own)
    return position is not None and found.position is not None and found.position > position
