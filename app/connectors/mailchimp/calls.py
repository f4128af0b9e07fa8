"""One call to Mailchimp: a place at the gate, a bounded wait, and an error that says who must act.

Mailchimp goes on with a call for up to 120 seconds (mailchimp.md §1.4), so whoever gives up on a write earlier does not
know whether it happened. Paths may hold a hash of an address: they are never logged or raised.
"""

from __future__ import annotations

import base64
import json
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from app.connectors.base import Document, Gate
from app.connectors.http import ANSWER_SECONDS, CONNECT_SECONDS, seconds_of
from app.connectors.mailchimp import refusals
from app.connectors.mailchimp.models import MailchimpCredentials
from app.errors import AppError, MisdirectedConnection, RemoteUnavailable

MAX_ANSWER_BYTES = 64 * 1024 * 1024
JSON_TYPES = ("application/json", "application/problem+json")

Params = Mapping[str, str | int]


class Api:
    """Calls to one account. ``root`` ends in ``/3.0``; ``server_time`` is what the last answer's Date said;
    ``data_centre`` is the one that the key names."""

    def __init__(
        self,
        root: str,
        credentials: MailchimpCredentials,
        *,
        http: httpx.AsyncClient,
        gate: Gate,
        answer_seconds: float = ANSWER_SECONDS,
    ):
        self.root = root
        self.server_time: datetime | None = None
        self._url = httpx.URL(root)
        self._http = http
        self._gate = gate
        self.data_centre = credentials.data_centre
        self._secret = credentials.secret
        self._timeout = httpx.Timeout(answer_seconds, connect=min(CONNECT_SECONDS, answer_seconds))
        if credentials.token is not None:
            authorization = f"Bearer {self._secret}"
        else:
            authorization = "Basic " + base64.b64encode(f"key:{self._secret}".encode()).decode()
        self._headers = {"Authorization": authorization, "Accept": "application/json"}

    @property
    def host(self) -> str:
        """The host name alone."""
        return self._url.host

    @property
    def port(self) -> int:
        """The port for a person's eyes, the scheme's own when none is written."""
        return self._url.port or {"https": 443, "http": 80}[self._url.scheme]

    async def get(self, path: str, *, operation: str, params: Params | None = None) -> Document:
        """Read something. ``operation`` is a fixed word for metrics."""
        return await self.call("GET", path, operation=operation, params=params)

    async def call(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        params: Params | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Document:
        """Make the call; an answer without content is an empty document. Raises the error of what stood in its way."""
        writing = method != "GET"
        headers = self._headers
        content = None
        if body is not None:
            content = encoded(body)
            headers = {**headers, "Content-Type": "application/json"}
        request = self._http.build_request(
            method,
            self.root + path,
            params=params,
            content=content,
            headers=headers,
            timeout=self._timeout,
            extensions={"timeout": self._timeout.as_dict(), "operation": operation},
        )
        async with self._gate.slot():
            try:
                response = await self._http.send(request, stream=True, follow_redirects=False)
                try:
                    raw = await _capped(response)
                finally:
                    await response.aclose()
            except httpx.RequestError as error:
                raise lost(error, writing=writing, host=self.host, port=self.port) from None
        self.server_time = _moment(response.headers.get("Date")) or self.server_time
        return self._answer(response.status_code, response.headers, raw, writing=writing)

    def _answer(self, status: int, headers: httpx.Headers, raw: bytes, *, writing: bool) -> Document:
        document = _document(raw, headers.get("Content-Type", ""))
        if 200 <= status < 300:
            if document is not None:
                return document
            if not raw.strip():
                return {}
            if writing:  # it was done, perhaps; what it says about it is lost
                raise RemoteUnavailable(
                    "Mailchimp's answer cannot be read.", in_doubt=True, code="unreadable_answer"
                )
            raise refusals.not_the_api()
        raise refusals.of_answer(
            status,
            document,
            writing=writing,
            retry_after=seconds_of(headers.get("Retry-After")),
            secret=self._secret,
        )


def encoded(body: Mapping[str, Any]) -> bytes:
    """JSON as Mailchimp wants it: money as a number, never as a text (mailchimp.md §1.5)."""
    return json.dumps(body, separators=(",", ":"), default=_plain, allow_nan=False).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON")


def segment(value: str) -> str:
    """One segment of a path: whatever an id holds, it cannot leave its place (mailchimp.md §6, trap 3)."""
    return quote(value, safe="")


def lost(error: httpx.RequestError, *, writing: bool, host: str, port: int) -> AppError:
    """The error of a request that brought no answer; ``in_doubt`` unless it surely never left."""
    causes = _causes(error)
    certificate = next((c for c in causes if isinstance(c, ssl.SSLCertVerificationError)), None)
    if certificate is not None:
        return MisdirectedConnection(
            f"The certificate of {host} cannot be trusted: {refusals.scrubbed(certificate.verify_message or '')}.",
            advice="Leave the address of the API empty to use Mailchimp's own, and look for a proxy on the way that opens TLS.",
            code="tls_certificate",
        )
    if isinstance(error, httpx.ConnectError) and any(isinstance(c, ssl.SSLError) for c in causes):
        return MisdirectedConnection(
            f"Port {port} of {host} does not speak TLS.",
            advice="Check the port in the address of the API; Mailchimp's own is 443.",
            code="tls_not_spoken",
        )
    if any(isinstance(c, socket.gaierror) for c in causes):
        return RemoteUnavailable(f"The name {host} cannot be found.", code="dns_not_found")
    if any(isinstance(c, ConnectionRefusedError) for c in causes):
        return RemoteUnavailable(f"Nothing listens at port {port} of {host}.", code="connection_refused")
    if isinstance(error, httpx.ConnectTimeout):
        return RemoteUnavailable(f"No connection to port {port} of {host} in time.", code="connect_timeout")
    if isinstance(error, httpx.ConnectError):
        return RemoteUnavailable(f"No connection to port {port} of {host}.", code="no_connection")
    if isinstance(error, httpx.PoolTimeout):
        return RemoteUnavailable("No free connection to Mailchimp in time.")
    if isinstance(error, httpx.UnsupportedProtocol):
        return MisdirectedConnection(
            "The address has no scheme that we speak.",
            advice="It begins with https://",
            code="invalid_address",
        )
    if isinstance(error, httpx.TimeoutException):
        return RemoteUnavailable("Mailchimp did not answer in time.", in_doubt=writing, code="answer_timeout")
    return RemoteUnavailable(
        "The connection to Mailchimp broke before its answer.", in_doubt=writing, code="answer_lost"
    )


async def _capped(response: httpx.Response) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise httpx.ReadError(
                "the answer is larger than anything Mailchimp sends", request=response.request
            )
        chunks.append(chunk)
    return b"".join(chunks)


def _document(raw: bytes, content_type: str) -> Document | None:
    """The JSON object of an answer. The content type alone does not tell: throttled answers are HTML or nothing."""
    if content_type.split(";", 1)[0].strip().lower() not in JSON_TYPES and raw[:1] != b"{":
        return None
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _moment(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        found = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    pending: list[BaseException | None] = [error]
    while pending and len(found) < 50:
        current = pending.pop()
        if current is None or current in found:
            continue
        found.append(current)
        pending += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            pending += current.exceptions
    return found
