"""A flow's mapping as it is kept and edited: two legs of rows, tables, rules, filters and lists.

A leg that was never edited is not kept: it follows the shipped rows, also those of a later version. Editing one leg
leaves the other alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.flows.base import FlowKind
from app.mapping.check import Finding, Kind, TargetField, check_filters, check_rows, check_rules
from app.mapping.filters import MAX_FILTERS, Filter, FilterSet
from app.mapping.lists import Hashes, Lists, Untouched, protected
from app.mapping.recordfields import kinds_of, record_fields
from app.mapping.rows import MAX_ROWS, Row, RowMapping, ShippedRow, parse_rows
from app.mapping.rules import MAX_RULES, Rule, RuleSet
from app.mapping.tables import Table, compile_tables

MAX_TABLES = 100


class FlowMapping(BaseModel):
    """What is kept of a flow's mapping. An absent leg means the shipped rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    leg1: tuple[Row, ...] | None = Field(
        default=None,
        title="Leg 1",
        description="Rows from the source's document to the record in the middle. Absent: the shipped rows.",
        examples=[[{"target": "email", "expression": "email(email)"}]],
        max_length=MAX_ROWS,
    )
    leg2: tuple[Row, ...] | None = Field(
        default=None,
        title="Leg 2",
        description="Rows from the record in the middle to the target's document. Absent: the shipped rows.",
        examples=[[{"target": "merge_fields.FNAME", "expression": "first_name"}]],
        max_length=MAX_ROWS,
    )
    tables: dict[str, Table] = Field(
        default_factory=dict,
        title="Tables",
        description="Named tables for rows, for rules, and for `lookup(value, 'name')` in expressions.",
        examples=[{"payment": {"entries": {"PIN": "card"}, "missing": "fail"}}],
        max_length=MAX_TABLES,
    )
    rules: tuple[Rule, ...] = Field(
        default=(),
        title="Business rules",
        description="What is changed, tagged, left out or held back between the two legs, in order.",
        examples=[
            [
                {
                    "name": "Belgian companies pay in 14 days",
                    "when": {"field": "billing.country", "is": "equals", "value": "BE"},
                    "then": [{"do": "set", "field": "payment_days", "value": 14}],
                }
            ]
        ],
        max_length=MAX_RULES,
    )
    filters: tuple[Filter, ...] = Field(
        default=(),
        title="Filters",
        description="Which records travel, asked before the first leg or after the rules.",
        examples=[[{"name": "Only web shop customers", "when": {"field": "custom.webshop", "is": "true"}}]],
        max_length=MAX_FILTERS,
    )
    lists: Lists = Field(
        default=Lists(),
        title="Block and allow lists",
        description="Single records by SKU, e-mail address, customer number or order number.",
        examples=[{"block": {"email": ["test@winkel.nl"]}}],
    )


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """A flow's mapping, ready to run: compiled once per flow version.

    ``before`` asks about the source's document, ``after`` about the record as the rules left it. ``listed`` are the
    lists for the record as a whole, ``puts`` for what goes to one target record, ``elements`` for lists inside it,
    ``untouched`` for target records that would be put away.
    """

    before: FilterSet
    leg1: RowMapping
    rules: RuleSet
    after: FilterSet
    listed: FilterSet
    elements: Mapping[str, FilterSet]
    puts: FilterSet
    untouched: Untouched
    leg2: RowMapping


@dataclass(frozen=True, slots=True)
class Legs:
    """The mapping as it counts, both legs filled in, and which of them are the shipped ones."""

    leg1: tuple[Row, ...]
    leg2: tuple[Row, ...]
    kept: FlowMapping
    leg1_shipped: bool
    leg2_shipped: bool

    def compiled(self, kind: FlowKind, *, hashes: Hashes | None = None) -> CompiledMapping:
        """Everything, ready to run. Raises InvalidInput naming ``leg1.rows[3].expression``, ``rules[0].then[1]``…

        ``hashes`` are this installation's, by which listed addresses are found.
        """
        kept = self.kept
        tables = compile_tables(kept.tables)

        def lists(keys: Mapping[Any, str]) -> FilterSet:
            return FilterSet.compile((), stage="after", lists=kept.lists, keys=keys, hashes=hashes)

        return CompiledMapping(
            before=FilterSet.compile(kept.filters, stage="before", tables=tables),
            leg1=RowMapping.compile(self.leg1, scopes=kind.scopes, tables=tables, place="leg1.rows"),
            rules=RuleSet.compile(kept.rules, tags=kind.tags, tables=tables),
            after=FilterSet.compile(kept.filters, stage="after", tables=tables),
            listed=lists(kind.list_keys),
            elements={scope: lists(keys) for scope, keys in kind.list_elements.items()},
            puts=lists(kind.put_list_keys),
            untouched=Untouched.compile(kept.lists, kind.put_list_keys),
            leg2=RowMapping.compile(self.leg2, scopes=kind.target_scopes, tables=tables, place="leg2.rows"),
        )

    def findings(
        self,
        kind: FlowKind,
        *,
        sources: Mapping[str, Kind] | None = None,
        targets: Mapping[str, TargetField] | None = None,
    ) -> tuple[Finding, ...]:
        """Everything to say about this mapping before it is saved; errors refuse it.

        ``sources`` are the fields that the source connection offers, ``targets`` those of the target connection,
        where they are known. The record in the middle is known always.
        """
        kept, tables = self.kept, compile_tables(self.kept.tables)
        fields = record_fields(kind.record)
        handed_on = record_fields(kind.put_record or kind.record)
        leg1 = check_rows(
            self.leg1, sources=sources, targets=fields, scopes=kind.scopes, tables=tables, closed=True
        )
        leg2 = check_rows(
            self.leg2, sources=kinds_of(handed_on), targets=targets, scopes=kind.target_scopes, tables=tables
        )
        return (
            *(replace(finding, place=f"leg1.{finding.place}") for finding in leg1),
            *check_rules(kept.rules, fields=fields, tags=kind.tags, tables=tables),
            *check_filters(kept.filters, known={"before": sources, "after": fields}, tables=tables),
            *(replace(finding, place=f"leg2.{finding.place}") for finding in leg2),
        )


def to_keep(mapping: FlowMapping, *, hashes: Hashes) -> dict[str, Any]:
    """What is kept of a mapping: what was given of it, its listed addresses hashed. Raises InvalidInput by place."""
    kept = {
        name: value
        for name, value in mapping.model_dump(mode="json", exclude_unset=True).items()
        if value is not None
    }
    if "lists" in kept:
        kept["lists"] = protected(mapping.lists, hashes).model_dump(mode="json", exclude_unset=True)
    return kept


def legs_of(
    kept: Mapping[str, Any], *, out_rows: Sequence[ShippedRow], in_rows: Sequence[ShippedRow]
) -> Legs:
    """The mapping that counts: what was edited, else what the two connectors ship."""
    mapping = FlowMapping.model_validate(dict(kept))
    return Legs(
        leg1=parse_rows(out_rows) if mapping.leg1 is None else mapping.leg1,
        leg2=parse_rows(in_rows) if mapping.leg2 is None else mapping.leg2,
        kept=mapping,
        leg1_shipped=mapping.leg1 is None,
        leg2_shipped=mapping.leg2 is None,
    )
