"""Every request that we send against Mailchimp's own description: the sandbox must not be the only witness.

The real API ignores keys and parameters that it does not know; here they are mistakes.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import httpx
import pytest
from openapi_core import Config, OpenAPI
from openapi_core.validation.request.exceptions import RequestValidationError
from pydantic import SecretStr

from app.connectors.base import Desired, Intent, Leave, Opening, Wanted
from app.connectors.mailchimp.client import MailchimpClient
from app.connectors.mailchimp.connector import CONNECTOR
from app.connectors.mailchimp.models import MailchimpCredentials, MailchimpSettings
from app.sandbox.mailchimp.server import MailchimpSandbox, create_mailchimp
from app.sandbox.serving import serving
from tests.sandbox.mailchimp import openapi

pytestmark = pytest.mark.skipif(
    not openapi.DESCRIPTION.exists(), reason="shared/specs/mailchimp is not beside this checkout"
)

HOOK = "https://winkel-voorbeeld.nl/webhooks/mailchimp/t0ken"
EMPTIABLE = frozenset({"merge_fields.PHONE", "merge_fields.FNAME"} | {f"merge_fields.ADDRESS.{p}" for p in ("addr1", "city", "zip")})  # fmt: skip


@cache
def description() -> OpenAPI:
    document = openapi.document()
    for item in document["paths"].values():
        for operation in item.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                forbid_unknown(content["schema"])
    return OpenAPI.from_dict(
        document, config=Config(extra_media_type_deserializers={"application/problem+json": json.loads})
    )


def forbid_unknown(node: Any) -> None:
    if isinstance(node, dict):
        if node.get("properties") and "additionalProperties" not in node:
            node["additionalProperties"] = False
        for value in node.values():
            forbid_unknown(value)
    elif isinstance(node, list):
        for value in node:
            forbid_unknown(value)


@cache
def declared(path: str, method: str) -> frozenset[str]:
    """The names of an operation's query parameters."""
    item = openapi.document()["paths"][path]
    parameters = [*item.get("parameters", ()), *item[method].get("parameters", ())]
    return frozenset(one["name"] for one in parameters if one["in"] == "query")


def judge(request: httpx.Request) -> str:
    """The described operation of a request; raises where it is not what the description says."""
    path, method = openapi.described_path(request), request.method.lower()
    description().validate_request(openapi.Asked(request))
    unknown = set(request.url.params) - declared(path, method)
    assert not unknown, f"{method} {path} does not know {unknown}"
    return f"{request.method} {path.removeprefix('/3.0')}"


@asynccontextmanager
async def open_gate() -> AsyncIterator[None]:
    yield


class Gate:
    slot = staticmethod(open_gate)


class Line:
    """A client whose every request is judged on its way out, and what was asked for."""

    def __init__(self, sandbox: MailchimpSandbox, base_url: str) -> None:
        self.sandbox = sandbox
        self.asked: set[str] = set()

        async def on_its_way(request: httpx.Request) -> None:
            self.asked.add(judge(request))

        self.http = httpx.AsyncClient(event_hooks={"request": [on_its_way]})
        client = CONNECTOR.open(
            Opening(
                settings=MailchimpSettings(list_id="a1b2c3d4e5", base_url=f"{base_url}/3.0"),
                credentials=MailchimpCredentials(
                    api_key=SecretStr(next(iter(sandbox.world.accounts.values())).key)
                ),
                http=self.http,
                gate=Gate(),
                webhook_url=HOOK,
            )
        )
        assert isinstance(client, MailchimpClient)
        self.client = client

    async def bring_about(self, wish: Intent) -> Any:
        target = self.client.target("customer")
        wanted = Wanted("customer", "k", wish.natural, wish.moves_from_id)
        steps = target.steps(wish, (await target.fetch_many([wanted])).get("k"))
        assert not isinstance(steps, Leave), steps
        return [await target.apply(change) for change in steps][-1]


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    sandbox = create_mailchimp(rounds=False)
    sandbox.postman.transport = httpx.MockTransport(lambda _: httpx.Response(200))
    async with serving(sandbox) as base_url:
        made = Line(sandbox, base_url)
        yield made
        await made.http.aclose()


