"""Comparisons as closures: each answers yes or no for any two values, and never fails.

A comparison with a value written out is prepared once; where a field holds what such fields mostly hold, a text or a
number, it answers in one step.
"""

from __future__ import annotations

import operator as order
from collections.abc import Callable, Sequence
from typing import Any

from app.errors import InvalidInput
from app.mapping.library.choices import is_empty
from app.mapping.library.patterns import compile_pattern
from app.mapping.plainpaths import Evaluate
from app.mapping.run import LISTS, NESTED, SHORT, Run
from app.mapping.tables import key_of
from app.values.dates import parse_moment, wall_clock
from app.values.money import to_decimal
from app.values.text import as_text

Ask = Callable[[Any, Run], bool]
Compare = Callable[[Any, Any, Run], bool]

# The negative of a comparison is its opposite for every value, nothing and odd kinds included.
_POSITIVE = {
    "not_equals": ("equals", False), "not_empty": ("empty", False), "false": ("true", False),
    "not_contains": ("contains", False), "not_matches": ("matches", False), "not_in": ("in", False),
}  # fmt: skip


def compile_comparison(
    operator: str, *, read: Evaluate, beside: Evaluate | None, constant: Any, exact: bool, place: str
) -> Ask:
    """The question about what ``read`` gives, against what ``beside`` gives or, without it, against ``constant``.

    For ``in`` the constant is a sequence of values. Raises InvalidInput for a pattern that cannot be used.
    """
    positive, wanted = _POSITIVE.get(operator, (operator, True))
    compare = _paying(_comparison(positive, constant, place, exact=exact, fixed=beside is None))
    if beside is not None:
        return lambda value, run: compare(read(value, run), beside(value, run), run) is wanted
    prepare = None if exact else _PREPARED.get(positive)
    if prepare is not None:
        return prepare(read, constant, compare, wanted)
    return lambda value, run: compare(read(value, run), constant, run) is wanted


def _paying(compare: Compare) -> Compare:
    def paid(left: Any, right: Any, run: Run) -> bool:
        if left.__class__ is str and len(left) > SHORT:
            run.pay(len(left) >> 7)
        return compare(left, right, run)

    return paid


def _comparison(operator: str, constant: Any, place: str, *, exact: bool, fixed: bool) -> Compare:
    if operator == "empty":
        return lambda left, right, run: is_empty(left)  # noqa: ARG005
    if operator == "true":
        return lambda left, right, run: _yes(left)  # noqa: ARG005
    if operator == "equals":
        return lambda left, right, run: _equal(left, right, run, exact=exact)
    if operator == "in":
        return _listed(constant if fixed else None, exact=exact)
    if operator == "matches":
        try:
            pattern = compile_pattern(str(constant), any_case=not exact)
        except InvalidInput as error:
            raise InvalidInput(error.detail, field=f"{place}.value", advice=error.advice) from None
        return lambda left, right, run: (text := as_text(left)) is not None and pattern.found(run, text)  # noqa: ARG005
    if operator in _TEXT:
        return _text_comparison(operator, exact=exact)
    if operator in _ORDER:
        holds = _ORDER[operator]
        return lambda left, right, run: _ordered(left, right, holds)  # noqa: ARG005
    by_day = operator == "on_day"
    sign = {"before": -1, "after": 1, "on_day": 0}[operator]
    return lambda left, right, run: _dated(left, right, sign, run.zone, by_day=by_day)


_TEXT: dict[str, Callable[[str, str], bool]] = {
    "contains": order.contains,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "greater": order.gt,
    "at_least": order.ge,
    "less": order.lt,
    "at_most": order.le,
}


def _equal(left: Any, right: Any, run: Run, *, exact: bool) -> bool:
    if is_empty(left) or is_empty(right):
        return is_empty(left) and is_empty(right)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right or (as_text(left) or "").casefold() == (as_text(right) or "").casefold()
    if isinstance(left, str) and isinstance(right, str):
        return left == right if exact else left.strip().casefold() == right.strip().casefold()
    if isinstance(left, NESTED) or isinstance(right, NESTED):
        return run.same(left, right)
    one, other = to_decimal(left), to_decimal(right)
    if one is not None and other is not None:
        return one == other
    return as_text(left) == as_text(right)


