"""First branches: in which branch a buyer first bought, for flows that share buyers out among audiences by it.

One look at what was decided serves a whole batch. Whoever is not there is asked for at the source, all together, which knows
sales from long before any flow; so it does not matter which of a buyer's sales comes first, nor through which flow, and a
backfill finds nothing that was not known. What is decided stays. Decision 14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from app.connectors.base import FirstSale, TellsFirstSales
from app.pipeline.route import Route
from app.records.decision import FirstBuy
from app.store import first_branches
from app.store.first_branches import Decided

_FOR_EVER = datetime.max.replace(tzinfo=UTC)


async def learn(route: Route, asked: Sequence[FirstBuy], *, keep: bool = True) -> Mapping[str, str]:
    """By hashed key of the person, the branch, for everybody who is asked about.

    Without ``keep`` nothing is remembered: those are the branches that would be decided. Raises what asking the source raises,
    or DatabaseAway.
    """
    if not asked:
        return {}
    people: dict[str, list[FirstBuy]] = {}
    for each in asked:
        people.setdefault(route.key(each.kind, each.natural), []).append(each)
    connection_id = route.source_connection_id
    async with route.db.read() as conn:
        known = await first_branches.known(conn, connection_id=connection_id, people=list(people))
    new = {person: each for person, each in people.items() if person not in known}
    if not new:
        return known
    found = await _first_sales(route, new)
    if not keep:
        return known | {person: each.branch for person, each in found.items()}
    async with route.db.write() as conn:
        return known | await first_branches.decide(
            conn, found, connection_id=connection_id, clock=route.db.clock
        )


async def _first_sales(route: Route, people: Mapping[str, Sequence[FirstBuy]]) -> dict[str, Decided]:
    """The first of what the source tells of each person's relations, and of the sales at hand."""
    told: Mapping[str, FirstSale] = {}
    if isinstance(route.source, TellsFirstSales):
        buyers = {each.buyer for asked in people.values() for each in asked}
        told = await route.source.first_sales(sorted(buyers))
    found: dict[str, Decided] = {}
    for person, asked in people.items():
        sales = [FirstSale(each.at or _FOR_EVER, each.sale, each.branch) for each in asked]
        first = min(sales + [told[each.buyer] for each in asked if each.buyer in told])
        found[person] = Decided(first.branch, first.sale)
    return found
