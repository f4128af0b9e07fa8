"""Tables: default, force, entries, and what happens to a value that is not listed (features R7)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.errors import MappingFailed
from app.mapping.rows import Row, RowMapping
from app.mapping.run import Run, SkipRecord
from app.mapping.tables import Table, compile_table, key_of

TAXES = {"entries": {"high": "V21", "low": "V9", "none": None}}
UNLISTED = "zero"


def through(table: dict[str, Any], value: Any, otherwise: Any = None) -> Any:
    return compile_table(Table.model_validate(table), "tax")(value, Run(), otherwise)


@pytest.mark.parametrize(
    ("table", "value", "expected"),
    [
        # listed: whatever the policy says
        (TAXES, "high", "V21"),
        (TAXES | {"missing": "fail"}, "low", "V9"),
        (TAXES, " HIGH ", "V21"),
        (TAXES, "none", ""),
        ({"entries": {"21": "V21"}}, 21, "V21"),
        ({"entries": {"21": "V21"}}, Decimal("21.00"), "V21"),
        ({"entries": {"true": "web"}}, True, "web"),
        ({"entries": {"": "nobody"}}, "", ""),
        # capitals matter
        (TAXES | {"any_case": False, "missing": "blank"}, "HIGH", ""),
        # not listed
        (TAXES | {"missing": "keep"}, UNLISTED, UNLISTED),
        (TAXES | {"missing": "blank"}, UNLISTED, ""),
        (TAXES | {"missing": "default", "default": "V0"}, UNLISTED, "V0"),
        # nothing in the source
        (TAXES, None, None),
        (TAXES, "", ""),
        (TAXES | {"default": "V0"}, None, "V0"),
        (TAXES | {"default": "V0", "missing": "fail"}, "", "V0"),
        (TAXES | {"missing": "fail"}, None, None),
        (TAXES | {"missing": "skip"}, "", ""),
        # force: whatever the source says, and when it says nothing
        ({"force": "V21"}, "low", "V21"),
        ({"force": "V21"}, None, "V21"),
        ({"force": 0}, "x", 0),
        ({"force": False}, None, False),
        (TAXES | {"force": "V21", "missing": "fail"}, UNLISTED, "V21"),
        # without entries every value stays as it is
        ({}, UNLISTED, UNLISTED),
        ({"default": "V0"}, None, "V0"),
        ({"missing": "fail"}, UNLISTED, UNLISTED),
        # lists go through element by element, and what becomes empty is left out
        (TAXES | {"missing": "blank"}, ["high", "zero", "low"], ["V21", "V9"]),
        (TAXES, [], []),
        # odd kinds
        (TAXES | {"missing": "blank"}, {"a": 1}, ""),
    ],
)
def test_what_a_value_becomes(table: dict[str, Any], value: Any, expected: Any) -> None:
    found = through(table, value)

    assert expected == found
    assert type(expected) is type(found)


def test_a_value_that_is_kept_is_told() -> None:
    run = Run()
    run.row = "tax"
    compile_table(Table.model_validate(TAXES), "tax")(UNLISTED, run)

    assert ["tax: a text that is not in the table was kept."] == run.notes


def test_policy_skip_leaves_the_record_out_and_policy_fail_holds_it_back() -> None:
    with pytest.raises(SkipRecord, match="tax: a text that is not in the table"):
        through(TAXES | {"missing": "skip"}, UNLISTED)
    with pytest.raises(MappingFailed) as failed:
        through(TAXES | {"missing": "fail"}, UNLISTED)

    assert "not_in_table" == failed.value.code
    assert UNLISTED not in failed.value.detail + failed.value.advice


@pytest.mark.parametrize("missing", ["keep", "blank", "skip", "fail"])
def test_a_lookups_own_stand_in_goes_before_the_policy_but_not_before_the_default(missing: str) -> None:
    assert "other" == through(TAXES | {"missing": missing}, UNLISTED, "other")
    assert "V21" == through(TAXES | {"missing": missing}, "high", "other")
    assert "other" == through(TAXES | {"missing": missing}, None, "other")
    assert "V0" == through(TAXES | {"missing": missing, "default": "V0"}, None, "other")
    assert "V1" == through(TAXES | {"missing": missing, "force": "V1"}, UNLISTED, "other")


@pytest.mark.parametrize(
    "table",
    [
        {"missing": "default"},
        {"missing": "guess"},
        {"entries": {"PIN": "a", " pin": "b"}},
        {"entries": {"a": ["b"]}},
        {"entries": {"a": {"b": "c"}}},
        {"entries": {"a": "x" * 20_001}},
        {"entries": {"a": 1234567890123456}},
        {"defualt": "x"},
    ],
)
def test_what_is_no_table_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Table.model_validate(table)


def test_the_outcome_of_a_table_is_not_looked_up_again() -> None:
    circular = {"entries": {"a": "b", "b": "a"}}

    assert ("b", "a") == (through(circular, "a"), through(circular, "b"))


def test_a_row_with_a_table_skips_or_fails_with_its_own_name() -> None:
    def mapped(missing: str) -> Any:
        row = Row.model_validate(
            {"target": "tax.code", "expression": "t", "table": TAXES | {"missing": missing}}
        )
        return RowMapping.compile([row]).apply({"t": UNLISTED})

    assert "tax.code: a text that is not in the table" == mapped("skip").skip
    assert ("tax.code: a text that is not in the table was kept.",) == mapped("keep").warnings
    with pytest.raises(MappingFailed) as failed:
        mapped("fail")
    assert ("tax.code", "not_in_table") == (failed.value.row, failed.value.code)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=6))
def test_every_entry_is_found_under_its_own_key(entries: dict[str, str]) -> None:
    try:
        table = Table(entries=entries, missing="fail")
    except ValidationError:
        folded = [key_of(key, any_case=True) for key in entries]
        assert len(set(folded)) < len(folded)
        return
    translate = compile_table(table, "t")

    for key, result in entries.items():
        assert (result if key else "") == translate(key, Run())


@given(
    st.sampled_from(("force", "default", "keep", "blank")),
    st.none() | st.text() | st.integers() | st.booleans(),
)
def test_a_table_answers_the_same_twice(policy: str, value: Any) -> None:
    settings: dict[str, Any] = {"missing": policy} if policy in ("keep", "blank") else {policy: "x"}

    assert through(TAXES | settings, value) == through(TAXES | settings, value)
