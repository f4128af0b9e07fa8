"""Business rules: each action, order and guards, rules over lists, and what stops or leaves out a record (R8, R9)."""

from __future__ import annotations

import copy
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.errors import InvalidInput, MappingFailed
from app.mapping.rules import Rule, Ruled, RuleSet
from app.mapping.tables import Table, compile_tables

RECORD: dict[str, Any] = {
    "email": "jan@winkel.nl",
    "name": "Jan",
    "empty": "",
    "points": 100,
    "price": Decimal("10.00"),
    "country": "BE",
    "tags": ["old"],
    "address": {"city": "Gent", "zip": "9000"},
    "lines": [{"sku": "A", "qty": 2}, {"sku": "B", "qty": 1}],
    "custom": {"shoe": "42"},
}


def ruled(*rules: dict[str, Any], record: dict[str, Any] | None = None, **options: Any) -> Ruled:
    parsed = [Rule.model_validate({"name": f"rule {n}"} | rule) for n, rule in enumerate(rules, start=1)]
    return RuleSet.compile(parsed, **options).apply(record if record is not None else RECORD)


def after(*actions: dict[str, Any], record: dict[str, Any] | None = None) -> dict[str, Any]:
    """Only what the actions changed."""
    before = record if record is not None else RECORD
    document = ruled({"then": list(actions)}, record=before).document
    return {name: value for name, value in document.items() if name not in before or before[name] != value}


