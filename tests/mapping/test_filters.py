"""Filters and lists: what travels, and the sentence about what does not (features R11, R12)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.errors import InvalidInput, MappingFailed
from app.mapping.filters import Filter, FilterSet
from app.mapping.lists import Filtered, Lists

RECORD: dict[str, Any] = {
    "email": "jan@winkel.nl",
    "number": 17,
    "order": "2026-118",
    "lines": [{"sku": "A-1"}, {"sku": 1002}],
    "custom": {"webshop": "ja"},
}
WEBSHOP = {"field": "custom.webshop", "is": "true"}


def judged(
    *filters: dict[str, Any], stage: Any = "after", document: Any = None, **options: Any
) -> Filtered | None:
    parsed = [Filter.model_validate({"name": f"f{n}"} | each) for n, each in enumerate(filters, start=1)]
    return FilterSet.compile(parsed, stage=stage, **options).judge(RECORD if document is None else document)


@pytest.mark.parametrize(
    ("filters", "stage", "sentence"),
    [
        ([], "after", None),
        ([{"when": WEBSHOP}], "after", None),
        ([{"when": WEBSHOP | {"is": "false"}}], "after", "Filtered by filter 'f1'"),
        ([{"when": WEBSHOP, "keep": "others"}], "after", "Filtered by filter 'f1'"),
        ([{"when": WEBSHOP, "keep": "others", "reason": "Has its own shop"}], "after", "Filtered by filter 'f1': Has its own shop"),
        ([{"when": WEBSHOP, "keep": "others", "on": False}], "after", None),
        ([{"when": WEBSHOP, "keep": "others", "stage": "before"}], "after", None),
        ([{"when": WEBSHOP, "keep": "others", "stage": "before"}], "before", "Filtered by filter 'f1'"),
        ([{"when": WEBSHOP}, {"when": {"field": "number", "is": "greater", "value": 20}}], "after", "Filtered by filter 'f2'"),
        ([{"when": WEBSHOP, "keep": "others"}, {"when": WEBSHOP, "keep": "others"}], "after", "Filtered by filter 'f1'"),
        ([{"when": {"field": "missing", "is": "equals", "value": "x"}}], "after", "Filtered by filter 'f1'"),
        ([{"when": {"field": "missing", "is": "equals", "value": "x"}, "keep": "others"}], "after", None),
    ],
)  # fmt: skip
def test_the_first_no_counts_and_says_why(
    filters: list[dict[str, Any]], stage: str, sentence: str | None
) -> None:
    found = judged(*filters, stage=stage)

    assert sentence == (found.sentence if found else None)


KEYS = {"email": "email", "customer": "number", "order": "order", "sku": "lines[].sku"}


@pytest.mark.parametrize(
    ("lists", "sentence"),
    [
        ({}, None),
        ({"block": {"email": ["piet@winkel.nl"]}}, None),
        ({"block": {"email": [" Jan@Winkel.NL "]}}, "Filtered by the block list: its e-mail address is listed"),
        ({"block": {"customer": ["17"]}}, "Filtered by the block list: its customer number is listed"),
        ({"block": {"order": ["2026-118"]}}, "Filtered by the block list: its order number is listed"),
        ({"block": {"sku": ["a-1 "]}}, "Filtered by the block list: its SKU is listed"),
        ({"block": {"sku": ["1002"]}}, "Filtered by the block list: its SKU is listed"),
        ({"allow": {"sku": ["A-1", "1002", "B"]}}, None),
        ({"allow": {"sku": ["A-1"]}}, "Filtered by the allow list: its SKU is not listed"),
        ({"allow": {"email": ["jan@winkel.nl"], "customer": ["18"]}}, "Filtered by the allow list: its customer number is not listed"),
        ({"allow": {"email": ["jan@winkel.nl"]}, "block": {"email": ["jan@winkel.nl"]}}, "Filtered by the block list: its e-mail address is listed"),
        ({"block": {"email": ["", " "]}}, None),
    ],
)  # fmt: skip
def test_block_and_allow_lists_per_kind_of_number(lists: dict[str, Any], sentence: str | None) -> None:
    found = judged(lists=Lists.model_validate(lists), keys=KEYS)

    assert sentence == (found.sentence if found else None)


@pytest.mark.parametrize("kind", ["email", "customer", "order", "sku"])
@pytest.mark.parametrize(
    "document", [{}, {"email": None, "number": None, "order": "", "lines": []}, {"lines": [{}]}]
)
def test_a_record_without_the_number_is_not_blocked_and_not_allowed(kind: str, document: Any) -> None:
    def listed(name: str) -> Filtered | None:
        return judged(
            lists=Lists.model_validate({name: {kind: ["x"]}}), keys={kind: KEYS[kind]}, document=document
        )

    assert listed("block") is None
    assert listed("allow") is not None


def test_what_a_kind_of_record_does_not_have_is_not_asked_about() -> None:
    lists = Lists.model_validate({"allow": {"order": ["1"]}})

    assert judged(lists=lists, keys={"email": "email"}) is None


@given(st.lists(st.text(min_size=1, max_size=12), max_size=5), st.text(max_size=12))
def test_a_listed_record_never_leaves(listed: list[str], value: str) -> None:
    lists = Lists.model_validate({"block": {"sku": listed}})
    found = judged(lists=lists, keys={"sku": "sku"}, document={"sku": value})

    names = {each.strip().casefold() for each in listed} - {""}
    assert (value.strip().casefold() in names) is (found is not None)


def test_no_value_of_a_record_is_in_the_sentence() -> None:
    found = judged(lists=Lists.model_validate({"block": {"email": ["jan@winkel.nl"]}}), keys=KEYS)

    assert found is not None
    assert "winkel" not in found.sentence


def test_a_filter_that_cannot_be_asked_fails_that_record_by_name() -> None:
    with pytest.raises(MappingFailed) as failed:
        judged({"when": {"field": "trim(lines)", "is": "empty"}})

    assert ("f1", "The filter 'f1': trim() needs a text, not a list.") == (
        failed.value.row,
        failed.value.detail,
    )


def test_filters_that_cannot_be_used_are_refused_with_their_place() -> None:
    with pytest.raises(InvalidInput) as refused:
        judged({"when": WEBSHOP}, {"on": False, "when": {"field": "a[", "is": "empty"}})

    assert "filters[1].when.field" == refused.value.field
    with pytest.raises(InvalidInput, match="at most 200"):
        judged(*[{"when": WEBSHOP}] * 5_000)


@pytest.mark.parametrize(
    "each",
    [
        {},
        {"when": WEBSHOP, "stage": "during"},
        {"when": WEBSHOP, "keep": "some"},
        {"when": WEBSHOP, "name": ""},
        {"when": WEBSHOP, "action": "skip"},
    ],
)
def test_what_is_no_filter_is_refused(each: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Filter.model_validate({"name": "f"} | each)
