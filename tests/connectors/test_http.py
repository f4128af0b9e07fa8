"""What every request to another system has in common."""

from __future__ import annotations

import httpx
import pytest

from app.connectors.http import check_scheme, open_client, seconds_of
from app.errors import MisdirectedConnection
from app.metrics import REGISTRY


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("99999999999", None),
    ],
)
def test_retry_after(value: str | None, expected: float | None) -> None:
    assert expected == seconds_of(value, now=lambda: 60.0)


async def test_plain_http_is_refused_before_anything_is_sent() -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(str(request.url))
        return httpx.Response(200)

    async with open_client("mplus", plain_http=False, transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(MisdirectedConnection) as caught:
            await client.post("http://till.example:50123/?secret=hush")
        await client.get("https://till.example/")

    assert ("plain_http", ["https://till.example/"]) == (caught.value.code, sent)


@pytest.mark.parametrize(
    ("address", "plain_http", "allowed"),
    [
        ("https://till.example", False, True),
        ("http://till.example", False, False),
        ("http://127.0.0.1:8001", True, True),
        ("ftp://till.example", True, False),
        ("till.example", True, False),
    ],
)
def test_addresses_are_refused_at_save_already(address: str, plain_http: bool, allowed: bool) -> None:
    if allowed:
        check_scheme(address, plain_http=plain_http)
        return
    with pytest.raises(MisdirectedConnection):
        check_scheme(address, plain_http=plain_http)


async def test_cookies_and_redirects_of_one_account_reach_no_other() -> None:
    cookies: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        cookies.append(request.headers.get("cookie"))
        return httpx.Response(
            302, headers={"Set-Cookie": "who=first", "Location": "https://elsewhere.example/"}
        )

    async with open_client("mailchimp", plain_http=False, transport=httpx.MockTransport(answer)) as client:
        first = await client.get("https://us6.api.example/3.0/")
        await client.get("https://us6.api.example/3.0/")

    assert (302, [None, None]) == (first.status_code, cookies)


def _count(status: str) -> float:
    labels = {"system": "counted", "operation": "member.put", "status": status}
    return REGISTRY.get_sample_value("t2a_remote_requests_total", labels) or 0.0


async def test_requests_are_counted_by_operation_and_outcome() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/reset":
            raise httpx.ReadError("reset", request=request)
        return httpx.Response(204)

    async with open_client("counted", plain_http=False, transport=httpx.MockTransport(answer)) as client:
        await client.put("https://x.example/a", extensions={"operation": "member.put"})
        with pytest.raises(httpx.ReadError):
            await client.put("https://x.example/reset", extensions={"operation": "member.put"})

    assert (1.0, 1.0) == (_count("204"), _count("ReadError"))
