"""What a record holds without owning it: nobody else writes it meanwhile, and whose it is stays. And what it names."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pydantic import BaseModel

from app.connectors.base import (
    Applied,
    Change,
    Desired,
    Diagnosis,
    Existing,
    Fetched,
    Found,
    Gone,
    Intent,
    Steps,
    Wanted,
)
from app.errors import AppError, RecordRefused, RemoteUnavailable
from app.pipeline.batch import run_batch
from app.pipeline.chains import LONGEST
from app.pipeline.rehearsal import rehearse
from app.pipeline.route import Route
from app.records.decision import Decision, Known, Put
from app.store import requests
from app.store.requests import Request
from app.store.session import Database
from app.store.tables import deliveries, targets
from app.translation import Plan
from tests.machine.toys import SEALER, make_flow

SOURCE, TILL = "shop", "till"


class Sale(BaseModel):
    """A toy sale of somebody."""

    buyer: str
    article: str = "1"


class Book(Change):
    """The one call of a sale."""

    about: str
    named: list[str]
    buyer: str = ""
    new: bool = False

    def summary(self) -> str:
        return self.about


@dataclass
class Till:
    """A toy target that names what it was asked for, and knows who writes for whom at the same time."""

    sent: list[tuple[str, list[str]]] = field(default_factory=list)
    there: dict[str, str] = field(default_factory=dict)
    lose: bool = False
    account: str = TILL
    buyers: set[str] = field(default_factory=set)
    writing: set[str] = field(default_factory=set)
    overlaps: int = 0

    async def check(self) -> Diagnosis:
        return Diagnosis(ok=True, code="ok", sentence="")

    def target(self, kind: str) -> Till:
        return self

    async def fetch_many(self, wanted: Sequence[Wanted]) -> Mapping[str, Existing]:
        return {w.key: Existing(self.there[w.natural or ""]) for w in wanted if w.natural in self.there}

    async def named(
        self, intents: Sequence[Intent]
    ) -> Sequence[Mapping[tuple[str, str], Existing] | AppError]:
        refused = RecordRefused("There is no such article.", code="article_missing")
        return [
            refused
            if i.document["article"] == "none"
            else {("article", i.document["article"]): Existing("7")}
            | ({("buyer", i.document["buyer"]): Existing("8")} if i.document["buyer"] in self.buyers else {})
            for i in intents
        ]

    def steps(self, intent: Intent, existing: Existing | None) -> Steps:
        if existing is not None:
            return ()
        if intent.document["article"] == "odd":
            raise RecordRefused("The article is odd.", code="odd")
        buyer, named = intent.document["buyer"], intent.named or {}
        articles = sorted(found.remote_id for (kind, _), found in named.items() if kind == "article")
        new = ("buyer", buyer) not in named
        return (Book(about=intent.natural or "", named=articles, buyer=buyer, new=new),)

    async def apply(self, change: Change) -> Applied:
        assert isinstance(change, Book)
        self.overlaps += change.buyer in self.writing
        self.writing.add(change.buyer)
        await asyncio.sleep(0.01)
        self.writing.discard(change.buyer)
        if change.new:
            assert change.buyer not in self.buyers, "the buyer is made a second time"
            self.buyers.add(change.buyer)
        self.sent.append((change.about, change.named))
        self.there[change.about] = f"id-{change.about}"
        if self.lose:
            raise RemoteUnavailable("lost", in_doubt=True)
        return Applied(remote_id=f"id-{change.about}")


@dataclass
class Shop:
    """The toy source."""

    sales: dict[str, Sale] = field(default_factory=dict)

    def source(self, kind: str) -> Shop:
        return self

    async def check(self) -> Diagnosis:
        return Diagnosis(ok=True, code="ok", sentence="")

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        return [Found(r, self.sales[r].model_dump()) if r in self.sales else Gone(r) for r in refs]


class Sales:
    """A sale that holds its buyer's relation."""

    target_kinds = ("order",)

    def plan(self, source: Found | Gone, known: Known) -> Plan:
        assert isinstance(source, Found)
        sale = Sale.model_validate(source.document)
        put = Put("order", source.ref, sale, holds=(("customer", sale.buyer),))
        return Plan(Decision(puts=(put,)), (Desired({"article": sale.article, "buyer": sale.buyer}),), sale)


@dataclass
class Rig:
    db: Database
    shop: Shop = field(default_factory=Shop)
    till: Till = field(default_factory=Till)
    flow_id: str = ""

    @property
    def route(self) -> Route:
        return Route(
            db=self.db, sealer=SEALER, flow_id=self.flow_id, record_kind="order", source_connection_id=SOURCE,
            target_connection_id=TILL, source_account=SOURCE, target_account=TILL, source=self.shop,  # type: ignore[arg-type]
            target=self.till, translation=Sales(), direction="shop→till",  # type: ignore[arg-type]
        )  # fmt: skip

    async def run(self, *refs: str, hook: Any = None) -> dict[str, int]:
        async with self.db.write() as conn:
            await requests.request(conn, [Request(self.flow_id, ref) for ref in refs], clock=self.db.clock)
        route = self.route if hook is None else replace(self.route, hook=hook)
        return dict((await run_batch(route)).outcomes)

    async def rows(self) -> dict[str, tuple[str, str | None, bool, bool]]:
        """By kind: state, owner, whether nobody else may take it now, whether it is in doubt."""
        now = await self.db.now()
        async with self.db.read() as conn:
            found = await conn.execute(targets.select().order_by(targets.c.id))
            return {
                row.kind: (
                    row.state,
                    row.owner_ref,
                    max(row.held_until, row.lands_until) > now,
                    row.in_doubt,
                )
                for row in found
            }

    async def codes(self) -> dict[str, tuple[str | None, str | None]]:
        async with self.db.read() as conn:
            found = await conn.execute(deliveries.select())
            return {row.source_ref: (row.outcome, row.code) for row in found}


