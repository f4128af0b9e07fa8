"""How often stores of an account are looked through that do not tell what changed."""

from __future__ import annotations

from pydantic import Field

from app.flows.base import FlowSettings


class ScanSettings(FlowSettings):
    """What looking may cost."""

    scan_every_s: float = Field(
        default=120,
        ge=15,
        le=86_400,
        title="Look at most every",
        description="The least time between two looks through the stores. A change of a contact is looked at at once.",
        examples=[120],
        json_schema_extra={"unit": "seconds"},
    )
    scan_calls_a_minute: float = Field(
        default=10,
        gt=0,
        le=60,
        title="Calls for looking",
        description=(
            "What looking may cost on average. With 10, stores of 50,000 records are looked through every five minutes: 50 "
            "calls each time."
        ),
        examples=[10],
        json_schema_extra={"unit": "calls a minute"},
    )
