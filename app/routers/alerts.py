"""Alerts over the API: what a person should look at."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BeforeValidator, Field

from app.routers import examples
from app.routers.access import Operates, Reads
from app.routers.activity_bodies import Cursor, Limit, RowId
from app.routers.bodies import Answer, Listing, Moment, moment, paged, storable
from app.routers.context import Reach
from app.store import alerts as store
from app.store.alerts import Alert

router = APIRouter(prefix="/api/v1/alerts", tags=["Alerts"])


class AlertOut(Answer):
    """One thing to look at. Equal ones are one, counted, until they are cleared."""

    id: int
    code: str = Field(examples=["credentials_refused"])
    subject: str = Field(
        description="`connection:` or `flow:` and its id", examples=[f"connection:{examples.TILL}"]
    )
    detail: str = Field(description="What is the matter, and what to do")
    count: int = Field(examples=[1])
    raised_at: Moment
    last_at: Moment
    cleared_at: Moment | None


def _out(alert: Alert) -> AlertOut:
    return AlertOut(
        id=alert.id,
        code=alert.code,
        subject=alert.subject,
        detail=alert.detail,
        count=alert.count,
        raised_at=moment(alert.raised_at),
        last_at=moment(alert.last_at),
        cleared_at=moment(alert.cleared_at),
    )


@router.get("")
async def list_alerts(
    reach: Reach,
    _caller: Reads,
    open_only: Annotated[bool, Query(description="Only what is not cleared yet", examples=[True])] = True,
    subject: Annotated[
        str | None, BeforeValidator(storable), Query(max_length=100, examples=[f"flow:{examples.FLOW}"])
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Listing[AlertOut]:
    """Alerts, newest first. Most clear themselves when what they tell of is mended."""
    async with reach.db.read() as db:
        rows = await store.listed(db, open_only=open_only, subject=subject, before=cursor, limit=limit + 1)
    page, following = paged(rows, limit=limit, id_of=lambda alert: alert.id)
    return Listing(items=[_out(alert) for alert in page], next=following)


@router.post("/{alert_id}/clear")
async def clear_alert(reach: Reach, _caller: Operates, alert_id: RowId) -> AlertOut:
    """Clear one by hand. When it happens again, it is raised again."""
    now = await reach.db.now()
    async with reach.db.write() as db:
        return _out(await store.clear_one(db, alert_id, now=now))
