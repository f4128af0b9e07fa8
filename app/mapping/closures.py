"""An expression's tree as closures: one small function per node, built once, called for every record.

Each takes the value it looks at and the record's purse. What repeats pays: an element of a projection, a call for
every element, a piece of a selection. Plain paths pay nothing; they cannot grow.
"""

# ruff: noqa: ARG001, ARG005 - all closures are called alike, whether they look at the value or the purse or not

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from app.mapping.calls import compile_call
from app.mapping.library.entry import is_true
from app.mapping.plainpaths import Evaluate, Node, names_of, plain_path
from app.mapping.run import LISTS, Run
from app.values.money import to_decimal


def compile_node(node: Node, *, repeats: bool = False) -> Evaluate:
    """The closure of a node that ``expressions.py`` has checked. ``repeats``: it runs for every element of something."""
    return _COMPILERS[node["type"]](node, repeats)


def _field(node: Node, repeats: bool) -> Evaluate:
    return plain_path((node["value"],))


def _chain(node: Node, repeats: bool) -> Evaluate:
    """``a.b``, ``a[0]``, ``a | b``: each part looks at what the one before gave."""
    parts = node["children"]
    names = names_of(node)
    if names is not None:
        return plain_path(names)
    first, second, *more = (compile_node(part, repeats=repeats) for part in parts)
    if not more:
        return lambda value, run: second(first(value, run), run)

    def follow(value: Any, run: Run) -> Any:
        value = second(first(value, run), run)
        for part in more:
            value = part(value, run)
        return value

    return follow


def _same(node: Node, repeats: bool) -> Evaluate:
    return lambda value, run: value


def _literal(node: Node, repeats: bool) -> Evaluate:
    constant = _exact(node["value"])
    return lambda value, run: constant


def _exact(value: Any) -> Any:
    """A literal with Decimals in place of floats: `0.1` is a tenth."""
    if isinstance(value, float):
        return to_decimal(value)
    if isinstance(value, dict):
        return {name: _exact(inner) for name, inner in value.items()}
    return [_exact(inner) for inner in value] if isinstance(value, list) else value


def _index(node: Node, repeats: bool) -> Evaluate:
    at = node["value"]

    def element(value: Any, run: Run) -> Any:
        if not isinstance(value, LISTS):
            return None
        return value[at] if -len(value) <= at < len(value) else None

    return element


def _slice(node: Node, repeats: bool) -> Evaluate:
    piece = slice(*node["children"])

    def part(value: Any, run: Run) -> Any:
        if not isinstance(value, LISTS) or piece.step == 0:
            return None
        run.pay(len(value))
        return list(value[piece])

    return part


def _projection(node: Node, repeats: bool) -> Evaluate:
    left, right = node["children"]
    base, each = compile_node(left, repeats=repeats), compile_node(right, repeats=True)

    def project(value: Any, run: Run) -> Any:
        elements = base(value, run)
        if not isinstance(elements, LISTS):
            return None
        run.pay(len(elements) + 1)
        return [found for element in elements if (found := each(element, run)) is not None]

    return project


def _value_projection(node: Node, repeats: bool) -> Evaluate:
    left, right = node["children"]
    base, each = compile_node(left, repeats=repeats), compile_node(right, repeats=True)

    def project(value: Any, run: Run) -> Any:
        fields = base(value, run)
        if not isinstance(fields, dict):
            return None
        run.pay(len(fields) + 1)
        return [found for element in fields.values() if (found := each(element, run)) is not None]

    return project


def _filter_projection(node: Node, repeats: bool) -> Evaluate:
    left, right, question = node["children"]
    base = compile_node(left, repeats=repeats)
    each, condition = compile_node(right, repeats=True), compile_node(question, repeats=True)

    def project(value: Any, run: Run) -> Any:
        elements = base(value, run)
        if not isinstance(elements, LISTS):
            return None
        run.pay(2 * len(elements) + 1)
        kept = (each(element, run) for element in elements if is_true(condition(element, run)))
        return [found for found in kept if found is not None]

    return project


