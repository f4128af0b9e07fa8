"""Flows as they are sent and answered."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from app.flows.hours import Hours
from app.routers import examples
from app.routers.bodies import ID, Answer, Body, JsonObject, Moment, OwnId, moment, with_examples
from app.routers.context import Context
from app.store import activity, backlog, connections, cursors
from app.store.cursors import Cursor
from app.store.flows import Flow

FlowId = Annotated[str, Path(pattern=ID, description="The flow's id", examples=[examples.FLOW])]
DAY_MS = 86_400_000


class NewFlow(Body):
    """One kind of record, from one connection to the other. `GET /api/v1/flow-kinds` lists the kinds and their settings."""

    model_config = with_examples({"kind": "products"})

    id: OwnId | None = None
    kind: str = Field(max_length=30, examples=["customers"])
    source_connection_id: str | None = Field(
        default=None,
        pattern=ID,
        description="Where records are read; the other connection of the integration is written to. "
        "Absent: the side that can be read where the other can be written, the left one first",
    )
    settings: JsonObject = Field(default_factory=dict, description="Only what differs from the defaults")


class FlowChange(Body):
    """What to change; absent fields stay."""

    model_config = with_examples({"window_s": 30})

    window_s: float | None = Field(
        default=None,
        ge=0,
        le=86_400,
        description="Least seconds between two deliveries of one record: what changes meanwhile is folded",
    )
    deadline_s: float | None = Field(
        default=None,
        ge=60,
        le=30 * 86_400,
        description="Longest wait for another record, in seconds; then a person must look",
    )


class FindingOut(Answer):
    """One thing to know about a mapping or a setting. Warnings refuse nothing."""

    severity: str = Field(examples=["warning"])
    place: str = Field(examples=["leg1.rows[3].expression"])
    code: str = Field(examples=["unknown_path"])
    sentence: str = Field(examples=["The source has no field 'emial', as far as is known."])
    advice: str = Field(examples=["Did you mean email?"])


class CursorOut(Answer):
    """How far a flow has read its source."""

    position: int = Field(description="The highest marker that was read", examples=[1841])
    placed: int = Field(description="How often it was placed by hand or by a start", examples=[0])
    updated_at: Moment


class FlowOut(Answer):
    """A flow as it stands."""

    id: str = Field(examples=[examples.FLOW])
    integration_id: str = Field(examples=[examples.INTEGRATION])
    kind: str = Field(examples=["customers"])
    record_kind: str = Field(examples=["customer"])
    source_connection_id: str = Field(examples=[examples.TILL])
    target_connection_id: str = Field(examples=[examples.AUDIENCE])
    direction: str = Field(examples=["mplus→mailchimp"])
    state: str = Field(
        description="`paused`, `running`, or `blocked` by a limit at the target", examples=["running"]
    )
    state_code: str | None = Field(default=None, description="Why it is blocked")
    state_detail: str | None = None
    approved_at: Moment | None = Field(description="When a person said yes to its first writes")
    version: int = Field(description="Grows with every change of settings or mapping", examples=[1])
    window_s: float = Field(examples=[10.0])
    deadline_s: float = Field(examples=[86400.0])
    hours: Hours | None = Field(description="When it may deliver; null: always")
    opens_at: Moment | None = Field(
        description="When it may deliver again; null while it may", examples=[None]
    )
    cursor: CursorOut | None = Field(description="How far it has read; null before its first start")
    deliveries: dict[str, int] = Field(
        description="Records by state: pending, running, waiting, settled, dead, needs_yes",
        examples=[{"settled": 200}],
    )
    outcomes: dict[str, int] = Field(
        description="Outcomes of the last 24 hours", examples=[{"delivered": 180, "skipped": 20}]
    )
    oldest_pending_s: float | None = Field(
        description="How long the oldest change waits that is not yet delivered", examples=[None]
    )
    created_at: Moment
    updated_at: Moment


def cursor_out(cursor: Cursor | None) -> CursorOut | None:
    """A cursor as it is answered."""
    if cursor is None:
        return None
    return CursorOut(position=cursor.position, placed=cursor.epoch, updated_at=moment(cursor.updated_at))


async def shown(db: AsyncConnection, flow: Flow, reach: Context, *, now: int) -> FlowOut:
    """A flow's fields as they are answered, with what moves through it."""
    oldest = (await backlog.oldest_pending_ms(db, clock=reach.db.clock)).get(flow.id)
    source = await connections.find(db, flow.source_connection_id)
    target = await connections.find(db, flow.target_connection_id)
    values: dict[str, Any] = {
        name: getattr(flow, name)
        for name in (
            "id",
            "integration_id",
            "kind",
            "record_kind",
            "source_connection_id",
            "target_connection_id",
            "state",
            "state_code",
            "state_detail",
            "version",
        )
    }
    return FlowOut(
        **values,
        direction=f"{source.system}→{target.system}",
        approved_at=moment(flow.approved_at),
        window_s=flow.window_ms / 1000,
        deadline_s=flow.deadline_ms / 1000,
        hours=None if flow.schedule is None else Hours.model_validate(dict(flow.schedule)),
        opens_at=moment(flow.opens_at) if flow.opens_at > now else None,
        cursor=cursor_out(await cursors.find(db, flow.id)),
        deliveries=await activity.states_of(db, flow.id),
        outcomes=await activity.outcomes_of(db, flow.id, since=now - DAY_MS),
        oldest_pending_s=None if oldest is None else oldest / 1000,
        created_at=moment(flow.created_at),
        updated_at=moment(flow.updated_at),
    )
