"""One record of a flow over the API: brought about now, or shown without writing anything."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field, model_validator

from app.connectors.base import LooksUp
from app.errors import Conflict, InvalidInput, NotFound
from app.pipeline.reading import read_all
from app.pipeline.rehearsal import rehearse
from app.pipeline.route import Route
from app.preview import preview_of
from app.routers.access import Administers, Operates
from app.routers.activity_bodies import DeliveryOut, delivery_out
from app.routers.bodies import Answer, Body, with_examples
from app.routers.context import Reach
from app.routers.flow_bodies import FlowId
from app.routers.problems import request_id_of
from app.store import activity, flows, targets
from app.store.activity import Filter
from app.store.events import NewEvent, dedupe_key
from app.values.email import normalise_email

router = APIRouter(prefix="/api/v1/flows", tags=["Flows"])


class WhichRecord(Body):
    """One source record: by its reference, or by e-mail address where the flow is about people."""

    model_config = with_examples({"record": "17"})

    record: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="The source's reference, such as a relation number",
        examples=["17"],
    )
    email: str | None = Field(
        default=None, max_length=254, description="The person's address, at either side", examples=[None]
    )

    @model_validator(mode="after")
    def one_of_them(self) -> WhichRecord:
        """Exactly one."""
        if (self.record is None) == (self.email is None):
            raise ValueError("give either record or email")
        return self


class DifferenceOut(Answer):
    """One field of the target: what it holds now and what it would hold."""

    path: str = Field(examples=["merge_fields.FNAME"])
    held: Any = Field(examples=["Jan"])
    wanted: Any = Field(examples=["Johan"])


class CallOut(Answer):
    """One call that would be sent."""

    summary: str
    payload: dict[str, Any]


class TargetOut(Answer):
    """What would be done to one target record."""

    kind: str = Field(examples=["customer"])
    natural: str | None = Field(description="What names it: an address, a SKU")
    action: str = Field(
        description="create, update, unchanged, archive, delete, or leave: nothing is written",
        examples=["update"],
    )
    document: dict[str, Any] = Field(description="The fields that this flow may write")
    held: dict[str, Any] | None = Field(description="What the target holds now; null: nothing")
    differences: list[DifferenceOut]
    calls: list[CallOut]
    reason: str


class PreviewOut(Answer):
    """The whole way of one record."""

    ref: str = Field(examples=["17"])
    outcome: str = Field(
        description="delivered, unchanged, skipped, filtered, waiting, or held_back by a row or rule",
        examples=["delivered"],
    )
    reason: str
    source: dict[str, Any] | None = Field(description="The record in the source's words; null: not there")
    record: dict[str, Any] | None = Field(description="The record in the middle")
    fired: list[str] = Field(description="The rules that did something")
    targets: list[TargetOut]
    warnings: list[str]
    advice: str


async def _reference(route: Route, body: WhichRecord) -> str:
    """The source's reference of the record that is meant. Raises InvalidInput, or NotFound when nobody knows the address."""
    if body.record is not None:
        return body.record
    email = normalise_email(body.email)
    if email is None:
        raise InvalidInput("That is no e-mail address.", field="email")
    keys = [(kind, route.key(kind, email)) for kind in route.translation.target_kinds]
    async with route.db.read() as db:
        rows = await targets.load(db, connection_id=route.target_connection_id, keys=keys)
    for row in rows.values():
        if row.owner_ref is not None and row.owner_connection_id == route.source_connection_id:
            return row.owner_ref
    if isinstance(route.source, LooksUp):
        found = await route.source.look_up(route.record_kind, email=email)
        if found is not None:
            return found
    raise NotFound(
        "The source has no record with this address.",
        advice="Give the record's own number instead.",
        field="email",
    )


@router.post("/{flow_id}/records", status_code=202)
async def deliver_record(
    reach: Reach, _caller: Operates, flow_id: FlowId, body: WhichRecord, request: Request
) -> DeliveryOut:
    """Bring one record about now. The cursor stays where it is; the answer tells how it stands, look again for what became of it."""
    async with reach.db.read() as db:
        flow = await flows.find(db, flow_id)
    if flow.state != "running":
        raise Conflict(
            f"The flow is {flow.state}, so nothing is sent.",
            advice=f"Start it, or look first: POST /api/v1/flows/{flow_id}/preview.",
            code="not_running",
        )
    ref = await _reference(await reach.routes.route(flow_id), body)
    event = NewEvent(
        connection_id=flow.source_connection_id,
        kind=flow.record_kind,
        ref=ref,
        dedupe_key=dedupe_key("manual", secrets.token_hex(8)),
        trigger="manual",
        request_id=request_id_of(request),
    )
    accepted = await reach.intake.accept([event], only_flow=flow_id)
    reach.resources.ring(accepted.flows)
    async with reach.db.read() as db:
        rows = await activity.list_deliveries(db, Filter(flow_id=flow_id, record=ref), limit=1)
    if not rows:
        raise Conflict(
            "The flow was paused just now.", advice="Start it, then ask again.", code="not_running"
        )
    return delivery_out(rows[0])


@router.post("/{flow_id}/preview")
async def preview_record(
    reach: Reach, _caller: Administers, flow_id: FlowId, body: WhichRecord
) -> PreviewOut:
    """Show what would happen to one record: source, record, rules, targets and differences. Nothing is written anywhere.

    It shows personal data, so it needs an admin key.
    """
    route = await reach.routes.route(flow_id)
    ref = await _reference(route, body)
    found, failed = await read_all(route.source.source(route.record_kind), [ref])
    if ref in failed:
        raise failed[ref]
    (told,) = await rehearse(route, [found[ref]], whole=True)
    return PreviewOut.model_validate(preview_of(told).as_json())
