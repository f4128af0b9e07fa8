"""Listening to a queue, whatever Redis does: a restart of Redis ends an arq worker, and a new one takes its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, cast

import structlog
from arq.typing import StartupShutdown
from arq.worker import Worker
from redis.exceptions import RedisError

from app.ending import cut_off
from app.queue import pack, unpack

log = structlog.get_logger("worker")

AGAIN_S = 1.0
ALIKE: Final[dict[str, Any]] = {
    "job_timeout": 900,
    "keep_result": 0,
    "handle_signals": False,
    "job_serializer": pack,
    "job_deserializer": unpack,
}
"""What all our listeners have in common."""


class Listener(Worker):
    """An arq worker whose jobs end quietly when Redis is away: what they were about stands in the database."""

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """Start what does not run here yet. arq would ask Redis anew about each job that runs, at every look at the queue."""
        await super().start_jobs([each for each in job_ids if each.decode() not in self.tasks])

    async def finish_job(self, *args: Any, **options: Any) -> None:
        """Write a job off. arq does that in a task that nobody listens to once its job was cancelled."""
        with suppress(RedisError, OSError):
            await super().finish_job(*args, **options)

    async def finish_failed_job(self, *args: Any, **options: Any) -> None:
        """The same for one that could not be run."""
        with suppress(RedisError, OSError):
            await super().finish_failed_job(*args, **options)


async def listen(
    make: Callable[[], Listener], name: str, stop: asyncio.Event, settled: asyncio.Event
) -> None:
    """Listen until ``stop``, with one listener after the other as Redis comes and goes.

    After ``stop`` no job is taken any more, and those that run are left alone until everything is ``settled``.
    """
    away = False

    async def back(_ctx: dict[Any, Any]) -> None:
        nonlocal away
        if away:
            log.info("redis.back", queue=name)
        away = False

    while not stop.is_set():
        listener = make()
        listener.on_startup = cast(StartupShutdown, back)  # called as soon as Redis has answered
        running, told = asyncio.create_task(listener.async_run()), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cut_off([running, told])
        error = None if running.cancelled() else running.exception()
        if isinstance(error, RedisError | OSError):
            if not away:
                log.warning("redis.away", queue=name, error=type(error).__name__)
            away = True
        elif error is not None:
            log.error("queue.failed", queue=name, exc_info=error)
        if stop.is_set():
            await settled.wait()
        await _close(listener)
        if not stop.is_set():
            await asyncio.sleep(AGAIN_S)


async def _close(listener: Listener) -> None:
    """End what it runs, and let go of its connections whatever Redis says."""
    tasks = list(listener.tasks.values())
    await cut_off(tasks)
    await asyncio.gather(*tasks, return_exceptions=True)  # what they died of is known by now
    with suppress(RedisError, OSError):
        await listener.pool.aclose(close_connection_pool=True)
