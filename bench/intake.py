"""Intake: signed till webhooks stored durably, against a bare FastAPI endpoint that only reads the body."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import count

import uvloop
from fastapi import FastAPI, Request, Response
from sqlalchemy import func, select

from app.store.tables import events
from bench.figures import Figure
from bench.house import TILL_SECRET, TILL_TOKEN, House, free_port, house, until_open

CONNECTIONS = 32
PATH = f"/webhooks/mplus/{TILL_TOKEN}/completeSession"

bare = FastAPI()


@bare.post("/{path:path}")
async def read(request: Request) -> Response:
    """Read the body, answer."""
    await request.body()
    return Response(b"{}", media_type="application/json")


async def run(requests: int = 20_000) -> list[Figure]:
    """Requests a second of both, latency of ours, and that every one was stored."""
    async with house(relations=0) as made:
        port, other = free_port(), free_port()
        plain = ("-m", "uvicorn", "--no-access-log", "--log-level", "warning", "--port", str(other))
        with made.process(*plain, "bench.intake:bare"):
            await until_open(other)
            bodies = _requests()
            await load(other, [next(bodies) for _ in range(500)])
            most, _ = await load(other, [next(bodies) for _ in range(requests)])
        with made.process("-m", "app", "serve", port=port):
            await until_open(port)
            bodies = _requests()
            warm = [next(bodies) for _ in range(500)]
            await load(port, warm)
            ours, latencies = await load(port, [next(bodies) for _ in range(requests)])
        stored = await _stored(made)
    p50, p99 = (statistics.quantiles(latencies, n=100)[n - 1] * 1000 for n in (50, 99))
    return [
        Figure("intake", "bare endpoint", most, "req/s"),
        Figure("intake", "signed webhooks, stored", ours, "req/s", "at least 1,500", ours >= 1500),
        Figure("intake", "stored / bare", ours / most, "x", "at least 0.5x", ours / most >= 0.5),
        Figure("intake", f"p50 at {CONNECTIONS} connections", p50, "ms"),
        Figure("intake", f"p99 at {CONNECTIONS} connections", p99, "ms", "under 50 ms", p99 < 50),
        Figure(
            "intake",
            "acknowledged but not stored",
            requests + 500 - stored,
            "",
            "none",
            stored == requests + 500,
        ),
    ]


async def _stored(made: House) -> int:
    async with made.resources.db.read() as conn:
        return int((await conn.execute(select(func.count()).select_from(events))).scalar_one())


def _requests() -> Iterator[bytes]:
    """Whole requests, each its own event, signed."""
    key = base64.b64decode(TILL_SECRET)
    run_id = os.urandom(4).hex()
    for n in count():
        body = json.dumps(
            {"event": "completeSession", "session": {"id": f"{run_id}-{n}", "branchNumber": 1}}
        ).encode()
        signature = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()
        yield (
            f"POST {PATH} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"X-Mplus-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


async def load(port: int, requests: Sequence[bytes]) -> tuple[float, list[float]]:
    """Send all over so many connections; requests a second, and how long each took."""
    left = iter(requests)
    latencies: list[float] = []

    async def go() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in left:
            started = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.split(b"\r\n", 1)[0].decode())
            length = next(
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            )
            await reader.readexactly(length)
            latencies.append(time.perf_counter() - started)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(go() for _ in range(CONNECTIONS)))
    return len(requests) / (time.perf_counter() - began), latencies


if __name__ == "__main__":
    from bench.figures import table

    print(table(uvloop.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))))
