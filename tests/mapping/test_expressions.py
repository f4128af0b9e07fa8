"""Expressions: JMESPath as it is specified, read over a document; what cannot end is bounded."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidInput, MappingFailed
from app.mapping.expressions import MAX_EXPRESSION, compile_expression, paths
from app.mapping.run import MAX_TEXT, Run

DOCUMENT: dict[str, Any] = {
    "name": "Jan de Vries",
    "empty": "",
    "zero": 0,
    "no": False,
    "nothing": None,
    "address": {"city": "Gent", "lines": ["Kerkstraat 1", "Bus 2"], "geo": {"lat": 51}},
    "tags": ["b", "a", "c"],
    "numbers": [3, 1, 2],
    "lines": [
        {"sku": "A1", "qty": 2, "price": 10, "tags": ["x"], "more": {"w": 1}},
        {"sku": "B2", "qty": 1, "price": 30, "tags": ["y", "z"]},
        {"sku": "C3", "qty": 5, "tags": []},
    ],
    "nested": [[1, 2], [3], 4],
    "custom": {"shoe size": "42", "vip": "ja", "9": "nine"},
    "emoji 😀": "yes",
    "quote'": "q",
}

# What the language is, by way of what it gives (features R3).
TABLE: list[tuple[str, Any]] = [
    ("name", "Jan de Vries"),
    ("address.city", "Gent"),
    ("address.geo.lat", 51),
    ("address.geo.lat.deeper", None),
    ("missing", None),
    ("missing.deeper[0].still", None),
    ('"name"', "Jan de Vries"),
    ('custom."shoe size"', "42"),
    ('custom."9"', "nine"),
    ('"emoji 😀"', "yes"),
    ('"quote\'"', "q"),
    ("tags[0]", "b"),
    ("tags[-1]", "c"),
    ("tags[9]", None),
    ("name[0]", None),
    ("tags[1:]", ["a", "c"]),
    ("tags[:2]", ["b", "a"]),
    ("tags[::-1]", ["c", "a", "b"]),
    ("tags[::2]", ["b", "c"]),
    ("name[1:2]", None),
    ("lines[*].sku", ["A1", "B2", "C3"]),
    ("lines[*].price", [10, 30]),
    ("lines[].tags[]", ["x", "y", "z"]),
    ("lines[*].tags", [["x"], ["y", "z"], []]),
    ("nested[]", [1, 2, 3, 4]),
    ("nested[*]", [[1, 2], [3], 4]),
    ("address.*", ["Gent", ["Kerkstraat 1", "Bus 2"], {"lat": 51}]),
    ("custom.*", ["42", "ja", "nine"]),
    ("name.*", None),
    ("lines[?qty > `1`].sku", ["A1", "C3"]),
    ("lines[?sku == 'B2'].price | [0]", 30),
    ("lines[?price].sku", ["A1", "B2"]),
    ("lines[?!price].sku", ["C3"]),
    ("lines[?qty > `1` && price].sku", ["A1"]),
    ("lines[?qty == `1` || qty == `5`].sku", ["B2", "C3"]),
    ("lines[?contains(tags, 'z')].sku", ["B2"]),
    ("lines[?starts_with(sku, 'A')] | [0].qty", 2),
    ("lines[?more.w == `1`].sku", ["A1"]),
    ("lines[0].[sku, qty]", ["A1", 2]),
    ("lines[0].{code: sku, amount: qty}", {"code": "A1", "amount": 2}),
    ("lines[*].{s: sku, n: missing} | [0]", {"s": "A1", "n": None}),
    ("lines[*].sku | [1]", "B2"),
    ("missing | [0]", None),
    ("@", DOCUMENT),
    ("@.name", "Jan de Vries"),
    ("'text'", "text"),
    ("'it\\'s'", "it's"),
    ("`{\"a\": [1, true, null]}`", {"a": [1, True, None]}),
    ("`0.1`", Decimal("0.1")),
    ("empty || name", "Jan de Vries"),
    ("zero || name", 0),
    ("no || name", "Jan de Vries"),
    ("name && address.city", "Gent"),
    ("nothing && name", None),
    ("!nothing", True),
    ("!name", False),
    ("zero == `0`", True),
    ("no == `0`", False),
    ("`1` == `1.0`", True),
    ("name != missing", True),
    ("address.lines == ['Kerkstraat 1', 'Bus 2']", True),
    ("tags < `1`", None),
    ("`2` >= `2`", True),
    ("join(', ', lines[*].sku)", "A1, B2, C3"),
    ("sum(lines[*].qty)", Decimal(8)),
    ("length(lines[?qty > `1`])", 2),
    ("sort_by(lines, &qty)[*].sku", ["B2", "A1", "C3"]),
    ("max_by(lines, &price).sku", "B2"),
    ("map(&upper(sku), lines)", ["A1", "B2", "C3"]),
    ("not_null(missing, empty, name)", ""),
    ("coalesce(missing, empty, name)", "Jan de Vries"),
    ("if(custom.vip == 'ja', concat(name, ' 😀'), name)", "Jan de Vries 😀"),
    ("round(divide(sum(lines[*].price), length(lines)), `2`)", Decimal("13.33")),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), TABLE)
def test_what_an_expression_gives(expression: str, expected: Any) -> None:
    found = compile_expression(expression).evaluate(DOCUMENT, Run())

    assert expected == found
    assert type(expected) is type(found)


# --- the same as the reference, where no function of ours is called ---------------------------------------------------

# Without zero: inside lists the reference takes it and false for equal, since Python does.
_NAME = st.sampled_from(("name", "address", "lines", "tags", "qty", "sku", "nested", "missing", "no"))
_LITERAL = st.sampled_from(("`1`", "`null`", "`true`", "'a'", "`[]`", "`{}`", '`""`'))


def _bigger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}.{}".format, inner, _NAME),
        st.builds("{}[{}]".format, inner, st.sampled_from(("0", "-1", "7", "*", "", "1:", "::-1", ":2"))),
        st.builds("{}[?{}]".format, inner, inner),
        st.builds("{} | {}".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("({} && {})".format, inner, inner),
        st.builds("!{}".format, inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(("==", "!=")), inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{a: {}, b: {}}}".format, inner, inner),
        st.builds("{}.*".format, inner),
    )


@settings(deadline=None, max_examples=400)
@given(st.recursive(_NAME | _LITERAL | st.just("@"), _bigger, max_leaves=6))
def test_without_functions_it_is_jmespath_to_the_letter(expression: str) -> None:
    try:
        expected = jmespath.search(expression, DOCUMENT)
    except jmespath.exceptions.JMESPathError:
        with pytest.raises(InvalidInput):
            compile_expression(expression)
        return

    assert expected == compile_expression(expression).evaluate(DOCUMENT, Run())


# --- which paths are read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("name", {"name"}),
        ("concat(first, ' ', last)", {"first", "last"}),
        ("lines[?qty > `1`].sku | [0]", {"lines[].qty", "lines[].sku"}),
        ("sort_by(lines, &price)[0].sku", {"lines[].price", "lines[].sku"}),
        ("map(&upper(sku), lines)", {"lines[].sku", "lines"}),
        ("lines[*].tags[]", {"lines[].tags"}),
        ("lookup(country, {NL: account.nl})", {"country", "account.nl"}),
        ("custom.*", {"custom.*"}),
        ("'constant'", set()),
        ("if(a.b, c, `1`)", {"a.b", "c"}),
    ],
)
def test_the_paths_an_expression_reads(expression: str, expected: set[str]) -> None:
    assert expected == paths(expression)


# --- bounds: nothing runs for ever, nothing grows without end ---------------------------------------------------------

HUGE = {
    "text": "a" * 20_000,
    "long": "x" * 200_000,
    "many": [{"n": n, "t": str(n)} for n in range(3_000)],
    "ids": list(range(3_000)),
}

EXPLODING = [
    # doubles with every step: 144 characters that once built 17 MB
    "[text, text] | [@, @] | [@, @] | [@, @] | [@, @] | [@, @] | [@, @] | [@, @] | [@, @] | [@, @] | [@, @] | [@, @] | [@, @] | to_json(@)",
    "concat(long, long)",
    "replace(text, 'a', text)",
    "join(text, ids)",
    "pad_left('a', `2000000000`)",
    "regex_replace(text, 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')",
    "map(&length(map(&@, [`1`, `2`, `3`, `4`, `5`, `6`, `7`, `8`, `9`])), [many, many][])".replace("many, many", ", ".join(["many"] * 40)),
    "[" + ", ".join(["many"] * 60) + "][] | [@, @, @, @][] | sort_by(@, &t)",
    "[" + ", ".join(["ids"] * 60) + "][] | [@, @, @, @][] | sum(@)",
    "many[?matches(t, '(x+x+)+y')] | [@, @, @, @, @, @, @, @, @, @, @, @, @][] | [@, @, @, @, @, @, @, @][] | [?matches(t, '(a|b|c|d|e)*f')]",
    "[@, @] | [@, @] | [@, @] | [@, @] | [@, @] | [@, @] | [@, @] | [@, @] | [@, @] | [@, @] == [@, @]",
    "unique([" + ", ".join(["many"] * 5) + "][])",
    "split(concat(long, ' '), ' ') | [@, @, @][] | map(&concat(@, @), @)",
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPLODING)
def test_what_explodes_is_the_records_failure_and_quick(expression: str) -> None:
    compiled = compile_expression(expression)
    started = time.process_time()
    try:
        found = compiled.evaluate(HUGE, Run())
        size = len(str(Run().copied(found)))  # what would be kept
    except MappingFailed as failed:
        assert "mapping_too_large" == failed.code  # noqa: PT017
    else:
        assert size <= 20 * MAX_TEXT

    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("a" * (MAX_EXPRESSION + 1), "longer than 2,000 characters"),
        ("(" * 60 + "a" + ")" * 60, "more than 40 deep"),
        ("[" * 300 + "a" + "]" * 300, "more than 40 deep"),
        ("!" * 1_500 + "a", "nested too deeply"),
        ("a" + " | a" * 100, None),
        ("a" + ".a" * 900, None),
        ("a" + "[0]" * 600, None),
    ],
)
def test_deep_expressions_are_refused_or_run(expression: str, sentence: str | None) -> None:
    if sentence is None:
        assert compile_expression(expression).evaluate({}, Run()) is None
        return
    with pytest.raises(InvalidInput) as refused:
        compile_expression(expression)

    assert sentence in refused.value.detail
