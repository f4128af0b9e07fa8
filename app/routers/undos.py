"""The undo of a run over the API: what it would take back, a yes, how far it is, and what stays by name."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from app.errors import Conflict, InvalidInput
from app.pipeline.undoing import MOST_FORESEEN, Foreseen, foresee
from app.records.decision import UNDONE
from app.routers.access import Operates, Reads
from app.routers.activity_bodies import Trigger
from app.routers.bodies import Answer, Body, with_examples
from app.routers.context import Context, Reach
from app.routers.flow_bodies import FlowId
from app.routers.flow_jobs import After, Limit, stop
from app.store import activity, flows, undos
from app.store.undos import Run

router = APIRouter(prefix="/api/v1/flows", tags=["Flows"])


class UndoRun(Body):
    """Which run, and whether you say yes."""

    model_config = with_examples(
        {"since": "2026-03-02T09:00:00+01:00"},
        {"since": "2026-03-02T09:00:00+01:00", "triggers": ["backfill"]},
    )

    since: AwareDatetime = Field(
        description="All that the flow did from that moment on", examples=["2026-03-02T09:00:00+01:00"]
    )
    until: AwareDatetime | None = Field(
        default=None, description="Up to that moment; empty: until now", examples=[None]
    )
    triggers: list[Trigger] = Field(
        default=[],
        description="Only what these asked for: `backfill` is what a flow reads of its whole source when it begins. Empty: all",
        examples=[["backfill"]],
    )
    approve: bool = Field(default=False, description="Yes to what the forecast says; the flow must be paused")


class StaysOut(Answer):
    """One record of which something stays."""

    record: str = Field(description="The record at the source", examples=["1024"])
    code: str = Field(examples=["invoice_booked"])
    reason: str = Field(
        examples=["An invoice is booked and stays so; where it is wrong, credit it in the till."]
    )


class UndoForecastOut(Answer):
    """What it would take back, by what is known here; each record is looked at again before anything is written."""

    records: int = Field(description="Source records that the run wrote", examples=[120])
    looked_at: int = Field(
        description=(
            f"So many of these were looked at one by one, {MOST_FORESEEN} at most. Where that is fewer than `records`, each of "
            "the following figures is at least so much"
        ),
        examples=[120],
    )
    put_away: int = Field(
        description="Records at the target that it made, and that would be archived, hidden, made inactive or cancelled",
        examples=[100],
    )
    restored: int = Field(
        description="Records at the target whose values from before would be put back", examples=[15]
    )
    stays: dict[str, int] = Field(
        description="Records at the target that stay as they are, by reason", examples=[{"not_kept": 5}]
    )
    named: list[StaysOut] = Field(description="The first hundred of those")
    waiting: int = Field(
        description="Records of the flow that were not delivered yet: they go when it is started again",
        examples=[0],
    )


class UndoOut(Answer):
    """The undo of a run: what it would do, or how far it is."""

    state: Literal["forecast", "asked", "running", "done", "stopped", "failed"] = Field(
        description="`forecast`: nothing was begun"
    )
    since: datetime
    until: datetime
    triggers: list[str]
    forecast: UndoForecastOut | None = Field(description="In answers to a POST: what it would take back")
    records: int = Field(description="Source records that the run wrote", examples=[120])
    undone: int = Field(description="Source records that were taken back so far", examples=[115])
    left: int = Field(description="Records whose turn is still to come", examples=[0])
    stays: dict[str, int] = Field(
        description="Source records that stay as they are, by reason", examples=[{"not_kept": 5}]
    )
    failed: dict[str, int] = Field(description="Records that the target refused, by code", examples=[{}])
    named: list[StaysOut] = Field(
        description="Those of which all or a part stays or failed; page through them with `after`"
    )
    next: int | None = Field(
        description="`after` of the next page; null when this was the last", examples=[None]
    )
    asked_at: datetime | None
    ended_at: datetime | None
    code: str | None = Field(description="Why it failed", examples=[None])
    detail: str | None
    advice: str = Field(description="What to do next")


@router.post("/{flow_id}/undo", status_code=202)
async def undo_run(reach: Reach, _caller: Operates, flow_id: FlowId, body: UndoRun) -> UndoOut:
    """Take back what the flow did in a time.

    First it says what it would do, and writes nothing. Pause the flow, and send the same with `"approve": true`: what the run made is
    archived at Mailchimp, or set inactive or cancelled in the till; values that it wrote over are put back where the flow
    keeps them (`keep_before_days`), unless somebody changed them since. What was undone stays out until it changes at its
    source, is replayed, or the flow's cursor is placed anew: mend the filter or mapping before you start the flow again. It is safe
    to stop, to kill, and to ask for twice.
    """
    now = await reach.db.now()
    run = _run(flow_id, body, now=now)
    async with reach.db.read() as db:
        flow = await flows.find(db, flow_id)
    route = await reach.routes.route(flow_id)
    found = await foresee(route, run)
    if body.approve:
        async with reach.db.write() as db:
            flow = await flows.find(db, flow_id, to_change=True)
            if flow.state != "paused":
                raise Conflict(
                    f"The flow is {flow.state}.",
                    advice=f"Pause it first: POST /api/v1/flows/{flow_id}/pause.",
                    code="not_paused",
                )
            if not await undos.ask(db, run, total=found.records, clock=reach.db.clock):
                raise Conflict(
                    "An undo of this flow is under way.",
                    advice=f"GET /api/v1/flows/{flow_id}/undo says how far it is.",
                    code="undo_running",
                )
        return await _shown(reach, flow_id, forecast=await _foreseen(reach, flow_id, found))
    return UndoOut(
        state="forecast",
        since=_moment(run.since),
        until=_moment(run.until),
        triggers=list(run.triggers),
        forecast=await _foreseen(reach, flow_id, found),
        records=found.records,
        undone=0,
        left=found.records,
        stays={},
        failed={},
        named=[],
        next=None,
        asked_at=None,
        ended_at=None,
        code=None,
        detail=None,
        advice=_begin(found, flow.state),
    )


@router.get("/{flow_id}/undo")
async def get_undo(
    reach: Reach, _caller: Reads, flow_id: FlowId, after: After = 0, limit: Limit = 100
) -> UndoOut:
    """The flow's newest undo: how far it is, and what stays by name. Its attempts have the trigger `undo`."""
    return await _shown(reach, flow_id, after=after, limit=limit)


