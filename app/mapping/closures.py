"""An expression's tree as closures: one small function per node, built once, called for every record.

Each takes the value it looks at and the record's purse. What repeats pays: an element of a projection, a call, a
piece of a selection. Plain paths pay nothing; they cannot grow.
"""

# ruff: noqa: ARG001, ARG005 - all closures are called alike, whether they look at the value or the purse or not

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from app.mapping.functions import LIBRARY
from app.mapping.library.entry import Function, coerced, is_true
from app.mapping.library.patterns import compile_pattern
from app.mapping.run import Run
from app.values.money import to_decimal

Evaluate = Callable[[Any, Run], Any]
Node = dict[str, Any]


def plain_path(names: tuple[str, ...]) -> Evaluate:
    """``a.b.c``. What is no object on the way has no such name: None."""
    if len(names) == 1:
        (only,) = names
        return lambda value, run: value.get(only) if isinstance(value, dict) else None
    if len(names) == 2:
        outer, inner = names

        def two(value: Any, run: Run) -> Any:
            found = value.get(outer) if isinstance(value, dict) else None
            return found.get(inner) if isinstance(found, dict) else None

        return two

    def many(value: Any, run: Run) -> Any:
        for name in names:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value

    return many


def compile_node(node: Node) -> Evaluate:
    """The closure of a node that ``expressions.py`` has checked."""
    return _COMPILERS[node["type"]](node)


def _field(node: Node) -> Evaluate:
    return plain_path((node["value"],))


def _chain(node: Node) -> Evaluate:
    """``a.b``, ``a[0]``, ``a | b``: each part looks at what the one before gave."""
    parts = node["children"]
    names = _names(node)
    if names is not None:
        return plain_path(names)
    first, second, *more = (compile_node(part) for part in parts)
    if not more:
        return lambda value, run: second(first(value, run), run)

    def follow(value: Any, run: Run) -> Any:
        value = second(first(value, run), run)
        for part in more:
            value = part(value, run)
        return value

    return follow


def _names(node: Node) -> tuple[str, ...] | None:
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] != "subexpression":
        return None
    pieces = [_names(child) for child in node["children"]]
    return None if None in pieces else tuple(name for piece in pieces if piece for name in piece)


def _same(node: Node) -> Evaluate:
    return lambda value, run: value


def _literal(node: Node) -> Evaluate:
    constant = _exact(node["value"])
    return lambda value, run: constant


def _exact(value: Any) -> Any:
    """A literal with Decimals in place of floats: `0.1` is a tenth."""
    if isinstance(value, float):
        return to_decimal(value)
    if isinstance(value, dict):
        return {name: _exact(inner) for name, inner in value.items()}
    return [_exact(inner) for inner in value] if isinstance(value, list) else value


def _index(node: Node) -> Evaluate:
    at = node["value"]

    def element(value: Any, run: Run) -> Any:
        if not isinstance(value, list | tuple):
            return None
        return value[at] if -len(value) <= at < len(value) else None

    return element


def _slice(node: Node) -> Evaluate:
    piece = slice(*node["children"])

    def part(value: Any, run: Run) -> Any:
        if not isinstance(value, list | tuple) or piece.step == 0:
            return None
        run.pay(len(value))
        return list(value[piece])

    return part


def _projection(node: Node) -> Evaluate:
    base, each = (compile_node(child) for child in node["children"])

    def project(value: Any, run: Run) -> Any:
        elements = base(value, run)
        if not isinstance(elements, list | tuple):
            return None
        run.pay(len(elements) + 1)
        return [found for element in elements if (found := each(element, run)) is not None]

    return project


def _value_projection(node: Node) -> Evaluate:
    base, each = (compile_node(child) for child in node["children"])

    def project(value: Any, run: Run) -> Any:
        fields = base(value, run)
        if not isinstance(fields, dict):
            return None
        run.pay(len(fields) + 1)
        return [found for element in fields.values() if (found := each(element, run)) is not None]

    return project


def _filter_projection(node: Node) -> Evaluate:
    base, each, condition = (compile_node(child) for child in node["children"])

    def project(value: Any, run: Run) -> Any:
        elements = base(value, run)
        if not isinstance(elements, list | tuple):
            return None
        run.pay(2 * len(elements) + 1)
        kept = (each(element, run) for element in elements if is_true(condition(element, run)))
        return [found for found in kept if found is not None]

    return project


def _flatten(node: Node) -> Evaluate:
    base = compile_node(node["children"][0])

    def flat(value: Any, run: Run) -> Any:
        elements = base(value, run)
        if not isinstance(elements, list | tuple):
            return None
        merged: list[Any] = []
        for element in elements:
            if isinstance(element, list | tuple):
                run.pay(len(element) + 1)
                merged.extend(element)
            else:
                run.pay(1)
                merged.append(element)
        return merged

    return flat


