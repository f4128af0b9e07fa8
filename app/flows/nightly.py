"""The nightly comparison of both sides, and what is kept for an undo: what flows say about looking after what they wrote."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.flows.base import FlowSettings


class KeepsBefore(FlowSettings):
    """Of flows whose changes can be put back."""

    keep_before_days: int = Field(
        default=0,
        ge=0,
        le=30,
        title="Days that overwritten values are kept",
        description=(
            "For so many days the values that this flow writes over are kept, sealed, so that the undo of a run can put them "
            "back. They are personal data: keep them only as long as you may want that. 0: never; an undo then only puts away "
            "what the run made. Finding out what stood there costs a call for each contact that changes."
        ),
        examples=[7],
        json_schema_extra={"unit": "days"},
    )


class NightlySettings(FlowSettings):
    """When both sides are compared, and what is done about what differs."""

    compare_at: str | None = Field(
        default="03:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        title="Nightly comparison",
        description=(
            "When both sides are compared, on the shop's own clock: what was missed, and what somebody changed or deleted at "
            "the target, is named. Outside the flow's hours it waits for them. Empty: never by itself."
        ),
        examples=["03:00"],
    )
    on_drift: Literal["report", "heal"] = Field(
        default="report",
        title="What differs by night",
        description=(
            "`report`: it is only named. `heal`: it is brought about again. More than 20 records, and more than one in a "
            "hundred, that are missing at the target are only named, whatever is chosen: a person may have cleared up there."
        ),
        examples=["heal"],
    )
