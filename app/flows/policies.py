"""Policies that several flows share: what a setting means, as small pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from app.records.decision import UNDONE, Archive, Decision, Known, Skip

Conflicts = Literal["source_wins", "target_wins", "newest", "if_empty"]
"""What is done about a field that was edited on both sides."""
ON_CONFLICT = (
    "`source_wins`: this flow overwrites. `target_wins`: what was edited at the target stays. `newest`: the record that was "
    "changed last wins. `if_empty`: this flow only fills fields that hold nothing. Rows may say otherwise for their field by "
    "their mode. Where flows go both ways an edit is overwritten only if the flow that would do it says so: where both say so the "
    "later edit goes across, where neither does both stay. At one second the till's edit counts as the later one. A category, a tag "
    "or a group is a field of its own: yes or no."
)


def archive_owned(
    known: Known, *, kinds: tuple[str, ...], reason: str, permanently: bool = False
) -> tuple[Archive, ...]:
    """An archive for each target of these kinds that this source record owns and that is, or may be, still there."""
    return tuple(
        Archive(kind=target.kind, key=target.key, reason=reason, permanently=permanently)
        for target in known.targets
        if target.kind in kinds and target.stands
    )


def take_back(*kinds: str) -> Callable[[Any, Known], Decision]:
    """What is done about targets of these kinds that are not to have been made: they are put away, never deleted."""

    def undo(_settings: Any, known: Known) -> Decision:
        return Decision(archives=archive_owned(known, kinds=kinds, reason=UNDONE))

    return undo


def stays(code: str, reason: str) -> Callable[[Any, Known], Decision]:
    """For what cannot be taken back once it was sent: the reason alone."""

    def undo(_settings: Any, _known: Known) -> Decision:
        return Decision(skip=Skip(code, reason))

    return undo


def archive_or_skip(
    known: Known, skip: Skip, *, kinds: tuple[str, ...], archive: bool, permanently: bool = False
) -> Decision:
    """Archive what is there when the policy says so; otherwise settle with the reason."""
    archives = archive_owned(known, kinds=kinds, reason=skip.code, permanently=permanently) if archive else ()
    return Decision(archives=archives) if archives else Decision(skip=skip)


def is_yes(value: Any, *, yes: Iterable[str]) -> bool | None:
    """True or False for a stated value, None when nothing is stated. Words are compared without case and spaces."""
    if value is None:
        return None
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if not word:
        return None
    return word in {candidate.strip().casefold() for candidate in yes}
