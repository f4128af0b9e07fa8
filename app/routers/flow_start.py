"""Starting a flow: first it says what it would do and waits for a yes; then it is placed at its beginning and runs."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from app.connectors.base import Client, Scans
from app.errors import AdministratorError, Conflict
from app.flows.registry import flow_kind, sequences_beside
from app.flows.shared import IntegrationSettings, shared_settings
from app.forecast import Forecast, forecast
from app.namedfields import unknown_fields
from app.routers.access import Operates
from app.routers.bodies import Answer, Body, with_examples
from app.routers.context import Context, Reach
from app.routers.flow_bodies import FlowId, FlowOut, shown
from app.store import alerts, connections, cursors, flows, integrations, undos
from app.store.connections import Connection
from app.store.flows import Flow

router = APIRouter(prefix="/api/v1/flows", tags=["Flows"])


class StartFlow(Body):
    """Whether you say yes to the flow's first writes."""

    model_config = with_examples({"approve": True})

    approve: bool = Field(
        default=False,
        description="Yes to what the forecast says. Needed at most once per flow; later starts go on where it paused",
    )


class ForecastOut(Answer):
    """What the flow would do now, counted without writing anything."""

    records: int = Field(description="Source records looked at", examples=[200])
    create: int = Field(description="Records it would make at the target", examples=[180])
    update: int = Field(description="Records it would change at the target", examples=[3])
    archive: int = Field(description="Records it would archive at the target", examples=[0])
    unchanged: int = Field(description="Records that are as they should be already", examples=[0])
    create_without_consent: int = Field(
        description="Of those made: people without a recorded consent", examples=[120]
    )
    update_without_consent: int = Field(
        description="Of those changed: people without a recorded consent", examples=[1]
    )
    created_by_consent: dict[str, int] = Field(
        description="Those made, by what the people said: yes, no or unknown",
        examples=[{"yes": 60, "unknown": 120}],
    )
    updated_by_consent: dict[str, int] = Field(description="The same of those changed", examples=[{"no": 3}])
    contacts: int | None = Field(
        description="Contacts that the audience counts now; null where the target counts none", examples=[310]
    )
    contacts_after: int | None = Field(description="The same after it", examples=[490])
    contact_limit: int | None = Field(
        description="What your plan has room for, by the integration's settings", examples=[500]
    )
    confirmations: int = Field(description="People whom Mailchimp would ask by mail to confirm", examples=[0])
    welcomes_up_to: int = Field(
        description="The most welcome mails there can be, if such an automation is on", examples=[60]
    )
    tag_mails_up_to: int = Field(
        description="The most mails there can be, if an automation starts on every one of the tags",
        examples=[12],
    )
    tagged: dict[str, int] = Field(
        description="People who would newly get each tag: so many mails, if an automation starts on it",
        examples=[{"Belgium": 12}],
    )
    skipped: dict[str, int] = Field(description="Left alone, by reason", examples=[{"email_missing": 17}])
    failed: dict[str, int] = Field(description="Cannot be translated, by code", examples=[{}])
    complete: bool = Field(description="False: the source holds more than could be looked at in one go")


class Started(Answer):
    """Whether the flow runs now; if not, what it would do."""

    started: bool
    flow: FlowOut
    forecast: ForecastOut | None = Field(
        description="What it would do, or what it begins with; null where you said yes already"
    )
    asks: list[str] = Field(
        default=[], description="Why it waits for your yes", examples=[["It would write 480 records."]]
    )
    next: str = Field(description="What to do next", examples=["Nothing: it runs."])


@router.post("/{flow_id}/start")
async def start_flow(
    reach: Reach, _caller: Operates, flow_id: FlowId, body: StartFlow | None = None
) -> Started:
    """Start, or go on after a pause.

    The first time it counts what it would do. Above the integration's `ask_above`, with any mail, or past the plan's contact
    limit, or where a setting names a field that the system does not have, it waits: `started` is false, `asks` says why, until you send `{"approve": true}`. A kind that begins with
    everything then reads its whole source, behind what happens in the shop meanwhile; one that begins with today takes only
    what changes from now on.
    """
    async with reach.db.read() as db:
        flow = await flows.find(db, flow_id)
        source = await connections.find(db, flow.source_connection_id)
        target = await connections.find(db, flow.target_connection_id)
        position = await cursors.position(db, flow_id)
        given = (await integrations.find(db, flow.integration_id)).settings
    shared = shared_settings(given)
    _neither_broken(source, target)
    beside: dict[str, int] = {}
    first = flow.approved_at is None and flow_kind(flow.kind).begins == "now"
    history = await reach.resources.client(source).marks() if first else {}
    if position is None:
        source_client, now = reach.resources.client(source), await reach.db.now()
        position = await beginning(flow, source_client, now=now)
        beside = await beginnings_beside(flow, source_client)
    begins_with: ForecastOut | None = None
    if flow.approved_at is None and not (body and body.approve):
        route = await reach.routes.route(flow_id)
        found = await forecast(route, since=position + 1, history=_is_history(flow, position))
        begins_with = forecast_out(found, shared)
        asks = found.asks(above=shared.ask_above, limit=shared.contact_limit)
        unknown = await unknown_fields(reach.resources, flow, shared=given)
        asks += [f"{each.sentence} {each.advice}" for each in unknown]
        if asks or shared.ask_above == 0:
            return await _asked(reach, flow, begins_with, asks)
    now = await reach.db.now()
    async with reach.db.write() as db:
        await flows.find(db, flow_id, to_change=True)
        if await undos.is_under_way(db, flow_id):
            raise Conflict(
                "What a run of this flow did is being taken back.",
                advice=f"Wait for it, or stop it: POST /api/v1/flows/{flow_id}/undo/stop.",
                code="undo_running",
            )
        if await cursors.position(db, flow_id) is None:
            await cursors.place(db, flow_id, position=position, clock=reach.db.clock)
            for sequence, mark in beside.items():
                await cursors.place_side(db, flow_id, sequence, position=mark, clock=reach.db.clock)
        await cursors.note_history(db, flow_id, history, own=flow.record_kind)
        started = await flows.change(
            db,
            flow_id,
            now=now,
            state="running",
            state_code=None,
            state_detail=None,
            approved_at=flow.approved_at or now,
        )
        await alerts.clear_alerts(db, subject=f"flow:{flow_id}", now=now)
        await connections.change(db, source.id, now=now, poll_due_at=0)
        answer = await shown(db, started, reach, now=now)
    reach.resources.ring([flow_id])
    return Started(
        started=True,
        flow=answer,
        forecast=begins_with,
        next="Nothing: it runs. GET /api/v1/attempts shows what moves.",
    )


