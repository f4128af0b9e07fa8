"""A flow's mapping as it is kept and edited: two legs of rows, and the tables they look things up in.

A leg that was never edited is not kept: it follows the shipped rows, also those of a later version. Editing one leg
leaves the other alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.flows.base import FlowKind
from app.mapping.rows import Row, RowMapping, parse_rows


class FlowMapping(BaseModel):
    """What is kept of a flow's mapping. An absent leg means the shipped rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    leg1: tuple[Row, ...] | None = Field(
        default=None,
        title="Leg 1",
        description="Rows from the source's document to the record in the middle. Absent: the shipped rows.",
        examples=[[{"target": "email", "expression": "email(email)"}]],
    )
    leg2: tuple[Row, ...] | None = Field(
        default=None,
        title="Leg 2",
        description="Rows from the record in the middle to the target's document. Absent: the shipped rows.",
        examples=[[{"target": "merge_fields.FNAME", "expression": "first_name"}]],
    )
    tables: dict[str, dict[str, str | int | float | bool | None]] = Field(
        default_factory=dict,
        title="Tables",
        description="Named tables for `lookup(value, 'name')`.",
        examples=[{"payment": {"PIN": "card"}}],
    )


@dataclass(frozen=True, slots=True)
class Legs:
    """Both legs as they count, and which of them are the shipped ones."""

    leg1: tuple[Row, ...]
    leg2: tuple[Row, ...]
    tables: Mapping[str, Mapping[str, Any]]
    leg1_shipped: bool
    leg2_shipped: bool

    def compiled(self, kind: FlowKind) -> tuple[RowMapping, RowMapping]:
        """Both legs, ready to run. Raises InvalidInput naming ``leg1.rows[3].expression``."""
        return (
            RowMapping.compile(self.leg1, scopes=kind.scopes, tables=self.tables),
            RowMapping.compile(self.leg2, scopes=kind.target_scopes, tables=self.tables),
        )


def legs_of(
    kept: Mapping[str, Any], *, out_rows: Sequence[tuple[Any, ...]], in_rows: Sequence[tuple[Any, ...]]
) -> Legs:
    """The legs that count: what was edited, else what the two connectors ship."""
    mapping = FlowMapping.model_validate(dict(kept))
    return Legs(
        leg1=parse_rows(out_rows) if mapping.leg1 is None else mapping.leg1,
        leg2=parse_rows(in_rows) if mapping.leg2 is None else mapping.leg2,
        tables=mapping.tables,
        leg1_shipped=mapping.leg1 is None,
        leg2_shipped=mapping.leg2 is None,
    )
