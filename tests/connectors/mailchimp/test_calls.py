"""One call to Mailchimp: what is sent, what an answer means, and what is told to nobody."""

from __future__ import annotations

import base64
import json
import logging
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx

from app.connectors.mailchimp.calls import Api, encoded, segment
from app.errors import AppError, MisdirectedConnection, RecordRefused, RemoteUnavailable, Throttled
from tests.connectors.mailchimp.conftest import ANNA, KEY, Connect, OpenGate, Shop

ROOT = "https://us6.api.mailchimp.com/3.0"
PROBLEM = "application/problem+json; charset=utf-8"


@pytest.fixture
def api(connect: Connect) -> Api:
    return connect().api


async def asked(api: Api, answer: Any, *, method: str = "GET") -> Any:
    """What becomes of a call that is answered so."""
    with respx.mock(assert_all_called=False, using="httpx") as mocked:
        mocked.route(url__startswith=ROOT).mock(
            **{"side_effect" if isinstance(answer, Exception) else "return_value": answer}
        )
        return await api.call(
            method, "/ping", operation="ping.get", body=None if method == "GET" else {"a": 1}
        )


# --- what is sent --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "authorization"),
    [
        ({"key": KEY}, "Basic " + base64.b64encode(f"key:{KEY}".encode()).decode()),
        ({"token": "a-token-of-an-app"}, "Bearer a-token-of-an-app"),
    ],
)
async def test_who_we_are(connect: Connect, how: dict[str, str], authorization: str) -> None:
    client = connect(**how)
    with respx.mock(using="httpx") as mocked:
        route = mocked.get(url__regex=r".*/3\.0/ping$").mock(return_value=httpx.Response(200, json={}))
        await client.api.get("/ping", operation="ping.get")

    [sent] = [call.request for call in route.calls]
    assert (authorization, "application/json") == (sent.headers["Authorization"], sent.headers["Accept"])
    assert {"api.mailchimp.com" if "token" in how else "us6.api.mailchimp.com"} == {sent.url.host}


async def test_a_body_is_json_with_numbers_and_moments(api: Api) -> None:
    with respx.mock(using="httpx") as mocked:
        route = mocked.post(f"{ROOT}/x").mock(return_value=httpx.Response(204))
        answer = await api.call(
            "POST", "/x", operation="x", params={"skip": "true"}, body={"price": Decimal("2.50")}
        )

    assert ({}, b'{"price":2.5}', "application/json", "skip=true") == (
        answer,
        route.calls[0].request.content,
        route.calls[0].request.headers["Content-Type"],
        route.calls[0].request.url.query.decode(),
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": Decimal("3.00")}, b'{"a":3}'),
        ({"a": Decimal("3.10")}, b'{"a":3.1}'),
        (
            {"a": date(2026, 3, 1), "b": datetime(2026, 3, 1, 12, tzinfo=UTC)},
            b'{"a":"2026-03-01","b":"2026-03-01T12:00:00+00:00"}',
        ),
    ],
)
def test_encoded(value: Any, text: bytes) -> None:
    assert text == encoded(value)


@pytest.mark.parametrize("odd", [{"a": object()}, {"a": float("nan")}])
def test_what_has_no_json_is_our_own_fault(odd: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        encoded(odd)


def test_an_id_cannot_leave_its_place_in_the_path() -> None:
    assert ("..%2F..%2Flists", "a%20b%23%3F") == (segment("../../lists"), segment("a b#?"))


# --- what an answer means -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (httpx.Response(200, html="<html>Welcome</html>"), MisdirectedConnection, "html_answer"),
        (httpx.Response(200, content=b"[1]", headers={"Content-Type": "application/json"}), MisdirectedConnection, "html_answer"),
        (httpx.Response(200, content=b'{"a": ', headers={"Content-Type": "application/json"}), MisdirectedConnection, "html_answer"),
        (httpx.Response(200, content=b'{"a":' * 5_000, headers={"Content-Type": "application/json"}), MisdirectedConnection, "html_answer"),
        (httpx.Response(301, headers={"Location": "https://elsewhere/"}), MisdirectedConnection, "redirected"),
        (httpx.Response(404, html="<h1>Not Found</h1>"), MisdirectedConnection, "html_answer"),
        (httpx.Response(404, json={"title": "Resource Not Found", "status": 404}), RecordRefused, "not_found"),
        (httpx.Response(405), MisdirectedConnection, "html_answer"),
        (httpx.Response(414, json={"title": "Nested too deep"}), RecordRefused, "request_refused"),
        (httpx.Response(429, html="slow down"), Throttled, "throttled"),
        (httpx.Response(429, json={"title": "TooManyRequests"}), Throttled, "throttled"),
        (httpx.Response(403, html="<h1>Forbidden</h1>"), Throttled, "throttled"),
        (httpx.Response(403), Throttled, "throttled"),
        (httpx.Response(500, json={"title": "InternalServerError"}), RemoteUnavailable, "remote_unavailable"),
        (httpx.Response(502, html="<h1>Bad Gateway</h1>"), RemoteUnavailable, "remote_unavailable"),
        (httpx.Response(408), RemoteUnavailable, "remote_unavailable"),
        (httpx.ReadTimeout("x"), RemoteUnavailable, "answer_timeout"),
        (httpx.WriteError("x"), RemoteUnavailable, "answer_lost"),
        (httpx.RemoteProtocolError("x"), RemoteUnavailable, "answer_lost"),
        (httpx.ConnectTimeout("x"), RemoteUnavailable, "connect_timeout"),
        (httpx.ConnectError("x"), RemoteUnavailable, "no_connection"),
        (httpx.PoolTimeout("x"), RemoteUnavailable, "remote_unavailable"),
        (httpx.UnsupportedProtocol("x"), MisdirectedConnection, "invalid_address"),
    ],
    ids=repr,
)  # fmt: skip
async def test_an_answer_that_is_none(api: Api, answer: Any, kind: type[AppError], code: str) -> None:
    with pytest.raises(kind) as error:
        await asked(api, answer)

    assert code == error.value.code
    assert not getattr(error.value, "in_doubt", False)  # nothing was written


