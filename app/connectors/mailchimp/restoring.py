"""Putting a member's fields back as they were before a run. Pure.

Fields, language, groups and tags are put back, each only where it still says what the run wrote. A status is not: nobody is
subscribed or unsubscribed again by an undo, and no marketing permission is given or withdrawn. An address stays as well, since it is who the member is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.connectors.base import Change, Document, Existing
from app.connectors.mailchimp.memberbody import PLAIN, same
from app.connectors.mailchimp.memberchanges import PatchMember, SetTags, WriteMember

_GROUPS = ("merge_fields", "interests")
_TAG = "tags."


def kept(existing: Existing, changes: Sequence[Change]) -> dict[str, tuple[Any, Any]]:
    """By field, what these calls write over and what they write; a tag as yes or no."""
    held = dict(_fields(existing.document))
    had = set(existing.document.get("tags") or ())
    found: dict[str, tuple[Any, Any]] = {}
    for change in changes:
        if isinstance(change, SetTags):
            found |= {f"{_TAG}{name}": (name in had, on) for name, on in change.tags.items()}
        elif isinstance(change, WriteMember):
            found |= {name: (held.get(name, _nothing(name)), value) for name, value in _fields(change.body)}
    return found


def restored(
    existing: Existing, before: Mapping[str, tuple[Any, Any]]
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """The calls that put these fields back, and those that somebody changed since."""
    held = dict(_fields(existing.document))
    tags = set(existing.document.get("tags") or ())
    back: dict[str, Any] = {}
    stayed: list[str] = []
    for name, (was, wrote) in before.items():
        now = name.removeprefix(_TAG) in tags if name.startswith(_TAG) else held.get(name, _nothing(name))
        if same(now, was):
            continue
        if same(now, wrote):
            back[name] = was
        else:
            stayed.append(name if not name.startswith(_TAG) else "a tag")
    changes: list[Change] = []
    body = _body({name: value for name, value in back.items() if not name.startswith(_TAG)})
    if body:
        changes.append(PatchMember(member=existing.remote_id, body=body))
    set_back = {name.removeprefix(_TAG): bool(value) for name, value in back.items() if name.startswith(_TAG)}
    if set_back:
        changes.append(SetTags(member=existing.remote_id, tags=set_back, quiet=True))
    return tuple(changes), tuple(stayed)


def _nothing(name: str) -> Any:
    """What a field says that is not filled in: a group that nobody chose says no."""
    return False if name.startswith("interests.") else ""


def _fields(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for group in _GROUPS:
        for name, value in (document.get(group) or {}).items():
            yield f"{group}.{name}", value
    for name in PLAIN:
        if name in document:
            yield name, document[name]


def _body(back: Mapping[str, Any]) -> Document:
    body: Document = {}
    for path, value in back.items():
        group, _, name = path.partition(".")
        if name:
            body.setdefault(group, {})[name] = value
        else:
            body[group] = value
    return body
