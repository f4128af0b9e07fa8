"""Conditions: yes or no about a record. Rows, rules and filters all ask in this one language.

A condition never fails: what is nothing, or of an odd kind, simply is not greater, not listed, not matching. Texts
are compared without regard to capitals and spaces at the ends, numbers as numbers (``"10"`` is 10), dates as days
or moments; a bare day is its midnight on the shop's clock (the setting ``time_zone``, else Amsterdam's).
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.errors import InvalidInput
from app.mapping.comparisons import Ask, compile_comparison
from app.mapping.expressions import Expression, compile_expression
from app.mapping.run import Run
from app.mapping.scalars import Scalar

MAX_GROUP_DEPTH = 6
MAX_CONDITIONS = 200

Operator = Literal[
    "equals", "not_equals", "empty", "not_empty", "true", "false", "contains", "not_contains", "starts_with",
    "ends_with", "matches", "not_matches", "greater", "at_least", "less", "at_most", "in", "not_in", "before",
    "after", "on_day",
]  # fmt: skip


OPERATORS: dict[str, str] = {
    "equals": "The same text, number, yes or no. An empty value equals everything that is empty.",
    "not_equals": "The opposite of `equals`.",
    "empty": "Nothing there: no value, spaces only, or a list or object without anything in it. 0 and no are values.",
    "not_empty": "The opposite of `empty`.",
    "true": "Yes, in the words that shops use: true, yes, ja, oui, j, y, 1, on, aan, x, and every number but 0.",
    "false": "The opposite of `true`, so also for a field that is empty.",
    "contains": "The text holds this piece; a list holds this element.",
    "not_contains": "The opposite of `contains`.",
    "starts_with": "The text begins so.",
    "ends_with": "The text ends so.",
    "matches": "The regular expression (RE2) is found in the text; `^` and `$` tie it to the ends.",
    "not_matches": "The opposite of `matches`.",
    "greater": "A greater number, or a text further on in the alphabet.",
    "at_least": "Greater or the same.",
    "less": "A smaller number, or a text further to the front.",
    "at_most": "Less or the same.",
    "in": "One of `values`; of a list any element is enough.",
    "not_in": "The opposite of `in`.",
    "before": "An earlier day or moment.",
    "after": "A later day or moment.",
    "on_day": "On the same day, on the shop's clock.",
}
"""What each comparison means, for the manual and for editors."""


class Condition(BaseModel):
    """One question about one field."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True)

    field: str = Field(
        title="Field",
        description="Path or expression that is asked about.",
        examples=["address.country", "length(lines)"],
        max_length=2_000,
    )
    is_: Operator = Field(
        alias="is",
        title="Comparison",
        description="How the field is compared. `empty` and `true` take no value, `in` and `not_in` take `values`.",
        examples=["equals"],
    )
    value: Scalar = Field(
        default=None,
        title="Value",
        description="What the field is compared with. For `matches` a regular expression (RE2).",
        examples=["NL"],
    )
    values: tuple[Scalar, ...] = Field(
        default=(),
        title="List of values",
        description="For `in` and `not_in`.",
        examples=[["NL", "BE"]],
        max_length=20_000,
    )
    other: str | None = Field(
        default=None,
        title="Other field",
        description="Compare with this path or expression instead of a value.",
        examples=["previous.price"],
        max_length=2_000,
    )
    exact: bool = Field(
        default=False,
        title="Capitals matter",
        description="Compare texts to the letter, spaces at the ends included.",
        examples=[False],
    )

    @model_validator(mode="after")
    def _complete(self) -> Condition:
        if self.is_ in ("in", "not_in") and not self.values and self.other is None:
            raise ValueError(f"`{self.is_}` needs `values`")
        if self.is_ in ("matches", "not_matches") and not isinstance(self.value, str):
            raise ValueError(f"`{self.is_}` needs a regular expression as `value`")
        return self


class Group(BaseModel):
    """Several conditions or groups together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    match: Literal["all", "any", "none"] = Field(
        default="all",
        title="Which of them",
        description="`all` must hold, `any` one is enough, `none` may hold.",
        examples=["any"],
    )
    of: tuple[Condition | Group, ...] = Field(
        title="Conditions",
        description="Conditions, and groups of them.",
        examples=[[{"field": "country", "is": "equals", "value": "NL"}]],
        min_length=1,
        max_length=MAX_CONDITIONS,
    )


When = Condition | Group


@dataclass(frozen=True, slots=True)
class Question:
    """A compiled condition: the question, the paths it reads, and how many functions it calls."""

    ask: Ask
    reads: frozenset[str]
    calls: int


def compile_when(when: When, *, place: str, tables: Container[str] | None = None) -> Question:
    """The question as one function. Raises InvalidInput with the place of what is wrong."""
    gathered = _Gathered(tables)
    ask = _compiled(when, place, 1, gathered)
    return Question(ask, frozenset(gathered.reads), gathered.calls)


@dataclass(slots=True)
class _Gathered:
    """What is counted and noted while one question is compiled."""

    tables: Container[str] | None
    conditions: int = 0
    calls: int = 0
    reads: set[str] = field(default_factory=set)

    def expression(self, text: str, place: str) -> Expression:
        """Compile one of the question's expressions."""
        compiled = compile_expression(text, place=place, tables=self.tables)
        self.reads |= compiled.reads
        self.calls += compiled.calls
        return compiled


def _compiled(when: When, place: str, depth: int, gathered: _Gathered) -> Ask:
    gathered.conditions += 1
    if gathered.conditions > MAX_CONDITIONS:
        raise InvalidInput(f"There are more than {MAX_CONDITIONS} conditions together.", field=place)
    if isinstance(when, Condition):
        return _condition(when, place, gathered)
    if depth > MAX_GROUP_DEPTH:
        raise InvalidInput(f"Groups of conditions are nested more than {MAX_GROUP_DEPTH} deep.", field=place)
    parts = [_compiled(each, f"{place}.of[{at}]", depth + 1, gathered) for at, each in enumerate(when.of)]
    if len(parts) == 1 and when.match != "none":
        return parts[0]
    # `all` is settled by the first that does not hold, `any` and `none` by the first that does
    settles, answer = when.match != "all", when.match == "any"

    def ask(value: Any, run: Run) -> bool:
        for part in parts:
            if part(value, run) is settles:
                return answer
        return not answer

    return ask


def _condition(condition: Condition, place: str, gathered: _Gathered) -> Ask:
    asked = gathered.expression(condition.field, f"{place}.field")
    other: Expression | None = None
    if condition.other is not None:
        other = gathered.expression(condition.other, f"{place}.other")
    return compile_comparison(
        condition.is_,
        read=asked.evaluate,
        beside=None if other is None else other.evaluate,
        constant=condition.values if condition.is_ in ("in", "not_in") else condition.value,
        exact=condition.exact,
        place=place,
    )
