"""What moved, over the API: events, deliveries and attempts by filter, newest first, page by page."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Query
from pydantic import BeforeValidator

from app.routers.access import Reads
from app.routers.activity_bodies import (
    AttemptDetail,
    AttemptOut,
    Code,
    Cursor,
    DeliveryOut,
    Direction,
    EventOut,
    Limit,
    OfConnection,
    OfFlow,
    OfIntegration,
    OfOutcome,
    OfRecord,
    OfTrigger,
    RowId,
    Since,
    State,
    Text,
    Until,
    attempt_fields,
    delivery_out,
    event_out,
    millis,
)
from app.routers.bodies import Listing, paged, storable
from app.routers.context import Reach
from app.store import activity
from app.store.activity import Filter

log = structlog.get_logger("api")
router = APIRouter(prefix="/api/v1", tags=["Activity"])


def _moved(
    flow_id: OfFlow = None,
    integration_id: OfIntegration = None,
    record: OfRecord = None,
    outcome: OfOutcome = [],  # noqa: B006 - FastAPI copies it
    code: Code = None,
    direction: Direction = None,
    trigger: OfTrigger = None,
    since: Since = None,
    until: Until = None,
    text: Text = None,
    cursor: Cursor = None,
) -> Filter:
    """What deliveries and attempts are both looked for by."""
    return Filter(
        flow_id=flow_id,
        integration_id=integration_id,
        record=record,
        outcome=outcome,
        code=code,
        direction=direction,
        trigger=trigger,
        since=millis(since),
        until=millis(until),
        text=text,
        before=cursor,
    )


Moved = Annotated[Filter, Depends(_moved)]


@router.get("/events")
async def list_events(
    reach: Reach,
    _caller: Reads,
    connection_id: OfConnection = None,
    kind: Annotated[
        str | None, BeforeValidator(storable), Query(max_length=30, examples=["customer"])
    ] = None,
    record: OfRecord = None,
    trigger: OfTrigger = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Listing[EventOut]:
    """Notifications as they came in, from webhooks and polls."""
    wanted = Filter(
        connection_id=connection_id,
        kind=kind,
        record=record,
        trigger=trigger,
        since=millis(since),
        until=millis(until),
        before=cursor,
    )
    async with reach.db.read() as db:
        rows = await activity.list_events(db, wanted, limit=limit + 1)
    page, following = paged(rows, limit=limit, id_of=lambda row: row["id"])
    return Listing(items=[event_out(row) for row in page], next=following)


@router.get("/deliveries")
async def list_deliveries(
    reach: Reach,
    _caller: Reads,
    moved: Moved,
    state: Annotated[
        list[State], Query(description="Any of these; repeat the name for several", examples=[["settled"]])
    ] = [],  # noqa: B006 - FastAPI copies it
    needs_yes: Annotated[
        bool | None,
        Query(description="Only those that wait for a person's yes, or only the others", examples=[False]),
    ] = None,
    limit: Limit = 50,
) -> Listing[DeliveryOut]:
    """Every record a flow knows of, and how it stands. Times are those of the last change that was noticed."""
    wanted = replace(moved, state=state, needs_yes=needs_yes)
    async with reach.db.read() as db:
        rows = await activity.list_deliveries(db, wanted, limit=limit + 1)
    page, following = paged(rows, limit=limit, id_of=lambda row: row["id"])
    return Listing(items=[delivery_out(row) for row in page], next=following)


@router.get("/deliveries/{delivery_id}")
async def get_delivery(reach: Reach, _caller: Reads, delivery_id: RowId) -> DeliveryOut:
    """How one record stands."""
    async with reach.db.read() as db:
        return delivery_out(await activity.find_delivery(db, delivery_id))


@router.get("/attempts")
async def list_attempts(
    reach: Reach,
    _caller: Reads,
    moved: Moved,
    delivery_id: Annotated[int | None, Query(ge=1, le=2**53, examples=[1])] = None,
    limit: Limit = 50,
) -> Listing[AttemptOut]:
    """What was tried: what moved from where to where, what came of it, and why."""
    wanted = replace(moved, delivery_id=delivery_id)
    async with reach.db.read() as db:
        rows = await activity.list_attempts(db, wanted, limit=limit + 1)
    page, following = paged(rows, limit=limit, id_of=lambda row: row["id"])
    return Listing(items=[AttemptOut(**attempt_fields(row)) for row in page], next=following)


@router.get("/attempts/{attempt_id}")
async def get_attempt(reach: Reach, caller: Reads, attempt_id: RowId) -> AttemptDetail:
    """One try with its delivery. The data itself, where it was kept, is shown to admin keys only, and each view is logged."""
    async with reach.db.read() as db:
        row = await activity.find_attempt(db, attempt_id)
        delivery = await activity.find_delivery(db, row["delivery_id"])
    sealed = row["payload_sealed"]
    payload = None
    if sealed is not None and caller.scope == "admin":
        payload = reach.sealer.unseal_json(sealed)
        log.info("payload.viewed", attempt=attempt_id, flow=row["flow_id"], key=caller.key_id)
    return AttemptDetail(
        **attempt_fields(row),
        delivery=delivery_out(delivery),
        payload=payload,
        payload_kept=sealed is not None,
    )
