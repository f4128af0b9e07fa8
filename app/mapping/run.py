"""What one record may cost: steps and text, counted while expressions run.

An expression is a merchant's text, and a short one can ask for the moon (144 characters once built 17 MB in a
second). So everything that repeats or grows pays from one purse per record; an empty purse is that record's
failure, the administrator's to fix, and the worker goes on. A step is about 150 ns: the whole purse is some 30 ms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import MappingFailed
from app.values.dates import AMSTERDAM
from app.values.money import to_decimal

MAX_STEPS = 200_000
MAX_CALLS = (
    40_000  # of functions that rows or rules may write out together: each runs at least once per record
)
SHORT = 256  # a text up to so many characters is not worth counting
MAX_CHARACTERS = 2_000_000
MAX_TEXT = 262_144  # one value: a generous product description
MAX_DEPTH = 32

# What counts as a list, as nested, as something that may be empty. Tuples of classes, because ``list | tuple`` is built
# anew every time it is asked, and these questions are asked hundreds of times for every record.
LISTS = (list, tuple)
NESTED = (dict, list, tuple)
SIZED = (str, dict, list, tuple)


class SkipRecord(Exception):
    """A table says that this record is to be left out; caught where rows and rules are applied."""


class Run:
    """The purse of one record, what was noticed on the way, and what expressions may ask for beside the document."""

    __slots__ = ("characters", "notes", "row", "settings", "steps", "tables", "zone")

    def __init__(
        self, *, settings: Mapping[str, Any] | None = None, tables: Mapping[str, Any] | None = None
    ) -> None:
        self.steps = MAX_STEPS
        self.row = ""  # what is at work now: notes name it
        self.characters = MAX_CHARACTERS
        self.notes: list[str] = []
        self.settings: Mapping[str, Any] = settings or {}
        self.tables: Mapping[str, Any] = tables or {}
        self.zone: str = self.settings.get("time_zone") or AMSTERDAM  # the shop's clock

    def pay(self, steps: int) -> None:
        """Take steps from the purse: call it before the work, not after."""
        self.steps -= steps
        if self.steps < 0:
            raise MappingFailed(
                f"the expression takes more than {MAX_STEPS:,} steps for one record",
                advice="Make the expression smaller, or let it look at fewer elements.",
                code="mapping_too_large",
            )

    def grow(self, characters: int) -> None:
        """Take room for a text before it is built."""
        self.characters -= characters
        if characters > MAX_TEXT or self.characters < 0:
            raise MappingFailed(
                f"the expression makes more text than one record may hold ({MAX_TEXT:,} characters a value)",
                advice="Shorten the text, for instance with cut().",
                code="mapping_too_large",
            )

    def spend(self, characters: int) -> None:
        """Account for a text that exists already."""
        self.characters -= characters
        if self.characters < 0:
            self.grow(0)

    def note(self, sentence: str) -> None:
        """Something to tell that does not stop the record; names the row and kinds of value, never a value."""
        sentence = f"{self.row}: {sentence}" if self.row else sentence
        if len(self.notes) < 50 and sentence not in self.notes:
            self.notes.append(sentence)

    def copied(self, value: Any, depth: int = 0) -> Any:
        """A value fit for the result: lists and objects are fresh, counted, and not nested without end.

        A document that shared parts with its source would change it when a rule changes the document.
        """
        if isinstance(value, str):
            if len(value) > SHORT:
                self.grow(len(value))
            return value
        if isinstance(value, dict):
            self._deeper(depth, len(value))
            return {name: self.copied(inner, depth + 1) for name, inner in value.items()}
        if isinstance(value, LISTS):
            self._deeper(depth, len(value))
            return [self.copied(inner, depth + 1) for inner in value]
        return value

    def same(self, left: Any, right: Any, depth: int = 0) -> bool:
        """Equality as JMESPath means it, bounded: 1 is 1.0, 0 is not false, and nested lists cannot explode."""
        if isinstance(left, str) and isinstance(right, str):
            if len(left) > 1_024:
                self.pay(len(left) >> 10)
            return left == right
        if isinstance(left, bool) or isinstance(right, bool):
            return left is right
        if isinstance(left, dict):
            if not isinstance(right, dict) or left.keys() != right.keys():
                return False
            self._deeper(depth, len(left))
            return all(self.same(inner, right[name], depth + 1) for name, inner in left.items())
        if isinstance(left, LISTS):
            if not isinstance(right, LISTS) or len(left) != len(right):
                return False
            self._deeper(depth, len(left))
            return all(self.same(one, other, depth + 1) for one, other in zip(left, right, strict=True))
        if isinstance(left, float) or isinstance(right, float):
            return bool(
                left == right or (to_decimal(left) is not None and to_decimal(left) == to_decimal(right))
            )
        return bool(left == right)

    def _deeper(self, depth: int, elements: int) -> None:
        if depth >= MAX_DEPTH:
            raise MappingFailed(
                f"the expression nests lists or objects more than {MAX_DEPTH} deep", code="mapping_too_large"
            )
        self.pay(elements + 1)


def kind_of(value: Any) -> str:
    """The kind of a value in a merchant's words; errors name it, never the value."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return "a text" if value else "an empty text"
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, LISTS):
        return "a list"
    if hasattr(value, "isoformat"):
        return "a date"
    return "a number"
