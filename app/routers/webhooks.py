"""The doors that the remote systems ring at: ``/webhooks/mplus/{token}/{event}`` and ``/webhooks/mailchimp/{token}``.

What happens when is design §5. The token is looked up before the body is read; a body is capped while it streams; a
call is verified before it is believed; what is believed is durable before it is acknowledged. This is the one hot path
of the API, so it speaks ASGI itself: no request object, no model, no dependency.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.types import Message, Receive, Scope, Send

from app.connectors.base import Changed, Notification, WebhookAnswer
from app.errors import AppError, BodyTooLarge, DatabaseAway, NotFound
from app.intake import Intake
from app.routers.doors import Door, Doors
from app.routers.polls_in_mind import PollsInMind
from app.routers.problems import MethodNotAllowed
from app.routers.webhook_systems import SYSTEMS, System, problem_answer
from app.sealing import Sealer, target_key
from app.store.connections import DOORBELL
from app.store.events import NewEvent

log = structlog.get_logger("webhooks")

ANSWER_WITHIN_S = 1.5
"""A cashier may be waiting, and the till gives up after about two seconds (mplus.md §2.2)."""

STORE_WITHIN_S = 8.0
"""Mailchimp cancels a call after ten seconds (mailchimp.md §5.2)."""


class Webhooks:
    """The ASGI application behind ``/webhooks``. ``ring`` must return at once: it is called after the answer."""

    def __init__(
        self,
        *,
        doors: Doors,
        intake: Intake,
        sealer: Sealer,
        ring: Callable[[Iterable[str]], None],
        in_mind: PollsInMind,
        max_bytes: int,
        count: Callable[[str, str], None],
        now: Callable[[], float] = time.time,
        answer_within_s: float = ANSWER_WITHIN_S,
    ):
        self._doors = doors
        self._intake = intake
        self._sealer = sealer
        self._ring = ring
        self._in_mind = in_mind
        self._max_bytes = max_bytes
        self._count = count
        self._now = now
        self._answer_within_s = answer_within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope.setdefault("state", {})
        request_id, facts = state.get("request_id"), state.setdefault("facts", {})
        name, token, event = _address(scope["path"])
        system = SYSTEMS.get(name)
        flows: Iterable[str] = ()
        answer: WebhookAnswer | None
        try:
            if system is None or (len(event) > 0) != (system.parts == 2):
                raise NotFound("There is no webhook at this address.")
            facts["route"] = system.template
            if scope["method"] not in system.methods:
                raise MethodNotAllowed("Webhooks are sent with POST.")
            door = await self._doors.find(token)
            if door is None or door.system != name:
                raise NotFound("There is no webhook at this address.")
            facts["connection"] = door.connection_id
            if scope["method"] != "POST":
                answer = WebhookAnswer(headers={"Content-Type": "text/plain"})  # the validating call
                facts["outcome"] = "validated"
            else:
                answer, flows = await self._take(
                    system, door, scope, receive, event=event, request_id=request_id, facts=facts
                )
        except _HungUpError:
            facts["outcome"], answer = "hung_up", None
        except AppError as error:
            facts["outcome"] = error.code
            refuse = problem_answer if system is None else system.refuse
            answer = refuse(error, request_id=request_id)
        self._count("unknown" if system is None else name, facts["outcome"])
        if answer is not None:
            await _send(send, answer, silent=scope["method"] == "HEAD")
        if flows:
            self._ring(flows)

    async def _take(
        self,
        system: System,
        door: Door,
        scope: Scope,
        receive: Receive,
        *,
        event: str,
        request_id: str | None,
        facts: dict[str, Any],
    ) -> tuple[WebhookAnswer, Iterable[str]]:
        """Read, judge and store one call; what to answer, and which flows to ring for."""
        body = await _capped(scope, receive, cap=self._max_bytes)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        judged = system.judge(
            event=event, headers=headers, body=body, secret=door.secret, sealer=self._sealer, now=self._now()
        )
        facts["outcome"] = judged.note
        if judged.detail:
            facts["detail"] = judged.detail
        if not judged.notifications:
            return judged.answer, ()
        news = [self._event(door, said, request_id=request_id) for said in judged.notifications]
        try:
            within_s = STORE_WITHIN_S if system.sends_again else self._answer_within_s
            accepted = await self._intake.accept(news, within_s=within_s)
        except (DatabaseAway, DBAPIError, OSError) as error:
            if isinstance(error, DBAPIError) and not error.connection_invalidated:
                log.error("webhook.not_stored", connection=door.connection_id, kind=type(error.orig).__name__)
            if system.sends_again:
                raise DatabaseAway("The database cannot be reached; please send it again.") from error
            facts["outcome"] = "kept_in_mind"
            for said in news:
                self._in_mind.keep(said)
            return judged.answer, ()
        facts["plain"] = (
            True  # the event is stored with its request id; a line for each would cost more than it tells
        )
        if not accepted.new:
            facts["outcome"] = "repeated"
        return judged.answer, accepted.flows

    def _event(self, door: Door, said: Notification, *, request_id: str | None) -> NewEvent:
        if isinstance(said, Changed):
            return NewEvent(
                connection_id=door.connection_id,
                kind=said.kind,
                ref=said.ref,
                dedupe_key=said.dedupe,
                trigger="webhook",
                previous_ref=said.previous_ref,
                request_id=request_id,
            )
        moved = said.moved
        return NewEvent(
            connection_id=door.connection_id,
            kind=DOORBELL,
            ref="",
            dedupe_key=said.dedupe,
            trigger="webhook",
            request_id=request_id,
            moved_to=None if moved is None else target_key(self._sealer, moved.kind, moved.new),
            moved_from_sealed=None if moved is None else self._sealer.seal(moved.old),
        )


class _HungUpError(Exception):
    """The caller went away while it was still sending."""


def _address(path: str) -> tuple[str, str, str]:
    """System, token and event of ``/webhooks/{system}/{token}[/{event}]``; empty where absent or too long to be ours."""
    parts = path.split("/")
    if not 4 <= len(parts) <= 5 or len(path) > 300:
        return "", "", ""
    return parts[2], parts[3], parts[4] if len(parts) == 5 else ""


async def _capped(scope: Scope, receive: Receive, *, cap: int) -> bytes:
    """The body. Raises BodyTooLarge as soon as it is known to pass the cap, without reading on."""
    too_large = BodyTooLarge(f"The body is larger than {cap} bytes.")
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value[:20]) > cap:
            raise too_large
    message: Message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > cap:
            raise too_large
        return body
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise _HungUpError
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > cap:
            raise too_large
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)
        message = await receive()


async def _send(send: Send, answer: WebhookAnswer, *, silent: bool) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()
    ]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if silent else answer.body})
