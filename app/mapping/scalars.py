"""The values that definitions hold: a text, a number, yes or no, or nothing. They are data, whatever is in them.

Quotes, separators and emoji mean nothing here: a value is compared or written, never put into an expression. Numbers
are Decimals inside and JSON numbers outside; up to 15 digits both say exactly the same.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from app.values.money import to_decimal

MAX_SCALAR = 20_000
MAX_DIGITS = 15


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if len(value) > MAX_SCALAR:
            raise ValueError(f"a value holds at most {MAX_SCALAR:,} characters")
        return value
    if isinstance(value, date):  # YAML reads 2026-12-31 as a date
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        number = to_decimal(value)
        if number is None or len(number.normalize().as_tuple().digits) > MAX_DIGITS:
            raise ValueError(f"a number has at most {MAX_DIGITS} digits")
        return int(number) if number == number.to_integral_value() else number
    raise ValueError("a value is a text, a number, true, false or null; not a list or an object")


def _shown(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


Scalar = Annotated[
    str | bool | int | Decimal | None,
    PlainValidator(_scalar),
    PlainSerializer(_shown, when_used="json"),
    WithJsonSchema({"anyOf": [{"type": kind} for kind in ("string", "number", "boolean", "null")]}),
]
