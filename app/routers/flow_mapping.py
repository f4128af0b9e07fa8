"""A flow's mapping over the API: both legs, tables, rules, filters and lists; checked when saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Body as FromBody
from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.catalogue import Side, as_sources, as_targets, remembered, sides
from app.connectors.registry import system
from app.errors import AdministratorError
from app.flows.mapping import FlowMapping, Legs, legs_of, to_keep
from app.flows.registry import flow_kind
from app.mapping.check import Finding
from app.mapping.lists import Hashes
from app.mapping.rows import Row
from app.routers.access import Administers, Reads
from app.routers.bodies import Answer, storable
from app.routers.context import Reach
from app.routers.flow_bodies import FindingOut, FlowId
from app.routers.flow_settings import ExpectedVersion
from app.security import Caller
from app.store import changes, connections, flows
from app.store.flows import Flow

router = APIRouter(prefix="/api/v1/flows", tags=["Flows"])

_EDIT = {
    "rules": [
        {
            "name": "Belgians are tagged",
            "when": {"field": "billing.country", "is": "equals", "value": "BE"},
            "then": [{"do": "add_tag", "tag": "Belgium"}],
        }
    ]
}
MappingIn = Annotated[FlowMapping, BeforeValidator(storable), FromBody(examples=[_EDIT])]
CheckOnly = Annotated[bool, Query(description="Tell what would be said about it, and save nothing")]


class LegOut(Answer):
    """One leg as it counts."""

    rows: list[Row]
    shipped: bool = Field(description="Whether these are the shipped rows, which follow later versions")


class MappingOut(Answer):
    """A flow's mapping as it counts."""

    version: int = Field(examples=[1])
    leg1: LegOut = Field(description="From the source's document to the record in the middle")
    leg2: LegOut = Field(description="From the record in the middle to the target's document")
    tables: dict[str, Any]
    rules: list[Any]
    filters: list[Any]
    lists: dict[str, Any]
    findings: list[FindingOut] = Field(
        description="What to know about it; nothing here keeps it from running"
    )


async def legs_with_findings(
    db: AsyncConnection, flow: Flow, kept: Mapping[str, Any], *, hashes: Hashes
) -> tuple[Legs, tuple[Finding, ...]]:
    """The mapping that counts with what is to be said about it, by the fields as both systems told them last.

    Raises InvalidInput where a table cannot be used.
    """
    source_connection = await connections.find(db, flow.source_connection_id)
    target_connection = await connections.find(db, flow.target_connection_id)
    source, target = system(source_connection.system), system(target_connection.system)
    kind = flow_kind(flow.kind)
    try:
        legs = legs_of(
            kept,
            out_rows=source.out_rows.get(flow.record_kind, ()),
            in_rows=target.in_rows.get(flow.record_kind, ()),
        )
    except ValidationError:
        raise AdministratorError(
            "The stored mapping cannot be used by this version.",
            advice=f"Restore the shipped one: DELETE /api/v1/flows/{flow.id}/mapping.",
            code="flow_unusable",
        ) from None
    findings = legs.findings(
        kind,
        sources=as_sources((await remembered(db, source_connection, flow.record_kind, "out")).fields) or None,
        targets=as_targets((await remembered(db, target_connection, flow.record_kind, "in")).fields) or None,
    )
    if not any(finding.severity == "error" for finding in findings):
        legs.compiled(kind, hashes=hashes)
    return legs, findings


def _shown(flow: Flow, legs: Legs, findings: tuple[Finding, ...]) -> MappingOut:
    kept = legs.kept.model_dump(mode="json")
    return MappingOut(
        version=flow.version,
        leg1=LegOut(rows=list(legs.leg1), shipped=legs.leg1_shipped),
        leg2=LegOut(rows=list(legs.leg2), shipped=legs.leg2_shipped),
        tables=kept["tables"],
        rules=kept["rules"],
        filters=kept["filters"],
        lists=kept["lists"],
        findings=[
            FindingOut(
                severity=each.severity,
                place=each.place,
                code=each.code,
                sentence=each.sentence,
                advice=each.advice,
            )
            for each in findings
        ],
    )


