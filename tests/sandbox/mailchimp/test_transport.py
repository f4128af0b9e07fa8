"""The way in: credentials, the ten simultaneous requests, problem documents, provoked and real errors, the panel."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import httpx
import pytest

from app.sandbox.faults import PRESETS, Fault
from app.sandbox.mailchimp.server import create_mailchimp
from app.sandbox.serving import serving
from tests.sandbox.mailchimp.conftest import ANNA, LIST, Shop, said

KEY = "0123456789abcdef0123456789abcdef-us6"
MISSING = (401, "API Key Missing", "Your request did not include an API key.")
WRONG = (
    401,
    "API Key Invalid",
    "Your API key may be invalid, or you've attempted to access the wrong datacenter.",
)


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (basic(f"anybody:{KEY}"), 200),
        (basic(f":{KEY}"), 200),
        (f"Bearer {KEY}", 200),
        (f"bearer {KEY}", 200),
        (basic(f"{KEY}:"), MISSING),
        (basic("anybody:0123456789abcdef0123456789abcdef-us7"), WRONG),
        ("Bearer nonsense", WRONG),
        ("Basic !!!", MISSING),
        (None, MISSING),
    ],
)
async def test_credentials(shop: Shop, header: str | None, expected: Any) -> None:
    async with httpx.AsyncClient(base_url=shop.http.base_url) as http:
        answer = await http.get("/3.0/ping", headers={"Authorization": header} if header else {})

    got = answer.status_code if answer.status_code == 200 else said((answer.status_code, answer.json()))
    assert expected == got


async def test_ping_and_root(shop: Shop) -> None:
    root = (await shop.call("GET", "/?fields=account_name,role,email,account_timezone"))[1]

    assert (200, {"health_status": "Everything's Chimpy!"}) == await shop.call("GET", "/ping")
    assert {
        "account_name": "Voorbeeldwinkel",
        "role": "owner",
        "email": "owner1@merchant-voorbeeld.nl",
        "account_timezone": "Europe/Amsterdam",
    } == root
    whole = (await shop.call("GET", "/"))[1]
    assert (shop.account.id, shop.account.logins[0].id) == (whole["account_id"], whole["login_id"])


async def test_oauth_metadata(shop: Shop) -> None:
    token = shop.account.open_key(key="an-oauth-token")
    answer = await shop.http.get("/oauth2/metadata", headers={"Authorization": f"OAuth {token}"})

    assert ("us6", str(shop.http.base_url).rstrip("/"), "Voorbeeldwinkel") == (
        answer.json()["dc"],
        answer.json()["api_endpoint"],
        answer.json()["accountname"],
    )


async def test_accounts_do_not_see_each_other(shop: Shop) -> None:
    other = shop.world.open_account("Another shop")
    theirs = other.open_audience("Theirs")
    header = {"Authorization": f"Bearer {other.key}"}

    assert 404 == (await shop.call("GET", f"/lists/{theirs.id}"))[0]
    assert 404 == (await shop.call("GET", LIST, headers=header))[0]
    assert 200 == (await shop.call("GET", f"/lists/{theirs.id}", headers=header))[0]


async def test_a_problem_document(shop: Shop) -> None:
    answer = await shop.http.get("/3.0/lists/nosuch")
    document = answer.json()

    assert "application/problem+json; charset=utf-8" == answer.headers["content-type"]
    assert 'rel="describedBy"' in answer.headers["link"]
    assert {
        "type": "https://mailchimp.com/developer/marketing/docs/errors/",
        "title": "Resource Not Found",
        "status": 404,
        "detail": "The requested resource could not be found.",
        "instance": answer.headers["x-request-id"],
    } == document


@pytest.mark.parametrize(
    ("method", "path", "more", "expected"),
    [
        ("GET", "/nosuch", {}, (404, "Resource Not Found")),
        ("GET", f"{LIST}/members/a/b", {}, (404, "Resource Not Found")),
        ("GET", "/a" * 12, {}, (414, "Resource Nesting Too Deep")),
        ("PUT", f"{LIST}/members", {}, (405, "Method Not Allowed")),
        ("DELETE", "/ping", {}, (405, "Method Not Allowed")),
        ("PUT", f"{LIST}/members/x", {"content": b"{"}, (400, "JSON Parse Exception")),
        ("PUT", f"{LIST}/members/x", {"content": b""}, (400, "JSON Parse Exception")),
        ("PUT", f"{LIST}/members/x", {"content": b"\xff\xfe"}, (400, "JSON Parse Exception")),
        ("PUT", f"{LIST}/members/x", {"content": b'{"vip": NaN}'}, (400, "JSON Parse Exception")),
        ("PUT", f"{LIST}/members/x", {"content": b"[" * 100_000}, (400, "JSON Parse Exception")),
        ("PUT", f"{LIST}/members/x", {"content": b'{"language": "\\ud800"}'}, (400, "JSON Parse Exception")),
        ("PUT", f"{LIST}/members/x", {"content": b"[]"}, (400, "Invalid Resource")),
        ("GET", "/ping", {"headers": {"X-Trigger-Error": "APIKeyMissing"}}, (401, "API Key Missing")),
        ("GET", "/ping", {"headers": {"X-Trigger-Error": "InternalServerError"}}, (500, "InternalServerError")),
        ("GET", "/ping", {"headers": {"X-Trigger-Error": "TooManyRequests"}}, (429, "TooManyRequests")),
        ("GET", "/ping", {"headers": {"X-Trigger-Error": "nonsense"}}, (400, "Bad Request")),
        ("GET", "/ping", {"headers": {"X-HTTP-Method-Override": "DELETE"}}, (422, "InvalidMethodOverride")),
    ],
)  # fmt: skip
async def test_refusals(
    shop: Shop, method: str, path: str, more: dict[str, Any], expected: tuple[int, str]
) -> None:
    answer = await shop.http.request(method, f"/3.0{path}", **more)

    assert expected == (answer.status_code, answer.json()["title"])


async def test_what_may_be_done_instead_is_told(shop: Shop) -> None:
    answer = await shop.http.put(f"/3.0{LIST}/members", json={})

    assert "GET, POST" == answer.headers["allow"]


async def test_another_method_inside_post(shop: Shop) -> None:
    shop.life.add(ANNA)

    answer = await shop.http.post(
        f"/3.0{LIST}/members/{ANNA}", json={"language": "nl"}, headers={"X-HTTP-Method-Override": "PATCH"}
    )

    assert (200, "nl") == (answer.status_code, answer.json()["language"])


@pytest.mark.parametrize(
    ("change", "method", "expected"),
    [
        ({"role": "viewer"}, "GET", 200),
        ({"role": "viewer"}, "PUT", (403, "Forbidden")),
        ({"disabled": True}, "GET", (403, "User Disabled")),
        ({"writes_refused": "Your account is over its plan."}, "GET", 200),
        ({"writes_refused": "Your account is over its plan."}, "PUT", (403, "Authorization Failure")),
    ],
)
async def test_rights_and_plan(shop: Shop, change: dict[str, Any], method: str, expected: Any) -> None:
    shop.life.add(ANNA)
    await shop.http.post("/_sandbox/actions/account", json=change)

    status, body = await shop.call(
        method, f"{LIST}/members/{ANNA}", {"email_address": ANNA} if method == "PUT" else None
    )

    assert expected == (200 if status == 200 else (status, body["title"]))


async def test_a_revoked_key(shop: Shop) -> None:
    await shop.http.post("/_sandbox/actions/revoke", json={"key": KEY})

    assert WRONG == said(await shop.call("GET", "/ping"))


async def test_ten_simultaneous_requests_per_user_whatever_key(shop: Shop) -> None:
    second = shop.account.open_key()
    other = shop.account.open_key(shop.account.open_login("colleague@merchant-voorbeeld.nl"))
    shop.sandbox.faults.latency_ms = 150

    async def ask(key: str) -> int:
        answer = await shop.http.get("/3.0/ping", headers={"Authorization": f"Bearer {key}"})
        return answer.status_code

    mine = asyncio.gather(*[ask(KEY) for _ in range(6)], *[ask(second) for _ in range(6)])
    theirs = asyncio.gather(*[ask(other) for _ in range(3)])

    assert [200] * 10 + [429] * 2 == sorted(await mine)
    assert [200] * 3 == await theirs
    assert (10, 2, 0) == (
        shop.account.logins[0].peak,
        shop.account.logins[0].refused,
        shop.account.logins[0].in_flight,
    )
    refused = shop.sandbox.log.find(operation="ping.get")
    assert 15 == len(refused)


async def test_a_throttled_answer_says_nothing_about_when(shop: Shop) -> None:
    shop.sandbox.simultaneous = 0

    answer = await shop.http.get("/3.0/ping")

    assert (429, "TooManyRequests", "You have exceeded the limit of 10 simultaneous connections.") == said(
        (answer.status_code, answer.json())
    )
    assert not [name for name in answer.headers if name.startswith(("retry", "x-ratelimit"))]


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (PRESETS["refused_html"], 403, "text/html; charset=utf-8"),
        (PRESETS["bad_gateway"], 502, "text/html; charset=utf-8"),
        (PRESETS["throttled_plain"], 429, "text/plain; charset=utf-8"),
    ],
)
async def test_html_from_the_network_in_between(shop: Shop, fault: Fault, status: int, kind: str) -> None:
    shop.sandbox.faults.add(fault)

    answer = await shop.http.get("/3.0/ping")

    assert (status, kind, 200) == (
        answer.status_code,
        answer.headers["content-type"],
        (await shop.http.get("/3.0/ping")).status_code,
    )


async def test_an_answer_that_gets_lost_after_the_write(shop: Shop) -> None:
    shop.sandbox.faults.fail_next(1, kind="reset_after", operation="member.put")

    with pytest.raises(httpx.TransportError):
        await shop.put()

    assert "subscribed" == shop.member().status
    assert ["member.put"] == [one.operation for one in shop.sandbox.log.entries]


# -- the panel ---------------------------------------------------------------------------------------------------


async def test_a_life_by_the_panel(shop: Shop) -> None:
    async def act(name: str, **fields: Any) -> Any:
        answer = await shop.http.post(f"/_sandbox/actions/{name}", json={"email": ANNA, **fields})
        return answer.json().get("status") if answer.status_code == 200 else answer.json()["detail"]

    await shop.http.post("/_sandbox/actions/audience", json={"double_optin": True})
    assert [
        "pending", "subscribed", "subscribed", "subscribed", "unsubscribed", "pending", "cleaned", "archived", None,
        f"'{ANNA}' is not in audience a1b2c3d4e5",
    ] == [
        await act("sign_up", FNAME="Anna"),
        await act("confirm"),
        await act("edit_profile", merge_fields={"LNAME": "de Wit"}),
        await act("tag", tag="gold"),
        await act("unsubscribe"),
        await act("resubscribe"),
        await act("clean"),
        await act("archive"),
        await act("delete_permanently"),
        await act("archive"),
    ]  # fmt: skip
    assert [("opt_in_confirmation", ANNA)] * 2 == shop.mails()


async def test_the_page_and_its_shelves(shop: Shop) -> None:
    await shop.http.post("/_sandbox/seed", json={"size": 20, "seed": 3})
    shop.audience.welcome = True
    shop.life.sign_up(ANNA)
    pages = [f"/_sandbox/kinds/{shelf.kind}" for shelf in shop.sandbox.inside.shelves()]

    for path in ("/_sandbox/", *pages):
        answer = await shop.http.get(path)
        assert (200, "text/html; charset=utf-8") == (answer.status_code, answer.headers["content-type"]), path
    assert ANNA in (await shop.http.get("/_sandbox/kinds/members")).text
    assert "welcome" in (await shop.http.get("/_sandbox/kinds/mails")).text


async def test_seed_state_and_reset(shop: Shop) -> None:
    await shop.http.post("/_sandbox/seed", json={"size": 50, "seed": 3})
    first = (await shop.http.get("/_sandbox/state")).json()
    await shop.http.post("/_sandbox/reset")
    empty = (await shop.http.get("/_sandbox/state")).json()
    await shop.http.post("/_sandbox/seed", json={"size": 50, "seed": 3})
    second = (await shop.http.get("/_sandbox/state")).json()

    assert (50, {}, []) == (
        len(first["accounts"][0]["audiences"][0]["members"]),
        empty["accounts"][0]["audiences"][0]["members"],
        first["mails"],
    )
    assert first == second
    assert 200 == (await shop.call("GET", "/ping"))[0]


async def test_the_postman_walks_by_himself_when_served() -> None:
    """With rounds on, a notice arrives without anybody asking, and a repeated one after the scaled pause."""
    came = asyncio.Queue[bytes]()

    async def receiver(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = (await receive()).get("body", b"")
        first = came.empty() and scope["method"] == "POST" and not seen
        if scope["method"] == "POST":
            seen.append(body)
            await came.put(body)
        await send({"type": "http.response.start", "status": 500 if first else 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    seen: list[bytes] = []
    sandbox = create_mailchimp(pace=0.0005)
    async with (
        serving(receiver) as there,
        serving(sandbox) as base_url,
        httpx.AsyncClient(base_url=base_url, headers={"Authorization": f"Bearer {KEY}"}) as http,
    ):
        made = await http.post(
            f"/3.0{LIST}/webhooks", json={"url": f"{there}/hook", "sources": {"api": True}}
        )
        assert made.status_code == 200, made.text
        await http.post(f"/3.0{LIST}/members", json={"email_address": ANNA, "status": "subscribed"})
        first = await asyncio.wait_for(came.get(), 5)
        second = await asyncio.wait_for(came.get(), 5)

    assert first == second
    assert b"type=subscribe" in first
