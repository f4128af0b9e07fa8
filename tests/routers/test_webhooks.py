"""Webhooks in, as design §5 has them: what is believed is stored before it is acknowledged, nothing else is stored."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.errors import DatabaseAway
from app.store import flows, integrations
from app.store.session import Database
from app.store.tables import connections, deliveries, events
from tests.routers.conftest import SECRET, TOKEN, Api

SALE: dict[str, Any] = {
    "event": {"eventBlocking": False, "eventCounter": 7, "eventTimestamp": "2026-11-24T09:00:00.000+01:00"},
    "sender": {"branchNumber": 1, "workplaceNumber": 2, "instanceId": "b0f3"},
    "session": {"sessionId": "5eea25d4", "lines": []},
}


def signature(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.digest(base64.b64decode(secret), body, "sha256")).decode()


def signed(body: bytes | dict[str, Any]) -> dict[str, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return {
        "content": raw,
        "headers": {"X-Mplus-Signature": signature(raw), "X-Mplus-Subscription-Id": "t2a"},
    }


async def call(api: Api, body: bytes | dict[str, Any], *, event: str = "completeSession") -> httpx.Response:
    return await api.http.post(f"/webhooks/mplus/{TOKEN}/{event}", **signed(body))


async def stored(api: Api) -> list[dict[str, Any]]:
    return [
        {key: row[key] for key in ("connection_id", "kind", "ref", "trigger", "request_id")}
        for row in await api.rows(events)
    ]


async def poll_of(api: Api) -> tuple[bool, int]:
    """Whether the till's poll is due now, and how many early polls are still to come."""
    (row,) = [row for row in await api.rows(connections) if row["id"] == "con_till"]
    now = await api.context.db.now()
    return row["poll_due_at"] <= now, len(row["poll_soon"] or ())


async def test_a_signed_call_is_stored_and_answered_with_a_signed_constant(api: Api) -> None:
    answer = await api.http.post(
        f"/webhooks/mplus/{TOKEN}/completeSession",
        **(given := signed(SALE)) | {"headers": given["headers"] | {"X-Request-Id": "sale-0001"}},
    )

    assert (200, b"{}", "application/json") == (
        answer.status_code,
        answer.content,
        answer.headers["content-type"],
    )
    assert signature(b"{}") == answer.headers["x-mplus-signature"]
    assert "sale-0001" == answer.headers["x-request-id"]
    assert [
        {
            "connection_id": "con_till",
            "kind": "poll",
            "ref": "",
            "trigger": "webhook",
            "request_id": "sale-0001",
        }
    ] == await stored(api)
    assert (True, 3) == await poll_of(api)
    assert [] == await api.rows(deliveries)


async def test_the_same_call_again_is_acknowledged_and_stored_once(api: Api) -> None:
    answers = [(await call(api, SALE)).status_code for _ in range(3)]

    assert [200, 200, 200] == answers
    assert 1 == len(await stored(api))


async def test_an_error_echo_is_answered_and_is_no_event(api: Api) -> None:
    answer = await call(api, {"error": {"code": "INVALID_SIGNATURE"}, "original": SALE})

    assert (200, b"{}") == (answer.status_code, answer.content)
    assert [] == await stored(api)


async def test_an_unknown_event_is_acknowledged_and_moves_nothing(api: Api) -> None:
    answer = await call(api, SALE, event="somethingNew")

    assert (200, b"{}") == (answer.status_code, answer.content)
    assert [] == await stored(api)


DEEP = b"[" * 100_000 + b"]" * 100_000

BAD = [
    pytest.param({"content": b"{}"}, 400, "NO_SIGNATURE", id="unsigned"),
    pytest.param(
        {"content": b"{}", "headers": {"X-Mplus-Signature": signature(b"{} ")}},
        400,
        "INVALID_SIGNATURE",
        id="forged",
    ),
    pytest.param(
        {"content": json.dumps(SALE).encode()[:-9], "headers": signed(SALE)["headers"]},
        400,
        "INVALID_SIGNATURE",
        id="truncated",
    ),
    pytest.param(
        {"content": b"{}", "headers": {"X-Mplus-Signature": "\u00e9"}},
        400,
        "INVALID_SIGNATURE",
        id="odd signature",
    ),
    pytest.param(signed(b"not json"), 400, "INVALID_JSON", id="not JSON"),
    pytest.param(signed(b'{"event": "\xff\xfe"}'), 400, "INVALID_JSON", id="not UTF-8"),
    pytest.param(signed(b""), 400, "INVALID_JSON", id="empty"),
    pytest.param(signed(DEEP), 400, "INVALID_JSON", id="deeply nested"),
    pytest.param(signed(b"[]"), 400, "INVALID_DATA", id="no object"),
    pytest.param(signed(b" " * 10_000_000), 413, "INVALID_DATA", id="10 MB"),
]


@pytest.mark.parametrize(("request_", "status", "code"), BAD)
async def test_a_bad_call_is_refused_in_the_tills_words_unsigned_and_nothing_is_stored(
    api: Api, request_: dict[str, Any], status: int, code: str
) -> None:
    if "é" in str(request_.get("headers")):
        request_ = request_ | {"headers": {b"X-Mplus-Signature": "é".encode()}}

    answer = await api.http.post(f"/webhooks/mplus/{TOKEN}/completeSession", **request_)

    assert (status, code) == (answer.status_code, answer.json()["error"]["code"])
    assert "x-mplus-signature" not in answer.headers
    assert [] == await stored(api)
    assert (await call(api, SALE)).status_code == 200


