"""What all flows of one integration share: declared once, shown by the API and the pages, inherited by its flows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, field_validator

from app.flows.base import FlowSettings
from app.flows.hours import Hours, opens_at


class IntegrationSettings(FlowSettings):
    """Settings of a pair of connections."""

    time_zone: str = Field(
        default="Europe/Amsterdam",
        title="Time zone",
        description="The shop's clock: schedules, nightly work and the till's wall-clock times are read in it.",
        examples=["Europe/Amsterdam"],
    )
    country: str = Field(
        default="NL",
        pattern=r"^[A-Z]{2}$",
        title="Home country",
        description="ISO 3166 code that stands for addresses and phone numbers without a country.",
        examples=["NL"],
    )
    currency: str = Field(
        default="EUR",
        pattern=r"^[A-Z]{3}$",
        title="Currency",
        description="ISO 4217 code of the till's amounts.",
        examples=["EUR"],
    )
    language: str = Field(
        default="nl",
        pattern=r"^[a-z]{2}$",
        title="Language",
        description="ISO 639-1 code that stands for people without a language of their own.",
        examples=["nl"],
    )
    poll_interval_s: float | None = Field(
        default=None,
        ge=2,
        le=3600,
        title="Seconds between polls",
        description="How often both sides are asked for changes; empty means the installation's default (30 seconds).",
        examples=[30],
    )

    ask_above: int = Field(
        default=200,
        ge=0,
        title="Ask before a first run of more than",
        description=(
            "A flow's first run waits for a yes when it would write more records than this, or cause any mail, or pass the "
            "contact limit. 0: always."
        ),
        examples=[200],
        json_schema_extra={"unit": "records"},
    )
    contact_limit: int | None = Field(
        default=None,
        ge=1,
        title="Contacts in your Mailchimp plan",
        description="What your plan has room for, in Mailchimp under Billing. Empty: the forecast does not compare.",
        examples=[2500],
    )

    @field_validator("time_zone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        """An IANA name that this machine's time zone data knows."""
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("is not a known time zone; write it like Europe/Amsterdam") from error
        return value


def shared_settings(kept: Mapping[str, Any]) -> IntegrationSettings:
    """An integration's stored settings. What an older version kept and this one does not know is left out."""
    known = {name: value for name, value in kept.items() if name in IntegrationSettings.model_fields}
    return IntegrationSettings.model_validate(known)


def inherited(model: type[BaseModel], kept: Mapping[str, Any]) -> dict[str, Any]:
    """What an integration says about settings that a flow's model knows as well; the flow's own values come first."""
    return {name: value for name, value in kept.items() if name in model.model_fields}


def opening_ms(hours: Hours, kept: Mapping[str, Any], *, now_ms: int) -> int:
    """When a flow's hours begin on the clock of its integration, in milliseconds; 0 while they last."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    opening = opens_at(hours, now=now, zone=ZoneInfo(shared_settings(kept).time_zone))
    return 0 if opening is None else round(opening.timestamp() * 1000)