async def _save(
    reach: Reach,
    caller: Caller,
    flow_id: str,
    body: FlowMapping,
    *,
    keep: bool,
    version: int | None,
    check_only: bool,
) -> MappingOut:
    """Save what was given; with ``keep`` the parts that were not given stay. Raises what names every row that is wrong."""
    hashes = reach.resources.hashes
    # A null is kept here: it takes away what the flow has.
    given = body.model_dump(mode="json", exclude_unset=True) | to_keep(body, hashes=hashes)
    asked = await sides(reach.resources, flow_id)
    now = await reach.db.now()
    async with reach.db.write() as db:
        flow = await flows.find(db, flow_id, to_change=True)
        merged = {**(flow.mapping if keep else {}), **given}
        kept = {name: value for name, value in merged.items() if value is not None}
        legs, findings = await legs_with_findings(db, flow, kept, hashes=hashes)
        refuse(findings)
        if not check_only:
            before = flow
            flow = await flows.configure(db, flow_id, now=now, mapping=kept, expected_version=version)
            await changes.note_flow(db, flow, before=before, who=caller, now=now)
        return _shown(flow, legs, (*findings, *(_not_told(side) for side in asked if side.error)))


def _not_told(side: Side) -> Finding:
    """That a system could not be asked: what it has since then is not known here."""
    known = "as they were told last" if side.read_at else "that every account has"
    return Finding(
        "warning",
        "leg1" if side.way == "out" else "leg2",
        "fields_not_told",
        f"{system(side.connection.system).title} could not be asked for its fields; the mapping was checked by those {known}.",
        f"Save it again later, or look at GET /api/v1/flows/…/fields. {side.error.detail if side.error else ''}".strip(),
    )


def refuse(findings: tuple[Finding, ...], *, place: tuple[str | int, ...] = ()) -> None:
    """Raise what names every row that cannot run; ``place`` is where the mapping stands in the body."""
    errors = [
        {
            "loc": ("body", *place, finding.place),
            "msg": f"{finding.sentence} {finding.advice}".strip(),
            "type": finding.code,
        }
        for finding in findings
        if finding.severity == "error"
    ]
    if errors:
        raise RequestValidationError(errors)


@router.get("/{flow_id}/mapping")
async def get_flow_mapping(reach: Reach, _caller: Reads, flow_id: FlowId) -> MappingOut:
    """The mapping as it counts: what was edited, else the shipped rows; with what is to be said about it."""
    async with reach.db.read() as db:
        flow = await flows.find(db, flow_id)
        return _shown(
            flow, *(await legs_with_findings(db, flow, flow.mapping, hashes=reach.resources.hashes))
        )


@router.put("/{flow_id}/mapping")
async def put_flow_mapping(
    reach: Reach,
    caller: Administers,
    flow_id: FlowId,
    body: MappingIn,
    version: ExpectedVersion = None,
    check_only: CheckOnly = False,
) -> MappingOut:
    """Replace the whole mapping. A leg that is absent or null is the shipped one again.

    What cannot run is refused, every row by its name; a path that is not known is a warning in `findings`.
    """
    return await _save(reach, caller, flow_id, body, keep=False, version=version, check_only=check_only)


@router.patch("/{flow_id}/mapping")
async def patch_flow_mapping(
    reach: Reach,
    caller: Administers,
    flow_id: FlowId,
    body: MappingIn,
    version: ExpectedVersion = None,
    check_only: CheckOnly = False,
) -> MappingOut:
    """Replace some parts (one leg, the rules, a filter …) and leave the others as they are; null restores a shipped leg."""
    return await _save(reach, caller, flow_id, body, keep=True, version=version, check_only=check_only)


@router.delete("/{flow_id}/mapping")
async def restore_flow_mapping(reach: Reach, caller: Administers, flow_id: FlowId) -> MappingOut:
    """Restore the shipped mapping: both legs, and no tables, rules, filters or lists."""
    return await _save(reach, caller, flow_id, FlowMapping(), keep=False, version=None, check_only=False)
