"""A flow's cursor over the API: how far it has read, and placing it elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from app.connectors.base import Client, Dated, Scans
from app.errors import Conflict, InvalidInput
from app.flows.registry import flow_kind, sequences_beside
from app.routers.access import Operates, Reads
from app.routers.bodies import Answer, Body, with_examples
from app.routers.context import Context, Reach
from app.routers.flow_bodies import CursorOut, FlowId, cursor_out
from app.routers.flow_start import newest
from app.store import alerts, connections, cursors, flows, polls, ticks
from app.store.flows import Flow

router = APIRouter(prefix="/api/v1/flows", tags=["Flows"])

Position = Annotated[int, Field(ge=0, le=2**53, examples=[1500])]


class CursorState(Answer):
    """How far a flow has read, and how far there is to read."""

    cursor: CursorOut | None = Field(description="null before the first start")
    newest: int | None = Field(
        description="The source's newest marker at the last poll; null when it was never asked",
        examples=[1841],
    )
    beside: dict[str, int] = Field(
        default={},
        description=(
            "How far the sequences were read that the flow reads beside its own: invoices and receipts of an orders flow, each "
            "with markers of its own"
        ),
        examples=[{"invoice": 310, "receipt": 5120}],
    )


class PlaceCursor(Body):
    """Where to go on from: exactly one of the fields."""

    model_config = with_examples({"position": 0}, {"at": "now"}, {"since": "2026-11-01T00:00:00+01:00"})

    position: Position | None = Field(
        default=None,
        description="The marker of the flow's own sequence that counts as read; what lies above it is read",
    )
    beside: dict[str, Position] = Field(
        default={},
        description=(
            "With `position`: the markers of sequences that the flow reads beside its own; those that are not named stay where "
            "they are. With `at`, all of them are placed"
        ),
        examples=[{"invoice": 300, "receipt": 5000}],
    )
    at: Literal["beginning", "now"] | None = Field(
        default=None, description="`beginning`: read everything; `now`: only what changes from now on"
    )
    since: AwareDatetime | None = Field(
        default=None,
        description="Read what changed since that moment, with its offset; where the source tells when records changed",
        examples=["2026-11-01T00:00:00+01:00"],
    )

    @model_validator(mode="after")
    def one_of_them(self) -> PlaceCursor:
        """Exactly one."""
        if sum(value is not None for value in (self.position, self.at, self.since)) != 1:
            raise ValueError("give exactly one of position, at and since")
        if self.beside and self.position is None:
            raise ValueError("beside goes with position; with at and since every sequence is placed")
        return self


class RewindCursor(Body):
    """How far back."""

    model_config = with_examples({"by": 100})

    by: int = Field(
        ge=1, le=2**53, description="So many markers of each of its sequences are read again", examples=[100]
    )


@router.get("/{flow_id}/cursor")
async def get_cursor(reach: Reach, _caller: Reads, flow_id: FlowId) -> CursorState:
    """How far the flow has read its source."""
    async with reach.db.read() as db:
        flow = await flows.find(db, flow_id)
        return await _state(db, flow)


@router.put("/{flow_id}/cursor")
async def put_cursor(reach: Reach, _caller: Operates, flow_id: FlowId, body: PlaceCursor) -> CursorState:
    """Place the cursor. A running flow reads on from there at once; records that are equal already are not written again.

    Sales that had been read before, or were there before the flow was first started, are history: nobody gets a mail for
    one that is sent late.
    """
    async with reach.db.read() as db:
        flow = await flows.find(db, flow_id)
        source = await connections.find(db, flow.source_connection_id)
    client = reach.resources.client(source)
    position = await _position(flow, client, body, now=await reach.db.now())
    return await _place(reach, flow, position, await _beside(flow, client, body))


async def _beside(flow: Flow, source: Client, body: PlaceCursor) -> dict[str, int]:
    """Where the sequences beside the flow's own are placed. Raises InvalidInput."""
    also = sequences_beside(flow.kind, flow.settings)
    for name in body.beside:
        if name not in also:
            known = f"It reads: {', '.join(also)}." if also else "It reads its own sequence alone."
            raise InvalidInput(
                f"This flow reads no sequence {name!r} beside its own.", advice=known, field="beside"
            )
    marks = await source.marks() if also and (body.beside or body.at == "now") else {}
    for name, position in body.beside.items():
        if position > marks.get(name, position):
            raise InvalidInput(
                f"The source's newest marker of {name} is {marks[name]}; behind it there is nothing to read.",
                advice="Choose a smaller one.",
                field=f"beside.{name}",
                code="beyond_newest",
            )
    if body.at == "now":
        return {name: marks[name] for name in also if name in marks}
    if body.at == "beginning" and flow_kind(flow.kind).begins == "now":
        return dict.fromkeys(also, 0)
    return body.beside


