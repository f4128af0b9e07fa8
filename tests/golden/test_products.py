"""Golden cases of products: document, settings and what was there before, and the calls that it comes to."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.connectors.base import Change, Existing, Found, Leave
from app.connectors.mailchimp import products
from app.connectors.mailchimp.productchanges import DeleteImage, PutProduct
from app.connectors.mailchimp.stores import Store
from app.flows.products import PRODUCTS
from app.pipeline.work import Wish, leaf_hashes, prepare
from app.records.decision import Known, KnownTarget
from app.route_map import compiled
from app.store.flows import Flow
from app.store.targets import Target
from app.translation import Plan, RowTranslation
from tests.machine.toys import SEALER

CASES = yaml.safe_load((Path(__file__).parent / "products.yaml").read_text())
STORE = Store(id="till", currency="EUR")


def translation(settings: dict[str, Any]) -> RowTranslation:
    chosen = PRODUCTS.settings.model_validate(settings).model_dump(mode="json")
    flow = Flow(
        id="flow", integration_id="int", kind="products", record_kind="product", source_connection_id="till",
        target_connection_id="shop", settings=chosen, mapping={}, version=1, state="running", state_code=None,
        state_detail=None, approved_at=1, window_ms=0, deadline_ms=0, schedule=None, opens_at=0, created_at=0, updated_at=0,
    )  # fmt: skip
    return compiled(flow, source="mplus", target="mailchimp")


def read(document: dict[str, Any], *, variants: int = 0) -> Found:
    """As the till's reader hands it over: euros are Decimals."""
    document = json.loads(json.dumps(document), parse_float=Decimal)
    document["articleList"] += [
        {"articleNumber": 20_000 + at, "priceIncl": Decimal(5), "size": str(at)} for at in range(variants)
    ]
    return Found(str(document["productNumber"]), document)


def key(kind: str, natural: str) -> str:
    return f"{kind}:{natural}"


def row(kind: str, natural: str, hashes: dict[str, str] | None = None) -> Target:
    remote = natural if kind == "product" else f"7/{natural}"
    return Target(
        id=1, kind=kind, key=key(kind, natural), remote_id=remote, owner_connection_id="till", owner_ref="7",
        state="present", hashes=hashes or {}, facts={}, in_doubt=False, doubts=0, holder=None, held_until=0,
    )  # fmt: skip


def wish(plan: Plan, *, rows: dict[str, Target]) -> Wish:
    """The product's wish, prepared as a batch does."""
    [put], [desired] = plan.decision.puts, plan.desired
    made = Wish(kind=put.kind, key=key(put.kind, put.natural), natural=put.natural, put=put, desired=desired)
    made.carries = {(each.kind, key(each.kind, each.natural)): each for each in put.carries}
    made.row = rows.get(made.key)
    made.carried = [rows[name] for _, name in made.carries if name in rows]
    prepare(made, sealer=SEALER, options={})
    return made


def delivered(case: dict[str, Any], way: RowTranslation) -> tuple[dict[str, Target], Existing | None]:
    """The target rows after the document from before was delivered, and what stands in the store then."""
    if "before" not in case:
        return {}, None
    plan = way.plan(read(case["before"]), Known(hashed=key))
    first = wish(plan, rows={})
    document = plan.desired[0].document
    hashes = leaf_hashes(document, {"variants": "id", "images": "id"}, sealer=SEALER)
    rows = [row("product", "7", hashes), *(row("variant", each.natural) for each in first.carries.values() if each)]  # fmt: skip
    assert first.intent is not None
    steps = products.steps(first.intent, None, STORE)
    assert isinstance(steps, tuple)
    [made] = steps
    assert isinstance(made, PutProduct)
    return {each.key: each for each in rows}, Existing("7", document=made.body)


def plain(change: Change) -> dict[str, Any]:
    if isinstance(change, DeleteImage):
        return {change.action: change.image}
    body = change.body  # type: ignore[attr-defined]
    return {change.action: json.loads(json.dumps(body, default=float))}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    way = translation(case.get("settings") or {})
    rows, there = delivered(case, way)
    own = tuple(KnownTarget(r.kind, r.key, r.remote_id, own=True) for r in rows.values())
    known = Known(targets=own, flows=frozenset(case.get("flows") or ()), hashed=key)
    plan = way.plan(read(case["document"], variants=case.get("variants", 0)), known)
    decision = plan.decision

    assert case.get("skip") == (decision.skip.code if decision.skip else None)
    assert case.get("archives", []) == [
        [each.kind, each.key.partition(":")[2], each.reason, each.permanently] for each in decision.archives
    ]
    if "warnings" in case:
        assert case["warnings"] == list(plan.warnings)
    if not decision.puts:
        assert "calls" not in case
        return
    wished = wish(plan, rows=rows)
    assert wished.intent is not None
    asked = there if products.are_many(wished.intent) else None  # as the pipeline does
    steps = products.steps(wished.intent, asked, STORE)
    if isinstance(steps, Leave):
        assert case["left"] == steps.code
        return
    if "count" in case:
        [only] = steps
        assert isinstance(only, PutProduct)
        assert case["count"] == [only.action, len(only.body["variants"])]
        return
    assert case["calls"] == [plain(change) for change in steps]
    if "carries" in case:
        assert case["carries"] == [[c.kind, c.natural, c.name] for c in decision.puts[0].carries]
