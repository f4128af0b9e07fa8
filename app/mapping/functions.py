"""The function library of mapping expressions: total, bounded, and documented where they stand.

Each function's docstring is its entry in the catalogue; an ``Example`` line shows it. None in means None out unless
the function is there to fill gaps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar, cast

import re2
from jmespath import functions as jmespath_functions

from app.values import addresses, countries, dates, gtin, money, names, phones, text
from app.values.email import normalise_email

MAX_TEXT = 100_000
MAX_PATTERN = 500

ANY: dict[str, Any] = {"types": []}
MANY: dict[str, Any] = {"types": [], "variadic": True}
Method = TypeVar("Method", bound=Callable[..., Any])


def signature(*arguments: dict[str, Any]) -> Callable[[Method], Method]:
    """JMESPath's own decorator, with a type."""
    return cast(Callable[[Method], Method], cast(Any, jmespath_functions).signature(*arguments))


def _text(value: Any) -> str | None:
    return text.as_text(value)


class FunctionLibrary(jmespath_functions.Functions):
    """What an expression can call, beside JMESPath's own."""

    def _convert_to_jmespath_type(self, pyobject: str) -> str:
        # Money is Decimal and times are dates here; JMESPath's own functions shall take them as what they are.
        known = {"Decimal": "number", "date": "string", "datetime": "string"}
        return known.get(pyobject) or str(cast(Any, super())._convert_to_jmespath_type(pyobject))

    # --- texts ----------------------------------------------------------------------------------------------------

    @signature(ANY)
    def _func_trim(self, value: Any) -> str | None:
        """Without white space at the ends. Example: trim(name)"""
        found = _text(value)
        return None if found is None else found.strip()

    @signature(ANY)
    def _func_lower(self, value: Any) -> str | None:
        """In small letters. Example: lower(email)"""
        found = _text(value)
        return None if found is None else found.lower()

    @signature(ANY)
    def _func_upper(self, value: Any) -> str | None:
        """In capitals. Example: upper(zipcode)"""
        found = _text(value)
        return None if found is None else found.upper()

    @signature(ANY, ANY, ANY)
    def _func_replace(self, value: Any, old: Any, new: Any) -> str | None:
        """Every occurrence of a text replaced. Example: replace(zipcode, ' ', '')"""
        found, before, after = _text(value), _text(old), _text(new) or ""
        return found if found is None or not before else found.replace(before, after)[:MAX_TEXT]

    @signature(ANY, ANY, ANY)
    def _func_regex_replace(self, value: Any, pattern: Any, new: Any) -> str | None:
        """Every match of a regular expression (RE2) replaced. Example: regex_replace(phone, '[^0-9]', '')"""
        found, expression = _text(value), _text(pattern)
        if found is None or not expression or len(expression) > MAX_PATTERN:
            return found
        return str(re2.sub(expression, _text(new) or "", found[:MAX_TEXT]))[:MAX_TEXT]

    @signature(ANY, ANY, ANY)
    def _func_substring(self, value: Any, start: Any, length: Any) -> str | None:
        """Part of a text, from a position (0 is the first) on. Example: substring(zipcode, `0`, `4`)"""
        found, first, count = _text(value), money.to_decimal(start), money.to_decimal(length)
        if found is None or first is None or count is None:
            return found
        return found[max(0, int(first)) : max(0, int(first)) + max(0, int(count))]

    @signature(MANY)
    def _func_concat(self, *values: Any) -> str | None:
        """The texts that are there, one behind the other; None when none is there. Example: concat(street, ' ', number)"""
        parts = [part for part in map(_text, values) if part is not None]
        return "".join(parts)[:MAX_TEXT] if parts else None

    @signature(ANY, ANY)
    def _func_split(self, value: Any, separator: Any) -> list[str] | None:
        """A text cut at a separator, empty parts left out. Example: split(tags, ',')"""
        found, at = _text(value), _text(separator)
        if found is None or not at:
            return None
        return [part.strip() for part in found.split(at) if part.strip()]

    @signature(ANY, ANY)
    def _func_cut(self, value: Any, limit: Any) -> str | None:
        """At most so many bytes of UTF-8, never half a character. Example: cut(name, `255`)"""
        found, most = _text(value), money.to_decimal(limit)
        return found if found is None or most is None else text.cut_bytes(found, int(most))

    @signature(ANY)
    def _func_html_text(self, value: Any) -> str | None:
        """Readable text of HTML. Example: html_text(extraText)"""
        found = _text(value)
        return None if found is None else text.html_to_text(found)

    @signature(ANY)
    def _func_as_text(self, value: Any) -> str | None:
        """A number or a yes/no as text. Example: as_text(relationNumber)"""
        return _text(value)

    @signature(ANY)
    def _func_texts(self, value: Any) -> list[str] | None:
        """Every element of a list as text. Example: texts(categoryIds)"""
        if not isinstance(value, list | tuple):
            return None
        return [part for part in map(_text, value) if part is not None]

    @signature(ANY)
    def _func_hash(self, value: Any) -> str | None:
        """SHA-256 of a text, as 64 hex digits. Example: hash(cardNumber)"""
        found = _text(value)
        return None if found is None else hashlib.sha256(found.encode()).hexdigest()

    # --- gaps and choices -----------------------------------------------------------------------------------------

    @signature(MANY)
    def _func_coalesce(self, *values: Any) -> Any:
        """The first value that is not empty. Example: coalesce(mobile, telephone)"""
        return next((value for value in values if value not in (None, "", [], {})), None)

    @signature(ANY, ANY, ANY)
    def _func_if(self, condition: Any, yes: Any, no: Any) -> Any:
        """One of two values. Example: if(active, 'yes', 'no')"""
        return yes if condition not in (None, False, "", [], {}) else no

    # --- numbers and money ----------------------------------------------------------------------------------------

    @signature(ANY)
    def _func_number(self, value: Any) -> Decimal | None:
        """A number of a text. Example: number('12,50')"""
        return money.to_decimal(value)

    @signature(ANY, ANY)
    def _func_round(self, value: Any, places: Any) -> Decimal | None:
        """Rounded half up. Example: round(price, `2`)"""
        found, digits = money.to_decimal(value), money.to_decimal(places)
        return None if found is None or digits is None else money.half_up(found, max(0, min(12, int(digits))))

    @signature(ANY, ANY)
    def _func_add_percent(self, value: Any, percent: Any) -> Decimal | None:
        """So many per cent more (or less), not rounded. Example: add_percent(price, `10`)"""
        found, share = money.to_decimal(value), money.to_decimal(percent)
        return None if found is None or share is None else found * (1 + share / 100)

    # --- dates ----------------------------------------------------------------------------------------------------

    @signature(ANY, ANY)
    def _func_date(self, value: Any, form: Any) -> str | None:
        """A day in another form: %Y year, %m month, %d day. Example: date(birthDate, '%m/%d')"""
        day, pattern = dates.parse_date(value), _text(form)
        return None if day is None or not pattern or len(pattern) > 40 else day.strftime(pattern)

    @signature(ANY)
    def _func_iso_date(self, value: Any) -> str | None:
        """A day as 2026-12-31. Example: iso_date(birthDate)"""
        day = dates.parse_date(value)
        return None if day is None else dates.iso(day)

    @signature(ANY)
    def _func_moment(self, value: Any) -> str | None:
        """A time as ISO 8601 in UTC; without an offset it is Dutch wall clock. Example: moment(changeTimestamp)"""
        found = dates.parse_moment(value)
        return None if found is None else dates.iso(found)

    # --- people and places ----------------------------------------------------------------------------------------

    @signature(ANY)
    def _func_email(self, value: Any) -> str | None:
        """The address in its one spelling, or None when mail cannot reach it. Example: email(email)"""
        return normalise_email(value)

    @signature(ANY)
    def _func_email_problem(self, value: Any) -> str | None:
        """'missing', 'invalid', or None for an address that can be used. Example: email_problem(email)"""
        found = _text(value)
        if found is None or not found.strip():
            return "missing"
        return None if normalise_email(found) else "invalid"

    @signature(ANY, ANY)
    def _func_first_name(self, value: Any, company: Any) -> str | None:
        """First name of a whole name; a company's name is never split. Example: first_name(name, companyName)"""
        return names.split_name(value, company=bool(company)).first or None

    @signature(ANY, ANY)
    def _func_last_name(self, value: Any, company: Any) -> str | None:
        """Last name with its particles, or None. Example: last_name(name, companyName)"""
        return names.split_name(value, company=bool(company)).last or None

    @signature(ANY, ANY)
    def _func_full_name(self, first: Any, last: Any) -> str | None:
        """Both names as one text that splits the same way again. Example: full_name(FNAME, LNAME)"""
        return names.join_name(first, last) or None

    @signature(ANY, ANY)
    def _func_street(self, value: Any, country: Any) -> str | None:
        """The street of one address line. Example: street(address, country)"""
        return addresses.split_street(value, countries.country_code(country, "NL")).street or None

    @signature(ANY, ANY)
    def _func_house_number(self, value: Any, country: Any) -> str | None:
        """The house number of one address line. Example: house_number(address, country)"""
        return addresses.split_street(value, countries.country_code(country, "NL")).number or None

    @signature(ANY, ANY)
    def _func_house_addition(self, value: Any, country: Any) -> str | None:
        """What follows the house number. Example: house_addition(address, country)"""
        return addresses.split_street(value, countries.country_code(country, "NL")).addition or None

    @signature(ANY, ANY, ANY, ANY)
    def _func_street_line(self, street: Any, number: Any, addition: Any, country: Any) -> str | None:
        """One address line of its parts, in the country's order. Example: street_line(street, number, addition, 'BE')"""
        line = addresses.join_street(
            _text(street), _text(number), _text(addition), country=countries.country_code(country, "NL")
        )
        return line or None

    @signature(ANY, ANY)
    def _func_country_code(self, value: Any, default: Any) -> str | None:
        """ISO 3166 code of a country as people type it. Example: country_code(country, 'NL')"""
        return countries.country_code(value, _text(default))

    @signature(ANY, ANY)
    def _func_phone(self, value: Any, country: Any) -> str | None:
        """The number as +31612345678, or None when it is none. Example: phone(telephone, country)"""
        return phones.phone_e164(value, countries.country_code(country, "NL") or "NL")

    @signature(ANY)
    def _func_gtin(self, value: Any) -> str | None:
        """The digits of a GTIN, leading zeros kept. Example: gtin(barcode)"""
        return gtin.gtin_digits(value)


def catalogue() -> dict[str, str]:
    """Our functions by name, with their text for people."""
    return {
        name.removeprefix("_func_"): (getattr(FunctionLibrary, name).__doc__ or "").strip()
        for name in vars(FunctionLibrary)
        if name.startswith("_func_")
    }