def _neither_broken(*sides: Connection) -> None:
    for side in sides:
        if side.state == "broken":
            raise Conflict(
                f"The connection {side.name!r} is broken: {side.state_detail or side.state_code}",
                advice=f"Mend it, then POST /api/v1/connections/{side.id}/check.",
                code="connection_broken",
            )


async def newest(source: Client, kind: str, *, now: int) -> int | None:
    """The newest position of a kind; of one that is found by looking at everything, this very second."""
    if isinstance(source, Scans) and kind in source.scanned:
        return now // 1000
    return (await source.marks()).get(kind)


async def beginning(flow: Flow, source: Client, *, now: int) -> int:
    """Where a flow that never ran begins: before everything, or behind what is there now."""
    if flow_kind(flow.kind).begins == "beginning":
        return 0
    mark = await newest(source, flow.record_kind, now=now)
    if mark is None:
        raise AdministratorError(
            f"The source does not tell its newest {flow.record_kind}, so the flow cannot begin with today.",
            advice=f"Place its cursor by hand: PUT /api/v1/flows/{flow.id}/cursor.",
            code="no_mark",
        )
    return mark


async def beginnings_beside(flow: Flow, source: Client) -> dict[str, int]:
    """Where the sequences begin that a flow reads beside its own and that begins with today: at the same moment, so that
    nothing is missed between its start and the first poll."""
    names = sequences_beside(flow.kind, flow.settings)
    if flow_kind(flow.kind).begins == "beginning" or not names:
        return {}
    marks = await source.marks()
    return {name: marks[name] for name in names if name in marks}


async def _asked(reach: Context, flow: Flow, found: ForecastOut, asks: list[str]) -> Started:
    now = await reach.db.now()
    async with reach.db.read() as db:
        answer = await shown(db, await flows.find(db, flow.id), reach, now=now)
    return Started(
        started=False,
        flow=answer,
        forecast=found,
        asks=asks,
        next=f'Send {{"approve": true}} to POST /api/v1/flows/{flow.id}/start when this is what you want.',
    )


def forecast_out(found: Forecast, shared: IntegrationSettings) -> ForecastOut:
    """A forecast as it is answered."""
    return ForecastOut(
        records=found.records,
        create=found.create,
        update=found.update,
        archive=found.archive,
        unchanged=found.unchanged,
        create_without_consent=found.create_without_consent,
        update_without_consent=found.update_without_consent,
        created_by_consent=dict(found.created_by_consent),
        updated_by_consent=dict(found.updated_by_consent),
        contacts=found.contacts,
        contacts_after=None if found.contacts is None else found.contacts + found.added,
        contact_limit=shared.contact_limit,
        confirmations=found.confirmations,
        welcomes_up_to=found.welcomes,
        tag_mails_up_to=found.tag_mails,
        tagged=dict(found.tagged.most_common()),
        skipped=dict(found.skipped),
        failed=dict(found.failed),
        complete=found.complete,
    )


@router.get("/{flow_id}/forecast")
async def forecast_flow(reach: Reach, _caller: Operates, flow_id: FlowId) -> ForecastOut:
    """What the flow would do from where it stands now, counted without writing anything."""
    async with reach.db.read() as db:
        flow = await flows.find(db, flow_id)
        shared = shared_settings((await integrations.find(db, flow.integration_id)).settings)
        position = await cursors.position(db, flow_id)
    route = await reach.routes.route(flow_id)
    if position is None:
        position = await beginning(flow, route.source, now=await reach.db.now())
    found = await forecast(route, since=position + 1, history=_is_history(flow, position))
    return forecast_out(found, shared)


def _is_history(flow: Flow, position: int) -> bool:
    """Whether everything is read from before the beginning: what was there all along is no news."""
    return position == 0 and flow_kind(flow.kind).begins == "beginning"


@router.post("/{flow_id}/run")
async def run_flow(reach: Reach, _caller: Operates, flow_id: FlowId) -> FlowOut:
    """Run now: the source is asked for changes at once, and what is due goes at once."""
    now = await reach.db.now()
    async with reach.db.write() as db:
        flow = await flows.find(db, flow_id)
        if flow.state != "running":
            raise Conflict(
                f"The flow is {flow.state}.",
                advice=f"Start it first: POST /api/v1/flows/{flow_id}/start.",
                code="not_running",
            )
        await connections.change(db, flow.source_connection_id, now=now, poll_due_at=0)
        answer = await shown(db, flow, reach, now=now)
    reach.resources.ring([flow_id])
    return answer
