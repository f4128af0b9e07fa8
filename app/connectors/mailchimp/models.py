"""What a connection to Mailchimp consists of: one audience, and a key that may write to it."""

from __future__ import annotations

import base64
import hashlib
import re

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

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
        url = httpx.URL(value.strip())
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError("must be an address such as https://us6.api.mailchimp.com/3.0")
        if url.query or url.fragment or url.userinfo:
            raise ValueError("must hold neither a query nor a user: the key has its own field")
        return str(url).rstrip("/")


class MailchimpCredentials(BaseModel):
    """Who we are at Mailchimp."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr = Field(
        min_length=8,
        title="API key",
        description="Made in Mailchimp under Profile > Extras > API keys; ends in the data centre. Kept sealed.",
        examples=["•••-us6"],
    )

    @property
    def data_centre(self) -> str | None:
        """What stands behind the key's last dash; a token has none."""
        found = _DATA_CENTRE.fullmatch(self.api_key.get_secret_value().strip())
        return found[1] if found else None

    @property
    def authorization(self) -> str:
        """The header's value: keys go as a password, tokens as a bearer (mailchimp.md §1.1)."""
        key = self.api_key.get_secret_value().strip()
        if self.data_centre is None:
            return f"Bearer {key}"
        return "Basic " + base64.b64encode(f"key:{key}".encode()).decode()


def base_url(settings: MailchimpSettings, credentials: MailchimpCredentials) -> str:
    """The address of the API: the one entered, else the key's data centre, else the one for every account."""
    if settings.base_url:
        return settings.base_url
    dc = credentials.data_centre
    return f"https://{dc}.api.mailchimp.com/3.0" if dc else EVERY_ACCOUNT


def account(credentials: MailchimpCredentials) -> str:
    """Whose limits count, until a check knows the login: Mailchimp counts per user. Says nothing about the key."""
    key = credentials.api_key.get_secret_value().strip()
    return "mailchimp:" + hashlib.sha256(b"account\0" + key.encode()).hexdigest()[:16]
