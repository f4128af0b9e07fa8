"""A flow's history over the API: begun, watched, stopped, gone on with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, Field, model_validator

from app.errors import Conflict, InvalidInput
from app.flows.registry import flow_kind
from app.routers.access import Operates, Reads
from app.routers.bodies import Answer, Body, with_examples
from app.routers.context import Context, Reach
from app.routers.flow_bodies import FlowId
from app.store import backfills, flows

router = APIRouter(prefix="/api/v1/flows", tags=["Flows"])

MOST_MUTED = 1_000
Mails = Literal["quiet", "without_status"]


class StartBackfill(Body):
    """From when on, or how many, and how it causes no mails."""

    model_config = with_examples(
        {"since": "2025-01-01T00:00:00+01:00", "mails": "quiet"}, {"count": 500, "mails": "without_status"}
    )

    since: AwareDatetime | None = Field(
        default=None, description="Sales from that moment on", examples=["2025-01-01T00:00:00+01:00"]
    )
    count: int | None = Field(
        default=None, ge=1, le=10_000_000, description="Or so many of the newest sales", examples=[500]
    )
    mails: Mails = Field(
        description=(
            "`quiet`: Mailchimp marks the whole store as importing until it is done, so notices of live sales are held back, "
            "too; those are listed under `muted`. `without_status`: old sales go without a payment and shipping status, for "
            "which no notice is sent; other automations may still see them"
        ),
        examples=["quiet"],
    )

    @model_validator(mode="after")
    def one_of_them(self) -> StartBackfill:
        """Exactly one."""
        if (self.since is None) == (self.count is None):
            raise ValueError("give exactly one of since and count")
        return self


class BackfillOut(Answer):
    """How far a backfill is."""

    state: Literal["counting", "running", "finishing", "stopping", "stopped", "done"]
    mails: Mails
    since: datetime | None = Field(description="Sales from that moment on; with a count, what it comes to")
    total: int | None = Field(
        description="Sales there are to bring; null while they are counted", examples=[5000]
    )
    done: int = Field(description="Sales whose delivery is settled", examples=[1200])
    left: int | None = Field(description="Sales still to come", examples=[3800])
    per_second: float | None = Field(description="Rate since it began or went on", examples=[41.5])
    seconds_left: int | None = Field(description="At this rate", examples=[92])
    held: bool = Field(description="Whether the store holds its notices back because of it")
    muted: list[str] = Field(description="Live records delivered meanwhile: nobody got a notice of them")
    started_at: datetime
    ended_at: datetime | None


@router.post("/{flow_id}/backfill", status_code=202)
async def start_backfill(
    reach: Reach, _caller: Operates, flow_id: FlowId, body: StartBackfill
) -> BackfillOut:
    """Bring what was there before the flow began. It goes behind what happens in the shop meanwhile, and what is in the
    store already is left alone."""
    now = await reach.db.now()
    since = None if body.since is None else round(body.since.timestamp() * 1000)
    if since is not None and since > now:
        raise InvalidInput("That moment is still to come.", field="since")
    async with reach.db.write() as db:
        flow = await flows.find(db, flow_id)
        if not flow_kind(flow.kind).history:
            raise Conflict(
                f"A flow of {flow.kind} begins with everything, so there is no history to bring.",
                advice=f"To read it all again: PUT /api/v1/flows/{flow_id}/cursor.",
                code="no_history",
            )
        if flow.state != "running":
            raise Conflict(
                f"The flow is {flow.state}.",
                advice=f"Start it first: POST /api/v1/flows/{flow_id}/start.",
                code="not_running",
            )
        if any(each.flow_id == flow_id for each in await backfills.active(db)):
            raise Conflict(
                "A backfill of this flow is under way.",
                advice=f"Stop it first: POST /api/v1/flows/{flow_id}/backfill/stop.",
                code="backfill_running",
            )
        await backfills.unpark(db, flow_id, clock=reach.db.clock)
        await backfills.begin(db, flow_id, mails=body.mails, since=since, count=body.count, now=now)
    return await _shown(reach, flow_id)


@router.get("/{flow_id}/backfill")
async def get_backfill(reach: Reach, _caller: Reads, flow_id: FlowId) -> BackfillOut:
    """How far the flow's newest backfill is."""
    return await _shown(reach, flow_id)


@router.post("/{flow_id}/backfill/stop", status_code=202)
async def stop_backfill(reach: Reach, _caller: Operates, flow_id: FlowId) -> BackfillOut:
    """Stop within seconds. What was brought stays; it can go on where it was."""
    async with reach.db.write() as db:
        found = await backfills.find(db, flow_id)
        if found.state not in backfills.ACTIVE:
            raise Conflict(f"The backfill is {found.state}.", code="backfill_not_running")
        await backfills.change(db, flow_id, was=found.state, state="stopping")
        await backfills.park(db, flow_id, clock=reach.db.clock)
    return await _shown(reach, flow_id)


@router.post("/{flow_id}/backfill/continue", status_code=202)
async def continue_backfill(reach: Reach, _caller: Operates, flow_id: FlowId) -> BackfillOut:
    """Go on where it was stopped."""
    now = await reach.db.now()
    async with reach.db.write() as db:
        found = await backfills.find(db, flow_id)
        if found.state != "stopped":
            raise Conflict(
                f"The backfill is {found.state}, and only a stopped one goes on.", code="backfill_not_stopped"
            )
        left = await backfills.open_of(db, flow_id, clock=reach.db.clock)
        state = "counting" if found.total is None else "running"
        await backfills.change(
            db,
            flow_id,
            was="stopped",
            state=state,
            run_at=now,
            run_done=max(found.asked - left.all, 0),
            held_at=None,
            released_at=None,
            ended_at=None,
        )
        await backfills.unpark(db, flow_id, clock=reach.db.clock)
    return await _shown(reach, flow_id)


async def _shown(reach: Context, flow_id: str) -> BackfillOut:
    now = await reach.db.now()
    async with reach.db.read() as db:
        await flows.find(db, flow_id)
        found = await backfills.find(db, flow_id)
        left = await backfills.open_of(db, flow_id, clock=reach.db.clock)
        muted = await backfills.muted(db, found, most=MOST_MUTED)
    done = max(found.asked - left.all, 0)
    seconds = ((found.ended_at or now) - found.run_at) / 1000
    rate = (done - found.run_done) / seconds if seconds > 0 and done > found.run_done else None
    to_do = None if found.total is None else max(found.total - done, 0)
    return BackfillOut.model_validate(
        {
            "state": found.state,
            "mails": found.mails,
            "since": _moment(found.since),
            "total": found.total,
            "done": done,
            "left": to_do,
            "per_second": None if rate is None else round(rate, 1),
            "seconds_left": round(to_do / rate) if rate and to_do is not None else None,
            "held": found.held_at is not None and found.released_at is None,
            "muted": list(muted),
            "started_at": _moment(found.started_at),
            "ended_at": _moment(found.ended_at),
        }
    )


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
