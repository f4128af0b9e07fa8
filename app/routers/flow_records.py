"""One record of a flow over the API: brought about now, or shown without writing anything."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field

from app.errors import Conflict
from app.pipeline.reading import read_all
from app.pipeline.rehearsal import rehearse
from app.preview import preview_of
from app.routers.access import Administers, Operates
from app.routers.activity_bodies import DeliveryOut, delivery_out
from app.routers.bodies import Answer
from app.routers.context import Reach
from app.routers.flow_bodies import FlowId
from app.routers.problems import request_id_of
from app.routers.which_record import RecordToShow, WhichRecord, reference, sample
from app.store import activity, flows
from app.store.activity import Filter
from app.store.events import NewEvent, dedupe_key
from app.store.requests import MANUAL

router = APIRouter(prefix="/api/v1/flows", tags=["Flows"])


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


@router.post("/{flow_id}/records", status_code=202)
async def deliver_record(
    reach: Reach, _caller: Operates, flow_id: FlowId, body: WhichRecord, request: Request
) -> DeliveryOut:
    """Bring one record about now. The cursor stays where it is; the answer tells how it stands, look again for what became of it.

    Nobody gets a mail for an old sale: it goes as a backfill brings it, without its status. One that the till told of within the last
    seven days and that was not brought yet, or that is still to be read, keeps its status.
    """
    async with reach.db.read() as db:
        flow = await flows.find(db, flow_id)
    if flow.state != "running":
        raise Conflict(
            f"The flow is {flow.state}, so nothing is sent.",
            advice=f"Start it, or look first: POST /api/v1/flows/{flow_id}/preview.",
            code="not_running",
        )
    ref = await reference(await reach.routes.route(flow_id), body)
    event = NewEvent(
        connection_id=flow.source_connection_id,
        kind=flow.record_kind,
        ref=ref,
        dedupe_key=dedupe_key("manual", secrets.token_hex(8)),
        trigger=MANUAL,
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
    reach: Reach, _caller: Administers, flow_id: FlowId, body: RecordToShow
) -> PreviewOut:
    """Show what would happen to one record: source, record, rules, targets and differences. Nothing is written anywhere.

    It shows personal data, so it needs an admin key.
    """
    route = await reach.routes.route(flow_id)
    if body.sample:
        return PreviewOut.model_validate(preview_of(await sample(route)).as_json())
    ref = await reference(route, body)
    found, failed = await read_all(route.reader(), [ref])
    if ref in failed:
        raise failed[ref]
    (told,) = await rehearse(route, [found[ref]], whole=True, by_hand=True)
    return PreviewOut.model_validate(preview_of(told).as_json())