def wish(document: dict[str, Any] | None, *, email: str = "anna@klant-voorbeeld.nl", **more: Any) -> Intent:
    return Intent(
        kind="customer", key="k", natural=email, remote_id=None, document=document or {},
        desired=None if document is None else Desired(document, emptiable=EMPTIABLE), **more,
    )  # fmt: skip


async def test_all_that_we_send_is_what_is_described(line: Line) -> None:
    """The whole life of a member, of its audience's fields and of our webhook."""
    audience = line.sandbox.world.audience("a1b2c3d4e5")
    audience.permission_texts["p1"] = "E-mail"
    client = line.client
    anna = {
        "email_address": "anna@klant-voorbeeld.nl",
        "merge_fields": {
            "FNAME": "Anna", "PHONE": "030", "BIRTHDAY": "1990-02-03",
            "ADDRESS": {"addr1": "Markt 1", "city": "Utrecht", "state": "-", "zip": "3511", "country": "NL"},
        },
        "language": "nl", "vip": True, "email_type": "html", "location": {"latitude": 52.1, "longitude": 5.1},
        "marketing_permissions": {"p1": True}, "tags": ["gold"],
        "timestamp_opt": "2026-01-01T12:00:00+01:00", "ip_opt": "198.51.100.1",
    }  # fmt: skip

    assert (await client.check()).ok
    for missing in await client.missing_fields(
        "customer", ["merge_fields.COMPANY", "merge_fields.HOME.city"]
    ):
        await client.make_field("customer", missing)
    made = await client.ensure_webhook(HOOK, remote_id=None, secret_known=False)
    audience.webhooks[made.remote_id].sources["api"] = True
    await client.ensure_webhook(HOOK, remote_id=made.remote_id, secret_known=True)

    await line.bring_about(wish(anna, options={"if_new": "subscribed"}))
    await line.bring_about(
        wish({"email_address": anna["email_address"]}, facts={"filled": "FNAME PHONE ADDRESS"})
    )
    await line.bring_about(wish(anna, options={"subscription": "unsubscribe"}))
    await line.bring_about(wish(anna, email="bram@klant-voorbeeld.nl", moves_from_id=audience.member(anna["email_address"]).contact_id))  # fmt: skip
    await line.bring_about(wish(None, email="bram@klant-voorbeeld.nl"))
    await line.bring_about(
        wish(anna, email="bram@klant-voorbeeld.nl", options={"archived_by_us": "transactional"})
    )
    many = [Wanted("customer", str(n), f"klant{n}@klant-voorbeeld.nl", None) for n in range(9)]
    await client.target("customer").fetch_many(many)
    client._members._roster._looked_at = None
    await client.target("customer").fetch_many(many)
    await line.bring_about(wish(None, email="bram@klant-voorbeeld.nl", permanently=True))
    await client.remove_webhook(HOOK)

    member = "/lists/{list_id}/members/{subscriber_hash}"
    assert {
        "GET /", "GET /ecommerce/stores/{store_id}", "GET /lists/{list_id}", "GET /lists/{list_id}/merge-fields", "POST /lists/{list_id}/merge-fields",
        "GET /lists/{list_id}/webhooks", "POST /lists/{list_id}/webhooks", "PATCH /lists/{list_id}/webhooks/{webhook_id}",
        "DELETE /lists/{list_id}/webhooks/{webhook_id}", "GET /lists/{list_id}/members",
        f"GET {member}", f"PUT {member}", f"PATCH {member}", f"DELETE {member}", f"POST {member}/tags",
        f"POST {member}/actions/delete-permanent",
    } == line.asked  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/lists/a/members/b", {"status_if_new": "archived"}),
        ("PUT", "/lists/a/members/b", {"shoe_size": 38}),
        ("PUT", "/lists/a/members/b", {"vip": "yes"}),
        ("PATCH", "/lists/a/members/b", {"status": "transactional"}),
        ("POST", "/lists/a/webhooks", {"sources": {"api": "no"}}),
        ("GET", "/lists/a/members?count=2000", None),
        ("GET", "/lists/a/webhooks?exclude_fields=_links", None),
    ],
)
def test_the_judge_is_awake(method: str, path: str, body: Any) -> None:
    request = httpx.Request(
        method, f"https://us6.api.mailchimp.com/3.0{path}", json=body, headers={"Authorization": "Bearer x"}
    )

    with pytest.raises((RequestValidationError, AssertionError)):
        judge(request)
