"""What a rule does: one small model per action, each with its effect as a function on a fresh copy of the record.

Values are data. ``from`` may be a path or an expression; ``value`` never is one. A field's path is ``name(.name)*``;
what stands in the way of a path (a text where an object is needed) is the record's failure, not overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.errors import InvalidInput, MappingFailed
from app.mapping.closures import Evaluate
from app.mapping.expressions import compile_expression
from app.mapping.library import numbers
from app.mapping.library.choices import is_empty
from app.mapping.run import Run, SkipRecord, kind_of
from app.mapping.scalars import Scalar
from app.mapping.tables import Table, Tables, table_of
from app.values.money import half_up, to_decimal
from app.values.text import as_text

_PATH = re.compile(r"\w[\w-]{0,99}(?:\.\w[\w-]{0,99}){0,7}")

# An effect changes ``here`` (the record, or the element a rule runs over); ``seen`` is what expressions look at.
# ``here`` itself may be changed; objects inside it belong to somebody else and are copied when they change.
Effect = Callable[[dict[str, Any], Any, Run], None]


@dataclass(frozen=True, slots=True)
class Compiled:
    """An action as a function, the paths its expression reads, and how many functions it calls."""

    effect: Effect
    reads: frozenset[str] = frozenset()
    calls: int = 0


class StopRecord(Exception):
    """A rule stops this record with a message; caught where rules are applied."""


class _Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True)


_FIELD = Field(
    title="Field", description="Path of the field that changes.", examples=["address.city"], max_length=200
)


class _Valued(_Action):
    """An action that takes a value written out, or one from the record."""

    field: str = _FIELD
    value: Scalar = Field(
        default=None, title="Value", description="A value; it is written as it stands.", examples=["VIP"]
    )
    from_: str | None = Field(
        default=None,
        alias="from",
        title="From",
        description="A path or expression over the record that gives the value instead.",
        examples=["concat(first_name, ' ', last_name)"],
        max_length=2_000,
    )

    @model_validator(mode="after")
    def _one_source(self) -> _Valued:
        if (self.value is None) is (self.from_ is None):
            raise ValueError("give either `value` or `from`")
        return self


class Set(_Valued):
    """Give the field this value."""

    do: Literal["set"] = Field(title="Action", description="Give the field this value.", examples=["set"])


class Append(_Valued):
    """Add behind the text, or as the last element of a list."""

    do: Literal["append"] = Field(
        title="Action", description="Add behind the text, or as last element of a list.", examples=["append"]
    )
    separator: str = Field(
        default="",
        title="Separator",
        description="What stands between, where the field holds a text already.",
        examples=[", "],
        max_length=20,
    )


class Prepend(_Valued):
    """Add in front of the text, or as the first element of a list."""

    do: Literal["prepend"] = Field(
        title="Action",
        description="Add in front of the text, or as first element of a list.",
        examples=["prepend"],
    )
    separator: str = Field(
        default="",
        title="Separator",
        description="What stands between, where the field holds a text already.",
        examples=[" "],
        max_length=20,
    )


class Copy(_Action):
    """Copy a field, lists and objects too."""

    do: Literal["copy"] = Field(title="Action", description="Copy one field to another.", examples=["copy"])
    field: str = _FIELD
    from_: str = Field(
        alias="from",
        title="From",
        description="The path or expression that is copied.",
        examples=["billing"],
        max_length=2_000,
    )


class Math(_Valued):
    """Reckon with the field."""

    do: Literal["math"] = Field(title="Action", description="Reckon with the field.", examples=["math"])
    operator: Literal["add", "subtract", "multiply", "divide", "add_percent", "subtract_percent"] = Field(
        title="Operation", description="What is done with the value.", examples=["add_percent"]
    )
    places: int | None = Field(
        default=None,
        title="Decimals",
        description="Round half up to so many decimals; nothing: do not round.",
        examples=[2],
        ge=0,
        le=12,
    )


class Clear(_Action):
    """Empty the field."""

    do: Literal["clear"] = Field(title="Action", description="Empty the field.", examples=["clear"])
    field: str = _FIELD


class Translate(_Action):
    """Send the field through a table."""

    do: Literal["map"] = Field(
        title="Action", description="Send the field through a table.", examples=["map"]
    )
    field: str = _FIELD
    table: Table | str = Field(
        title="Table",
        description="Default, force, table and policy; or the name of one of the flow's tables.",
        examples=[{"entries": {"high": "V21"}}, "tax_classes"],
    )


class Skip(_Action):
    """Leave this record out; in a rule over a list, this element."""

    do: Literal["skip"] = Field(
        title="Action",
        description="Leave the record out; in a rule over a list, the element.",
        examples=["skip"],
    )
    reason: str = Field(
        title="Reason",
        description="What the log says.",
        examples=["Test customer"],
        min_length=1,
        max_length=500,
    )


class Stop(_Action):
    """Hold this record back with a message for people."""

    do: Literal["stop"] = Field(
        title="Action", description="Hold the record back until somebody acts.", examples=["stop"]
    )
    message: str = Field(
        title="Message",
        description="What the person who must act reads.",
        examples=["The customer has no VAT number"],
        min_length=1,
        max_length=500,
    )


class AddTag(_Action):
    """Add a tag; on an order to its customer."""

    do: Literal["add_tag"] = Field(
        title="Action", description="Add a tag; on an order to its customer.", examples=["add_tag"]
    )
    tag: str | None = Field(
        default=None,
        title="Tag",
        description="The tag's name.",
        examples=["Loyal"],
        min_length=1,
        max_length=100,
    )
    from_: str | None = Field(
        default=None,
        alias="from",
        title="From",
        description="A path or expression that gives the tag, or a list of tags.",
        examples=["lines[].category"],
        max_length=2_000,
    )

    @model_validator(mode="after")
    def _one_source(self) -> AddTag:
        if (self.tag is None) is (self.from_ is None):
            raise ValueError("give either `tag` or `from`")
        return self


Action = Annotated[
    Set | Append | Prepend | Copy | Math | Clear | Translate | Skip | Stop | AddTag, Field(discriminator="do")
]


def compile_action(action: Action, *, place: str, rule: str, tables: Tables | None = None) -> Compiled:
    """The action as one function. Raises InvalidInput with the place of what is wrong."""
    if isinstance(action, Skip | Stop):
        return Compiled(_ending(action))
    if isinstance(action, AddTag):
        value = _source(action.tag, action.from_, place, tables)
        return Compiled(_tagging(value.evaluate), value.reads, value.calls)
    if _PATH.fullmatch(action.field) is None:
        raise InvalidInput(f"{action.field[:80]!r} is no path: names with dots are.", field=f"{place}.field")
    path = tuple(action.field.split("."))
    if isinstance(action, Clear):
        return Compiled(lambda here, seen, run: _put(here, path, None, run))  # noqa: ARG005
    if isinstance(action, Translate):
        translate = table_of(action.table, tables, name=rule, place=f"{place}.table")
        return Compiled(lambda here, seen, run: _put(here, path, translate(_get(here, path), run), run))  # noqa: ARG005
    value = _source(None if isinstance(action, Copy) else action.value, action.from_, place, tables)
    return Compiled(_changing(action, path, value.evaluate), value.reads, value.calls)


@dataclass(frozen=True, slots=True)
class _Value:
    evaluate: Evaluate
    reads: frozenset[str] = frozenset()
    calls: int = 0


def _source(value: Any, expression: str | None, place: str, tables: Tables | None) -> _Value:
    if expression is None:
        return _Value(lambda seen, run: value)  # noqa: ARG005
    compiled = compile_expression(expression, place=f"{place}.from", tables=tables)
    return _Value(compiled.evaluate, compiled.reads, compiled.calls)


def _ending(action: Skip | Stop) -> Effect:
    def end(here: dict[str, Any], seen: Any, run: Run) -> None:  # noqa: ARG001
        if isinstance(action, Skip):
            raise SkipRecord(action.reason)
        raise StopRecord(action.message)

    return end


def _tagging(value: Evaluate) -> Effect:
    def tag(here: dict[str, Any], seen: Any, run: Run) -> None:
        found = value(seen, run)
        # the tags of the whole record are gathered beside the document; RuleSet puts them where its kind keeps them
        gathered = here.setdefault(TAGS, [])
        for name in found if isinstance(found, list | tuple) else (found,):
            text = (as_text(name) or "").strip()
            if text and text not in gathered:
                run.pay(len(gathered) + 1)
                gathered.append(text)

    return tag


TAGS = "\x00tags"  # no field can have this name


def _changing(action: Set | Append | Prepend | Copy | Math, path: tuple[str, ...], given: Evaluate) -> Effect:
    def change(here: dict[str, Any], seen: Any, run: Run) -> None:
        value = run.copied(given(seen, run))
        if isinstance(action, Append | Prepend):
            value = _added(action, _get(here, path), value, run)
        elif isinstance(action, Math):
            value = _reckoned(action, _get(here, path), value)
        _put(here, path, value, run)

    return change


def _added(action: Append | Prepend, present: Any, value: Any, run: Run) -> Any:
    behind = isinstance(action, Append)
    if isinstance(present, list | tuple):
        more = value if isinstance(value, list) else [] if value is None else [value]
        run.pay(len(present) + len(more))
        return [*present, *more] if behind else [*more, *present]
    if is_empty(value):
        return present
    if isinstance(present, dict) or isinstance(value, dict | list):
        raise MappingFailed(f"{kind_of(value)} cannot be added to {kind_of(present)}")
    text, old = as_text(value) or "", as_text(present) or ""
    if not old:
        return text
    run.grow(len(old) + len(text) + len(action.separator))
    return f"{old}{action.separator}{text}" if behind else f"{text}{action.separator}{old}"


_MATH: dict[str, Callable[[Decimal, Decimal], Decimal | None]] = {
    "add": numbers.add,
    "subtract": numbers.subtract,
    "multiply": numbers.multiply,
    "divide": numbers.divide,
    "add_percent": numbers.add_percent,
    "subtract_percent": lambda amount, percent: numbers.add_percent(amount, -percent),
}


def _reckoned(action: Math, present: Any, value: Any) -> Any:
    """A field that is empty stays empty; one that is no number is the record's failure."""
    if is_empty(present) or is_empty(value):
        return present
    left, right = to_decimal(present), to_decimal(value)
    if left is None or right is None:
        raise MappingFailed(f"{kind_of(present)} and {kind_of(value)} cannot be reckoned with as numbers")
    found = _MATH[action.operator](left, right)
    if found is None:
        raise MappingFailed("a number cannot be divided by 0")
    return found if action.places is None else half_up(found, action.places)


def _get(here: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(here, dict):
            return None
        here = here.get(name)
    return here


def _put(here: dict[str, Any], path: tuple[str, ...], value: Any, run: Run) -> None:
    """Write a value; nothing empties the field, which stays known: the target is to be emptied, not left alone."""
    for name in path[:-1]:
        inner = here.get(name)
        if inner is None or (value is None and not isinstance(inner, dict)):
            if value is None:
                return
            inner = here[name] = {}
        elif isinstance(inner, dict):
            run.pay(1 + (len(inner) >> 3))
            inner = here[name] = dict(inner)
        else:
            raise MappingFailed(f"{'.'.join(path)} cannot be written: {name} is {kind_of(inner)}")
        here = inner
    here[path[-1]] = value
