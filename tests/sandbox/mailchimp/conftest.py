"""A sandbox on a real port with a clock of its own, and a receiver for its webhooks that needs no network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from app.sandbox.mailchimp.audience import Audience, Member, subscriber_hash
from app.sandbox.mailchimp.lives import Life
from app.sandbox.mailchimp.server import MailchimpSandbox, create_mailchimp
from app.sandbox.serving import serving
from tests.sandbox.mailchimp import openapi

ANNA = "anna@klant-voorbeeld.nl"
BRAM = "bram@klant-voorbeeld.nl"
START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
LIST = "/lists/a1b2c3d4e5"


class Receiver:
    """Takes the webhooks; ``status`` is what it answers, ``body`` what came."""

    def __init__(self) -> None:
        self.status = 200
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.status)

    @property
    def posts(self) -> list[httpx.Request]:
        return [one for one in self.requests if one.method == "POST"]

    def forms(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(one.content.decode(), keep_blank_values=True)) for one in self.posts]


class Shop:
    def __init__(self, sandbox: MailchimpSandbox, http: httpx.AsyncClient, receiver: Receiver) -> None:
        self.sandbox = sandbox
        self.http = http
        self.receiver = receiver

    @property
    def world(self) -> Any:
        return self.sandbox.world

    @property
    def audience(self) -> Audience:
        return self.sandbox.world.audience("a1b2c3d4e5")

    @property
    def account(self) -> Any:
        return self.audience.account

    @property
    def life(self) -> Life:
        return Life(self.audience)

    def member(self, email: str = ANNA) -> Member:
        return self.audience.member(email)

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        response = await self.http.request(method, f"/3.0{path}", json=body, **more)
        return response.status_code, response.json() if response.content else None

    async def put(self, email: str = ANNA, /, **body: Any) -> tuple[int, Any]:
        path = f"{LIST}/members/{subscriber_hash(email)}"
        return await self.call("PUT", path, {"email_address": email, "status_if_new": "subscribed", **body})

    async def patch(self, email: str = ANNA, /, **body: Any) -> tuple[int, Any]:
        return await self.call("PATCH", f"{LIST}/members/{subscriber_hash(email)}", body)

    def mails(self) -> list[tuple[str, str]]:
        return [(mail.kind, mail.email) for mail in self.sandbox.mails.sent]


def said(answer: tuple[int, Any]) -> tuple[Any, ...]:
    """What a refusal says: status, title, detail, and the fields with their complaints."""
    status, body = answer
    fields = tuple((one["field"], one["message"]) for one in body.get("errors", []))
    return (status, body["title"], body["detail"], *fields)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    sandbox = create_mailchimp(now=lambda: START, rounds=False, pace=1.0)
    receiver = Receiver()
    sandbox.postman.transport = httpx.MockTransport(receiver)
    judged = openapi.DESCRIPTION.exists()

    async def judge(response: httpx.Response) -> None:
        await response.aread()
        request = response.request
        described = request.url.path.startswith("/3.0/") and "x-http-method-override" not in request.headers
        if judged and described and "text/" not in response.headers.get("content-type", ""):
            openapi.judge(response)

    async with (
        serving(sandbox) as base_url,
        httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {next(iter(sandbox.world.accounts.values())).key}"},
            event_hooks={"response": [judge]},
        ) as http,
    ):
        yield Shop(sandbox, http, receiver)
