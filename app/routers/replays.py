"""Asking once more over the API: replay what failed, and say yes to what waits for a person."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import Conflict
from app.routers import examples
from app.routers.access import Operates
from app.routers.activity_bodies import DeliveryOut, RowId, delivery_out
from app.routers.bodies import ID, Answer, Body, with_examples
from app.routers.context import Reach
from app.store import activity, flows, requests
from app.store.tables import deliveries

router = APIRouter(prefix="/api/v1/deliveries", tags=["Activity"])

Ids = Annotated[
    list[Annotated[int, Field(ge=1, le=2**53)]], Field(min_length=1, max_length=1_000, examples=[[1]])
]


class ReplayMany(Body):
    """Which ones: by number, or all that failed, or everything of a flow."""

    model_config = with_examples({"failed": True}, {"ids": [1]}, {"flow_id": examples.FLOW, "failed": True})

    ids: Ids | None = Field(default=None, description="These deliveries, whatever their state")
    flow_id: str | None = Field(default=None, pattern=ID, description="Only of this flow")
    failed: bool = Field(default=False, description="Only those that are dead: a person had to act first")

    @model_validator(mode="after")
    def something(self) -> ReplayMany:
        """Nobody replays everything by an empty body."""
        if self.ids is None and self.flow_id is None and not self.failed:
            raise ValueError("give ids, a flow_id, or failed: true")
        return self


class ApproveMany(Body):
    """Which ones: by number, or all of a flow."""

    model_config = with_examples({"flow_id": examples.FLOW})

    ids: Ids | None = None
    flow_id: str | None = Field(default=None, pattern=ID)

    @model_validator(mode="after")
    def something(self) -> ApproveMany:
        """Nobody says yes to everything by an empty body."""
        if self.ids is None and self.flow_id is None:
            raise ValueError("give ids or a flow_id")
        return self


class Asked(Answer):
    """How many were asked for once more."""

    count: int = Field(examples=[3])


async def _flows_of(db: AsyncConnection, *, ids: list[int] | None, flow_id: str | None) -> list[str]:
    """Whom to ring for. Raises NotFound for a flow that does not exist."""
    if flow_id is not None:
        return [(await flows.find(db, flow_id)).id]
    if ids is not None:
        query = select(deliveries.c.flow_id).where(deliveries.c.id.in_(ids)).distinct()
        return list((await db.execute(query)).scalars())
    return [flow.id for flow in await flows.listed(db, state="running")]


@router.post("/replay", status_code=202)
async def replay_many(reach: Reach, _caller: Operates, body: ReplayMany) -> Asked:
    """Read these records again and bring them about. Deliveries that were chosen one by one go first.

    Nobody gets a mail for an old sale: it goes as a backfill brings it, without its status. One that came within the last seven days, while
    its flow was on, and was not brought, keeps its status.
    """
    async with reach.db.write() as db:
        concerned = await _flows_of(db, ids=body.ids, flow_id=body.flow_id)
        count = await requests.replay(
            db, clock=reach.db.clock, flow_id=body.flow_id, ids=body.ids, failed=body.failed
        )
    reach.resources.ring(concerned)
    return Asked(count=count)


@router.post("/yes", status_code=202)
async def approve_many(reach: Reach, _caller: Operates, body: ApproveMany) -> Asked:
    """Say yes to what these deliveries wait to do. Others among them stay as they are."""
    async with reach.db.write() as db:
        concerned = await _flows_of(db, ids=body.ids, flow_id=body.flow_id)
        count = await requests.say_yes(db, clock=reach.db.clock, flow_id=body.flow_id, ids=body.ids)
    reach.resources.ring(concerned)
    return Asked(count=count)


@router.post("/{delivery_id}/replay", status_code=202)
async def replay_one(reach: Reach, _caller: Operates, delivery_id: RowId) -> DeliveryOut:
    """Read this record again and bring it about, whatever became of it before. As with many, nobody gets a mail for an old sale."""
    async with reach.db.write() as db:
        found = await activity.find_delivery(db, delivery_id)
        await requests.replay(db, clock=reach.db.clock, ids=[delivery_id])
        answer = delivery_out(await activity.find_delivery(db, delivery_id))
    reach.resources.ring([found["flow_id"]])
    return answer


@router.post("/{delivery_id}/yes", status_code=202)
async def approve_one(reach: Reach, _caller: Operates, delivery_id: RowId) -> DeliveryOut:
    """Say yes to what this delivery waits to do."""
    async with reach.db.write() as db:
        found = await activity.find_delivery(db, delivery_id)
        if not found["needs_yes"]:
            raise Conflict(
                "This delivery does not wait for a yes.",
                advice="GET /api/v1/deliveries?needs_yes=true lists those that do.",
                code="no_yes_needed",
            )
        await requests.say_yes(db, clock=reach.db.clock, ids=[delivery_id])
        answer = delivery_out(await activity.find_delivery(db, delivery_id))
    reach.resources.ring([found["flow_id"]])
    return answer
