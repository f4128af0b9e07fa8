"""Places: never one request above an account's limit, whoever asks; nothing is lost when Redis is flushed or away."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from app.connectors.limits import AccountGate, Timing, live_work, nobody_holds_yet
from app.embedded_redis import embedded_redis
from app.errors import RemoteUnavailable

SHORT = Timing(lasts=0.6, renew=0.05, settle=0.15, quiet=0.3, linger=0.02, ask_again=0.01, give_up=0.05)
PATIENT = Timing(lasts=60, renew=0.02, settle=60, quiet=60, linger=0.02, ask_again=0.01)


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


@pytest.fixture
async def prefix(redis: Redis) -> AsyncIterator[str]:
    """A prefix of our own, in a Redis that has been up for long."""
    name = f"test:{secrets.token_hex(6)}"
    await redis.set(f"{name}:places-since", 1)
    yield name
    async for key in redis.scan_iter(f"{name}:*"):
        await redis.delete(key)


class Remote:
    """Counts how many requests are under way."""

    def __init__(self) -> None:
        self.under_way = self.peak = self.done = 0
        self.order: list[str] = []

    async def call(self, gate: AccountGate, *, live: bool = True, seconds: float = 0.002) -> None:
        live_work.set(live)
        async with gate.slot():
            self.under_way += 1
            self.peak = max(self.peak, self.under_way)
            self.order.append("live" if live else "backfill")
            await asyncio.sleep(seconds)
            self.under_way -= 1
            self.done += 1


@asynccontextmanager
async def gates(
    redis: Redis | None, prefix: str, *, many: int, limit: int, timing: Timing = SHORT
) -> AsyncIterator[list[AccountGate]]:
    made = [
        AccountGate(redis, account="shop", limit=limit, prefix=prefix, timing=timing) for _ in range(many)
    ]
    yield made
    for gate in made:
        await gate.close()


async def _until(gate: AccountGate, *, busy: int) -> None:
    while sum(gate._busy.values()) != busy:
        await asyncio.sleep(0)


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_many_workers_together_reach_the_limit_and_stay_at_it(
    redis: Redis, prefix: str, limit: int
) -> None:
    remote = Remote()
    async with gates(redis, prefix, many=4, limit=limit) as workers:
        await asyncio.gather(*(remote.call(gate) for gate in workers for _ in range(25)))

    assert (100, limit, 0) == (remote.done, remote.peak, remote.under_way)


async def test_idle_places_are_given_back(redis: Redis, prefix: str) -> None:
    remote = Remote()
    async with gates(redis, prefix, many=2, limit=3) as (first, second):
        await asyncio.gather(*(remote.call(first) for _ in range(9)))
        while await redis.hget(f"{prefix}:places:shop", first._holder):
            await asyncio.sleep(0.005)
        await asyncio.gather(*(remote.call(second) for _ in range(9)))

    assert (18, 3) == (remote.done, remote.peak)


async def test_who_comes_while_places_are_given_back_is_not_forgotten(
    redis: Redis, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = Remote()
    async with gates(redis, prefix, many=1, limit=2) as (gate,):
        await remote.call(gate)
        late: list[asyncio.Task[None]] = []
        given = gate.give_back

        async def while_somebody_comes() -> None:
            await given()
            if not late:
                late.append(asyncio.create_task(remote.call(gate)))
                await asyncio.sleep(0)

        monkeypatch.setattr(gate, "give_back", while_somebody_comes)
        async with asyncio.timeout(5):
            while not late:
                await asyncio.sleep(0.01)
            await late[0]

    assert 2 == remote.done


async def test_a_busy_worker_shares_with_one_that_comes_later(redis: Redis, prefix: str) -> None:
    remote, later = Remote(), Remote()
    async with gates(redis, prefix, many=2, limit=4) as (first, second):
        hog = [asyncio.create_task(remote.call(first, seconds=0.01)) for _ in range(200)]
        await _until(first, busy=4)
        await later.call(second)
        left = sum(not task.done() for task in hog)
        await asyncio.gather(*hog)

    assert left > 0  # it did not have to wait for the other's end
    assert 4 == remote.peak


async def test_after_a_flush_holders_announce_themselves_and_nobody_else_takes(
    redis: Redis, prefix: str
) -> None:
    async with gates(redis, prefix, many=2, limit=2, timing=PATIENT) as (holder, newcomer):
        async with holder.slot(), holder.slot():
            await redis.delete(f"{prefix}:places:shop", f"{prefix}:places-since")
            while not await redis.exists(f"{prefix}:places:shop"):
                await asyncio.sleep(0.005)

            assert (0, 0) == await newcomer._call(2, 0)
        await holder.close()

        assert (0, 0) == await newcomer._call(
            2, 0
        )  # free, and still nobody takes before all had time to speak


async def test_a_flush_with_a_fresh_start_ends_by_itself(redis: Redis, prefix: str) -> None:
    await redis.delete(f"{prefix}:places-since")
    remote = Remote()
    async with gates(redis, prefix, many=1, limit=2) as (gate,):
        await asyncio.gather(*(remote.call(gate) for _ in range(4)))

    assert (4, 2) == (remote.done, remote.peak)


async def test_a_holder_that_is_not_heard_of_counts_until_it_was_missed_for_a_while(
    redis: Redis, prefix: str
) -> None:
    timing = replace(SHORT, lasts=0.05)
    async with gates(redis, prefix, many=2, limit=2, timing=timing) as (dead, heir):
        assert (2, 0) == await dead._call(2, 0)
        await asyncio.sleep(0.06)  # its end has passed

        assert (0, 0) == await heir._call(2, 0)  # missed now, and counted fully
        remote = Remote()
        await asyncio.gather(*(remote.call(heir) for _ in range(4)))

        assert (4, 2) == (remote.done, remote.peak)
        dead._redis = None


async def test_places_kept_for_live_work_are_lent_while_there_is_none(redis: Redis, prefix: str) -> None:
    async with gates(redis, prefix, many=2, limit=5, timing=PATIENT) as (backfill, live):
        assert (5, 5) == await backfill._call(0, 9)
        assert (0, 0) == await live._call(1, 0)  # all lent
        assert (2, 2) == await backfill._call(0, 9)  # shared, now that somebody else waits
        assert (1, 0) == await live._call(1, 0)
        assert (3, 3) == await backfill._call(0, 9)  # nobody waits any more: all but what is kept and taken


async def test_live_work_overtakes_backfill_in_the_same_worker(prefix: str) -> None:
    remote = Remote()
    async with gates(None, prefix, many=1, limit=2) as (gate,):
        backfill = [asyncio.create_task(remote.call(gate, live=False)) for _ in range(6)]
        await _until(gate, busy=2)
        await asyncio.gather(*backfill, remote.call(gate, live=True))

    assert ["backfill", "backfill", "live", "backfill", "backfill", "backfill", "backfill"] == remote.order


async def test_while_redis_is_away_one_of_the_held_places_goes_on(redis: Redis, prefix: str) -> None:
    remote = Remote()
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    async with gates(redis, prefix, many=1, limit=5, timing=replace(SHORT, lasts=0.1)) as (gate,):
        async with gate.slot():
            gate._redis, gate._take = away, away.register_script("return 0")
            while gate._away_since is None or gate._may_start(True):
                await asyncio.sleep(0.005)
        await asyncio.gather(*(remote.call(gate) for _ in range(5)))
    await away.aclose()

    assert (5, 1) == (remote.done, remote.peak)


async def test_who_held_nothing_when_redis_went_away_is_told(prefix: str) -> None:
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    async with gates(away, prefix, many=1, limit=5) as (gate,):
        with pytest.raises(RemoteUnavailable) as caught:
            async with gate.slot():
                pass
    await away.aclose()

    assert ("limits_unknown", False) == (caught.value.code, caught.value.in_doubt)


async def test_a_waiting_request_that_is_cancelled_leaves_no_trace(prefix: str) -> None:
    remote = Remote()
    async with gates(None, prefix, many=1, limit=1) as (gate,):
        first = asyncio.create_task(remote.call(gate, seconds=0.01))
        await _until(gate, busy=1)
        second = asyncio.create_task(remote.call(gate))
        third = asyncio.create_task(remote.call(gate))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(first, third)

    assert (2, 0, True) == (remote.done, remote.under_way, second.cancelled())


_PROCESS = """
import asyncio, sys
from redis.asyncio import Redis
from app.connectors.limits import AccountGate, Timing

