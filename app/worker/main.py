"""The worker: delivers, polls and keeps house until it is told to stop.

It holds two arq workers, one for deliveries and one for rounds of housekeeping, and goes on with both whatever Redis does:
a restart of Redis ends an arq worker, and a new one takes its place.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
from contextlib import suppress
from typing import Any, cast

import structlog
from arq.typing import WorkerCoroutine
from arq.worker import func
from prometheus_client import start_http_server

from app import metrics
from app.ending import cut_off
from app.errors import AppError
from app.garbage import give_back, settle_in
from app.intake import Intake
from app.queue import DELIVER, deliveries_queue, open_redis, ticks_queue
from app.resources import Resources, open_resources
from app.route_map import RouteMap
from app.settings import Settings
from app.store import workers
from app.worker.jobs import Deliverer
from app.worker.listening import ALIKE, Listener, listen
from app.worker.polling import Poller
from app.worker.schedule import Schedule

log = structlog.get_logger("worker")

POLL_DELAY_S = 0.04
"""Between two looks at the queue: arq starts at most ``max_jobs`` jobs per look."""
BEAT_S = 10.0
LET_END_S = 2.5
"""A batch is two seconds of work. How long what is under way may take after the word to stop; what is cut off then is somebody's when its lease ends."""


async def run(settings: Settings, *, redis_url: str | None = None) -> None:
    """Work until SIGTERM or SIGINT, then let batches end and leave."""
    settle_in()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    url = redis_url or settings.redis_url
    async with open_resources(settings, redis_url=url) as resources:
        _expose(settings)
        await work(resources, redis_url=url or "", stop=stop)


async def work(resources: Resources, *, redis_url: str, stop: asyncio.Event) -> None:
    """Work over open resources until ``stop`` is set."""
    settings = resources.settings
    logging.getLogger("arq.worker").setLevel(logging.ERROR)  # our own lines say what happened
    intake = Intake(resources.db)
    poller = Poller(resources, intake)
    deliverer = Deliverer(resources, RouteMap(resources))
    schedule = Schedule(resources, poller)

    def deliveries() -> Listener:
        return Listener(
            [func(_delivering(deliverer), name=DELIVER, max_tries=1)],
            queue_name=deliveries_queue(settings.key_prefix),
            redis_pool=open_redis(redis_url),
            max_jobs=settings.worker_jobs,
            poll_delay=POLL_DELAY_S,
            **ALIKE,
        )

    def rounds() -> Listener:
        return Listener(
            cron_jobs=schedule.cron_jobs(),
            queue_name=ticks_queue(settings.key_prefix),
            redis_pool=open_redis(redis_url),
            max_jobs=20,
            poll_delay=0.25,
            **ALIKE,
        )

    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
    log.info("worker.started", worker=name, jobs=settings.worker_jobs)
    settled = asyncio.Event()
    tasks = [
        asyncio.create_task(listen(deliveries, "deliveries", stop, settled)),
        asyncio.create_task(listen(rounds, "rounds", stop, settled)),
    ]
    beat = asyncio.create_task(_beat(resources, deliverer, name))
    try:
        await stop.wait()
    finally:
        stop.set()
        await deliverer.close(within_s=LET_END_S)
        await poller.close()
        await schedule.scanner.close()
        await schedule.comparer.close()
        await schedule.undoer.close()
        settled.set()
        await cut_off([beat])
        await asyncio.wait(tasks)
        with suppress(AppError):
            async with resources.db.write() as conn:
                await workers.leave(conn, name)
        log.info("worker.stopped", worker=name)


def _delivering(deliverer: Deliverer) -> WorkerCoroutine:
    async def deliver(_ctx: dict[Any, Any], flow_id: str) -> None:
        await deliverer.deliver(flow_id)

    return cast(WorkerCoroutine, deliver)


async def _beat(resources: Resources, deliverer: Deliverer, name: str) -> None:
    """Say now and then that this worker lives, and keep it small."""
    started: int | None = None
    while True:
        try:
            if started is None:
                started = await resources.db.now()
            async with resources.db.write() as conn:
                await workers.beat(
                    conn,
                    name,
                    started_at=started,
                    facts={"busy": deliverer.busy, "jobs": resources.settings.worker_jobs},
                    clock=resources.db.clock,
                )
        except AppError as error:
            log.warning("worker.not_heard", code=error.code)
        give_back()
        await asyncio.sleep(BEAT_S)


def _expose(settings: Settings) -> None:
    """The worker's own metrics, on a port of their own, for loopback only unless told otherwise."""
    if not settings.worker_metrics_port:
        return
    try:
        start_http_server(
            settings.worker_metrics_port, addr=settings.worker_metrics_host, registry=metrics.REGISTRY
        )
    except OSError as error:
        log.warning("metrics.port_taken", port=settings.worker_metrics_port, error=type(error).__name__)
