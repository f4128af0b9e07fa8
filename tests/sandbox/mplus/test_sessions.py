"""Webhooks as the till sends them: signed, the answer checked, an error echoed, never twice (mplus.md §2)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.control import RefusedError
from app.sandbox.mplus.signature import sign, signed
from app.sandbox.mplus.till import Till
from app.sandbox.serving import serving
from tests.sandbox.mplus.talk import Talk

SECRET = "eFc5HrxwLbONJ+EYXrbHB+a9HueYIQzotgKRLRVAfx0="


def test_the_vector_of_the_reference() -> None:
    assert "EBFFIb5qPH/teEFmjtwcIj6h80cl+X1DUy62D46tnu8=" == sign(b"test", SECRET)
    assert signed(b"test", SECRET, "EBFFIb5qPH/teEFmjtwcIj6h80cl+X1DUy62D46tnu8=")
    assert not signed(b"test", SECRET, "pKDrmsKUDJ7QeDwyOMtUcEi9aBl+BTnzxYIHSqjbfk4=")


@dataclass
class Listener:
    """Stands where the product stands: keeps what came and answers what it is told to."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    signature: str | None = None
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: Request) -> Response:
        self.got.append((request.url.path, dict(request.headers), await request.body()))
        signature = sign(self.body, SECRET) if self.signature is None else self.signature
        headers = {**self.headers, **({"X-Mplus-Signature": signature} if signature else {})}
        return Response(self.body, self.status, headers)

    def json(self) -> list[tuple[str, Any]]:
        return [(path.rsplit("/", 1)[1], json.loads(body)) for path, _, body in self.got]


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    made = Listener()
    app = Starlette(routes=[Route("/{rest:path}", made.answer, methods=["POST"])])
    async with serving(app) as url:
        made.url = f"{url}/webhooks/mplus/token"
        yield made


async def test_a_completed_sale_calls_every_subscriber_that_wants_it(till: Till, listener: Listener) -> None:
    till.sessions.subscribe(endpoint_url=listener.url + "/", secret=SECRET, subscription_id="een")
    till.sessions.subscribe(endpoint_url=listener.url, secret=SECRET, events={"scanCode": True})
    session, sent = await till.sessions.complete(
        relation=1, lines=[{"articleNumber": 7, "priceIncl": 2.5, "quantity": 2, "text": "Koffie"}]
    )
    await till.postman.settled()
    await till.close()

    [(path, headers, body)] = listener.got
    assert ("/webhooks/mplus/token/completeSession", "een", "application/json", "application/json") == (
        path,
        headers["x-mplus-subscription-id"],
        headers["content-type"],
        headers["accept"],
    )
    assert signed(body, SECRET, headers["x-mplus-signature"])
    assert {
        "event": {
            "eventBlocking": False,
            "eventCounter": 1,
            "eventTimestamp": "2025-03-05T12:30:00.000+01:00",
        },
        "sender": {"branchNumber": 1, "workplaceNumber": 1, "instanceId": till.sessions.instance},
        "session": {
            "sessionId": session.session_id,
            "lines": [
                {
                    "lineId": session.lines[0]["lineId"],
                    "articleNumber": 7,
                    "priceIncl": 2.5,
                    "quantity": 2.0,
                    "text": "Koffie",
                }
            ],
            "relation": {"relationNumber": 1, "name": till.relations.cards.rows[1]["name"]},
        },
        "completeSession": {"payments": [{"method": "PIN", "description": "PIN", "amount": 5.0}]},
    } == json.loads(body)
    assert [("ok", 200, False)] == [(s.verdict, s.status, s.echoed) for s in sent]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({}, "ok"),
        ({"body": b""}, "ok"),
        ({"status": 400, "body": b'{"error":{"code":"INVALID_DATA","message":"x"}}'}, "rejected"),
        ({"status": 503}, "HTTP 503"),
        ({"signature": ""}, "NO_SIGNATURE"),
        ({"signature": sign(b"other", SECRET)}, "INVALID_SIGNATURE"),
        ({"headers": {}}, "NO_CONTENT_TYPE"),
        ({"headers": {"content-type": "text/html"}}, "INVALID_CONTENT_TYPE"),
        ({"body": b"{"}, "INVALID_JSON"),
        ({"body": b"[]"}, "INVALID_DATA"),
    ],
)
@pytest.mark.parametrize("blocking", [True, False])
async def test_answers_are_checked_and_errors_echoed_once(
    till: Till, listener: Listener, answer: dict[str, Any], verdict: str, blocking: bool
) -> None:
    for name, value in answer.items():
        setattr(listener, name, value)
    till.sessions.subscribe(endpoint_url=listener.url, secret=SECRET, events={"selectRelation": blocking})
    [sent] = await till.sessions.select_relation(None)
    await till.postman.settled()
    await till.close()

    assert verdict == sent.verdict
    events = listener.json()
    assert ("selectRelation", None, blocking) == (
        events[0][0],
        events[0][1]["selectRelation"],
        events[0][1]["event"]["eventBlocking"],
    )
    if verdict.isupper() and not verdict.startswith("HTTP"):
        assert [("selectRelation", verdict, events[0][1])] == [
            (name, told["error"]["code"], told["original"]) for name, told in events[1:]
        ]
        assert signed(listener.got[1][2], SECRET, listener.got[1][1]["x-mplus-signature"])
    else:
        assert [] == events[1:]


