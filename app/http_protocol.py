"""uvicorn's HTTP protocol, which hangs up on callers who never come to the point.

uvicorn waits without end for the rest of a head or a body, so that a few thousand callers who send a byte now and then
take every connection there is. Here a request must arrive within ten seconds, and a large one at no less than a slow
telephone line's pace.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

ARRIVES_WITHIN_S = 10.0
LEAST_BYTES_PER_S = 20_000


class BriskProtocol(HttpToolsProtocol):
    """One connection. The clock runs from its opening, or from a request's first byte, to that request's last."""

    _arriving: asyncio.TimerHandle | None = None
    _since = 0.0
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first request is awaited."""
        super().connection_made(transport)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """More of it."""
        self._received += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        if self._arriving is None:
            self._await_request()

    def on_message_complete(self) -> None:
        """It has arrived; how long answering takes is ours."""
        self._let_be()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever it was is gone."""
        self._let_be()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        self._since, self._received = self.loop.time(), 0
        self._arriving = self.loop.call_later(ARRIVES_WITHIN_S, self._hang_up)

    def _let_be(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def _hang_up(self) -> None:
        granted = self._since + ARRIVES_WITHIN_S + self._received / LEAST_BYTES_PER_S
        left = granted - self.loop.time()
        if left > 0:
            self._arriving = self.loop.call_later(left, self._hang_up)
            return
        self._arriving = None
        if self.transport is not None and not self.transport.is_closing():
            self.transport.abort()
