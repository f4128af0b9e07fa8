"""Functions on people and places: names, addresses, e-mail, phones, countries, and the codes of articles."""

from __future__ import annotations

from typing import Any

from app.mapping.library.entry import Flag, Text
from app.values import addresses, countries, gtin, names, phones
from app.values.email import normalise_email


def email(value: Any) -> Text | None:
    """The one spelling of an e-mail address; nothing when it is none.

    email(' Jan@Voorbeeld.NL ') -> "jan@voorbeeld.nl"
    """
    return normalise_email(value)


def email_problem(value: Any) -> Text | None:
    """What is wrong with an e-mail address: ``missing`` or ``invalid``; nothing for one that can be used.

    email_problem('geen') -> "invalid"
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return "missing"
    return None if normalise_email(value) else "invalid"


def first_name(name: Text, company: Flag = False) -> Text | None:
    """The first name in a whole name. In doubt, and for companies, the whole name.

    first_name('Berg, J. van den') -> "J."
    """
    return names.split_name(name, company=company).first or None


def last_name(name: Text, company: Flag = False) -> Text | None:
    """The family name in a whole name, with its particles. In doubt, and for companies, nothing.

    last_name('Berg, J. van den') -> "van den Berg"
    """
    return names.split_name(name, company=company).last or None


def full_name(first: Text | None, last: Text | None) -> Text | None:
    """First and family name as one text that can be taken apart again.

    full_name('Jan', 'de Vries') -> "Jan de Vries"
    """
    return names.join_name(first, last) or None


def street(line: Text, country: Text = "NL") -> Text | None:
    """The street of an address line; the whole line when it holds no plain house number.

    street('Kerkstraat 12a') -> "Kerkstraat"
    """
    return _parts(line, country).street or None


def house_number(line: Text, country: Text = "NL") -> Text | None:
    """The house number of an address line, without its addition.

    house_number('12 bis rue de la Paix', 'France') -> "12"
    """
    return _parts(line, country).number or None


def house_addition(line: Text, country: Text = "NL") -> Text | None:
    """What follows the house number of an address line.

    house_addition('Kerkstraat 12-3') -> "3"
    """
    return _parts(line, country).addition or None


def street_layout(line: Text, country: Text = "NL") -> Text | None:
    """How an address line is written, where that is not the country's usual form: ``street_line`` writes it so again.

    street_layout('Kerkstraat 12a') -> "{street} {number}{addition}"
    """
    return _parts(line, country).layout or None


def street_line(
    street: Text | None,
    number: Text | None = None,
    addition: Text | None = None,
    country: Text = "NL",
    layout: Text | None = None,
) -> Text | None:
    """Street, house number and addition as one line, in a layout or in the country's order.

    street_line('Kerkstraat', '12', 'a') -> "Kerkstraat 12 a"
    street_line('rue de la Paix', '12', 'bis', 'FR') -> "12 bis rue de la Paix"
    """
    code = countries.country_code(country, "NL")
    return addresses.join_street(street, number, addition, layout=layout or "", country=code) or None


def country_code(value: Any, otherwise: Text | None = None) -> Text | None:
    """The two-letter code of a country by its name in Dutch, English, German, French and more.

    country_code('The Netherlands') -> "NL"
    country_code('Atlantis', 'NL') -> "NL"
    """
    return countries.country_code(value, otherwise)


def country_name(code: Text, language: Text = "en") -> Text | None:
    """A country's name in a language.

    country_name('BE', 'nl') -> "België"
    """
    return countries.country_name(code, language)


def phone(value: Text, country: Text = "NL") -> Text | None:
    """A phone number in international form; nothing when no phone can have it.

    phone('06 12 34 56 78') -> "+31612345678"
    """
    return phones.phone_e164(value, countries.country_code(country, "NL") or "NL")


def gtin_(value: Any) -> Text | None:
    """The digits of an EAN or UPC as text, leading zeros kept; nothing when it has another length.

    gtin('8 712345 678906') -> "8712345678906"
    """
    return gtin.gtin_digits(value)


def gtin_valid(value: Any) -> Flag:
    """Whether an EAN's or UPC's check digit fits.

    gtin_valid('8712345678905') -> false
    """
    return gtin.gtin_is_valid(value)


def _parts(line: str, country: str) -> addresses.StreetLine:
    return addresses.split_street(line, countries.country_code(country, "NL"))
