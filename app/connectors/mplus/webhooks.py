"""Webhooks of the till: verify, recognise, and answer with the one constant that we sign (mplus.md §2).

They are events of a till session and name no changed record: each is only a doorbell that makes polls due sooner, so
nothing of a payload is kept or trusted. A cashier may be waiting for the answer, and the till demands that it is
signed with the same key as its own requests: only ``{}`` is ever signed, and only for a request that was verified,
or whoever asks could have forged events signed by us. Pure.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.connectors.base import PollSoon, WebhookAnswer
from app.errors import BadSignature, BodyTooLarge, CallerError, UnreadableBody

SIGNATURE = "x-mplus-signature"
SUBSCRIPTION = "x-mplus-subscription-id"
ANSWER_BODY = b"{}"

# What an event says may have changed. A session that ends books a sale, takes stock and may give points.
_SALE = frozenset({"order", "stock", "customer"})
KINDS: Mapping[str, frozenset[str]] = {
    "completeSession": _SALE,
    "creditSession": _SALE,
    "selectRelation": frozenset({"customer"}),
}
QUIET = frozenset({
    "startSession", "scanCode", "addSessionLine", "updateSessionLine", "removeSessionLine", "pauseSession",
    "resumeSession", "startPayment", "cancelPayment", "mergeSession", "cancelSession", "customAction", "printBill",
    "backgroundPoll", "startExternalPayment", "pollExternalPayment", "requestCancelExternalPayment",
    "cancelExternalPayment",
})  # fmt: skip
SUBSCRIBE = tuple(KINDS)
"""The events to tick in the back office; none of them needs to be blocking."""

_ERROR_CODE = re.compile(r"[A-Z][A-Z_]{0,60}", re.ASCII)
_ERROR_WORDS = {
    "invalid_signature": "INVALID_SIGNATURE",
    "no_signature": "NO_SIGNATURE",
    "unreadable_body": "INVALID_JSON",
    "invalid_data": "INVALID_DATA",
    "body_too_large": "INVALID_DATA",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One verified webhook. ``note`` is a word for counters: ``event``, ``quiet``, ``unknown_event`` or ``error_echo``."""

    notifications: tuple[PollSoon, ...]
    answer: WebhookAnswer
    note: str
    detail: str = ""


def receive(
    *, event: str, headers: Mapping[str, str], body: bytes, secret: str, keyed_hash: Callable[..., str]
) -> Call:
    """Verify and recognise one call to ``…/{event}``. ``headers`` are in lower case.

    ``keyed_hash`` is the installation's: a plain hash of a session with a known customer could be guessed. Raises
    BadSignature or UnreadableBody; :func:`refusal` says what the till is told then.
    """
    verify(headers=headers, body=body, secret=secret)
    answer = signed_answer(secret)
    payload = parse(body)
    error = payload.get("error")
    if error is not None:
        # The till found our last answer wanting and sends it back with the first payload: that is no new event.
        code = error.get("code") if isinstance(error, dict) else None
        known = isinstance(code, str) and _ERROR_CODE.fullmatch(code)
        return Call((), answer, "error_echo", str(code) if known else "")
    kinds = KINDS.get(event)
    if kinds is None:
        return Call((), answer, "quiet" if event in QUIET else "unknown_event")
    if event == "selectRelation" and payload.get("selectRelation") is None:
        return Call((), answer, "quiet")  # deselected: nobody changed
    parts = dedupe_parts(payload, subscription=headers.get(SUBSCRIPTION, ""))
    dedupe = f"{event}:{keyed_hash('mplus-event', event, *parts, hashlib.sha256(body).hexdigest())}"
    return Call((PollSoon(kinds=kinds, dedupe=dedupe),), answer, "event")


def verify(*, headers: Mapping[str, str], body: bytes, secret: str) -> None:
    """``base64(HMAC-SHA256(base64-decoded secret, raw body))``, compared in constant time."""
    given = headers.get(SIGNATURE, "").strip()
    if not given:
        raise BadSignature("The request carries no X-Mplus-Signature.", code="no_signature")
    expected = signature(secret, body)
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        raise BadSignature(
            "X-Mplus-Signature does not fit the body.",
            advice="Check that the Secret Key in Beheer > Instellingen > Webhooks is the one shown with the connection.",
        )


def signature(secret: str, body: bytes) -> str:
    """The signature of a body. Raises BadSignature for a secret that is not base64: nothing can be verified with it."""
    try:
        key = base64.b64decode(secret.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise BadSignature(
            "The connection's webhook secret is not base64.",
            advice="Make a new one and enter it in the till.",
        )
    return base64.b64encode(hmac.digest(key, body, "sha256")).decode()


def new_secret() -> str:
    """A Secret Key for the back office's form."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def signed_answer(secret: str) -> WebhookAnswer:
    """200 with the constant, signed."""
    return WebhookAnswer(
        status=200,
        body=ANSWER_BODY,
        headers={"Content-Type": "application/json", "X-Mplus-Signature": signature(secret, ANSWER_BODY)},
    )


def refusal(error: CallerError) -> WebhookAnswer:
    """What the till is told when we reject its call, in its own words and never signed."""
    code = _ERROR_WORDS.get(error.code, "INVALID_DATA")
    return WebhookAnswer(
        status=413 if isinstance(error, BodyTooLarge) else 400,
        body=json.dumps({"error": {"code": code, "message": error.detail}}, separators=(",", ":")).encode(),
        headers={"Content-Type": "application/json"},
    )


def parse(body: bytes) -> dict[str, Any]:
    """The payload. Raises UnreadableBody for anything that is not a JSON object in UTF-8."""
    try:
        payload = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise UnreadableBody("The body is not JSON in UTF-8.") from None
    if not isinstance(payload, dict):
        raise UnreadableBody("The body is not a JSON object.", code="invalid_data")
    return payload


def dedupe_parts(payload: Mapping[str, Any], *, subscription: str) -> tuple[str, ...]:
    """The vendor's parts of an event's identity: subscription, branch, workplace, instance, counter.

    Counters may fall back and instances are renewed at a restart, so the whole body counts as well: two events that
    differ anywhere are two doorbells.
    """
    event = payload.get("event")
    sender = payload.get("sender")
    return (
        subscription[:200],
        *(_short(sender, name) for name in ("branchNumber", "workplaceNumber", "instanceId")),
        _short(event, "eventCounter"),
    )


def _short(holder: Any, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    if isinstance(value, str):
        return value[:100].encode("utf-8", "replace").decode()  # JSON may smuggle in half a character
    return f"{value:x}"[:100] if isinstance(value, int) else ""
