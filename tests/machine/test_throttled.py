"""One call of a batch is throttled: what the rest of the batch wanted to say is not taken for said."""

from __future__ import annotations

import random

from app.pipeline.batch import run_batch
from app.store.clock import ManualClock
from app.store.session import Database
from tests.machine.toys import ToyRecord, World, make_flow, make_route, request, until_quiet

PEOPLE = {str(n): f"{name}@x" for n, name in enumerate("abcd", start=1)}


async def test_the_rest_of_a_throttled_batch_is_sent_later(db: Database, clock: ManualClock) -> None:
    world = World(random.Random(1), clock, sources={"s": {}}, trouble=False)
    flow = await make_flow(db, source="s", target="t")

    async def everybody_says(value: str) -> None:
        for ref, address in PEOPLE.items():
            world.sources["s"][ref] = ToyRecord(ref=ref, address=address, values={"v": value})
            await request(db, flow, ref)

    worker = make_route(db, world, flow_id=flow, source="s", target="t", actor="w")
    await everybody_says("1")
    await run_batch(worker)
    await everybody_says("2")
    throttled = await run_batch(
        make_route(db, world, flow_id=flow, source="s", target="t", actor="w", fate="throttled")
    )
    clock.advance(10)

    assert await until_quiet(db, world, [worker])
    assert {"retrying": 4} == dict(throttled.outcomes)
    assert {address: {"v": "2"} for address in PEOPLE.values()} == world.content