@router.post("/{flow_id}/undo/stop", status_code=202)
async def stop_undo(reach: Reach, _caller: Operates, flow_id: FlowId) -> UndoOut:
    """Stop within seconds. What was taken back stays so; ask for the same run again to go on."""
    await stop(reach, flow_id, "undo", find=undos.find, change=undos.change)
    return await _shown(reach, flow_id)


def _run(flow_id: str, body: UndoRun, *, now: int) -> Run:
    since = round(body.since.timestamp() * 1000)
    until = now if body.until is None else min(now, round(body.until.timestamp() * 1000))
    if since > now:
        raise InvalidInput("That moment is still to come.", field="since")
    if until < since:
        raise InvalidInput("It ends before it begins.", field="until")
    return Run(flow_id, since, until, tuple(dict.fromkeys(body.triggers)))


def _begin(found: Foreseen, state: str) -> str:
    if not found.put_away and not found.restored and found.looked_at >= found.records:
        return "There is nothing in this run that can be taken back."
    pause = "" if state == "paused" else "Pause the flow, then send "
    return f'{pause or "Send "}the same with {{"approve": true}} when this is what you want.'


async def _foreseen(reach: Context, flow_id: str, found: Foreseen) -> UndoForecastOut:
    async with reach.db.read() as db:
        states = await activity.states_of(db, flow_id)
    return UndoForecastOut(
        records=found.records,
        looked_at=found.looked_at,
        put_away=found.put_away,
        restored=found.restored,
        stays=dict(found.stays),
        named=[StaysOut(record=ref, code=skip.code, reason=skip.reason) for ref, skip in found.named],
        waiting=states.get("pending", 0) + states.get("waiting", 0),
    )


_ADVICE = {
    "asked": "Nothing: it begins within seconds.",
    "running": "Nothing: it goes on by itself.",
    "done": "Mend what was wrong, then start the flow again. What was undone stays out until it changes at its source.",
    "stopped": "Ask for the same run again to go on.",
    "failed": "See code and detail; then ask for the same run again to go on.",
}


async def _shown(
    reach: Context, flow_id: str, *, after: int = 0, limit: int = 100, forecast: UndoForecastOut | None = None
) -> UndoOut:
    async with reach.db.read() as db:
        await flows.find(db, flow_id)
        found = await undos.find(db, flow_id)
        counts = await undos.counts_of(db, found)
        left = await undos.count_left(db, found)
        named = await undos.named(db, found, after=after, limit=limit + 1)
    by: dict[str, Counter[str]] = {"skipped": Counter(), "quarantined": Counter(), "delivered": Counter()}
    for (outcome, code), count in counts.items():
        by.setdefault(outcome, Counter())[code or ""] += count
    return UndoOut(
        state=found.state,
        since=_moment(found.since),
        until=_moment(found.until),
        triggers=list(found.triggers),
        forecast=forecast,
        records=found.total,
        undone=by["delivered"][UNDONE],
        left=left,
        stays=dict(by["skipped"]),
        failed=dict(by["quarantined"]),
        named=[StaysOut(record=each.ref, code=each.code, reason=each.reason) for each in named[:limit]],
        next=named[limit - 1].id if len(named) > limit else None,
        asked_at=_moment(found.asked_at),
        ended_at=None if found.ended_at is None else _moment(found.ended_at),
        code=found.code,
        detail=found.detail,
        advice=_ADVICE[found.state],
    )


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
