"""Everything bad that can come in over HTTP, to the real process: it answers clearly, stores nothing, and lives."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from app.connectors.mplus.webhooks import signature
from app.http_protocol import ARRIVES_WITHIN_S
from tests.chaos.house import House, open_house, patience
from tests.chaos.processes import own_redis
from tests.shop import TILL_SECRET

pytestmark = pytest.mark.chaos

SALE = {"event": {"eventCounter": 7}, "session": {"sessionId": "5eea25d4", "lines": []}}
MEGABYTE = 1_000_000


@pytest.fixture
async def door(database_url: str, backend: str, tmp_path: Path) -> AsyncIterator[House]:
    """A house with its API running."""
    async with (
        own_redis(tmp_path / "redis") as redis,
        open_house(database_url, tmp_path, redis, backend=backend) as opened,
    ):
        await opened.api()
        yield opened
        assert [] == opened.complaints()


def rss(house: House) -> int:
    """Bytes of memory that the API holds."""
    process = house.children[0].process
    assert process is not None
    return int(psutil.Process(process.pid).memory_info().rss)


async def test_nothing_bad_is_stored_and_the_process_lives(door: House) -> None:
    token, secret = door.mplus_token, TILL_SECRET
    body = json.dumps(SALE).encode()

    def signed(content: bytes) -> Mapping[str, Any]:
        return {"content": content, "headers": {"X-Mplus-Signature": signature(secret, content)}}

    good = f"/webhooks/mplus/{token}/completeSession"
    bad: dict[str, tuple[int, str, Mapping[str, Any]]] = {
        "unsigned": (400, good, {"content": body}),
        "wrongly signed": (
            400,
            good,
            {"content": body, "headers": {"X-Mplus-Signature": signature(secret, b"other")}},
        ),
        "signed by another's secret": (
            400,
            good,
            {"content": body, "headers": {"X-Mplus-Signature": signature("AAAA", body)}},
        ),
        "truncated": (400, good, {**signed(body), "content": body[:-5]}),
        "10 MB": (413, good, signed(b" " * 10 * MEGABYTE)),
        "not JSON": (400, good, signed(b"<xml/>")),
        "not UTF-8": (400, good, signed(b'{"a": "\xff\xfe\xfd"}')),
        "deeply nested": (400, good, signed(b'{"a":' * 50_000 + b"1" + b"}" * 50_000)),
        "a lone surrogate": (200, f"{good[:-15]}somethingNew", signed(b'{"a": "\\ud800"}')),
        "unknown event": (200, f"{good[:-15]}somethingNew", signed(body)),
        "unknown token": (404, f"/webhooks/mplus/{secrets.token_urlsafe(24)}/completeSession", signed(body)),
        "another system's door": (404, f"/webhooks/mailchimp/{token}", {"content": b"type=profile"}),
        "an endless path": (404, f"/webhooks/mplus/{'x' * 4000}/completeSession", signed(body)),
    }
    before = await door.events()
    async with httpx.AsyncClient(base_url=door.api_url, trust_env=False, timeout=20) as http:
        answers = {
            name: (await http.post(path, **given)).status_code for name, (_, path, given) in bad.items()
        }
        stored = await door.events()
        replayed = [(await http.post(good, **signed(body))).status_code for _ in range(5)]

    assert {name: status for name, (status, _, _) in bad.items()} == answers
    assert before == stored
    assert [200] * 5 == replayed
    assert before + 1 == await door.events()
    assert door.children[0].alive


async def test_no_http_at_all(door: House) -> None:
    """Bytes that are no request: each connection is answered or closed, and the next caller is served."""
    token = door.mplus_token
    head = f"POST /webhooks/mplus/{token}/completeSession HTTP/1.1\r\nHost: x\r\n".encode()
    rubbish = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
        + secrets.token_bytes(200),  # TLS where none is spoken
        b"\x00" * 4096,
        b"GET\r\n\r\n",
        head + b"Content-Length: -5\r\n\r\n{}",
        head + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
        head + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\n{}",
        head + b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\n{}\r\n0\r\n\r\n",
        head + b"X-Mplus-Signature: \xff\xfe\r\nContent-Length: 2\r\n\r\n{}",
        head + b"".join(b"X-H%d: %s\r\n" % (n, b"v" * 1000) for n in range(500)) + b"\r\n",
        head + b"Content-Length: 100\r\n\r\n{",  # and then it hangs up
    ]
    before = await door.events()
    for raw in rubbish:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        try:
            writer.write(raw)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), patience(15))
        except ConnectionError:
            pass  # closed in our face, which is an answer too
        finally:
            writer.close()

        assert 200 == (await door.ring())[0]
    assert before + len(rubbish) == await door.events()


async def test_callers_who_never_come_to_the_point(door: House) -> None:
    """Slow-loris: 300 connections that send a byte now and then are hung up on; the till is served meanwhile."""
    if door.backend != "sqlite":
        pytest.skip("the database plays no part here")
    head = f"POST /webhooks/mplus/{door.mplus_token}/completeSession HTTP/1.1\r\nHost: x\r\n".encode()
    begun = rss(door)

    async def dawdle(n: int) -> float:
        """Half of them in the head, half in the body; how long they are borne with."""
        started = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        gone = asyncio.create_task(reader.read())
        writer.write(head + (b"X-Slow: " if n % 2 else b"Content-Length: 5000\r\n\r\n"))
        try:
            while not gone.done():
                writer.write(b"a")
                await asyncio.wait({gone}, timeout=1.0)
            await gone
        except ConnectionError:
            pass
        finally:
            gone.cancel()
            writer.close()
        return time.monotonic() - started

    callers = [asyncio.create_task(dawdle(n)) for n in range(300)]
    rings = []
    for _ in range(10):
        await asyncio.sleep(0.5)
        rings.append(await door.ring())
    borne = await asyncio.wait_for(asyncio.gather(*callers), patience(ARRIVES_WITHIN_S + 20))

    assert [200] * 10 == [status for status, _ in rings]
    assert patience(2.0) > max(seconds for _, seconds in rings)
    assert patience(ARRIVES_WITHIN_S + 5) > max(borne)
    assert 60 * MEGABYTE > rss(door) - begun
    assert 200 == (await door.ring())[0]


async def test_a_slow_but_steady_upload_is_borne_with(door: House) -> None:
    """A large body over a slow line is no attack: here it is 13 seconds long, and refused for its signature alone."""
    if door.backend != "sqlite":
        pytest.skip("the database plays no part here")
    size = 650_000
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(
        f"POST /webhooks/mplus/{door.mplus_token}/completeSession HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode()
    )
    for _ in range(13):
        writer.write(b" " * (size // 13))
        await writer.drain()
        await asyncio.sleep(1)
    answer = await asyncio.wait_for(reader.readline(), patience(5))
    writer.close()

    assert answer.startswith(b"HTTP/1.1 400")
