"""A worker freezes between its last look at the clock and its call, and others settle the same keys meanwhile.

Its call lands over what is newer, or where nothing should stand any more. When it wakes it learns that it was overtaken,
and whoever has to do with what it wrote is read again.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

import pytest

from app.pipeline.batch import run_batch
from app.store.session import Database
from tests.machine.toys import ToyRecord, World, make_flow, make_route, request, until_quiet

A, B, C = "a@x", "b@x", "c@x"
HOLD_OVER = 165.0


class Stage:
    """A flow of one source, and workers that the story calls up."""

    def __init__(self, db: Database, world: World, flow: str):
        self.db, self.world, self.flow = db, world, flow

    async def says(self, ref: str, address: str, value: str) -> None:
        """What the source says of a record from now on."""
        self.world.sources["s"][ref] = ToyRecord(ref=ref, address=address, values={"v": value})
        await request(self.db, self.flow, ref)

    async def work(
        self, *, frozen: Callable[[], Awaitable[None]] | None = None, fate: str | None = None
    ) -> None:
        """One batch of a worker; ``frozen`` happens before its first call arrives, ``fate`` is what becomes of its calls."""
        once = [frozen] if frozen else []

        async def before_commit() -> None:
            if once:
                await once.pop()()

        route = make_route(
            self.db, self.world, flow_id=self.flow, source="s", target="t", actor="w", hook=_goes_on, before_commit=before_commit,
            fate=fate,
        )  # fmt: skip
        await run_batch(route, limit=5)

    async def rest(self) -> dict[str, dict[str, str]]:
        """All that the target shows when nothing is due any more."""
        route = make_route(
            self.db, self.world, flow_id=self.flow, source="s", target="t", actor="w", hook=_goes_on
        )
        assert await until_quiet(self.db, self.world, [route])
        return self.world.content


async def _goes_on(_checkpoint: str) -> None:
    """Nobody looks."""


@pytest.fixture
async def on(db: Database) -> Stage:
    world = World(random.Random(1), db.clock, sources={"s": {}}, trouble=False)  # type: ignore[arg-type]
    return Stage(db, world, await make_flow(db, source="s", target="t"))


async def test_an_entry_that_is_made_late_does_not_stay_behind(on: Stage) -> None:
    async def meanwhile() -> None:
        on.world.pass_time(HOLD_OVER)
        await on.says("1", B, "2")
        await on.work()

    await on.says("1", A, "1")
    await on.work(frozen=meanwhile)
    assert {A, B} == set(on.world.content)

    assert {B: {"v": "2"}} == await on.rest()


async def test_an_entry_that_is_moved_late_is_moved_on(on: Stage) -> None:
    async def meanwhile() -> None:
        on.world.pass_time(HOLD_OVER)
        await on.says("1", C, "1")
        await on.work()

    await on.says("1", A, "1")
    await on.rest()
    await on.says("1", B, "1")
    on.world.pass_time(1)
    await on.work(frozen=meanwhile)
    assert {B: {"v": "1"}} == on.world.content

    assert {C: {"v": "1"}} == await on.rest()


async def test_who_has_the_address_now_gets_his_own_values_back(on: Stage) -> None:
    async def meanwhile() -> None:
        on.world.pass_time(HOLD_OVER)
        await on.says("1", B, "1")
        await on.says("2", A, "2")
        await on.rest()
        assert {A: {"v": "2"}, B: {"v": "1"}} == on.world.content

    await on.says("1", A, "1")
    await on.work(frozen=meanwhile)
    assert {A: {"v": "1"}, B: {"v": "1"}} == on.world.content

    assert {A: {"v": "2"}, B: {"v": "1"}} == await on.rest()


async def test_a_late_call_whose_answer_is_lost_is_waited_for_by_whoever_looks(on: Stage) -> None:
    """Whoever looked before it lands would believe what he sees, and put the doubt aside."""

    async def meanwhile() -> None:
        on.world.pass_time(HOLD_OVER)
        await on.says("1", B, "2")
        await on.work()

    await on.says("1", A, "1")
    await on.work(frozen=meanwhile, fate="late")
    await on.work()
    assert {B: {"v": "2"}} == on.world.content, "the call to the old address has not landed yet"

    assert {B: {"v": "2"}} == await on.rest()


async def test_a_record_that_is_found_under_another_key_is_its_finders_alone(on: Stage) -> None:
    """Its old owner, who does not know that his move went through, must not put away what is another's by now."""
    await on.says("1", A, "1")
    await on.says("2", B, "2")
    await on.rest()
    await on.says("2", C, "2")
    on.world.pass_time(1)
    await on.work(fate="landed")
    assert {A: {"v": "1"}, C: {"v": "2"}} == on.world.content
    await on.says("1", C, "1")
    await on.says("2", A, "2")

    assert {C: {"v": "1"}, A: {"v": "2"}} == await on.rest()
