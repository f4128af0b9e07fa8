"""Redis killed, emptied and hung: webhooks are acknowledged all the while, and nothing waits for a hand."""

from __future__ import annotations

import asyncio

import pytest

from tests.chaos.house import House, patience

pytestmark = pytest.mark.chaos

CASHIER_WAITS_S = 2.0


async def test_redis_is_killed_in_the_middle(house: House) -> None:
    house.fill(500)
    house.worker()
    await house.api()
    await house.reaches(150)
    house.redis.kill()
    acknowledged = [await house.ring() for _ in range(5)]
    await asyncio.sleep(3)
    acknowledged += [await house.ring() for _ in range(5)]
    house.redis.start()

    await house.recover("Redis is killed amid 500 deliveries, and back after 3 s")
    assert [200] * 10 == [status for status, _ in acknowledged]
    assert patience(CASHIER_WAITS_S) > max(seconds for _, seconds in acknowledged)


async def test_redis_is_killed_and_comes_back_empty(house: House) -> None:
    house.fill(200)
    house.worker()
    await house.reaches(60)
    house.redis.kill(forgetting=True)
    await asyncio.sleep(1)
    house.redis.start()

    await house.recover("Redis is killed and comes back empty")


async def test_redis_is_flushed_in_the_middle(house: House) -> None:
    house.fill(300)
    house.worker()
    house.worker()
    for enough in (30, 90, 150):
        await house.reaches(enough)
        house.redis.flush()

    await house.recover("FLUSHALL, three times amid 300 deliveries")


async def test_redis_hangs_for_ten_seconds(house: House) -> None:
    house.fill(200)
    house.worker()
    told = house.worker()
    await house.api()
    await house.reaches(60)
    house.redis.freeze()
    acknowledged = []
    for n in range(20):
        acknowledged.append(await house.ring())
        await asyncio.sleep(0.5)
        if n == 10:
            left = await told.stop()
    house.edit(1)
    house.redis.thaw()

    await house.recover("Redis hangs for 10 s")
    assert [200] * 20 == [status for status, _ in acknowledged]
    assert patience(CASHIER_WAITS_S) > max(seconds for _, seconds in acknowledged)
    assert patience(5.0) > left, "a worker that is told to stop while Redis hangs stops"
