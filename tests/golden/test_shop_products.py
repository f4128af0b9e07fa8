"""Golden cases of shop products: Mailchimp's product and settings, and the calls that they come to at the till."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.connectors.base import Change, Existing, Found, Leave
from app.connectors.mailchimp import shopproducts
from app.connectors.mplus import productsteps
from app.flows.shopproducts import SHOP_PRODUCTS
from app.pipeline.work import Wish, prepare
from app.records.decision import Known
from app.route_map import compiled
from app.store.flows import Flow
from app.translation import RowTranslation
from tests.machine.toys import SEALER

CASES = yaml.safe_load((Path(__file__).parent / "shop_products.yaml").read_text())
ALWAYS = {"stores": [{"id": "webshop"}], "vat_codes": {"force": "2"}}


def translation(settings: dict[str, Any]) -> RowTranslation:
    chosen = SHOP_PRODUCTS.settings.model_validate(ALWAYS | settings)
    flow = Flow(
        id="flow", integration_id="int", kind="shop_products", record_kind="product", source_connection_id="list",
        target_connection_id="till", settings=chosen.model_dump(mode="json"), mapping={}, version=1, state="running",
        state_code=None, state_detail=None, approved_at=1, window_ms=0, deadline_ms=0, schedule=None, opens_at=0,
        created_at=0, updated_at=0,
    )  # fmt: skip
    return compiled(flow, source="mailchimp", target="mplus")


def there(case: dict[str, Any]) -> Existing | None:
    """Product 7 of the till with these articles."""
    held: dict[str, dict[str, Any]] = case.get("till") or {}
    if not held:
        return None
    names = {name: article["articleNumber"] for name, article in held.items()}
    product = {"productNumber": 7, "articleList": [money(each) for each in held.values()], **case.get("held", {})}  # fmt: skip
    document = productsteps.existing_document(product, names, {})
    carries = {name: f"7/{number}" for name, number in names.items()}
    return Existing(f"7/{next(iter(names))}", document=document, carries=carries)


def money(article: dict[str, Any]) -> dict[str, Any]:
    return {name: Decimal(str(value)) if name.startswith("price") else value for name, value in article.items()}  # fmt: skip


def steps_of(case: dict[str, Any]) -> tuple[list[dict[str, Any]] | str, list[str]]:
    using = translation(case["settings"])
    document = shopproducts.read(case["product"], store="webshop")
    plan = using.plan(Found(f"webshop/{case['product']['id']}", document), Known())
    [put], [desired] = plan.decision.puts, plan.desired
    existing = there(case)
    made = Wish(
        kind=put.kind, key="k", natural=put.natural, put=put, desired=desired, existing=existing, numbers=case.get("numbers", {})
    )  # fmt: skip
    prepare(made, sealer=SEALER, options=using.settings.model_dump())
    assert made.intent is not None
    steps = productsteps.steps(made.intent, existing)
    if isinstance(steps, Leave):
        return steps.code, list(plan.warnings)
    return [shown(change) for change in steps], list(plan.warnings)


def shown(change: Change) -> dict[str, Any]:
    """The call as data, without what is the same for every case."""
    payload = json.loads(json.dumps(change.model_dump(), default=plain))
    return {change.action: {name: value for name, value in payload.items() if value not in ({}, False)}}


def plain(value: Any) -> Any:
    assert isinstance(value, Decimal), value
    return int(value) if value == value.to_integral_value() else float(value)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_calls(case: dict[str, Any]) -> None:
    calls, warnings = steps_of(case)

    assert case["calls"] == calls
    assert case.get("warnings", []) == warnings
