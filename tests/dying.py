"""A process of ours that dies at its n-th step, to walk through every place where one can be killed.

A step is whatever others can see of a process: a statement about to be sent, a commit about to be made, a commit just
made, a request about to leave, an answer just come. In a test a worker dies by an exception that nobody catches, after
which it can do nothing more at all; ``python -m tests.dying`` is a process that really ends there.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import event

from app.resources import Resources, open_resources
from app.settings import Settings
from app.store.clock import ManualClock
from app.store.session import Database
from tests.shop import Shop, Worker

DIED = 9
"""The exit code of a process that was ended at its step."""
SYSTEMS = ("mplus", "mailchimp")


class Killed(BaseException):
    """The process ends here."""


def _raise() -> None:
    raise Killed


@dataclass
class Fate:
    """What one process did so far, and the step at which it ends: the ``at``-th of all, or of those that are called ``of``.

    Whoever is dead does nothing more.
    """

    at: int
    of: str = ""
    end: Callable[[], None] = _raise
    steps: list[str] = field(default_factory=list)
    died: asyncio.Event = field(default_factory=asyncio.Event)

    def step(self, what: str) -> None:
        """One step. Raises Killed at the chosen one and ever after."""
        if self.died.is_set():
            raise Killed
        self.steps.append(what)
        if self.of in ("", what) and self.at == (self.steps.count(what) if self.of else len(self.steps)):
            self.died.set()
            self.end()

    def watch(self, resources: Resources) -> None:
        """Count every step of these doors."""
        for engine in {resources.db._writer, resources.db._reader}:
            self._watch_commits(engine.sync_engine.dialect)

            @event.listens_for(engine.sync_engine, "before_cursor_execute")
            def before(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
                self.step(" ".join(statement.split()[:3]))

        for system in SYSTEMS:
            resources.http.of(system).event_hooks = {"request": [self._request], "response": [self._answer]}

    def _watch_commits(self, dialect: Any) -> None:
        commit = dialect.do_commit

        def watched(connection: Any) -> None:
            self.step("before the commit")
            commit(connection)
            self.step("after the commit")

        dialect.do_commit = watched

    async def _request(self, request: httpx.Request) -> None:
        self.step(f"before {request.extensions.get('operation')}")

    async def _answer(self, response: httpx.Response) -> None:
        self.step(f"after {response.request.extensions.get('operation')}")


@asynccontextmanager
async def mortal(
    settings: Settings, clock: ManualClock, fate: Fate, *, redis_url: str
) -> AsyncIterator[Worker]:
    """A worker with everything of its own, whose steps are counted."""
    async with open_resources(settings, redis_url=redis_url) as resources:
        db = Database(settings.database, clock=clock)
        own = replace(resources, db=db)
        fate.watch(own)
        try:
            yield Worker(own)
        finally:
            await db.close()


async def killed(
    shop: Shop, work: Callable[[Worker], Awaitable[Any]], *, at: int, of: str = "", redis_url: str
) -> Fate:
    """Let a worker of its own do this work and die at this step; what it did until then.

    ``died`` is unset when it came to the end of the work first.
    """
    fate = Fate(at, of)
    async with mortal(shop.resources.settings, shop.clock, fate, redis_url=redis_url) as victim:
        task = asyncio.ensure_future(work(victim))
        death = asyncio.ensure_future(fate.died.wait())
        # Others may wait for ever for what the dead part of it was to do.
        await asyncio.wait({task, death}, return_when=asyncio.FIRST_COMPLETED)
        if fate.died.is_set():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        death.cancel()
        if not fate.died.is_set():
            task.result()
    # Greenlets of the dead are collected now: in the middle of a parse, as when pytest tells a failure, that breaks it.
    gc.collect(1)
    return fate


# --- a process that really ends -----------------------------------------------------------------------------------------

WORKS: dict[str, Callable[[Worker, str], Awaitable[Any]]] = {
    "poll": lambda worker, connection_id: worker.poller.poll(connection_id),
    "batch": lambda worker, flow_id: worker.batch(flow_id),
    "scan": lambda worker, flow_id: worker.schedule.scanner.scan(flow_id),
}


def environment(shop: Shop, *, redis_url: str) -> Mapping[str, str]:
    """What a process needs to be a worker of this shop."""
    settings = shop.resources.settings
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "VAR_DIR": str(settings.var_dir),
        "DATABASE_URL": shop.db.url,
        "REDIS_URL": redis_url,
        "SEAL_KEYS": ",".join(key.get_secret_value() for key in settings.seal_keys),
        "HASH_SECRET": settings.hash_secret.get_secret_value() if settings.hash_secret else "",
        "KEY_PREFIX": settings.key_prefix,
    }


async def dies(shop: Shop, work: str, subject: str, *, at: int, redis_url: str) -> tuple[int, str]:
    """Run a process that does this work and ends at this step: its exit code, and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.dying", work, subject, str(at), str(shop.clock.now),
        env=environment(shop, redis_url=redis_url),
        cwd=shop.resources.settings.var_dir,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def _main(work: str, subject: str, at: int, now: int) -> None:
    settings = Settings()
    fate = Fate(at, end=lambda: os._exit(DIED))
    assert settings.redis_url is not None
    async with mortal(settings, ManualClock(now), fate, redis_url=settings.redis_url) as worker:
        await WORKS[work](worker, subject)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
