"""Text as the two systems take it: cut at bytes, cleared of markup, read from anything scalar.

Mailchimp cuts a text merge field at 255 **bytes** and says nothing (mailchimp.md §2.3); whoever compares what is
there with what was sent has to cut in the same place. Total functions: odd input gives ``None``, never an error.
"""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any

import nh3

_BLOCKS = re.compile(
    r"</?(?:p|div|br|li|ul|ol|tr|table|h[1-6]|section|article|blockquote)\b[^<>]*>", re.IGNORECASE
)
_CELLS = re.compile(r"</t[dh]\s*>", re.IGNORECASE)
_SPACES = re.compile(r"[^\S\n]+")
_EMPTY_LINES = re.compile(r"\n{3,}")
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])|[A-Z]")


def as_text(value: Any) -> str | None:
    """Any scalar as text: 12.50 stays ``12.50``, true is ``true``; None, lists and objects have no text: None.

    A Decimal never shows an exponent (``1E+3`` is ``1000``), a float that is whole no ``.0``.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        # Python refuses to print integers beyond 4,300 digits; nobody sends one for a reason
        return str(value) if value.bit_length() < 4_096 else None
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return None
        value = Decimal(repr(value))
        if value == value.to_integral_value():
            value = value.to_integral_value()
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > 100:
            return None
        return f"{value:f}"
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return None


def one_line(text: str) -> str:
    """The text with every run of white space, line breaks included, as one space, and none at the ends."""
    return " ".join(text.split())


def html_to_text(markup: str) -> str:
    """Readable text of an HTML fragment: block elements become line breaks, scripts and styles vanish.

    Text without any markup comes back as it was, apart from spaces at the ends and entities.
    """
    if _surrogates(markup):
        markup = markup.encode("utf-8", "replace").decode()
    lines = _CELLS.sub(" ", _BLOCKS.sub("\n", markup)) if "<" in markup else markup
    # nh3 is a real HTML parser: an attribute with a ">" in it or an unclosed tag does not leak into the text
    plain = html.unescape(nh3.clean(lines, tags=set(), clean_content_tags={"script", "style"}))
    plain = _SPACES.sub(" ", plain.replace("\u00a0", " ").replace("\r\n", "\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(line.strip() for line in plain.split("\n"))).strip()


def cut_bytes(text: str, limit: int) -> str:
    """The longest beginning of ``text`` that fits ``limit`` bytes of UTF-8, never half a character.

    Stable: cutting a cut text changes nothing.
    """
    if limit <= 0:
        return ""
    if len(text) * 4 <= limit:
        return text
    # lone surrogates (broken JSON escapes) have no UTF-8; they count as the three bytes that would hold them
    return (
        text.encode("utf-8", "surrogatepass")[:limit].decode("utf-8", "ignore")
        if _surrogates(text)
        else (text.encode()[:limit].decode("utf-8", "ignore"))
    )


def without_nul(text: str) -> str:
    """The text without NUL characters, which PostgreSQL refuses to store."""
    return text.replace("\x00", "") if "\x00" in text else text


def _surrogates(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def spoken(path: str) -> str:
    """The last name of a path in words: ``contactList[].relationNumber`` is ``Relation number``, ``vat_code`` ``Vat code``."""
    name = path.rpartition(".")[2].removesuffix("[]")
    words = _WORD.findall(name)
    return (
        " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words).capitalize()
        or name
    )
