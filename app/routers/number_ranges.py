"""Ranges of article numbers must not meet: what one flow makes for orders would stand among the numbers of another.

Flows of shop products may share one: it was always theirs together, and a number is given once whoever asks.
"""

from __future__ import annotations

from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import InvalidInput
from app.flows.base import FlowKind
from app.flows.registry import flow_kind
from app.store import connections, flows


async def refuse_shared_ranges(
    db: AsyncConnection,
    target_connection_id: str,
    kind: FlowKind,
    settings: BaseModel,
    *,
    flow_id: str | None,
    field: str,
) -> None:
    """Raises InvalidInput naming the range, and the other flow into the same account that has numbers of it.

    ``flow_id`` is the flow's own, ``field`` where the settings stand in the request.
    """
    mine = kind.ranges(settings)
    if not mine:
        return
    target = await connections.find(db, target_connection_id)
    for connection in await connections.of_account(db, target.account):
        for other in await flows.listed(db, connection_id=connection.id):
            if other.id == flow_id or other.target_connection_id != connection.id:
                continue
            other_kind = flow_kind(other.kind)
            try:
                theirs = other_kind.ranges(other_kind.settings.model_validate(dict(other.settings)))
            except ValidationError:  # kept by a version that knew other values: it gives out nothing as it is
                continue
            for place, (first, last) in mine.items():
                for other_place, (low, high) in theirs.items():
                    both_products = place == other_place == "number_range"
                    if first <= high and low <= last and not both_products:
                        raise InvalidInput(
                            f"The numbers {first} to {last} meet those of flow {other.id}, {low} to {high}.",
                            advice="Choose a range that no other flow gives out.",
                            field=f"{field}.{place}" if field else place,
                            code="range_shared",
                        )
