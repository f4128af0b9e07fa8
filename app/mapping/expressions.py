"""Expressions: JMESPath for reading, with our functions, compiled once into closures.

JMESPath's parser is used, its interpreter is not: every node becomes a Python closure, so that twenty plain paths
cost 2 µs instead of 31, and everything that repeats pays from the purse of the record (``run.py``). Numbers are
Decimals, tuples are lists, and a function that does not exist or gets too many arguments is refused when it is saved.
Semantics follow the JMESPath specification, except that functions given nothing answer nothing (``library/entry.py``).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Container
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from jmespath.exceptions import JMESPathError
from jmespath.parser import Parser

from app.errors import InvalidInput
from app.mapping.closures import compile_node
from app.mapping.functions import LIBRARY
from app.mapping.library.entry import arity_problem
from app.mapping.library.patterns import compile_pattern
from app.mapping.plainpaths import Evaluate, Node, plain_path
from app.mapping.reads import paths_of
from app.values.dates import zone

MAX_EXPRESSION = 2_000
MAX_NESTING = 40

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`(?:[^`\\]|\\.)*`", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    ``reads`` are the paths it looks at, elements of lists as ``contacts[].email``. ``gives`` is the kind of its
    result where that is certain: text, number, yes/no, list, object; None otherwise. ``calls`` is how many functions
    it calls, the measure of what running it once may cost.
    """

    text: str
    evaluate: Evaluate
    reads: frozenset[str]
    gives: str | None
    plain: bool
    calls: int = 0


def compile_expression(
    text: str, *, place: str = "expression", tables: Container[str] | None = None
) -> Expression:
    """The expression, ready to run. Raises InvalidInput with ``place`` for what cannot be used.

    ``tables`` are the names that ``lookup(value, 'name')`` may ask for; None: whoever asks does not know them.
    """
    if len(text) > MAX_EXPRESSION:
        raise InvalidInput(f"The expression is longer than {MAX_EXPRESSION:,} characters.", field=place)
    if _PLAIN.fullmatch(text):
        names = tuple(text.split("."))
        return Expression(text, plain_path(names), frozenset({text}), None, plain=True)
    tree = _parsed(text, place)
    try:
        _check(tree, place, tables)
        return Expression(
            text, compile_node(tree), paths_of(tree), _kind(tree), plain=False, calls=_calls(tree)
        )
    except RecursionError:
        raise InvalidInput("The expression is nested too deeply.", field=place) from None


def paths(text: str) -> frozenset[str]:
    """The source paths an expression reads, as far as they can be told: for warnings about unknown ones."""
    return compile_expression(text).reads


def _parsed(text: str, place: str) -> Node:
    depth = deepest = 0
    for sign in _QUOTED.sub("", text):
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    if deepest > MAX_NESTING:
        raise InvalidInput(f"The expression nests brackets more than {MAX_NESTING} deep.", field=place)
    try:
        with warnings.catch_warnings():  # `text` without quotes is JMESPath's past: it parses, and warns
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            tree: Any = Parser().parse(text).parsed
    except JMESPathError as error:
        reason = str(error).splitlines()[0] if str(error) else "it is empty"
        raise InvalidInput(
            f"The expression cannot be read: {reason}",
            field=place,
            advice="Texts stand in 'single quotes', numbers in `backticks`.",
        ) from None
    except RecursionError:
        raise InvalidInput("The expression is nested too deeply.", field=place) from None
    return dict(tree)


def _check(node: Node, place: str, tables: Container[str] | None, *, argument: bool = False) -> None:
    """Functions must exist and be called rightly; patterns must be written out; &expressions stand where they can."""
    if node["type"] == "expref" and not argument:
        raise InvalidInput(
            "An &expression can only be given to a function such as sort_by or map.", field=place
        )
    if node["type"] != "function_expression":
        for child in node["children"]:
            if isinstance(child, dict):
                _check(child, place, tables)
        return
    function = LIBRARY.get(node["value"])
    if function is None:
        near = get_close_matches(node["value"], LIBRARY, n=1)
        raise InvalidInput(
            f"There is no function {node['value']!r}.",
            field=place,
            advice=f"Did you mean {near[0]}?" if near else "The catalogue of functions lists them all.",
        )
    problem = arity_problem(function, len(node["children"]))
    if problem is not None:
        raise InvalidInput(problem.detail, field=place, advice=problem.advice)
    for at, child in enumerate(node["children"]):
        kind = function.parameter(at).kind
        if (kind == "&expression") != (child["type"] == "expref"):
            raise InvalidInput(
                f"{function.name}() takes an &expression as argument {at + 1}."
                if kind == "&expression"
                else f"{function.name}() takes no &expression as argument {at + 1}.",
                field=place,
                advice=f"Write {function.signature}",
            )
        if kind == "pattern":
            _check_pattern(function.name, child, place)
        if kind == "time zone" and child["type"] == "literal" and zone(str(child["value"])) is None:
            raise InvalidInput(
                f"{function.name}() does not know the time zone {str(child['value'])[:60]!r}.",
                field=place,
                advice="Write it like 'Europe/Amsterdam'.",
            )
        _check(child, place, tables, argument=True)
    if function.name == "lookup":
        _check_table(node["children"][1], place, tables)


def _check_table(node: Node, place: str, tables: Container[str] | None) -> None:
    name = node["value"] if node["type"] == "literal" else None
    if isinstance(name, str) and tables is not None and name not in tables:
        raise InvalidInput(
            f"There is no table {name!r}.", field=place, advice="Make the table, or correct its name."
        )


def _check_pattern(name: str, node: Node, place: str) -> None:
    if node["type"] != "literal" or not isinstance(node["value"], str):
        raise InvalidInput(
            f"The pattern of {name}() must be written out in single quotes; it cannot come from the record.",
            field=place,
        )
    try:
        compile_pattern(node["value"])
    except InvalidInput as error:
        raise InvalidInput(error.detail, field=place, advice=error.advice) from None


def _calls(node: Node) -> int:
    own = 1 if node["type"] == "function_expression" else 0
    return own + sum(_calls(child) for child in node["children"] if isinstance(child, dict))


_KINDS = {"multi_select_list": "list", "multi_select_dict": "object", "flatten": "list", "projection": "list"} | {
    "filter_projection": "list", "value_projection": "list", "not_expression": "yes/no",
}  # fmt: skip


def _kind(node: Node) -> str | None:
    if node["type"] == "literal":
        value = node["value"]
        kinds = {str: "text", bool: "yes/no", int: "number", float: "number", list: "list", dict: "object"}
        return kinds.get(type(value))
    if node["type"] == "function_expression":
        found = LIBRARY[node["value"]].returns
        return {"anything": None, "whole number": "number"}.get(found, found)
    if node["type"] == "comparator":
        return "yes/no" if node["value"] in ("eq", "ne") else None
    if node["type"] == "pipe":
        return _kind(node["children"][-1])
    return _KINDS.get(node["type"])
