"""The merge fields of an audience, and what Mailchimp accepts as their values (mailchimp.md §2.3).

Two things hurt here: text is cut at 255 bytes without a word, and a member that already holds an incomplete address
refuses every later update, also one that does not mention it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from app.sandbox.mailchimp.problems import FieldErrors, ProblemError, invalid
from app.sandbox.mailchimp.shapes import LARGEST, NO_SCHEMA_MATCHES, complain

TEXT_BYTES = 255
TYPES = (
    "text",
    "number",
    "address",
    "phone",
    "date",
    "url",
    "imageurl",
    "radio",
    "dropdown",
    "birthday",
    "zip",
)
ADDRESS_PARTS = ("addr1", "addr2", "city", "state", "zip", "country")
ADDRESS_NEEDED = ("addr1", "city", "state", "zip")
INCOMPLETE_ADDRESS = "Please enter a complete address"
NO_VALUE = "Please enter a value"
NO_NUMBER = "Please enter a number"  # inferred


@dataclass(slots=True)
class MergeField:
    merge_id: int
    tag: str
    name: str
    type: str
    required: bool = False
    default_value: str = ""
    public: bool = True
    display_order: int = 0
    help_text: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def as_json(self, *, list_id: str) -> dict[str, Any]:
        return {
            "merge_id": self.merge_id,
            "tag": self.tag,
            "name": self.name,
            "type": self.type,
            "required": self.required,
            "default_value": self.default_value,
            "public": self.public,
            "display_order": self.display_order,
            "options": self.options,
            "help_text": self.help_text,
            "list_id": list_id,
        }


class UnfitError(ValueError):
    """A value that its field does not take; the text is Mailchimp's complaint."""


def merged(
    fields: Mapping[str, MergeField],
    current: Mapping[str, Any],
    given: Mapping[str, Any],
    *,
    skip_required: bool,
) -> dict[str, Any]:
    """The values after an update. Tags that the audience does not define are not set, and nothing is said."""
    after = dict(current)
    errors: FieldErrors = []
    shape_errors: FieldErrors = []
    for tag, value in given.items():
        defined = fields.get(tag) or fields.get(tag.upper())
        if value is None or isinstance(value, bool | list):
            complain(shape_errors, f"merge_fields.{tag}", NO_SCHEMA_MATCHES)
            continue
        if defined is None:
            continue
        try:
            after[defined.tag] = fitted(defined, value)
        except UnfitError as unfit:
            complain(errors, defined.tag, str(unfit))
    if shape_errors:
        raise invalid(shape_errors)
    complained = {error["field"] for error in errors}
    for tag, defined in fields.items():
        if tag in complained:
            continue
        value = after.get(tag, "")
        if defined.type == "address" and value != "" and not complete(value):
            complain(errors, tag, INCOMPLETE_ADDRESS)
        elif defined.required and not skip_required and value == "":
            complain(errors, tag, NO_VALUE)
    if errors:
        raise ProblemError(400, "Invalid Resource", "Your merge fields were invalid.", errors=errors)
    return after


def fitted(defined: MergeField, value: Any) -> Any:
    """The value as Mailchimp would keep it; "" empties any field."""
    if value == "":
        return ""
    if defined.type == "address":
        return address(value)
    if isinstance(value, dict):
        raise UnfitError(NO_SCHEMA_MATCHES)
    fit = FITS.get(defined.type)
    return fit(defined, value) if fit is not None else cut(str(value))


def cut(text: str) -> str:
    """At 255 bytes, not characters; half a character is not kept."""
    if len(text) * 4 <= TEXT_BYTES:
        return text
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= TEXT_BYTES else raw[:TEXT_BYTES].decode("utf-8", "ignore")


def complete(value: Any) -> bool:
    return isinstance(value, dict) and all(value.get(part) for part in ADDRESS_NEEDED)


def address(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise UnfitError(INCOMPLETE_ADDRESS)
    if not all(isinstance(part, str) for part in value.values()):
        raise UnfitError(NO_SCHEMA_MATCHES)
    if not complete(value):
        raise UnfitError(INCOMPLETE_ADDRESS)
    return {part: cut(value.get(part, "")) for part in ADDRESS_PARTS}


def a_number(_: MergeField, value: Any) -> Any:
    try:
        found = value if isinstance(value, int | float) else float(value)
    except ValueError:
        raise UnfitError(NO_NUMBER) from None
    if not abs(found) < LARGEST:  # neither infinite nor no number at all
        raise UnfitError(NO_NUMBER)
    return int(found) if isinstance(found, float) and found.is_integer() else found


DATES = (
    (re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})"), (1, 2, 3)),
    (re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4})"), (3, 2, 1)),
    (re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})"), (3, 1, 2)),
)


def a_date(_: MergeField, value: Any) -> str:
    """``2026-03-01``, ``2026/03/01``, ``01-03-2026`` (day first), ``03/01/2026`` (month first); kept as the first."""
    for pattern, (year, month, day) in DATES:
        match = pattern.fullmatch(str(value))
        if match:
            try:
                return date(int(match[year]), int(match[month]), int(match[day])).isoformat()
            except ValueError:
                break
    raise UnfitError("Please enter a valid date")  # inferred


def a_birthday(_: MergeField, value: Any) -> str:
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})", str(value))
    if match:
        month, day = int(match[1]), int(match[2])
        if 1 <= month <= 12 and 1 <= day <= 31:
            return f"{month:02}/{day:02}"
    raise UnfitError("Please enter a month (01-12) and a day (01-31)")  # inferred


def a_choice(defined: MergeField, value: Any) -> str:
    if str(value) not in defined.options.get("choices", []):
        raise UnfitError("Please select one of the available choices")  # inferred
    return str(value)


def a_zip(_: MergeField, value: Any) -> str:
    if not re.fullmatch(r"\d{5}", str(value)):
        raise UnfitError("Please enter a zip code (5 digits)")  # inferred
    return str(value)


def a_phone(defined: MergeField, value: Any) -> str:
    if defined.options.get("phone_format") == "US" and not re.fullmatch(
        r"\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}", str(value)
    ):
        raise UnfitError("Please enter a valid phone number")  # inferred
    return cut(str(value))


def a_url(_: MergeField, value: Any) -> str:
    try:
        parts = urlsplit(str(value))
        fits = parts.scheme in ("http", "https") and "." in (parts.hostname or "")
    except ValueError:
        fits = False
    if not fits:
        raise UnfitError("Please enter a valid URL")  # inferred
    return cut(str(value))


FITS: dict[str, Callable[[MergeField, Any], Any]] = {
    "number": a_number,
    "date": a_date,
    "birthday": a_birthday,
    "radio": a_choice,
    "dropdown": a_choice,
    "zip": a_zip,
    "phone": a_phone,
    "url": a_url,
    "imageurl": a_url,
}


def default_fields() -> list[MergeField]:
    """What a new audience starts with; all of it may be renamed or deleted."""
    plain = {"size": 25}
    return [
        MergeField(1, "FNAME", "First Name", "text", display_order=2, options=dict(plain)),
        MergeField(2, "LNAME", "Last Name", "text", display_order=3, options=dict(plain)),
        MergeField(3, "ADDRESS", "Address", "address", display_order=4, options={"default_country": 164}),
        MergeField(4, "PHONE", "Phone Number", "phone", display_order=5, options={"phone_format": "none"}),
        MergeField(
            5,
            "BIRTHDAY",
            "Birthday",
            "birthday",
            public=False,
            display_order=6,
            options={"date_format": "MM/DD"},
        ),
    ]
