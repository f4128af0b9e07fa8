"""A connector as a whole, and questions that not every remote can answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel

from app.connectors.base.clients import Client, Gate, Recovery
from app.connectors.base.fields import Fields
from app.connectors.base.words import ShippedRow
from app.errors import AdministratorError

if TYPE_CHECKING:
    import httpx

# --- webhooks that a remote lets us set up ourselves ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WebhookRegistration:
    """The remote's webhook for our address as it stands now. ``secret`` is told once, when it was made just now."""

    remote_id: str
    secret: str | None = None
    change: Literal["none", "made", "mended", "made_anew"] = "none"


@runtime_checkable
class RegistersWebhooks(Protocol):
    """A client whose remote has an API for webhooks (Mailchimp has, the till's are typed in by hand)."""

    async def ensure_webhook(
        self, url: str, *, remote_id: str | None, secret_known: bool
    ) -> WebhookRegistration:
        """Make or mend the webhook for this address. ``remote_id`` is the webhook that we remember as ours, and
        ``secret_known`` says that we hold its secret; a webhook that signs otherwise than we can verify is made anew."""
        ...

    async def remove_webhook(self, url: str) -> bool:
        """Take the webhook for this address away; False when there was none."""
        ...


# --- questions that not every remote can answer ----------------------------------------------------------------------


@runtime_checkable
class TellsLate(Protocol):
    """A client whose changes may become visible long after others with a higher position."""

    window: int
    """So many positions below the last one are read again."""


@runtime_checkable
class Dated(Protocol):
    """A client whose source tells when records changed."""

    async def position_before(self, kind: str, moment: datetime, *, newest: int) -> int | None:
        """The position below everything that changed at the moment or later; None for kinds that do not tell."""
        ...


@runtime_checkable
class LooksUp(Protocol):
    """A client that finds a record by what a person knows of it."""

    async def look_up(self, kind: str, *, email: str | None = None, sku: str | None = None) -> str | None:
        """The reference of the record with exactly this address, or of the one that this SKU is part of, or None."""
        ...


# --- a connector as a whole ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opening:
    """What a client is opened with. ``http`` is shared by all connections of the system; ``gate`` bounds the account.

    ``keyed_hash`` is the installation's: who reads people from a system that knows them by address needs it for refs.
    """

    settings: BaseModel
    credentials: BaseModel
    http: httpx.AsyncClient
    gate: Gate
    webhook_url: str | None = None
    keyed_hash: Callable[..., str] | None = None


@dataclass(frozen=True, slots=True)
class Connector:
    """One remote system, described once, as it stands in ``registry.py``.

    ``settings`` hold nothing secret, ``credentials`` only what is sealed. ``address`` is where it talks to, ``account``
    whose limits count (``Diagnosis.account`` may know better later). ``open`` makes a client without talking to anybody.
    ``out_rows`` and ``in_rows`` are the shipped rows by kind of record, ``out_fields`` and ``in_fields`` the fields
    that its documents have in every account; those of the merchant's own making a client tells (:class:`TellsFields`).
    ``permits`` is the default number of simultaneous
    requests of one account. ``side`` is what the system is to a merchant: flows that make sense one way only ask for it.
    """

    name: str
    title: str
    side: Literal["till", "audience"]
    settings: type[BaseModel]
    credentials: type[BaseModel]
    address: Callable[[Any, Any], str]
    account: Callable[[Any, Any], str]
    open: Callable[[Opening], Client]
    out_rows: Mapping[str, Sequence[ShippedRow]] = field(default_factory=dict)
    in_rows: Mapping[str, Sequence[ShippedRow]] = field(default_factory=dict)
    out_fields: Mapping[str, Fields] = field(default_factory=dict)
    in_fields: Mapping[str, Fields] = field(default_factory=dict)
    permits: int = 2
    recovery: Recovery = field(default_factory=Recovery)
    sandbox_recovery: Recovery = field(default_factory=lambda: Recovery(lease_s=5.0, hold_s=3.0))


def wrong_kind(system: str, kind: str) -> AdministratorError:
    """The error for a kind of record that a connector does not know."""
    return AdministratorError(
        f"{system} does not know records of the kind {kind!r}.",
        advice="Choose a flow that both systems know.",
        code="unknown_kind",
    )