# --- one test per action (R9) -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"field": "name", "value": "Piet"}, {"name": "Piet"}),
        ({"field": "name", "value": "upper(name); '\"😀{}"}, {"name": "upper(name); '\"😀{}"}),
        ({"field": "name", "value": ""}, {"name": ""}),
        ({"field": "points", "value": 0}, {"points": 0}),
        ({"field": "vip", "value": True}, {"vip": True}),
        ({"field": "name", "from": "concat(name, ' ', address.city)"}, {"name": "Jan Gent"}),
        ({"field": "name", "from": "missing"}, {"name": None}),
        ({"field": "custom.vip", "value": "ja"}, {"custom": {"shoe": "42", "vip": "ja"}}),
        ({"field": "new.deep.er", "value": 1}, {"new": {"deep": {"er": 1}}}),
    ],
)
def test_set(action: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected == after({"do": "set"} | action)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"field": "name", "value": "de Wit", "separator": " "}, {"name": "Jan de Wit"}),
        ({"field": "empty", "value": "first", "separator": ", "}, {"empty": "first"}),
        ({"field": "missing", "value": "first", "separator": ", "}, {"missing": "first"}),
        ({"field": "name", "value": " "}, {}),
        ({"field": "name", "from": "missing"}, {}),
        ({"field": "points", "value": 1}, {"points": "1001"}),
        ({"field": "tags", "value": "new"}, {"tags": ["old", "new"]}),
        ({"field": "tags", "from": "['a', 'b']"}, {"tags": ["old", "a", "b"]}),
        ({"field": "tags", "from": "missing"}, {}),
    ],
)
def test_append(action: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected == after({"do": "append"} | action)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"field": "name", "value": "VIP", "separator": ": "}, {"name": "VIP: Jan"}),
        ({"field": "empty", "value": "first", "separator": ": "}, {"empty": "first"}),
        ({"field": "tags", "value": "new"}, {"tags": ["new", "old"]}),
    ],
)
def test_prepend(action: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected == after({"do": "prepend"} | action)


def test_copy() -> None:
    document = ruled(
        {"then": [{"do": "copy", "from": "address", "field": "shipping"},
                  {"do": "set", "field": "shipping.city", "value": "Lier"}]}
    ).document  # fmt: skip

    assert ({"city": "Lier", "zip": "9000"}, "Gent") == (document["shipping"], document["address"]["city"])


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"field": "points", "operator": "add", "value": 10}, {"points": Decimal(110)}),
        ({"field": "points", "operator": "subtract", "value": "0,5"}, {"points": Decimal("99.5")}),
        ({"field": "price", "operator": "multiply", "value": 3}, {"price": Decimal("30.00")}),
        ({"field": "price", "operator": "divide", "value": 3, "places": 2}, {"price": Decimal("3.33")}),
        ({"field": "price", "operator": "add_percent", "value": 21, "places": 2}, {"price": Decimal("12.10")}),
        ({"field": "price", "operator": "subtract_percent", "value": 10}, {"price": Decimal("9.0000")}),
        ({"field": "price", "operator": "add", "from": "points"}, {"price": Decimal("110.00")}),
        ({"field": "custom.shoe", "operator": "add", "value": 1}, {"custom": {"shoe": Decimal(43)}}),
        ({"field": "missing", "operator": "add", "value": 10}, {"missing": None}),
        ({"field": "empty", "operator": "add", "value": 10}, {}),
        ({"field": "price", "operator": "add", "from": "missing"}, {}),
    ],
)  # fmt: skip
def test_math(action: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected == after({"do": "math"} | action)


def test_clear() -> None:
    assert {"name": None} == after({"do": "clear", "field": "name"})
    assert {"address": {"city": None, "zip": "9000"}} == after({"do": "clear", "field": "address.city"})
    assert {"lines": None} == after({"do": "clear", "field": "lines"})
    assert {} == after({"do": "clear", "field": "name.first"})


def test_map() -> None:
    table = {"entries": {"BE": "Belgium"}, "missing": "default", "default": "abroad"}

    assert {"country": "Belgium"} == after({"do": "map", "field": "country", "table": table})
    assert {"name": "abroad"} == after({"do": "map", "field": "name", "table": table})
    assert {"missing": "abroad"} == after({"do": "map", "field": "missing", "table": table})
    named = ruled(
        {"then": [{"do": "map", "field": "country", "table": "land"}]},
        tables=compile_tables({"land": Table.model_validate(table)}),
    )
    assert "Belgium" == named.document["country"]


def test_skip_leaves_the_record_out_with_its_reason_and_later_rules_do_not_run() -> None:
    found = ruled(
        {"then": [{"do": "skip", "reason": "Test customer"}]},
        {"then": [{"do": "set", "field": "name", "value": "Piet"}]},
    )

    assert ("Test customer", None, ("rule 1",), "Jan") == (
        found.skip,
        found.stop,
        found.fired,
        found.document["name"],
    )


def test_stop_holds_the_record_back_with_a_message() -> None:
    found = ruled({"then": [{"do": "stop", "message": "No VAT number"}]})

    assert (None, "No VAT number", ("rule 1",)) == (found.skip, found.stop, found.fired)


@pytest.mark.parametrize(
    ("action", "where", "expected"),
    [
        ({"tag": "Loyal"}, "tags", {"tags": ["old", "Loyal"]}),
        ({"tag": "old"}, "tags", {}),
        ({"from": "lines[].sku"}, "tags", {"tags": ["old", "A", "B"]}),
        ({"from": "missing"}, "tags", {}),
        ({"tag": "Loyal"}, "customer.tags", {"customer": {"tags": ["Loyal"]}}),
    ],
)
def test_add_tag_on_an_order_to_its_customer(
    action: dict[str, Any], where: str, expected: dict[str, Any]
) -> None:
    document = ruled({"then": [{"do": "add_tag"} | action]}, tags=where).document

    assert RECORD | expected == document


def test_a_kind_of_record_without_tags_has_no_such_action() -> None:
    with pytest.raises(InvalidInput) as refused:
        ruled(
            {"then": [{"do": "clear", "field": "name"}, {"do": "add_tag", "tag": "Loyal"}]},
            tags=None,
        )

    assert "rules[0].then[1].do" == refused.value.field


# --- conditions, guards, order ----------------------------------------------------------------------------------------

VIP = {"do": "set", "field": "note", "value": "yes"}
NOT_VIP = {"do": "set", "field": "note", "value": "no"}
TRUE = {"field": "name", "is": "equals", "value": "Jan"}
FALSE = {"field": "name", "is": "equals", "value": "Piet"}


@pytest.mark.parametrize(
    ("guard", "when", "note", "fired"),
    [
        (None, None, "yes", ("rule 1",)),
        (None, TRUE, "yes", ("rule 1",)),
        (None, FALSE, "no", ("rule 1",)),
        (TRUE, TRUE, "yes", ("rule 1",)),
        (TRUE, FALSE, "no", ("rule 1",)),
        (FALSE, TRUE, None, ()),
        (FALSE, FALSE, None, ()),
        (FALSE, None, None, ()),
        (TRUE, None, "yes", ("rule 1",)),
    ],
)
def test_guard_condition_then_and_otherwise(
    guard: Any, when: Any, note: str | None, fired: tuple[str, ...]
) -> None:
    found = ruled({"guard": guard, "when": when, "then": [VIP], "otherwise": [NOT_VIP]})

    assert (note, fired) == (found.document.get("note"), found.fired)


def test_a_rule_sees_what_the_rules_before_it_changed_and_one_that_is_off_does_nothing() -> None:
    found = ruled(
        {"then": [{"do": "set", "field": "country", "value": "NL"}]},
        {"on": False, "then": [{"do": "set", "field": "country", "value": "DE"}]},
        {"when": {"field": "country", "is": "equals", "value": "NL"}, "then": [VIP]},
    )

    assert ("yes", ("rule 1", "rule 3")) == (found.document["note"], found.fired)


def test_rules_that_undo_each_other_run_once_each_and_end() -> None:
    """What could run in circles elsewhere: one pass, in order, the last word counts."""
    a_to_b = {
        "when": {"field": "country", "is": "equals", "value": "BE"},
        "then": [{"do": "set", "field": "country", "value": "NL"}],
    }
    b_to_a = {
        "when": {"field": "country", "is": "equals", "value": "NL"},
        "then": [{"do": "set", "field": "country", "value": "BE"}],
    }

    found = ruled(a_to_b, b_to_a)

    assert ("BE", ("rule 1", "rule 2")) == (found.document["country"], found.fired)


def test_the_record_itself_is_never_touched() -> None:
    before = copy.deepcopy(RECORD)
    ruled(
        {"then": [{"do": "set", "field": "address.city", "value": "Lier"}, {"do": "append", "field": "tags", "value": "x"}]},
        {"each": "lines", "then": [{"do": "set", "field": "qty", "value": 9}]},
    )  # fmt: skip

    assert before == RECORD


# --- rules over lists -------------------------------------------------------------------------------------------------


def test_a_rule_over_a_list_looks_at_each_element_and_the_whole() -> None:
    found = ruled(
        {
            "each": "lines",
            "when": {"field": "item.qty", "is": "greater", "value": 1},
            "then": [{"do": "set", "field": "note", "from": "concat(item.sku, ' ', whole.country)"}, {"do": "add_tag", "from": "item.sku"}],
            "otherwise": [{"do": "skip", "reason": "Only one"}],
        }
    )  # fmt: skip

    assert [{"sku": "A", "qty": 2, "note": "A BE"}] == found.document["lines"]
    assert ["old", "A"] == found.document["tags"]
    assert ("rule 1: an element of lines was left out (Only one).",) == found.warnings
    assert found.skip is None


def test_settings_are_seen_by_rules_over_the_record_and_over_lists() -> None:
    rules = [
        Rule.model_validate(
            {"name": "a", "then": [{"do": "set", "field": "note", "from": "settings.country"}]}
        ),
        Rule.model_validate(
            {
                "name": "b",
                "each": "lines",
                "then": [{"do": "set", "field": "note", "from": "settings.country"}],
            }
        ),
    ]

    document = RuleSet.compile(rules).apply(RECORD, settings={"country": "NL"}).document

    assert ("NL", ["NL", "NL"], False) == (
        document["note"],
        [line["note"] for line in document["lines"]],
        "settings" in document,
    )


@pytest.mark.parametrize(
    ("each", "record"), [("missing", RECORD), ("address.lines", RECORD), ("name.x", RECORD)]
)
def test_a_list_that_is_not_there_is_nothing_to_do(each: str, record: dict[str, Any]) -> None:
    assert () == ruled({"each": each, "then": [VIP]}, record=record).fired


# --- what fails, and what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ({"do": "set", "field": "name.first", "value": "Jan"}, "name.first cannot be written: name is a text"),
        ({"do": "math", "field": "name", "operator": "add", "value": 1}, "a text and a number cannot be reckoned with"),
        ({"do": "math", "field": "points", "operator": "divide", "value": 0}, "cannot be divided by 0"),
        ({"do": "append", "field": "address", "value": "x"}, "a text cannot be added to an object"),
        ({"do": "append", "field": "name", "from": "lines"}, "a list cannot be added to a text"),
        ({"do": "map", "field": "name", "table": {"entries": {"a": "b"}, "missing": "fail"}}, "a text that is not in the table"),
        ({"do": "set", "field": "name", "from": "trim(lines)"}, "trim() needs a text, not a list"),
        ({"do": "set", "field": "name", "from": "pad_left('a', `999999999`)"}, "more text than one record may hold"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_apply_is_named_and_no_value_is_told(
    action: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(MappingFailed) as failed:
        ruled({"then": [action]})

    assert "rule 1" == failed.value.row
    assert failed.value.detail.startswith("The rule 'rule 1': ")
    assert sentence in failed.value.detail
    assert "Jan" not in failed.value.detail + failed.value.advice


@pytest.mark.parametrize("each", ["name", "tags"])
def test_a_rule_over_what_is_no_list_of_objects_fails_that_record(each: str) -> None:
    with pytest.raises(MappingFailed):
        ruled({"each": each, "then": [VIP]})


@pytest.mark.parametrize(
    "rule",
    [
        {"then": []},
        {"then": [{"do": "explode"}]},
        {"then": [{"do": "set", "field": "name"}]},
        {"then": [{"do": "set", "field": "name", "value": "a", "from": "b"}]},
        {"then": [{"do": "set", "field": "name", "value": ["a"]}]},
        {"then": [{"do": "copy", "field": "name"}]},
        {"then": [{"do": "math", "field": "name", "operator": "power", "value": 2}]},
        {"then": [{"do": "math", "field": "name", "operator": "add", "value": 2, "places": 99}]},
        {"then": [{"do": "skip"}]},
        {"then": [{"do": "stop", "message": ""}]},
        {"then": [{"do": "add_tag"}]},
        {"then": [{"do": "add_tag", "tag": "a", "from": "b"}]},
        {"then": [VIP] * 51},
        {"name": "", "then": [VIP]},
        {"then": [VIP], "els": [VIP]},
    ],
)
def test_what_is_no_rule_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate({"name": "r"} | rule)


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"then": [{"do": "set", "field": "a b", "value": 1}]}, "rules[0].then[0].field"),
        ({"then": [{"do": "set", "field": "lines[0].sku", "value": 1}]}, "rules[0].then[0].field"),
        ({"then": [{"do": "set", "field": "a", "from": "nope()"}]}, "rules[0].then[0].from"),
        ({"then": [VIP], "otherwise": [{"do": "map", "field": "a", "table": "none"}]}, "rules[0].otherwise[0].table"),
        ({"when": {"field": "a[", "is": "empty"}, "then": [VIP]}, "rules[0].when.field"),
        ({"guard": {"of": [{"field": "a", "is": "matches", "value": "("}]}, "then": [VIP]}, "rules[0].guard.of[0].value"),
        ({"each": "a..b", "then": [VIP]}, "rules[0].each"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_used_is_refused_with_its_place(rule: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ruled(rule)

    assert field == refused.value.field


def test_five_thousand_rules_are_refused_and_five_hundred_are_quick() -> None:
    def many(count: int) -> list[Rule]:
        return [Rule.model_validate({"name": f"r{n}", "then": [VIP]}) for n in range(count)]

    with pytest.raises(InvalidInput, match="at most 500 rules"):
        RuleSet.compile(many(5_000))

    compiled = RuleSet.compile(many(500))
    started = time.process_time()
    assert 500 == len(compiled.apply(RECORD).fired)
    assert time.process_time() - started < 0.5


def test_rules_that_grow_a_text_for_ever_end_as_that_records_failure() -> None:
    double = {"then": [{"do": "append", "field": "name", "from": "name"}] * 50}
    with pytest.raises(MappingFailed) as failed:
        ruled(double, double)

    assert "mapping_too_large" == failed.value.code


def test_rules_that_grow_a_list_for_ever_end_as_that_records_failure() -> None:
    double = {"then": [{"do": "append", "field": "tags", "from": "tags"}] * 50}
    with pytest.raises(MappingFailed) as failed:
        ruled(double)

    assert "mapping_too_large" == failed.value.code


# --- a rule set is deterministic --------------------------------------------------------------------------------------

_FIELD = st.sampled_from(("name", "points", "country", "tags", "custom.x", "address.city", "missing"))
_VALUE = st.sampled_from(("VIP", "", 5, True, "a,b"))
_ACTION = st.one_of(
    st.builds(lambda f, v: {"do": "set", "field": f, "value": v}, _FIELD, _VALUE),
    st.builds(lambda f, g: {"do": "copy", "field": f, "from": g}, _FIELD, _FIELD),
    st.builds(lambda d, f, v: {"do": d, "field": f, "value": v}, st.sampled_from(("append", "prepend")), _FIELD, _VALUE),
    st.builds(lambda f: {"do": "clear", "field": f}, _FIELD),
    st.builds(lambda f, v: {"do": "math", "field": f, "operator": "multiply", "value": v}, _FIELD, st.integers(-5, 5)),
    st.builds(lambda v: {"do": "add_tag", "from": v}, _FIELD),
    st.just({"do": "skip", "reason": "no"}),
)  # fmt: skip
_RULE = st.builds(
    lambda f, op, v, then, other: {
        "when": {"field": f, "is": op, "value": v},
        "then": then,
        "otherwise": other,
    },
    _FIELD,
    st.sampled_from(("equals", "not_equals", "contains", "greater", "empty", "true")),
    _VALUE,
    st.lists(_ACTION, min_size=1, max_size=3),
    st.lists(_ACTION, max_size=2),
)


@settings(deadline=None)
@given(st.lists(_RULE, max_size=5))
def test_a_rule_set_does_the_same_with_the_same_record(rules: list[dict[str, Any]]) -> None:
    compiled = RuleSet.compile([Rule.model_validate({"name": str(n)} | rule) for n, rule in enumerate(rules)])

    def outcome() -> Any:
        try:
            return compiled.apply(copy.deepcopy(RECORD))
        except MappingFailed as failed:
            return failed.detail, failed.row

    first = outcome()

    assert first == outcome()
    if isinstance(first, Ruled):
        again = RuleSet.compile(
            [Rule.model_validate(Rule.model_validate({"name": str(n)} | rule).model_dump(mode="json")) for n, rule in enumerate(rules)]
        )  # fmt: skip
        assert first == again.apply(RECORD)
