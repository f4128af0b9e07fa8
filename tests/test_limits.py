"""Permits: never one request above an account's limit, whoever asks; nothing is lost when Redis is flushed or away."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from app.connectors import limits
from app.connectors.limits import AccountGate
from app.embedded_redis import embedded_redis


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real server where one is named, the embedded one elsewhere."""
    if url := os.environ.get("TEST_REDIS_URL"):
        yield url
        return
    with embedded_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


class Remote:
    """Counts how many requests are under way."""

    def __init__(self) -> None:
        self.now = self.peak = self.done = 0

    async def call(self, gate: AccountGate) -> None:
        async with gate.slot():
            self.now += 1
            self.peak = max(self.peak, self.now)
            await asyncio.sleep(0.002)
            self.now -= 1
            self.done += 1


def gates(redis: Redis, *, many: int, limit: int) -> list[AccountGate]:
    prefix = f"test:{secrets.token_hex(6)}"
    return [AccountGate(redis, account="shop", limit=limit, prefix=prefix) for _ in range(many)]


async def test_many_workers_together_stay_at_the_limit(redis: Redis) -> None:
    remote, workers = Remote(), gates(redis, many=4, limit=5)

    await asyncio.gather(*(remote.call(gate) for gate in workers for _ in range(40)))
    for gate in workers:
        await gate.give_back()

    assert (160, 5) == (remote.done, remote.peak)


async def test_a_worker_that_stopped_leaves_its_places_to_the_others(redis: Redis) -> None:
    remote, (first, second) = Remote(), gates(redis, many=2, limit=3)

    await asyncio.gather(*(remote.call(first) for _ in range(12)))
    await first.give_back()
    await asyncio.gather(*(remote.call(second) for _ in range(12)))
    await second.give_back()

    assert (24, 3) == (remote.done, remote.peak)


async def test_after_a_flush_holders_come_first(redis: Redis) -> None:
    prefix = f"test:{secrets.token_hex(6)}"
    holder, newcomer = (AccountGate(redis, account="shop", limit=2, prefix=prefix) for _ in range(2))
    async with holder.slot(), holder.slot():
        await redis.delete(*holder._keys)
        await holder._take(2)  # its renewal announces it again

        assert 0 == await newcomer._take(2)
    await holder.give_back()


async def test_without_redis_one_request_at_a_time_goes_on() -> None:
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    remote, gate = Remote(), AccountGate(away, account="shop", limit=5, prefix="test")

    await asyncio.gather(*(remote.call(gate) for _ in range(6)))
    await away.aclose()

    assert (6, 1) == (remote.done, remote.peak)


async def test_backfill_leaves_places_for_live_work(redis: Redis) -> None:
    (gate,) = gates(redis, many=1, limit=5)
    gate._granted, gate._until = 5, float("inf")

    token = limits.live_work.set(False)
    backfill = gate._room()
    limits.live_work.reset(token)

    assert (3, 5) == (backfill, gate._room())
