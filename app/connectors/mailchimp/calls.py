"""One call to Mailchimp: a place at the gate, a bounded wait, and an error that says who must act.

Mailchimp goes on with a call for up to 120 seconds (mailchimp.md §1.4), so whoever gives up on a write earlier does not
know whether it happened. Paths may hold a hash of an address: they are never logged or raised.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from app.connectors.base import Document, Gate
from app.connectors.http import ANSWER_SECONDS, CONNECT_SECONDS, prepared, seconds_of
from app.connectors.lost import Remote, lost, read_capped
from app.connectors.mailchimp import refusals
from app.connectors.mailchimp.models import MailchimpCredentials
from app.errors import RemoteUnavailable

MAX_ANSWER_BYTES = 64 * 1024 * 1024

MAILCHIMP = Remote(
    name="Mailchimp",
    certificate_advice="Leave the address of the API empty to use Mailchimp's own, and look for a proxy on the way that opens TLS.",
    port_advice="Check the port in the address of the API; Mailchimp's own is 443.",
    scrub=refusals.scrubbed,
)
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
    def http(self) -> httpx.AsyncClient:
        """The client beneath, for what is not Mailchimp's: nothing of the account goes along."""
        return self._http

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
        request = prepared(
            method,
            self.root + path,
            operation=operation,
            headers=headers,
            timeout=self._timeout,
            content=content,
            params=params,
        )
        async with self._gate.slot():
            try:
                response = await self._http.send(request, stream=True, follow_redirects=False)
                try:
                    raw = await read_capped(response, most=MAX_ANSWER_BYTES)
                finally:
                    await response.aclose()
            except httpx.RequestError as error:
                raise lost(error, remote=MAILCHIMP, writing=writing, host=self.host, port=self.port) from None
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
