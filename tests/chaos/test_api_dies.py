"""The API killed while the till rings: whatever was acknowledged arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chaos.house import House, open_house, until
from tests.chaos.processes import own_redis

pytestmark = pytest.mark.chaos


@pytest.fixture
async def rung_house(database_url: str, backend: str, tmp_path: Path) -> AsyncIterator[House]:
    """A house that polls once an hour: only what rings moves anything."""
    async with (
        own_redis(tmp_path / "redis") as redis,
        open_house(database_url, tmp_path, redis, backend=backend, poll_interval_s=3600) as opened,
    ):
        yield opened
        assert [] == opened.complaints()


async def test_the_api_is_killed_while_webhooks_come_in(rung_house: House) -> None:
    house = rung_house
    house.worker()
    api = await house.api()
    stop = asyncio.Event()
    acknowledged: list[float] = []

    async def ringing() -> None:
        while not stop.is_set():
            status, seconds = await house.ring()
            if status == 200:
                acknowledged.append(seconds)
            else:
                await asyncio.sleep(0.02)

    callers = [asyncio.create_task(ringing()) for _ in range(4)]
    for _ in range(3):
        await more(acknowledged, 60)
        house.fill(100)
        api.kill()
        api.start()
    house.fill(200)
    await house.answers()
    await more(acknowledged, 8)
    stop.set()
    await asyncio.gather(*callers)

    # Everything was rung for after the last change, and acknowledged: no poll will come by itself for an hour.
    await house.recover("The API is killed three times while signed webhooks come in")
    assert await house.events() >= len(acknowledged)


async def more(acknowledged: list[float], count: int) -> None:
    """Wait until so many more are acknowledged."""
    enough = len(acknowledged) + count
    await until(lambda: len(acknowledged) >= enough, within_s=30, what=f"{count} webhooks are acknowledged")
