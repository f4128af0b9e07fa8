"""Many rows as one JSON parameter, so that a statement stays the same text however many rows it carries.

An insert with a VALUES list is compiled anew for every length: at 16 rows that took longer than the commit's fsync.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    FromClause,
    LargeBinary,
    Subquery,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.types import TypeEngine

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

PARAMETER = "rows_json"


def unpacked(
    dialect: str, types: Mapping[str, TypeEngine[Any]]
) -> tuple[FromClause, dict[str, ColumnElement[Any]]]:
    """What to select from, and its columns by name; the rows are given as ``packed(...)`` when the statement is run."""
    if dialect == "sqlite":
        each = func.json_each(bindparam(PARAMETER, type_=Text)).table_valued("value", name="given")
        read = {
            name: literal_column(
                f"json_extract(given.value, '$.{name}')", Text if _is_binary(type_) else type_
            )
            for name, type_ in types.items()
        }
        return each, {
            name: cast(it, LargeBinary) if _is_binary(types[name]) else it for name, it in read.items()
        }
    typed = [column(name, Text if _is_binary(type_) else type_) for name, type_ in types.items()]
    records = (
        func.json_to_recordset(cast(bindparam(PARAMETER, type_=Text), JSON))
        .table_valued(*typed, name="given")
        .render_derived(with_types=True)
    )
    return records, {
        name: func.convert_to(records.c[name], "UTF8") if _is_binary(type_) else records.c[name]
        for name, type_ in types.items()
    }


def given(dialect: str, types: Mapping[str, TypeEngine[Any]]) -> Subquery:
    """The same rows as something an UPDATE can be joined with."""
    source, columns = unpacked(dialect, types)
    return select(*(it.label(name) for name, it in columns.items())).select_from(source).subquery("handed")


def packed(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The parameter that carries the rows. Sealed bytes are ASCII texts already."""
    return {PARAMETER: json.dumps([dict(row) for row in rows], separators=(",", ":"), default=bytes.decode)}


def shallow(row: DataclassInstance) -> dict[str, Any]:
    """The fields of a row by name. ``dataclasses.asdict`` copies all that is inside as well, which nobody needs here."""
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def _is_binary(type_: TypeEngine[Any]) -> bool:
    return isinstance(type_, LargeBinary)
