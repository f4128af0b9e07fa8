"""What pydantic found, with the places as the caller wrote them: of a field that may be one of several things, only the errors
of the thing that was meant.

Pydantic tries each and reports all, with a label of its own in the place (``when.Group.of``). Here a label is whatever the
caller's body does not have; what was meant is the thing with the fewest missing and surplus names. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Place = tuple[int | str, ...]
_NAMES = ("missing", "extra_forbidden")


@dataclass(frozen=True, slots=True)
class _Found:
    error: Mapping[str, Any]
    place: Place
    choices: tuple[tuple[Place, str], ...]


def meant(errors: Sequence[Mapping[str, Any]], body: Any) -> list[dict[str, Any]]:
    """The errors worth telling, in their order; ``loc`` begins where ``body`` does."""
    found = [_placed(error, body) for error in errors]
    for position in sorted({at for each in found for at, _ in each.choices}, key=len):
        labels = {label: None for each in found for at, label in each.choices if at == position}
        if len(labels) > 1:
            best = min(labels, key=lambda label, at=position: _misfit(found, at, label))  # type: ignore[misc]
            found = [
                each for each in found if all(at != position or label == best for at, label in each.choices)
            ]
    # A list whose elements are all wrong is too short as well, says pydantic.
    told = [
        each
        for each in found
        if each.error["type"] != "too_short"
        or not any(other.place[: len(each.place)] == each.place != other.place for other in found)
    ]
    return [{**each.error, "loc": each.place} for each in told]


def _placed(error: Mapping[str, Any], body: Any) -> _Found:
    place: list[int | str] = []
    choices: list[tuple[Place, str]] = []
    here, loc = body, error["loc"]
    for at, name in enumerate(loc):
        if isinstance(here, Mapping) and name in here:
            here = here[name]
        elif isinstance(name, int):
            here = here[name] if isinstance(here, list | tuple) and name < len(here) else None
        elif name != "[key]" and not (error["type"] == "missing" and at == len(loc) - 1):
            choices.append((tuple(place), name))
            continue
        place.append(name)
    return _Found(error, tuple(place), tuple(choices))


def _misfit(found: Sequence[_Found], position: Place, label: str) -> tuple[bool, int, int]:
    """How badly this choice fits what was written there: of another type, by its names; the deeper its errors, the better."""
    mine = [each for each in found if (position, label) in each.choices]
    other = any(each.place == position and each.error["type"].endswith("_type") for each in mine)
    names = sum(each.error["type"] in _NAMES and len(each.place) == len(position) + 1 for each in mine)
    return other, names, -max(len(each.place) for each in mine)