def _flatten(node: Node, repeats: bool) -> Evaluate:
    base = compile_node(node["children"][0], repeats=repeats)

    def flat(value: Any, run: Run) -> Any:
        elements = base(value, run)
        if not isinstance(elements, LISTS):
            return None
        merged: list[Any] = []
        for element in elements:
            if isinstance(element, LISTS):
                run.pay(len(element) + 1)
                merged.extend(element)
            else:
                run.pay(1)
                merged.append(element)
        return merged

    return flat


def _selection(node: Node, repeats: bool) -> Evaluate:
    parts = [compile_node(child, repeats=repeats) for child in node["children"]]

    def select(value: Any, run: Run) -> Any:
        if value is None:
            return None
        run.pay(len(parts))
        return [part(value, run) for part in parts]

    return select


def _object(node: Node, repeats: bool) -> Evaluate:
    parts = [
        (child["value"], compile_node(child["children"][0], repeats=repeats)) for child in node["children"]
    ]

    def select(value: Any, run: Run) -> Any:
        if value is None:
            return None
        run.pay(len(parts))
        return {name: part(value, run) for name, part in parts}

    return select


def _or(node: Node, repeats: bool) -> Evaluate:
    left, right = (compile_node(child, repeats=repeats) for child in node["children"])

    def either(value: Any, run: Run) -> Any:
        found = left(value, run)
        return found if is_true(found) else right(value, run)

    return either


def _and(node: Node, repeats: bool) -> Evaluate:
    left, right = (compile_node(child, repeats=repeats) for child in node["children"])

    def both(value: Any, run: Run) -> Any:
        found = left(value, run)
        return right(value, run) if is_true(found) else found

    return both


def _not(node: Node, repeats: bool) -> Evaluate:
    inner = compile_node(node["children"][0], repeats=repeats)
    return lambda value, run: not is_true(inner(value, run))


def _comparator(node: Node, repeats: bool) -> Evaluate:
    left, right = (compile_node(child, repeats=repeats) for child in node["children"])
    if node["value"] in ("eq", "ne"):
        wanted = node["value"] == "eq"

        def equal(value: Any, run: Run) -> Any:
            run.pay(1)
            return run.same(left(value, run), right(value, run)) is wanted

        return equal
    compare = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge}[node["value"]]

    def ordered(value: Any, run: Run) -> Any:
        run.pay(1)
        one, other = left(value, run), right(value, run)
        if one.__class__ is int and other.__class__ is int:
            return compare(one, other)
        one, other = comparable(one), comparable(other)
        if one is None or other is None or isinstance(one, str) is not isinstance(other, str):
            return None
        return compare(one, other)

    return ordered


def comparable(value: Any) -> Decimal | str | None:
    """A value that has an order among its kind: a number, a text, a date as ISO text; None for all others."""
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    return to_decimal(value) if isinstance(value, int | float | Decimal) else None


def _expref(node: Node, repeats: bool) -> Evaluate:
    inner = compile_node(node["children"][0], repeats=True)
    return lambda value, run: inner


def _call(node: Node, repeats: bool) -> Evaluate:
    arguments = [compile_node(child, repeats=repeats) for child in node["children"]]
    return compile_call(node, arguments, repeats=repeats)


_COMPILERS: dict[str, Callable[[Node, bool], Evaluate]] = {
    "field": _field,
    "subexpression": _chain,
    "index_expression": _chain,
    "pipe": _chain,
    "current": _same,
    "identity": _same,
    "literal": _literal,
    "index": _index,
    "slice": _slice,
    "projection": _projection,
    "value_projection": _value_projection,
    "filter_projection": _filter_projection,
    "flatten": _flatten,
    "multi_select_list": _selection,
    "multi_select_dict": _object,
    "or_expression": _or,
    "and_expression": _and,
    "not_expression": _not,
    "comparator": _comparator,
    "expref": _expref,
    "function_expression": _call,
}
