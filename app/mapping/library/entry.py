"""How a plain Python function becomes one that expressions can call, and what the editor shows of it.

A function's annotations are its contract. ``text: Text`` takes any scalar as text, ``amount: Number`` a Decimal,
``items: Items`` a list. A parameter that does not say ``| None`` never sees nothing: the result is nothing then, or,
where the parameter has a default, the default is used. A list where a text is wanted is the record's failure; an
empty text where a list is wanted is nothing.
Lines ``call -> result`` of the docstring are its examples; the tests run every one of them.
"""

from __future__ import annotations

import inspect
import json
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NewType

from app.errors import InvalidInput, MappingFailed
from app.mapping.run import LISTS, NESTED, SIZED, Run, kind_of
from app.values.dates import zone
from app.values.money import to_decimal
from app.values.text import as_text

Text = str
Number = Decimal
Whole = int
Flag = bool
Items = list[Any]
Each = NewType("Each", object)  # an expression of its own, written &expression: called with an element
Pattern = NewType(
    "Pattern", object
)  # a regular expression; it must be written out, so that it is compiled once

Zone = NewType("Zone", str)  # a time zone's name: refused where it is written out and there is none such

_KINDS: dict[Any, str] = {
    str: "text",
    Decimal: "number",
    int: "whole number",
    bool: "yes/no",
    list[Any]: "list",
    dict[str, Any]: "object",
    Any: "anything",
    Each: "&expression",
    Pattern: "pattern",
    Zone: "time zone",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as the editor shows it."""

    name: str
    kind: str
    optional: bool = False
    nothing: bool = False  # takes "nothing" as a value of its own
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A call that can be pasted, and what it gives, as JSON."""

    call: str
    result: Any


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the library: how it is called and how it is shown.

    ``reads``: it reads a form (a date, a phone number); nothing as its result means unreadable and is worth a note.
    """

    name: str
    group: str
    parameters: tuple[Parameter, ...]
    returns: str
    summary: str
    text: str
    examples: tuple[Example, ...]
    reads: bool
    takes_run: bool
    call: Callable[..., Any]

    @property
    def signature(self) -> str:
        """``pad(text: text, width: whole number, fill?: text) -> text``"""
        shown = ", ".join(
            f"{each.name}{'?' if each.optional else ''}{'...' if each.repeated else ''}: {each.kind}"
            for each in self.parameters
        )
        return f"{self.name}({shown}) -> {self.returns}"

    @property
    def least(self) -> int:
        """How many arguments it needs."""
        return sum(not each.optional for each in self.parameters)

    @property
    def most(self) -> int | None:
        """How many arguments it takes at most; None without a limit."""
        return None if any(each.repeated for each in self.parameters) else len(self.parameters)

    def parameter(self, at: int) -> Parameter:
        """The parameter that argument number ``at`` belongs to."""
        return self.parameters[min(at, len(self.parameters) - 1)]


def described(
    call: Callable[..., Any], *, group: str, name: str | None = None, reads: bool = False
) -> Function:
    """The catalogue entry of a Python function; its name without a trailing underscore is the function's."""
    hints = typing.get_type_hints(call)
    parameters = []
    for parameter in inspect.signature(call).parameters.values():
        if parameter.name == "run":
            continue
        hint, nothing = _without_none(hints[parameter.name])
        repeated = parameter.kind is inspect.Parameter.VAR_POSITIONAL
        optional = repeated or parameter.default is not inspect.Parameter.empty
        parameters.append(
            Parameter(parameter.name, _KINDS[hint], optional, nothing or repeated or hint is Any, repeated)
        )
    documentation = inspect.getdoc(call) or ""
    prose = [line for line in documentation.splitlines() if " -> " not in line]
    return Function(
        name=name or call.__name__.rstrip("_"),
        group=group,
        parameters=tuple(parameters),
        returns=_KINDS[_without_none(hints["return"])[0]],
        summary=prose[0],
        text="\n".join(prose).strip(),
        examples=tuple(_example(line) for line in documentation.splitlines() if " -> " in line),
        reads=reads,
        takes_run="run" in hints,
        call=call,
    )


def coerced(kind: str, value: Any, name: str) -> Any:
    """A value as the kind a parameter wants; None when the value is nothing or cannot be read as it."""
    if value is None or kind == "anything":
        return value
    if kind in ("text", "time zone"):
        if isinstance(value, NESTED):
            raise _misfit(name, "a text", value)
        text = as_text(value)
        if kind == "time zone" and text is not None and zone(text) is None:
            raise MappingFailed(
                f"{name}() does not know that time zone", advice="Write it like 'Europe/Amsterdam'."
            )
        return text
    if kind in ("number", "whole number"):
        if isinstance(value, NESTED):
            raise _misfit(name, "a number", value)
        number = to_decimal(value)
        if kind == "number" or number is None:
            return number
        return int(number) if number == number.to_integral_value() else None
    if kind == "yes/no":
        return is_true(value)
    if value == "":  # an empty field where a list or an object is needed: nothing
        return None
    if kind == "list":
        if not isinstance(value, LISTS):
            raise _misfit(name, "a list", value)
        return value if isinstance(value, list) else list(value)
    if kind == "object" and not isinstance(value, dict):
        raise _misfit(name, "an object", value)
    return value


def is_true(value: Any) -> bool:
    """JMESPath's truth: nothing, false, and empty texts, lists and objects are false; 0 is true."""
    if value is None or value is False:
        return False
    return bool(value) if isinstance(value, SIZED) else True


def _misfit(name: str, wanted: str, value: Any) -> MappingFailed:
    return MappingFailed(
        f"{name}() needs {wanted}, not {kind_of(value)}",
        advice="Choose one element, for instance with [0], or a field inside the object.",
    )


def _without_none(hint: Any) -> tuple[Any, bool]:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        parts = [part for part in typing.get_args(hint) if part is not type(None)]
        return (parts[0] if len(parts) == 1 else Any), True
    return hint, False


def _example(line: str) -> Example:
    call, _, result = line.strip().rpartition(" -> ")
    return Example(call, json.loads(result, parse_float=Decimal))


def arity_problem(function: Function, given: int) -> InvalidInput | None:
    """The complaint about a wrong number of arguments."""
    if given >= function.least and (function.most is None or given <= function.most):
        return None
    return InvalidInput(
        f"{function.name}() does not take {given} argument{'' if given == 1 else 's'}.",
        advice=f"Write {function.signature}",
    )


__all__ = [
    "Each", "Example", "Flag", "Function", "Items", "Number", "Parameter", "Pattern", "Run", "Text", "Whole", "Zone",
    "arity_problem", "coerced", "described", "is_true",
]  # fmt: skip
