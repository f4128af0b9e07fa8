"""Requests without an answer: who must act, and whether the write may have happened."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
import pytest

from app.connectors.lost import Remote, lost, read_capped
from app.errors import AppError, TimeError

REMOTE = Remote("the till", "Look at the certificate.", "Look at the port.", scrub=str)


def _told(error: AppError) -> tuple[Any, ...]:
    return type(error).__name__, error.code, error.in_doubt if isinstance(error, TimeError) else None


def _certificate() -> httpx.ConnectError:
    error = httpx.ConnectError("no")
    error.__cause__ = ssl.SSLCertVerificationError(1, "self-signed certificate")
    error.__cause__.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectError("refused"), ("RemoteUnavailable", "no_connection", False)),
        (httpx.ConnectTimeout("slow"), ("RemoteUnavailable", "connect_timeout", False)),
        (httpx.PoolTimeout("full"), ("RemoteUnavailable", "remote_unavailable", False)),
        (httpx.ReadTimeout("slow"), ("RemoteUnavailable", "answer_timeout", True)),
        (httpx.WriteTimeout("slow"), ("RemoteUnavailable", "answer_timeout", True)),
        (httpx.ReadError("reset"), ("RemoteUnavailable", "answer_lost", True)),
        (httpx.RemoteProtocolError("gone"), ("RemoteUnavailable", "answer_lost", True)),
        (httpx.UnsupportedProtocol("ftp"), ("MisdirectedConnection", "invalid_address", None)),
        (_certificate(), ("MisdirectedConnection", "tls_certificate", None)),
    ],
)
def test_no_answer_says_whether_the_write_may_have_happened(
    error: httpx.RequestError, expected: tuple[Any, ...]
) -> None:
    assert expected == _told(lost(error, remote=REMOTE, writing=True, host="till.example", port=443))


async def test_an_endless_answer_is_cut_off() -> None:
    with pytest.raises(httpx.ReadError):
        await read_capped(
            httpx.Response(200, content=b"x" * 11, request=httpx.Request("GET", "https://till.example")),
            most=10,
        )
