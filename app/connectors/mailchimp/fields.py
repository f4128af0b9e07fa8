"""Merge fields as an audience defines them, and those that a mapping names and the audience lacks (mailchimp.md §2.3). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_TAG = 10


@dataclass(frozen=True, slots=True)
class MergeField:
    """One merge field as the audience defines it. ``choices`` are the only values of a radio or dropdown."""

    tag: str
    name: str = ""
    type: str = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    us_phone: bool = False


@dataclass(frozen=True, slots=True)
class Audience:
    """What steps must know of an audience. ``contacts`` is how many it holds, the archived ones left out."""

    name: str = ""
    double_optin: bool = False
    contacts: int = 0
    fields: Mapping[str, MergeField] = field(default_factory=dict)


def definition(raw: Mapping[str, Any]) -> MergeField:
    """A field as ``GET merge-fields`` shows it."""
    options = raw.get("options")
    options = options if isinstance(options, Mapping) else {}
    choices = options.get("choices")
    return MergeField(
        tag=str(raw.get("tag", "")),
        name=str(raw.get("name", "")),
        type=str(raw.get("type", "text")),
        required=raw.get("required") is True,
        choices=tuple(map(str, choices)) if isinstance(choices, list) else (),
        us_phone=options.get("phone_format") == "US",
    )


# --- fields that a mapping names and the audience lacks ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MissingField:
    """A merge field that can be created: what the mapping calls it, and what it would be."""

    tag: str
    name: str
    type: str


PROPOSED: Mapping[str, tuple[str, str]] = {
    "FNAME": ("First Name", "text"),
    "LNAME": ("Last Name", "text"),
    "ADDRESS": ("Address", "address"),
    "PHONE": ("Phone Number", "phone"),
    "BIRTHDAY": ("Birthday", "birthday"),
    "COMPANY": ("Company", "text"),
    "CONSENT": ("Consent recorded in", "text"),
    "POINTS": ("Loyalty points", "number"),
    "BALANCE": ("Loyalty balance", "number"),
    "LASTBUY": ("Last purchase", "date"),
    "WEBSITE": ("Website", "url"),
}
"""Tags whose type is known. Another one becomes a text, or an address where the mapping fills its parts."""


def missing_fields(targets: Iterable[str], fields: Mapping[str, MergeField]) -> tuple[MissingField, ...]:
    """The merge fields that these target paths of a mapping name and the audience does not have, each once."""
    missing: dict[str, MissingField] = {}
    for target in targets:
        names = target.split(".")
        if len(names) < 2 or names[0] != "merge_fields":
            continue
        tag = names[1].upper()
        if tag in fields or tag in missing or len(tag) > MAX_TAG:
            continue
        name, kind = PROPOSED.get(tag, (tag.capitalize(), "address" if len(names) > 2 else "text"))
        missing[tag] = MissingField(tag, name, kind)
    return tuple(missing.values())
