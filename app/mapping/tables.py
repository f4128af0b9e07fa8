"""Tables: what a value becomes, what stands in for a missing one, and what happens to one that is not listed.

One component for payment methods, terms, tax classes, revenue accounts per country, price groups, SKU translation,
attributes and categories (features R7). A value is looked up once and the answer is not looked up again, so a table
cannot run in circles.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.errors import InvalidInput, MappingFailed
from app.mapping.run import LISTS, Run, SkipRecord, kind_of
from app.mapping.scalars import Scalar
from app.values.text import as_text

MAX_ENTRIES = 20_000

Missing = Literal["keep", "blank", "default", "skip", "fail"]


class Translate(Protocol):
    """A compiled table. ``otherwise``, where it is not None, goes before the table's policy for unlisted values."""

    def __call__(self, value: Any, run: Run, otherwise: Any = None) -> Any: ...


Tables = Mapping[str, Translate]
"""A flow's tables by name, compiled once per flow version."""


class Table(BaseModel):
    """Default, force, table, and the policy for values that are not in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    force: Scalar = Field(
        default=None,
        title="Always",
        description="This value whatever the source says, and also when it says nothing.",
        examples=["V21"],
    )
    default: Scalar = Field(
        default=None,
        title="Default",
        description="Stands in where the source says nothing, and for unlisted values when `missing` is `default`.",
        examples=["V21"],
    )
    entries: dict[str, Scalar] = Field(
        default_factory=dict,
        title="Table",
        description="What each value of the source becomes. Without entries every value stays as it is.",
        examples=[{"high": "V21", "low": "V9"}],
        max_length=MAX_ENTRIES,
    )
    missing: Missing = Field(
        default="keep",
        title="A value that is not in the table",
        description=(
            "`keep` it with a warning, `blank`: send an empty text, `default`: use the default, `skip` the record, "
            "or `fail`: hold the record back until the table knows the value."
        ),
        examples=["fail"],
    )
    any_case: bool = Field(
        default=True,
        title="Capitals do not matter",
        description="`PIN`, `Pin` and ` pin ` are one value.",
        examples=[True],
    )

    @model_validator(mode="after")
    def _usable(self) -> Table:
        folded = {_folded(key, any_case=self.any_case) for key in self.entries}
        if len(folded) < len(self.entries):
            raise ValueError("two entries of the table differ only in capitals or spaces")
        if self.missing == "default" and self.default is None:
            raise ValueError("the policy for unlisted values is `default`, but there is no default")
        return self


def compile_table(table: Table, name: str) -> Translate:
    """The table as one function; ``name`` is the row or rule it belongs to. Lists are translated element by element.

    Raises MappingFailed for policy ``fail`` and SkipRecord for ``skip``, naming the kind of value, never the value.
    """
    if table.force is not None:
        forced = table.force
        return lambda value, run, otherwise=None: forced  # noqa: ARG005
    entries = {_folded(key, any_case=table.any_case): result for key, result in table.entries.items()}
    default = table.default

    def translate(value: Any, run: Run, otherwise: Any = None) -> Any:
        if isinstance(value, LISTS):
            run.pay(len(value))
            answers = [translate(element, run, otherwise) for element in value]
            return [answer for answer in answers if answer is not None and answer != ""]
        if value is None or value == "":
            return default if default is not None else value if otherwise is None else otherwise
        if not entries:
            return value
        key = key_of(value, any_case=table.any_case)
        if key in entries:
            found = entries[key]
            return "" if found is None else found
        return _unlisted(value, run) if otherwise is None else otherwise

    def _unlisted(value: Any, run: Run) -> Any:
        if table.missing == "skip":
            raise SkipRecord(f"{name}: {kind_of(value)} that is not in the table")
        if table.missing == "fail":
            raise MappingFailed(
                f"the source gives {kind_of(value)} that is not in the table",
                advice="Add the value to the table, or choose another policy for values that are not in it.",
                code="not_in_table",
            )
        if table.missing == "keep":
            run.note(f"{kind_of(value)} that is not in the table was kept.")
            return value
        return "" if table.missing == "blank" else default

    return translate


def compile_tables(tables: Mapping[str, Table]) -> dict[str, Translate]:
    """A flow's named tables, for rows, rules and ``lookup(value, 'name')`` alike."""
    return {name: compile_table(table, f"table {name}") for name, table in tables.items()}


def table_of(table: Table | str, tables: Tables | None, *, name: str, place: str) -> Translate:
    """The table of a row or rule, written there or one of the flow's by its name. Raises InvalidInput with the place."""
    if isinstance(table, Table):
        return compile_table(table, name)
    found = (tables or {}).get(table)
    if found is None:
        known = ", ".join(sorted(tables or ())) or "none"
        raise InvalidInput(
            f"There is no table {table!r}.", field=place, advice=f"The tables of this flow: {known}."
        )
    return found


def key_of(value: Any, *, any_case: bool) -> str:
    """A value as a table knows it: 21.00 and "21" are one key."""
    if isinstance(value, Decimal) and value.is_finite():
        value = value.normalize()
    return _folded(as_text(value) or "", any_case=any_case)


def _folded(text: str, *, any_case: bool) -> str:
    return text.strip().casefold() if any_case else text
