"""Requests that brought no answer: why, who must act, and whether the remote may have acted all the same."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from app.errors import AppError, MisdirectedConnection, RemoteUnavailable


@dataclass(frozen=True, slots=True)
class Remote:
    """How a remote system is spoken of. ``scrub`` makes a foreign sentence fit to be shown."""

    name: str
    certificate_advice: str
    port_advice: str
    scrub: Callable[[str], str]


def lost(
    error: httpx.RequestError, *, remote: Remote, writing: bool, host: str, port: int | None
) -> AppError:
    """The error of a request without an answer; ``in_doubt`` unless it surely never left."""
    causes = _causes(error)
    certificate = next((c for c in causes if isinstance(c, ssl.SSLCertVerificationError)), None)
    if certificate is not None:
        said = remote.scrub(certificate.verify_message or "").rstrip(".")
        return MisdirectedConnection(
            f"The certificate of {host} cannot be trusted: {said}.",
            advice=remote.certificate_advice,
            code="tls_certificate",
        )
    if isinstance(error, httpx.ConnectError) and any(isinstance(c, ssl.SSLError) for c in causes):
        return MisdirectedConnection(
            f"Port {port} of {host} does not speak TLS.", advice=remote.port_advice, code="tls_not_spoken"
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
        return RemoteUnavailable(f"No free connection to {remote.name} in time.")
    if isinstance(error, httpx.UnsupportedProtocol):
        return MisdirectedConnection(
            "The address has no scheme that we speak.",
            advice="It begins with https://",
            code="invalid_address",
        )
    if isinstance(error, httpx.TimeoutException):
        name = remote.name[:1].upper() + remote.name[1:]
        return RemoteUnavailable(f"{name} did not answer in time.", in_doubt=writing, code="answer_timeout")
    return RemoteUnavailable(
        f"The connection to {remote.name} broke before its answer.", in_doubt=writing, code="answer_lost"
    )


async def read_capped(response: httpx.Response, *, most: int) -> bytes:
    """The body of an answer. Raises httpx.ReadError past ``most`` bytes: no remote of ours sends that much."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > most:
            raise httpx.ReadError("the answer is larger than any that makes sense", request=response.request)
        chunks.append(chunk)
    return b"".join(chunks)


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
