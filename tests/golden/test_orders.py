"""Golden cases of orders: a sale as the till holds it, settings and what was there before, and the calls that it comes to.

The calls are compared whole. Where ``before`` is given that was delivered first, and what follows is what changed.
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.connectors.base import Change, Document, Found, Leave
from app.connectors.mailchimp import orders as store_orders
from app.connectors.mailchimp.customers import member_hash
from app.connectors.mailchimp.stores import Store
from app.connectors.mplus import customers, orders
from app.flows.orders import ORDERS
from app.pipeline.work import Wish, prepare
from app.records.decision import Known, KnownTarget
from app.route_map import compiled
from app.store.flows import Flow
from app.store.targets import Target
from app.translation import Plan, RowTranslation
from tests.machine.toys import SEALER

CASES = yaml.safe_load((Path(__file__).parent / "orders.yaml").read_text())
STORE = Store(id="till", currency="EUR")
PEOPLE = {
    each["relationNumber"]: customers.read(each)
    for each in (
        {"relationNumber": 11, "name": "Sanne van den Berg", "email": " Sanne@Klant-Voorbeeld.NL", "address": "Kerkstraat 12a", "zipcode": "3511 AB", "city": "Utrecht", "country": "Nederland"},
        {"relationNumber": 12, "name": "Bakkerij Bol BV", "companyName": "Bakkerij Bol BV", "contact": "Lien Peeters", "email": "inkoop@bakkerij-voorbeeld.be", "address": "Veldstraat 4 bus 1", "zipcode": "9000", "city": "Gent", "country": "België", "vatNumber": "BE0123456749"},
        {"relationNumber": 13, "name": "Jens Krause", "email": "jens@klant-voorbeeld.de", "address": "Hauptstraße 7b", "zipcode": "10115", "city": "Berlin", "country": "Deutschland"},
        {"relationNumber": 14, "name": "Claire Dubois", "email": "claire@klant-voorbeeld.fr", "address": "12 bis rue de la Paix", "zipcode": "75002", "city": "Paris", "country": "FR"},
        {"relationNumber": 15, "name": "Marc Weber", "email": "marc@klant-voorbeeld.lu", "address": "3, rue Haute", "zipcode": "L-1718", "city": "Luxembourg", "country": "Luxembourg"},
        {"relationNumber": 16, "name": "Urs Keller", "email": "urs@klant-voorbeeld.ch", "address": "Bahnhofstrasse 1", "zipcode": "8001", "city": "Zürich", "country": "Zwitserland"},
        {"relationNumber": 17, "name": "Slagerij Smit", "companyName": "Slagerij Smit", "email": "smit@slagerij-voorbeeld.nl"},
    )
}  # fmt: skip


def translation(settings: dict[str, Any]) -> RowTranslation:
    chosen = ORDERS.settings.model_validate(settings).model_dump(mode="json")
    flow = Flow(
        id="flow", integration_id="int", kind="orders", record_kind="order", source_connection_id="till",
        target_connection_id="shop", settings=chosen, mapping={}, version=1, state="running", state_code=None,
        state_detail=None, approved_at=1, window_ms=0, deadline_ms=0, schedule=None, opens_at=0, created_at=0, updated_at=0,
    )  # fmt: skip
    return compiled(flow, source="mplus", target="mailchimp")


def read(sale: dict[str, Any]) -> Found:
    """As the till's reader hands it over: amounts are Decimals, moments are aware, the relation and the credited sale are
    known."""
    sale = json.loads(json.dumps(sale), parse_float=Decimal)
    kind = next(name for name in ("order", "invoice", "receipt") if f"{name}Id" in sale)
    credited = {name: {"relatedIds": ids} for name, ids in sale.pop("creditedIs", {}).items()}
    if "entryTimestamp" in sale:
        sale["entryTimestamp"] = datetime.fromisoformat(sale["entryTimestamp"])
    document = orders.read(kind)(sale)  # type: ignore[arg-type]
    document = orders.with_credited(orders.with_relation(document, PEOPLE), credited)
    return Found(f"{kind}:{document['id']}", document)


def key(kind: str, natural: str) -> str:
    return f"{kind}:{natural}"


def wish(plan: Plan, way: RowTranslation, case: dict[str, Any], *, row: Target | None) -> Wish:
    """The sale's wish, prepared as a batch does."""
    [put], [desired] = plan.decision.puts, plan.desired
    made = Wish(kind=put.kind, key=key(put.kind, put.natural), natural=put.natural, put=put, desired=desired)
    made.references = {tuple(name.split(" ")): place for name, place in case.get("there", {}).items()}  # type: ignore[misc]
    made.row = row
    history = case.get("history")
    made.history, made.backfill = history, history is not None
    prepare(made, sealer=SEALER, options=way.settings.model_dump())
    return made


def delivered(case: dict[str, Any], way: RowTranslation) -> Target | None:
    """The row of the order after the sale from before was sent."""
    if "before" not in case:
        return None
    plan = way.plan(read(case["before"]), Known(hashed=key))
    made = wish(plan, way, case, row=None)
    assert made.natural is not None
    assert made.put is not None
    return Target(
        id=1, kind="order", key=made.key, remote_id=store_orders.order_id(made.natural), owner_connection_id="till",
        owner_ref=made.natural, state="present", hashes=made.written, facts=made.put.facts, in_doubt=False, doubts=0,
        holder=None, held_until=0,
    )  # fmt: skip


def shown(change: Change) -> dict[str, Any]:
    """The call as data. The id of a customer is a hash of his address, which says nothing here."""
    told: Document = json.loads(json.dumps(change.model_dump(), default=plain))
    if change.action == "put_store_customer":
        assert member_hash(told["body"]["email_address"]) == told.pop("customer") == told["body"].pop("id")
    if change.action == "post_order":
        assert member_hash(told["body"]["customer"]["email_address"]) == told["body"]["customer"].pop("id")
    told.pop("stand_ins", None)  # made only where the store turns out to lack them: see the stories
    return {change.action: {name: value for name, value in told.items() if value not in (None, [], False)}}


def plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat()


def outcome(case: dict[str, Any]) -> dict[str, Any]:
    """What it comes to: calls, or why it stays behind; what it waits for; warnings."""
    way = translation(case.get("settings") or {})
    row = delivered(case, way)
    own = () if row is None else (KnownTarget("order", row.key, row.remote_id, own=True, facts=row.facts),)
    flows = frozenset(case.get("flows") or ())
    plan = way.plan(read(case["sale"]), Known(targets=own, flows=flows, hashed=key))
    told: dict[str, Any] = {}
    if plan.decision.skip is not None:
        told["skip"] = plan.decision.skip.code
    waits = [f"{each.kind} {each.natural}: {each.absent}" for each in plan.decision.waits]
    if waits:
        told["waits"] = waits
    if plan.warnings:
        told["warnings"] = list(plan.warnings)
    if not plan.decision.puts:
        return told
    made = wish(plan, way, case, row=row)
    assert made.intent is not None
    steps = store_orders.steps(made.intent, None, STORE)
    if isinstance(steps, Leave):
        return told | {"left": steps.code}
    return told | {"calls": [shown(each) for each in steps]}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    assert case["comes_to"] == outcome(case)
