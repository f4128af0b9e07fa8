"""Functions that choose: the first that is there, one of two, a value from a table or a setting."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

from app.errors import MappingFailed
from app.mapping.library.entry import Flag, Run, Text, is_true
from app.mapping.run import LISTS, MAX_DEPTH, NESTED, SIZED, kind_of
from app.values.money import to_decimal
from app.values.text import as_text


def coalesce(*values: Any) -> Any:
    """The first value that is neither nothing nor empty.

    coalesce(null(), '', 'x') -> "x"
    """
    return next((value for value in values if not is_hollow(value)), None)


def not_null(*values: Any) -> Any:
    """The first value that is not nothing; an empty text counts.

    not_null(null(), '', 'x') -> ""
    """
    return next((value for value in values if value is not None), None)


def default(value: Any, otherwise: Any) -> Any:
    """The value, or the other one when it is nothing or empty.

    default('', 'unknown') -> "unknown"
    """
    return otherwise if is_hollow(value) else value


def if_(condition: Any, yes: Any, no: Any = None) -> Any:
    """One of two values. Nothing, false and everything empty are "no"; 0 is "yes".

    if(`1` == `1`, 'same', 'other') -> "same"
    """
    return yes if is_true(condition) else no


def empty(value: Any) -> Flag:
    """Whether it is nothing, an empty list or object, or a text of spaces.

    empty('  ') -> true
    """
    return is_empty(value)


def null() -> Any:
    """Nothing: the row then leaves its target out.

    null() -> null
    """
    return None


def lookup(run: Run, value: Any, table: Any, otherwise: Any = None) -> Any:
    """What a table holds for a value: an object written out, or the name of a table of this flow.

    A table of the flow brings its own default and policy; a third argument goes before its policy for unlisted values.

    lookup('high', {high: 'V21', low: 'V9'}) -> "V21"
    lookup('none', {high: 'V21'}, 'V0') -> "V0"
    """
    if isinstance(table, str):
        translate = run.tables.get(table)
        if translate is None:
            raise MappingFailed(
                "lookup() asks for a table that this flow does not have",
                advice="Make the table, or correct its name.",
            )
        return translate(value, run, otherwise)
    if not isinstance(table, dict):
        raise MappingFailed(f"lookup() needs a table, not {kind_of(table)}")
    key = as_text(value)
    found = table.get(key) if key is not None else None
    return otherwise if found is None else found


def setting(run: Run, name: Text, otherwise: Any = None) -> Any:
    """One of the flow's settings, inside filters too, where the document's own names are out of reach.

    setting('country', 'NL') -> "NL"
    """
    found = run.settings.get(name)
    return otherwise if found is None else found


def to_json(run: Run, value: Any) -> Text:
    """A value as JSON text.

    to_json(['a']) -> "[\\"a\\"]"
    """
    shown = json.dumps(_plain(run, value, 0), ensure_ascii=False, separators=(",", ":"))
    run.grow(len(shown))
    return shown


def is_hollow(value: Any) -> bool:
    """Nothing, or an empty text, list or object."""
    return value is None or (isinstance(value, SIZED) and not value)


def is_empty(value: Any) -> bool:
    """Nothing, nothing in it, or only white space."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    return isinstance(value, NESTED) and not value


def _plain(run: Run, value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise MappingFailed(f"the value is nested more than {MAX_DEPTH} deep", code="mapping_too_large")
    run.pay(1)
    if isinstance(value, dict):
        return {str(name): _plain(run, inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, LISTS):
        return [_plain(run, inner, depth + 1) for inner in value]
    if isinstance(value, str):
        run.grow(len(value))
        return value
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = to_decimal(value)  # what is no amount of anything has no place in JSON either
        return (
            number
            if number is None
            else int(number)
            if number == number.to_integral_value()
            else float(number)
        )
    return value.isoformat() if isinstance(value, date) else value
