"""The fields of a member as the audience defines them, and those that a mapping names and it lacks (mailchimp.md §2.3). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.connectors.base import Fields, MissingField, RemoteField

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

MOMENT = "2026-11-24T09:30:00+00:00"
EXAMPLES: Mapping[str, str] = {
    "number": "17", "date": "2026-11-24", "birthday": "11/24", "phone": "+31612345678", "zip": "3511 AB",
    "url": "https://www.winkel.nl", "imageurl": "https://www.winkel.nl/a.jpg",
}  # fmt: skip
TAG_EXAMPLES = {"FNAME": "Anna", "LNAME": "de Vries", "COMPANY": "De Voorbeeldwinkel"}
PART_EXAMPLES = {"addr1": "Oudegracht 12 A", "zip": "3511 AB", "city": "Utrecht", "country": "NL"}

ALWAYS_THERE: Mapping[str, RemoteField] = {
    "email_address": RemoteField("E-mail address", required=True, example="anna@winkel.nl"),
    "language": RemoteField("Language", example="nl"),
    "vip": RemoteField("VIP", "yes/no", example="true"),
    "email_type": RemoteField("Kind of mail", choices=("html", "text"), example="html"),
    "location": RemoteField("Location", "object"),
    "location.latitude": RemoteField("Latitude", "number", example="52.09"),
    "location.longitude": RemoteField("Longitude", "number", example="5.12"),
    "timestamp_opt": RemoteField("Time of the consent", "date", example=MOMENT),
    "ip_opt": RemoteField("IP address of the consent", example="198.51.100.7"),
    "timestamp_signup": RemoteField("Time of the sign-up", "date", example=MOMENT),
    "ip_signup": RemoteField("IP address of the sign-up", example="198.51.100.7"),
    "tags": RemoteField("Tags", "anything", note="A list of names, or names with yes or no."),
    "tags.*": RemoteField("Any tag, by its name", "yes/no", example="true", origin="tag", note="A tag that is not there is made."),
    "merge_fields": RemoteField("Merge fields", "object"),
    "interests": RemoteField("Groups", "object"),
    "marketing_permissions": RemoteField("Marketing permissions", "object"),
    "marketing_permissions.*": RemoteField("Marketing permission, by its id", "yes/no", example="true"),
}  # fmt: skip

ANY_FIELD = RemoteField("Any merge field, by its tag", "anything", origin="merge_field")
ANY_GROUP = RemoteField("Any group, by its id", "yes/no", example="true", origin="group")


@dataclass(frozen=True, slots=True)
class Group:
    """One group (interest) that people can be in, with the category that it stands in."""

    id: str
    name: str
    category: str = ""


def writable(fields: Iterable[MergeField], groups: Iterable[Group] = (), tags: Iterable[str] = ()) -> dict[str, RemoteField]:  # fmt: skip
    """Every target path of a member of this audience. An address is given by its parts, a group by its id."""
    found = dict(ALWAYS_THERE)
    for each in fields:
        # What is required in Mailchimp's forms is not required of us.
        found |= merge_field(each)
    for group in groups:
        found[f"interests.{group.id}"] = RemoteField(
            f"{group.category}: {group.name}", "yes/no", example="true", origin="group"
        )
    for tag in tags:
        found[f"tags.{tag}"] = RemoteField(tag, "yes/no", example="true", origin="tag")
    return found


def readable(
    fields: Iterable[MergeField], groups: Iterable[Group], tags: Iterable[str], *, always: Fields
) -> dict[str, RemoteField]:
    """Every path of a member's document (:func:`contacts.read`), where groups and tags are lists."""
    found = {path: field for path, field in always.items() if path != "merge_fields.*"}
    for each in fields:
        found |= merge_field(each, whole=True)
    known = [*groups]
    found["interests"] = RemoteField(
        "Groups",
        "list",
        choices=tuple(group.id for group in known),
        note="; ".join(["Ids of the groups that were chosen", *(f"{g.id}: {g.category}: {g.name}" for g in known[:50])]) + ".",
        origin="group",
    )  # fmt: skip
    found["tags"] = RemoteField(
        "Tags", "list", choices=tuple(tags), note="The names of the person's tags.", origin="tag"
    )
    return found


def merge_field(field: MergeField, *, whole: bool = False) -> dict[str, RemoteField]:
    """One merge field by path; an address by its parts, and with ``whole`` as an object around them as well."""
    path, title = f"merge_fields.{field.tag}", field.name or field.tag
    if field.type == "address":
        parts = {
            f"{path}.{part}": RemoteField(f"{title}: {part}", example=PART_EXAMPLES.get(part, ""), origin="merge_field")
            for part in ADDRESS_PARTS
        }  # fmt: skip
        return ({path: RemoteField(title, "object", origin="merge_field")} if whole else {}) | parts
    return {
        path: RemoteField(
            title,
            KINDS.get(field.type, "text"),
            choices=field.choices,
            example=field.choices[0]
            if field.choices
            else TAG_EXAMPLES.get(field.tag, EXAMPLES.get(field.type, "")),
            origin="merge_field",
        )
    }


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
