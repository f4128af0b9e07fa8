"""Each rule of the machine is the mend of a trace: with it the target ends as the source, without it an older state stays.

Every trace is told by hand, step by step, and run twice: with all rules, and with the one rule taken out.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from app.connectors.base import Found
from app.pipeline.batch import Handed, run_batch
from app.pipeline.route import Route
from app.store.session import Database
from app.store.targets import ALL_RULES, Rules
from tests.machine.toys import Crash, ToyRecord, World, make_flow, make_route, request, until_quiet

LEASE_OVER, HOLD_OVER = 31.0, 165.0


class Stage:
    """One source record under one address, a flow or two, and workers that the story calls up."""

    def __init__(self, db: Database, world: World, flow: str, rules: Rules):
        self.db, self.world, self.flow, self.rules = db, world, flow, rules
        self.flows = [flow]

    @property
    def source(self) -> dict[str, str]:
        return self.world.sources["s"]["1"].values

    @property
    def target(self) -> dict[str, str]:
        return self.world.content.get("a@x", {})

    async def edit(self, *, flow: str | None = None, ring: bool = True, **values: str) -> None:
        """Somebody edits the record at the source, and the doorbell rings."""
        self.world.sources["s"]["1"] = ToyRecord(ref="1", address="a@x", values=self.source | values)
        if ring:
            await request(self.db, flow or self.flow, "1")

    def worker(
        self,
        *,
        flow: str | None = None,
        at: str | None = None,
        do: Callable[[], Awaitable[None]] | None = None,
        **options: Any,
    ) -> Route:
        """A worker; ``do`` happens while it stands at the checkpoint ``at``."""

        async def hook(name: str) -> None:
            if name == at and do is not None:
                await do()

        return make_route(
            self.db, self.world, flow_id=flow or self.flow, source="s", target="t", actor="w", rules=self.rules, hook=hook, **options
        )  # fmt: skip

    async def work(self, route: Route | None = None) -> None:
        """A worker runs one batch, or dies in it."""
        with suppress(Crash):
            await run_batch(route or self.worker(), limit=5)

    async def rest(self) -> None:
        """Everything that is due is worked off, and whatever was under way lands."""
        assert await until_quiet(self.db, self.world, [self.worker(flow=flow) for flow in self.flows])


async def stage(db: Database, rules: Rules) -> Stage:
    world = World(random.Random(1), db.clock, sources={"s": {}}, trouble=False)  # type: ignore[arg-type]
    flow = await make_flow(db, source="s", target="t")
    world.sources["s"]["1"] = ToyRecord(ref="1", address="a@x", values={"v": "1"})
    made = Stage(db, world, flow, rules)
    await request(db, flow, "1")
    return made


async def fence(on: Stage) -> None:
    """A worker stalls after its send until another has written something newer, then settles what it knows."""

    async def overtaken() -> None:
        on.world.pass_time(HOLD_OVER)
        await on.edit(v="2", ring=False)  # its doorbell is slow
        await on.work()

    await on.work(on.worker(at="sent", do=overtaken))
    await on.edit(v="1")


async def no_row_doubt(on: Stage) -> None:
    """A worker freezes between its last look at the clock and its send; its old value lands over a newer one."""

    async def frozen() -> None:
        on.world.pass_time(HOLD_OVER)
        await on.edit(v="2")
        await on.work()

    await on.work(on.worker(before_commit=frozen))


async def held_means_no_comparison(on: Stage) -> None:
    """A worker dies with its call under way; the source goes back to what was confirmed last."""
    await on.rest()
    await on.edit(v="2")

    async def dies() -> None:
        raise Crash

    on.world.pass_time(1)
    await on.work(on.worker(at="sent", do=dies, fate="late"))
    on.world.pass_time(LEASE_OVER)
    await on.edit(v="1")
    await on.work()


async def hold_beyond_the_send(on: Stage) -> None:
    """A worker dies with its call under way, which the target still carries out a hundred seconds later."""

    async def dies() -> None:
        raise Crash

    await on.work(on.worker(at="sent", do=dies, fate="late"))
    on.world.pass_time(LEASE_OVER)
    await on.edit(v="2")
    await on.work()


async def forget_doubted_hashes(on: Stage) -> None:
    """Two flows write one entry: one loses an answer, the other one's known outcome must not confirm its field."""
    other = await make_flow(on.db, source="s", target="t", kind="loyalty")
    on.flows.append(other)
    one = {"flow": on.flow, "fields": ("v",)}
    two = {"flow": other, "fields": ("p",)}
    await on.work(on.worker(**one))
    await on.edit(v="2")
    await on.work(on.worker(**one, fate="landed"))
    on.world.pass_time(HOLD_OVER - 35)
    await on.edit(p="7", flow=other)
    await on.work(on.worker(**two))
    await on.edit(v="1")
    on.world.pass_time(HOLD_OVER)
    await on.work(on.worker(**one))


async def page_at_requested_plus_one(on: Stage) -> None:
    """A poll's page is older than an edit whose doorbell rang while the page was under way."""
    await on.rest()
    page = Found("1", ToyRecord(ref="1", address="a@x", values={"v": "2"}).model_dump())
    await on.edit(v="3")  # rings once by webhook …
    await request(on.db, on.flow, "1")  # … and the poll stores what its page said
    await run_batch(on.worker(), limit=5, handed={"1": Handed(page, requested_before=1)})


TRACES = (
    fence,
    no_row_doubt,
    held_means_no_comparison,
    hold_beyond_the_send,
    forget_doubted_hashes,
    page_at_requested_plus_one,
)


@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: trace.__name__)
async def test_with_all_rules_the_newest_state_stays(
    db: Database, trace: Callable[[Stage], Awaitable[None]]
) -> None:
    on = await stage(db, ALL_RULES)
    await trace(on)
    await on.rest()

    assert on.source == on.target


@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: trace.__name__)
async def test_without_its_rule_an_older_state_stays(
    db: Database, trace: Callable[[Stage], Awaitable[None]]
) -> None:
    on = await stage(db, replace(ALL_RULES, **{trace.__name__: False}))
    await trace(on)
    await on.rest()

    assert on.source != on.target
