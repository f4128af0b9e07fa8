"""Holding automations back: while a first import is under way, the target sends no mails for what it brings.

The hold stands at the target itself, so it outlives a crash, and so does letting go: whoever looks next finds that nothing
is being imported any more and lets go. Nothing is remembered here that would be missing then.
"""

from __future__ import annotations

import structlog

from app.connectors.base import HoldsAutomations
from app.errors import AppError
from app.flows.registry import KINDS
from app.resources import Resources
from app.store import backlog, connections

log = structlog.get_logger("holding")


class Holder:
    """Looks which connections are being imported to, and tells those whose automations would notice."""

    def __init__(self, resources: Resources):
        self._resources = resources
        self._told: dict[str, bool] = {}

    async def look(self) -> None:
        """One round. A connection is told when its state changed, and once by every process that knows nothing yet."""
        resources = self._resources
        kinds = [kind.name for kind in KINDS.values() if kind.quiet_import]
        async with resources.db.read() as conn:
            fed = await backlog.importing(conn, kinds=kinds)
            known = {each.id: each for each in await connections.listed(conn)}
        for connection_id, importing in fed.items():
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
