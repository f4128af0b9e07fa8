"""Merge fields of an audience: their definitions, and values fitted to them (mailchimp.md §2.3).

Mailchimp refuses a whole member for one value that does not fit. So a value that cannot fit is left out here, with a
warning, and the rest of the person still arrives. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from app.values.dates import parse_date
from app.values.text import cut_bytes

TEXT_BYTES = 255
ADDRESS_NEEDED = ("addr1", "city", "state", "zip")
ADDRESS_PARTS = (*ADDRESS_NEEDED, "addr2", "country")

_BIRTHDAY = re.compile(r"(\d{1,2})/(\d{1,2})", re.ASCII)
_ZIP = re.compile(r"\d{5}", re.ASCII)
_US_PHONE = re.compile(r"\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class MergeField:
    """One field as the audience defines it. ``choices`` are the only values of a radio or dropdown."""

    tag: str
    type: str = "text"
    name: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    us_phone: bool = False


@dataclass(frozen=True, slots=True)
class Audience:
    """What steps must know of an audience. ``fields`` is None while nobody has asked: then nothing is judged."""

    name: str = ""
    double_optin: bool = False
    contacts: int = 0
    fields: Mapping[str, MergeField] | None = None


@dataclass(slots=True)
class Fitted:
    """Values that Mailchimp will take, and a word for each that was left out."""

    values: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class UnfitError(ValueError):
    """A value that its field cannot hold; the text says why, without the value."""


def definition(raw: Mapping[str, Any]) -> MergeField:
    """A field as ``GET merge-fields`` shows it."""
    options = raw.get("options")
    options = options if isinstance(options, Mapping) else {}
    choices = options.get("choices")
    return MergeField(
        tag=str(raw.get("tag", "")),
        type=str(raw.get("type", "text")),
        name=str(raw.get("name", "")),
        required=raw.get("required") is True,
        choices=tuple(map(str, choices)) if isinstance(choices, list) else (),
        us_phone=options.get("phone_format") == "US",
    )


def fit(given: Mapping[str, Any], audience: Audience, *, may_lack: frozenset[str] = frozenset()) -> Fitted:
    """The values that may be sent. An empty text empties a field; None says nothing about it.

    A tag in ``may_lack`` is left out without a word where the audience does not have it.
    """
    fitted = Fitted()
    for tag, value in given.items():
        if value is None or value == {}:
            continue
        known = MergeField(tag) if audience.fields is None else audience.fields.get(tag)
        if known is None:
            if tag not in may_lack:
                fitted.warnings.append(f"merge_field_missing: the audience has no merge field {tag}")
            continue
        try:
            fitted.values[tag] = fitted_value(known, value, judged=audience.fields is not None)
        except UnfitError as unfit:
            if str(unfit):
                fitted.warnings.append(f"merge_field_left_out: {tag} {unfit}")
    return fitted


def fitted_value(known: MergeField, value: Any, *, judged: bool = True) -> Any:
    """The value as this field takes it. Raises UnfitError; without a text where nothing was meant to be said."""
    if isinstance(value, Mapping):
        return address(value)
    if value == "":
        return ""
    if judged and known.type == "address":
        raise UnfitError("takes an address with its parts")
    make = _MAKERS.get(known.type) if judged else None
    return make(known, value) if make is not None else text(known, value)


def complete_address(value: Any) -> bool:
    """Whether Mailchimp would take it."""
    return isinstance(value, Mapping) and all(value.get(part) for part in ADDRESS_NEEDED)


def address(value: Mapping[str, Any]) -> dict[str, str]:
    """A complete address, or none: an incomplete one would make every later update of the contact fail."""
    parts = {
        part: cut_bytes(str(value[part]).strip(), TEXT_BYTES) for part in ADDRESS_PARTS if value.get(part)
    }
    if complete_address(parts):
        return parts
    if not any(parts.get(part) for part in ("addr1", "city", "zip")):
        raise UnfitError("")
    lacking = [part for part in ADDRESS_NEEDED if not parts.get(part)]
    raise UnfitError(f"is not complete: {', '.join(lacking)} lacks")


def text(_: MergeField, value: Any) -> str:
    """Cut as Mailchimp cuts, so that what is compared later is what stands there."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return cut_bytes(", ".join(map(str, value)), TEXT_BYTES)
    return cut_bytes(str(value), TEXT_BYTES)


def number(_: MergeField, value: Any) -> int | float:
    """A JSON number; texts only where they are one."""
    if isinstance(value, bool):
        return int(value)
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        raise UnfitError("takes a number") from None
    if not found.is_finite() or abs(found) >= Decimal(10) ** 15:
        raise UnfitError("takes a number")
    return int(found) if found == found.to_integral_value() else float(found)


def day(_: MergeField, value: Any) -> str:
    """``2026-03-01``."""
    found = _day(value)
    if found is None:
        raise UnfitError("takes a date")
    return found.isoformat()


def birthday(_: MergeField, value: Any) -> str:
    """``MM/DD``, whatever the form shows."""
    found = _BIRTHDAY.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        known = _day(value)
        if known is None:
            raise UnfitError("takes a month and a day")
        return f"{known.month:02}/{known.day:02}"
    month, number = int(found[1]), int(found[2])
    if not (1 <= month <= 12 and 1 <= number <= 31):
        raise UnfitError("takes a month and a day")
    return f"{month:02}/{number:02}"


def choice(known: MergeField, value: Any) -> str:
    """One of the audience's own words, in its own spelling."""
    wanted = text(known, value).strip()
    if wanted in known.choices:
        return wanted
    found = next((each for each in known.choices if each.lower() == wanted.lower()), None)
    if found is None:
        raise UnfitError("takes one of its choices only")
    return found


def phone(known: MergeField, value: Any) -> str:
    """As it is, except where the audience wants the form of the United States."""
    said = text(known, value)
    if known.us_phone and not _US_PHONE.fullmatch(said):
        raise UnfitError("takes phone numbers of the United States only; change its format in Mailchimp")
    return said


def zip_code(known: MergeField, value: Any) -> str:
    """Five digits: a field of this type cannot hold a Dutch postal code."""
    said = text(known, value).strip()
    if not _ZIP.fullmatch(said):
        raise UnfitError("takes zip codes of the United States only; use a text field")
    return said


def url(known: MergeField, value: Any) -> str:
    """An address with its scheme; a bare host gets one."""
    said = text(known, value).strip()
    if "://" not in said:
        said = f"https://{said}"
    try:
        parts = urlsplit(said)
        fits = parts.scheme in ("http", "https") and "." in (parts.hostname or "") and " " not in said
    except ValueError:
        fits = False
    if not fits or len(said.encode()) > TEXT_BYTES:
        raise UnfitError("takes the address of a page")
    return said


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else parse_date(value)


_MAKERS: Mapping[str, Callable[[MergeField, Any], Any]] = {
    "number": number,
    "date": day,
    "birthday": birthday,
    "radio": choice,
    "dropdown": choice,
    "phone": phone,
    "zip": zip_code,
    "url": url,
    "imageurl": url,
}
