"""A listener on its queue: what it asks Redis about while its jobs run."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from typing import Any

import pytest
from arq.worker import Worker, func

from app.queue import open_redis
from app.worker.listening import ALIKE, Listener


async def test_a_job_that_runs_here_is_not_asked_about_again(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each question is four turns to Redis, at every look, for as long as the job runs."""
    queue, looks = f"test:{secrets.token_hex(4)}", list[list[bytes]]()
    done = asyncio.Event()
    asked = Worker.start_jobs

    async def start_jobs(self: Worker, job_ids: list[bytes]) -> None:
        looks.append(job_ids)
        await asked(self, job_ids)

    async def job(_ctx: dict[Any, Any]) -> None:
        await done.wait()

    monkeypatch.setattr(Worker, "start_jobs", start_jobs)
    listener = Listener(
        [func(job, name="job", max_tries=1)],
        queue_name=queue,
        redis_pool=open_redis(redis_url),
        poll_delay=0.01,
        **ALIKE,
    )
    running = asyncio.create_task(listener.async_run())
    redis = open_redis(redis_url)
    try:
        first = await redis.enqueue_job("job", _queue_name=queue)
        await _until(lambda: len(looks) > 5 and listener.tasks)
        second = await redis.enqueue_job("job", _queue_name=queue)
        await _until(lambda: len(listener.tasks) == 2)
        done.set()
        await _until(lambda: not listener.tasks)
    finally:
        done.set()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        for client in (redis, listener.pool):
            await client.aclose(close_connection_pool=True)

    assert first is not None
    assert second is not None
    told = [each.decode() for look in looks for each in look]
    assert sorted([first.job_id, second.job_id]) == sorted(told)


async def _until(holds: Any) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.005)
