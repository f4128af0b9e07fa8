"""A flow's settings and hours over the API."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Body as FromBody
from pydantic import BeforeValidator, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.flows.hours import Hours
from app.flows.registry import flow_kind
from app.flows.shared import inherited, opening_ms
from app.namedfields import UnknownField, unknown_fields
from app.routers.access import Administers, Reads
from app.routers.bodies import (
    Answer,
    JsonObject,
    Moment,
    SettingsOut,
    moment,
    own_values,
    settings_out,
    storable,
    validated,
)
from app.routers.context import Reach
from app.routers.flow_bodies import FindingOut, FlowId
from app.routers.number_ranges import refuse_shared_ranges
from app.routers.scanned_places import refuse_own_places
from app.store import changes, flows, integrations
from app.store.flows import Flow

router = APIRouter(prefix="/api/v1/flows", tags=["Flows"])

ExpectedVersion = Annotated[
    int | None,
    Query(
        alias="version",
        ge=1,
        le=2**31 - 1,
        description="The version your change is made on; refused with 409 when somebody was there before you",
    ),
]


class FlowSettingsOut(SettingsOut):
    """A flow's settings as they count, and what each value comes from."""

    version: int = Field(description="The flow's version, which grows with every change", examples=[1])
    findings: list[FindingOut] = Field(
        default=[],
        description="What to look at, told when settings are saved: a field that the system does not have",
    )


async def _shown(db: AsyncConnection, flow: Flow) -> FlowSettingsOut:
    kind = flow_kind(flow.kind)
    shared = (await integrations.find(db, flow.integration_id)).settings
    given = inherited(kind.settings, shared)
    own = {name: value for name, value in flow.settings.items() if name in kind.settings.model_fields}
    try:
        model = kind.settings.model_validate(own)
    except ValidationError:  # kept by a version that knew other values: shown as it stands, to be saved again
        return FlowSettingsOut(values=own, origins=dict.fromkeys(own, "set"), version=flow.version)
    found = settings_out(model, integration=given)
    return FlowSettingsOut(values=found.values, origins=found.origins, version=flow.version)


@router.get("/{flow_id}/settings")
async def get_flow_settings(reach: Reach, _caller: Reads, flow_id: FlowId) -> FlowSettingsOut:
    """The settings as they count, and what each comes from. `GET /api/v1/flow-kinds` describes every one."""
    async with reach.db.read() as db:
        return await _shown(db, await flows.find(db, flow_id))


@router.put("/{flow_id}/settings")
async def put_flow_settings(
    reach: Reach,
    caller: Administers,
    flow_id: FlowId,
    body: Annotated[
        JsonObject,
        FromBody(
            examples=[
                {
                    "consent_source": "custom_field",
                    "consent_field": "Nieuwsbrief",
                    "without_consent": "skip",
                }
            ]
        ),
    ],
    version: ExpectedVersion = None,
) -> FlowSettingsOut:
    """Replace the settings; what is left out follows the integration, or the default. They count from the next batch on."""
    now = await reach.db.now()
    async with reach.db.write() as db:
        flow = await flows.find(db, flow_id, to_change=True)
        shared = (await integrations.find(db, flow.integration_id)).settings
        kind = flow_kind(flow.kind)
        model = kind.settings
        whole = validated(model, inherited(model, shared) | body, field="")
        await refuse_own_places(db, reach.resources.client, flow.source_connection_id, kind, whole, field="")
        await refuse_shared_ranges(db, flow.target_connection_id, kind, whole, flow_id=flow_id, field="")
        changed = await flows.configure(
            db, flow_id, now=now, settings=_only(body, model), expected_version=version
        )
        await changes.note_flow(db, changed, before=flow, who=caller, now=now)
        answer = await _shown(db, changed)
    unknown = await unknown_fields(reach.resources, changed, shared=shared)
    return answer.model_copy(update={"findings": [_finding(each) for each in unknown]})


def _finding(found: UnknownField) -> FindingOut:
    return FindingOut(
        severity="warning",
        place=found.setting,
        code="unknown_field",
        sentence=found.sentence,
        advice=found.advice,
    )


def _only(body: dict[str, Any], model: Any) -> dict[str, Any]:
    """The given values in the form that is kept."""
    made = own_values(validated(model, body, field=""))
    return {name: value for name, value in made.items() if name in body}


class HoursOut(Answer):
    """When a flow may deliver."""

    hours: Hours | None = Field(description="null: always")
    time_zone: str = Field(examples=["Europe/Amsterdam"])
    opens_at: Moment | None = Field(
        description="When it may deliver again; null while it may", examples=[None]
    )


async def _hours(db: AsyncConnection, flow: Flow, *, now: int) -> HoursOut:
    shared = (await integrations.find(db, flow.integration_id)).settings
    return HoursOut(
        hours=None if flow.schedule is None else Hours.model_validate(dict(flow.schedule)),
        time_zone=shared.get("time_zone", "Europe/Amsterdam"),
        opens_at=moment(flow.opens_at) if flow.opens_at > now else None,
    )


@router.get("/{flow_id}/hours")
async def get_flow_hours(reach: Reach, _caller: Reads, flow_id: FlowId) -> HoursOut:
    """The hours in which the flow delivers, on the clock of the integration's time zone."""
    now = await reach.db.now()
    async with reach.db.read() as db:
        return await _hours(db, await flows.find(db, flow_id), now=now)


@router.put("/{flow_id}/hours")
async def put_flow_hours(
    reach: Reach,
    caller: Administers,
    flow_id: FlowId,
    body: Annotated[
        Hours,
        BeforeValidator(storable),
        FromBody(examples=[{"hours": ["22:00-06:00"], "days": ["mon", "tue", "wed", "thu", "fri"]}]),
    ],
) -> HoursOut:
    """Deliver in these hours only. Outside of them changes are noticed and kept; they go when it opens."""
    now = await reach.db.now()
    async with reach.db.write() as db:
        flow = await flows.find(db, flow_id, to_change=True)
        shared = (await integrations.find(db, flow.integration_id)).settings
        opens_at = opening_ms(body, shared, now_ms=now)
        changed = await flows.change(
            db, flow_id, now=now, schedule=body.model_dump(mode="json"), opens_at=opens_at
        )
        await changes.note_flow(db, changed, before=flow, who=caller, now=now)
        answer = await _hours(db, changed, now=now)
    reach.resources.ring([flow_id])
    return answer


@router.delete("/{flow_id}/hours")
async def delete_flow_hours(reach: Reach, caller: Administers, flow_id: FlowId) -> HoursOut:
    """Deliver at any hour again."""
    now = await reach.db.now()
    async with reach.db.write() as db:
        flow = await flows.find(db, flow_id, to_change=True)
        changed = await flows.change(db, flow_id, now=now, schedule=None, opens_at=0)
        await changes.note_flow(db, changed, before=flow, who=caller, now=now)
        answer = await _hours(db, changed, now=now)
    reach.resources.ring([flow_id])
    return answer
