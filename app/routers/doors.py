"""Where a webhook's URL token leads: kept in memory, so that a database that is away shuts no door that is known.

A door holds the connection's signing secret opened: it is needed for every call, and the keys that open it live in the
same memory anyway.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import DBAPIError

from app.errors import AdministratorError, DatabaseAway
from app.sealing import Sealer
from app.store import connections as store
from app.store.connections import Connection
from app.store.session import Database

log = structlog.get_logger("webhooks")

FRESH_S = 5.0
LOOK_UP_WITHIN_S = 1.5


@dataclass(frozen=True, slots=True)
class Door:
    """One connection's webhook: what is needed to judge a call without asking the database."""

    connection_id: str
    system: str
    secret: str | None


def webhook_token_hash(sealer: Sealer, token: str) -> str:
    """What is kept of a webhook URL's token."""
    return sealer.keyed_hash("webhook-token", token, length=64)


class Doors:
    """Token → door. Known doors are read again every few seconds; unknown tokens, and doors without a secret, always."""

    def __init__(
        self, database: Database, sealer: Sealer, *, monotonic: Callable[[], float] = time.monotonic
    ):
        self._database = database
        self._sealer = sealer
        self._monotonic = monotonic
        self._known: dict[str, tuple[Door, float]] = {}
        self._looking: dict[str, asyncio.Task[Door | None]] = {}

    async def preload(self) -> None:
        """Learn every door, so that even the first call of a connection needs no database."""
        async with self._database.read() as db:
            self.learn(await store.listed(db))

    def learn(self, connections: Iterable[Connection]) -> None:
        """Keep these connections' doors."""
        now = self._monotonic()
        for connection in connections:
            try:
                self._known[connection.webhook_token_hash] = (self._door(connection), now)
            except AdministratorError as error:
                log.error(
                    "webhook.door_sealed", connection=connection.id, code=error.code, advice=error.advice
                )

    def forget(self, token_hash: str) -> None:
        """Shut a door at once: the connection was removed or its token changed."""
        self._known.pop(token_hash, None)

    async def find(self, token: str) -> Door | None:
        """The door, or None for a token that leads nowhere. Raises DatabaseAway when that cannot be known."""
        token_hash = webhook_token_hash(self._sealer, token)
        kept = self._known.get(token_hash)
        # One without a secret is looked up each time: the remote may have told its secret just now, with the webhook that it
        # made, and from then on whatever is not signed is forged.
        if kept is not None and kept[0].secret is not None and self._monotonic() - kept[1] < FRESH_S:
            return kept[0]
        looking = self._looking.get(token_hash)
        if looking is None:
            looking = asyncio.create_task(self._look_up(token_hash))
            self._looking[token_hash] = looking
            looking.add_done_callback(lambda _: self._looking.pop(token_hash, None))
        return await asyncio.shield(looking)

    async def _look_up(self, token_hash: str) -> Door | None:
        try:
            async with asyncio.timeout(LOOK_UP_WITHIN_S), self._database.read() as db:
                connection = await store.by_token_hash(db, token_hash)
        except (DBAPIError, OSError, DatabaseAway) as error:
            if token_hash in self._known:  # ask again in a while, not with every call
                self._known[token_hash] = (self._known[token_hash][0], self._monotonic())
                return self._known[token_hash][0]
            raise DatabaseAway("The database cannot be reached.") from error
        if connection is None:
            self._known.pop(token_hash, None)
            return None
        door = self._door(connection)
        self._known[token_hash] = (door, self._monotonic())
        return door

    def _door(self, connection: Connection) -> Door:
        sealed = connection.webhook_secret_sealed
        return Door(
            connection_id=connection.id,
            system=connection.system,
            secret=None if sealed is None else self._sealer.unseal(sealed),
        )
