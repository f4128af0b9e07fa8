"""Rows: one field each, from an expression over a source to a path of a target.

A target path is ``name(.name)*``. Lists exist only as named scopes: the row ``contacts[]`` says which elements, and
the rows ``contacts[].email`` run once per element over ``{item, whole, settings}``; where the caller names an
identity key for the list, every element must have one of its own, because elements are known by it and never by
their position. Rows outside a scope read the document's fields directly, and ``settings``.

An expression that gives nothing leaves its target out; an empty text is a value and empties the target. A connector
ships its rows as plain tuples, ``(target, expression)``, or by name where a row has a table or starts switched off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.errors import InvalidInput
from app.mapping.comparisons import Ask
from app.mapping.conditions import When, compile_when
from app.mapping.expressions import compile_expression
from app.mapping.modes import MODE_TEXT, Mode
from app.mapping.plainpaths import Evaluate
from app.mapping.run import MAX_CALLS, Run, SkipRecord
from app.mapping.tables import Table, Tables, table_of
from app.mapping.targetpaths import Targets, source_paths, split_target
from app.mapping.writing import Scope, Steps, Write, apply_scope, apply_steps, writer

ShippedRow = tuple[Any, ...] | Mapping[str, Any]
"""``(target, expression)``, ``(target, expression, mode)``, or a row's fields by name where it needs more of them."""

MAX_ROWS = 1_000


