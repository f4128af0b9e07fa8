"""Merging: two sides of one record were edited. Which fields does this flow write, and which are the target's own? Pure.

Three values decide about a field: what the source says, what the target holds, and what both had in common when this
flow looked last, of which only keyed hashes are kept. What nobody edited at the source is not sent: where flows go both
ways it is the target's news, and the other flow's. Where both edited it, the flow's rule or the row's mode decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, get_args

from app.connectors.base import Document, Mode
from app.flows.policies import Conflicts

RULES = frozenset(get_args(Conflicts))
SPELLED = "spelled"
"""The fact that names the leaves which the target keeps in a spelling of its own, each with the hash of that."""


@dataclass(frozen=True, slots=True)
class Sides:
    """One record at both sides: leaves by path. ``said`` and ``stood`` are hashes of what the source said and what the target
    held when this flow looked last; a path is absent where it never did. ``tie`` decides between two edits of one second.
    """

    wanted: Mapping[str, Any]
    held: Mapping[str, Any]
    said: Mapping[str, str]
    stood: Mapping[str, str]
    source_at: datetime | None = None
    target_at: datetime | None = None
    tie: bool = False

    @property
    def source_is_newer(self) -> bool:
        """Which of the two records was changed last; nothing told counts as long ago."""
        long_ago = datetime.min.replace(tzinfo=UTC)
        source, target = ((at or long_ago).replace(microsecond=0) for at in (self.source_at, self.target_at))
        return self.tie if source == target else source > target


@dataclass(frozen=True, slots=True)
class Merged:
    """``left`` are the fields that stay as the target has them; ``spelled`` the hashes of what stands there instead of what
    the source says; ``conflicts`` a sentence for each field that both sides edited, without a person's data. ``yielded``: in
    one of them the target won, so that the source is to be told."""

    left: frozenset[str] = frozenset()
    spelled: Mapping[str, str] = field(default_factory=dict)
    conflicts: tuple[str, ...] = ()
    yielded: bool = False


def field_of(path: str) -> str:
    """The field that a leaf belongs to: the parts of an address are written together or not at all."""
    return ".".join(path.split(".")[:2])


def merge(
    sides: Sides,
    *,
    rule: Callable[[str], str],
    digest: Callable[[str, Any], str],
    alike: Callable[[str, Any, Any], bool | None],
    both_ways: bool,
) -> Merged:
    """What this flow leaves alone. ``rule`` tells the rule of a field, ``digest`` the keyed hash of a value."""
    fields: dict[str, list[str]] = {}
    for path in sides.wanted:
        fields.setdefault(field_of(path), []).append(path)
    left: set[str] = set()
    spelled: dict[str, str] = {}
    conflicts: list[str] = []
    yielded = False
    for name, paths in fields.items():
        likeness = [alike(path, sides.wanted[path], sides.held.get(path)) for path in paths]
        if None in likeness:
            continue
        hashes = {
            path: (digest(path, sides.wanted[path]), digest(path, sides.held.get(path))) for path in paths
        }
        if not all(likeness):
            changed = any(sides.said.get(path) != ours for path, (ours, _) in hashes.items())
            edited = any(_edited(path, theirs, sides) for path, (_, theirs) in hashes.items())
            stays, was_both = _stays(name, changed, edited, sides, rule(name), both_ways=both_ways)
            if was_both and all(path in sides.said for path in paths):
                yielded |= stays
                conflicts.append(_sentence(name, hashes[paths[0]], sides, rule(name), stays=stays))
            if not stays:
                continue
            left.add(name)
        spelled |= {path: theirs for path, (ours, theirs) in hashes.items() if ours != theirs}
    return Merged(frozenset(left), spelled, tuple(conflicts), yielded)


def _edited(path: str, theirs: str, sides: Sides) -> bool:
    """Whether somebody else wrote this at the target. Where this flow never looked, whatever stands there counts as edited."""
    stood = sides.stood.get(path, sides.said.get(path))
    return sides.held.get(path) not in (None, "", [], {}) if stood is None else stood != theirs


def _stays(
    name: str, changed: bool, edited: bool, sides: Sides, rule: str, *, both_ways: bool
) -> tuple[bool, bool]:
    """Whether the target's value stays, and whether both had edited the field."""
    if not changed:
        return both_ways or rule != "source_wins", False
    if not edited:
        return False, False
    match rule:
        case "target_wins":
            return True, True
        case "newest":
            return not sides.source_is_newer, True
        case "if_empty":
            return any(
                sides.held.get(path) not in (None, "", [], {})
                for path in sides.wanted
                if field_of(path) == name
            ), True
    return False, True


def _sentence(name: str, hashes: tuple[str, str], sides: Sides, rule: str, *, stays: bool) -> str:
    source, target = (digest[:8] for digest in hashes)
    return (
        f"conflict: {name} was edited on both sides, and by {rule} the {'target' if stays else 'source'} wins "
        f"(source {source} of {_told(sides.source_at)}, target {target} of {_told(sides.target_at)})"
    )


def _told(at: datetime | None) -> str:
    return "an unknown time" if at is None else at.astimezone(UTC).isoformat(timespec="seconds")


def without(document: Document, left: frozenset[str]) -> Document:
    """The document without these fields."""

    def kept(value: Document, path: str) -> Document:
        result: Document = {}
        for name, inner in value.items():
            place = f"{path}.{name}" if path else name
            if place in left:
                continue
            if isinstance(inner, dict) and inner:
                inner = kept(inner, place)
                if not inner:
                    continue
            result[name] = inner
        return result

    return kept(document, "") if left else document


def rule_of(name: str, modes: Mapping[str, Mode], otherwise: str) -> str:
    """The rule of a field: its row's mode where that is one, else the flow's."""
    path = name
    while path:
        mode = modes.get(path)
        if mode in RULES:
            return str(mode)
        path = path.rpartition(".")[0]
    inside = {mode for place, mode in modes.items() if place.startswith(f"{name}.") and mode in RULES}
    return str(next(iter(sorted(inside)), otherwise))