async def test_a_large_body_is_refused_while_it_streams(api: Api) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 50_000_000:
            sent += 100_000
            yield b" " * 100_000

    answer = await api.http.post(f"/webhooks/mplus/{TOKEN}/completeSession", content=endless())

    assert 413 == answer.status_code
    assert 1_200_000 > sent


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/webhooks/mplus/unknown/completeSession", 404, "not_found"),
        ("POST", f"/webhooks/mplus/{TOKEN}", 404, "not_found"),
        ("POST", f"/webhooks/mplus/{TOKEN}/a/b", 404, "not_found"),
        ("POST", f"/webhooks/mplus/{TOKEN}/", 404, "not_found"),
        ("POST", "/webhooks/mplus//completeSession", 404, "not_found"),
        ("POST", f"/webhooks/other/{TOKEN}/x", 404, "not_found"),
        ("POST", f"/webhooks/mplus/{'x' * 5000}/x", 404, "not_found"),
        ("POST", "/webhooks", 404, "not_found"),
        ("POST", f"/webhooks/mplus/{TOKEN}%00/completeSession", 404, "not_found"),
        ("GET", f"/webhooks/mplus/{TOKEN}/completeSession", 405, "method_not_allowed"),
        ("DELETE", f"/webhooks/mplus/{TOKEN}/completeSession", 405, "method_not_allowed"),
    ],
)
async def test_an_address_that_leads_nowhere_is_a_problem_document(
    api: Api, method: str, path: str, status: int, code: str
) -> None:
    answer = await api.http.request(method, path)

    assert (status, code) == (answer.status_code, answer.json()["code"])
    assert "application/problem+json" == answer.headers["content-type"]
    assert TOKEN not in answer.text
    assert [] == await stored(api)


async def test_an_unknown_token_is_refused_before_the_body_is_read(api: Api) -> None:
    async def body() -> AsyncIterator[bytes]:
        pytest.fail("the body was read")
        yield b""

    answer = await api.http.post("/webhooks/mplus/unknown/completeSession", content=body())

    assert 404 == answer.status_code


def away(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    """The database's network is cut: nobody reaches it."""

    def refused(*_: Any, **__: Any) -> Any:
        raise DatabaseAway("The database cannot be reached.")

    monkeypatch.setattr(database, "read", refused)
    monkeypatch.setattr(database, "write", refused)


async def test_with_the_database_away_the_till_is_answered_and_its_poll_waits_in_memory(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_mind = api.app.state.webhooks._in_mind
    with monkeypatch.context() as cut:
        away(cut, api.context.db)
        answers = [(await call(api, SALE | {"n": n})).content for n in range(3)]
        unknown = await api.http.post("/webhooks/mplus/unknown/completeSession")
        forged = await api.http.post(f"/webhooks/mplus/{TOKEN}/completeSession", content=b"{}")
        waiting = len(in_mind)

    stored_now = await in_mind.store()

    assert [b"{}", b"{}", b"{}"] == answers
    assert (503, "database_away", "5") == (
        unknown.status_code,
        unknown.json()["code"],
        unknown.headers["retry-after"],
    )
    assert 400 == forged.status_code
    assert (1, True, 0) == (waiting, stored_now, len(in_mind))
    assert 1 == len(await stored(api))
    assert (True, 3) == await poll_of(api)


async def test_a_poll_in_memory_for_a_connection_that_was_removed_is_dropped(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_mind = api.app.state.webhooks._in_mind
    with monkeypatch.context() as cut:
        away(cut, api.context.db)
        await call(api, SALE)
    async with api.context.db.write() as db:
        await db.execute(connections.delete().where(connections.c.id == "con_till"))

    assert await in_mind.store()
    assert [] == await stored(api)


async def test_a_removed_connections_door_shuts(api: Api) -> None:
    assert (await call(api, SALE)).status_code == 200
    async with api.context.db.write() as db:
        await db.execute(connections.delete().where(connections.c.id == "con_till"))
    api.context.doors._monotonic = lambda: 1e12  # the kept door is old by now

    assert 404 == (await call(api, SALE)).status_code


async def test_a_doorbell_asks_no_flow_to_deliver(api: Api) -> None:
    async with api.context.db.write() as db:
        await integrations.add(
            db,
            id="int_1",
            name="Shop",
            left_connection_id="con_till",
            right_connection_id="con_list",
            settings={},
            now=1,
        )
        await flows.add(
            db,
            id="flow_1",
            integration_id="int_1",
            kind="customers",
            record_kind="customer",
            source_connection_id="con_till",
            target_connection_id="con_list",
            settings={},
            mapping={},
            window_ms=10_000,
            deadline_ms=1,
            now=1,
        )

    await call(api, SALE)

    assert [] == await api.rows(deliveries)


def test_the_vendors_test_vector() -> None:
    assert "EBFFIb5qPH/teEFmjtwcIj6h80cl+X1DUy62D46tnu8=" == signature(b"test")
    assert hashlib.sha256(b"").digest_size == 32
