"""Connections as they are sent and answered."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import Field

from app.checkup import CheckUp
from app.connectors.base import Connector
from app.connectors.http import check_scheme
from app.errors import InvalidInput, MisdirectedConnection
from app.routers import examples
from app.routers.bodies import (
    ID,
    Answer,
    Body,
    JsonObject,
    Moment,
    Name,
    OwnId,
    exposed,
    moment,
    validated,
    with_examples,
)
from app.routers.context import Context
from app.routers.webhook_setup import WebhookSetup
from app.store.connections import Connection

ConnectionId = Annotated[
    str, Path(pattern=ID, description="The connection's id", examples=[examples.CONNECTION])
]


class NewConnection(Body):
    """One account of a remote system. `GET /api/v1/systems` lists the fields of `settings` and `credentials`."""

    model_config = with_examples(examples.NEW_TILL, examples.NEW_AUDIENCE)

    id: OwnId | None = None
    system: str = Field(max_length=20, description="`mplus` or `mailchimp`", examples=["mplus"])
    name: Name
    settings: JsonObject = Field(default_factory=dict, description="Where it is; nothing secret")
    credentials: JsonObject = Field(description="Who we are there; sealed at once and never shown again")


class ConnectionChange(Body):
    """What to change; absent fields stay. Settings and credentials are replaced whole."""

    model_config = with_examples({"name": "Till in Utrecht, new address"})

    name: Name | None = None
    settings: JsonObject | None = None
    credentials: JsonObject | None = None


class CheckOut(Answer):
    """What a check found."""

    ok: bool
    code: str = Field(description="`ok`, or the error's code", examples=["ok"])
    sentence: str = Field(examples=["The till answers; its API service is 67.1.3."])
    advice: str = Field(description="What to do about it; may be empty", examples=[""])
    details: dict[str, str] = Field(examples=[{"version": "67.1.3"}])
    warnings: list[str] = Field(default_factory=list)


class WebhookState(Answer):
    """What is known of a connection's webhook; address and secret are shown only when they are made."""

    public: bool = Field(description="Whether this installation has a public address at all")
    signed: bool = Field(description="Whether a signing secret is known, so that calls must be signed")
    remote_id: str | None = Field(
        default=None, description="The webhook's id at the remote, where we registered it"
    )
    subscription_id: str | None = Field(default=None, description="The till's Subscription ID")


class ConnectionOut(Answer):
    """A connection as it stands; never its credentials."""

    id: str = Field(examples=[examples.CONNECTION])
    system: str = Field(examples=["mplus"])
    name: str = Field(examples=["Till in Utrecht"])
    account: str = Field(description="Whose limits count", examples=["mplus:api.mpluskassa.nl:50123"])
    settings: dict[str, Any]
    state: str = Field(description="`new` until the first check, then `ok` or `broken`", examples=["ok"])
    state_code: str | None = Field(default=None, description="Why it is broken")
    state_detail: str | None = None
    checked_at: Moment | None = None
    check: CheckOut | None = Field(default=None, description="The last check's finding")
    webhook: WebhookState
    created_at: Moment
    updated_at: Moment


class ConnectionMade(ConnectionOut):
    """A new connection, checked, with what is shown only once."""

    webhook_setup: WebhookSetup


class CheckedConnection(Answer):
    """A check's finding, and what it changed."""

    check: CheckOut
    connection: ConnectionOut
    released_flows: list[str] = Field(description="Flows that may go on now")


class WebhookRemoved(Answer):
    """Whether there was one to remove."""

    removed: bool


def shown(connection: Connection, reach: Context) -> dict[str, Any]:
    """A connection's fields as they are answered."""
    found = connection.check_details
    return {
        "id": connection.id,
        "system": connection.system,
        "name": connection.name,
        "account": connection.account,
        "settings": dict(connection.settings),
        "state": connection.state,
        "state_code": connection.state_code,
        "state_detail": connection.state_detail,
        "checked_at": moment(connection.checked_at),
        "check": None if found is None else CheckOut(ok=found["code"] == "ok", **found),
        "webhook": WebhookState(
            public=reach.settings.public_url is not None,
            signed=connection.webhook_secret_sealed is not None,
            remote_id=connection.webhook_remote_id,
            subscription_id=connection.subscription_id,
        ),
        "created_at": moment(connection.created_at),
        "updated_at": moment(connection.updated_at),
    }


def checked(found: CheckUp, reach: Context) -> CheckedConnection:
    """A check-up as it is answered."""
    diagnosis = found.diagnosis
    return CheckedConnection(
        check=CheckOut(
            ok=diagnosis.ok,
            code=diagnosis.code,
            sentence=diagnosis.sentence,
            advice=diagnosis.advice,
            details=dict(diagnosis.details),
            warnings=list(diagnosis.warnings),
        ),
        connection=ConnectionOut(**shown(found.connection, reach)),
        released_flows=list(found.flows),
    )


def configured(
    connector: Connector, reach: Context, *, settings: JsonObject, credentials: JsonObject
) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Settings and credentials as they are kept, and the account they count for. Raises InvalidInput by field."""
    made = validated(connector.settings, settings, field="settings")
    secret = validated(connector.credentials, credentials, field="credentials")
    try:
        check_scheme(connector.address(made, secret), plain_http=reach.settings.sandbox)
    except MisdirectedConnection as error:
        raise InvalidInput(
            error.detail, advice=error.advice, field="settings.base_url", code=error.code
        ) from None
    return made.model_dump(mode="json"), exposed(secret), connector.account(made, secret)
