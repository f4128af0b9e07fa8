"""Putting a relation's fields back as they were before a run. Pure.

Each field only where it still says what the run wrote. An e-mail address stays, since it is what links the relation to its
contact; so does whether it is active, and what somebody said about consent. A custom field that held nothing keeps what it got:
the till has no word for emptying one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.connectors.base import Change, Document, Existing
from app.connectors.mplus.customers import UpdateRelation, differences, same, same_custom

_STAYS = frozenset({"email", "active", "customFields"})
_CUSTOM = "customFields."


def kept(existing: Existing, changes: Sequence[Change]) -> dict[str, tuple[Any, Any]]:
    """By field, what these calls write over and what they write; custom fields one by one."""
    held, custom = existing.document, existing.document.get("customFields", {})
    found: dict[str, tuple[Any, Any]] = {}
    for change in changes:
        if not isinstance(change, UpdateRelation):
            continue
        for name, value in change.fields.items():
            if name not in _STAYS:
                found[name] = (held.get(name, ""), value)
        for name, value in change.fields.get("customFields", {}).items():
            if name not in change.stated and name in custom and not same_custom(value, custom[name]):
                found[f"{_CUSTOM}{name}"] = (custom[name], value)
    return found


def restored(
    existing: Existing, before: Mapping[str, tuple[Any, Any]]
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """The call that puts these fields back, and those that somebody changed since."""
    held, custom = existing.document, existing.document.get("customFields", {})
    back: Document = {}
    stayed: list[str] = []
    for name, (was, wrote) in before.items():
        own = name.removeprefix(_CUSTOM) if name.startswith(_CUSTOM) else None
        now = custom.get(own) if own is not None else held.get(name)
        alike = same_custom if own is not None else _same(name)
        if alike(was, now):
            continue
        if not alike(wrote, now):
            stayed.append(name)
        elif own is None:
            back[name] = was
        else:
            back.setdefault("customFields", {})[own] = was
    fields = differences(back, held)
    calls = (UpdateRelation(number=int(existing.remote_id), fields=fields),) if fields else ()
    return calls, tuple(stayed)


def _same(name: str) -> Any:
    return lambda one, other: same(name, one, other)
