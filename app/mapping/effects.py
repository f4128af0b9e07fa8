"""What actions do: each one as a function on a fresh copy of the record, chosen when it is compiled.

What stands in the way of a path (a text where an object is needed) is the record's failure, not overwritten.
"""

# ruff: noqa: ARG001, ARG005 - all effects are called alike, whether they look at the record or the purse or not

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.errors import InvalidInput, MappingFailed
from app.mapping.actions import Action, AddTag, Append, Clear, Copy, Math, Prepend, Set, Skip, Stop, Translate
from app.mapping.expressions import compile_expression
from app.mapping.library import numbers
from app.mapping.library.choices import is_empty
from app.mapping.plainpaths import Evaluate, plain_path
from app.mapping.run import LISTS, NESTED, Run, SkipRecord, kind_of
from app.mapping.tables import Tables, table_of
from app.values.money import half_up, to_decimal
from app.values.text import as_text

_PATH = re.compile(r"\w[\w-]{0,99}(?:\.\w[\w-]{0,99}){0,7}")

TAGS = "\x00tags"  # where tags are gathered; no field can have this name

# An effect changes ``here`` (the record, or the element a rule runs over); ``seen`` is what expressions look at.
# ``here`` itself may be changed; objects inside it belong to somebody else and are copied when they change.
Effect = Callable[[dict[str, Any], Any, Run], None]

_Put = Callable[[dict[str, Any], Any, Run], None]
_Make = Callable[[Any, Any, Run], Any]


@dataclass(frozen=True, slots=True)
class Compiled:
    """An action as a function, the paths its expression reads, and how many functions it calls."""

    effect: Effect
    reads: frozenset[str] = frozenset()
    calls: int = 0


class StopRecord(Exception):
    """A rule stops this record with a message; caught where rules are applied."""


def compile_action(action: Action, *, place: str, rule: str, tables: Tables | None = None) -> Compiled:
    """The action as one function. Raises InvalidInput with the place of what is wrong."""
    if isinstance(action, Skip):
        return Compiled(_raising(SkipRecord, action.reason))
    if isinstance(action, Stop):
        return Compiled(_raising(StopRecord, action.message))
    if isinstance(action, AddTag):
        value = _source(action.tag, action.from_, place, tables)
        return Compiled(_tagging(value.evaluate), value.reads, value.calls)
    if _PATH.fullmatch(action.field) is None:
        raise InvalidInput(f"{action.field[:80]!r} is no path: names with dots are.", field=f"{place}.field")
    path = tuple(action.field.split("."))
    put, get = _writer(path), plain_path(path)
    if isinstance(action, Clear):
        return Compiled(lambda here, seen, run: put(here, None, run))
    if isinstance(action, Translate):
        translate = table_of(action.table, tables, name=rule, place=f"{place}.table")
        return Compiled(lambda here, seen, run: put(here, translate(get(here, run), run), run))
    value = _source(None if isinstance(action, Copy) else action.value, action.from_, place, tables)
    return Compiled(_changing(action, put, get, value.evaluate), value.reads, value.calls)


@dataclass(frozen=True, slots=True)
class _Value:
    evaluate: Evaluate
    reads: frozenset[str] = frozenset()
    calls: int = 0


def _source(value: Any, expression: str | None, place: str, tables: Tables | None) -> _Value:
    if expression is None:
        return _Value(lambda seen, run: value)
    compiled = compile_expression(expression, place=f"{place}.from", tables=tables)
    return _Value(compiled.evaluate, compiled.reads, compiled.calls)


def _raising(outcome: type[Exception], sentence: str) -> Effect:
    def end(here: dict[str, Any], seen: Any, run: Run) -> None:
        raise outcome(sentence)

    return end


def _tagging(value: Evaluate) -> Effect:
    def tag(here: dict[str, Any], seen: Any, run: Run) -> None:
        found = value(seen, run)
        # the tags of the whole record are gathered beside the document; RuleSet puts them where its kind keeps them
        gathered = here.setdefault(TAGS, [])
        for name in found if isinstance(found, LISTS) else (found,):
            text = (as_text(name) or "").strip()
            if text and text not in gathered:
                run.pay(len(gathered) + 1)
                gathered.append(text)

    return tag


def _changing(
    action: Set | Append | Prepend | Copy | Math, put: _Put, get: Evaluate, given: Evaluate
) -> Effect:
    if isinstance(action, Set | Copy):
        return lambda here, seen, run: put(here, run.copied(given(seen, run)), run)
    make = _reckoning(action) if isinstance(action, Math) else _adding(action)
    return lambda here, seen, run: put(here, make(get(here, run), run.copied(given(seen, run)), run), run)


def _adding(action: Append | Prepend) -> _Make:
    behind, separator = isinstance(action, Append), action.separator

    def added(present: Any, value: Any, run: Run) -> Any:
        if isinstance(present, LISTS):
            more = value if isinstance(value, list) else [] if value is None else [value]
            run.pay(len(present) + len(more))
            return [*present, *more] if behind else [*more, *present]
        if is_empty(value):
            return present
        if isinstance(present, dict) or isinstance(value, NESTED):
            raise MappingFailed(f"{kind_of(value)} cannot be added to {kind_of(present)}")
        text, old = as_text(value) or "", as_text(present) or ""
        if not old:
            return text
        run.grow(len(old) + len(text) + len(separator))
        return f"{old}{separator}{text}" if behind else f"{text}{separator}{old}"

    return added


_MATH: dict[str, Callable[[Decimal, Decimal], Decimal | None]] = {
    "add": numbers.add,
    "subtract": numbers.subtract,
    "multiply": numbers.multiply,
    "divide": numbers.divide,
    "add_percent": numbers.add_percent,
    "subtract_percent": lambda amount, percent: numbers.add_percent(amount, -percent),
}


def _reckoning(action: Math) -> _Make:
    """A field that is empty stays empty; one that is no number is the record's failure."""
    operator, places = _MATH[action.operator], action.places

    def reckoned(present: Any, value: Any, run: Run) -> Any:
        if is_empty(present) or is_empty(value):
            return present
        left, right = to_decimal(present), to_decimal(value)
        if left is None or right is None:
            raise MappingFailed(f"{kind_of(present)} and {kind_of(value)} cannot be reckoned with as numbers")
        found = operator(left, right)
        if found is None:
            raise MappingFailed("a number cannot be divided by 0")
        return found if places is None else half_up(found, places)

    return reckoned


def _writer(path: tuple[str, ...]) -> _Put:
    """Write a value; nothing empties the field, which stays known: the target is to be emptied, not left alone."""
    *parents, last = path

    def put_top(here: dict[str, Any], value: Any, run: Run) -> None:
        here[last] = value

    def put(here: dict[str, Any], value: Any, run: Run) -> None:
        for name in parents:
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
        here[last] = value

    return put if parents else put_top
