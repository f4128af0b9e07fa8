"""A sandbox's audience on a real port, and clients that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from app.connectors.base import Desired, Gate, Intent, Leave, Opening, Wanted
from app.connectors.http import open_client as open_http
from app.connectors.mailchimp.client import MailchimpClient
from app.connectors.mailchimp.connector import CONNECTOR
from app.connectors.mailchimp.models import MailchimpCredentials, MailchimpSettings
from app.sandbox.mailchimp.audience import Audience, Member
from app.sandbox.mailchimp.lives import Life
from app.sandbox.mailchimp.server import MailchimpSandbox, create_mailchimp
from app.sandbox.serving import serving

KEY = "0123456789abcdef0123456789abcdef-us6"
LIST = "a1b2c3d4e5"
START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ANNA = "anna@klant-voorbeeld.nl"
BRAM = "bram@klant-voorbeeld.nl"


class OpenGate:
    """Lets everybody through, and counts."""

    def __init__(self) -> None:
        self.inside = 0
        self.passed = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        self.inside += 1
        self.passed += 1
        try:
            yield
        finally:
            self.inside -= 1


class Clock:
    """Seconds that only pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


class Shop:
    """The sandbox at its address, and what stands in its audience."""

    def __init__(self, sandbox: MailchimpSandbox, base_url: str) -> None:
        self.sandbox = sandbox
        self.base_url = f"{base_url}/3.0"

    @property
    def audience(self) -> Audience:
        return self.sandbox.world.audience(LIST)

    @property
    def account(self) -> Any:
        return self.audience.account

    @property
    def life(self) -> Life:
        return Life(self.audience)

    def member(self, email: str = ANNA) -> Member:
        return self.audience.member(email)

    def add(self, email: str = ANNA, status: str = "subscribed", **more: Any) -> Member:
        """A contact that was there before us."""
        return self.life.add(email, status=status, **more)

    def calls(self) -> list[str]:
        """What was asked since the last look, by operation."""
        said = [entry.operation for entry in self.sandbox.log.entries]
        self.sandbox.log.clear()
        return said

    def mails(self) -> list[tuple[str, str]]:
        return [(mail.kind, mail.email) for mail in self.sandbox.mails.sent]


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def ticks() -> Clock:
    return Clock()


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    sandbox = create_mailchimp(now=lambda: START, rounds=False, pace=1.0)
    async with serving(sandbox) as base_url:
        yield Shop(sandbox, base_url)


Connect = Callable[..., MailchimpClient]


@pytest.fixture
async def connect(gate: OpenGate) -> AsyncIterator[Connect]:
    """Opens clients as the service does; their HTTP clients are closed at the end."""
    opened: list[httpx.AsyncClient] = []

    shared = gate

    def make(
        base_url: str | None = None,
        *,
        key: str | None = KEY,
        token: str | None = None,
        list_id: str = LIST,
        store: dict[str, Any] | None = None,
        webhook_url: str | None = None,
        seconds: float = 5.0,
        verify: Any = True,
        gate: Gate | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> MailchimpClient:
        http = open_http("mailchimp", plain_http=True, verify=verify, transport=transport)
        opened.append(http)
        # what is shorter than people may set is for tests of an API that hangs
        chosen = {"list_id": list_id, "base_url": base_url, "store": store or {}}
        settings = MailchimpSettings.model_validate(chosen).model_copy(update={"answer_seconds": seconds})
        credentials = MailchimpCredentials(
            api_key=None if token or key is None else SecretStr(key),
            token=None if token is None else SecretStr(token),
        )
        client = CONNECTOR.open(
            Opening(
                settings=settings,
                credentials=credentials,
                http=http,
                gate=gate or shared,
                webhook_url=webhook_url,
            )
        )
        assert isinstance(client, MailchimpClient)
        return client

    yield make
    for http in opened:
        await http.aclose()


@pytest.fixture
def client(connect: Connect, shop: Shop) -> MailchimpClient:
    return connect(shop.base_url)


EMPTIABLE = frozenset(
    {f"merge_fields.{tag}" for tag in ("FNAME", "LNAME", "PHONE", "BIRTHDAY", "COMPANY", "CHOICE")}
    | {f"merge_fields.ADDRESS.{part}" for part in ("addr1", "addr2", "city", "state", "zip", "country")}
)


def intent(
    document: dict[str, Any] | None = None,
    *,
    natural: str | None = ANNA,
    consent: str = "unknown",
    was: str | None = None,
    emptiable: frozenset[str] = EMPTIABLE,
    **more: Any,
) -> Intent:
    """What the customers flow wants for a person with this consent, now and before; None takes the person away."""
    subscription = "keep"
    if consent == "yes" and was != "yes":
        subscription = "subscribe"
    elif consent == "no" and was == "yes":
        subscription = "unsubscribe"
    options = {
        "if_new": "subscribed" if consent == "yes" else "transactional",
        "subscription": subscription,
    } | more.pop("options", {})
    remembered = {"consent": was} if was is not None else {}
    return Intent(
        kind="customer",
        key="k",
        natural=natural,
        remote_id=more.pop("remote_id", None),
        desired=None if document is None else Desired(document, emptiable=emptiable),
        document=document or {},
        options=options,
        facts=remembered | more.pop("facts", {}),
        **more,
    )


async def bring_about(client: MailchimpClient, wish: Intent) -> list[Any]:
    """Look up, decide and carry out, as the pipeline does. Returns what was applied, or the one Leave."""
    target = client.target("customer")
    wanted = Wanted("customer", wish.key, wish.natural, wish.moves_from_id or wish.remote_id)
    existing = (await target.fetch_many([wanted])).get(wish.key)
    steps = target.steps(wish, existing)
    if isinstance(steps, Leave):
        return [steps]
    done: list[Any] = []
    for change in steps:
        done.append(await target.apply(change))
        if isinstance(done[-1], Leave):
            break
    return done
