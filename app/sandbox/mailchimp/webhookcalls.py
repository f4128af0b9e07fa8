"""Calls on audience webhooks: made only after the URL answered a GET, one per URL, secret told once (mailchimp.md §5.1)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from app.sandbox.mailchimp.audience import Audience
from app.sandbox.mailchimp.call import Call, lookup
from app.sandbox.mailchimp.problems import invalid_field
from app.sandbox.mailchimp.shapes import boolean, record, string
from app.sandbox.mailchimp.webhooks import DEFAULT_EVENTS, DEFAULT_SOURCES, EVENTS, SOURCES, Webhook, flags

WEBHOOK = record(
    (),
    url=string,
    events=record((), **dict.fromkeys(EVENTS, boolean)),
    sources=record((), **dict.fromkeys(SOURCES, boolean)),
)


def get_webhooks(call: Call) -> dict[str, Any]:
    audience = call.audience()
    found = list(audience.webhooks.values())
    return call.answer(
        {"webhooks": [one.as_json() for one in found], "list_id": audience.id, "total_items": len(found)}
    )


def get_webhook(call: Call) -> dict[str, Any]:
    audience = call.audience()
    return call.answer(lookup(audience.webhooks, call.args[1]).as_json())


async def post_webhook(call: Call) -> dict[str, Any]:
    audience = call.audience()
    body = call.body(WEBHOOK)
    url = await checked_url(audience, call, body.get("url", ""), own=None)
    unsigned = audience.account.unsigned_webhooks
    hook = Webhook(
        id=call.world.next_id("webhook"),
        url=url,
        list_id=audience.id,
        events=flags(body.get("events"), EVENTS, DEFAULT_EVENTS),
        sources=flags(body.get("sources"), SOURCES, DEFAULT_SOURCES),
        secret=None if unsigned else call.world.digest("signing secret"),
    )
    audience.webhooks[hook.id] = hook
    answer = hook.as_json()
    if unsigned:
        del answer["signing_enabled"]
    else:
        answer["signing_secret"] = hook.secret
    return call.answer(answer)


async def patch_webhook(call: Call) -> dict[str, Any]:
    audience = call.audience()
    hook = lookup(audience.webhooks, call.args[1])
    body = call.body(WEBHOOK)
    if body.get("url") and body["url"] != hook.url:
        hook.url = await checked_url(audience, call, body["url"], own=hook)
    hook.events.update(body.get("events") or {})
    hook.sources.update(body.get("sources") or {})
    return call.answer(hook.as_json())


def delete_webhook(call: Call) -> None:
    audience = call.audience()
    del audience.webhooks[lookup(audience.webhooks, call.args[1]).id]


async def checked_url(audience: Audience, call: Call, url: str, *, own: Webhook | None) -> str:
    """Two URLs that differ only in their query count as one."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fits = False
    if not fits:
        raise invalid_field("url", "Invalid URL")
    if any(same_place(one.url, url) for one in audience.webhooks.values() if one is not own):
        raise invalid_field("url", "Sorry, you can't set up multiple WebHooks for one URL")
    status = await call.world.postman.validate(url)
    if status != 200:
        raise invalid_field(
            "url",
            f"We couldn't verify the URL is working. Please double check and try again. HTTP Code: {status}",
        )
    return url


def same_place(one: str, other: str) -> bool:
    return one.split("?", 1)[0].rstrip("/") == other.split("?", 1)[0].rstrip("/")
