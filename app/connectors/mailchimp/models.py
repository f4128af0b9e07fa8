"""What a connection to Mailchimp consists of: one audience, and a key that may write to it."""

from __future__ import annotations

import hashlib
import re

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from app.connectors.http import proper_address
from app.connectors.mailchimp.storesettings import StoreSettings

EVERY_ACCOUNT = "https://api.mailchimp.com/3.0"
_DATA_CENTRE = re.compile(r".+-([a-z]{2,4}\d{1,4})", re.ASCII)


class MailchimpSettings(BaseModel):
    """Which audience, and where the API is. One connection is one audience; several audiences are several connections."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    list_id: str = Field(
        pattern=r"^[A-Za-z0-9]{1,50}$",
        title="Audience ID",
        description="In Mailchimp under Audience > Settings > Audience name and defaults.",
        examples=["a1b2c3d4e5"],
        json_schema_extra={"fixed": True},
    )
    store: StoreSettings = Field(
        default=StoreSettings(),
        title="Store",
        description="Where products, stock and sales go. It stays with this audience for ever.",
        examples=[{"id": "till-amsterdam", "name": "Shop Amsterdam", "currency": "EUR"}],
    )
    base_url: str | None = Field(
        default=None,
        max_length=300,
        title="Address of the API",
        description="Empty: the data centre is read from the key. Fill it in for the sandbox.",
        examples=["https://us6.api.mailchimp.com/3.0"],
    )
    answer_seconds: float = Field(
        default=125.0,
        ge=5,
        le=130,
        title="Patience",
        description="Seconds to wait for an answer. Mailchimp itself gives up after 120.",
        examples=[125],
    )

    @field_validator("base_url")
    @classmethod
    def without_credentials(cls, value: str | None) -> str | None:
        """An address without query or user, since addresses are logged."""
        if value is None or not value.strip():
            return None
        url = proper_address(value, example="https://us6.api.mailchimp.com/3.0")
        return str(url).rstrip("/")


class MailchimpCredentials(BaseModel):
    """Who we are at Mailchimp: an API key, or the token of an OAuth app."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr | None = Field(
        default=None,
        min_length=8,
        title="API key",
        description="Made in Mailchimp under Profile > Extras > API keys; ends in the data centre. Kept sealed.",
        examples=["•••-us6"],
    )
    token: SecretStr | None = Field(
        default=None,
        min_length=8,
        title="OAuth token",
        description="In place of a key, from an OAuth app. It does not expire. Kept sealed.",
        examples=["•••"],
    )

    @model_validator(mode="after")
    def one_of_both(self) -> MailchimpCredentials:
        """A key or a token, not both."""
        if (self.api_key is None) == (self.token is None):
            raise ValueError("enter either an API key or a token")
        return self

    @property
    def secret(self) -> str:
        """The key or the token, for the header alone."""
        chosen = self.token if self.api_key is None else self.api_key
        assert chosen is not None
        return chosen.get_secret_value().strip()

    @property
    def data_centre(self) -> str | None:
        """What stands behind a key's last dash; a token does not say it."""
        found = _DATA_CENTRE.fullmatch(self.secret) if self.token is None else None
        return found[1] if found else None


def base_url(settings: MailchimpSettings, credentials: MailchimpCredentials) -> str:
    """The address of the API: the one entered, else the key's data centre, else the one for every account."""
    if settings.base_url:
        return settings.base_url
    dc = credentials.data_centre
    return f"https://{dc}.api.mailchimp.com/3.0" if dc else EVERY_ACCOUNT


def account(credentials: MailchimpCredentials) -> str:
    """Whose limits count, until a check knows the login: Mailchimp counts per user. Says nothing about the key."""
    return "mailchimp:" + hashlib.sha256(b"account\0" + credentials.secret.encode()).hexdigest()[:16]
