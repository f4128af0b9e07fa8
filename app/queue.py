"""The bell: tells workers that a flow has something due. The database remembers, Redis only rings.

One bell per flow hangs in Redis until a job takes it down, so a thousand events ring once. Ringing never runs inside a
request: ``ring`` notes the flows and returns, a task does the talking. A ring that is lost (Redis away, hung, flushed)
is made good by the sweep. The only place outside ``worker/`` that knows arq.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import structlog
from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from app.metrics import RINGS_FAILED

log = structlog.get_logger("queue")

ANSWER_S = 3.0
BELL_S = 5
"""A bell whose job was lost with its worker hangs this long at most; a job that is merely late is rung for twice, and the
second one finds nothing to do."""

JOB_EXPIRES_S = 3600
"""A job nobody took within the hour is stale: the sweep has rung again long ago."""

DELIVER = "deliver"


def pack(value: dict[str, Any]) -> bytes:
    """Jobs as JSON: arq's default is pickle, which runs what it reads."""
    return json.dumps(value, separators=(",", ":"), default=str).encode()


def unpack(value: bytes) -> dict[str, Any]:
    """The other way."""
    found: dict[str, Any] = json.loads(value)
    return found


def open_redis(url: str, *, answer_s: float = ANSWER_S) -> ArqRedis:
    """A client that connects when it is first used, and neither hangs nor gives up at the first broken connection.

    Without redis-py's health checks: a check that is not answered connects anew, which checks, which is not answered: with a
    Redis that hangs such a call never ended.
    """
    tcp = {} if url.startswith("unix") else {"socket_keepalive": True}
    pool = ConnectionPool.from_url(
        url,
        socket_timeout=answer_s,
        socket_connect_timeout=min(1.0, answer_s),
        **tcp,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 1),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )
    return ArqRedis(pool, job_serializer=pack, job_deserializer=unpack)


def deliveries_queue(prefix: str) -> str:
    """Name of the queue that delivery jobs wait in."""
    return f"{prefix}:deliveries"


def ticks_queue(prefix: str) -> str:
    """Name of the queue that housekeeping waits in, so that it never waits behind deliveries."""
    return f"{prefix}:ticks"


class Queue:
    """Rings for flows. One per process."""

    def __init__(self, redis: ArqRedis, *, prefix: str):
        self._redis = redis
        self._prefix = prefix
        self._noted: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._failing = False

    def ring(self, flows: Iterable[str]) -> None:
        """Ring for these flows soon. Returns at once; must be called where a loop runs."""
        self._noted.update(flows)
        if self._noted and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._noted:
            flows, self._noted = sorted(self._noted), set()
            try:
                for flow in flows:
                    await self.ring_now(flow)
            except (RedisError, OSError) as error:
                RINGS_FAILED.inc(len(flows))
                if not self._failing:
                    log.warning("bell.silent", error=type(error).__name__, flows=len(flows))
                self._failing = True
            else:
                if self._failing:
                    log.info("bell.rings_again")
                self._failing = False

    async def ring_now(self, flow: str) -> bool:
        """Ring, unless the flow's bell hangs already; whether it was hung up now. Raises RedisError, OSError."""
        bell = self._bell(flow)
        if not await self._redis.set(bell, b"1", nx=True, ex=BELL_S):
            return False
        try:
            await self._enqueue(flow)
        except BaseException:
            with suppress(RedisError, OSError):
                await self._redis.delete(bell)  # without a job the bell would keep others from ringing
            raise
        return True

    async def ring_in(self, flow: str, *, seconds: float, mark: object) -> None:
        """Ring once after so many seconds. Equal marks (the due time) are one ring. Raises RedisError, OSError."""
        await self._enqueue(flow, defer_s=seconds, job_id=f"{self._prefix}:wake:{flow}:{mark}")

    async def _enqueue(self, flow: str, *, defer_s: float = 0.0, job_id: str | None = None) -> None:
        await self._redis.enqueue_job(
            DELIVER,
            flow,
            _queue_name=deliveries_queue(self._prefix),
            _job_id=job_id,
            _defer_by=defer_s or None,
            _expires=JOB_EXPIRES_S,
        )

    async def take_down(self, flow: str) -> None:
        """What a job does before it claims: whoever rings from now on is heard anew."""
        await self._redis.delete(self._bell(flow))

    async def depths(self) -> dict[str, int]:
        """Jobs waiting, per queue. Raises RedisError, OSError."""
        names = {"deliveries": deliveries_queue(self._prefix), "ticks": ticks_queue(self._prefix)}
        return {name: int(await self._redis.zcard(queue)) for name, queue in names.items()}

    async def answers(self) -> bool:
        """Whether Redis can be reached."""
        try:
            return bool(await self._redis.ping())
        except (RedisError, OSError):
            return False

    async def rung(self) -> None:
        """Wait until everything noted was rung, or failed."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Ring what is noted, if that is quick, and let go of the connections."""
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=1.0)
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._redis.aclose(close_connection_pool=True)

    def _bell(self, flow: str) -> str:
        return f"{self._prefix}:bell:{flow}"
