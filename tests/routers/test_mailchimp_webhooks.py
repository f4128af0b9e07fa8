"""Mailchimp's webhooks through the whole API: registered, put back, verified, stored once, and removed (T5, T5a)."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from app.errors import DatabaseAway
from app.sandbox.mailchimp.lives import Life
from app.sandbox.mailchimp.server import MailchimpSandbox, create_mailchimp
from app.sandbox.serving import serving
from app.store.connections import DOORBELL
from app.store.session import Database
from app.store.tables import connections, events
from tests.routers.conftest import MAILCHIMP_TOKEN, SEALER, Api, api_over

DOOR = f"/webhooks/mailchimp/{MAILCHIMP_TOKEN}"
PUBLIC = "https://link.winkel-voorbeeld.nl"
ANNA = "anna@klant-voorbeeld.nl"
FORM = urlencode(
    {"type": "profile", "fired_at": "2026-03-01 12:00:00", "data[id]": "8a25ff1d98", "data[list_id]": "a1b2c3d4e5",
     "data[email]": ANNA, "data[merges][FNAME]": "Anna"}
).encode()  # fmt: skip


def signature(body: bytes, secret: str, *, at: float | None = None) -> dict[str, str]:
    seconds = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Mailchimp-Signature": f"t={seconds},v1={digest}"}


async def stored(api: Api) -> list[tuple[str, str, str]]:
    return [(row["connection_id"], row["kind"], row["ref"]) for row in await api.rows(events)]


A_BELL = ("con_list", DOORBELL, "")


# --- a webhook from before the signing feature: the address is the secret --------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_validating_call_is_answered(api: Api, method: str) -> None:
    answer = await api.http.request(method, DOOR)

    assert (200, b"") == (answer.status_code, answer.content)
    assert [] == await stored(api)


async def test_a_form_is_stored_once_and_says_nobodys_name(api: Api) -> None:
    first = await api.http.post(DOOR, content=FORM)
    again = await api.http.post(DOOR, content=FORM)

    assert (200, 200) == (first.status_code, again.status_code)
    assert [A_BELL] == await stored(api)
    assert "klant-voorbeeld" not in repr(await api.rows(events))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_data"),
        (b'{"type": "profile"}', 400, "unreadable_body"),
        (b"type=profile&data%5Bemail%5D=\xff", 400, "unreadable_body"),
        (b"type=profile", 400, "invalid_data"),
        (b"type=profile&" + b"data%5B" * 10_000 + b"=", 400, "invalid_data"),
        (b"a" * 10_000_000, 413, "body_too_large"),
    ],
    ids=["empty", "JSON", "not UTF-8", "truncated", "deeply nested", "10 MB"],
)
async def test_a_bad_form_is_refused_by_name_and_nothing_is_stored(
    api: Api, body: bytes, status: int, code: str
) -> None:
    answer = await api.http.post(DOOR, content=body)

    assert (status, code, "application/problem+json") == (
        answer.status_code,
        answer.json()["code"],
        answer.headers["content-type"],
    )
    assert [] == await stored(api)
    assert 200 == (await api.http.post(DOOR, content=FORM)).status_code


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/webhooks/mailchimp/unknown-token", 404),
        ("GET", "/webhooks/mailchimp/unknown-token", 404),
        ("POST", f"{DOOR}/profile", 404),
        ("POST", f"/webhooks/mplus/{MAILCHIMP_TOKEN}/profile", 404),
        ("PUT", DOOR, 405),
    ],
)
async def test_an_address_that_leads_nowhere(api: Api, method: str, path: str, status: int) -> None:
    answer = await api.http.request(method, path, content=FORM)

    assert (status, []) == (answer.status_code, await stored(api))


async def test_with_the_database_away_it_is_asked_to_send_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_news: Any, **_options: Any) -> Any:
        raise DatabaseAway

    assert 200 == (await api.http.get(DOOR)).status_code
    monkeypatch.setattr(api.context.intake, "accept", away)

    answer = await api.http.post(DOOR, content=FORM)

    assert (503, True) == (answer.status_code, "retry-after" in answer.headers)


# --- registered by us, against the sandbox ---------------------------------------------------------------------------


@pytest.fixture
async def mailchimp() -> AsyncIterator[tuple[MailchimpSandbox, str]]:
    sandbox = create_mailchimp(rounds=False)
    async with serving(sandbox) as url:
        yield sandbox, url


@pytest.fixture
async def linked(
    database: Database, tmp_path: Path, mailchimp: tuple[MailchimpSandbox, str]
) -> AsyncIterator[Api]:
    """An API with a public address that the sandbox's notices reach, and one audience connected to it."""
    sandbox, url = mailchimp
    async with api_over(database, tmp_path, public_url=PUBLIC, sandbox=True) as api:
        sandbox.postman.transport = httpx.ASGITransport(api.app)
        made = await api.http.post(
            "/api/v1/connections",
            json={
                "id": "con_list",
                "system": "mailchimp",
                "name": "Newsletter",
                "settings": {"list_id": "a1b2c3d4e5", "base_url": f"{url}/3.0"},
                "credentials": {"api_key": next(iter(sandbox.world.accounts.values())).key},
            },
        )
        assert (201, "ok") == (made.status_code, made.json()["state"]), made.text
        yield api


