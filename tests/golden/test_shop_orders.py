"""Golden cases of shop orders: Mailchimp's order and settings, and the calls that they come to at the till."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.connectors.base import Change, Existing, Found, Leave
from app.connectors.mailchimp import shoporders
from app.connectors.mplus import booking
from app.connectors.mplus.saledocument import ACCOUNT, ARTICLE
from app.flows.shoporders import SHOP_ORDERS
from app.pipeline.work import Wish, prepare
from app.records.decision import Known
from app.route_map import compiled
from app.store.flows import Flow
from app.translation import RowTranslation
from tests.machine.toys import SEALER

CASES = yaml.safe_load((Path(__file__).parent / "shop_orders.yaml").read_text())
NAMED = {(ARTICLE, str(number)): Existing(str(number)) for number in (1001, 1002, 1003, 9001, 9002)}
NAMED |= {(ACCOUNT, "8090"): Existing("5")}


def translation(settings: dict[str, Any]) -> RowTranslation:
    chosen = SHOP_ORDERS.settings.model_validate({"stores": [{"id": "webshop"}], **settings})
    flow = Flow(
        id="flow", integration_id="int", kind="shop_orders", record_kind="order", source_connection_id="list",
        target_connection_id="till", settings=chosen.model_dump(mode="json"), mapping={}, version=1, state="running",
        state_code=None, state_detail=None, approved_at=1, window_ms=0, deadline_ms=0, schedule=None, opens_at=0,
        created_at=0, updated_at=0,
    )  # fmt: skip
    return compiled(flow, source="mailchimp", target="mplus")


def read(order: dict[str, Any]) -> Found:
    """As the reader hands it over; lines bring their SKU along here."""
    skus = {("p", line["id"]): line["sku"] for line in order["lines"]}
    lines = [
        {name: value for name, value in line.items() if name != "sku"}
        | {"product_id": "p", "product_variant_id": line["id"]}
        for line in order["lines"]
    ]
    document = shoporders.read({**order, "lines": lines}, store="webshop", skus=skus)
    return Found(f"webshop/{order['id']}", document | {k: order[k] for k in ("vat_number",) if k in order})


def steps_of(case: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    using = translation(case["settings"])
    plan = using.plan(read(case["order"]), Known())
    [put], [desired] = plan.decision.puts, plan.desired
    made = Wish(kind=put.kind, key="k", natural=put.natural, put=put, desired=desired, named=NAMED)
    prepare(made, sealer=SEALER, options=using.settings.model_dump())
    assert made.intent is not None
    steps = booking.steps(made.intent, None)
    assert not isinstance(steps, Leave)
    return [shown(change) for change in steps], list(plan.warnings)


def shown(change: Change) -> dict[str, Any]:
    """The call as data: what is the same for every case is left out."""
    payload = json.loads(json.dumps(change.model_dump(), default=plain))
    for name in ("idempotency_key", "prepay"):
        payload.pop(name, None)
    for name in ("employeeNumber", "entryBranchNumber", "financialBranchNumber", "orderId", "relationNumber"):
        if payload.get("sale", {}).get(name) in (999_999, 1, ""):
            del payload["sale"][name]
    return {change.action: {name: value for name, value in payload.items() if value not in (None, [])}}


def plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_calls(case: dict[str, Any]) -> None:
    calls, warnings = steps_of(case)

    assert case["calls"] == calls
    assert case.get("warnings", []) == warnings
