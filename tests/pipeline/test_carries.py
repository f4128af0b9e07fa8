"""What goes along: a product brings its variants' keys, a stock level needs its variant, what vanishes is forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    Leave,
    Page,
    Steps,
    Wanted,
)
from app.errors import RemoteUnavailable
from app.pipeline.batch import run_batch
from app.pipeline.route import Route
from app.records.decision import Archive, Carried, Decision, Known, Put, Wait
from app.store import requests
from app.store.requests import Request
from app.store.session import Database
from app.store.tables import attempts, deliveries, targets
from app.translation import Plan
from tests.machine.toys import SEALER, make_flow

TILL, SHOP = "till", "shop"


class Shelf(BaseModel):
    """One toy product: its variants with prices. ``options`` steer what the decision wants."""

    variants: dict[str, int] = {}
    update: bool = True
    away: bool = False


class Call(Change):
    """Anything sent to the toy shop."""

    about: str
    body: dict[str, Any]

    def summary(self) -> str:
        return self.about


@dataclass
class Shop:
    """The toy target: it says which leaves and elements it was told of."""

    sent: list[tuple[str, list[str] | None, list[str]]] = field(default_factory=list)
    there: set[str] = field(default_factory=set)
    lose: bool = False
    account: str = SHOP

    async def check(self) -> Diagnosis:
        return Diagnosis(ok=True, code="ok", sentence="")

    async def marks(self) -> Mapping[str, int]:
        return {}

    async def changes(self, kind: str, *, since: int, limit: int = 500) -> Page:
        return Page((), since, False)

    def source(self, kind: str) -> Any:
        raise NotImplementedError

    def target(self, kind: str) -> Shop:
        return self

    def needs_existing(self, intent: Intent) -> bool:
        return False

    def carried_id(self, remote_id: str, kind: str, name: str) -> str:
        return f"{remote_id}/{name}"

    async def fetch_many(self, wanted: Sequence[Wanted]) -> Mapping[str, Existing]:
        return {w.key: Existing(w.natural or "", whole=False) for w in wanted if w.natural in self.there}

    def steps(self, intent: Intent, existing: Existing | None) -> Steps:
        if existing is not None and not intent.update:
            return Leave("update_off", "Updates are off.")
        if intent.changed is not None and not intent.changed and intent.desired is not None:
            return ()
        about = intent.natural or f"away {intent.remote_id}"
        said = None if intent.changed is None else sorted(intent.changed)
        return (Call(about=about, body={"changed": said, "gone": sorted(intent.vanished), "ids": list(intent.references.values())}),)  # fmt: skip

    async def apply(self, change: Change) -> Applied:
        assert isinstance(change, Call)
        self.sent.append((change.about, change.body["changed"], change.body["gone"] + change.body["ids"]))
        if self.lose:
            raise RemoteUnavailable("lost", in_doubt=True)
        if change.about.startswith("away"):
            return Applied(state="gone")
        return Applied(remote_id=f"id-{change.about}")


@dataclass
class Till:
    """The toy source."""

    shelves: dict[str, Shelf] = field(default_factory=dict)

    def source(self, kind: str) -> Till:
        return self

    async def check(self) -> Diagnosis:
        return Diagnosis(ok=True, code="ok", sentence="")

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        return [Found(r, self.shelves[r].model_dump()) if r in self.shelves else Gone(r) for r in refs]


class Products:
    """A product and its variants in one put."""

    target_kinds = ("product", "variant")

    def __init__(self, name: str = "product"):
        self.name = name

    def plan(self, source: Found | Gone, known: Known) -> Plan:
        assert isinstance(source, Found)
        shelf = Shelf.model_validate(source.document)
        skus = {known.hashed("variant", sku) for sku in shelf.variants}
        mine = [t for t in known.targets if t.state == "present"]
        if shelf.away:
            along = tuple((t.kind, t.key) for t in mine if t.kind == "variant")
            return Plan(
                Decision(
                    archives=tuple(
                        Archive(t.kind, t.key, "away", carries=along) for t in mine if t.kind == "product"
                    )
                )
            )
        put = Put(
            "product",
            source.ref,
            shelf,
            update=shelf.update,
            carries=tuple(Carried("variant", sku) for sku in shelf.variants),
        )
        away = tuple(
            Archive("variant", t.key, "dropped") for t in mine if t.kind == "variant" and t.key not in skus
        )
        document = {
            "title": f"product {source.ref}",
            "variants": [{"id": sku, "price": price} for sku, price in shelf.variants.items()],
        }
        return Plan(
            Decision(puts=(put,), archives=away), (Desired(document, scopes={"variants": "id"}),), shelf
        )


class Stock:
    """A quantity for a variant that something else brings."""

    target_kinds = ("stock",)

    def __init__(self, absent: Any):
        self.absent = absent

    def plan(self, source: Found | Gone, known: Known) -> Plan:
        put = Put("stock", source.ref, Shelf())
        wait = Wait("variant", source.ref, "The variant is not in the store.", absent=self.absent, code="not_in_store")  # fmt: skip
        return Plan(Decision(puts=(put,), waits=(wait,)), (Desired({"quantity": 3}),), Shelf())


class Rig:
    def __init__(self, db: Database):
        self.db, self.till, self.shop = db, Till(), Shop()

    async def flow(self, kind: str = "products") -> str:
        return await make_flow(self.db, source=TILL, target=SHOP, kind=kind)

    def route(self, flow_id: str, translation: Any) -> Route:
        return Route(
            db=self.db, sealer=SEALER, flow_id=flow_id, record_kind="product", source_connection_id=TILL,
            target_connection_id=SHOP, source_account=TILL, target_account=SHOP, source=self.till,  # type: ignore[arg-type]
            target=self.shop, translation=translation, direction="till→shop",
        )  # fmt: skip

    async def run(self, flow_id: str, *refs: str, translation: Any = None) -> dict[str, int]:
        async with self.db.write() as conn:
            await requests.request(conn, [Request(flow_id, ref) for ref in refs], clock=self.db.clock)
        return dict((await run_batch(self.route(flow_id, translation or Products()))).outcomes)

    async def rows(self) -> dict[tuple[str, str | None], tuple[str, str | None]]:
        """(kind, remote id) → (state, owner)."""
        async with self.db.read() as conn:
            found = await conn.execute(
                targets.select().where(targets.c.state != "new").order_by(targets.c.id)
            )
            return {(row.kind, row.remote_id): (row.state, row.owner_ref) for row in found}

    async def settled(self, flow_id: str) -> dict[str, tuple[str, str | None]]:
        async with self.db.read() as conn:
            found = await conn.execute(deliveries.select().where(deliveries.c.flow_id == flow_id))
            return {row.source_ref: (row.state, row.code) for row in found}


@pytest.fixture
def rig(db: Database) -> Rig:
    return Rig(db)


async def test_a_product_brings_its_variants_keys(rig: Rig) -> None:
    flow = await rig.flow()
    rig.till.shelves["1"] = Shelf(variants={"10": 5, "11": 6})

    assert {"delivered": 1} == await rig.run(flow, "1")
    assert [("1", None, [])] == rig.shop.sent
    assert {
        ("product", "id-1"): ("present", "1"),
        ("variant", "id-1/10"): ("present", "1"),
        ("variant", "id-1/11"): ("present", "1"),
    } == await rig.rows()
    assert {"unchanged": 1} == await rig.run(flow, "1")


async def test_steps_are_told_which_leaves_changed(rig: Rig) -> None:
    flow = await rig.flow()
    rig.till.shelves["1"] = Shelf(variants={"10": 5, "11": 6})
    await rig.run(flow, "1")
    rig.till.shelves["1"] = Shelf(variants={"10": 5, "11": 7})

    await rig.run(flow, "1")

    assert ("1", ["variants[11].price"], []) == rig.shop.sent[-1]


async def test_what_vanishes_is_forgotten_and_news_when_it_comes_back(rig: Rig) -> None:
    flow = await rig.flow()
    rig.till.shelves["1"] = both = Shelf(variants={"10": 5, "11": 6})
    await rig.run(flow, "1")
    rig.till.shelves["1"] = Shelf(variants={"10": 5})
    dropped = await rig.run(flow, "1")
    rows = await rig.rows()
    again = await rig.run(flow, "1")
    rig.till.shelves["1"] = both
    back = await rig.run(flow, "1")

    assert ({"delivered": 1}, {"unchanged": 1}, {"delivered": 1}) == (dropped, again, back)
    assert ("gone", "1") == rows["variant", "id-1/11"]
    assert [
        ("1", None, []),
        ("away id-1/11", None, []),
        ("1", ["variants[11].id", "variants[11].price"], []),
    ] == rig.shop.sent


async def test_a_variant_belongs_to_one_product(rig: Rig) -> None:
    flow = await rig.flow()
    rig.till.shelves |= {"1": Shelf(variants={"10": 5}), "2": Shelf(variants={"20": 5, "10": 5})}
    first = await rig.run(flow, "1")
    second = await rig.run(flow, "2")
    assert ({"delivered": 1}, {"skipped": 1}) == (first, second)
    assert ("settled", "key_shared") == (await rig.settled(flow))["2"]

    rig.till.shelves["1"] = Shelf(variants={"11": 5})
    await rig.run(flow, "1")  # the owner leaves the key: whoever wanted it is due
    await run_batch(rig.route(flow, Products()))

    assert ("settled", None) == (await rig.settled(flow))["2"]
    assert ("present", "2") == (await rig.rows())["variant", "id-2/10"]


async def test_what_goes_away_takes_its_variants_along(rig: Rig) -> None:
    flow = await rig.flow()
    rig.till.shelves["1"] = Shelf(variants={"10": 5})
    await rig.run(flow, "1")
    rig.till.shelves["1"] = Shelf(away=True)
    await rig.run(flow, "1")

    assert [("1", None, []), ("away id-1", None, [])] == rig.shop.sent
    assert {("product", "id-1"): ("gone", "1"), ("variant", "id-1/10"): ("gone", "1")} == await rig.rows()


async def test_a_lost_answer_holds_the_variants_too(rig: Rig) -> None:
    flow = await rig.flow()
    rig.till.shelves |= {"1": Shelf(variants={"10": 5}), "2": Shelf(variants={"10": 5})}
    rig.shop.lose = True
    await rig.run(flow, "1")
    rig.shop.lose = False

    assert {"retrying": 1} == await rig.run(flow, "2")
    assert 1 == len(rig.shop.sent)


async def test_what_may_only_be_added_is_known_all_the_same(rig: Rig) -> None:
    flow = await rig.flow()
    rig.shop.there = {"1"}
    rig.till.shelves["1"] = Shelf(variants={"10": 5}, update=False)

    assert {"skipped": 1} == await rig.run(flow, "1")
    assert {("product", "1"): ("present", None), ("variant", "1/10"): ("present", None)} == await rig.rows()


@pytest.mark.parametrize(
    ("absent", "expected"), [("wait", ("waiting", "waits")), ("skip", ("settled", "not_in_store"))]
)
async def test_who_needs_a_target_goes_on_when_it_appears(
    rig: Rig, absent: str, expected: tuple[str, str]
) -> None:
    products, stock = await rig.flow(), await rig.flow("stock")
    rig.till.shelves |= {"1": Shelf(variants={"10": 5}), "10": Shelf()}
    await rig.run(stock, "10", translation=Stock(absent))
    before = (await rig.settled(stock))["10"]
    sent_before = list(rig.shop.sent)
    await rig.run(products, "1")

    result = await run_batch(rig.route(stock, Stock(absent)))

    assert (expected, []) == (before, sent_before)
    assert {"delivered": 1} == dict(result.outcomes)
    assert ("10", None, ["id-1/10"]) == rig.shop.sent[-1]


async def test_an_attempt_names_what_was_dropped(rig: Rig) -> None:
    flow = await rig.flow()
    rig.till.shelves["1"] = Shelf(variants={"10": 5, "11": 6})
    await rig.run(flow, "1")
    rig.till.shelves["1"] = Shelf(variants={"10": 5})
    await rig.run(flow, "1")

    async with rig.db.read() as conn:
        changes = [row.changes for row in await conn.execute(attempts.select().order_by(attempts.c.id))]
    assert [["1"], ["away id-1/11"]] == changes
