"""Polls that the till asked for while the database was away.

The till never sends an event twice and a cashier waits for the answer, so a verified call is answered and the poll it
asks for waits here, one per connection, until it can be stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy.exc import DBAPIError

from app.errors import AppError
from app.intake import Intake
from app.store.events import NewEvent

log = structlog.get_logger("webhooks")

TRY_AGAIN_S = 1.0


class PollsInMind:
    """One doorbell per connection, stored as soon as the database is back."""

    def __init__(
        self, intake: Intake, *, count: Callable[[], None] = lambda: None, try_again_s: float = TRY_AGAIN_S
    ):
        self._intake = intake
        self._count = count
        self._try_again_s = try_again_s
        self._waiting: dict[str, NewEvent] = {}
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def keep(self, event: NewEvent) -> None:
        """Keep it until it is stored; several of one connection are one."""
        self._count()
        self._waiting[event.connection_id] = event
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._try_again_s)
            await self.store()

    async def store(self) -> bool:
        """Try once; True when nothing is left."""
        for connection_id, event in list(self._waiting.items()):
            try:
                await self._intake.accept([event])
            except (AppError, DBAPIError, OSError) as error:
                if isinstance(error, DBAPIError) and not error.connection_invalidated:
                    # Refused rather than away (the connection was removed meanwhile): polling does without it.
                    log.warning(
                        "webhook.poll_dropped", connection=connection_id, kind=type(error.orig).__name__
                    )
                    self._drop(connection_id, event)
                    continue
                return False
            self._drop(connection_id, event)
        return not self._waiting

    def _drop(self, connection_id: str, event: NewEvent) -> None:
        if self._waiting.get(connection_id) is event:
            del self._waiting[connection_id]

    async def close(self) -> None:
        """Try a last time, then let go: polling finds what the doorbells meant."""
        if self._task is not None:
            self._task.cancel()
        if self._waiting and not await self.store():
            log.warning("webhook.polls_lost", connections=sorted(self._waiting))
