"""Screening: what of a record stands otherwise at the target than it was written. Pure.

Only keyed hashes of what was written are kept, so a first look compares hashes; it may be wrong about a spelling. What it
suspects is looked at closely, with the values of both sides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from app.connectors.base import Compares, Document, Existing
from app.pipeline.merging import SPELLED
from app.pipeline.rehearsal import Act
from app.pipeline.work import elements
from app.preview import alike
from app.store.targets import Target
from app.translation import leaves

Digest = Callable[[str, Any], str]


def suspects(
    row: Target, document: Document, scopes: Mapping[str, str], *, digest: Digest
) -> dict[str, str | None]:
    """Leaves of a row that stand otherwise there, with the hash of what stands there; and elements of named lists
    (``variants[101]``) that are not there, with None.

    What the look does not show is not judged; nor what was never written.
    """
    shown = leaves(document, scopes)
    said = dict(row.hashes) | json.loads(row.facts.get(SPELLED, "{}"))
    odd: dict[str, str | None] = {}
    for path, value in shown.items():
        if path in row.hashes and not any(
            digest(path, spelled) in (said[path], row.hashes[path]) for spelled in _spellings(value)
        ):
            odd[path] = digest(path, value)
    lists = {name for name in scopes if name in document}
    gone = {each for each in elements(row.hashes) if each.partition("[")[0] in lists} - elements(shown)
    return odd | dict.fromkeys(sorted(gone))


def names_in(hashes: Iterable[str], place: str) -> set[str]:
    """The names of a list's elements among these leaves.

    >>> names_in(["variants[101].price", "title"], "variants")
    {'101'}
    """
    begins = f"{place}["
    return {each[len(begins) : -1] for each in elements(hashes) if each.startswith(begins)}


def as_it_stands(row: Target, odd: Mapping[str, str | None]) -> dict[str, str]:
    """The hashes of a row with those of what stands there instead, and without what is not there."""
    gone = tuple(f"{path}." for path, digest in odd.items() if digest is None)
    kept = (
        {path: digest for path, digest in row.hashes.items() if not path.startswith(gone)}
        if gone
        else dict(row.hashes)
    )
    return kept | {path: digest for path, digest in odd.items() if digest is not None}


def _spellings(value: Any) -> Iterator[Any]:
    """A value as it may have been written: nothing is an empty text, and a number on the wire was a decimal here."""
    yield value
    if value in (None, ""):
        yield from (None, "")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield Decimal(str(value))
        yield str(value)


def confirmed(
    suspected: Iterable[str],
    act: Act,
    scopes: Mapping[str, str],
    *,
    compares: Compares | None,
) -> tuple[str, ...]:
    """Those that really differ, by the values of both sides. What this flow does not write any more is its target's own."""
    existing = act.existing
    if existing is None:
        return tuple(suspected)
    held, wanted = leaves(existing.document, scopes), leaves(act.document, scopes)
    return tuple(
        path
        for path in suspected
        if not _shows(existing, path) or _differs(path, wanted, held, existing.document, compares)
    )


def _shows(existing: Existing, path: str) -> bool:
    return path.partition(".")[0].partition("[")[0] in existing.document


def _differs(
    path: str,
    wanted: Mapping[str, Any],
    held: Mapping[str, Any],
    document: Document,
    compares: Compares | None,
) -> bool:
    if path.endswith("]"):
        there, meant = (any(each.startswith(f"{path}.") for each in side) for side in (held, wanted))
        return meant and not there
    if path not in wanted:
        return False
    if compares is None:
        return not alike(wanted[path], held.get(path))
    return compares.alike(path, wanted[path], held.get(path), document) is False
