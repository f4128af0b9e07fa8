"""Records that vanish from the source one after the other: little is put away quietly, much waits for a yes."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from sqlalchemy import select

from app.connectors.base import Found, Gone
from app.flows.policies import archive_owned
from app.pipeline.batch import run_batch
from app.pipeline.route import Route
from app.records.decision import Decision, Known
from app.store import requests
from app.store.clock import ManualClock
from app.store.session import Database
from app.store.tables import deliveries
from app.translation import Plan
from tests.machine.toys import ToyRecord, ToyTranslation, World, make_flow, make_route, request

CROWD = 2_500  # 1 % of them are 25: the day's limit is the fixed one, 20
GONE = 22


@dataclass(frozen=True, slots=True)
class ArchivesWhatIsGone(ToyTranslation):
    """A flow whose setting says that what vanished is to be archived."""

    def plan(self, source: Found | Gone, known: Known) -> Plan:
        if isinstance(source, Gone):
            return Plan(Decision(archives=archive_owned(known, kinds=("customer",), reason="not_found")))
        return ToyTranslation.plan(self, source, known)


class House:
    """A flow of many records that were all delivered once; the first of them can vanish."""

    def __init__(self, db: Database, world: World, route: Route) -> None:
        self.db, self.world, self.route = db, world, route

    async def vanish(self, *refs: int) -> dict[str, int]:
        """These are not shown any more, and one batch runs about them."""
        for ref in refs:
            self.world.sources["s"].pop(str(ref), None)
            await request(self.db, self.route.flow_id, str(ref))
        return dict((await run_batch(self.route)).outcomes)

    async def codes(self) -> list[str]:
        async with self.db.read() as conn:
            rows = await conn.execute(
                select(deliveries.c.code).where(deliveries.c.code.is_not(None)).order_by(deliveries.c.id)
            )
            return list(rows.scalars())


async def house(db: Database, clock: ManualClock) -> House:
    people = {str(n): ToyRecord(ref=str(n), address=f"{n}@x", values={"v": "1"}) for n in range(1, GONE + 4)}
    world = World(random.Random(1), clock, sources={"s": dict(people)}, trouble=False)
    flow = await make_flow(db, source="s", target="t")
    route = make_route(db, world, flow_id=flow, source="s", target="t", actor="w")
    for ref in people:
        await request(db, flow, ref)
    await run_batch(route)
    async with db.write() as conn:  # the rest of the crowd, delivered long ago
        await requests.request(
            conn, [requests.Request(flow, f"crowd-{n}") for n in range(CROWD)], clock=db.clock
        )
        crowd = deliveries.c.source_ref.startswith("crowd-")
        await conn.execute(deliveries.update().where(crowd).values(state="settled", outcome="delivered"))
    return House(db, world, replace(route, translation=ArchivesWhatIsGone("s")))


async def test_many_small_batches_count_together(db: Database, clock: ManualClock) -> None:
    shop = await house(db, clock)

    outcomes = [await shop.vanish(ref) for ref in range(1, GONE + 1)]

    assert [{"delivered": 1}] * 20 + [{"waiting": 1}] * 2 == outcomes
    assert ["source_gone"] * 20 + ["needs_yes"] * 2 == await shop.codes()
    assert {f"{n}@x" for n in range(21, GONE + 4)} == set(shop.world.content)


async def test_what_was_asked_for_again_still_counts(db: Database, clock: ManualClock) -> None:
    shop = await house(db, clock)
    for ref in range(1, 21):
        await shop.vanish(ref)

    again = await shop.vanish(*range(1, 21))

    assert {"unchanged": 20} == again
    assert {"waiting": 1} == await shop.vanish(21)


async def test_the_next_day_begins_anew(db: Database, clock: ManualClock) -> None:
    shop = await house(db, clock)
    for ref in range(1, 21):
        await shop.vanish(ref)
    clock.advance(24 * 3600 + 1)

    assert {"delivered": 1} == await shop.vanish(21)


async def test_what_somebody_said_yes_to_does_not_count(db: Database, clock: ManualClock) -> None:
    shop = await house(db, clock)
    assert {"waiting": 21} == await shop.vanish(*range(1, 22))
    async with db.write() as conn:
        await requests.say_yes(conn, clock=db.clock, flow_id=shop.route.flow_id)

    assert {"delivered": 21} == dict((await run_batch(shop.route)).outcomes)
    assert {"delivered": 1} == await shop.vanish(22)
