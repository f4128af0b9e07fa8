"""The fields of a member as the audience defines them, and those that a mapping names and it lacks (mailchimp.md §2.3). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.connectors.base import MissingField, WritableField

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


# --- what rows may write --------------------------------------------------------------------------------------------

Kind = Literal["text", "number", "date"]
KINDS: Mapping[str, Kind] = {"number": "number", "date": "date", "birthday": "date"}
ADDRESS_PARTS = ("addr1", "addr2", "city", "state", "zip", "country")

ALWAYS_THERE: Mapping[str, WritableField] = {
    "email_address": WritableField("E-mail address", required=True),
    "language": WritableField("Language, as in `nl`"),
    "vip": WritableField("VIP", "yes/no"),
    "email_type": WritableField("Kind of mail", choices=("html", "text")),
    "location.latitude": WritableField("Latitude", "number"),
    "location.longitude": WritableField("Longitude", "number"),
    "timestamp_opt": WritableField("Time of the consent", "date"),
    "ip_opt": WritableField("IP address of the consent"),
    "timestamp_signup": WritableField("Time of the sign-up", "date"),
    "ip_signup": WritableField("IP address of the sign-up"),
    "tags": WritableField("Tags: a list of names, or names with yes or no", "anything"),
    "interests.*": WritableField("Group, by its id: yes or no", "yes/no"),
    "marketing_permissions.*": WritableField("Marketing permission, by its id: yes or no", "yes/no"),
}


def writable(fields: Iterable[MergeField]) -> dict[str, WritableField]:
    """Every target path of a member. An address is given by its parts."""
    found = dict(ALWAYS_THERE)
    for each in fields:
        path, title = f"merge_fields.{each.tag}", each.name or each.tag
        if each.type == "address":
            found |= {f"{path}.{part}": WritableField(f"{title}: {part}") for part in ADDRESS_PARTS}
        else:
            # What is required in Mailchimp's forms is not required of us.
            found[path] = WritableField(title, KINDS.get(each.type, "text"), choices=each.choices)
    return found


# --- fields that a mapping names and the audience lacks ------------------------------------------------------------


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
        title, kind = PROPOSED.get(tag, (tag.capitalize(), "address" if len(names) > 2 else "text"))
        missing[tag] = MissingField(f"merge_fields.{tag}", title, kind)
    return tuple(missing.values())