@pytest.fixture
async def rig(db: Database) -> Rig:
    made = Rig(db)
    made.flow_id = await make_flow(db, source=SOURCE, target=TILL, kind="orders")
    return made


async def test_what_is_held_stays_whose_it_is_and_is_doubted_for_him(rig: Rig) -> None:
    rig.shop.sales["1"] = Sale(buyer="a")

    assert {"delivered": 1} == await rig.run("1")
    assert [("1", ["7"])] == rig.till.sent
    assert {
        "order": ("present", "1", False, False),
        "customer": ("new", None, False, True),
    } == await rig.rows()
    assert {"unchanged": 1} == await rig.run("1")


async def test_those_of_one_buyer_go_in_one_batch_one_after_the_other(rig: Rig) -> None:
    rig.shop.sales |= {"1": Sale(buyer="a"), "2": Sale(buyer="a"), "3": Sale(buyer="b"), "4": Sale(buyer="a")}
    both: list[dict[str, int]] = []

    async def second_worker(name: str) -> None:
        if name == "reserved" and not both:
            both.append({})
            both.append(dict((await run_batch(rig.route)).outcomes))

    assert {"delivered": 4} == await rig.run("1", "2", "3", "4", hook=second_worker)
    assert ["1", "2", "4"] == [about for about, _ in rig.till.sent if about != "3"]
    assert (0, {"a", "b"}) == (rig.till.overlaps, rig.till.buyers)
    async with rig.db.read() as conn:
        assert [] == [row for row in await conn.execute(targets.select()) if row.holder is not None]


async def test_a_long_chain_goes_in_several_batches(rig: Rig) -> None:
    refs = [str(n) for n in range(1, LONGEST + 3)]
    rig.shop.sales |= {ref: Sale(buyer="a") for ref in refs}

    assert {"delivered": LONGEST, "retrying": 2} == await rig.run(*refs)
    assert {"delivered": 2} == dict((await run_batch(rig.route)).outcomes)  # woken: nobody waits a second
    assert refs == [about for about, _ in rig.till.sent]


async def test_one_that_fails_holds_up_none_that_follow(rig: Rig) -> None:
    rig.shop.sales |= {
        "1": Sale(buyer="a", article="none"), "2": Sale(buyer="a", article="odd"), "3": Sale(buyer="a")
    }  # fmt: skip

    assert {"quarantined": 2, "delivered": 1} == await rig.run("1", "2", "3")
    async with rig.db.read() as conn:
        assert [] == [row for row in await conn.execute(targets.select()) if row.holder is not None]


async def test_after_a_lost_answer_none_of_the_same_buyer_is_sent(rig: Rig) -> None:
    rig.shop.sales |= {"1": Sale(buyer="a"), "2": Sale(buyer="a"), "3": Sale(buyer="b")}
    rig.till.lose = True

    assert {"retrying": 3} == await rig.run("1", "2", "3")
    assert {"1", "3"} == {about for about, _ in rig.till.sent}
    assert ("new", None, True, True) == (await rig.rows())["customer"]
    assert {"retrying": 1} == dict((await run_batch(rig.route)).outcomes)  # it may still land: nobody goes on
    assert ("retrying", "held") == (await rig.codes())["2"]


async def test_who_finds_a_held_key_waits_for_it(rig: Rig) -> None:
    rig.shop.sales |= {"1": Sale(buyer="a"), "2": Sale(buyer="a")}
    later: list[dict[str, int]] = []

    async def second_worker(name: str) -> None:
        if name == "reserved" and not later:
            later.append({})
            later.append(await rig.run("2"))

    assert {"delivered": 1} == await rig.run("1", hook=second_worker)
    assert {"retrying": 1} == later[1]
    assert [("1", ["7"])] == rig.till.sent


async def test_a_lost_answer_leaves_both_in_doubt_and_held(rig: Rig) -> None:
    rig.shop.sales["1"] = Sale(buyer="a")
    rig.till.lose = True
    await rig.run("1")

    assert {"order": ("new", None, True, True), "customer": ("new", None, True, True)} == await rig.rows()


@pytest.mark.parametrize(("article", "code"), [("none", "article_missing"), ("odd", "odd")])
async def test_what_is_named_and_missing_holds_back_one_record_alone(
    rig: Rig, article: str, code: str
) -> None:
    rig.shop.sales |= {"1": Sale(buyer="a", article=article), "2": Sale(buyer="b")}

    assert {"quarantined": 1, "delivered": 1} == await rig.run("1", "2")
    assert {"1": ("quarantined", code), "2": ("delivered", None)} == await rig.codes()
    assert [("2", ["7"])] == rig.till.sent
    async with rig.db.read() as conn:
        assert [] == [row for row in await conn.execute(targets.select()) if row.holder is not None]


async def test_a_rehearsal_tells_what_is_missing_and_holds_nothing(rig: Rig) -> None:
    sales = [Sale(buyer="a"), Sale(buyer="a", article="none"), Sale(buyer="a", article="odd")]
    found = await rehearse(
        rig.route, [Found(str(at), sale.model_dump()) for at, sale in enumerate(sales, start=1)]
    )

    assert [(None, "create"), ("article_missing", None), ("odd", None)] == [
        (one.error.code if one.error else None, one.acts[0].action if one.acts else None) for one in found
    ]
    assert ([], {}) == (rig.till.sent, await rig.rows())
