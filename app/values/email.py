"""E-mail addresses: the key by which a person is one person in both systems.

Two spellings of one address must end as the same text, or one person becomes two contacts on the bill. So: trimmed,
lower case (the local part too: Mailchimp hashes the lower-case address, mailchimp.md §2.1), the domain in ASCII.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254  # RFC 5321, counted over the whole address

# The common case, 30 times quicker than the full validator; everything outside ASCII goes to the validator.
_PLAIN = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}){0,20}"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,10}[a-z](?:[a-z0-9-]{0,61}[a-z0-9])",
    re.ASCII,
)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"), None)


def normalise_email(value: Any) -> str | None:
    """The one spelling of an address, or None when it is not an address that mail could reach.

    >>> normalise_email("  Jan.Jansen@Voorbeeld.NL ")
    'jan.jansen@voorbeeld.nl'
    >>> normalise_email("info@Müller.de")
    'info@xn--mller-kva.de'
    >>> normalise_email("geen") is None
    True
    """
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    if len(text) > MAX_LENGTH:
        return None
    if not text.isascii():
        text = _spelled_in_ascii(text)
        if not text or len(text) > MAX_LENGTH:
            return None
        if not text.isascii():  # a local part outside ASCII: valid as the validator saw it
            return text
    if text.startswith("mailto:"):
        text = text.removeprefix("mailto:")
    if _PLAIN.fullmatch(text) is None or len(text.partition("@")[0]) > 64:
        return None
    return text


def email_domain(value: Any) -> str | None:
    """What logs may show of an address: its domain."""
    address = normalise_email(value)
    return address.rpartition("@")[2] if address else None


def _spelled_in_ascii(text: str) -> str:
    """The address with its domain in ASCII; empty when it is none. Invisible characters from a paste vanish."""
    visible = (
        unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).strip().lower().removeprefix("mailto:")
    )
    if visible.isascii():
        return visible
    try:
        found = validate_email(visible, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return ""
    return f"{found.local_part}@{found.ascii_domain}".lower()