async def _position(flow: Flow, source: Client, body: PlaceCursor, *, now: int) -> int:
    """The marker that counts as read. Raises InvalidInput by field, or what the source raises."""
    if body.at == "beginning" or body.position == 0:
        return 0
    mark = await newest(source, flow.record_kind, now=now)
    if body.since is not None:
        return await _since(flow, source, body.since, newest=mark)
    if body.at == "now":
        if mark is None:
            raise InvalidInput(
                f"The source does not tell its newest {flow.record_kind}.",
                advice="Give a position.",
                field="at",
                code="no_mark",
            )
        return mark
    assert body.position is not None
    if mark is not None and body.position > mark:
        raise InvalidInput(
            f"The source's newest marker is {mark}; behind it there is nothing to read.",
            advice='Choose a smaller one, or {"at": "now"}.',
            field="position",
            code="beyond_newest",
        )
    return body.position


async def _since(flow: Flow, source: Client, since: datetime, *, newest: int | None) -> int:
    if since > datetime.now(UTC):
        raise InvalidInput("That moment is still to come.", advice='Use {"at": "now"}.', field="since")
    found = None
    if isinstance(source, Scans) and flow.record_kind in source.scanned:
        return int(since.timestamp())
    if isinstance(source, Dated) and newest is not None:
        found = await source.position_before(flow.record_kind, since, newest=newest)
    if found is None:
        raise InvalidInput(
            f"The source does not tell when a {flow.record_kind} changed, so it cannot be read from a date on.",
            advice=(
                f"For history of a date, begin a backfill: POST /api/v1/flows/{flow.id}/backfill."
                if flow_kind(flow.kind).history
                else "Give a position, or start at the beginning: what is equal is not written again."
            ),
            field="since",
            code="not_dated",
        )
    return found


@router.post("/{flow_id}/cursor/rewind")
async def rewind_cursor(reach: Reach, _caller: Operates, flow_id: FlowId, body: RewindCursor) -> CursorState:
    """Read the last so many markers again, of each sequence that the flow reads. What is equal at the target is not written
    again, and a sale that is sent for the first time by it sends nobody a mail: it is history."""
    async with reach.db.read() as db:
        flow = await flows.find(db, flow_id)
        position = await cursors.position(db, flow_id)
        beside = await cursors.beside(db, flow_id)
    if position is None:
        raise Conflict(
            "The flow was never started, so there is nothing to rewind.",
            advice=f"Start it: POST /api/v1/flows/{flow_id}/start.",
            code="never_started",
        )
    back = {name: max(0, marker - body.by) for name, marker in beside.items()}
    return await _place(reach, flow, max(0, position - body.by), back)


async def _place(reach: Context, flow: Flow, position: int, beside: Mapping[str, int]) -> CursorState:
    now = await reach.db.now()
    async with reach.db.write() as db:
        await flows.find(db, flow.id)
        await cursors.place(db, flow.id, position=position, clock=reach.db.clock, by_hand=True)
        for name, marker in beside.items():
            await cursors.place_side(db, flow.id, name, position=marker, clock=reach.db.clock, anew=True)
        source = await connections.find(db, flow.source_connection_id)
        await cursors.note_history(db, flow.id, source.marks or {}, own=flow.record_kind, at_most=True)
        await alerts.clear_alerts(db, subject=f"flow:{flow.id}", code="marker_fell", now=now)
        await polls.make_due(db, flow.source_connection_id, clock=reach.db.clock)
        await ticks.make_due(db, f"scan:{flow.id}")
        return await _state(db, flow)


async def _state(db: AsyncConnection, flow: Flow) -> CursorState:
    source = await connections.find(db, flow.source_connection_id)
    return CursorState(
        cursor=cursor_out(await cursors.find(db, flow.id)),
        newest=(source.marks or {}).get(flow.record_kind),
        beside=await cursors.beside(db, flow.id),
    )