async def test_the_webhook_is_made_with_the_connection_and_its_secret_kept_sealed(
    linked: Api, mailchimp: tuple[MailchimpSandbox, str]
) -> None:
    [hook] = mailchimp[0].world.audience("a1b2c3d4e5").webhooks.values()
    [row] = await linked.rows(connections)
    shown = await linked.http.get("/api/v1/connections/con_list")

    assert f"{PUBLIC}/webhooks/mailchimp/" in hook.url
    assert (hook.id, hook.secret) == (row["webhook_remote_id"], SEALER.unseal(row["webhook_secret_sealed"]))
    assert hook.secret
    assert hook.secret not in shown.text


async def test_a_signed_notice_is_believed_and_a_forged_or_old_one_changes_nothing(
    linked: Api, mailchimp: tuple[MailchimpSandbox, str]
) -> None:
    sandbox, _ = mailchimp
    audience = sandbox.world.audience("a1b2c3d4e5")
    [hook] = audience.webhooks.values()
    door = hook.url.removeprefix(PUBLIC)
    assert hook.secret
    Life(audience).sign_up(ANNA)

    await sandbox.postman.deliver_due()
    believed = await stored(linked)
    refused = [
        (await linked.http.post(door, content=FORM, headers=headers))
        for headers in (
            {},
            signature(FORM, "another secret"),
            signature(FORM + b" ", hook.secret),
            signature(FORM, hook.secret, at=time.time() - 301),
        )
    ]

    assert ([A_BELL], [("subscribe", 200)]) == (believed, hook.told)
    assert [
        (401, "no_signature"),
        (401, "invalid_signature"),
        (401, "invalid_signature"),
        (401, "stale_signature"),
    ] == [(answer.status_code, answer.json()["code"]) for answer in refused]
    assert believed == await stored(linked)


async def test_a_replayed_notice_is_acknowledged_and_changes_nothing(
    linked: Api, mailchimp: tuple[MailchimpSandbox, str]
) -> None:
    [hook] = mailchimp[0].world.audience("a1b2c3d4e5").webhooks.values()
    assert hook.secret
    call = {"content": FORM, "headers": signature(FORM, hook.secret)}
    door = hook.url.removeprefix(PUBLIC)

    answers = [(await linked.http.post(door, **call)).status_code for _ in range(3)]  # type: ignore[arg-type]

    assert ([200, 200, 200], 1) == (answers, len(await stored(linked)))


async def test_deleted_at_mailchimp_the_next_check_puts_it_back_and_its_notices_are_believed(
    linked: Api, mailchimp: tuple[MailchimpSandbox, str]
) -> None:
    sandbox, _ = mailchimp
    audience = sandbox.world.audience("a1b2c3d4e5")
    [old] = audience.webhooks.values()
    audience.webhooks.clear()

    checked = (await linked.http.post("/api/v1/connections/con_list/check")).json()
    [new] = audience.webhooks.values()
    Life(audience).sign_up(ANNA)
    linked.context.doors.forget((await linked.rows(connections))[0]["webhook_token_hash"])
    await sandbox.postman.deliver_due()

    assert "made" == checked["check"]["details"]["webhook"]
    assert (old.url, True) == (new.url, new.secret != old.secret)
    assert [("subscribe", 200)] == new.told
    assert [A_BELL] == await stored(linked)


async def test_removed_with_the_connection(linked: Api, mailchimp: tuple[MailchimpSandbox, str]) -> None:
    answer = await linked.http.delete("/api/v1/connections/con_list")

    assert (204, {}) == (answer.status_code, mailchimp[0].world.audience("a1b2c3d4e5").webhooks)
