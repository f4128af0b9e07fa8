"""Where one kind of record stands in the till, and how its answers become records, one by one.

One broken record is one :class:`Unreadable`; the others of the same answer are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.connectors.base import Changed, Document, Fetched, Found, Gone, Page, Unreadable
from app.connectors.mplus import refusals, soap
from app.connectors.mplus.codec import Element, decode
from app.connectors.mplus.encodings import Malformed

MAX_PAGE = 1000
"""More than this no call answers, whatever limit it is given (mplus.md §3.1)."""


def one_marker(data: Mapping[str, Any]) -> Sequence[int]:
    """The record's own marker."""
    marker = data.get("syncMarker")
    return () if marker is None else (marker,)


@dataclass(frozen=True, slots=True)
class Shelf:
    """``path`` leads to the records of an answer, ``number`` names the element that identifies one.

    ``mark`` is the kind's name in ``getCurrentSyncMarkers``; ``markers`` finds the record's own, of which a product
    has one per article; ``marker`` is their element. ``prefix`` stands before the number in a reference where several
    shelves make up one kind.
    """

    kind: str
    operation: str
    path: str
    type: str
    number: str
    mark: str
    by_mark: Callable[[int, int], Document]
    by_refs: Callable[[Sequence[str]], Document]
    read: Callable[[Mapping[str, Any]], Document]
    markers: Callable[[Mapping[str, Any]], Sequence[int]] = one_marker
    marker: str = "syncMarker"
    prefix: str = ""
    numeric: bool = True
    chunk: int = 200
    bundled: bool = False

    @property
    def sequence(self) -> str | None:
        """Which of the kind's sequences its markers are of, where several shelves make it up."""
        return self.prefix.removesuffix(":") or None

    def ref(self, number: object) -> str:
        """The reference of a record by its number or id."""
        return f"{self.prefix}{number}"

    def known(self, ref: str) -> str | None:
        """The number inside a reference; None when it cannot be one of this shelf."""
        if not ref.startswith(self.prefix):
            return None
        number = ref.removeprefix(self.prefix)
        fits = number.isascii() and number.isdigit() and len(number) <= 18 if self.numeric else bool(number)
        return number if fits else None

    def records(self, answer: soap.Answer) -> Iterator[tuple[Found | Unreadable, Sequence[int]]]:
        """Every record of an answer, with its markers. One without a number has no name and is left out."""
        for element in answer.elements(self.path):
            try:
                data = decode(self.type, element)
                number = data.get(self.number)
                if number is not None:
                    markers = self.markers(data)
                    newest = max(markers, default=None)
                    yield Found(self.ref(number), self.read(data), newest, self.sequence), markers
            except Malformed as fault:
                number = _number(element, self.number)
                if number is not None:
                    error = refusals.unreadable(self.operation, str(fault))
                    yield Unreadable(self.ref(number), error), [soap.number_of(element, self.marker) or 0]

    def page(self, answer: soap.Answer, *, since: int, limit: int, mark: int | None = None) -> Page:
        """One answer of a poll; ``mark`` is the newest marker of the kind, where a light call has told it.

        Markers come in any order (mplus.md §3.1), and a product brings all of its articles, whose markers may lie far
        ahead of products that are still to come. A limited answer holds the records with the lowest new markers, so
        it reaches to the lowest new marker of its last record, and on from there as long as no number is missing.
        Whether there is more cannot be told from its size: a page ends before a product that would not fit.
        """
        found: dict[str, Fetched] = {}
        changed: dict[str, Changed] = {}
        seen: set[int] = set()
        reached = since - 1
        for record, markers in self.records(answer):
            new = [marker for marker in markers if marker >= since]
            if new:
                seen.update(new)
                reached = max(reached, min(new))
            found[record.ref] = record
            changed[record.ref] = Changed(
                self.kind, record.ref, dedupe=f"{record.ref}@{max(markers, default='')}"
            )
        while reached + 1 in seen:
            reached += 1
        told = mark is not None and mark >= since  # an older one knows nothing of what is asked for
        more = reached < (mark or 0) if told else len(changed) >= limit or self.bundled
        return Page(
            changed=tuple(changed.values()),
            position=reached,
            more=more and reached >= since,
            found=tuple(found.values()),
        )

    def fetched(self, answer: soap.Answer, asked: Sequence[str]) -> Iterator[Fetched]:
        """Each asked reference once; what the answer does not hold is gone, what nobody asked for is left out."""
        found = {record.ref: record for record, _ in self.records(answer)}
        for ref in asked:
            yield found.get(ref) or Gone(ref)


def _number(element: Element, name: str) -> str | None:
    text = next(((child.text or "").strip() for child in element if soap.local_name(child) == name), "")
    return text if text and len(text) <= 64 else None
