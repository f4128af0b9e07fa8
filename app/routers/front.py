"""What happens around every request: an id, one wide log line, a measurement, and never a bare 500.

Logs and metrics name the route's template, not the path: webhook paths hold tokens. Pure ASGI, because it stands
before the hot path.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
import traceback
from collections.abc import Callable
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import AppError
from app.routers.problems import MEDIA_TYPE, body_of

log = structlog.get_logger("api")
chatty = logging.getLogger("api")

_OWN_ID = re.compile(rb"[A-Za-z0-9._-]{6,40}")
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: measured, and logged while they go well only at the level DEBUG."""

Observe = Callable[[str, str, int, float], None]
"""Takes method, route template, status and seconds."""


class Front:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, *, observe: Observe):
        self.app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = _request_id(scope)
        facts: dict[str, Any] = {}
        state = scope["state"] = dict(scope.get("state") or {})
        state["request_id"] = request_id
        state["facts"] = facts
        id_header = (b"x-request-id", request_id.encode())
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), id_header]
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:
            # Neither messages nor locals: a statement's parameters or a header may stand in them.
            log.error(
                "request.failed",
                route=_template(scope, facts),
                request_id=request_id,
                error=type(error).__name__,
                where=_where(error),
            )
            if status == 0:
                await _send_problem(sending, request_id)
        finally:
            seconds = time.perf_counter() - began
            route = _template(scope, facts)
            self._observe(scope["method"], route, status, seconds)
            facts.pop("route", None)
            # What machines ask every few seconds, and what a stored event remembers, is told only on request.
            plain = status < 400 and (facts.pop("plain", False) or route in QUIET)
            if not plain or chatty.isEnabledFor(
                logging.DEBUG
            ):  # asked first: a line that nobody reads is not free
                tell = log.debug if plain else log.info
                tell(
                    "request.handled",
                    method=scope["method"],
                    route=route,
                    status=status,
                    ms=round(seconds * 1000, 1),
                    request_id=request_id,
                    **facts,
                )


def _request_id(scope: Scope) -> str:
    """The caller's own id where it is a plain word, else a new one: it is stored with events and attempts."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            return value.decode() if _OWN_ID.fullmatch(value) else secrets.token_hex(8)
    return secrets.token_hex(8)


def _template(scope: Scope, facts: dict[str, Any]) -> str:
    """The route's template. An address that leads nowhere is one template, whatever it says."""
    if "route" in facts:
        return str(facts["route"])
    path = getattr(scope.get("route"), "path", None)
    return "unknown" if path is None else str(path)


def _where(error: BaseException) -> list[str]:
    """The innermost places of a traceback, without values."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


async def _send_problem(send: Send, request_id: str) -> None:
    body = json.dumps(body_of(AppError(), request_id=request_id)).encode()
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
