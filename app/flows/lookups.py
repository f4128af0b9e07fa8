"""Settings that are an expression over a record and a table for its value: VAT codes, payment methods, terms."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from app.errors import InvalidInput, MappingFailed
from app.mapping.expressions import Expression, compile_expression
from app.mapping.run import Run
from app.mapping.tables import Table, compile_table
from app.values.text import as_text


class Lookup:
    """An expression and its table, ready to be asked of many records. ``field`` is the setting's name, for errors."""

    def __init__(self, expression: str, table: Table, *, field: str):
        self._expression = _compiled(expression)
        self._translate = compile_table(table, field)
        self._field = field

    def of(self, values: Mapping[str, Any]) -> str | None:
        """What the table makes of the expression's value, as text; None where that is nothing.

        Raises MappingFailed naming the setting, and SkipRecord where the table says so.
        """
        run = Run()
        value = self._expression.evaluate(values, run)
        try:
            found = self._translate(value, run)
        except MappingFailed as error:
            raise MappingFailed(
                f"The flow's setting {self._field}: {error.detail}",
                field=self._field,
                advice=error.advice,
                code=error.code,
            ) from None
        return as_text(found) or None


def compiles(value: str) -> str:
    """An expression that can be run; ValueError with what is wrong with it."""
    try:
        compile_expression(value, place="expression")
    except InvalidInput as error:
        raise ValueError(error.detail) from None
    return value


@lru_cache(maxsize=256)
def _compiled(expression: str) -> Expression:
    return compile_expression(expression, place="expression")
