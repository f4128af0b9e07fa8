"""What the long jobs of a flow have in common over the API: pages of names, and the stop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Query

from app.errors import Conflict
from app.routers.context import Context
from app.store import flows

After = Annotated[int, Query(ge=0, description="Names from that number on")]
Limit = Annotated[int, Query(ge=1, le=1_000, description="So many names at most")]


async def stop(
    reach: Context,
    flow_id: str,
    job: str,
    *,
    find: Callable[..., Awaitable[Any]],
    change: Callable[..., Awaitable[bool]],
) -> None:
    """Stop a flow's job of that name; ``find`` and ``change`` are its store's. Raises NotFound, and Conflict where none is under
    way."""
    now = await reach.db.now()
    async with reach.db.write() as db:
        await flows.find(db, flow_id)
        found = await find(db, flow_id)
        if not await change(db, flow_id, state="stopped", ended_at=now):
            raise Conflict(f"The {job} is {found.state}.", code=f"{job}_not_running")