def _yes(value: Any) -> bool:
    """What shops mean by yes, in the words that custom fields hold."""
    if isinstance(value, str):
        return value.strip().casefold() in ("true", "yes", "ja", "oui", "j", "y", "1", "on", "aan", "x")
    number = to_decimal(value)
    return value is True or (number is not None and number != 0)


def _text_comparison(operator: str, *, exact: bool) -> Compare:
    holds = _TEXT[operator]

    def compare(left: Any, right: Any, run: Run) -> bool:
        if operator == "contains" and isinstance(left, LISTS):
            run.pay(len(left))
            return any(_equal(element, right, run, exact=exact) for element in left)
        text, piece = as_text(left), as_text(right)
        if text is None or not piece:
            return False
        return holds(text, piece) if exact else holds(text.casefold(), piece.casefold())

    return compare


def _listed(constant: Sequence[Any] | None, *, exact: bool) -> Compare:
    """Whether it is among the values; of a list whether any of it is."""
    known = frozenset(key_of(value, any_case=not exact) for value in constant or ())

    def compare(left: Any, right: Any, run: Run) -> bool:
        if isinstance(left, LISTS):
            run.pay(len(left))
            return any(compare(element, right, run) for element in left)
        if is_empty(left) or isinstance(left, dict):
            return False
        if constant is not None:
            return key_of(left, any_case=not exact) in known
        elements = right if isinstance(right, LISTS) else (right,)
        run.pay(len(elements))
        return any(_equal(left, element, run, exact=exact) for element in elements)

    return compare


def _ordered(left: Any, right: Any, holds: Callable[[Any, Any], bool]) -> bool:
    one, other = to_decimal(left), to_decimal(right)
    if one is not None and other is not None:
        return holds(one, other)
    if isinstance(left, str) and isinstance(right, str) and left.strip() and right.strip():
        return holds(left.casefold(), right.casefold())
    return False


def _dated(left: Any, right: Any, sign: int, zone: str, *, by_day: bool) -> bool:
    one, other = parse_moment(left, zone), parse_moment(right, zone)
    if one is None or other is None:
        return False
    if by_day:
        return wall_clock(one, zone).date() == wall_clock(other, zone).date()
    return (one > other) - (one < other) == sign


# --- prepared for a value written out ---------------------------------------------------------------------------------


def _prepared_equals(read: Evaluate, constant: Any, compare: Compare, wanted: bool) -> Ask:
    folded = constant.strip().casefold() if isinstance(constant, str) else ""

    def ask(value: Any, run: Run) -> bool:
        left = read(value, run)
        if folded and left.__class__ is str and len(left) <= SHORT:
            return (left == constant or left.strip().casefold() == folded) is wanted
        return compare(left, constant, run) is wanted

    return ask


def _prepared_in(read: Evaluate, constant: Sequence[Any], compare: Compare, wanted: bool) -> Ask:
    known = frozenset(key_of(value, any_case=True) for value in constant) - {""}

    def ask(value: Any, run: Run) -> bool:
        left = read(value, run)
        if left.__class__ is str and len(left) <= SHORT:
            return (left.strip().casefold() in known) is wanted
        return compare(left, constant, run) is wanted

    return ask


def _prepared_order(operator: str) -> Callable[[Evaluate, Any, Compare, bool], Ask]:
    holds = _ORDER[operator]

    def prepared(read: Evaluate, constant: Any, compare: Compare, wanted: bool) -> Ask:
        number = to_decimal(constant)

        def ask(value: Any, run: Run) -> bool:
            left = read(value, run)
            if number is not None and left.__class__ is int:
                return holds(left, number) is wanted
            return compare(left, constant, run) is wanted

        return ask

    return prepared


def _prepared_date(read: Evaluate, constant: Any, compare: Compare, wanted: bool) -> Ask:
    """A date written out is read once per clock, not once per record."""
    moments: dict[str, Any] = {}

    def ask(value: Any, run: Run) -> bool:
        left = read(value, run)
        right = moments.get(run.zone)
        if right is None:
            right = moments[run.zone] = parse_moment(constant, run.zone) or constant
        return compare(left, right, run) is wanted

    return ask


_PREPARED: dict[str, Callable[[Evaluate, Any, Compare, bool], Ask]] = {
    "equals": _prepared_equals,
    "in": _prepared_in,
    "before": _prepared_date,
    "after": _prepared_date,
    "on_day": _prepared_date,
} | {operator: _prepared_order(operator) for operator in _ORDER}