class Row(BaseModel):
    """One line of a mapping."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str = Field(
        title="Target path",
        description="Where the value goes: names with dots; `list[]` names a list, `list[].name` a field of its elements.",
        examples=["merge_fields.FNAME"],
        max_length=200,
    )
    expression: str = Field(
        title="Source",
        description="A path or an expression (JMESPath with our functions) over the source.",
        examples=["first_name", "coalesce(mobile, phone)"],
        max_length=2_000,
    )
    mode: Mode = Field(
        default="always", title="When it is written", description=MODE_TEXT, examples=["always"]
    )
    on: bool = Field(
        default=True, title="On", description="A row that is off is kept and does nothing.", examples=[True]
    )
    table: Table | str | None = Field(
        default=None,
        title="Table",
        description=(
            "Default, force, and a table the value goes through, with the policy for what is not in it; or the name "
            "of one of the flow's tables."
        ),
        examples=[{"entries": {"high": "V21"}, "missing": "fail"}, "tax_classes"],
    )
    when: When | None = Field(
        default=None,
        title="Only if",
        description=(
            "The row writes only when this holds. Several rows may write one target if all but the first have a "
            "condition; the last one that holds wins."
        ),
        examples=[{"field": "country", "is": "equals", "value": "NL"}],
    )
    note: str | None = Field(
        default=None,
        title="Note",
        description="For people only.",
        examples=["Asked for by the accountant"],
        max_length=1_000,
    )


@dataclass(frozen=True, slots=True)
class Mapped:
    """What rows made of a document: absent values are left out; ``modes`` holds the paths that are not ``always``.

    ``skip`` is the reason when a table says that this record is left out; the document is empty then.
    """

    document: dict[str, Any]
    modes: dict[str, Mode]
    warnings: tuple[str, ...] = ()
    skip: str | None = None


def parse_rows(shipped: Sequence[ShippedRow]) -> tuple[Row, ...]:
    """What a connector ships, as rows."""
    return tuple(
        Row.model_validate(
            row
            if isinstance(row, Mapping)
            else dict(zip(("target", "expression", "mode"), row, strict=False))
        )
        for row in shipped
    )


@dataclass(frozen=True, slots=True)
class RowMapping:
    """Rows, compiled once per flow version. ``targets`` and ``sources`` are the paths it writes and reads.

    ``reads`` tells by target what its rows look at. ``emptiable`` are the paths outside lists that are written whenever
    there is something to write: that one of them stays out of the document means that the source holds nothing there.
    """

    steps: Steps
    scopes: tuple[Scope, ...]
    modes: Mapping[str, Mode]
    targets: frozenset[str]
    sources: frozenset[str]
    tables: Mapping[str, Any] = field(default_factory=dict)
    emptiable: frozenset[str] = frozenset()
    reads: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def compile(
        cls,
        rows: Sequence[Row],
        *,
        scopes: Mapping[str, str] | None = None,
        tables: Tables | None = None,
        place: str = "rows",
    ) -> RowMapping:
        """Raises InvalidInput naming the row that cannot be used, as ``rows[3].expression``.

        ``scopes`` names the identity key of each list's elements; ``tables`` are the flow's, by name.
        """
        if len(rows) > MAX_ROWS:
            raise InvalidInput(
                f"A mapping holds at most {MAX_ROWS:,} rows; this one has {len(rows):,}.", field=place
            )
        targets = Targets()
        steps: list[tuple[str, Write]] = []
        lists: dict[str, Evaluate] = {}
        inner: dict[str, list[tuple[str, Write]]] = {}
        reads: dict[str, frozenset[str]] = {}
        calls: dict[str | None, int] = {}
        for number, row in enumerate(rows):
            here = f"{place}[{number}]"
            scope, path = split_target(row.target, place=here)
            value = _value(row, here, tables)
            if not row.on:
                continue
            targets.add(row.target, row.mode, conditional=row.when is not None, place=here)
            reads[row.target] = reads.get(row.target, frozenset()) | value.reads
            inside = scope if path else None
            calls[inside] = calls.get(inside, 0) + value.calls
            if scope is not None and not path:
                lists[scope] = value.evaluate
            else:
                step = (row.target, writer(path, value.evaluate))
                (steps if scope is None else inner.setdefault(scope, [])).append(step)
        if sum(calls.values()) > MAX_CALLS:
            raise InvalidInput(
                f"The rows call more than {MAX_CALLS:,} functions.", field=place, advice="Make them simpler."
            )
        for scope in inner:
            if scope not in lists:
                raise InvalidInput(
                    f"The rows of {scope}[] need one row {scope}[] that says which list.", field=place
                )
        return cls(
            steps=tuple(steps),
            scopes=tuple(
                Scope(
                    path=tuple(name.split(".")),
                    elements=elements,
                    steps=tuple(inner.get(name, ())),
                    identity=(scopes or {}).get(name),
                    cost=1 + len(inner.get(name, ())) + 2 * calls.get(name, 0),
                )
                for name, elements in lists.items()
            ),
            modes=targets.told_modes(),
            targets=frozenset(targets.modes),
            sources=source_paths(reads),
            tables=dict(tables or {}),
            emptiable=targets.emptiable(),
            reads=reads,
        )

    def apply(self, document: dict[str, Any], *, settings: Mapping[str, Any] | None = None) -> Mapped:
        """The target document. Raises MappingFailed naming the row and the kind of value, never the value."""
        run = Run(settings=settings, tables=self.tables)
        whole = document if settings is None else document | {"settings": settings}
        made: dict[str, Any] = {}
        try:
            apply_steps(self.steps, whole, made, run)
            for scope in self.scopes:
                apply_scope(scope, whole, settings, made, run)
        except SkipRecord as skip:
            return Mapped({}, {}, tuple(run.notes), skip=str(skip))
        return Mapped(made, dict(self.modes), tuple(run.notes))


@dataclass(frozen=True, slots=True)
class _Value:
    """What a row writes: expression, then table, then whether it counts at all; plain paths stay bare closures."""

    evaluate: Evaluate
    reads: frozenset[str]
    calls: int


def _value(row: Row, place: str, tables: Tables | None) -> _Value:
    expression = compile_expression(row.expression, place=f"{place}.expression", tables=tables)
    evaluate, reads, calls = expression.evaluate, expression.reads, expression.calls
    if row.table is not None:
        translate = table_of(row.table, tables, name=row.target, place=f"{place}.table")
        evaluate = _translated(evaluate, translate)
    if row.when is not None:
        question = compile_when(row.when, place=f"{place}.when", tables=tables)
        evaluate = _guarded(evaluate, question.ask)
        reads, calls = reads | question.reads, calls + question.calls
    return _Value(evaluate, reads, calls)


def _translated(evaluate: Evaluate, translate: Evaluate) -> Evaluate:
    return lambda value, run: translate(evaluate(value, run), run)


def _guarded(evaluate: Evaluate, ask: Ask) -> Evaluate:
    return lambda value, run: evaluate(value, run) if ask(value, run) else None
