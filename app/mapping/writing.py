"""Rows at work: one after the other over a document, and once per element over lists; failures carry the row's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.errors import MappingFailed
from app.mapping.plainpaths import Evaluate
from app.mapping.run import LISTS, SHORT, Run, kind_of

Write = Callable[[Any, dict[str, Any], Run], None]
Steps = Sequence[tuple[str, Write]]
"""Targets, for errors and notes, and what writes them."""

FAULTS = (ArithmeticError, RecursionError, TypeError, ValueError, AttributeError)
"""What a function may raise over a value that nobody thought of: this record's failure."""

_BARE = frozenset((int, bool, Decimal, date, datetime))


@dataclass(frozen=True, slots=True)
class Scope:
    """A list whose rows run once per element. ``cost`` is what one element may cost in steps."""

    path: tuple[str, ...]
    elements: Evaluate
    steps: Steps
    identity: str | None
    cost: int


def writer(path: str, evaluate: Evaluate) -> Write:
    """Evaluate and put in place. Scalars go as they are; lists and objects as counted, fresh copies."""
    *parents, last = path.split(".")
    if not parents:

        def write_top(value: Any, made: dict[str, Any], run: Run) -> None:
            found = evaluate(value, run)
            if found is None:
                return
            if found.__class__ is str:
                if len(found) > SHORT:
                    run.grow(len(found))
            elif found.__class__ not in _BARE:
                found = run.copied(found)
            made[last] = found

        return write_top

    if len(parents) == 1:
        (outer,) = parents

        def write_inside(value: Any, made: dict[str, Any], run: Run) -> None:
            found = evaluate(value, run)
            if found is None:
                return
            if found.__class__ is str:
                if len(found) > SHORT:
                    run.grow(len(found))
            elif found.__class__ not in _BARE:
                found = run.copied(found)
            inner = made.get(outer)
            if inner is None:
                inner = made[outer] = {}
            inner[last] = found

        return write_inside

    def write(value: Any, made: dict[str, Any], run: Run) -> None:
        found = evaluate(value, run)
        if found is None:
            return
        if found.__class__ is str:
            if len(found) > SHORT:
                run.grow(len(found))
        elif found.__class__ not in _BARE:
            found = run.copied(found)
        for name in parents:
            inner = made.get(name)
            if inner is None:
                inner = made[name] = {}
            made = inner
        made[last] = found

    return write


def apply_steps(steps: Steps, value: Any, made: dict[str, Any], run: Run) -> None:
    """All rows in order. Raises MappingFailed naming the row and the kind of value, never the value."""
    try:
        for target, write in steps:
            run.row = target
            write(value, made, run)
    except MappingFailed as error:
        raise _named(error, run.row) from None
    except FAULTS as error:
        raise _unfit(error, run.row) from None


def apply_scope(
    scope: Scope, whole: dict[str, Any], settings: Mapping[str, Any] | None, made: dict[str, Any], run: Run
) -> None:
    """The rows of one list. Raises MappingFailed as :func:`apply_steps`, and where elements cannot be told apart."""
    name = ".".join(scope.path)
    run.row = f"{name}[]"
    try:
        elements = scope.elements(whole, run)
        if isinstance(elements, LISTS):
            run.pay(len(elements) * scope.cost)
    except MappingFailed as error:
        raise _named(error, f"{name}[]") from None
    except FAULTS as error:
        raise _unfit(error, f"{name}[]") from None
    if elements is None:
        return
    if not isinstance(elements, LISTS):
        raise MappingFailed(
            f"The row {name}[] gives {kind_of(elements)} where a list is needed.",
            row=f"{name}[]",
            advice="Write an expression that gives a list, for instance with to_array().",
        )
    done: list[dict[str, Any]] = []
    known: set[Any] = set()
    for item in elements:
        inner: dict[str, Any] = {}
        apply_steps(scope.steps, {"item": item, "whole": whole, "settings": settings}, inner, run)
        if scope.identity is not None:
            _own_identity(scope.identity, inner, name, known)
        done.append(inner)
    for part in scope.path[:-1]:
        made = made.setdefault(part, {})
    made[scope.path[-1]] = done


def _own_identity(key: str, element: dict[str, Any], scope: str, known: set[Any]) -> None:
    identity = element.get(key)
    if identity is None or identity == "" or isinstance(identity, dict | list):
        raise MappingFailed(
            f"An element of {scope} has {kind_of(identity)} as its {key}, by which it would be known.",
            row=f"{scope}[].{key}",
            advice=f"Let the row {scope}[].{key} give every element a value of its own.",
        )
    if identity in known:
        raise MappingFailed(
            f"Two elements of {scope} have the same {key}, by which they would be known.",
            row=f"{scope}[].{key}",
            advice=f"Let the row {scope}[].{key} give every element a value of its own.",
        )
    known.add(identity)


def _unfit(error: Exception, target: str) -> MappingFailed:
    return MappingFailed(
        f"The row {target} does not fit this record ({type(error).__name__}).",
        row=target,
        field=target,
        advice="Look at the record in the preview and change the row.",
    )


def _named(error: MappingFailed, target: str) -> MappingFailed:
    sentence = error.detail[:1].lower() + error.detail[1:] if not error.detail[:2].isupper() else error.detail
    return MappingFailed(
        f"The row {target}: {sentence.rstrip('.')}.",
        row=target,
        field=target,
        advice=error.advice or "Change the row, or correct the record at its source.",
        code=error.code,
    )
