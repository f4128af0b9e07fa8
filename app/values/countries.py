"""Countries: the till's free text (mplus.md §5, 18) to ISO 3166 alpha-2, which everyone else expects.

Names come from Unicode's own list in the languages a Benelux shop types, plus each country's name in its own
languages; the few spellings that no list holds are below.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

import pycountry
from babel import Locale

_LANGUAGES = ("nl", "en", "de", "fr", "es", "it", "pt", "pl", "da", "sv", "nb", "fi", "cs", "tr")

# What people write and no list of names holds. Keys are folded as in _folded.
_SPOKEN = {
    "holland": "NL",
    "nederlandse": "NL",
    "koninkrijk der nederlanden": "NL",
    "pays bas": "NL",
    "belgie belgique": "BE",
    "vlaanderen": "BE",
    "wallonie": "BE",
    "brd": "DE",
    "bundesrepublik deutschland": "DE",
    "uk": "GB",
    "engeland": "GB",
    "england": "GB",
    "schotland": "GB",
    "scotland": "GB",
    "wales": "GB",
    "noord ierland": "GB",
    "northern ireland": "GB",
    "groot brittannie": "GB",
    "great britain": "GB",
    "grossbritannien": "GB",
    "vk": "GB",
    "usa": "US",
    "verenigde staten van amerika": "US",
    "america": "US",
    "amerika": "US",
    "tsjechische republiek": "CZ",
    "czech republic": "CZ",
    "turkey": "TR",
    "zuid korea": "KR",
    "noord korea": "KP",
    "rusland": "RU",
    "el": "GR",  # the European Union's own code for Greece, as in VAT numbers
}
# What stands for a country in old car stickers and forms, and is not an ISO code of another country.
_STICKERS = {"d": "DE", "b": "BE", "f": "FR", "i": "IT", "e": "ES", "a": "AT", "l": "LU", "nld": "NL"}

_ARTICLES = re.compile(r"^(?:the|de|het|la|le|les|die|el) ")
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")


def country_code(value: Any, default: str | None = None) -> str | None:
    """ISO 3166 alpha-2 for a country's name, code or common spelling; ``default`` when it is empty or unknown.

    >>> [country_code(text) for text in ("Nederland", "The Netherlands", "nl", "België", "DEU", "Atlantis")]
    ['NL', 'NL', 'NL', 'BE', 'DE', None]
    """
    if not isinstance(value, str) or len(value) > 100:
        return default
    if len(value) == 2 and value in _codes():  # by far the most frequent: it is a code already
        return value
    return _code_of_name(value) or default


@lru_cache(maxsize=512)  # a shop's records repeat a handful of spellings
def _code_of_name(value: str) -> str | None:
    folded = _folded(value)
    return _names().get(folded) or _names().get(_ARTICLES.sub("", folded))


def country_name(code: Any, language: str = "en") -> str | None:
    """The country's name in ``nl``, ``en``, ``de`` or ``fr``; None for an unknown code or language."""
    if not isinstance(code, str) or language not in _LANGUAGES:
        return None
    found = country_code(code)
    return None if found is None else _territories(language).get(found)


def alpha_3(code: Any) -> str | None:
    """ISO 3166 alpha-3 for a country's alpha-2 or name: ``BEL`` for ``BE``; None for an unknown one."""
    known = country_code(code)
    found = pycountry.countries.get(alpha_2=known) if known else None
    return None if found is None else str(found.alpha_3)


def is_country_code(value: Any) -> bool:
    """Whether this is an ISO 3166 alpha-2 code, in capitals."""
    return isinstance(value, str) and value in _codes()


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    return frozenset(country.alpha_2 for country in pycountry.countries)


@lru_cache(maxsize=len(_LANGUAGES))
def _territories(language: str) -> dict[str, str]:
    return dict(Locale(language).territories)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Every known spelling, folded. Built once; a name that two countries share in two languages stays with the first."""
    known = {code.lower(): code for code in _codes()} | _STICKERS | _SPOKEN
    for country in pycountry.countries:
        for attribute in ("alpha_3", "name", "official_name", "common_name"):
            name = getattr(country, attribute, None)
            if name:
                known.setdefault(_folded(name), country.alpha_2)
    for language in _LANGUAGES:
        for code, name in _territories(language).items():
            if code in _codes():
                known.setdefault(_folded(name), code)
    return known


def _folded(text: str) -> str:
    """Lower case without accents, dots and dashes: ``Côte d'Ivoire`` is ``cote d ivoire``, ``N.L.`` is ``nl``."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    if re.fullmatch(r"(?:[a-z]\.){2,4}", plain.strip()):
        plain = plain.replace(".", "")
    return _NOT_LETTERS.sub(" ", plain).strip()
