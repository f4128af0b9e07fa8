"""What a process of ours holds open: database, Redis, HTTP clients, gates. Opened by the roots, handed to everybody else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from pydantic import ValidationError

from app.connectors.base import Client, Connector, Opening, Recovery
from app.connectors.http import Clients
from app.connectors.limits import Gates
from app.connectors.registry import system
from app.errors import AdministratorError
from app.keyring import Keyring, keyring
from app.mapping.lists import PERSON, Hashes
from app.queue import Queue, open_redis
from app.sealing import Sealer
from app.settings import Settings
from app.store.connections import Connection
from app.store.session import Database


@dataclass(frozen=True, slots=True)
class Resources:
    """One process's open doors. ``open_client`` makes or finds the client of a connection."""

    settings: Settings
    keyring: Keyring
    sealer: Sealer
    db: Database
    queue: Queue
    http: Clients
    gates: Gates
    _kept: dict[str, tuple[bytes, Client]] = field(default_factory=dict)

    def ring(self, flows: Iterable[str]) -> None:
        """Tell the workers that these flows have something due. Returns at once."""
        self.queue.ring(flows)

    @asynccontextmanager
    async def open_client(self, connection: Connection) -> AsyncIterator[Client]:
        """The connection's client. It is kept while settings and credentials stay the same, because it may remember things
        (an audience's members, a tree of groups). Raises AdministratorError when the stored settings cannot be used."""
        yield self.client(connection)

    def client(self, connection: Connection) -> Client:
        """The same without a block: a client holds nothing that must be closed."""
        mark = json.dumps(dict(connection.settings), sort_keys=True).encode() + connection.credentials_sealed
        mark += connection.account.encode() + connection.webhook_token_sealed
        kept = self._kept.get(connection.id)
        if kept is None or kept[0] != mark:
            kept = (mark, self._opened(connection))
            self._kept[connection.id] = kept
        return kept[1]

    def _opened(self, connection: Connection) -> Client:
        connector = system(connection.system)
        try:
            settings = connector.settings.model_validate(dict(connection.settings))
            credentials = connector.credentials.model_validate(
                self.sealer.unseal_json(connection.credentials_sealed)
            )
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise AdministratorError(
                f"The settings of the connection {connection.name!r} cannot be used: {first['msg']}.",
                advice="Save them again.",
                field=".".join(str(part) for part in first["loc"]),
                code="connection_unusable",
            ) from None
        return connector.open(
            Opening(
                settings=settings,
                credentials=credentials,
                http=self.http.of(connector.name),
                gate=self.gates.of(connection.account, system=connector.name),
                webhook_url=self.webhook_url(connection),
                keyed_hash=self.sealer.keyed_hash,
            )
        )

    @property
    def hashes(self) -> Hashes:
        """How the addresses of people are hashed here: as the keys of their targets."""
        hash_, key = self.sealer.keyed_hash, self.sealer.keyed_hash("lists", length=8)
        return Hashes(of=lambda address: hash_("target", PERSON, address), key=key)

    def webhook_url(self, connection: Connection) -> str | None:
        """Where the remote may ring this connection; None without a public address."""
        if self.settings.public_url is None:
            return None
        token = self.sealer.unseal(connection.webhook_token_sealed)
        return f"{str(self.settings.public_url).rstrip('/')}/webhooks/{connection.system}/{token}"

    def recovery(self, connector: Connector) -> Recovery:
        """How long this system may go on with a call we gave up on; short for the sandboxes."""
        return connector.sandbox_recovery if self.settings.sandbox else connector.recovery

    def permits(self, connector: Connector) -> int:
        """Simultaneous requests of one account of this system."""
        return limits_of(self.settings).get(connector.name, connector.permits)


def limits_of(settings: Settings) -> dict[str, int]:
    """The limits that the environment sets, by system."""
    return {"mailchimp": settings.mailchimp_concurrency, "mplus": settings.mplus_concurrency}


@asynccontextmanager
async def open_resources(settings: Settings, *, redis_url: str | None = None) -> AsyncIterator[Resources]:
    """Open everything lazily: nothing is talked to yet. ``redis_url`` is the one that was found or started."""
    url = redis_url or settings.redis_url
    if url is None:
        raise AdministratorError(
            "No Redis is known to this process.",
            advice="Set REDIS_URL, or start everything with `python -m app up`, which brings its own.",
            code="redis_missing",
        )
    keys = keyring(settings)
    async with AsyncExitStack() as stack:
        db = Database(settings.database)
        stack.push_async_callback(db.close)
        redis = open_redis(url)
        queue = Queue(redis, prefix=settings.key_prefix)
        stack.push_async_callback(queue.close)
        gates = Gates(redis, limits=limits_of(settings), prefix=settings.key_prefix)
        stack.push_async_callback(gates.close)
        http = Clients(plain_http=settings.sandbox)
        stack.push_async_callback(http.close)
        yield Resources(
            settings=settings, keyring=keys, sealer=keys.sealer(), db=db, queue=queue, http=http, gates=gates
        )
