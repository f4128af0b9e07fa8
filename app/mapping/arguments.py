"""Arguments of a call as closures: each gives its value as the kind that the parameter wants.

What is written out in the expression is fitted once, when it is compiled; a text read from a plain path, which most
arguments are, is looked up and passed on in one step.
"""

# ruff: noqa: ARG005 - all closures are called alike, whether they look at the value or the purse or not

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.errors import MappingFailed
from app.mapping.library.entry import Function, Parameter, coerced
from app.mapping.library.patterns import compile_pattern
from app.mapping.plainpaths import Evaluate, Node, names_of
from app.mapping.run import SHORT, Run

_VARIES = object()

# Values of these classes are what such a parameter wants. Texts are asked for their length first; numbers are not
# here, because a Decimal may be out of bounds.
_FITTING: dict[str, type] = {"yes/no": bool, "list": list, "object": dict}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument. ``constant`` is its value where that is the same for every record."""

    evaluate: Evaluate
    constant: Any = _VARIES

    @property
    def varies(self) -> bool:
        """Whether it has to be looked at for every record."""
        return self.constant is _VARIES


def compile_argument(function: Function, at: int, node: Node, evaluate: Evaluate) -> Argument:
    """Argument number ``at`` of a function, whose node is compiled already."""
    parameter = function.parameter(at)
    if parameter.kind == "pattern":
        regex = compile_pattern(node["value"])
        return Argument(lambda value, run: regex, regex)
    fit = _fitting(parameter, function.name)
    if node["type"] == "literal":
        return _written_out(evaluate, fit, parameter)
    if parameter.kind in ("anything", "&expression"):
        return Argument(evaluate)
    if parameter.kind == "text":
        return Argument(_text(names_of(node), evaluate, fit))
    exact = _FITTING.get(parameter.kind)

    def fitted(value: Any, run: Run) -> Any:
        given = evaluate(value, run)
        return given if given is None or given.__class__ is exact else fit(given, run)

    return Argument(fitted)


def _fitting(parameter: Parameter, name: str) -> Evaluate:
    """A value as this parameter wants it, with a note where it cannot be read so."""
    kind = parameter.kind
    if kind in ("anything", "&expression"):
        return lambda given, run: given

    def fit(given: Any, run: Run) -> Any:
        if given is None:
            return None
        if given.__class__ is str and len(given) > SHORT:
            run.pay(len(given) >> 8)
        found = coerced(kind, given, name)
        if found is None and given != "":
            run.note(f"{name}() could not read {parameter.name} as {kind}.")
        return found

    return fit


def _written_out(evaluate: Evaluate, fit: Evaluate, parameter: Parameter) -> Argument:
    """A literal is fitted once; one that does not fit is told with every record, where people look."""
    literal = evaluate(None, Run())
    try:
        constant = fit(literal, Run())
    except MappingFailed:
        constant = None
    if constant is not None or (literal is None and parameter.nothing):
        return Argument(lambda value, run: constant, constant)
    return Argument(lambda value, run: fit(evaluate(value, run), run))


def _text(names: tuple[str, ...] | None, evaluate: Evaluate, fit: Evaluate) -> Evaluate:
    if names is not None and len(names) == 1:
        (only,) = names

        def field(value: Any, run: Run) -> Any:
            given = value.get(only) if value.__class__ is dict else None
            return given if given.__class__ is str and len(given) <= SHORT else fit(given, run)

        return field

    if names is not None and len(names) == 2:
        outer, inner = names

        def nested(value: Any, run: Run) -> Any:
            found = value.get(outer) if value.__class__ is dict else None
            given = found.get(inner) if found.__class__ is dict else None
            return given if given.__class__ is str and len(given) <= SHORT else fit(given, run)

        return nested

    def text(value: Any, run: Run) -> Any:
        given = evaluate(value, run)
        return given if given.__class__ is str and len(given) <= SHORT else fit(given, run)

    return text
