"""Phone numbers in E.164: one spelling per line, or none."""

from __future__ import annotations

from typing import Any

import phonenumbers


def phone_e164(value: Any, country: str = "NL") -> str | None:
    """``+31612345678`` for a number as people type it in ``country``; None when no phone can have it.

    A number in international form (``+32…``, ``0032…``) keeps its own country. An extension is dropped.
    """
    if not isinstance(value, str) or not 3 <= len(value) <= 60:
        return None
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
