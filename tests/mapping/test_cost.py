"""What mapping may cost: nothing is compiled per record, and memory does not grow with the number of records."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import pytest

from app.mapping import arguments, closures, expressions, rows, rules
from app.mapping.rows import RowMapping, parse_rows
from app.mapping.rules import Rule, RuleSet
from app.mapping.tables import Table, compile_tables

ROWS = parse_rows(
    (
        ("name", "concat(upper(first), ' ', last)"),
        ("clean", "regex_replace(note, '[^a-z]+', '-')"),
        ("group", "lookup(group, 'groups')"),
        {"target": "vip", "expression": "'yes'", "when": {"field": "note", "is": "matches", "value": "v.p"}},
        ("lines[]", "lines"),
        ("lines[].sku", "trim(item.sku)"),
    )
)
RULES = [
    Rule.model_validate(
        {
            "name": "r",
            "when": {"field": "name", "is": "matches", "value": "^A"},
            "then": [{"do": "append", "field": "name", "from": "lower(name)"}],
        }
    )
]


def record(number: int) -> dict[str, Any]:
    return {
        "first": f"ann {number}",
        "last": "de wit",
        "note": f"a vip {number}",
        "group": str(number % 3),
        "lines": [{"sku": f" {number} "}],
    }


@pytest.fixture
def compiled() -> Any:
    tables = compile_tables({"groups": Table(entries={"0": "retail", "1": "trade"}, missing="blank")})
    legs, ruled = RowMapping.compile(ROWS, tables=tables), RuleSet.compile(RULES, tables=tables)
    return lambda document: ruled.apply(legs.apply(document).document).document


def test_nothing_is_compiled_for_a_record(compiled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any, **_options: Any) -> Any:
        raise AssertionError("something was compiled for a record")

    for module, name in (
        (rows, "compile_expression"),
        (rows, "compile_when"),
        (rules, "compile_when"),
        (rules, "compile_action"),
        (expressions, "Parser"),
        (closures, "compile_node"),
        (arguments, "compile_pattern"),
    ):
        monkeypatch.setattr(module, name, refuse)

    assert {
        "name": "ANN 1 de witann 1 de wit",
        "clean": "a-vip-",
        "group": "trade",
        "vip": "yes",
        "lines": [{"sku": "1"}],
    } == compiled(record(1))


def test_memory_does_not_grow_with_the_number_of_records(compiled: Any) -> None:
    def held_after(count: int) -> int:
        for number in range(count):
            compiled(record(number))
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    compiled(record(0))
    tracemalloc.start()
    try:
        few = held_after(200)
        many = held_after(2_000)
    finally:
        tracemalloc.stop()

    assert many - few < 20_000  # bytes; one record's document alone is some 1,000
