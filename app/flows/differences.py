"""What differs between two versions of a configuration, told for people: one difference per setting or row. Pure.

Rows are found by what they write, rules and filters by their name, tables and their entries by their key: an inserted row
is one addition, not a change of all that follow it. Hashed addresses are counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.mapping.lists import is_hashed

How = Literal["added", "removed", "changed", "moved"]

_NAMED_BY = ("target", "name")
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting or row. ``before`` is None where it was added, ``after`` where it was removed; places for ``moved``."""

    path: str
    how: How
    before: Any = None
    after: Any = None

    @property
    def sentence(self) -> str:
        """The same in one line."""
        if self.how == "added":
            return f"{self.path}: added {_said(self.after)}"
        if self.how == "removed":
            return f"{self.path}: removed {_said(self.before)}"
        if self.how == "moved":
            return f"{self.path}: moved from place {self.before} to {self.after}"
        return f"{self.path}: {_said(self.before)} → {_said(self.after)}"


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What changed, in the order of the names. Empty exactly where both are equal."""
    return tuple(_between(before, after, ""))


def _between(before: Any, after: Any, path: str) -> Iterator[Difference]:
    if same(before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _parts(before, after, path)
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        yield from _elements(before, after, path)
    else:
        yield Difference(path, "changed", before, after)


def _parts(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[Difference]:
    for name in sorted({*before, *after}):
        below = f"{path}.{name}" if path else name
        if name not in after:
            yield Difference(below, "removed", before[name])
        elif name not in before:
            yield Difference(below, "added", None, after[name])
        else:
            yield from _between(before[name], after[name], below)


def _elements(before: Sequence[Any], after: Sequence[Any], path: str) -> Iterator[Difference]:
    if any(map(is_hashed, (*before, *after))):
        added, removed = len({*after} - {*before}), len({*before} - {*after})
        told = f"{_counted(after)} ({added} added, {removed} removed)"
        yield Difference(path, "changed", _counted(before), told)
        return
    old, new = _keyed(before), _keyed(after)
    if old is None or new is None:
        yield Difference(path, "changed", list(before), list(after))
        return
    for key in old:
        if key not in new:
            yield Difference(f"{path}[{key}]", "removed", old[key])
    for key, element in new.items():
        if key not in old:
            yield Difference(f"{path}[{key}]", "added", None, element)
        else:
            yield from _between(old[key], element, f"{path}[{key}]")
    stayed, now = [key for key in old if key in new], [key for key in new if key in old]
    for key in now:
        # Whoever was overtaken is not said to have moved: only those that are out of the former order.
        if stayed[0] == key:
            stayed.pop(0)
        else:
            stayed.remove(key)
            yield Difference(f"{path}[{key}]", "moved", _place(old, key), _place(new, key))


def _counted(addresses: Sequence[Any]) -> str:
    return f"{len(addresses)} address{'' if len(addresses) == 1 else 'es'}"


def _place(elements: Mapping[str, Any], key: str) -> int:
    return [*elements].index(key) + 1


def _keyed(elements: Sequence[Any]) -> dict[str, Any] | None:
    """The elements by what they are known by; None where two would be the same."""
    found: dict[str, Any] = {}
    for element in elements:
        if isinstance(element, Mapping):
            names = [str(element[name]) for name in _NAMED_BY if isinstance(element.get(name), str)]
            key = names[0] if names else _said(element)
        else:
            key = _said(element)
        if key in found:
            return None
        found[key] = element
    return found


def same(before: Any, after: Any) -> bool:
    """Equal as JSON is: 1 is not true, and an absent name is not null."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return before.keys() == after.keys() and all(same(before[name], after[name]) for name in before)
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return len(before) == len(after) and all(map(same, before, after))
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    return bool(before == after)


def _said(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
