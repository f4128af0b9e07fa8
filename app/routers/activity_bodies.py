"""What moved, as it is answered: events, deliveries, attempts. None of it is personal but a sealed payload."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import AwareDatetime, BeforeValidator, Field
from sqlalchemy import RowMapping

from app.routers import examples
from app.routers.bodies import ID, Answer, Moment, moment, storable

RowId = Annotated[int, Path(ge=1, le=2**53, description="Its number", examples=[1])]
Limit = Annotated[int, Query(ge=1, le=200, description="Items per page", examples=[50])]
Cursor = Annotated[
    int | None, Query(ge=1, le=2**53, description="`next` of the page before; absent for the first page")
]
Since = Annotated[
    AwareDatetime | None,
    Query(description="From this moment on, with its offset", examples=["2026-11-01T00:00:00+01:00"]),
]
Until = Annotated[
    AwareDatetime | None,
    Query(description="Before this moment, with its offset", examples=["2036-11-01T00:00:00+01:00"]),
]
OfFlow = Annotated[str | None, Query(pattern=ID, examples=[examples.FLOW])]
OfIntegration = Annotated[str | None, Query(pattern=ID, examples=[examples.INTEGRATION])]
OfConnection = Annotated[str | None, Query(pattern=ID, examples=[examples.TILL])]
OfRecord = Annotated[
    str | None,
    BeforeValidator(storable),
    Query(max_length=200, description="The source's reference, such as a relation number", examples=["17"]),
]
Trigger = Literal[
    "webhook",
    "poll",
    "backfill",
    "manual",
    "replay",
    "approved",
    "history",
    "history_silent",
    "compare",
    "follow",
    "conflict",
    "undo",
]
OfTrigger = Annotated[Trigger | None, Query(description="What asked for it", examples=["poll"])]
Code = Annotated[
    str | None,
    BeforeValidator(storable),
    Query(max_length=60, description="The code of a reason or an error", examples=["email_missing"]),
]
Direction = Annotated[
    str | None,
    BeforeValidator(storable),
    Query(max_length=60, description="source→target", examples=["mplus→mailchimp"]),
]
Text = Annotated[
    str | None,
    BeforeValidator(storable),
    Query(
        max_length=200,
        description="Part of a reason, code, warning or summary, in any case",
        examples=["address"],
    ),
]
State = Literal["pending", "running", "waiting", "settled", "dead"]
Outcome = Literal["delivered", "unchanged", "skipped", "filtered", "retrying", "waiting", "quarantined"]
OfOutcome = Annotated[
    list[Outcome], Query(description="Any of these; repeat the name for several", examples=[["delivered"]])
]


def millis(value: AwareDatetime | None) -> int | None:
    """A moment as the tables have it."""
    return None if value is None else round(value.timestamp() * 1000)


class EventOut(Answer):
    """One notification: that something changed, never what."""

    id: int
    connection_id: str = Field(examples=[examples.TILL])
    kind: str = Field(
        description="Kind of record; `poll` for a doorbell that names none", examples=["customer"]
    )
    record: str = Field(description="The source's reference", examples=["17"])
    trigger: str = Field(examples=["poll"])
    request_id: str | None = None
    received_at: Moment


class DeliveryOut(Answer):
    """The standing order to keep one source record delivered through one flow."""

    id: int
    flow_id: str = Field(examples=[examples.FLOW])
    record: str = Field(description="The source's reference, such as a relation number", examples=["17"])
    state: str = Field(description="pending, running, waiting, settled or dead", examples=["settled"])
    outcome: str | None = Field(
        description="delivered, unchanged, skipped, filtered, retrying, waiting or quarantined",
        examples=["delivered"],
    )
    code: str | None = Field(description="Why, in a word", examples=[None])
    reason: str | None = Field(description="Why, in a sentence; names fields, never people")
    who: str | None = Field(description="Who must act: time, administrator or nobody")
    needs_yes: bool = Field(description="Whether it waits for a person's yes")
    tries: int = Field(description="Failed tries since the last success", examples=[0])
    backfill: bool = Field(description="Whether it goes behind what happens in the shop")
    due_at: Moment | None = Field(description="When it is tried next; null when it rests")
    trigger: str = Field(examples=["poll"])
    request_id: str | None = None
    requested_at: Moment
    settled_at: Moment | None


class AttemptOut(Answer):
    """One try that did something, or could not. Runs that changed nothing are only counted."""

    id: int
    delivery_id: int
    flow_id: str = Field(examples=[examples.FLOW])
    record: str = Field(examples=["17"])
    started_at: Moment
    duration_ms: int = Field(examples=[84])
    outcome: str = Field(examples=["delivered"])
    code: str | None = Field(examples=[None])
    reason: str | None
    who: str | None
    trigger: str = Field(examples=["poll"])
    direction: str = Field(examples=["mplus→mailchimp"])
    warnings: list[str]
    changes: list[str] = Field(description="What was sent, in words", examples=[["put member: 4 fields"]])
    request_id: str | None = None


class AttemptDetail(AttemptOut):
    """One try with its delivery, and what was kept of the data."""

    delivery: DeliveryOut
    payload: dict[str, Any] | None = Field(
        description="Source, record and what was sent, where the flow's log keeps them; for admin keys only"
    )
    payload_kept: bool = Field(description="Whether a payload was kept at all")


def event_out(row: RowMapping) -> EventOut:
    """An event's row as it is answered."""
    return EventOut(
        id=row["id"],
        connection_id=row["connection_id"],
        kind=row["kind"],
        record=row["ref"],
        trigger=row["trigger"],
        request_id=row["request_id"],
        received_at=moment(row["received_at"]),
    )


def delivery_out(row: RowMapping) -> DeliveryOut:
    """A delivery's row as it is answered."""
    rests = row["state"] in ("settled", "dead") or row["needs_yes"]
    same = ("id", "flow_id", "state", "outcome", "code", "reason", "who", "needs_yes", "tries", "trigger", "request_id")  # fmt: skip
    return DeliveryOut(
        **{name: row[name] for name in same},
        record=row["source_ref"],
        backfill=row["priority"] > 0,
        due_at=None if rests else moment(row["due_at"]),
        requested_at=moment(row["requested_at"]),
        settled_at=moment(row["settled_at"]),
    )


def attempt_fields(row: RowMapping) -> dict[str, Any]:
    """An attempt's row as it is answered."""
    same = ("id", "delivery_id", "flow_id", "duration_ms", "outcome", "code", "reason", "who", "trigger", "direction", "warnings", "changes", "request_id")  # fmt: skip
    return {name: row[name] for name in same} | {
        "record": row["source_ref"],
        "started_at": moment(row["started_at"]),
    }
