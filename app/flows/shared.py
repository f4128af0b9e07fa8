"""What all flows of one integration share: declared once, shown by the API and the pages."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from app.flows.base import FlowSettings


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

    @field_validator("time_zone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        """An IANA name that this machine's time zone data knows."""
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("is not a known time zone; write it like Europe/Amsterdam") from error
        return value
