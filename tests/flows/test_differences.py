"""What differs between two configurations: one difference per setting or row, and none where nothing differs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.flows.differences import Difference, differences, same

FNAME = {"target": "merge_fields.FNAME", "expression": "first_name"}
LNAME = {"target": "merge_fields.LNAME", "expression": "last_name"}
PHONE = {"target": "merge_fields.PHONE", "expression": "phone"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [Difference("a", "changed", 1, 2)]),
        ({"a": 1}, {"a": True}, [Difference("a", "changed", 1, True)]),
        ({"a": 10.0}, {"a": 10}, []),
        ({}, {"a": None}, [Difference("a", "added", None, None)]),
        ({"a": {"b": 1}}, {"a": {}}, [Difference("a.b", "removed", 1, None)]),
        # a row put before others is one addition
        ({"r": [LNAME]}, {"r": [FNAME, LNAME]}, [Difference("r[merge_fields.FNAME]", "added", None, FNAME)]),
        (
            {"r": [FNAME, LNAME]},
            {"r": [FNAME, LNAME | {"expression": "upper(last_name)"}]},
            [Difference("r[merge_fields.LNAME].expression", "changed", "last_name", "upper(last_name)")],
        ),
        # the last one goes to the front: it alone moved
        (
            {"r": [FNAME, LNAME, PHONE]},
            {"r": [PHONE, FNAME, LNAME]},
            [Difference("r[merge_fields.PHONE]", "moved", 3, 1)],
        ),
        (
            {"l": ["a", "b"]},
            {"l": ["a", "c"]},
            [Difference('l["b"]', "removed", "b"), Difference('l["c"]', "added", None, "c")],
        ),
        # two rows for one target have no name of their own: the list is told whole
        ({"r": [FNAME]}, {"r": [FNAME, FNAME]}, [Difference("r", "changed", [FNAME], [FNAME, FNAME])]),
        ({"a": [1]}, {"a": {"b": 1}}, [Difference("a", "changed", [1], {"b": 1})]),
    ],
)
def test_each_setting_and_row_is_told_once(
    before: dict[str, Any], after: dict[str, Any], expected: list[Difference]
) -> None:
    assert expected == list(differences(before, after))


def test_a_difference_is_said_in_one_line() -> None:
    found = differences(
        {"settings": {"x": "transactional"}, "l": [FNAME, LNAME]},
        {"settings": {"x": "skip", "y": "é" * 500}, "l": [LNAME]},
    )

    assert [
        'l[merge_fields.FNAME]: removed {"target": "merge_fields.FNAME", "expression": "first_name"}',
        'settings.x: "transactional" → "skip"',
        f'settings.y: added "{"é" * 118}…',
    ] == [each.sentence for each in found]


NAMES = st.sampled_from(["a", "b", "target", "name"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "x", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES))
def test_nothing_differs_exactly_where_both_are_equal(before: dict[str, Any], after: dict[str, Any]) -> None:
    found = differences(before, after)

    assert same(before, after) == (found == ())
    assert len(found) == len({(each.path, each.how) for each in found})
    assert () == differences(after, after)
