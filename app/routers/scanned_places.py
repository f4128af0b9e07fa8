"""Places that a flow looks through must not be where we write: what we wrote would come back as news."""

from __future__ import annotations

from pydantic import BaseModel

from app.connectors.base import Client, Scans
from app.errors import InvalidInput
from app.flows.base import FlowKind


def refuse_own_places(source: Client, kind: FlowKind, settings: BaseModel, *, field: str) -> None:
    """Raises InvalidInput naming the place. ``field`` is where the settings stand in the request."""
    plan = kind.scan(settings)
    if plan is None or not isinstance(source, Scans):
        return
    own = sorted(set(plan.places) & source.own_places)
    if own:
        raise InvalidInput(
            f"{own[0]} is the store that this service writes: its orders came from the till.",
            advice="Choose other stores of the account.",
            field=f"{field}.stores" if field else "stores",
            code="own_store",
        )
