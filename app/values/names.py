"""Person names: the till has one text, Mailchimp a first and a last name (features C-15).

Dutch, Belgian and German names carry particles (``van den Berg``, ``De Smet``, ``von der Leyen``) that belong to the
family name. The rule is caution: what is not plainly a person's name, or could be cut in two places, stays whole as
the first name, so that a greeting never reads ``Dear Bakkerij``. Nothing is ever lost: :func:`join_name` puts back
together what :func:`split_name` took apart, and finds a spelling that will be taken apart in the same place again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.values.text import one_line


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that begin a family name. Sorted by language; "d'" and "'t" are joined to their word or stand alone.
_PARTICLES = _words(
    "van de den der het 't ten ter te in op aan bij tot uit uijt voor over onder d' "  # Dutch
    "du des le la l' dela della di da dos do del los las "  # Belgian French and common Romance ones
    "von vom zu zum zur am im auf dem "  # German
    "vanden vander vande"
)
# Those that may stand first in a family name. "in" and "op" alone follow ("op den Akker") and count as well.
_CAPITAL_FIRST = re.compile(r"^(?:Van|De|Den|Der|Vanden|Vander|Vande|Du|Le|La|Von|Ter|Ten|Te|'t|Op|In)$")

_TITLES = _words(
    "dhr mevr mw mevrouw meneer heer hr fr frau herr mr mrs ms dr drs ir ing prof ds pastor jhr jkvr mme mlle dipl"
)
_COMPANY = _words(
    "bv b.v nv n.v vof v.o.f cv c.v bvba sprl srl sa s.a gmbh ag kg ohg gbr ug ek e.k ltd limited llc inc plc sarl "
    "stichting vereniging stg holding groep group bank beheer winkel bakkerij slagerij restaurant hotel cafe café "
    "garage school gemeente firma fa bedrijf company club team kantoor praktijk salon maatschap cooperatie coöperatie "
    "ohne e.v ev asbl vzw vzw. mbh co"
)
_HOUSEHOLD = _words("en & und et and + / fam familie family famille e/o c/o t.a.v tav attn")
_INITIALS = re.compile(r"(?:[^\W\d_]{1,3}\.-?){1,8}|[A-Z]{1,2}", re.UNICODE)
_HYPHEN_PARTICLE = re.compile(r"-(?:van|de|den|der|ter|ten|te|von|zu)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name in two parts; either may be empty. ``first`` alone may hold the whole name."""

    first: str = ""
    last: str = ""


def split_name(value: Any, *, company: bool = False) -> PersonName:
    """First and last name of one text.

    >>> split_name("Jan van den Berg")
    PersonName(first='Jan', last='van den Berg')
    >>> split_name("Berg, J. van den")
    PersonName(first='J.', last='van den Berg')
    >>> split_name("Bakkerij Jansen B.V.")
    PersonName(first='Bakkerij Jansen B.V.', last='')
    """
    return _split(one_line(value), company) if isinstance(value, str) else PersonName()


@lru_cache(maxsize=32)  # the rows of one record ask for the first name, then for the last
def _split(text: str, company: bool) -> PersonName:
    words = text.split(" ")
    whole = PersonName(first=text)
    if company or not text or len(words) > 12 or len(text) > 200 or not _is_a_person(words):
        return whole
    if "," in text:
        return _surname_first(text) or whole
    return _in_order(words) or whole


def join_name(first: Any, last: Any) -> str:
    """One text for both parts that :func:`split_name` takes apart in the same place again.

    ``Jan`` and ``de Vries`` is ``Jan de Vries``. Where that would be cut elsewhere, the surname goes in front with a
    comma: ``Maria`` and ``García López`` is ``García López, Maria``.
    """
    name = PersonName(
        one_line(first) if isinstance(first, str) else "", one_line(last) if isinstance(last, str) else ""
    )
    plain = f"{name.first} {name.last}".strip()
    if not name.first or not name.last or split_name(plain) == name:
        return plain
    turned = f"{name.last}, {name.first}"
    return turned if split_name(turned) == name else plain


def _is_a_person(words: list[str]) -> bool:
    folded = [word.casefold().strip(".,()") for word in words]
    return not (
        any(word in _COMPANY or word in _HOUSEHOLD for word in folded)
        or any(letter.isdigit() or letter in "&@+/()" for word in words for letter in word)
    )


def _surname_first(text: str) -> PersonName | None:
    """``Berg, J. van den``: particles at the end belong in front of the surname."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(parts):
        return None
    surname, given = parts[0].split(" "), parts[1].split(" ")
    at = len(given)
    while at > 0 and _particle(given[at - 1]):
        at -= 1
    first, last = " ".join(given[:at]), " ".join(given[at:] + surname)
    if not first and not _particle(given[0]):
        return None
    return PersonName(first, last)


def _in_order(words: list[str]) -> PersonName | None:
    titles = 0
    while titles < len(words) - 1 and words[titles].casefold().strip(".") in _TITLES:
        titles += 1
    start = next((at for at in range(titles, len(words) - 1) if _begins_surname(words, at, titles)), None)
    if start is None:
        return _last_word(words, titles)
    if start == titles:  # no given name at all
        rest = [word for word in words[start:] if not _particle(word)]
        lower = words[start][:1].islower() or words[start].startswith("'")
        if titles or not lower or len(rest) != 1:
            return None
        return PersonName("", " ".join(words))
    return PersonName(" ".join(words[:start]), " ".join(words[start:]))


def _begins_surname(words: list[str], at: int, titles: int) -> bool:
    if _particle(words[at]):
        return words[at].islower() or at > titles or _CAPITAL_FIRST.match(words[at]) is not None
    return at > titles and _HYPHEN_PARTICLE.search(words[at]) is not None


def _last_word(words: list[str], titles: int) -> PersonName | None:
    """Without a particle only two words, or initials before the last one, leave no doubt."""
    given = words[titles:-1]
    if len(given) == 1 or (given and all(_initial(word) for word in given)):
        return PersonName(" ".join(words[:-1]), words[-1])
    return None


def _particle(word: str) -> bool:
    return word.casefold().replace("’", "'") in _PARTICLES


def _initial(word: str) -> bool:
    return _INITIALS.fullmatch(word) is not None
