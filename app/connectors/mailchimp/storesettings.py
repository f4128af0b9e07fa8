"""What is configured of a store: its id, which is chosen once, and how it is made where it is not there."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class StoreSettings(BaseModel):
    """Which store of the account, and how it is made where it is not there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{1,50}$",
        title="Store ID",
        description=(
            "Names the store in Mailchimp. One that is there already is adopted, if it belongs to this audience; otherwise "
            "it is made. A store stays with its audience for ever: another audience means another store and a full import. "
            "Empty: made of the audience's id."
        ),
        examples=["till-amsterdam"],
    )
    name: str = Field(
        default="MplusKASSA",
        min_length=1,
        max_length=100,
        title="Store name",
        description="What people see in Mailchimp.",
        examples=["Shop Amsterdam"],
    )
    domain: str | None = Field(
        default=None,
        max_length=200,
        title="Domain",
        description="Of your web shop, if you have one. No two stores of an account may have the same.",
        examples=["shop.example.nl"],
    )
    currency: str = Field(
        default="EUR",
        pattern=r"^[A-Z]{3}$",
        title="Currency",
        description="ISO 4217 code of every price in the store.",
        examples=["EUR"],
    )
    platform: str = Field(
        default="MplusKASSA",
        min_length=1,
        max_length=50,
        title="Platform",
        description="By this word the store is known as fed by this service.",
        examples=["MplusKASSA"],
    )
