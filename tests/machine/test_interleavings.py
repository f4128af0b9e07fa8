"""Two workers, edits, address changes and swaps, lost and late answers, crashes, stalls and frozen calls: at rest, the whole
target is what the source says, and nothing else stands there."""

from __future__ import annotations

import asyncio
import random

import pytest

from app.pipeline.batch import run_batch
from app.store.clock import ManualClock
from app.store.session import Database
from app.store.targets import ALL_RULES, Rules
from tests.machine.toys import Crash, ToyRecord, World, make_flow, make_route, request, until_quiet

REFS = ("1", "2")
ADDRESSES = ("a@x", "b@x", "c@x")


async def walk(
    db: Database, clock: ManualClock, *, seed: int, steps: int = 60, rules: Rules = ALL_RULES
) -> str | None:
    """One random interleaving; what is wrong when all is quiet, or None."""
    chance = random.Random(seed)
    world = World(chance, clock, sources={"s": {}})
    flow = await make_flow(db, source="s", target="t")
    for n, ref in enumerate(REFS):
        world.sources["s"][ref] = ToyRecord(ref=ref, address=ADDRESSES[n], values={"v": "0"})
        await request(db, flow, ref)
    routes = [
        make_route(db, world, flow_id=flow, source="s", target="t", actor=name, rules=rules, freezes=True)
        for name in ("w1", "w2")
    ]
    running: dict[str, asyncio.Task[object]] = {}

    for _ in range(steps):
        choice = chance.random()
        if choice < 0.25:
            ref = chance.choice(REFS)
            before = world.sources["s"][ref]
            taken = {r.address for r in world.sources["s"].values() if r.ref != ref}
            address = (
                chance.choice([a for a in ADDRESSES if a not in taken])
                if chance.random() < 0.3
                else before.address
            )
            active = chance.random() < 0.9
            world.sources["s"][ref] = before.model_copy(
                update={"values": {"v": str(chance.randrange(3))}, "address": address, "active": active}
            )
            await request(db, flow, ref)
        elif choice < 0.40:
            world.pass_time(chance.choice((0.5, 5.0, 31.0, 60.0, 131.0, 165.0)))
        else:
            actor = chance.choice(("w1", "w2"))
            task = running.get(actor)
            if task is not None and task.done():  # it died of what another part of it met
                died(task)
                task = None
            if task is None:
                route = routes[0] if actor == "w1" else routes[1]
                task = running[actor] = asyncio.create_task(run_batch(route, limit=2))
            elif actor in world.parked:  # otherwise it is dying of what another part of it met
                if chance.random() < 0.05:
                    world.doomed.add(actor)
                world.parked.pop(actor).set_result(None)
            await world.settle_down(task, actor)
            if task.done():
                died(running.pop(actor))
    world.trouble = False
    for actor, task in running.items():
        future = world.parked.pop(actor, None)
        if future is not None:
            future.set_result(None)
        await asyncio.gather(task, return_exceptions=True)
    rested = await until_quiet(db, world, routes)
    wanted = {record.address: record.values for record in world.sources["s"].values() if record.active}
    if not rested:
        return "never rested"
    return None if wanted == world.content else f"wanted {wanted}, target holds {world.content}"


def died(task: asyncio.Task[object]) -> None:
    """A worker that was killed may have died; of anything else, none may."""
    error = task.exception()
    if error is not None and not isinstance(error, Crash):
        raise error


FOUND = (1441, 2408, 2637)
"""Walks that once ended wrong: a late call of a frozen worker, a record found under another key."""


@pytest.mark.parametrize("seed", [*range(25), *FOUND])
async def test_when_all_is_quiet_the_target_equals_the_source(
    db: Database, clock: ManualClock, seed: int
) -> None:
    assert await walk(db, clock, seed=seed) is None
