"""A sandbox server on a real port, inside the running loop, for as long as a block lasts.

uvicorn does the talking; starting and stopping are ours, because its own stop takes several tenths of a second and
takes the process's signals, and because a connection must be able to be reset (``door.ABORT``).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.sandbox.door import ABORT, abort_hard


class ResettableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which also hands the application a way to reset the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"abort": partial(abort_hard, self.transport)}}


@asynccontextmanager
async def serving(
    app: ASGIApp,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    listener: socket.socket | None = None,
    grace_seconds: float = 1.0,
) -> AsyncIterator[str]:
    """Serve ``app``; yields its base URL. OSError when the port is taken; a ``listener`` has one already. Callers that still
    wait ``grace_seconds`` after the end of the block are cut off."""
    listener = listener or listening(host, port)
    host = listener.getsockname()[0]
    config = uvicorn.Config(
        app,
        http=ResettableProtocol,
        ws="none",
        lifespan="auto",
        log_config=None,
        access_log=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    try:
        await server.startup(sockets=[listener])
    except BaseException:
        listener.close()
        raise
    server.server_state.default_headers = list(config.encoded_headers)
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    finally:
        await stop(server, grace_seconds=grace_seconds)


async def stop(server: uvicorn.Server, *, grace_seconds: float) -> None:
    for listener in server.servers:
        listener.close()
    state = server.server_state
    for connection in list(state.connections):
        connection.shutdown()
    if state.tasks:
        await asyncio.wait(list(state.tasks), timeout=grace_seconds)
    for connection in list(
        state.connections
    ):  # who still waits hears that the connection is gone, and ends by itself
        transport = getattr(connection, "transport", None)
        if transport is not None:
            transport.abort()
    if state.tasks:
        _, stubborn = await asyncio.wait(list(state.tasks), timeout=grace_seconds)
        for task in stubborn:
            task.cancel()
    await asyncio.sleep(0)
    for listener in server.servers:
        await listener.wait_closed()
    await server.lifespan.shutdown()


def listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle off only where it sees TCP: 40 ms an answer otherwise.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock
