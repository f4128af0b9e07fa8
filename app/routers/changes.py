"""Versions of a flow's or an integration's configuration: who changed what and when, and the way back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from app.routers.access import Administers, Reads
from app.routers.activity_bodies import Cursor, Limit
from app.routers.bodies import Answer, Listing, Moment, moment, paged
from app.routers.configuring import put_flow, put_integration
from app.routers.context import Reach
from app.routers.flow_bodies import FlowId
from app.routers.flow_settings import ExpectedVersion
from app.routers.integrations import IntegrationId
from app.store import changes, flows, integrations
from app.store.changes import ConfigChange

router = APIRouter(prefix="/api/v1", tags=["Versions"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="The version's number", examples=[1])]


class DifferenceOut(Answer):
    """One setting or row that changed."""

    path: str = Field(examples=["settings.without_consent"])
    how: str = Field(description="added, removed, changed or moved", examples=["changed"])
    before: Any = Field(description="null where it was added; a place in the list where it moved")
    after: Any = Field(description="null where it was removed")
    sentence: str = Field(examples=['settings.without_consent: "transactional" → "skip"'])


class ChangeOut(Answer):
    """One version: who made it, when, and what it changed."""

    number: int = Field(examples=[2])
    integration_id: str
    flow_id: str | None = Field(description="null: the integration itself")
    at: Moment
    key_id: str | None = Field(
        description="The API key that made it; null for what was found when versions began"
    )
    key_name: str | None = Field(examples=["first admin key"])
    how: str = Field(
        description="found, created, changed, restored, imported or removed", examples=["changed"]
    )
    restored: int | None = Field(description="The version that was restored by it", examples=[None])
    differences: list[DifferenceOut]


class ChangeDetail(ChangeOut):
    """One version with everything it holds."""

    content: dict[str, Any] = Field(description="The whole configuration as it was from then on")


class Restored(Answer):
    """What a restore came to."""

    changed: bool = Field(description="false: it was so already, and nothing was written")
    number: int = Field(description="The version that counts now", examples=[3])
    differences: list[DifferenceOut] = Field(description="What the restore changed")


def _differences(change: ConfigChange) -> list[DifferenceOut]:
    return [
        DifferenceOut(
            path=each.path, how=each.how, before=each.before, after=each.after, sentence=each.sentence
        )
        for each in changes.told(change)
    ]


def _fields(change: ConfigChange) -> dict[str, Any]:
    return {
        "number": change.number,
        "integration_id": change.integration_id,
        "flow_id": None if change.subject == change.integration_id else change.subject,
        "at": moment(change.at),
        "key_id": change.key_id,
        "key_name": change.key_name,
        "how": change.how,
        "restored": change.restored,
        "differences": _differences(change),
    }


def _listing(rows: list[ConfigChange], limit: int) -> Listing[ChangeOut]:
    page, following = paged(rows, limit=limit, id_of=lambda row: row.id)
    return Listing(items=[ChangeOut(**_fields(row)) for row in page], next=following)


@router.get("/flows/{flow_id}/changes")
async def list_flow_changes(
    reach: Reach, _caller: Reads, flow_id: FlowId, limit: Limit = 50, cursor: Cursor = None
) -> Listing[ChangeOut]:
    """The flow's versions, newest first: settings, mapping, rules, filters, tables, lists, hours and timing."""
    async with reach.db.read() as db:
        flow = await flows.find(db, flow_id)
        rows = await changes.listed(
            db, integration_id=flow.integration_id, subject=flow_id, before_id=cursor, limit=limit + 1
        )
    return _listing(rows, limit)


@router.get("/flows/{flow_id}/changes/{number}")
async def get_flow_change(reach: Reach, _caller: Reads, flow_id: FlowId, number: Number) -> ChangeDetail:
    """One version of a flow, whole."""
    async with reach.db.read() as db:
        flow = await flows.find(db, flow_id)
        found = await changes.find(db, integration_id=flow.integration_id, subject=flow_id, number=number)
    return ChangeDetail(**_fields(found), content=dict(found.content))


@router.post("/flows/{flow_id}/changes/{number}/restore")
async def restore_flow_change(
    reach: Reach,
    caller: Administers,
    flow_id: FlowId,
    number: Number,
    version: ExpectedVersion = None,
) -> Restored:
    """Bring a version back. That is a new version itself, so it can be taken back as well. It counts from the next batch on."""
    now = await reach.db.now()
    async with reach.db.write() as db:
        flow = await flows.find(db, flow_id, to_change=True)
        at = {"integration_id": flow.integration_id, "subject": flow_id}
        wanted = await changes.find(db, **at, number=number)
        _, made = await put_flow(
            db,
            flow,
            wanted.content,
            hashes=reach.resources.hashes,
            client_of=reach.resources.client,
            who=caller,
            now=now,
            how="restored",
            restored=number,
            expected_version=version,
        )
        latest = await changes.newest(db, **at)
    reach.resources.ring([flow_id])
    return _restored(latest, made)


@router.get("/integrations/{integration_id}/changes")
async def list_integration_changes(
    reach: Reach, _caller: Reads, integration_id: IntegrationId, limit: Limit = 50, cursor: Cursor = None
) -> Listing[ChangeOut]:
    """Versions of the integration's own name and settings and of all its flows, newest first; also of flows that were removed."""
    async with reach.db.read() as db:
        await integrations.find(db, integration_id)
        rows = await changes.listed(db, integration_id=integration_id, before_id=cursor, limit=limit + 1)
    return _listing(rows, limit)


@router.get("/integrations/{integration_id}/changes/{number}")
async def get_integration_change(
    reach: Reach, _caller: Reads, integration_id: IntegrationId, number: Number
) -> ChangeDetail:
    """One version of the integration's own name and settings."""
    async with reach.db.read() as db:
        await integrations.find(db, integration_id)
        found = await changes.find(db, integration_id=integration_id, subject=integration_id, number=number)
    return ChangeDetail(**_fields(found), content=dict(found.content))


@router.post("/integrations/{integration_id}/changes/{number}/restore")
async def restore_integration_change(
    reach: Reach, caller: Administers, integration_id: IntegrationId, number: Number
) -> Restored:
    """Bring the integration's own name and settings back; its flows have versions of their own."""
    now = await reach.db.now()
    at = {"integration_id": integration_id, "subject": integration_id}
    async with reach.db.write() as db:
        integration = await integrations.find(db, integration_id)
        wanted = await changes.find(db, **at, number=number)
        _, made = await put_integration(
            db, integration, wanted.content, who=caller, now=now, how="restored", restored=number
        )
        latest = await changes.newest(db, **at)
    return _restored(latest, made)


def _restored(latest: ConfigChange | None, made: int | None) -> Restored:
    assert latest is not None  # the one that was restored, if no other
    return Restored(
        changed=made is not None,
        number=latest.number,
        differences=[] if made is None else _differences(latest),
    )
