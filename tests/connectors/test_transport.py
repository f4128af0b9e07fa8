"""The engine under httpx: answers arrive whole, failures keep their meaning and their cause, nothing is sent twice."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from app.connectors.transport import AiohttpTransport

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[str]:
    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    running = await asyncio.start_server(guarded, "127.0.0.1", 0)
    async with running:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"


async def head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def client(**options: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=AiohttpTransport(**options), timeout=httpx.Timeout(2.0))  # type: ignore[arg-type]


def causes(error: BaseException | None) -> list[type[BaseException]]:
    found: list[type[BaseException]] = []
    while error is not None:
        found.append(type(error))
        error = error.__cause__ or error.__context__
    return found


async def test_an_answer_arrives_whole_and_the_path_is_sent_as_it_is_written() -> None:
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await head(reader))
        body = gzip.compress(b'{"ok": true}')
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nX-One: 1\r\nX-One: 2\r\n"
            + f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await writer.drain()

    async with server(talk) as url, client() as http:
        answer = await http.get(f"{url}/a%2Fb/%7Bc%7D?q=1%202&r=%C3%A9")

    assert {"ok": True} == answer.json()
    assert ["1", "2"] == answer.headers.get_list("x-one")
    assert seen[0].startswith(b"GET /a%2Fb/%7Bc%7D?q=1%202&r=%C3%A9 HTTP/1.1\r\n")
    assert 1 == seen[0].lower().count(b"user-agent:")


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
async def test_a_request_whose_answer_is_lost_is_not_sent_again(method: str) -> None:
    arrived = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal arrived
        await head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await head(reader)  # the next one, on the same connection: no answer
        arrived += 1

    async with server(talk) as url, client() as http:
        await http.get(url)

        with pytest.raises(httpx.RemoteProtocolError):
            await http.request(method, url)

    assert 1 == arrived


async def test_an_answer_that_breaks_off_is_a_read_error() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()

    async with server(talk) as url, client() as http:
        with pytest.raises(httpx.ReadError):
            await http.get(url)


async def test_something_else_than_http_is_a_protocol_error() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()

    async with server(talk) as url, client() as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(url)


async def test_silence_is_a_read_timeout() -> None:
    done = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        await done.wait()

    async with server(talk) as url, client() as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.get(url, timeout=httpx.Timeout(0.05, connect=2.0))
        done.set()


async def test_a_refused_connection_says_so() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    async with client() as http:
        with pytest.raises(httpx.ConnectError) as raised:
            await http.get(f"http://127.0.0.1:{port}/")

    assert ConnectionRefusedError in causes(raised.value)


async def test_an_unknown_name_says_so() -> None:
    async with client() as http:
        with pytest.raises(httpx.ConnectError) as raised:
            await http.get("http://no-such-name.invalid/")

    assert socket.gaierror in causes(raised.value)


async def test_a_port_that_does_not_speak_tls_says_so() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with server(talk) as url, client() as http:
        with pytest.raises(httpx.ConnectError) as raised:
            await http.get(url.replace("http:", "https:"))

    assert any(issubclass(cause, ssl.SSLError) for cause in causes(raised.value))


async def test_a_target_handed_aside_is_sent_and_its_secret_stays_out_of_errors() -> None:
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await head(reader))
        writer.write(b"nonsense\r\n\r\n")
        await writer.drain()

    async with server(talk) as url, client() as http:
        request = http.build_request("GET", f"{url}/path", extensions={"target": b"/path?secret=s3cr%26t"})
        with pytest.raises(httpx.RemoteProtocolError) as raised:
            await http.send(request)

    assert seen[0].startswith(b"GET /path?secret=s3cr%26t HTTP/1.1\r\n")
    assert "s3cr" not in "".join(traceback.format_exception(raised.value))
