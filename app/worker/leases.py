"""Leases: long work that one worker at a time does for a flow, held in the database and renewed while it goes on."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from app.ending import cut_off
from app.errors import AppError
from app.store import ticks
from app.store.session import Database


class Leases:
    """The leases of one kind of work in this process."""

    def __init__(self, db: Database, *, lease_ms: int):
        self._db, self._lease_ms = db, lease_ms
        self._holder = secrets.token_hex(8)

    async def take(self, name: str, *, every_ms: int = 0) -> bool:
        """True unless somebody is at it, or it was begun less than ``every_ms`` ago. Raises DatabaseAway."""
        async with self._db.write() as conn:
            return await ticks.take(
                conn,
                name,
                holder=self._holder,
                lease_ms=self._lease_ms,
                every_ms=every_ms,
                clock=self._db.clock,
            )

    @asynccontextmanager
    async def kept(self, name: str) -> AsyncIterator[None]:
        """Renew what was taken until the block ends, then let go."""
        keeper = asyncio.create_task(self._keep(name))
        try:
            yield
        finally:
            await cut_off([keeper])
            with suppress(AppError):
                async with self._db.write() as conn:
                    await ticks.finish(conn, name, holder=self._holder)

    async def _keep(self, name: str) -> None:
        held = True
        while held:
            await asyncio.sleep(self._lease_ms / 3000)
            with suppress(AppError):
                async with self._db.write() as conn:
                    held = await ticks.renew(
                        conn, name, holder=self._holder, lease_ms=self._lease_ms, clock=self._db.clock
                    )
