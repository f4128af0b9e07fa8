"""Holding automations back: while a first import is under way, the target sends no mails for what it brings.

The hold stands at the target itself, so it outlives a crash, and so does letting go: whoever looks next finds that nothing
is being imported any more and lets go. One worker looks, the same as long as it lives, so that what it told a target is
what was told last; whoever takes over knows nothing, and tells everybody once.
"""

from __future__ import annotations

import secrets

import structlog

from app.connectors.base import HoldsAutomations
from app.errors import AppError
from app.flows.registry import KINDS
from app.resources import Resources
from app.store import backlog, connections, ticks

log = structlog.get_logger("holding")

LEASE_MS = 20_000
"""So long after its last look another worker takes over."""


class Holder:
    """Looks which connections are being imported to, and tells those whose automations would notice."""

    def __init__(self, resources: Resources):
        self._resources = resources
        self._me = secrets.token_hex(8)
        self._told: dict[str, bool] = {}

    async def look(self) -> None:
        """One round, unless another worker does them. A connection is told when its state changed, and once by who took over."""
        if not await self._leads():
            return
        resources = self._resources
        kinds = [kind.name for kind in KINDS.values() if kind.quiet_import]
        async with resources.db.read() as conn:
            fed = await backlog.importing(conn, kinds=kinds)
            known = {each.id: each for each in await connections.listed(conn)}
        left = {each: False for each, held in self._told.items() if held}  # its flows may be gone meanwhile
        for connection_id, importing in (left | fed).items():
            connection = known.get(connection_id)
            if connection is None or connection.state == "broken" or self._told.get(connection_id) == importing:  # fmt: skip
                continue
            client = resources.client(connection)
            if not isinstance(client, HoldsAutomations):
                continue
            try:
                changed = await client.hold_automations(importing)
            except AppError as error:
                log.warning("hold.failed", connection=connection_id, held=importing, code=error.code)
                continue
            self._told[connection_id] = importing
            if changed:
                log.info("automations.held" if importing else "automations.let_go", connection=connection_id)

    async def _leads(self) -> bool:
        db = self._resources.db
        async with db.write() as conn:
            if await ticks.renew(conn, "holding", holder=self._me, lease_ms=LEASE_MS, clock=db.clock):
                return True
            self._told.clear()
            return await ticks.take(
                conn, "holding", holder=self._me, lease_ms=LEASE_MS, every_ms=0, clock=db.clock
            )
