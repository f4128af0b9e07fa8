"""Phone numbers in E.164: one spelling per line, or none.

The library that knows the world's numbering plans takes 30 µs a number. Most numbers of a shop are plain: digits with
spaces or dashes in its own country or with ``+`` or ``00`` and a country code. For countries whose plan has no tricks
those are judged by one regular expression made from the library's own plan. A number that is dialled with the
country's ``0`` in front and does not fit that plan is none at all; whatever else it does not accept goes to the library.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import phonenumbers

_PLAIN = re.compile(r"(\+|00)?([0-9][0-9 ./-]{5,24})", re.ASCII)
_SPACERS = str.maketrans("", "", " ./-")
_TYPES = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan",
    "voicemail",
)  # fmt: skip


def phone_e164(value: Any, country: str = "NL") -> str | None:
    """``+31612345678`` for a number as people type it in ``country``; None when no phone can have it.

    A number in international form (``+32…``, ``0032…``) keeps its own country. An extension is dropped.
    """
    if not isinstance(value, str) or not 3 <= len(value) <= 60:
        return None
    found = _PLAIN.fullmatch(value.strip())
    if found is not None:
        quick = _quick(found[1], found[2].translate(_SPACERS), country)
        if quick is not None:
            return quick or None
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _quick(international: str | None, digits: str, country: str) -> str | None:
    """A plain number of a plain plan; empty when there is none such; None when the library has to look."""
    plan = _plan(country)
    if plan is None:
        return None
    code, national, general = plan
    if international is None:
        if not digits.startswith("0"):
            return None
        if national.fullmatch(digits, 1):
            return f"+{code}{digits[1:]}"
        # two zeros may be the way abroad with a space between, and a few plans have numbers that begin with one
        return None if digits.startswith("00") or general.fullmatch(digits) else ""
    if digits.startswith(code) and national.fullmatch(digits, len(code)):
        return f"+{digits}"
    return None


@lru_cache(maxsize=256)
def _plan(country: str) -> tuple[str, re.Pattern[str], re.Pattern[str]] | None:
    """Calling code, valid national numbers, and whatever looks like one, of a country whose plan is plain: its own
    code, ``0`` in front, no rewriting, no significant zero."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    if (
        plan is None
        or plan.country_code is None
        or plan.general_desc is None
        or plan.national_prefix_for_parsing != "0"
        or plan.national_prefix_transform_rule
        or plan.international_prefix != "00"
        or phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(plan.country_code) != (country,)
    ):
        return None
    kinds = [getattr(plan, name) for name in _TYPES]
    patterns = "|".join(
        f"(?={'|'.join(f'[0-9]{{{length}}}$' for length in kind.possible_length)})(?:{kind.national_number_pattern})$"
        for kind in kinds
        if kind is not None and kind.national_number_pattern and kind.possible_length
    )
    general = plan.general_desc.national_number_pattern
    valid = re.compile(rf"(?!0)(?=(?:{general})$)(?:{patterns})", re.ASCII)
    return str(plan.country_code), valid, re.compile(general or "", re.ASCII)


def is_mobile(number: Any) -> bool:
    """Whether an international number (``+31612345678``) is surely a mobile phone's."""
    if not isinstance(number, str) or not number.startswith("+"):
        return False
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE
