"""The engine under httpx: aiohttp's, which takes a third of the time of httpx's own per request.

Everything above it stays httpx: requests, answers, time-outs, errors. What went wrong keeps its cause, because whoever
diagnoses a connection looks for it, and because only a request that surely never left may be called so.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import aiohttp
import httpx
from yarl import URL

CHUNK_BYTES = 65_536

CAUGHT = (aiohttp.ClientError, TimeoutError, OSError)

FAILURES: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    # The first that fits counts, so the narrower ones come first.
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),  # refused, no such name, TLS: nothing was sent
    (aiohttp.ClientSSLError, httpx.ConnectError),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (TimeoutError, httpx.ReadTimeout),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (aiohttp.ClientError, httpx.ReadError),  # reset under way, an answer cut off
    (OSError, httpx.ReadError),
)


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends httpx's requests by aiohttp. The session is opened with the first request, inside the running loop."""

    def __init__(self, *, verify: ssl.SSLContext | bool = True, keep_alive_seconds: float = 10.0):
        self._ssl = httpx.create_ssl_context(verify=verify, trust_env=False)
        self._keep_alive_seconds = keep_alive_seconds
        self._session: aiohttp.ClientSession | None = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                ssl=self._ssl,
                limit=0,  # how many at once is the gates' business
                keepalive_timeout=self._keep_alive_seconds,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # httpx does
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
            # A PUT whose answer was lost would quietly be sent again: the first one could land after it, and after
            # what came later. Whether a call is repeated is decided where its outcome is known.
            self._session._retry_connection = False
        return self._session

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it. Raises httpx.TransportError with aiohttp's error as its cause."""
        waits = request.extensions.get("timeout", {})
        timeout = aiohttp.ClientTimeout(
            total=None, connect=None, sock_connect=waits.get("connect"), sock_read=waits.get("read")
        )
        body = await request.aread()
        try:
            response = await self._opened().request(
                request.method,
                _address(request),
                headers=request.headers.multi_items(),
                data=body or None,
                allow_redirects=False,
                timeout=timeout,
            )
        except CAUGHT as error:
            failure = _failure(error, request)
        else:
            return _answer(response, request)
        raise failure

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: aiohttp.ClientResponse, request: httpx.Request):
        self._response, self._request = response, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_chunked(CHUNK_BYTES):
                yield chunk
        except CAUGHT as error:
            failure = _failure(error, self._request)
        else:
            return
        raise failure

    async def aclose(self) -> None:
        # An answer read to its end gives the connection back, any other cannot be used again.
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


def _answer(response: aiohttp.ClientResponse, request: httpx.Request) -> httpx.Response:
    return httpx.Response(
        response.status,
        headers=list(response.raw_headers),
        stream=_Body(response, request),
        extensions={"http_version": b"HTTP/1.1"},
    )


def _address(request: httpx.Request) -> URL:
    """The address as it is written: what is escaped stays so. A target that was handed aside (it holds a secret) stands in
    for path and query, as in httpx's own transport."""
    url = request.url
    target: bytes = request.extensions.get("target", url.raw_path)
    return URL(f"{url.scheme}://{url.netloc.decode('ascii')}{target.decode('ascii')}", encoded=True)


def _failure(error: Exception, request: httpx.Request) -> httpx.TransportError:
    """To be raised outside of any ``except``, so that its cause is the only trace of what happened below."""
    becomes = next(becomes for kind, becomes in FAILURES if isinstance(error, kind))
    failure = becomes(type(error).__name__, request=request)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        failure.__cause__ = error.certificate_error
    elif not isinstance(error, aiohttp.ClientResponseError | aiohttp.InvalidURL):
        failure.__cause__ = error  # those two quote the address, and it may hold a secret
    return failure
