"""The door of a sandbox server: everything that comes in is counted, kept, delayed or failed here, once for both servers.

Raw ASGI without any framework in between, because the benchmarks send more than a thousand requests a second through it.
Paths below ``/_sandbox`` are the panel and pass untouched.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.sandbox.faults import Fault, Faults
from app.sandbox.requestlog import RequestLog

PANEL = "/_sandbox"
ABORT = "sandbox.abort"  # what serving.py leaves in the scope, so that a connection can really be reset

NameOperation = Callable[[Scope, bytes], str]


class Door:
    """Wraps a server's ASGI application. ``name`` tells the operation's name from the request."""

    def __init__(self, app: ASGIApp, *, faults: Faults, log: RequestLog, name: NameOperation) -> None:
        self.app = app
        self.faults = faults
        self.log = log
        self.name = name
        self._flying: set[asyncio.Task[None]] = set()
        self._landing = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(PANEL):
            await self.app(scope, receive, send)
            return
        body = await read_body(receive)
        started = time.perf_counter()
        operation = self.name(scope, body)
        entry = self.log.begin(scope, body=body, operation=operation, at=time.time())
        answer = Answer(send)
        fault: Fault | None = None
        try:
            if self.faults.latency_ms:
                await asyncio.sleep(self.faults.latency_ms / 1000)
            if self.faults.waiting:
                fault = self.faults.take(operation=operation, method=scope["method"], path=scope["path"])
            if fault is None:
                await self.app(scope, replaying(body), answer)
            else:
                await self._fail(fault, scope, body, receive, answer)
        finally:
            self.log.end(
                entry,
                status=answer.status,
                seconds=time.perf_counter() - started,
                fault=fault.kind if fault is not None else "",
                answer=b"".join(answer.parts) if entry is not None else b"",
            )

    async def _fail(self, fault: Fault, scope: Scope, body: bytes, receive: Receive, answer: Answer) -> None:
        match fault.kind:
            case "status":
                await say(fault, answer)
            case "hang":
                await left(receive, within=fault.seconds)
                await reset(scope, receive, answer)
            case "reset_before":
                await reset(scope, receive, answer)
            case "reset_after":
                await self.app(scope, replaying(body), swallow)
                if fault.hold:
                    await left(receive, within=fault.seconds)
                await reset(scope, receive, answer)
            case "late":
                task = asyncio.create_task(self._land_late(fault, dict(scope), body))
                self._flying.add(task)
                task.add_done_callback(self._flying.discard)
                if fault.hold:
                    await left(receive, within=None)
                await reset(scope, receive, answer)

    async def _land_late(self, fault: Fault, scope: Scope, body: bytes) -> None:
        landing = self._landing
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(landing.wait(), fault.seconds)
        await self.app(scope, replaying(body), swallow)

    @property
    def flying(self) -> int:
        """How many late writes have not landed yet."""
        return len(self._flying)

    async def land(self) -> int:
        """Let every late write that is still in the air land now, in the order of their requests."""
        tasks = list(self._flying)
        self._landing.set()
        self._landing = asyncio.Event()
        if tasks:
            await asyncio.wait(tasks)
        return len(tasks)

    async def close(self) -> None:
        """Drop what never landed; called when the server stops."""
        tasks = list(self._flying)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


class Answer:
    """Passes the answer on and remembers its status and body. Status 0: no answer was given."""

    __slots__ = ("_send", "parts", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body" and message.get("body"):
            self.parts.append(message["body"])
        await self._send(message)


async def say(fault: Fault, send: Send) -> None:
    body = fault.body.encode()
    headers = [(b"content-type", fault.content_type.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in fault.headers.items()]
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def reset(scope: Scope, receive: Receive, answer: Answer) -> None:
    """Cut the connection without an answer. Without serving.py's extension only a broken answer can be given."""
    extension = scope.get("extensions", {}).get(ABORT)
    if extension is None:
        raise ConnectionResetError("the sandbox was told to reset this connection")
    extension["abort"]()
    await left(receive, within=5)
    answer.status = 0


async def left(receive: Receive, *, within: float | None) -> None:
    """Wait until the caller has gone, at most ``within`` seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            while (await receive())["type"] != "http.disconnect":
                pass


async def read_body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts = [body]
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


def replaying(body: bytes) -> Receive:
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def swallow(message: Message) -> None:
    """The answer that nobody hears."""


def abort_hard(transport: Any) -> None:
    """Close so that the caller sees a reset and not an orderly end."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