def _selection(node: Node) -> Evaluate:
    parts = [compile_node(child) for child in node["children"]]

    def select(value: Any, run: Run) -> Any:
        if value is None:
            return None
        run.pay(len(parts))
        return [part(value, run) for part in parts]

    return select


def _object(node: Node) -> Evaluate:
    parts = [(child["value"], compile_node(child["children"][0])) for child in node["children"]]

    def select(value: Any, run: Run) -> Any:
        if value is None:
            return None
        run.pay(len(parts))
        return {name: part(value, run) for name, part in parts}

    return select


def _or(node: Node) -> Evaluate:
    left, right = (compile_node(child) for child in node["children"])

    def either(value: Any, run: Run) -> Any:
        found = left(value, run)
        return found if is_true(found) else right(value, run)

    return either


def _and(node: Node) -> Evaluate:
    left, right = (compile_node(child) for child in node["children"])

    def both(value: Any, run: Run) -> Any:
        found = left(value, run)
        return right(value, run) if is_true(found) else found

    return both


def _not(node: Node) -> Evaluate:
    inner = compile_node(node["children"][0])
    return lambda value, run: not is_true(inner(value, run))


def _comparator(node: Node) -> Evaluate:
    left, right = (compile_node(child) for child in node["children"])
    if node["value"] in ("eq", "ne"):
        wanted = node["value"] == "eq"

        def equal(value: Any, run: Run) -> Any:
            run.pay(1)
            return run.same(left(value, run), right(value, run)) is wanted

        return equal
    compare = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge}[node["value"]]

    def ordered(value: Any, run: Run) -> Any:
        run.pay(1)
        one, other = comparable(left(value, run)), comparable(right(value, run))
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


def _expref(node: Node) -> Evaluate:
    inner = compile_node(node["children"][0])
    return lambda value, run: inner


def _call(node: Node) -> Evaluate:
    function = LIBRARY[node["value"]]
    arguments = [
        _argument(function, at, child, compile_node(child)) for at, child in enumerate(node["children"])
    ]
    call = _bound(function, arguments)

    def settle(value: Any, run: Run) -> Any:
        run.steps -= 2
        if run.steps < 0:
            run.pay(0)
        found = call(value, run)
        if found.__class__ is str:
            run.characters -= len(found)
            if run.characters < 0:
                run.grow(0)
        elif found.__class__ is list:
            run.pay(len(found))
        return found

    return settle


def _argument(function: Function, at: int, node: Node, evaluate: Evaluate) -> Evaluate:
    """The closure of one argument, with its value as the parameter's kind."""
    parameter = function.parameter(at)
    kind, name = parameter.kind, function.name
    if kind == "pattern":
        regex = compile_pattern(node["value"])
        return lambda value, run: regex
    if kind in ("anything", "&expression"):
        return evaluate

    def argument(value: Any, run: Run) -> Any:
        given = evaluate(value, run)
        if given is None:
            return None
        if kind == "text" and given.__class__ is str:
            if len(given) > 256:
                run.pay(len(given) >> 8)
            return given
        found = coerced(kind, given, name)
        if found is None and given != "":
            run.note(f"{name}() could not read {parameter.name} as {kind}.")
        return found

    return argument


def _bound(function: Function, arguments: list[Evaluate]) -> Evaluate:
    """The call with its arguments; what is nothing goes by the parameter's rule (``library/entry.py``)."""
    call, takes_run = function.call, function.takes_run
    strict = [
        not function.parameter(at).nothing and not function.parameter(at).repeated
        for at in range(len(arguments))
    ]
    optional = [function.parameter(at).optional for at in range(len(arguments))]
    noted = f"{function.name}() could not read its value." if function.reads else None

    if len(arguments) == 1 and not takes_run:
        (only,), (needed,) = arguments, strict

        def one(value: Any, run: Run) -> Any:
            given = only(value, run)
            if given is None and needed:
                return None
            found = call(given)
            if found is None and noted and given is not None and given != "":
                run.note(noted)
            return found

        return one

    names = [function.parameter(at).name for at in range(len(arguments))]
    repeated = any(parameter.repeated for parameter in function.parameters)

    def several(value: Any, run: Run) -> Any:
        given: list[Any] = []
        defaulted = False
        for argument, needed, may in zip(arguments, strict, optional, strict=True):
            found = argument(value, run)
            if found is None and needed:
                if not may:
                    return None
                defaulted = True
            given.append(found)
        if defaulted and not repeated:
            by_name = {n: g for n, g, s in zip(names, given, strict, strict=True) if not (g is None and s)}
            answer = call(run=run, **by_name) if takes_run else call(**by_name)
        else:
            answer = call(run, *given) if takes_run else call(*given)
        if answer is None and noted and given and given[0] is not None and given[0] != "":
            run.note(noted)
        return answer

    return several


_COMPILERS: dict[str, Callable[[Node], Evaluate]] = {
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