async def main(url, prefix, port):
    redis = Redis.from_url(url)
    gate = AccountGate(redis, account="shop", limit=3, prefix=prefix, timing=Timing(linger=0.02, ask_again=0.01, renew=0.05))

    async def call():
        async with gate.slot():
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await reader.read()
            writer.close()

    await asyncio.gather(*(call() for _ in range(20)))
    await gate.close()
    await redis.aclose()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


async def test_several_processes_share_one_limit(redis_url: str, redis: Redis, prefix: str) -> None:
    remote = Remote()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        remote.under_way += 1
        remote.peak = max(remote.peak, remote.under_way)
        await asyncio.sleep(0.003)
        remote.under_way -= 1
        remote.done += 1
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    arguments: Sequence[str] = (redis_url, prefix, str(port))
    async with server:
        workers = [
            await asyncio.create_subprocess_exec(sys.executable, "-c", _PROCESS, *arguments) for _ in range(3)
        ]
        ended = await asyncio.gather(*(worker.wait() for worker in workers))

    assert ([0, 0, 0], 60) == (ended, remote.done)
    assert remote.peak <= 3


@pytest.mark.parametrize("told", [True, False])
async def test_a_redis_that_was_just_made_keeps_nobody_waiting(redis: Redis, prefix: str, told: bool) -> None:
    await redis.delete(f"{prefix}:places-since")
    if told:
        await nobody_holds_yet(redis, prefix=prefix)
    gate = AccountGate(redis, account="a", limit=2, prefix=prefix, timing=PATIENT)
    try:
        calling = asyncio.create_task(Remote().call(gate))
        done, _ = await asyncio.wait({calling}, timeout=5 if told else 0.3)
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
    finally:
        await gate.close()

    assert told == bool(done)


async def test_a_redis_that_remembers_is_not_talked_out_of_it(redis: Redis, prefix: str) -> None:
    await redis.set(f"{prefix}:places-since", 12345)
    await nobody_holds_yet(redis, prefix=prefix)

    assert b"12345" == await redis.get(f"{prefix}:places-since")
