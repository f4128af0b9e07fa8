"""Records with a sync marker: every change gives a record the next number of its kind, and a poll asks by that number.

An item carries only its latest marker, gaps appear, the asked value is inclusive (mplus.md §3.1). A limited answer holds
the lowest markers, shuffled, because nobody promised an order.

``hold`` makes the next changes commit out of order: they take their number now and become visible later, when changes
with higher numbers have been seen already.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

K = TypeVar("K", int, str)
Row = Mapping[str, Any]
TEXTS_KEPT = 20_000


class Marked(Generic[K]):
    """The records of one kind. Rows are never changed in place: ``put`` replaces them."""

    def __init__(self, *, mark: str = "syncMarker") -> None:
        self.mark = mark
        self.rows: dict[K, dict[str, Any]] = {}
        self.last = 0  # the last number that was given out
        self.visible = 0  # the highest number that can be seen
        self.holding = 0
        self.waiting: list[tuple[K, dict[str, Any]]] = []
        self._order: list[tuple[int, K]] = []
        self._texts: dict[K, str] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, key: object) -> bool:
        return key in self.rows

    def get(self, key: K) -> dict[str, Any] | None:
        return self.rows.get(key)

    def newest(self, key: K) -> dict[str, Any] | None:
        """The record as it will be when everything that waits has become visible: what an update builds upon."""
        waits = [row for held, row in self.waiting if held == key]
        return waits[-1] if waits else self.rows.get(key)

    def next_mark(self) -> int:
        self.last += 1
        return self.last

    def skip(self, marks: int) -> None:
        """Leave a gap: the next change comes well above everything that anybody can have seen."""
        self.last += marks
        self.visible = self.last

    def put(self, key: K, row: Row, *, mark: int | None = None) -> int:
        """Store the record under its next marker; returns that."""
        number = self.next_mark() if mark is None else mark
        stored = {**row, self.mark: number}
        if self.holding:
            self.holding -= 1
            self.waiting.append((key, stored))
        else:
            self._show(key, stored)
        return number

    def amend(self, key: K, **changes: Any) -> None:
        """Change a record without giving it a new marker: for what has a marker of its own, such as points."""
        for at, (held, row) in enumerate(self.waiting):
            if held == key:
                self.waiting[at] = (key, {**row, **changes})
        if key in self.rows:
            self.rows[key] = {**self.rows[key], **changes}
            self._texts.pop(key, None)

    def _show(self, key: K, row: dict[str, Any]) -> None:
        now = self.rows.get(key)
        if now is not None and now[self.mark] > row[self.mark]:
            return  # a later change of the same record is visible already
        number = row[self.mark]
        self.rows[key] = row
        self._texts.pop(key, None)
        if self._order and number < self._order[-1][0]:
            self._order.insert(bisect_left(self._order, (number,)), (number, key))
        else:
            self._order.append((number, key))
        self.visible = max(self.visible, number)
        if len(self._order) > 2 * len(self.rows) + 1_000:
            self._order = [(mark, k) for mark, k in self._order if self.rows[k][self.mark] == mark]

    def lose(self, key: K) -> None:
        """The record is not there any more, and no marker tells: as after a backup was put back."""
        del self.rows[key]
        self._texts.pop(key, None)
        self._order = [each for each in self._order if each[1] != key]

    def hold(self, changes: int = 1) -> None:
        """The next ``changes`` become visible only with ``release``."""
        self.holding = changes

    def release(self) -> int:
        waiting, self.waiting, self.holding = self.waiting, [], 0
        for key, row in waiting:
            self._show(key, row)
        return len(waiting)

    def walk(self, since: int = 0) -> Iterator[tuple[K, dict[str, Any]]]:
        """Records whose marker is ``since`` or higher, the lowest first."""
        for at in range(bisect_left(self._order, (since,)), len(self._order)):
            number, key = self._order[at]
            row = self.rows[key]
            if row[self.mark] == number:
                yield key, row

    def page(
        self,
        *,
        since: int,
        limit: int,
        fits: Callable[[Row], bool] | None = None,
        weigh: Callable[[Row], int] = lambda _: 1,
    ) -> list[dict[str, Any]]:
        """At most ``limit`` of weight (the first always comes whole), shuffled the same way for the same page."""
        found: list[dict[str, Any]] = []
        weight = 0
        for _, row in self.walk(since):
            if fits is not None and not fits(row):
                continue
            weight += weigh(row)
            if found and weight > limit:
                break
            found.append(row)
            if weight >= limit:
                break
        random.Random(f"{since} {len(found)} {self.visible}").shuffle(found)
        return found

    def text(self, key: K, render: Callable[[Row], str]) -> str:
        """What ``render`` makes of the record, kept until it changes: pages of a thousand are asked for often."""
        kept = self._texts.get(key)
        if kept is None:
            if len(self._texts) >= TEXTS_KEPT:
                self._texts.clear()
            kept = self._texts[key] = render(self.rows[key])
        return kept

    def forget_texts(self) -> None:
        self._texts.clear()

    def clear(self) -> None:
        self.rows.clear()
        self.waiting.clear()
        self._order.clear()
        self._texts.clear()
        self.last = self.visible = self.holding = 0
