"""Fields that a flow's settings call by name, such as the one that says yes to mailings. A name that the system does not have is
told with the nearest one: read, it would quietly say nothing, and written, it would stop every record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from app.catalogue import Side, sides
from app.flows.base import NamedField
from app.flows.registry import flow_kind
from app.flows.shared import inherited
from app.resources import Resources
from app.store.flows import Flow

_LONGEST_GUESSED = 200


@dataclass(frozen=True, slots=True)
class UnknownField:
    """A setting whose field the system does not have."""

    setting: str
    sentence: str
    advice: str


async def unknown_fields(
    resources: Resources, flow: Flow, *, shared: Mapping[str, Any]
) -> list[UnknownField]:
    """Those that the system says it does not have; none where it was never asked. ``shared`` are the integration's settings.

    Who made a field a moment ago is believed: the system is asked anew before anything is said. Raises NotFound.
    """
    kind = flow_kind(flow.kind)
    settings = kind.settings.model_validate(inherited(kind.settings, shared) | dict(flow.settings))
    named = kind.named_fields(settings)
    if not named or not _unknown(named, await sides(resources, flow.id)):
        return []
    return _unknown(named, await sides(resources, flow.id, believed_ms=0))


def _unknown(named: Mapping[str, NamedField], ends: tuple[Side, Side]) -> list[UnknownField]:
    found: list[UnknownField] = []
    for setting, each in named.items():
        side = ends[0] if each.end == "source" else ends[1]
        names = sorted(field.title for field in side.fields.values() if field.origin == "custom_field")
        if side.read_at is None or each.name in names:
            continue
        system = side.connection.name
        found.append(
            UnknownField(
                setting,
                f"{setting}: {system} has no custom field {each.name!r}.",
                _advice(each.name, names),
            )
        )
    return found


def _advice(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, n=1, cutoff=0.6) if len(name) <= _LONGEST_GUESSED else []
    return f"Did you mean {near[0]!r}?" if near else "Make it there, or correct the name."
