"""Two batches of one flow at once: the later one sends when the earlier one has nothing left to send."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from app.pipeline.batch import run_batch
from app.store.clock import ManualClock
from app.store.session import Database
from tests.machine.toys import ToyRecord, World, make_flow, make_route, request

REFS = [f"{number:02}" for number in range(8)]


async def test_a_later_batch_sends_after_an_earlier_one(db: Database, clock: ManualClock) -> None:
    world = World(random.Random(1), clock, sources={"s": {}}, trouble=False)
    flow = await make_flow(db, source="s", target="t")
    for ref in REFS:
        world.sources["s"][ref] = ToyRecord(ref=ref, address=f"{ref}@x", values={"v": ref})
        await request(db, flow, ref)
    sent: list[str] = []
    both_wait = asyncio.Barrier(2)

    def noting(batch: str) -> Callable[[], Awaitable[None]]:
        async def note() -> None:
            sent.append(batch)
            await asyncio.sleep(0)

        return note

    async def reserved(name: str) -> None:
        if name == "reserved":
            await both_wait.wait()

    places = asyncio.Semaphore(1)
    batches = [
        run_batch(
            make_route(
                db,
                world,
                flow_id=flow,
                source="s",
                target="t",
                actor=batch,
                hook=reserved,
                before_commit=noting(batch),
            ),
            limit=4,
            places=places,
        )
        for batch in "ab"
    ]
    await asyncio.gather(*batches)

    assert 8 == len(sent)
    assert len({*sent[:4]}) == len({*sent[4:]}) == 1
