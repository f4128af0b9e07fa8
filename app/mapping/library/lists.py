"""Functions on lists and objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.errors import MappingFailed
from app.mapping.library.entry import Each, Flag, Items, Run, Text, Whole
from app.mapping.run import LISTS, NESTED, SIZED, kind_of
from app.values.money import to_decimal


def length(value: Any) -> Whole | None:
    """How many characters, elements or fields there are.

    length(['a', 'b']) -> 2
    """
    return len(value) if isinstance(value, SIZED) else None


def contains(run: Run, where: Any, what: Any) -> Flag:
    """Whether a list holds this element, or a text this piece.

    contains(['a', 'b'], 'b') -> true
    contains('Amsterdam', 'dam') -> true
    """
    if isinstance(where, LISTS):
        run.pay(len(where))
        return any(run.same(item, what) for item in where)
    if isinstance(where, str) and isinstance(what, str):
        run.pay(len(where) >> 8)
        return what in where
    return False


def first(items: Items) -> Any:
    """The first element that is not nothing.

    first([null(), 'a', 'b']) -> "a"
    """
    return next((item for item in items if item is not None), None)


def last(items: Items) -> Any:
    """The last element that is not nothing.

    last(['a', 'b', null()]) -> "b"
    """
    return next((item for item in reversed(items) if item is not None), None)


def sort(run: Run, items: Items) -> Items:
    """The list in order: numbers by size, texts by alphabet.

    sort([`3`, `1`, `2`]) -> [1, 2, 3]
    """
    return _sorted(run, items, items, "sort")


def sort_by(run: Run, items: Items, each: Each) -> Items:
    """The list in the order of what the expression gives for each element.

    sort_by([{n: `2`}, {n: `1`}], &n)[].n -> [1, 2]
    """
    return _sorted(run, items, _each(run, items, each), "sort_by")


def min_by(run: Run, items: Items, each: Each) -> Any:
    """The element for which the expression gives the least; where it gives nothing, the element does not count.

    min_by([{n: `2`}, {n: `1`}, {m: `0`}], &n).n -> 1
    """
    found = _counting(run, items, each, "min_by")
    return found[0] if found else None


def max_by(run: Run, items: Items, each: Each) -> Any:
    """The element for which the expression gives the most; where it gives nothing, the element does not count.

    max_by([{n: `2`}, {n: `1`}, {m: `9`}], &n).n -> 2
    """
    found = _counting(run, items, each, "max_by")
    return found[-1] if found else None


def map_(run: Run, each: Each, items: Items) -> Items:
    """The expression for each element, nothing included.

    map(&upper(@), ['a', 'b']) -> ["A", "B"]
    """
    return _each(run, items, each)


def reverse(run: Run, value: Any) -> Any:
    """A list or a text from its end to its beginning.

    reverse(['a', 'b']) -> ["b", "a"]
    """
    if isinstance(value, str):
        return value[::-1]
    if not isinstance(value, LISTS):
        return None
    run.pay(len(value))
    return list(value[::-1])


def unique(run: Run, items: Items) -> Items:
    """The list without repetitions, in its order.

    unique(['a', 'b', 'a']) -> ["a", "b"]
    """
    seen: set[Any] = set()
    kept: list[Any] = []
    run.pay(len(items))
    for item in items:
        if isinstance(item, NESTED):
            run.pay(len(kept))
            if any(run.same(item, other) for other in kept):
                continue
        else:
            mark = (isinstance(item, bool), isinstance(item, str), item)
            if mark in seen:
                continue
            seen.add(mark)
        kept.append(item)
    return kept


def keys(run: Run, value: dict[str, Any]) -> Items:
    """The names of an object's fields.

    keys({a: 'x'}) -> ["a"]
    """
    run.pay(len(value))
    return list(value)


def values(run: Run, value: dict[str, Any]) -> Items:
    """The values of an object's fields.

    values({a: 'x'}) -> ["x"]
    """
    run.pay(len(value))
    return list(value.values())


def merge(run: Run, *objects: Any) -> dict[str, Any]:
    """Objects laid over each other; later ones win.

    merge({a: 'x'}, {b: 'y'}) -> {"a": "x", "b": "y"}
    """
    result: dict[str, Any] = {}
    for each in objects:
        if isinstance(each, dict):
            run.pay(len(each))
            result |= each
        elif each is not None:
            raise MappingFailed(f"merge() needs an object, not {kind_of(each)}")
    return result


def to_array(value: Any) -> Items:
    """A list as it is; anything else as a list of one.

    to_array('a') -> ["a"]
    """
    return list(value) if isinstance(value, LISTS) else [value]


def type_(value: Any) -> Text:
    """The kind of a value: text, number, boolean, list, object, date or null.

    type('a') -> "text"
    """
    words = {
        "nothing": "null", "a text": "text", "an empty text": "text", "yes or no": "boolean", "a list": "list",
        "an object": "object", "a date": "date", "a number": "number",
    }  # fmt: skip
    return words[kind_of(value)]


def _each(run: Run, items: Items, each: Each) -> list[Any]:
    run.pay(len(items) * 2)
    expression: Callable[[Any, Run], Any] = each  # type: ignore[assignment]
    return [expression(item, run) for item in items]


def _counting(run: Run, items: Items, each: Each, name: str) -> list[Any]:
    """In order, only the elements for which the expression gives something."""
    pairs = [
        (item, by) for item, by in zip(items, _each(run, items, each), strict=True) if by not in (None, "")
    ]
    return _sorted(run, [item for item, _ in pairs], [by for _, by in pairs], name)


def _sorted(run: Run, items: Items, by: list[Any], name: str) -> list[Any]:
    """Stable; what has no order of its own (nothing) comes last, numbers before texts."""
    run.pay(len(items) * max(1, len(items).bit_length()))
    if by is items and all(item.__class__ is str and item for item in items):
        return sorted(items)
    marked: list[tuple[int, Any, int]] = []
    for at, value in enumerate(by):
        if isinstance(value, NESTED):
            raise MappingFailed(f"{name}() cannot put {kind_of(value)} in order")
        if value is None or isinstance(value, str):
            marked.append((1 if value else 2, value or "", at))
        elif hasattr(value, "isoformat"):
            marked.append((1, value.isoformat(), at))
        else:
            marked.append((0, int(value) if isinstance(value, bool) else (to_decimal(value) or 0), at))
    return [items[mark[2]] for mark in sorted(marked)]
