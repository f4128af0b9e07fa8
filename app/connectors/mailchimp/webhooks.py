"""Webhooks of an audience: verify, and hear that somebody changed (mailchimp.md §5).

A form with brackets in its names. It may come twice, late and out of order, and names people by addresses, which change:
so it is only a doorbell. What changed is asked for by ``since_last_changed``, which names contacts by the id that they
keep. Nothing of a person remains of the form, but for an old address, sealed and for a day. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from app.connectors.base import Moved, PollSoon, WebhookAnswer
from app.connectors.mailchimp.contacts import KIND
from app.errors import BadSignature, UnreadableBody
from app.values.email import normalise_email

SIGNATURE = "x-mailchimp-signature"
TOLERANCE_S = 300
ABOUT_PEOPLE = frozenset({"subscribe", "unsubscribe", "profile", "cleaned", "upemail"})
QUIET = frozenset({"campaign", "sms_subscribe", "sms_unsubscribe", "upsms", "sms_campaign"})
MAX_FIELDS = 2_000

_SIGNED = re.compile(r"t=(\d{1,12}), ?v1=([0-9a-fA-F]{64})", re.ASCII)

KeyedHash = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Call:
    """One verified webhook. ``note`` is a word for counters: ``event``, ``quiet`` or ``unknown_event``."""

    notifications: tuple[PollSoon, ...]
    answer: WebhookAnswer
    note: str
    detail: str = ""


def receive(
    *, headers: Mapping[str, str], body: bytes, secret: str | None, now: float, keyed_hash: KeyedHash
) -> Call:
    """Verify and read one call. ``headers`` are in lower case; ``now`` is in seconds; without a ``secret`` the
    address's token is all there is. Raises BadSignature or UnreadableBody."""
    if secret:
        verify(headers=headers, body=body, secret=secret, now=now)
    form = parse(body)
    event = form.get("type", "")
    answer = WebhookAnswer()
    if event in QUIET:
        return Call((), answer, "quiet")
    if event not in ABOUT_PEOPLE:
        return Call((), answer, "unknown_event")
    email = form.get("data[new_email]" if event == "upemail" else "data[email]", "")
    if "@" not in email:
        raise UnreadableBody("The form names no e-mail address.", code="invalid_data")
    parts = (event, form.get("data[list_id]", ""), form.get("data[id]") or form.get("data[new_id]", ""))
    key = keyed_hash("mailchimp-event", *parts, form.get("fired_at", ""), hashlib.sha256(body).hexdigest())
    moved = _moved(form) if secret and event == "upemail" else None
    ring = PollSoon(frozenset({KIND}), dedupe=f"{event}:{key}", moved=moved)
    return Call((ring,), answer, "event")


def _moved(form: Mapping[str, str]) -> Moved | None:
    """Whose address was left for another: nobody can be asked for it afterwards. Believed only where the call was signed."""
    old, new = (normalise_email(form.get(f"data[{name}_email]", "")) for name in ("old", "new"))
    return Moved("customer", old, new) if old and new and old != new else None


def verify(*, headers: Mapping[str, str], body: bytes, secret: str, now: float) -> None:
    """``t=<seconds>,v1=<HMAC-SHA256 of "t.body">``, compared in constant time, no older or newer than five minutes."""
    given = headers.get(SIGNATURE, "").strip()
    if not given:
        raise BadSignature("The request carries no X-Mailchimp-Signature.", code="no_signature")
    found = _SIGNED.fullmatch(given)
    if found is None:
        raise BadSignature("X-Mailchimp-Signature cannot be read.")
    expected = hmac.new(secret.encode(), found[1].encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, found[2].lower()):
        raise BadSignature("X-Mailchimp-Signature does not fit the body.")
    if abs(now - int(found[1])) > TOLERANCE_S:
        raise BadSignature("X-Mailchimp-Signature is too old, or from the future.", code="stale_signature")


def parse(body: bytes) -> dict[str, str]:
    """The form's fields; the first of a name counts. Raises UnreadableBody."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        raise UnreadableBody("The body is not a form in UTF-8.") from None
    form: dict[str, str] = {}
    for name, value in pairs:
        form.setdefault(name, value)
    if not form.get("type"):
        raise UnreadableBody("The form has no type.", code="invalid_data")
    return form
