"""Conditions: truth tables per comparison, with empty, null and odd values, and of groups (features R8)."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.errors import InvalidInput
from app.mapping.conditions import Operator, When, compile_when
from app.mapping.run import Run

WHEN: TypeAdapter[When] = TypeAdapter(When)


def holds(when: dict[str, Any], value: Any, **document: Any) -> bool:
    question = compile_when(WHEN.validate_python({"field": "f"} | when), place="when")
    return question.ask(document | {"f": value}, Run())


# One line per comparison: what it is compared with, for which values it holds, for which it does not.
TRUTH: list[tuple[str, dict[str, Any], list[Any], list[Any]]] = [
    ("equals", {"value": "NL"}, ["NL", "nl", " NL "], ["BE", "", None, [], {}, 0, False]),
    ("equals", {"value": "NL", "exact": True}, ["NL"], ["nl", " NL", None]),
    ("equals", {"value": 10}, [10, "10", "10,00", Decimal("10.0"), 10.0], ["ten", 11, None, "", True, [10]]),
    ("equals", {"value": True}, [True, "true", "TRUE"], [False, 1, "1", None, "ja"]),
    ("equals", {"value": ""}, ["", None, " ", [], {}], ["a", 0, False]),
    ("equals", {"value": None}, ["", None], ["a", 0]),
    ("equals", {"value": 'a"; DROP\'😀,|'}, ['a"; DROP\'😀,|'], ["a"]),
    ("equals", {"other": "g"}, [["x", 1]], ["x", None]),
    ("not_equals", {"value": "NL"}, ["BE", "", None, [], 0], ["NL", "nl"]),
    ("empty", {}, [None, "", "  ", "\n", [], {}], [0, False, "a", [None], {"a": None}]),
    ("not_empty", {}, [0, False, "a", [None]], [None, "", " ", [], {}]),
    ("true", {}, [True, "ja", "Yes", "1", 1, "x", "AAN"], [False, None, "", "nee", 0, "0", [], ["ja"], {}]),
    ("false", {}, [False, None, "", "nee", 0, "misschien"], [True, "ja", 1]),
    ("contains", {"value": "dam"}, ["Amsterdam", "DAM", ["x", "dam"]], ["Gent", "", None, 5, ["Amsterdam"], {}]),
    ("contains", {"value": "dam", "exact": True}, ["Amsterdam"], ["DAM"]),
    ("contains", {"value": 5}, [15, "5", [5, 6], ["5,0"]], [6, [55], None]),
    ("contains", {"value": ""}, [], ["a", "", None]),
    ("not_contains", {"value": "dam"}, ["Gent", "", None, []], ["Amsterdam", ["dam"]]),
    ("starts_with", {"value": "AM"}, ["amsterdam", "AM"], ["Gent", "", None, ["AM"], {}]),
    ("starts_with", {"value": "1"}, [15, "1"], [5, None]),
    ("ends_with", {"value": "DAM"}, ["Amsterdam"], ["Gent", "", None, ["dam"]]),
    ("ends_with", {"value": "@winkel.nl", "exact": True}, ["jan@winkel.nl"], ["jan@Winkel.nl"]),
    ("matches", {"value": "^[0-9]{4} ?[a-z]{2}$"}, ["1234 AB", "1234ab"], ["1234", "", None, [], {}]),
    ("matches", {"value": "^NL", "exact": True}, ["NL1"], ["nl1", None]),
    ("matches", {"value": "^1"}, [12, Decimal("1.5"), "1"], [2, True]),
    ("not_matches", {"value": "^NL"}, ["BE", "", None, []], ["NL1", "nl1"]),
    ("greater", {"value": 10}, [11, "10,01", Decimal("10.5")], [10, 9, "nine", "", None, True, [11], {}]),
    ("greater", {"value": "b"}, ["c", "C"], ["a", "b", "", None, 5]),
    ("at_least", {"value": 10}, [10, "10", 11], [9, "9,99", None, ""]),
    ("less", {"value": 10}, [9, "-1", 0], [10, 11, None, "", "nine", False]),
    ("at_most", {"value": 10}, [10, 9], [11, None]),
    ("less", {"other": "g"}, [], ["x", None]),
    ("in", {"values": ["NL", "BE", 5]}, ["nl", " BE ", 5, "5", Decimal("5.0"), ["x", "NL"]], ["DE", "", None, [], {}, "NL,BE"]),
    ("in", {"values": ["NL"], "exact": True}, ["NL"], ["nl"]),
    ("in", {"other": "g"}, ["X", 1], ["y", None, ""]),
    ("in", {"values": ["a,b", "c;d"]}, ["a,b", "C;D"], ["a", "b", "c"]),
    ("not_in", {"values": ["NL", "BE"]}, ["DE", "", None, []], ["NL", ["BE"]]),
    ("before", {"value": "2026-07-01"}, ["2026-06-30", "30-06-2026", date(2026, 6, 30), "2026-06-30T21:59:59Z"],
     ["2026-07-01", "2026-06-30T22:00:00Z", "soon", "", None, 5, []]),
    ("after", {"value": "2026-07-01"}, ["2026-07-02", datetime(2026, 7, 1, 12, tzinfo=UTC)], ["2026-07-01", "2026-06-30", None, "x"]),
    ("on_day", {"value": "2026-07-01"}, ["2026-07-01", "2026-06-30T22:30:00Z", "01/07/2026", date(2026, 7, 1)],
     ["2026-07-01T22:30:00Z", "2026-07-02", "", None, {}]),
    ("before", {"value": "soon"}, [], ["2026-07-01", None]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("operator", "rest", "value", "expected"),
    [
        pytest.param(operator, rest, value, outcome, id=f"{operator} {rest} {value!r}")
        for operator, rest, yes, no in TRUTH
        for outcome, values in ((True, yes), (False, no))
        for value in values
    ],
)
def test_truth_table(operator: str, rest: dict[str, Any], value: Any, expected: bool) -> None:
    assert expected is holds({"is": operator} | rest, value, g=["x", 1])


def test_every_comparison_has_its_truth_table() -> None:
    assert set(get_args(Operator)) == {operator for operator, *_ in TRUTH}


# --- groups -----------------------------------------------------------------------------------------------------------


def truth(name: str) -> dict[str, Any]:
    return {"field": name, "is": "true"}


@pytest.mark.parametrize(
    ("match", "combine"),
    [("all", lambda a, b: a and b), ("any", lambda a, b: a or b), ("none", lambda a, b: not a and not b)],
)
def test_groups(match: str, combine: Any) -> None:
    question = compile_when(WHEN.validate_python({"match": match, "of": [truth("a"), truth("b")]}), place="w")

    assert {"a", "b"} == question.reads
    for a, b in itertools.product((True, False), repeat=2):
        assert combine(a, b) is question.ask({"a": a, "b": b}, Run())


@pytest.mark.parametrize("a", [True, False])
@pytest.mark.parametrize(("match", "same"), [("all", True), ("any", True), ("none", False)])
def test_groups_of_one(match: str, same: bool, a: bool) -> None:
    question = compile_when(WHEN.validate_python({"match": match, "of": [truth("a")]}), place="w")

    assert (a is same) is question.ask({"a": a}, Run())


def _tree(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda match, of: {"match": match, "of": of},
        st.sampled_from(("all", "any", "none")),
        st.lists(inner, min_size=1, max_size=3),
    )


@settings(deadline=None)
@given(
    st.recursive(st.sampled_from("abc"), _tree, max_leaves=8),
    st.fixed_dictionaries({name: st.booleans() for name in "abc"}),
)
def test_nested_groups_are_logic(tree: Any, document: dict[str, bool]) -> None:
    def expected(node: Any) -> bool:
        if isinstance(node, str):
            return document[node]
        parts = [expected(part) for part in node["of"]]
        return {"all": all(parts), "any": any(parts), "none": not any(parts)}[node["match"]]

    def depth(node: Any) -> int:
        return 0 if isinstance(node, str) else 1 + max(map(depth, node["of"]))

    def written(node: Any) -> Any:
        return truth(node) if isinstance(node, str) else node | {"of": [written(part) for part in node["of"]]}

    when = WHEN.validate_python(written(tree))
    if depth(tree) > 6:
        with pytest.raises(InvalidInput):
            compile_when(when, place="w")
    else:
        assert expected(tree) is compile_when(when, place="w").ask(document, Run())


@given(
    st.sampled_from([line[0] for line in TRUTH]),
    st.none() | st.text() | st.integers() | st.decimals(allow_nan=False) | st.dates() | st.lists(st.text(), max_size=3),
    st.text(max_size=20) | st.integers(-1000, 1000) | st.booleans(),
)  # fmt: skip
def test_a_condition_never_fails_and_its_negative_is_its_opposite(
    operator: str, value: Any, constant: Any
) -> None:
    rest: dict[str, Any] = {"value": constant}
    if operator in ("matches", "not_matches"):
        rest = {"value": "[a-z]+"}
    if operator in ("in", "not_in"):
        rest = {"values": [constant]}
    opposite = {
        "equals": "not_equals", "empty": "not_empty", "true": "false", "contains": "not_contains",
        "matches": "not_matches", "in": "not_in",
    }.get(operator)  # fmt: skip

    found = holds({"is": operator} | rest, value)

    if opposite:
        assert found is not holds({"is": opposite} | rest, value)


# --- what is refused --------------------------------------------------------------------------------------------------


def deep(levels: int) -> dict[str, Any]:
    when: dict[str, Any] = truth("a")
    for _ in range(levels):
        when = {"of": [when]}
    return when


@pytest.mark.parametrize(
    "when",
    [
        {"field": "a", "is": "resembles", "value": 1},
        {"field": "a"},
        {"field": "a", "is": "in"},
        {"field": "a", "is": "matches"},
        {"field": "a", "is": "matches", "value": 5},
        {"field": "a", "is": "equals", "value": ["x"]},
        {"of": []},
        {"match": "some", "of": [truth("a")]},
        {"of": [truth("a")] * 201},
        {"field": "a", "is": "equals", "valeu": 1},
    ],
)
def test_what_is_no_condition_is_refused(when: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WHEN.validate_python(when)


@pytest.mark.parametrize(
    ("when", "field"),
    [
        (deep(7), "w.of[0].of[0].of[0].of[0].of[0].of[0]"),
        ({"of": [{"of": [truth("a")] * 150}, {"of": [truth("a")] * 150}]}, "w.of[1].of[47]"),
        ({"field": "a[", "is": "empty"}, "w.field"),
        ({"of": [truth("a"), {"field": "a", "is": "equals", "other": "b["}]}, "w.of[1].other"),
        ({"field": "a", "is": "matches", "value": "("}, "w.value"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_place(when: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        compile_when(WHEN.validate_python(when), place="w")

    assert field == refused.value.field
