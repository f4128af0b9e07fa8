"""Street lines: one text in the till, street, house number and addition elsewhere (features O25).

Most of Europe writes ``Kerkstraat 12 a``, France, Luxembourg, Britain and Ireland ``12 bis rue de la Paix``. A line
that does not plainly hold one number stays whole as the street: a letter that arrives beats a field that is filled.
Nothing is lost: the layout remembers what stood between the parts, so joining gives the text back, its runs of
white space aside; without a layout the country's usual form is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.values.text import one_line

NUMBER_FIRST = frozenset(("FR", "LU", "MC", "GB", "IE", "US", "CA", "AU", "NZ"))

# The usual form per side; a layout is only kept where a line differs from it.
_USUAL = "{street} {number} {addition}"
_USUAL_FIRST = "{number} {addition} {street}"

_UNIT = r"(?:bus|bte|boîte|boite|app\.?|apt\.?|appartement|verd\.?|etage|haus|hs|huis|rd|rood|zw|zwart|wit|kelder)"
_LETTERED = r"[A-Za-z]{1,4}(?:[ /-]?\d{1,5})?"  # a, A-3, bis, III
_ADDITION = rf"(?:{_LETTERED}|\d{{1,5}}[A-Za-z]|{_UNIT}[ .]?[A-Za-z0-9-]{{0,8}})"

# The street holds a letter and is as short as it can be. A bare number after a space is no addition but the house
# number after a year ("Plein 1944 3"); after a dash, slash or comma it is one ("Kerkstraat 12-3").
_AFTER = re.compile(
    r"(?P<street>\d{0,4}[^\W\d_][^\n]{0,150}?|\d{1,4}[^\w\n][^\n]{0,150}?|[^\w\n][^\n]{0,150}?)"
    r"(?P<gap>,? (?:nr\.? |no\.? |n° ?)?)(?P<number>\d{1,5})"
    rf"(?:(?P<sep> ?[-–/,] ?)(?P<after>{_ADDITION}|\d{{1,5}})|(?P<space> ?)(?P<addition>{_ADDITION}))?",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?P<number>\d{1,5})"
    r"(?:(?P<sep> ?[-–/] ?)(?P<after>[A-Za-z]|\d{1,5}[A-Za-z]?)|(?P<space> ?)(?P<addition>bis|ter|quater|[A-Za-z]))?"
    r"(?P<gap>,? )(?P<street>[^\n]*[^\W\d_][^\n]*)",
    re.IGNORECASE,
)
_USUAL_ORDER = ((_AFTER, False), (_BEFORE, True))
_FIRST_ORDER = ((_BEFORE, True), (_AFTER, False))
_HOLES = re.compile(r"\{(street|number|addition)\}")


@dataclass(frozen=True, slots=True)
class StreetLine:
    """A street line in parts. ``layout`` is empty where the line was in the country's usual form."""

    street: str = ""
    number: str = ""
    addition: str = ""
    layout: str = ""


def split_street(value: Any, country: str | None = "NL") -> StreetLine:
    """Street, house number and addition of one line.

    >>> split_street("Kerkstraat 12a")
    StreetLine(street='Kerkstraat', number='12', addition='a', layout='{street} {number}{addition}')
    >>> split_street("12 bis rue de la Paix", "FR")
    StreetLine(street='rue de la Paix', number='12', addition='bis', layout='')
    """
    return _split(one_line(value), country) if isinstance(value, str) else StreetLine()


@lru_cache(maxsize=32)  # the rows of one record ask for street, number and addition in turn
def _split(text: str, country: str | None) -> StreetLine:
    number_first = country in NUMBER_FIRST
    whole = StreetLine(street=text)
    if not text or len(text) > 200 or "{" in text or "}" in text:
        return whole
    # a French line in a Dutch shop ("12, rue Haute" in Brussels) is still number first, and the other way round
    for pattern, first in _FIRST_ORDER if number_first else _USUAL_ORDER:
        found = pattern.fullmatch(text)
        if found is not None:
            line = _in_parts(found, first=first, usual_first=number_first)
            if _joined(line, country) == text and any(letter.isalpha() for letter in line.street):
                return line
    return whole


def join_street(
    street: Any, number: Any = "", addition: Any = "", *, layout: str = "", country: str | None = "NL"
) -> str:
    """One line of its parts, in ``layout`` or in the country's usual form. Parts that are empty leave no gap."""
    parts = {
        name: one_line(part)
        if isinstance(part, str)
        else ("" if part is None or isinstance(part, bool) else str(part))
        for name, part in (("street", street), ("number", number), ("addition", addition))
    }
    form = layout or (_USUAL_FIRST if country in NUMBER_FIRST else _USUAL)
    if not parts["number"]:
        form = "{street} {addition}"
    return one_line(_HOLES.sub(lambda hole: parts[hole[1]], form))


def _joined(line: StreetLine, country: str | None) -> str:
    return join_street(line.street, line.number, line.addition, layout=line.layout, country=country)


def _in_parts(found: re.Match[str], *, first: bool, usual_first: bool) -> StreetLine:
    addition = found["after"] or found["addition"] or ""
    between = (found["sep"] or found["space"] or "") if addition else ""
    tail = f"{{number}}{between}{{addition}}" if addition else "{number}"
    layout = f"{tail}{found['gap']}{{street}}" if first else f"{{street}}{found['gap']}{tail}"
    usual = _USUAL_FIRST if usual_first else _USUAL
    if layout in (usual, usual.replace(" {addition}", "")):
        layout = ""
    return StreetLine(found["street"], found["number"], addition, layout)
