"""Counterflow: the flow that brings the same records the other way, as far as ours must know it. Pure.

Our source is its target. What it wrote there comes back to us and is no news: without that knowledge a second edit at
its side would be overwritten by the echo of the first, and two flows that write at one moment would exchange values for
ever. And where both sides were edited, both flows must come to the same winner, whichever of them looks first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.connectors.base import Document, Mode
from app.mapping.rows import RowMapping
from app.pipeline.merging import LEFT, SPELLED, field_of, rule_of, strongest
from app.translation import RowTranslation, leaves


@dataclass(frozen=True, slots=True)
class Counterflow:
    """``otherwise`` is its rule for conflicts, ``modes`` those of its rows. ``links`` has, by field of ours, the paths that it
    writes at our source out of that field, or that we fill it from."""

    flow_id: str
    otherwise: str = "source_wins"
    modes: Mapping[str, Mode] = field(default_factory=dict)
    links: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def rule(self, name: str) -> str | None:
        """What it does about a conflict in this field of ours; None: it never writes it. Of several rules the strongest."""
        return strongest(rule_of(path, self.modes, self.otherwise) for path in self.links.get(name, ()))

    @property
    def halves(self) -> tuple[frozenset[str], ...]:
        """Sets of fields of ours that are one field at our source: both parts of a name."""
        made: dict[frozenset[str], set[str]] = {}
        for name, paths in self.links.items():
            if len(paths) == 1:
                made.setdefault(paths, set()).add(name)
        return tuple(frozenset(names) for names in made.values() if len(names) > 1)

    def echoed(
        self,
        shown: Document,
        *,
        wrote: Mapping[str, str],
        facts: Mapping[str, str],
        digest: Callable[[str, Any], str],
    ) -> frozenset[str]:
        """Fields of ours whose source shows what the other flow wrote, or found to be so already.

        ``shown`` is our source in the words of a target, ``wrote`` and ``facts`` what the other flow's row remembers of it.
        Where that flow left what a person had written, this is news for ours still.
        """
        held = leaves(shown, {})
        spelled, left = json.loads(facts.get(SPELLED, "{}")), json.loads(facts.get(LEFT, "[]"))

        def so(leaf: str) -> bool:
            value = held.get(leaf)
            if leaf not in wrote:
                return value in (None, "", [], {})
            as_said = (wrote[leaf], spelled.get(leaf))
            shows = digest(leaf, value) in as_said or (value is None and digest(leaf, False) in as_said)
            return field_of(leaf) not in left and shows

        known = held.keys() | wrote.keys()
        return frozenset(
            name
            for name, paths in self.links.items()
            if all(so(leaf) for path in paths for leaf in known if _inside(leaf, path))
        )


def counterflow(flow_id: str, ours: RowTranslation, theirs: RowTranslation) -> Counterflow:
    """What ``ours`` must know of ``theirs``, from the rows of both."""
    forth, back = _traced(ours), _traced(theirs)
    links = _single(_traced_single(ours), back) | _single(forth, _traced_single(theirs), made_from_it=True)
    for target, sources in forth.items():
        # A number is read with its country: what is made from this field says more than what this field is made from.
        made_from_it = {path for path, others in back.items() if _meet(others, (target,))}
        found = made_from_it or {path for path in back if _meet(sources, (path,))}
        if found:
            links[field_of(target)] = links.get(field_of(target), frozenset()) | found
    return Counterflow(
        flow_id=flow_id,
        otherwise=getattr(theirs.settings, "on_conflict", "source_wins"),
        modes=theirs.mapping.leg2.modes,
        links=links,
    )


def _traced(translation: RowTranslation) -> dict[str, frozenset[str]]:
    """By path at the target, the paths of the source that it comes from, through the record in the middle."""
    leg1, leg2 = _reads(translation.mapping.leg1), _reads(translation.mapping.leg2)
    return {
        target: frozenset().union(
            *(_beneath(made, read, each) for made, read in leg1.items() for each in fields)
        )
        for target, fields in leg2.items()
    }


def _traced_single(translation: RowTranslation) -> dict[str, frozenset[str]]:
    """The same of what the flow itself makes of single members of a set: a category of the tags that lead to it."""
    leg1, leg2 = _reads(translation.mapping.leg1), _reads(translation.mapping.leg2)
    return {
        f"{target}{made.removeprefix(field)}": frozenset().union(
            *(_beneath(each, read, source) for each, read in leg1.items() for source in sources)
        )
        for made, sources in translation.kind.derives(translation.settings).items()
        for target, fields in leg2.items()
        for field in fields
        if _inside(made, field)
    }


def _single(
    forth: Mapping[str, frozenset[str]], back: Mapping[str, frozenset[str]], *, made_from_it: bool = False
) -> dict[str, frozenset[str]]:
    """By field of ours that a row of its own speaks of, what the other flow makes of that very member, or makes that member of."""
    links: dict[str, frozenset[str]] = {}
    for target, sources in forth.items():
        found = {
            path for path, others in back.items() if (target in others if made_from_it else path in sources)
        }
        if found:
            links[field_of(target)] = frozenset(found)
    return links


def _beneath(made: str, read: frozenset[str], field: str) -> frozenset[str]:
    """Of what a row reads to make this, what a field comes from: one inside an object that was read as a whole from inside it."""
    if _inside(field, made):
        return frozenset(f"{path}{field.removeprefix(made)}" for path in read) if len(read) == 1 else read
    return read if _inside(made, field) else frozenset()


def _reads(rows: RowMapping) -> dict[str, frozenset[str]]:
    """What each row outside a list reads."""
    return {
        target: frozenset(path.removesuffix(".*") for path in read)
        for target, read in rows.reads.items()
        if "[]" not in target
    }


def _meet(ones: Iterable[str], others: Iterable[str]) -> bool:
    """Whether one of these paths is, or lies in, or holds one of those."""
    others = tuple(others)
    return any(_inside(one, other) or _inside(other, one) for one in ones for other in others)


def _inside(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")
