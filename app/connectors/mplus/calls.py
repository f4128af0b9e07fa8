"""One call to a till: a place at the gate, a bounded wait, and an error that says who must act.

The secret travels in the query string (mplus.md §1), and httpx logs the URL of every request. So the request is built
without it, and the real target is handed to the transport aside: what gets logged, raised or printed never held it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from app.connectors.base import Gate
from app.connectors.http import CONNECT_SECONDS, prepared, seconds_of
from app.connectors.lost import Remote, lost, read_capped
from app.connectors.mplus import refusals, soap
from app.connectors.mplus.codec import Element
from app.connectors.mplus.encodings import Malformed
from app.connectors.mplus.models import MplusCredentials, MplusSettings, Version
from app.errors import RecordRefused, RemoteUnavailable

MAX_ANSWER_BYTES = 64 * 1024 * 1024

TILL = Remote(
    name="the till",
    certificate_advice="Use the host name that the vendor gave; if it is right, its certificate has expired: tell the vendor.",
    port_advice="Check the port: the till's Q-API answers https on the customer's own port.",
    scrub=refusals.sentence,
)
LARGE_ANSWER_BYTES = 2 * 1024 * 1024

T = TypeVar("T")


class Till:
    """Calls to one address. ``version`` is what the till last said about itself."""

    def __init__(
        self, settings: MplusSettings, credentials: MplusCredentials, *, http: httpx.AsyncClient, gate: Gate
    ):
        self.version = Version()
        self.host = settings.host
        self.port = settings.port
        self._http = http
        self._gate = gate
        self._url = settings.url
        self._timeout = httpx.Timeout(
            settings.answer_seconds, connect=min(CONNECT_SECONDS, settings.answer_seconds)
        )
        self._target = credentials.target(settings.url)
        secret = credentials.secret.get_secret_value()
        self._secrets = (secret, quote(secret, safe=""))

    async def call(
        self, operation: str, arguments: Mapping[str, Any] | None = None, *, writing: bool = False
    ) -> soap.Answer:
        """Make the call. Raises the error of whatever stood in its way; ``in_doubt`` when a write may have happened."""
        status, headers, body = await self._send(operation, arguments or {}, writing=writing)
        return self._answer(operation, status, headers, body, writing=writing)

    async def picked(
        self, operation: str, arguments: Mapping[str, Any], *, row: str, pick: Callable[[Element], T | None]
    ) -> list[T]:
        """What ``pick`` keeps of each row of an answer that may be very large.

        A large answer is read beside the loop, row by row, so that neither time nor memory grows with it here.
        """
        status, headers, body = await self._send(operation, arguments, writing=False)
        if status != 200 or len(body) < LARGE_ANSWER_BYTES:
            return _picked(self._answer(operation, status, headers, body, writing=False).elements(row), pick)
        try:
            return await asyncio.to_thread(lambda: _picked(soap.rows(body, operation, row), pick))
        except soap.NotSoap as found:
            raise refusals.of_not_soap(found, writing=False, port=self.port) from None

    async def document(
        self, operation: str, arguments: Mapping[str, Any] | None = None, *, writing: bool = False
    ) -> dict[str, Any]:
        """The whole answer as plain data."""
        answer = await self.call(operation, arguments, writing=writing)
        try:
            return answer.document()
        except Malformed as fault:
            if writing:  # it was done, perhaps; what it says about it is lost
                raise RemoteUnavailable(str(fault), in_doubt=True, code="unreadable_answer") from None
            raise refusals.unreadable(operation, str(fault)) from None

    async def done(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A write whose result word must say that it is done."""
        document = await self.document(operation, arguments, writing=True)
        refused = refusals.of_result(document, operation=operation, secrets=self._secrets)
        if refused is not None:
            raise refused
        return document

    async def _send(
        self, operation: str, arguments: Mapping[str, Any], *, writing: bool
    ) -> tuple[int, httpx.Headers, bytes]:
        try:
            content = soap.request(operation, arguments)
        except Malformed as fault:
            raise RecordRefused(
                f"A value does not fit the till's field: {fault}.",
                advice="Correct the mapping row of this field, or the value at its source.",
                field=fault.field,
                code="value_does_not_fit",
            ) from None
        request = prepared(
            "POST",
            self._url,
            operation=operation,
            target=self._target,
            content=content,
            headers={
                "Content-Type": soap.CONTENT_TYPE,
                "Accept": "text/xml",
                "SOAPAction": operation,
                "X-Request-Id": uuid.uuid4().hex,
            },
            timeout=self._timeout,
        )
        async with self._gate.slot():
            try:
                response = await self._http.send(request, stream=True, follow_redirects=False)
                try:
                    body = await read_capped(response, most=MAX_ANSWER_BYTES)
                finally:
                    await response.aclose()
                self.version = (
                    Version.of_header(response.headers.get("Mplus-Service-Version")) or self.version
                )
                return response.status_code, response.headers, body
            except httpx.RequestError as error:
                raise lost(error, remote=TILL, writing=writing, host=self.host, port=self.port) from None

    def _answer(
        self, operation: str, status: int, headers: httpx.Headers, body: bytes, *, writing: bool
    ) -> soap.Answer:
        retry_after = seconds_of(headers.get("Retry-After"))
        try:
            answer = soap.answer(body, operation)
        except soap.NotSoap as found:
            if 200 <= status < 300:
                raise refusals.of_not_soap(found, writing=writing, port=self.port) from None
            raise refusals.of_status(
                status, writing=writing, retry_after=retry_after, port=self.port
            ) from None
        if isinstance(answer, soap.Fault):
            raise refusals.of_fault(answer, operation=operation, writing=writing, secrets=self._secrets)
        if status != 200:
            raise refusals.of_status(status, writing=writing, retry_after=retry_after, port=self.port)
        return answer


def _picked(elements: Iterable[Element], pick: Callable[[Element], T | None]) -> list[T]:
    return [kept for element in elements if (kept := pick(element)) is not None]
