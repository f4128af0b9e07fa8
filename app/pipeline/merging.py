"""Merging: two sides of one record were edited. Which fields does this flow write, and which are the target's own? Pure.

Three values decide about a field: what the source says, what the target holds, and what both had in common when this
flow looked last, of which only keyed hashes are kept. What nobody edited at the source is not sent: where flows go both
ways it is the target's news, and the other flow's. Where both edited it, the flow's rule or the row's mode decides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from app.connectors.base import Document, Mode
from app.flows.policies import Conflicts

STRONGEST_FIRST: tuple[Conflicts, ...] = ("source_wins", "newest", "if_empty", "target_wins")
"""The rules by how readily they overwrite an edit."""
RULES = frozenset(STRONGEST_FIRST)
SPELLED = "spelled"
"""The fact that names the leaves which the target keeps in a spelling of its own, each with the hash of that."""
LEFT = "left"
"""The fact that names the fields which hold something else than we said, because somebody edited them there."""
NEWS = "news"
"""The fact that names those of them which the source had not edited: should it do so before it knows, that is a conflict still."""


@dataclass(frozen=True, slots=True)
class Sides:
    """One record at both sides: leaves by path. ``said`` and ``stood`` are hashes of what the source said and what the target
    held when this flow looked last; a path is absent where it never did. ``tie`` decides between two edits of one second.
    ``echoed`` are fields that nobody edited at the source: it shows there what the flow of the other way wrote. ``news`` are
    fields that were found edited at the target, and are not weighed against an edit of the source yet. ``doubted``: what was
    said before is forgotten.
    """

    wanted: Mapping[str, Any]
    held: Mapping[str, Any]
    said: Mapping[str, str]
    stood: Mapping[str, str]
    source_at: datetime | None = None
    target_at: datetime | None = None
    tie: bool = False
    echoed: frozenset[str] = frozenset()
    news: frozenset[str] = frozenset()
    doubted: bool = False

    def begins_with_no(self, path: str) -> bool:
        """Whether this flow says no of something that it never spoke of: nobody took it away, it was not there."""
        return self.wanted[path] is False and path not in self.said and not self.doubted

    def never_said(self, path: str) -> bool:
        """Whether this flow only says nothing where it never said anything."""
        return self.wanted[path] == "" and path not in self.said

    @property
    def is_first(self) -> bool:
        """Whether this flow never looked at the target."""
        return not self.said and not self.doubted

    def stands(self, path: str) -> Any:
        """What the target holds; where a yes or a no is wanted, nothing is a no."""
        held = self.held.get(path)
        return False if held is None and isinstance(self.wanted.get(path), bool) else held

    @property
    def source_is_newer(self) -> bool:
        """Which of the two records was changed last; nothing told counts as long ago."""
        long_ago = datetime.min.replace(tzinfo=UTC)
        source, target = ((at or long_ago).replace(microsecond=0) for at in (self.source_at, self.target_at))
        return self.tie if source == target else source > target


@dataclass(frozen=True, slots=True)
class Merged:
    """``left`` are the fields that stay as the target has them, ``news`` those of them that only the target edited; ``spelled`` the
    hashes of what stands there instead of what the source says; ``conflicts`` a sentence for each field that both sides edited,
    without a person's data. ``yielded``: in one of them the target won, so that the source is to be told."""

    left: frozenset[str] = frozenset()
    news: frozenset[str] = frozenset()
    spelled: Mapping[str, str] = field(default_factory=dict)
    conflicts: tuple[str, ...] = ()
    yielded: bool = False


def strongest(rules: Iterable[str | None]) -> str | None:
    """The rule among these that overwrites most readily; None where there is none."""
    found = {*rules}
    return next((rule for rule in STRONGEST_FIRST if rule in found), None)


