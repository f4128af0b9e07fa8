"""A whole configuration put at once, by a restore or an import: checked as if every part were saved by itself, then noted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import InvalidInput
from app.flows.differences import same
from app.flows.hours import Hours
from app.flows.mapping import FlowMapping, to_keep
from app.flows.registry import flow_kind
from app.flows.shared import IntegrationSettings, inherited, opening_ms
from app.mapping.lists import Hashes
from app.routers.bodies import Name, own_values
from app.routers.flow_bodies import FlowChange
from app.routers.flow_mapping import legs_with_findings, refuse
from app.routers.number_ranges import refuse_shared_ranges
from app.routers.scanned_places import ClientOf, refuse_own_places
from app.routers.union_errors import meant
from app.store import changes, flows, integrations
from app.store.changes import How, Who
from app.store.flows import Flow
from app.store.integrations import Integration

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class _IntegrationParts(BaseModel):
    name: Name
    settings: IntegrationSettings


async def put_flow(
    db: AsyncConnection,
    flow: Flow,
    content: Mapping[str, Any],
    *,
    hashes: Hashes,
    client_of: ClientOf,
    who: Who,
    now: int,
    how: How,
    restored: int | None = None,
    expected_version: int | None = None,
    new: bool = False,
    place: Place = (),
) -> tuple[Flow, int | None]:
    """The flow with this content (:func:`app.store.changes.flow_content`), and the number of the new version.

    None where it is so already: nothing is written then. A ``new`` flow was added in this transaction and has no version yet.
    Raises what names every field that cannot be used, ``place`` first.
    """
    shared = (await integrations.find(db, flow.integration_id)).settings
    kind = flow_kind(flow.kind)
    given = content["settings"]
    model = checked(kind.settings, inherited(kind.settings, shared) | given, place=(*place, "settings"))
    at = ".".join(str(part) for part in (*place, "settings"))
    await refuse_own_places(db, client_of, flow.source_connection_id, kind, model, field=at)
    await refuse_shared_ranges(db, flow.target_connection_id, kind, model, flow_id=flow.id, field=at)
    settings = {name: value for name, value in own_values(model).items() if name in given}
    mapping = checked(FlowMapping, content["mapping"], place=(*place, "mapping"))
    try:
        kept = to_keep(mapping, hashes=hashes)
    except InvalidInput as error:
        at = ".".join(str(part) for part in (*place, "mapping", error.field))
        raise InvalidInput(error.detail, advice=error.advice, field=at, code=error.code) from None
    _, findings = await legs_with_findings(db, flow, kept, hashes=hashes)
    refuse(findings, place=(*place, "mapping"))
    hours = None if content["hours"] is None else checked(Hours, content["hours"], place=(*place, "hours"))
    timing = checked(FlowChange, {name: content[name] for name in ("window_s", "deadline_s")}, place=place)
    before = None if new else flow
    present = changes.flow_content(flow)
    if not (same(present["settings"], settings) and same(present["mapping"], kept)):
        flow = await flows.configure(
            db, flow.id, now=now, settings=settings, mapping=kept, expected_version=expected_version
        )
    wanted = {name: getattr(timing, name) for name in ("window_s", "deadline_s")} | {
        "hours": None if hours is None else hours.model_dump(mode="json")
    }
    if not same({name: present[name] for name in wanted}, wanted):
        flow = await flows.change(
            db,
            flow.id,
            now=now,
            schedule=wanted["hours"],
            opens_at=0 if hours is None else opening_ms(hours, shared, now_ms=now),
            window_ms=round(wanted["window_s"] * 1000),
            deadline_ms=round(wanted["deadline_s"] * 1000),
        )
    number = await changes.note_flow(db, flow, before=before, who=who, now=now, how=how, restored=restored)
    return flow, number


async def put_integration(
    db: AsyncConnection,
    integration: Integration,
    content: Mapping[str, Any],
    *,
    who: Who,
    now: int,
    how: How,
    restored: int | None = None,
    new: bool = False,
    place: Place = (),
) -> tuple[Integration, int | None]:
    """The same for an integration (:func:`app.store.changes.integration_content`)."""
    parts = checked(
        _IntegrationParts, {"name": content["name"], "settings": content["settings"]}, place=place
    )
    settings = own_values(parts.settings)
    before = None if new else integration
    if not same(changes.integration_content(integration), {"name": parts.name, "settings": settings}):
        integration = await integrations.change(
            db, integration.id, now=now, name=parts.name, settings=settings
        )
    number = await changes.note_integration(
        db, integration, before=before, who=who, now=now, how=how, restored=restored
    )
    return integration, number


def checked(model: type[Model], values: Any, *, place: Place) -> Model:
    """The values as that model. Raises what names every field that cannot be used, with its place."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = meant(error.errors(include_input=False, include_url=False, include_context=False), values)
        raise RequestValidationError(
            [{**problem, "loc": ("body", *place, *problem["loc"])} for problem in found]
        ) from None
