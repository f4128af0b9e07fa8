"""Values fitted to the merge fields of an audience, and what is said when one cannot be (mailchimp.md §2.3). Pure.

Mailchimp refuses a whole contact for one value that does not fit. So a value that cannot fit stays behind, with a warning
that names its tag, and the rest of the person still arrives. Mailchimp cuts texts at 255 bytes without a word; we cut in
the same place, and say so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from app.connectors.mailchimp.fields import ADDRESS_PARTS, MergeField
from app.values.dates import parse_date
from app.values.money import to_decimal
from app.values.text import as_text, cut_bytes, without_nul

TEXT_BYTES = 255
ADDRESS_NEEDED = ("addr1", "city", "state", "zip")
ADDRESS_HEART = ("addr1", "city", "zip")
LARGEST_NUMBER = Decimal(10) ** 15

_BIRTHDAY = re.compile(r"(\d{1,2})/(\d{1,2})", re.ASCII)
_US_PHONE = re.compile(r"\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}", re.ASCII)
_US_ZIP = re.compile(r"\d{5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fitted:
    """The values that can be sent, by tag, and what had to stay behind."""

    values: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


class UnfitError(ValueError):
    """A value that its field cannot hold; the text says what it takes, never the value."""


def fit_all(
    given: Mapping[str, Any],
    fields: Mapping[str, MergeField],
    *,
    may_lack: frozenset[str] = frozenset(),
    emptying: bool = True,
) -> Fitted:
    """Every value as its field takes it; None says nothing about a field.

    ``emptying`` keeps empty texts, which empty a field that is filled. A tag in ``may_lack`` is left out without a word
    where the audience does not have it.
    """
    values: dict[str, Any] = {}
    warnings: list[str] = []
    for tag, value in given.items():
        if value is None or value == {}:
            continue
        defined = fields.get(tag) or fields.get(tag.upper())
        if defined is None:
            if tag not in may_lack and value != "":
                warnings.append(f"merge_field_missing: the audience has no merge field {tag}")
            continue
        try:
            fitted = fit(defined, value)
        except UnfitError as unfit:
            warnings.append(f"merge_field_left_out: {defined.tag} {unfit}")
            continue
        if fitted is None or (fitted == "" and not emptying):
            continue
        if _was_cut(value, fitted):
            warnings.append(
                f"merge_field_cut: {defined.tag} holds {TEXT_BYTES} bytes, and the text is longer"
            )
        values[defined.tag] = fitted
    return Fitted(values, tuple(warnings))


def fit(defined: MergeField, value: Any) -> Any:
    """The value as Mailchimp keeps it; None where there is nothing to say. Raises UnfitError."""
    if isinstance(value, str) and not value.strip():
        return ""
    if defined.type == "address":
        return _address(value)
    make: Callable[[MergeField, Any], Any] = FITS.get(defined.type, _text)
    return make(defined, value)


def _was_cut(value: Any, fitted: Any) -> bool:
    if not isinstance(value, str) or not isinstance(fitted, str):
        return False
    return len(value) * 4 > TEXT_BYTES and len(_plain(value).encode()) > TEXT_BYTES


def _plain(value: Any) -> str:
    """A scalar, or a list of scalars, as text; one that is empty after all is what an empty text is."""
    if isinstance(value, list | tuple):
        parts = [part for part in map(as_text, value) if part]
        found: str | None = ", ".join(parts)
    else:
        found = as_text(value)
    if found is None:
        raise UnfitError("takes a text")
    # Half a character of a broken text has no UTF-8 and would spoil the whole request.
    return without_nul(found).encode("utf-8", "replace").decode().strip()


def _text(_: MergeField, value: Any) -> str:
    return cut_bytes(_plain(value), TEXT_BYTES).strip()


def _number(_: MergeField, value: Any) -> int | float:
    found = to_decimal(value)
    if found is None or isinstance(value, bool):
        raise UnfitError("takes a number")
    if abs(found) >= LARGEST_NUMBER:
        raise UnfitError("takes no number that large")
    return int(found) if found == found.to_integral_value() else float(found)


def _choice(defined: MergeField, value: Any) -> str:
    wanted = _plain(value)
    if wanted in defined.choices:
        return wanted
    for choice in defined.choices:
        if choice.strip().casefold() == wanted.casefold():
            return choice
    raise UnfitError("takes one of its choices only")


def _date(_: MergeField, value: Any) -> str:
    found = parse_date(value)
    if found is None:
        raise UnfitError("takes a date")
    return found.isoformat()


def _birthday(_: MergeField, value: Any) -> str:
    short = _BIRTHDAY.fullmatch(value.strip()) if isinstance(value, str) else None
    if short is not None:
        month, day = int(short[1]), int(short[2])
    else:
        found = parse_date(value)
        if found is None:
            raise UnfitError("takes a month and a day")
        month, day = found.month, found.day
    try:
        date(2000, month, day)
    except ValueError:
        raise UnfitError("takes a month and a day") from None
    return f"{month:02}/{day:02}"


def _address(value: Any) -> dict[str, str] | str | None:
    """Complete or absent: an incomplete one would make every later change of the contact fail."""
    if not isinstance(value, Mapping):
        raise UnfitError("takes an address with its parts")
    parts = {part: _part(value.get(part)) for part in ADDRESS_PARTS}
    if not any(parts[part] for part in ADDRESS_HEART):
        return None
    missing = [part for part in ADDRESS_NEEDED if not parts[part]]
    if missing:
        raise UnfitError(f"is not complete: {', '.join(missing)} lacks")
    return {part: text for part, text in parts.items() if text}


def _part(value: Any) -> str:
    return cut_bytes(_plain(value), TEXT_BYTES).strip() if value is not None else ""


def _zip(_: MergeField, value: Any) -> str:
    text = _plain(value)
    if _US_ZIP.fullmatch(text) is None:
        raise UnfitError("takes zip codes of the United States only; use a text field")
    return text


def _phone(defined: MergeField, value: Any) -> str:
    text = _plain(value)
    if defined.us_phone:
        national = text.removeprefix("+1").strip()
        if _US_PHONE.fullmatch(national) is None:
            raise UnfitError("takes phone numbers of the United States only; change its format in Mailchimp")
        return national
    return cut_bytes(text, TEXT_BYTES)


def _url(_: MergeField, value: Any) -> str:
    text = _plain(value)
    if text and "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and "." in (parts.hostname or "") and " " not in text
    except ValueError:
        fits = False
    if not fits or len(text.encode()) > TEXT_BYTES:
        raise UnfitError("takes the address of a page")
    return text


FITS: Mapping[str, Callable[[MergeField, Any], Any]] = {
    "text": _text,
    "number": _number,
    "radio": _choice,
    "dropdown": _choice,
    "date": _date,
    "birthday": _birthday,
    "zip": _zip,
    "phone": _phone,
    "url": _url,
    "imageurl": _url,
}
