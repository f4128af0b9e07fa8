"""Conditions: yes or no about a record. Rows, rules and filters all ask in this one language.

A condition never fails: what is nothing, or of an odd kind, simply is not greater, not listed, not matching. Texts
are compared without regard to capitals and spaces at the ends, numbers as numbers (``"10"`` is 10), dates as days
or moments; a bare day is its midnight on the shop's clock (the setting ``time_zone``, else Amsterdam's).
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.errors import InvalidInput
from app.mapping.expressions import Expression, compile_expression
from app.mapping.library.choices import is_empty
from app.mapping.library.patterns import compile_pattern
from app.mapping.run import Run
from app.mapping.scalars import Scalar
from app.mapping.tables import key_of
from app.values.dates import parse_moment, wall_clock
from app.values.money import to_decimal
from app.values.text import as_text

MAX_GROUP_DEPTH = 6
MAX_CONDITIONS = 200

Operator = Literal[
    "equals", "not_equals", "empty", "not_empty", "true", "false", "contains", "not_contains", "starts_with",
    "ends_with", "matches", "not_matches", "greater", "at_least", "less", "at_most", "in", "not_in", "before",
    "after", "on_day",
]  # fmt: skip
Ask = Callable[[Any, Run], bool]


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


def compile_when(
    when: When, *, place: str, tables: Container[str] | None = None
) -> tuple[Ask, frozenset[str]]:
    """The question as one function, and the paths it reads. Raises InvalidInput with the place of what is wrong."""
    gathered = _Gathered(tables)
    ask = _compiled(when, place, 1, gathered)
    return ask, frozenset(gathered.reads)


@dataclass(slots=True)
class _Gathered:
    """What is counted and noted while one question is compiled."""

    tables: Container[str] | None
    conditions: int = 0
    reads: set[str] = field(default_factory=set)


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
    if when.match == "all":
        return lambda value, run: all(part(value, run) for part in parts)
    wanted = when.match == "any"
    return lambda value, run: any(part(value, run) for part in parts) is wanted


def _condition(condition: Condition, place: str, gathered: _Gathered) -> Ask:
    asked = compile_expression(condition.field, place=f"{place}.field", tables=gathered.tables)
    gathered.reads |= asked.reads
    other: Expression | None = None
    if condition.other is not None:
        other = compile_expression(condition.other, place=f"{place}.other", tables=gathered.tables)
        gathered.reads |= other.reads
    positive, wanted = _POSITIVE.get(condition.is_, (condition.is_, True))
    compare = _comparison(condition, positive, place, fixed=other is None)
    read = asked.evaluate
    if other is None:
        constant = condition.values if positive == "in" else condition.value
        return lambda value, run: compare(read(value, run), constant, run) is wanted
    beside = other.evaluate
    return lambda value, run: compare(read(value, run), beside(value, run), run) is wanted


# The negative of a comparison is its opposite for every value, nothing and odd kinds included.
_POSITIVE = {
    "not_equals": ("equals", False), "not_empty": ("empty", False), "false": ("true", False),
    "not_contains": ("contains", False), "not_matches": ("matches", False), "not_in": ("in", False),
}  # fmt: skip

Compare = Callable[[Any, Any, Run], bool]


def _comparison(condition: Condition, operator: str, place: str, *, fixed: bool) -> Compare:
    exact = condition.exact
    if operator == "empty":
        return lambda left, right, run: is_empty(left)  # noqa: ARG005
    if operator == "true":
        return lambda left, right, run: _yes(left)  # noqa: ARG005
    if operator == "equals":
        return lambda left, right, run: _equal(left, right, run, exact=exact)
    if operator == "in":
        return _listed(condition, fixed=fixed)
    if operator == "matches":
        try:
            pattern = compile_pattern(str(condition.value), any_case=not exact)
        except InvalidInput as error:
            raise InvalidInput(error.detail, field=f"{place}.value", advice=error.advice) from None
        return lambda left, right, run: (text := as_text(left)) is not None and pattern.found(run, text)  # noqa: ARG005
    if operator in _TEXT:
        return _text_comparison(operator, exact=exact)
    if operator in _ORDER:
        holds = _ORDER[operator]
        return lambda left, right, run: _ordered(left, right, holds)  # noqa: ARG005
    by_day = operator == "on_day"
    sign = {"before": -1, "after": 1, "on_day": 0}[operator]
    return lambda left, right, run: _dated(left, right, sign, run.zone, by_day=by_day)


_TEXT: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, piece: piece in text,
    "starts_with": lambda text, piece: text.startswith(piece),
    "ends_with": lambda text, piece: text.endswith(piece),
}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "greater": lambda one, other: one > other,
    "at_least": lambda one, other: one >= other,
    "less": lambda one, other: one < other,
    "at_most": lambda one, other: one <= other,
}


def _equal(left: Any, right: Any, run: Run, *, exact: bool) -> bool:
    if is_empty(left) or is_empty(right):
        return is_empty(left) and is_empty(right)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right or (as_text(left) or "").casefold() == (as_text(right) or "").casefold()
    if isinstance(left, str) and isinstance(right, str):
        return left == right if exact else left.strip().casefold() == right.strip().casefold()
    if isinstance(left, dict | list | tuple) or isinstance(right, dict | list | tuple):
        return run.same(left, right)
    one, other = to_decimal(left), to_decimal(right)
    if one is not None and other is not None:
        return one == other
    return as_text(left) == as_text(right)


def _yes(value: Any) -> bool:
    """What shops mean by yes, in the words that custom fields hold."""
    if isinstance(value, str):
        return value.strip().casefold() in ("true", "yes", "ja", "oui", "j", "y", "1", "on", "aan", "x")
    number = to_decimal(value)
    return value is True or (number is not None and number != 0)


def _text_comparison(operator: str, *, exact: bool) -> Compare:
    holds = _TEXT[operator]

    def compare(left: Any, right: Any, run: Run) -> bool:
        if operator == "contains" and isinstance(left, list | tuple):
            run.pay(len(left))
            return any(_equal(element, right, run, exact=exact) for element in left)
        text, piece = as_text(left), as_text(right)
        if text is None or not piece:
            return False
        if len(text) > 256:
            run.pay(len(text) >> 7)
        return holds(text, piece) if exact else holds(text.casefold(), piece.casefold())

    return compare


def _listed(condition: Condition, *, fixed: bool) -> Compare:
    any_case = not condition.exact
    known = frozenset(key_of(value, any_case=any_case) for value in condition.values)

    def compare(left: Any, right: Any, run: Run) -> bool:
        if isinstance(left, list | tuple):
            run.pay(len(left))
            return any(compare(element, right, run) for element in left)
        if is_empty(left) or isinstance(left, dict):
            return False
        if fixed:
            return key_of(left, any_case=any_case) in known
        elements = right if isinstance(right, list | tuple) else (right,)
        run.pay(len(elements))
        return any(_equal(left, element, run, exact=condition.exact) for element in elements)

    return compare


def _ordered(left: Any, right: Any, holds: Callable[[Any, Any], bool]) -> bool:
    one, other = to_decimal(left), to_decimal(right)
    if one is not None and other is not None:
        return holds(one, other)
    if isinstance(left, str) and isinstance(right, str) and left.strip() and right.strip():
        return holds(left.casefold(), right.casefold())
    return False


def _dated(left: Any, right: Any, sign: int, zone: str, *, by_day: bool) -> bool:
    one, other = parse_moment(left, zone), parse_moment(right, zone)
    if one is None or other is None:
        return False
    if by_day:
        return wall_clock(one, zone).date() == wall_clock(other, zone).date()
    return (one > other) - (one < other) == sign
