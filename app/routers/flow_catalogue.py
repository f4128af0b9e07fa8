"""What the rows of a flow can read and write: the catalogue that a mapping editor is drawn from."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.catalogue import BELIEVED_MS, Side, sides
from app.flows.registry import flow_kind
from app.flows.shared import IntegrationSettings
from app.mapping.check import TargetField
from app.mapping.plainpaths import quoted
from app.mapping.recordfields import kinds_of, record_fields
from app.routers.access import Reads
from app.routers.bodies import Answer, Moment, moment
from app.routers.context import Reach
from app.routers.flow_bodies import FlowId
from app.store import flows
from app.values.text import spoken

router = APIRouter(prefix="/api/v1/flows", tags=["Flows"])


class FieldOut(Answer):
    """One field."""

    path: str = Field(
        description="As a row writes it: read, it is an expression; written, a target. "
        "`lines[].sku` is `item.sku` in a row of the list `lines[]`; `*` stands for any name",
        examples=["merge_fields.FNAME"],
    )
    label: str = Field(examples=["First Name"])
    type: str = Field(description="text, number, yes/no, date, list, object or anything", examples=["text"])
    required: bool = Field(description="A mapping in which no row writes it is refused", examples=[False])
    choices: list[str] = Field(description="The only values it takes; empty: any", examples=[[]])
    example: str = Field(description="What may stand there; empty where none helps", examples=["Utrecht"])
    description: str = Field(examples=[""])
    origin: str = Field(
        description="`standard`: in every account; `custom_field`, `merge_field`, `group`, `tag`: made in this account; "
        "`record`: of the record in the middle; `setting`: of the flow or its integration",
        examples=["merge_field"],
    )


class WhyNot(Answer):
    """Why a system could not be asked just now."""

    code: str = Field(examples=["connection_refused"])
    sentence: str
    advice: str


class SideOut(Answer):
    """The fields of one side."""

    connection_id: str
    system: str = Field(examples=["mailchimp"])
    record_kind: str = Field(examples=["customer"])
    read_at: Moment | None = Field(
        description="When the system told them; null: it was never asked, and these are those of every account"
    )
    age_s: float | None = Field(description="So many seconds ago", examples=[2.5])
    problem: WhyNot | None = Field(
        description="Why it could not be asked now: what is listed is what it told last", examples=[None]
    )
    fields: list[FieldOut]


class FieldsOut(Answer):
    """Everything that the rows of a flow can read and write."""

    flow_id: str
    source: SideOut = Field(description="What leg 1 reads, and filters that ask before the mapping")
    record: list[FieldOut] = Field(description="What leg 1 writes, and rules and filters ask and change")
    handed_on: list[FieldOut] = Field(description="What leg 2 reads")
    target: SideOut = Field(description="What leg 2 writes")
    settings: list[FieldOut] = Field(description="What every expression can read beside them")


@router.get("/{flow_id}/fields")
async def list_fields(
    reach: Reach,
    _caller: Reads,
    flow_id: FlowId,
    refresh: Annotated[
        bool, Query(description="Ask both systems now; else what they told in the last minute does")
    ] = False,
) -> FieldsOut:
    """Every field that the flow's rows can read at the source and write at the target, asked of both systems.

    A custom field or a merge field that was made a moment ago is there with `refresh=true`, else within a minute. While a
    system is away its last known fields are listed with their age, and the reason stands in `problem`.
    """
    async with reach.db.read() as db:
        kind = flow_kind((await flows.find(db, flow_id)).kind)
    source, target = await sides(reach.resources, flow_id, believed_ms=0 if refresh else BELIEVED_MS)
    now = await reach.db.now()
    return FieldsOut(
        flow_id=flow_id,
        source=_side(source, now=now),
        record=_record(record_fields(kind.record)),
        handed_on=_record(record_fields(kind.put_record or kind.record), reading=True),
        target=_side(target, now=now),
        settings=_settings(kind.settings),
    )


def _side(side: Side, *, now: int) -> SideOut:
    error = side.error
    return SideOut(
        connection_id=side.connection.id,
        system=side.connection.system,
        record_kind=side.kind,
        read_at=moment(side.read_at),
        age_s=None if side.read_at is None else max(0, now - side.read_at) / 1000,
        problem=None
        if error is None
        else WhyNot(code=error.code, sentence=error.detail, advice=error.advice),
        fields=[
            FieldOut(
                path=(field.expression or quoted(path)) if side.way == "out" else path,
                label=field.title or spoken(path),
                type=field.kind,
                required=field.required,
                choices=list(field.choices),
                example=field.example,
                description=field.note,
                origin=field.origin,
            )
            for path, field in side.fields.items()
        ],
    )


def _record(fields: dict[str, TargetField], *, reading: bool = False) -> list[FieldOut]:
    kinds = kinds_of(fields)
    return [
        FieldOut(
            path=path,
            label=spoken(path.removesuffix(".*")),
            type=kinds[path],
            required=field.required and not reading,
            choices=list(field.choices),
            example=field.choices[0] if field.choices else _EXAMPLES.get(kinds[path], ""),
            description=field.note,
            origin="record",
        )
        for path, field in fields.items()
    ]


_EXAMPLES = {"number": "12.50", "yes/no": "true", "date": "2026-11-24"}


def _settings(model: type[BaseModel]) -> list[FieldOut]:
    """Settings as expressions see them: the flow's own, and those of its integration that it does not have itself."""
    said = {**IntegrationSettings.model_fields, **model.model_fields}
    fields = record_fields(IntegrationSettings) | record_fields(model)
    found = []
    for path, field in fields.items():
        told = said.get(path)
        shown: Any = (told.examples or [""])[0] if told is not None else ""
        found.append(
            FieldOut(
                path=f"settings.{path}",
                label=(told.title if told is not None else None) or spoken(path.removesuffix(".*")),
                type=field.kind,
                required=False,
                choices=list(field.choices),
                example=shown if isinstance(shown, str) else "",
                description=field.note,
                origin="setting",
            )
        )
    return found
