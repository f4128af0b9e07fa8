"""Both sides of a flow beside each other over the API: asked for, watched, stopped, what differs by name, and sums of sales."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.errors import Conflict, InvalidInput
from app.flows.registry import flow_kind
from app.flows.shared import shared_settings
from app.routers.access import Operates, Reads
from app.routers.bodies import Answer, Body, moment, with_examples
from app.routers.context import Context, Reach
from app.routers.flow_bodies import FlowId
from app.routers.flow_jobs import After, Limit, stop
from app.store import comparisons, flows, integrations
from app.sums import as_csv, sums

router = APIRouter(prefix="/api/v1/flows", tags=["Flows"])

What = Literal["not_sent", "changed_there", "missing_there", "gone_at_source"]


class Compare(Body):
    """Whether what differs is brought about again."""

    model_config = with_examples({"heal": False}, {"heal": True})

    heal: bool = Field(
        default=False,
        description="Bring about again what differs; without it, it is only named",
        examples=[True],
    )


class SideOut(Answer):
    """One side."""

    records: int = Field(description="Records that are to stand there, or stand there", examples=[1000])
    hash: str = Field(
        description="Keyed hash of all of them, whatever their order: both sides are alike when these are",
        examples=["5f1d7a84db00d2fce00b31a7fc73224f"],
    )
    read: bool = Field(description="Whether this side was read, rather than taken from what was sent")


class DifferenceOut(Answer):
    """One record that differs."""

    what: What = Field(
        description=(
            "`not_sent`: the source holds something new that was never sent. `changed_there`: somebody changed it at the "
            "target. `missing_there`: it is not at the target any more. `gone_at_source`: the source does not show it any more"
        )
    )
    record: str = Field(description="The record at the source", examples=["1024"])
    target: str | None = Field(description="The record at the target", examples=["c9a1b2"])
    fields: list[str] = Field(
        description="What differs; empty where all of it does", examples=[["merge_fields.LNAME"]]
    )
    healing: bool = Field(description="Whether it was asked for again")
    stays: str | None = Field(
        description=(
            "Why the flow leaves it so; null where it would bring it about. `update_off`: its settings change nothing that is there. "
            "`not_written`: it writes no such change. `not_found`: the till does not show a sale that was booked, and it is never "
            "booked twice. `made_when_named`: an article that was made for an order; the next order that names it makes it again, under "
            "the same number. Anything else is the target's own reason, such as `cancelled_in_till`. Counted in `left`, not in `differ`"
        ),
        examples=[None],
    )


class ComparisonOut(Answer):
    """The newest comparison of a flow."""

    state: Literal["asked", "running", "done", "failed", "stopped"] = Field(
        description="`asked` waits for its turn, and for the flow's hours"
    )
    asked_by: Literal["night", "person"]
    heal: bool
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    source: SideOut | None = Field(description="What the source wants to stand at the target")
    target: SideOut | None = Field(description="What of it stands there")
    differ: int = Field(description="Records that differ", examples=[7])
    healing: int = Field(description="Of these, records that were asked for again", examples=[0])
    found: dict[str, int] = Field(
        description="The same by what differs", examples=[{"changed_there": 4, "missing_there": 3}]
    )
    others: int = Field(description="Records at the target that this flow did not bring", examples=[12])
    under_way: int = Field(
        description="Not judged: their delivery is under way. Until it is, the hashes may differ",
        examples=[0],
    )
    held_back: int = Field(description="Not judged: they wait for something, or for somebody", examples=[1])
    unsure: int = Field(description="Not judged: their next delivery looks at them anyway", examples=[0])
    left: dict[str, int] = Field(
        description="They differ and stay so by the rules, by reason; the first are named",
        examples=[{"archived": 3}],
    )
    skipped: dict[str, int] = Field(
        description="Records of the source that are not to be sent, by reason",
        examples=[{"email_missing": 17}],
    )
    failed: dict[str, int] = Field(
        description="Records of the source that cannot be translated, by code", examples=[{}]
    )
    needs_a_person: int = Field(
        description="So many are missing at the target that a night does not bring them back by itself",
        examples=[0],
    )
    outcomes: dict[str, int] = Field(
        description="How the flow's records stand, by their last outcome", examples=[{"delivered": 1000}]
    )
    note: str | None = Field(description="What was not read or compared, and why")
    code: str | None = Field(description="Why it failed", examples=[None])
    detail: str | None
    differences: list[DifferenceOut] = Field(
        description=f"The first {comparisons.MOST_NAMED} that differ are named; page through them with `after`"
    )
    next: int | None = Field(
        description="`after` of the next page; null when this was the last", examples=[None]
    )


@router.post("/{flow_id}/comparison", status_code=202)
async def compare_flow(
    reach: Reach, _caller: Operates, flow_id: FlowId, body: Compare | None = None
) -> ComparisonOut:
    """Compare both sides now, behind all live work. Nothing is written at either side; with `heal`, what differs is delivered
    again like any other change. It is safe to stop and to kill."""
    async with reach.db.write() as db:
        flow = await flows.find(db, flow_id)
        if flow.state != "running":
            raise Conflict(
                f"The flow is {flow.state}.",
                advice=f"Start it first: POST /api/v1/flows/{flow_id}/start.",
                code="not_running",
            )
        heal = body is not None and body.heal
        if not await comparisons.ask(db, flow_id, by="person", heal=heal, clock=reach.db.clock):
            raise Conflict(
                "A comparison of this flow is under way.",
                advice=f"Stop it first: POST /api/v1/flows/{flow_id}/comparison/stop.",
                code="comparison_running",
            )
    return await _shown(reach, flow_id)


@router.get("/{flow_id}/comparison")
async def get_comparison(
    reach: Reach, _caller: Reads, flow_id: FlowId, after: After = 0, limit: Limit = 100
) -> ComparisonOut:
    """The newest comparison: counts and hashes of both sides, and what differs by name."""
    return await _shown(reach, flow_id, after=after, limit=limit)


@router.post("/{flow_id}/comparison/stop", status_code=202)
async def stop_comparison(reach: Reach, _caller: Operates, flow_id: FlowId) -> ComparisonOut:
    """Stop at the next page. What was asked for until then is delivered."""
    await stop(reach, flow_id, "comparison", find=comparisons.find, change=comparisons.change)
    return await _shown(reach, flow_id)


CSV = "text/csv"
MOST_DAYS = 62


@router.get(
    "/{flow_id}/sums",
    response_class=Response,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}, "description": "A CSV file"}},
)
async def sums_of_sales(
    reach: Reach,
    _caller: Operates,
    flow_id: FlowId,
    first: Annotated[
        date | None,
        Query(
            description="The first financial day; without it the first of the month, or of last month",
            examples=["2026-03-01"],
        ),
    ] = None,
    last: Annotated[
        date | None,
        Query(
            description=f"The last one, {MOST_DAYS} days in all at most; without it the last of the month",
            examples=["2026-03-31"],
        ),
    ] = None,
) -> Response:
    """Sums of sales per day, branch, VAT code and account at both sides, as CSV for the accountant.

    `source_incl_vat` is what the till's books say, `target_incl_vat` what stands in the store of the same lines. `outcome` says why
    sales were not sent; `not_found_at_source` are lines in the store that none of these days' sales has, for example a credit
    of another day. Both sides are read: a call for each thousand sales of these days, and for each thousand orders of the store.
    """
    async with reach.db.read() as db:
        flow = await flows.find(db, flow_id)
        shared = shared_settings((await integrations.find(db, flow.integration_id)).settings)
    here = datetime.fromtimestamp(await reach.db.now() / 1000, ZoneInfo(shared.time_zone))
    first, last = _month(first, last, today=here.date())
    if not 0 <= (last - first).days < MOST_DAYS:
        raise InvalidInput(
            f"The last day must not lie before the first, and there are {MOST_DAYS} days at most.",
            field="last",
        )
    told = await sums(await reach.routes.route(flow_id), first, last)
    name = f"sums-{first.isoformat()}-{last.isoformat()}.csv"
    return Response(
        as_csv(told), media_type=CSV, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _month(first: date | None, last: date | None, *, today: date) -> tuple[date, date]:
    """Both days: what was not said is an end of the month that was, or of last month."""
    if first is None:
        first = (last or today.replace(day=1) - timedelta(days=1)).replace(day=1)
    if last is None:
        last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first, last


async def _shown(reach: Context, flow_id: str, *, after: int = 0, limit: int = 100) -> ComparisonOut:
    async with reach.db.read() as db:
        flow = await flows.find(db, flow_id)
        found = await comparisons.find(db, flow_id)
        named = await comparisons.named(db, flow_id, after=after, limit=limit + 1)
    counts = found.counts
    return ComparisonOut.model_validate(
        {
            "state": found.state,
            "asked_by": found.asked_by,
            "heal": found.heal,
            "asked_at": moment(found.asked_at),
            "started_at": moment(found.started_at),
            "ended_at": moment(found.ended_at),
            "source": counts.get("source"),
            "target": counts.get("target"),
            "differ": found.differ,
            "healing": found.healing,
            **{
                name: counts.get(name, 0)
                for name in ("others", "under_way", "held_back", "unsure", "needs_a_person")
            },
            **{name: counts.get(name, {}) for name in ("found", "left", "skipped", "failed", "outcomes")},
            "note": flow_kind(flow.kind).not_compared,
            "code": found.code,
            "detail": found.detail,
            "differences": [
                {
                    "what": each.what,
                    "record": each.ref,
                    "target": each.remote_id,
                    "fields": each.fields,
                    "healing": each.healing,
                    "stays": each.stays,
                }
                for each in named[:limit]
            ],
            "next": named[limit - 1].number if len(named) > limit else None,
        }
    )
