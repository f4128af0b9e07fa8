"""HTTP to the other systems: one client per system, TLS always checked, failures read by one table.

What concerns every request to anybody outside stands in the transport, where no call site can forget it: plain http is
refused outside sandbox mode, and every request is counted and timed.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from app.connectors.transport import AiohttpTransport
from app.errors import (
    MisdirectedConnection,
)
from app.metrics import REMOTE_REQUESTS, REMOTE_SECONDS

ANSWER_SECONDS = 125.0
"""Mailchimp goes on with a call for up to 120 s (mailchimp.md §1.4): giving up earlier would leave more in doubt."""
CONNECT_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 10.0
COMMON_HEADERS = {"User-Agent": "till-to-audience", "Accept-Encoding": "gzip, deflate"}


class Watched(httpx.AsyncBaseTransport):
    """The transport of one system: refuses plain http where it must, counts and times everything."""

    def __init__(self, inner: httpx.AsyncBaseTransport, *, system: str, plain_http: bool):
        self._inner = inner
        self._system = system
        self._plain_http = plain_http
        self._seconds = REMOTE_SECONDS.labels(system)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it. ``request.extensions["operation"]`` is its label: a fixed word, never a path."""
        if request.url.scheme != "https" and not self._plain_http:
            raise plain_http_refused(request.url.host)
        operation = str(request.extensions.get("operation", request.method))
        started = time.perf_counter()
        outcome = "cancelled"
        try:
            response = await self._inner.handle_async_request(request)
            outcome = str(response.status_code)
        except httpx.RequestError as error:
            outcome = type(error).__name__
            raise
        finally:
            self._seconds.observe(time.perf_counter() - started)
            REMOTE_REQUESTS.labels(self._system, operation, outcome).inc()
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class _NoCookies(httpx.Cookies):
    """Takes none out of an answer: even to refuse them each answer was gone through at length."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Nothing is kept."""


class _Client(httpx.AsyncClient):
    _none = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:
        """Never any: accounts share the client, and nothing of one may reach another."""
        return self._none

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        """Nothing is kept."""


def prepared(
    method: str,
    url: httpx.URL | str,
    *,
    operation: str,
    headers: Mapping[str, str],
    timeout: httpx.Timeout,
    content: bytes | None = None,
    params: Mapping[str, Any] | None = None,
    target: bytes | None = None,
) -> httpx.Request:
    """A request to be sent by a client of ours. The client's own way puts every part beside its defaults first, and reads the
    address twice, which took as long as the sending.

    ``operation`` is its label in the metrics, a fixed word. ``target`` stands in for path and query where they hold a secret.
    """
    aside = {} if target is None else {"target": target}
    return httpx.Request(
        method,
        url,
        params=params,
        headers={**COMMON_HEADERS, **headers},
        content=content,
        extensions={"timeout": timeout.as_dict(), "operation": operation, **aside},
    )


def open_client(
    system: str,
    *,
    plain_http: bool,
    answer_seconds: float = ANSWER_SECONDS,
    verify: ssl.SSLContext | bool = True,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """A client for all connections of one system. It follows no redirects, keeps no cookies, and reads no environment:
    accounts share it, and nothing of one may reach another."""
    inner = transport or AiohttpTransport(verify=verify, keep_alive_seconds=KEEP_ALIVE_SECONDS)
    return _Client(
        transport=Watched(inner, system=system, plain_http=plain_http),
        timeout=httpx.Timeout(
            answer_seconds, connect=min(CONNECT_SECONDS, answer_seconds), pool=CONNECT_SECONDS
        ),
        headers=COMMON_HEADERS,
        follow_redirects=False,
        trust_env=False,
    )


class Clients:
    """The HTTP clients, one per system, made when first asked for."""

    def __init__(self, *, plain_http: bool):
        self._plain_http = plain_http
        self._clients: dict[str, httpx.AsyncClient] = {}

    def of(self, system: str) -> httpx.AsyncClient:
        """The system's client."""
        if system not in self._clients:
            self._clients[system] = open_client(system, plain_http=self._plain_http)
        return self._clients[system]

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()


def plain_http_refused(host: str) -> MisdirectedConnection:
    """The error for an address that is not https, where it must be."""
    return MisdirectedConnection(
        f"The address of {host} is plain http; secrets and people's data would travel open.",
        advice="Use its https:// address. Plain http is for the built-in sandbox only (SANDBOX=1).",
        code="plain_http",
    )


def check_scheme(address: str, *, plain_http: bool) -> None:
    """Refuse at save what the transport would refuse at each request. Raises MisdirectedConnection."""
    url = httpx.URL(address)
    if url.scheme != "https" and not (plain_http and url.scheme == "http"):
        raise plain_http_refused(url.host or address)


_HOST = re.compile(
    rb"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,20}\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
)


def proper_address(value: str, *, example: str) -> httpx.URL:
    """An address that somebody entered, as a URL: http or https, a host that can be one, and nothing secret in it.

    Raises ValueError with a sentence for people.
    """
    try:
        url = httpx.URL(value.strip())
    except httpx.InvalidURL:
        raise ValueError(f"must be an address such as {example}") from None
    host, port = url.raw_host, url.port
    possible = _HOST.fullmatch(host) and len(host) <= 253 and (port is None or 0 < port < 65_536)
    if url.scheme not in ("http", "https") or not possible:
        raise ValueError(f"must be an address such as {example}")
    if url.query or url.fragment or url.userinfo:
        raise ValueError("must hold neither a query nor a user: secrets have fields of their own")
    return url


def seconds_of(value: str | None, *, now: Callable[[], float] = time.time) -> float | None:
    """``Retry-After`` in seconds, given as a number or as a date; None when it says neither."""
    if value is None:
        return None
    text = value.strip()
    if text.isdigit() and len(text) < 8:
        return float(text)
    return _date_seconds(text, now=now())


def _date_seconds(text: str, *, now: float) -> float | None:
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None