def findings(merged: Merged) -> dict[str, str]:
    """What the target's row is to remember of it."""
    facts = {SPELLED: json.dumps(dict(merged.spelled), sort_keys=True)} if merged.spelled else {}
    named = {LEFT: merged.left, NEWS: merged.news}
    return facts | {name: json.dumps(sorted(fields)) for name, fields in named.items() if fields}


def without_findings(facts: Mapping[str, str]) -> dict[str, str]:
    """The facts without what an earlier look found."""
    return {name: value for name, value in facts.items() if name not in (SPELLED, LEFT, NEWS)}


def field_of(path: str) -> str:
    """The field that a leaf belongs to: the parts of an address are written together or not at all."""
    return ".".join(path.split(".")[:2])


def merge(
    sides: Sides,
    *,
    rule: Callable[[str], str],
    theirs: Callable[[str], str | None] = lambda _name: None,
    digest: Callable[[str, Any], str],
    alike: Callable[[str, Any, Any], bool | None],
    both_ways: bool,
    halves: Iterable[frozenset[str]] = (),
) -> Merged:
    """What this flow leaves alone. ``rule`` tells the rule of a field, ``theirs`` that of the flow of the other way, if it
    brings the field back at all; ``digest`` the keyed hash of a value. ``halves`` are sets of fields that are one at the source,
    as both parts of a name are: they are weighed as one, so that half of an old value never stands beside half of a new one.
    """
    fields: dict[str, list[str]] = {}
    for path in sides.wanted:
        fields.setdefault(field_of(path), []).append(path)
    wholes = {name: whole & fields.keys() for whole in halves for name in whole}
    left: set[str] = set()
    news: set[str] = set()
    spelled: dict[str, str] = {}
    conflicts: list[str] = []
    yielded = False

    @cache
    def hashed(name: str) -> dict[str, tuple[str, str]]:
        return {
            path: (digest(path, sides.wanted[path]), digest(path, sides.stands(path)))
            for path in fields[name]
        }

    def looked(name: str) -> tuple[bool, bool]:
        """Whether the source changed it, and whether somebody edited it at the target."""
        hashes = hashed(name)
        changed = any(
            sides.said.get(path) != ours and not sides.begins_with_no(path) and not sides.never_said(path)
            for path, (ours, _) in hashes.items()
        )
        edited = any(_edited(path, theirs, sides) for path, (_, theirs) in hashes.items())
        return changed, name in sides.news or edited

    told: set[str] = set()
    for name, paths in fields.items():
        likeness = [alike(path, sides.wanted[path], sides.held.get(path)) for path in paths]
        if None in likeness:
            continue
        hashes = hashed(name)
        if not all(likeness):
            whole = wholes.get(name) or {name}
            looks = [looked(each) for each in whole]
            changed, edited = (any(each) for each in zip(*looks, strict=True))
            won = _won(whole, changed, edited, sides, rule(name), theirs(name), both_ways=both_ways)
            if won.by and sides.said:  # at the first look nobody edited anything: the two only differ
                yielded |= won.yields
                if not told & whole:
                    conflicts.append(_sentence(name, hashes[paths[0]], sides, won))
                told.add(name)
            if not won.stays:
                continue
            left.add(name)
            if edited and not changed:
                news.add(name)
        spelled |= {path: theirs for path, (ours, theirs) in hashes.items() if ours != theirs}
    return Merged(frozenset(left), frozenset(news), spelled, tuple(conflicts), yielded)


def _edited(path: str, theirs: str, sides: Sides) -> bool:
    """Whether somebody else wrote this at the target. Where this flow never looked, whatever stands there counts as edited."""
    stood = sides.stood.get(path)
    return sides.held.get(path) not in (None, "", [], {}) if stood is None else stood != theirs


@dataclass(frozen=True, slots=True)
class _Won:
    """Whether the target's value ``stays``; where both had edited the field, ``by`` what rule, and whether the source
    ``yields``: it is to get the target's value."""

    stays: bool
    by: str = ""
    yields: bool = False


