"""Audience webhooks: made, told, signed, repeated, dropped."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from app.sandbox.mailchimp.postman import RETRY_AFTER
from tests.sandbox.mailchimp.conftest import ANNA, BRAM, LIST, Shop, said

HOOKS = f"{LIST}/webhooks"
URL = "https://connector-voorbeeld.nl/webhooks/mailchimp/token"
ALL = dict.fromkeys(("subscribe", "unsubscribe", "profile", "cleaned", "upemail", "campaign"), True)
EVERYBODY = {"user": True, "admin": True, "api": True}


async def hook(shop: Shop, **more: Any) -> dict[str, Any]:
    body = {"url": URL, "events": ALL, "sources": EVERYBODY, **more}
    status, made = await shop.call("POST", HOOKS, body)
    assert status == 200, made
    answer: dict[str, Any] = made
    return answer


async def test_a_webhook_tells_its_secret_once(shop: Shop) -> None:
    made = await hook(shop, sources={"user": True, "admin": True, "api": False})
    shown = (await shop.call("GET", f"{HOOKS}/{made['id']}"))[1]
    listed = (await shop.call("GET", HOOKS))[1]

    assert ("GET", "MailChimp.com WebHook Validator") == (
        shop.receiver.requests[0].method,
        shop.receiver.requests[0].headers["user-agent"],
    )
    assert (True, 32) == (made["signing_enabled"], len(made["signing_secret"]))
    assert "signing_secret" not in shown
    assert "signing_secret" not in listed["webhooks"][0]
    del shown["_links"]
    assert {
        "id": made["id"],
        "url": URL,
        "list_id": "a1b2c3d4e5",
        "events": ALL | dict.fromkeys(("sms_subscribe", "sms_unsubscribe", "upsms", "sms_campaign"), False),
        "sources": {"user": True, "admin": True, "api": False},
        "signing_enabled": True,
    } == shown


async def test_what_is_not_asked_for(shop: Shop) -> None:
    made = (await shop.call("POST", HOOKS, {"url": URL}))[1]

    assert ({"user": True, "admin": True, "api": False}, False) == (
        made["sources"],
        made["events"]["campaign"],
    )


@pytest.mark.parametrize(
    ("url", "receiver", "expected"),
    [
        ("", 200, "Invalid URL"),
        ("ftp://connector-voorbeeld.nl/", 200, "Invalid URL"),
        (
            URL,
            404,
            "We couldn't verify the URL is working. Please double check and try again. HTTP Code: 404",
        ),
        (
            URL,
            302,
            "We couldn't verify the URL is working. Please double check and try again. HTTP Code: 302",
        ),
    ],
)
async def test_urls_that_are_refused(shop: Shop, url: str, receiver: int, expected: str) -> None:
    shop.receiver.status = receiver

    answer = await shop.call("POST", HOOKS, {"url": url})

    assert (400, "Invalid Resource", ("url", expected)) == (answer[0], said(answer)[1], said(answer)[3])
    assert {} == shop.audience.webhooks


@pytest.mark.parametrize("second", [URL, f"{URL}?other=1"])
async def test_one_webhook_per_url(shop: Shop, second: str) -> None:
    await hook(shop)

    answer = await shop.call("POST", HOOKS, {"url": second})

    assert ("url", "Sorry, you can't set up multiple WebHooks for one URL") == said(answer)[3]


async def test_change_and_delete(shop: Shop) -> None:
    made = await hook(shop)
    path = f"{HOOKS}/{made['id']}"

    changed = (await shop.call("PATCH", path, {"events": {"profile": False}, "sources": {"api": False}}))[1]

    assert (False, True, False) == (
        changed["events"]["profile"],
        changed["events"]["subscribe"],
        changed["sources"]["api"],
    )
    assert (204, None) == await shop.call("DELETE", path)
    assert 404 == (await shop.call("GET", path))[0]


async def test_the_forms(shop: Shop) -> None:
    """The payloads as the reference quotes them, one per kind of change."""
    shop.audience.fields = {tag: shop.audience.fields[tag] for tag in ("FNAME", "LNAME")}
    category = shop.audience.open_category("Taste", "Bread", "Cake")
    bread, cake = category.interests
    await hook(shop)
    life = shop.life
    life.sign_up(ANNA, merge_fields={"FNAME": "Anna"}, interests={bread: True, cake: True})
    life.edit(ANNA, merge_fields={"LNAME": "de Wit"})
    first = shop.member().unique_email_id
    life.change_address(ANNA, BRAM)
    second = shop.member(BRAM).unique_email_id
    life.unsubscribe(BRAM, reason="abuse", campaign_id="cb398d21d2")
    life.clean(BRAM)
    await shop.sandbox.postman.deliver_due()
    web_id = str(shop.member(BRAM).web_id)

    def person(uid: str, email: str, last: str) -> dict[str, str]:
        return {
            "data[id]": uid,
            "data[web_id]": web_id,
            "data[list_id]": "a1b2c3d4e5",
            "data[email]": email,
            "data[email_type]": "html",
            "data[merges][EMAIL]": email,
            "data[merges][FNAME]": "Anna",
            "data[merges][LNAME]": last,
            "data[merges][INTERESTS]": "Bread,Cake",
            "data[merges][GROUPINGS][0][id]": category.id,
            "data[merges][GROUPINGS][0][unique_id]": category.id,
            "data[merges][GROUPINGS][0][name]": "Taste",
            "data[merges][GROUPINGS][0][groups]": "Bread,Cake",
            "data[ip_opt]": "",
        }

    at = {"fired_at": "2026-03-01 12:00:00"}
    assert [
        {"type": "subscribe", **at, **person(first, ANNA, ""), "data[ip_signup]": "198.51.100.7"},
        {"type": "profile", **at, **person(first, ANNA, "de Wit")},
        {
            "type": "upemail",
            **at,
            "data[list_id]": "a1b2c3d4e5",
            "data[new_id]": second,
            "data[new_email]": BRAM,
            "data[old_email]": ANNA,
        },
        {"type": "profile", **at, **person(second, BRAM, "de Wit")},
        {
            "type": "unsubscribe",
            **at,
            "data[action]": "unsub",
            "data[reason]": "abuse",
            **person(second, BRAM, "de Wit"),
            "data[campaign_id]": "cb398d21d2",
        },
        {
            "type": "cleaned",
            **at,
            "data[list_id]": "a1b2c3d4e5",
            "data[campaign_id]": "4fjk2ma9xd",
            "data[reason]": "hard",
            "data[email]": BRAM,
        },
    ] == shop.receiver.forms()


async def by_api(shop: Shop) -> None:
    await shop.put(BRAM)


async def by_merchant(shop: Shop) -> None:
    shop.life.add(BRAM)


async def by_contact(shop: Shop) -> None:
    shop.life.sign_up(BRAM)


@pytest.mark.parametrize(
    ("sources", "who", "told"),
    [
        ({"user": True, "admin": True, "api": False}, by_api, []),
        ({"user": False, "admin": False, "api": True}, by_api, ["subscribe"]),
        ({"user": False, "admin": True, "api": True}, by_contact, []),
        ({"user": True, "admin": False, "api": True}, by_merchant, []),
        ({"user": False, "admin": True, "api": False}, by_merchant, ["subscribe"]),
    ],
)
async def test_sources(shop: Shop, sources: dict[str, bool], who: Any, told: list[str]) -> None:
    await hook(shop, sources=sources)

    await who(shop)
    await shop.sandbox.postman.deliver_due()

    assert told == [one["type"] for one in shop.receiver.forms()]


async def test_what_nobody_is_told(shop: Shop) -> None:
    """Tags, and whatever happens to contacts that are not subscribed."""
    shop.life.add(ANNA)
    await hook(shop)

    shop.life.tag(ANNA, "gold")
    await shop.put(BRAM, status_if_new="transactional")
    await shop.patch(BRAM, merge_fields={"FNAME": "Bram"})
    await shop.call("DELETE", f"{LIST}/members/{BRAM}")
    await shop.patch(ANNA, vip=True)

    assert 0 == await shop.sandbox.postman.deliver_due()


async def test_archiving_a_subscriber_is_told_as_an_unsubscribe(shop: Shop) -> None:
    shop.life.add(ANNA)
    await hook(shop)

    shop.life.archive(ANNA)
    await shop.sandbox.postman.deliver_due()

    assert [("unsubscribe", "delete")] == [
        (one["type"], one["data[action]"]) for one in shop.receiver.forms()
    ]


async def test_the_signature(shop: Shop) -> None:
    made = await hook(shop)
    shop.life.add(ANNA)
    await shop.sandbox.postman.deliver_due()

    request = shop.receiver.posts[0]
    message = b"1772366400." + request.content
    digest = hmac.new(made["signing_secret"].encode(), message, hashlib.sha256).hexdigest()

    assert f"t=1772366400,v1={digest}" == request.headers["x-mailchimp-signature"]
    assert "application/x-www-form-urlencoded" == request.headers["content-type"]


async def test_webhooks_from_before_the_signing_feature(shop: Shop) -> None:
    shop.account.unsigned_webhooks = True
    made = await hook(shop)
    shop.life.add(ANNA)
    await shop.sandbox.postman.deliver_due()

    assert ("signing_secret" in made, "signing_enabled" in made) == (False, False)
    assert "x-mailchimp-signature" not in shop.receiver.posts[0].headers
    assert (await shop.call("GET", f"{HOOKS}/{made['id']}"))[1]["signing_enabled"] is False


async def test_a_notice_comes_again_over_75_minutes_with_a_fresh_signature(shop: Shop) -> None:
    await hook(shop)
    shop.receiver.status = 503
    shop.life.add(ANNA)
    postman = shop.sandbox.postman
    attempts = [await postman.deliver_due()]
    for pause in RETRY_AFTER:
        shop.world.advance(pause - 1)
        attempts.append(await postman.deliver_due())
        shop.world.advance(1)
        attempts.append(await postman.deliver_due())
    shop.world.advance(100_000)

    assert 75 * 60 == sum(RETRY_AFTER)
    assert [1, *[0, 1] * 5] == attempts
    assert 0 == await postman.deliver_due()
    assert (6, 1, 0) == (postman.failed, postman.given_up, len(postman.waiting))
    assert 6 == len({one.headers["x-mailchimp-signature"] for one in shop.receiver.posts})
    assert 1 == len({one.content for one in shop.receiver.posts})


async def test_a_webhook_that_never_answers_is_dropped(shop: Shop) -> None:
    await hook(shop)
    shop.receiver.status = 500
    for number in range(3):
        assert 1 == len(shop.audience.webhooks)
        shop.life.add(f"a{number}@klant-voorbeeld.nl")
        for _ in range(6):
            await shop.sandbox.postman.deliver_due()
            shop.world.advance(2400)

    assert {} == shop.audience.webhooks


async def test_bad_days_of_the_postman(shop: Shop) -> None:
    await hook(shop)
    postman = shop.sandbox.postman
    postman.silent = True
    shop.life.add("lost@klant-voorbeeld.nl")
    postman.silent, postman.copies, postman.backwards = False, 2, True
    shop.life.add(ANNA)
    shop.life.add(BRAM)
    await postman.deliver_due()

    assert [BRAM, BRAM, ANNA, ANNA] == [one["data[email]"] for one in shop.receiver.forms()]
