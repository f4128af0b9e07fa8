"""Fields that a flow's rows write and its target does not have: offered, and made on request (features C-11)."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import Field

from app.connectors.base import DefinesFields, MissingField
from app.connectors.registry import system
from app.errors import InvalidInput
from app.flows.mapping import legs_of
from app.routers.access import Administers, Reads
from app.routers.bodies import Answer, Body, with_examples
from app.routers.context import Context, Reach
from app.routers.flow_bodies import FlowId
from app.store import connections, flows

router = APIRouter(prefix="/api/v1/flows", tags=["Flows"])


class MissingFieldOut(Answer):
    """A field that can be made."""

    path: str = Field(description="The target path that rows write", examples=["merge_fields.COMPANY"])
    title: str = Field(description="What people would see", examples=["Company"])
    type: str = Field(description="The target's own word for its type", examples=["text"])


class MakeFields(Body):
    """Which of the missing fields to make."""

    model_config = with_examples({"paths": ["merge_fields.COMPANY"]})

    paths: list[str] = Field(min_length=1, max_length=50, description="Paths from the list of missing fields")


@router.get("/{flow_id}/missing-fields")
async def list_missing_fields(reach: Reach, _caller: Reads, flow_id: FlowId) -> list[MissingFieldOut]:
    """Fields that the flow's rows write and its target does not have. Their values stay behind with a warning until they
    are made. Empty where the target's fields are fixed."""
    return [
        MissingFieldOut.model_validate(asdict(missing)) for missing in (await _missing(reach, flow_id))[1]
    ]


@router.post("/{flow_id}/missing-fields", status_code=201)
async def make_missing_fields(
    reach: Reach, _caller: Administers, flow_id: FlowId, body: MakeFields
) -> list[MissingFieldOut]:
    """Make some of the missing fields at the target. What is there already is never changed.

    Records that change get their values from now on; rewind the flow's cursor to send the others again.
    """
    client, missing = await _missing(reach, flow_id)
    offered = {field.path: field for field in missing}
    for path in body.paths:
        if client is None or path not in offered:
            raise InvalidInput(
                f"{path[:100]!r} is not one of the missing fields.",
                advice=f"GET /api/v1/flows/{flow_id}/missing-fields lists them.",
                field="paths",
            )
    made = [offered[path] for path in dict.fromkeys(body.paths)]
    for field in made:
        assert client is not None
        await client[0].make_field(client[1], field)
    return [MissingFieldOut.model_validate(asdict(field)) for field in made]


async def _missing(
    reach: Context, flow_id: str
) -> tuple[tuple[DefinesFields, str] | None, tuple[MissingField, ...]]:
    """The target's client with the kind of record, and what is missing there. Raises what the target answers."""
    async with reach.db.read() as db:
        flow = await flows.find(db, flow_id)
        source = await connections.find(db, flow.source_connection_id)
        target = await connections.find(db, flow.target_connection_id)
    client = reach.resources.client(target)
    if not isinstance(client, DefinesFields):
        return None, ()
    legs = legs_of(
        flow.mapping,
        out_rows=system(source.system).out_rows.get(flow.record_kind, ()),
        in_rows=system(target.system).in_rows.get(flow.record_kind, ()),
    )
    targets = [row.target for row in legs.leg2 if row.on]
    found = await client.missing_fields(flow.record_kind, targets)
    return (client, flow.record_kind), tuple(found)