@pytest.mark.parametrize(
    ("answer", "in_doubt"),
    [
        (httpx.Response(200, html="<html>?</html>"), True),
        (httpx.Response(500), True),
        (httpx.Response(502, html="timed out at the edge"), True),
        (httpx.ReadTimeout("x"), True),
        (httpx.ReadError("x"), True),
        (httpx.ConnectError("x"), False),
        (httpx.ConnectTimeout("x"), False),
        (httpx.PoolTimeout("x"), False),
        (httpx.Response(429), False),
        (httpx.Response(403, html="edge"), False),
    ],
    ids=repr,
)
async def test_after_a_write_only_what_surely_never_arrived_is_certain(
    api: Api, answer: Any, in_doubt: bool
) -> None:
    with pytest.raises((RemoteUnavailable, Throttled)) as error:
        await asked(api, answer, method="PUT")

    assert in_doubt == error.value.in_doubt


async def test_a_write_without_content_is_done(api: Api) -> None:
    assert {} == await asked(api, httpx.Response(204), method="DELETE")


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), (None, None), ("soon", None)])
async def test_retry_after_is_honoured_where_it_is_given(
    api: Api, header: str | None, seconds: float | None
) -> None:
    headers = {} if header is None else {"Retry-After": header}
    with pytest.raises(Throttled) as error:
        await asked(api, httpx.Response(429, headers=headers))

    assert seconds == error.value.retry_after


async def test_the_servers_clock_is_remembered(api: Api) -> None:
    await asked(api, httpx.Response(200, json={}, headers={"Date": "Sun, 01 Mar 2026 12:00:00 GMT"}))
    await asked(api, httpx.Response(200, json={}, headers={"Date": "yesterday"}))

    assert datetime(2026, 3, 1, 12, tzinfo=UTC) == api.server_time


async def test_an_answer_without_an_end_is_cut_off(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.connectors.mailchimp.calls.MAX_ANSWER_BYTES", 1_000)

    with pytest.raises(RemoteUnavailable) as error:
        await asked(api, httpx.Response(200, json={"a": "x" * 2_000}))

    assert "answer_lost" == error.value.code


async def test_a_place_is_taken_for_every_call_and_given_back_whatever_happens(
    connect: Connect, gate: OpenGate, shop: Shop
) -> None:
    client = connect(shop.base_url)
    shop.sandbox.faults.fail_next(kind="reset_before")

    with pytest.raises(RemoteUnavailable):
        await client.api.get("/ping", operation="ping.get")
    await client.api.get("/ping", operation="ping.get")

    assert (2, 0) == (gate.passed, gate.inside)


# --- what is told to nobody -----------------------------------------------------------------------------------------


async def test_neither_people_nor_the_key_stand_in_an_error_or_a_log(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    problem = {
        "title": "Invalid Resource", "status": 400, "detail": f"{ANNA} cannot be used with {KEY}. For field-specific details, see the 'errors' array.",
        "errors": [{"field": "merge_fields.MAIL", "message": f"'{ANNA}' is odd"}],
    }  # fmt: skip
    caplog.set_level(logging.DEBUG)
    answer = httpx.Response(400, content=json.dumps(problem).encode(), headers={"Content-Type": PROBLEM})

    with pytest.raises(RecordRefused) as error:
        await asked(api, answer, method="PUT")

    told = f"{error.value!r} {error.value.detail} {caplog.text}"
    assert ("merge_fields.MAIL", False, False) == (error.value.field, ANNA in told, KEY in told)
    assert "… cannot be used with …. merge_fields.MAIL: '…' is odd" == error.value.detail