def _won(
    whole: Set[str],
    changed: bool,
    edited: bool,
    sides: Sides,
    rule: str,
    theirs: str | None,
    *,
    both_ways: bool,
) -> _Won:
    if not changed:
        return _Won(stays=both_ways or rule != "source_wins")
    if whole & sides.echoed:
        # What came back is no news, and at the first look it is all there is to know: what stands there was typed so. Where nobody
        # edited the target since, both flows wrote at one moment: one of them goes on. Of a yes or no they cannot have written two
        # things: where the target says the other one, it was taken back there since.
        says_yes_or_no = any(isinstance(sides.wanted.get(name), bool) for name in whole)
        return _Won(stays=edited or not sides.tie or sides.is_first or says_yes_or_no)
    if not edited:
        return _Won(stays=False)
    newer = sides.source_is_newer
    ours = _overwrites(rule, newer, empty=_is_empty(whole, sides))
    back = theirs is None or _overwrites(theirs, not newer, empty=False)
    by = rule if theirs in (None, rule) else f"{rule} against {theirs}"
    if ours and theirs is not None and back:  # each would overwrite the other
        return _Won(stays=not newer, by=f"{by}, the newer edit first,", yields=not newer)
    return _Won(stays=not ours, by=by, yields=not ours and back)


def _overwrites(rule: str, newer: bool, *, empty: bool) -> bool:
    """Whether a flow with this rule writes over an edit at its target. ``newer``: its source was changed last."""
    match rule:
        case "target_wins":
            return False
        case "newest":
            return newer
        case "if_empty":
            return empty
    return True


def _is_empty(whole: Set[str], sides: Sides) -> bool:
    return all(sides.held.get(path) in (None, "", [], {}) for path in sides.wanted if field_of(path) in whole)


def _sentence(name: str, hashes: tuple[str, str], sides: Sides, won: _Won) -> str:
    source, target = (digest[:8] for digest in hashes)
    outcome = "the source wins" if not won.stays else "the target wins" if won.yields else "both stay"
    return (
        f"conflict: {name} was edited on both sides, and by {won.by} {outcome} "
        f"(source {source} of {_told(sides.source_at)}, target {target} of {_told(sides.target_at)})"
    )


def is_about(sentence: str, name: str) -> bool:
    """Whether a sentence about a conflict is about this field."""
    return sentence.startswith(f"conflict: {name} was ")


def _told(at: datetime | None) -> str:
    return "an unknown time" if at is None else at.astimezone(UTC).isoformat(timespec="seconds")


def completed(
    wanted: Mapping[str, Any],
    held: Mapping[str, Any],
    halves: Iterable[frozenset[str]],
    emptiable: frozenset[str],
) -> dict[str, str]:
    """The halves that the source has no word for any more, empty, while it has one for another: a name that cannot be told
    apart stands in one field, and the other one still holds a part of it."""
    return {
        name: ""
        for whole in halves
        for name in whole & emptiable
        if name not in wanted and held.get(name) and any(wanted.get(each) for each in whole)
    }


def without(document: Document, left: frozenset[str]) -> Document:
    """The document without these fields."""

    def kept(value: Document, path: str) -> Document:
        result: Document = {}
        for name, inner in value.items():
            place = f"{path}.{name}" if path else name
            if field_of(place) in left:  # a name of the merchant's own may hold dots
                continue
            if isinstance(inner, dict) and inner:
                inner = kept(inner, place)
                if not inner:
                    continue
            result[name] = inner
        return result

    return kept(document, "") if left else document


def rule_of(name: str, modes: Mapping[str, Mode], otherwise: str) -> str:
    """The rule of a field: its row's mode where that is one, the strongest of the rows inside it, else the flow's."""
    path = name
    while path:
        mode = modes.get(path)
        if mode in RULES:
            return str(mode)
        path = path.rpartition(".")[0]
    return strongest(mode for place, mode in modes.items() if place.startswith(f"{name}.")) or otherwise
