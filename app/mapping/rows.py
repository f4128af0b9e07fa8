"""Rows: one field each, from an expression over a source to a path of a target.

A target path is ``name(.name)*``. Lists exist only as named scopes: the row ``contacts[]`` says which list, and the
rows ``contacts[].email`` run once per element over ``{item, whole, settings}``. A connector ships its rows as plain
tuples ``(target, expression)`` or ``(target, expression, mode)``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jmespath.exceptions import JMESPathError
from pydantic import BaseModel, ConfigDict, Field

from app.errors import InvalidInput, MappingFailed
from app.mapping.expressions import Evaluate, ExpressionTooExpensiveError, Interpreter, paths

Mode = Literal["always", "create", "update", "if_empty"]
RowTuple = tuple[str, str] | tuple[str, str, Mode]
MAX_ROWS = 1_000

_TARGET = re.compile(
    r"(?:(?P<scope>[A-Za-z_]\w*)\[\])?(?P<path>\.?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?", re.ASCII
)


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
        default="always",
        title="When it is written",
        description=(
            "`always`; `create`: only when the target record is made; `update`: only when it exists; "
            "`if_empty`: only where the target holds nothing, so that what people enriched survives."
        ),
        examples=["always"],
    )
    on: bool = Field(
        default=True, title="On", description="A row that is off is kept and does nothing.", examples=[True]
    )


@dataclass(frozen=True, slots=True)
class Mapped:
    """What rows made of a document: absent values are left out; ``modes`` holds the paths that are not ``always``."""

    document: dict[str, Any]
    modes: dict[str, str]
    warnings: tuple[str, ...] = ()


def parse_rows(tuples: Sequence[RowTuple]) -> tuple[Row, ...]:
    """Shipped tuples as rows."""
    return tuple(
        Row(target=row[0], expression=row[1], mode=row[2] if len(row) == 3 else "always") for row in tuples
    )


@dataclass(frozen=True, slots=True)
class _Step:
    names: tuple[str, ...]
    evaluate: Evaluate
    row: Row


@dataclass(frozen=True, slots=True)
class _Scope:
    name: str
    elements: _Step
    steps: tuple[_Step, ...]


@dataclass(frozen=True, slots=True)
class RowMapping:
    """Rows, compiled once per flow version."""

    steps: tuple[_Step, ...]
    scopes: tuple[_Scope, ...]
    modes: Mapping[str, str]
    targets: frozenset[str]
    sources: frozenset[str]

    @classmethod
    def compile(cls, rows: Sequence[Row]) -> RowMapping:
        """Raises InvalidInput naming the row that cannot be used."""
        if len(rows) > MAX_ROWS:
            raise InvalidInput(
                f"A mapping holds at most {MAX_ROWS} rows; this one has {len(rows)}.", field="rows"
            )
        interpreter = Interpreter()
        steps: list[_Step] = []
        lists: dict[str, _Step] = {}
        inner: dict[str, list[_Step]] = {}
        seen: set[str] = set()
        for number, row in enumerate(rows):
            place = f"rows[{number}]"
            found = _TARGET.fullmatch(row.target)
            if found is None or not row.target:
                raise InvalidInput(
                    f"{row.target!r} is no target path: names with dots are.", field=f"{place}.target"
                )
            if row.target in seen and row.on:
                raise InvalidInput(f"Two rows write {row.target!r}; switch one off.", field=f"{place}.target")
            evaluate = interpreter.compile(row.expression, place=f"{place}.expression")
            if not row.on:
                continue
            seen.add(row.target)
            scope, path = found["scope"], (found["path"] or "").removeprefix(".")
            step = _Step(tuple(path.split(".")) if path else (), evaluate, row)
            if scope is None:
                steps.append(step)
            elif not path:
                lists[scope] = step
            else:
                inner.setdefault(scope, []).append(step)
        for scope in inner:
            if scope not in lists:
                raise InvalidInput(
                    f"The rows of {scope}[] need one row {scope}[] that says which list.", field="rows"
                )
        return cls(
            steps=tuple(steps),
            scopes=tuple(
                _Scope(name, elements, tuple(inner.get(name, ()))) for name, elements in lists.items()
            ),
            modes={row.target.replace("[]", ""): row.mode for row in rows if row.on and row.mode != "always"},
            targets=frozenset(seen),
            sources=frozenset(
                path for row in rows if row.on and "[]." not in row.target for path in paths(row.expression)
            ),
        )

    def apply(self, document: dict[str, Any], *, settings: Mapping[str, Any] | None = None) -> Mapped:
        """The target document. Raises MappingFailed naming the row and the kind of value, never the value."""
        whole = document if settings is None else document | {"settings": settings}
        made: dict[str, Any] = {}
        for step in self.steps:
            _put(made, step.names, _value(step, whole))
        for scope in self.scopes:
            elements = _value(scope.elements, whole)
            if elements is None:
                continue
            if not isinstance(elements, list | tuple):
                raise MappingFailed(
                    f"The row {scope.name}[] gives no list but {_kind(elements)}.", row=f"{scope.name}[]"
                )
            made[scope.name] = [_element(scope, item, whole, settings) for item in elements]
        return Mapped(made, dict(self.modes))


def _element(
    scope: _Scope, item: Any, whole: dict[str, Any], settings: Mapping[str, Any] | None
) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    around = {"item": item, "whole": whole, "settings": settings}
    for step in scope.steps:
        _put(inner, step.names, _value(step, around))
    return inner


def _value(step: _Step, document: dict[str, Any]) -> Any:
    try:
        return step.evaluate(document)
    except ExpressionTooExpensiveError as error:
        raise MappingFailed(
            f"The expression of {step.row.target} was stopped: {error}.",
            row=step.row.target,
            advice="Make it simpler.",
        ) from None
    except (JMESPathError, ArithmeticError, TypeError, ValueError, RecursionError) as error:
        raise MappingFailed(
            f"The expression of {step.row.target} does not fit this record ({type(error).__name__}).",
            row=step.row.target,
            advice="Look at the record in the preview and change the row.",
        ) from None


def _put(made: dict[str, Any], names: tuple[str, ...], value: Any) -> None:
    if value is None:
        return
    for name in names[:-1]:
        made = made.setdefault(name, {})
        if not isinstance(made, dict):
            raise MappingFailed(
                f"{'.'.join(names)} and a shorter path are both written.", row=".".join(names)
            )
    made[names[-1]] = value


def _kind(value: Any) -> str:
    return {bool: "a yes/no", str: "a text", int: "a number", dict: "an object"}.get(
        type(value), type(value).__name__
    )