async def test_who_does_not_answer_gets_no_second_call(till: Till) -> None:
    async with serving(Starlette()) as url:
        pass
    till.sessions.subscribe(endpoint_url=url, secret=SECRET, events={"completeSession": True})
    _, [sent] = await till.sessions.complete(relation=None)
    await till.close()

    assert ("ConnectError", None, 1) == (sent.verdict, sent.status, len(till.postman.log))


async def test_selecting_a_customer_sends_the_whole_relation(till: Till, listener: Listener) -> None:
    till.sessions.subscribe(endpoint_url=listener.url, secret=SECRET, events={"selectRelation": True})
    await till.sessions.select_relation(4)
    await till.close()

    [(_, told)] = listener.json()
    assert (4, 2, "2023-01-02T13:30:00+01:00") == (
        told["selectRelation"]["relation"]["relationNumber"],
        len(told["selectRelation"]["relation"]["contactList"]),
        told["selectRelation"]["relation"]["createTimestamp"],
    )


async def test_counters_rise_until_the_till_program_restarts(till: Till, listener: Listener) -> None:
    till.sessions.subscribe(
        endpoint_url=listener.url, secret=SECRET, events={"completeSession": True, "creditSession": True}
    )
    session, _ = await till.sessions.complete()
    await till.sessions.credit(session.session_id)
    instance = till.sessions.instance
    till.sessions.restart()
    await till.sessions.complete()
    await till.close()

    assert [("completeSession", 1), ("creditSession", 2), ("completeSession", 1)] == [
        (name, told["event"]["eventCounter"]) for name, told in listener.json()
    ]
    assert [instance, instance, till.sessions.instance] == [
        told["sender"]["instanceId"] for _, told in listener.json()
    ]
    assert instance != till.sessions.instance


async def test_consumers_are_shown_as_typed_in_without_the_secret(till: Till, talk: Talk) -> None:
    workplace = {"branchNumber": 1, "workplaceNumber": 2}
    empty = await talk("getWebhookConsumers", request={"workplace": workplace})
    made = till.sessions.subscribe(
        endpoint_url="https://example.net/hook/", secret=SECRET, events={"completeSession": False}
    )
    told = await talk("getWebhookConsumers", request={"workplace": workplace})
    till.settings.webhook_module = False
    unlicensed = await talk("getWebhookConsumers", request={"workplace": workplace})

    assert {"webhookConsumerList": ""} == empty == unlicensed
    assert {
        "webhookConsumerId": made.consumer_id,
        "applicationName": "Koppeling",
        "subscriptionId": "koppeling",
        "endpointUrl": "https://example.net/hook",
        "authenticationType": "WEBHOOK-AUTHENTICATION-TYPE-TOKEN",
        "authenticationScope": "",
        "webhookConsumerEventList": {
            "webhookConsumerEvent": {"eventName": "completeSession", "blocking": "false", "enabled": "true"}
        },
        "webhookConsumerTriggerPatternList": "",
        "webhookConsumerWorkplaceList": "",
        "webhookConsumerPaymentMethodList": "",
        "enabled": "true",
        "workplaceKey": {"branchNumber": "1", "workplaceNumber": "2"},
    } == told["webhookConsumerList"]["webhookConsumer"]


@pytest.mark.parametrize("wrong", [{"secret": "not base64!"}, {"events": {"articleChanged": False}}])
def test_what_cannot_be_typed_in(till: Till, wrong: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        till.sessions.subscribe(**{"endpoint_url": "http://x", "secret": SECRET, **wrong})

    assert {} == till.sessions.subscriptions


async def test_the_panel_does_what_people_at_the_till_do(till: Till, talk: Talk, listener: Listener) -> None:
    async def act(action: str, /, **fields: Any) -> httpx.Response:
        return await talk.client.post(f"/_sandbox/actions/{action}", json=fields)

    answers = [
        await act(
            "subscribe", endpointUrl=listener.url, secret=SECRET, events="completeSession", blocking="yes"
        ),
        await act("edit_relation", relationNumber=1, email="p@klant-voorbeeld.nl", birthDate="1990-02-03"),
        await act("new_relation", name="Via het paneel", categoryIds=[1, 5]),
        await act("set_inactive", relationNumber=2),
        await act("consent", relationNumber=3, given="ja"),
        await act("add_points", relationNumber=3, points=7),
        await act("complete_session", relationNumber=1),
        await act("unsubscribe", subscriptionId="koppeling"),
        await act("hold_commits", kind="relations"),
        await act("release_commits"),
        await act("take_backup"),
        await act("restore_backup"),
        await act("settings", service_major=59, missing_rights="orders", bare_401="yes"),
    ]
    refused = [
        await act("edit_relation", relationNumber=99, name="x"),
        await act("edit_relation", relationNumber=1, shoes="x"),
        await act("complete_session", relationNumber=99),
        await act("credit_session", sessionId="x"),
        await act("hold_commits", kind="weather"),
        await act("settings", weather="x"),
        await act("edit_relation"),
    ]

    assert [200] * len(answers) == [answer.status_code for answer in answers]
    assert [422] * len(refused) == [answer.status_code for answer in refused]
    rows = till.relations.cards.rows
    assert ("p@klant-voorbeeld.nl", "1990-02-03", "Via het paneel", False) == (
        rows[1]["email"],
        rows[1]["birthDate"].isoformat(),
        rows[21]["name"],
        rows[2]["active"],
    )
    assert "ok" == answers[6].json()["sent"][0]["verdict"]
    assert (59, {"orders"}, True) == (
        till.settings.service_major,
        till.settings.missing_rights,
        till.settings.bare_401,
    )
    page = await talk.client.get("/_sandbox/")
    assert (200, True) == (page.status_code, "Service 59.1.3. Missing rights: orders" in page.text)
