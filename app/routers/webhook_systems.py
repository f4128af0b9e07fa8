"""How each remote system's webhook calls are judged and refused, in one list."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from app.connectors.base import Notification, WebhookAnswer
from app.connectors.mailchimp import webhooks as mailchimp
from app.connectors.mplus import webhooks as mplus
from app.errors import AppError, BadSignature, CallerError
from app.routers.problems import MEDIA_TYPE, RETRY_AFTER_S, body_of
from app.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Judged:
    """A verified call: what it says, what is answered, and a word for counters."""

    notifications: Collection[Notification]
    answer: WebhookAnswer
    note: str
    detail: str = ""


class System(Protocol):
    """One remote system's webhooks.

    ``template`` is what logs show instead of the address, which holds the token. ``sends_again`` tells whether a call
    that we could not store comes back by itself.
    """

    template: str
    parts: int
    methods: tuple[str, ...]
    sends_again: bool

    def judge(
        self,
        *,
        event: str,
        headers: Mapping[str, str],
        body: bytes,
        secret: str | None,
        sealer: Sealer,
        now: float,
    ) -> Judged:
        """Verify and recognise. Raises BadSignature or UnreadableBody."""
        ...

    def refuse(self, error: AppError, *, request_id: str | None) -> WebhookAnswer:
        """What the remote is told when its call is refused; never signed."""
        ...


class Till:
    """MplusKASSA: signed JSON, one address per event, a signed constant as the answer, never sent again."""

    template = "/webhooks/mplus/{token}/{event}"
    parts = 2
    methods: tuple[str, ...] = ("POST",)
    sends_again = False

    def judge(
        self,
        *,
        event: str,
        headers: Mapping[str, str],
        body: bytes,
        secret: str | None,
        sealer: Sealer,
        now: float,  # noqa: ARG002 - the till's signature knows no time
    ) -> Judged:
        """See ``mplus.webhooks.receive``; a connection without a secret verifies nothing."""
        call = mplus.receive(
            event=event, headers=headers, body=body, secret=secret or "", keyed_hash=sealer.keyed_hash
        )
        return Judged(call.notifications, call.answer, call.note, call.detail)

    def refuse(self, error: AppError, *, request_id: str | None) -> WebhookAnswer:
        """In the till's own words where the call is at fault."""
        if isinstance(error, CallerError) and error.status in (400, 413):
            return mplus.refusal(error)
        return problem_answer(error, request_id=request_id)


class Audience:
    """Mailchimp: forms, one address for every event, signed where the secret is known, sent again for over an hour."""

    template = "/webhooks/mailchimp/{token}"
    parts = 1
    methods: tuple[str, ...] = (
        "GET",
        "HEAD",
        "POST",
    )  # the address is tried with GET before a webhook is made
    sends_again = True

    def judge(
        self,
        *,
        event: str,  # noqa: ARG002 - the form names it
        headers: Mapping[str, str],
        body: bytes,
        secret: str | None,
        sealer: Sealer,
        now: float,
    ) -> Judged:
        """See ``mailchimp.webhooks.receive``."""
        call = mailchimp.receive(
            headers=headers, body=body, secret=secret, now=now, keyed_hash=sealer.keyed_hash
        )
        return Judged(call.notifications, call.answer, call.note, call.detail)

    def refuse(self, error: AppError, *, request_id: str | None) -> WebhookAnswer:
        """A problem document; 401 for a signature that does not fit."""
        status = 401 if isinstance(error, BadSignature) else None
        return problem_answer(error, request_id=request_id, status=status)


def problem_answer(error: AppError, *, request_id: str | None, status: int | None = None) -> WebhookAnswer:
    """A problem document as a webhook's answer. ``status`` where a system wants another than the error's own."""
    document = body_of(error, request_id=request_id)
    document["status"] = status or error.status
    headers = {"Content-Type": MEDIA_TYPE}
    if document["status"] == 503:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return WebhookAnswer(
        status=document["status"], body=json.dumps(document, separators=(",", ":")).encode(), headers=headers
    )


SYSTEMS: dict[str, System] = {"mplus": Till(), "mailchimp": Audience()}
