"""The audience's webhook to us: made, mended and removed through the API (mailchimp.md §5.1).

One webhook per address. Its signing secret is told once, when it is made: where we do not hold it any more, the only
way to a verified webhook is a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from app.connectors.base import Document, WebhookRegistration
from app.connectors.mailchimp.calls import Api, segment
from app.errors import RecordRefused

EVENTS: Mapping[str, bool] = {
    "subscribe": True,
    "unsubscribe": True,
    "profile": True,
    "cleaned": True,
    "upemail": True,
    "campaign": False,
}
SOURCES: Mapping[str, bool] = {"user": True, "admin": True, "api": False}
"""Without ``api``: what we write ourselves is no news."""


async def listed(api: Api, list_path: str) -> list[Document]:
    """The webhooks of the audience."""
    answer = await api.get(f"{list_path}/webhooks", operation="webhooks.get")
    return [hook for hook in answer.get("webhooks") or () if isinstance(hook, dict)]


def ours(hooks: list[Document], url: str) -> Document | None:
    """The webhook for this address. Two addresses that differ in their query only count as one at Mailchimp."""
    return next((hook for hook in hooks if _place(str(hook.get("url", ""))) == _place(url)), None)


def lacks(hook: Mapping[str, Any], url: str) -> Document:
    """What must be mended; empty where nothing must."""
    body: Document = {}
    if hook.get("url") != url:
        body["url"] = url
    for name, wanted in (("events", EVENTS), ("sources", SOURCES)):
        held = hook.get(name) or {}
        if any(bool(held.get(key)) != on for key, on in wanted.items()):
            body[name] = dict(wanted)
    return body


async def ensure(
    api: Api, list_path: str, url: str, *, remote_id: str | None, secret_known: bool
) -> WebhookRegistration:
    """Make or mend the webhook for this address. One that we remember under another address moves along with us.

    It is made anew where it signs with a secret that we do not hold, and where we hold a secret and it does not sign:
    every notice would be refused.
    """
    found = await listed(api, list_path)
    hook = ours(found, url) or next((each for each in found if each.get("id") == remote_id), None)
    if hook is None:
        return await _make(api, list_path, url, anew=False)
    hook_id = str(hook.get("id", ""))
    signs, holds_its_secret = hook.get("signing_enabled") is True, secret_known and hook_id == remote_id
    if signs != holds_its_secret or signs != secret_known:
        await _delete(api, list_path, hook_id)
        return await _make(api, list_path, url, anew=True)
    body = lacks(hook, url)
    if not body:
        return WebhookRegistration(hook_id)
    await api.call("PATCH", f"{list_path}/webhooks/{segment(hook_id)}", operation="webhook.patch", body=body)
    return WebhookRegistration(hook_id, change="mended")


async def remove(api: Api, list_path: str, url: str) -> bool:
    """Take the webhook for this address away; False when there was none."""
    hook = ours(await listed(api, list_path), url)
    return hook is not None and await _delete(api, list_path, str(hook.get("id", "")))


async def _make(api: Api, list_path: str, url: str, *, anew: bool) -> WebhookRegistration:
    made = await api.call(
        "POST",
        f"{list_path}/webhooks",
        operation="webhooks.post",
        body={"url": url, "events": dict(EVENTS), "sources": dict(SOURCES)},
    )
    secret = made.get("signing_secret")
    return WebhookRegistration(
        str(made.get("id", "")),
        secret=secret if isinstance(secret, str) and secret else None,
        change="made_anew" if anew else "made",
    )


async def _delete(api: Api, list_path: str, hook_id: str) -> bool:
    try:
        await api.call("DELETE", f"{list_path}/webhooks/{segment(hook_id)}", operation="webhook.delete")
    except RecordRefused as refused:
        if refused.code != "not_found":
            raise
        return False
    return True


def _place(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/")
