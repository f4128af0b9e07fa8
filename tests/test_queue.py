"""The bell's client: what it does when Redis neither answers nor refuses."""

from __future__ import annotations

import asyncio
import time

import pytest
from redis.exceptions import RedisError

from app.queue import open_redis


async def test_a_call_to_a_redis_that_hangs_ends_in_time() -> None:
    async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hangs, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    redis = open_redis(f"redis://127.0.0.1:{port}/3", answer_s=0.1)
    started = time.monotonic()
    try:
        with pytest.raises(RedisError):
            await asyncio.wait_for(redis.ping(), 10)
        took = time.monotonic() - started
    finally:
        await redis.aclose(close_connection_pool=True)
        server.close()
        await server.wait_closed()

    assert 3 > took
