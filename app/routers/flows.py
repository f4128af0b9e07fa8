"""Flows over the API: made, looked at, paused, removed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from app.connectors.registry import system
from app.errors import Conflict, InvalidInput, NotFound
from app.flows.base import FlowKind
from app.flows.registry import flow_kind
from app.routers import examples
from app.routers.access import Administers, Operates, Reads
from app.routers.bodies import ID, own_values, validated
from app.routers.context import Reach
from app.routers.flow_bodies import FlowChange, FlowId, FlowOut, NewFlow, shown
from app.routers.integrations import IntegrationId
from app.routers.number_ranges import refuse_shared_ranges
from app.routers.scanned_places import refuse_own_places
from app.store import alerts, changes, connections, integrations
from app.store import flows as store
from app.store.ids import new_id
from app.store.integrations import Integration

router = APIRouter(prefix="/api/v1", tags=["Flows"])


@router.get("/flows")
async def list_flows(
    reach: Reach,
    _caller: Reads,
    integration_id: Annotated[str | None, Query(pattern=ID, examples=[examples.INTEGRATION])] = None,
    connection_id: Annotated[str | None, Query(pattern=ID, examples=[examples.TILL])] = None,
    state: Annotated[str | None, Query(pattern=r"^(paused|running|blocked)$", examples=["running"])] = None,
) -> list[FlowOut]:
    """Flows, oldest first."""
    now = await reach.db.now()
    async with reach.db.read() as db:
        found = await store.listed(
            db, integration_id=integration_id, connection_id=connection_id, state=state
        )
        return [await shown(db, flow, reach, now=now) for flow in found]


@router.post("/integrations/{integration_id}/flows", status_code=201)
async def create_flow(
    reach: Reach, caller: Administers, integration_id: IntegrationId, body: NewFlow
) -> FlowOut:
    """Add a flow. It starts paused: look at its settings and a preview, then start it."""
    kind = flow_kind(body.kind)
    settings = validated(kind.settings, body.settings, field="settings")
    now = await reach.db.now()
    async with reach.db.write() as db:
        integration = await integrations.find(db, integration_id)
        source, target = await sides(db, integration, kind, source=body.source_connection_id)
        await refuse_own_places(db, reach.resources.client, source, kind, settings, field="settings")
        await refuse_shared_ranges(db, target, kind, settings, flow_id=None, field="settings")
        if body.id is not None and await _exists(db, body.id):
            raise Conflict(f"There is a flow {body.id} already.", field="id", code="id_taken")
        made = await store.add(
            db,
            id=body.id or new_id("flow"),
            integration_id=integration.id,
            kind=kind.name,
            record_kind=kind.record_kind,
            source_connection_id=source,
            target_connection_id=target,
            settings=own_values(settings),
            mapping={},
            window_ms=round(kind.window_s * 1000),
            deadline_ms=round(kind.deadline_s * 1000),
            now=now,
        )
        await changes.note_flow(db, made, who=caller, now=now, how="created")
        return await shown(db, made, reach, now=now)


async def _exists(db: AsyncConnection, id: str) -> bool:
    try:
        await store.find(db, id)
    except NotFound:
        return False
    return True


async def sides(
    db: AsyncConnection, integration: Integration, kind: FlowKind, *, source: str | None
) -> tuple[str, str]:
    """Which connection is read and which is written. Raises InvalidInput when they cannot do that."""
    left, right = integration.connection_ids
    if source is not None and source not in (left, right):
        raise InvalidInput(
            "That connection is not one of the integration's two.",
            advice=f"Choose {left} or {right}.",
            field="source_connection_id",
        )
    ways = {left: (left, right), right: (right, left)}
    for way in ways.values() if source is None else [ways[source]]:
        one, other = [system((await connections.find(db, id)).system) for id in way]
        fits = kind.way is None or kind.way == (one.side, other.side)
        if fits and kind.record_kind in one.out_rows and kind.record_kind in other.in_rows:
            return way
    raise InvalidInput(
        f"These two connections cannot carry {kind.name} {'either way' if source is None else 'that way'}.",
        advice="GET /api/v1/systems tells which kinds each system reads and writes.",
        field="kind" if source is None else "source_connection_id",
        code="wrong_systems",
    )


@router.get("/flows/{flow_id}")
async def get_flow(reach: Reach, _caller: Reads, flow_id: FlowId) -> FlowOut:
    """One flow: its state, how far it has read, and what moves through it."""
    now = await reach.db.now()
    async with reach.db.read() as db:
        return await shown(db, await store.find(db, flow_id), reach, now=now)


@router.patch("/flows/{flow_id}")
async def change_flow(reach: Reach, caller: Administers, flow_id: FlowId, body: FlowChange) -> FlowOut:
    """Change the flow's timing."""
    now = await reach.db.now()
    values: dict[str, Any] = {}
    if body.window_s is not None:
        values["window_ms"] = round(body.window_s * 1000)
    if body.deadline_s is not None:
        values["deadline_ms"] = round(body.deadline_s * 1000)
    async with reach.db.write() as db:
        before = await store.find(db, flow_id)
        changed = await store.change(db, flow_id, now=now, **values)
        await changes.note_flow(db, changed, before=before, who=caller, now=now)
        return await shown(db, changed, reach, now=now)


@router.delete("/flows/{flow_id}", status_code=204)
async def delete_flow(reach: Reach, caller: Administers, flow_id: FlowId) -> Response:
    """Forget a flow, its deliveries and attempts, and clear its alerts. What it brought to the target stays there."""
    now = await reach.db.now()
    async with reach.db.write() as db:
        removed = await store.find(db, flow_id)
        await store.remove(db, flow_id)
        await alerts.clear_alerts(db, subject=f"flow:{flow_id}", now=now)
        await changes.note_flow(db, removed, before=removed, who=caller, now=now, how="removed")
    return Response(status_code=204)


@router.post("/flows/{flow_id}/pause")
async def pause_flow(reach: Reach, _caller: Operates, flow_id: FlowId) -> FlowOut:
    """Pause: nothing more is claimed, and the source is not asked. What is being sent right now is still finished.

    Its cursor stays where it is, so that a later start finds everything that changed meanwhile.
    """
    now = await reach.db.now()
    async with reach.db.write() as db:
        await store.find(db, flow_id)
        paused = await store.change(db, flow_id, now=now, state="paused", state_code=None, state_detail=None)
        return await shown(db, paused, reach, now=now)
