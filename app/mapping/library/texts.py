"""Functions on text."""

from __future__ import annotations

import hashlib
from typing import Any

from app.mapping.library.entry import Flag, Items, Pattern, Run, Text, Whole, coerced
from app.mapping.run import MAX_TEXT
from app.values.text import as_text as text_of
from app.values.text import cut_bytes
from app.values.text import html_to_text as text_of_html
from app.values.text import one_line as on_one_line


def trim(text: Text) -> Text:
    """The text without white space at both ends.

    trim('  Jan ') -> "Jan"
    """
    return text.strip()


def one_line(text: Text) -> Text:
    """The text with every run of spaces and line breaks as one space.

    one_line(' Jan   de  Vries ') -> "Jan de Vries"
    """
    return on_one_line(text)


def upper(text: Text) -> Text:
    """The text in capitals.

    upper('nl') -> "NL"
    """
    return text.upper()


def lower(text: Text) -> Text:
    """The text in small letters.

    lower('NL') -> "nl"
    """
    return text.lower()


def capitalize(text: Text) -> Text:
    """The first letter as a capital, the rest as it is.

    capitalize('jan de Vries') -> "Jan de Vries"
    """
    return text[:1].upper() + text[1:]


def title(text: Text) -> Text:
    """Every word with a capital.

    title('den haag') -> "Den Haag"
    """
    return " ".join(word[:1].upper() + word[1:].lower() for word in text.split(" "))


def replace(run: Run, text: Text, old: Text, new: Text = "") -> Text:
    """Every ``old`` in the text becomes ``new``; an empty ``old`` changes nothing.

    replace('06-12 34', '-', ' ') -> "06 12 34"
    replace('a.b.c', '.') -> "abc"
    """
    if not old:
        return text
    run.grow(max(0, len(text) + text.count(old) * (len(new) - len(old))))
    return text.replace(old, new)


def regex_replace(run: Run, text: Text, pattern: Pattern, new: Text = "") -> Text:
    """Every match of the pattern becomes ``new``; ``\\1`` stands for the first group.

    regex_replace('1234ab', '([0-9]{4})([a-z]{2})', '\\1 \\2') -> "1234 ab"
    """
    return pattern.replaced(run, text, new)  # type: ignore[attr-defined, no-any-return]


def extract(run: Run, text: Text, pattern: Pattern) -> Text | None:
    """What the pattern's first group finds, or its whole match when it has no group; nothing when it is not there.

    extract('Order 1234 of May', 'Order ([0-9]+)') -> "1234"
    """
    return pattern.extracted(run, text)  # type: ignore[attr-defined, no-any-return]


def matches(run: Run, text: Text, pattern: Pattern) -> Flag:
    """Whether the pattern is found anywhere in the text; ``^`` and ``$`` tie it to the ends.

    matches('1234 AB', '^[0-9]{4} ?[A-Z]{2}$') -> true
    """
    return pattern.found(run, text)  # type: ignore[attr-defined, no-any-return]


def substring(text: Text, start: Whole, length: Whole | None = None) -> Text:
    """A piece of the text, counted from 0; a negative start counts from the end.

    substring('Amsterdam', `0`, `5`) -> "Amste"
    substring('Amsterdam', `-3`) -> "dam"
    """
    begin = max(0, len(text) + start) if start < 0 else start
    return text[begin:] if length is None else text[begin : begin + max(0, length)]


def cut(text: Text, limit: Whole) -> Text:
    """What fits so many bytes of UTF-8, never half a character: Mailchimp cuts texts at 255 bytes.

    cut('café', `4`) -> "caf"
    """
    return cut_bytes(text, limit)


def pad_left(run: Run, text: Text, width: Whole, fill: Text = " ") -> Text:
    """The text made so many characters wide by filling up in front.

    pad_left('42', `6`, '0') -> "000042"
    """
    return _filling(run, text, width, fill) + text


def pad_right(run: Run, text: Text, width: Whole, fill: Text = " ") -> Text:
    """The text made so many characters wide by filling up behind.

    pad_right('42', `4`, '.') -> "42.."
    """
    return text + _filling(run, text, width, fill)


def concat(run: Run, *parts: Any) -> Text | None:
    """The texts that are there, one behind the other; nothing when none is there.

    concat('NL', `1234`, null()) -> "NL1234"
    concat(null(), null()) -> null
    """
    texts = [
        text
        for part in parts
        if (text := part if part.__class__ is str else coerced("text", part, "concat")) is not None
    ]
    run.grow(sum(map(len, texts)))
    return "".join(texts) if texts else None


def join(run: Run, separator: Text, items: Items) -> Text:
    """The elements of a list as one text with a separator in between; what is nothing or empty is left out.

    join(', ', ['Jan', null(), 'Piet']) -> "Jan, Piet"
    """
    run.pay(len(items))
    texts = [text for item in items if (text := coerced("text", item, "join"))]
    run.grow(sum(map(len, texts)) + len(separator) * max(0, len(texts) - 1))
    return separator.join(texts)


def split(run: Run, text: Text, separator: Text = ",") -> Items:
    """The pieces between separators, without spaces at their ends; no empty pieces.

    split('a, b,,c') -> ["a", "b", "c"]
    """
    if not separator:
        return [text]
    run.pay(text.count(separator) + 1)
    return [piece for part in text.split(separator) if (piece := part.strip())]


def as_text(value: Any) -> Text | None:
    """A number, a date, yes or no as text: 12.50 stays 12.50. Lists and objects have none (see to_json).

    as_text(`12.5`) -> "12.5"
    as_text(`true`) -> "true"
    """
    return text_of(value)


def texts(run: Run, items: Items) -> Items:
    """Every element of a list as text; what has none is left out.

    texts([`3`, null(), 'x']) -> ["3", "x"]
    """
    run.pay(len(items))
    return [text for item in items if (text := text_of(item)) is not None]


def starts_with(text: Text, beginning: Text) -> Flag:
    """Whether the text starts so.

    starts_with('Amsterdam', 'Amst') -> true
    """
    return text.startswith(beginning)


def ends_with(text: Text, ending: Text) -> Flag:
    """Whether the text ends so.

    ends_with('info@voorbeeld.nl', '.nl') -> true
    """
    return text.endswith(ending)


def before(text: Text, mark: Text) -> Text:
    """What stands before the first mark; all of it when the mark is not there.

    before('12-3', '-') -> "12"
    """
    return text.partition(mark)[0] if mark else text


def after(text: Text, mark: Text) -> Text:
    """What stands after the first mark; an empty text when the mark is not there.

    after('12-3', '-') -> "3"
    """
    return text.partition(mark)[2] if mark else ""


def html_text(run: Run, html: Text) -> Text:
    """The readable text of an HTML fragment; paragraphs and breaks become lines, scripts vanish.

    html_text('<p>Warm &amp; dry</p>') -> "Warm & dry"
    """
    run.pay(len(html) >> 4)
    return text_of_html(html)


def hash_(text: Text, method: Text = "sha256") -> Text | None:
    """The fingerprint of a text in hexadecimal: ``sha256``, ``sha1`` or ``md5``. Not a way to keep a secret.

    hash('jan@voorbeeld.nl', 'md5') -> "3532c1e59a7931de32fae1b259484d15"
    """
    if method not in ("sha256", "sha1", "md5"):
        return None
    return hashlib.new(method, text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _filling(run: Run, text: Text, width: Whole, fill: Text) -> str:
    lacking = width - len(text)
    if lacking <= 0 or not fill:
        return ""
    run.grow(min(width, MAX_TEXT + 1))
    return (fill * (lacking // len(fill) + 1))[:lacking]
