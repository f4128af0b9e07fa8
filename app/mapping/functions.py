"""The function library, in one list: what expressions can call, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.mapping.library import choices, dates, lists, numbers, people, texts
from app.mapping.library.entry import Function, described

_READERS = frozenset(
    (
        numbers.number,
        dates.date_,
        dates.iso_date,
        dates.moment,
        dates.birthday,
        people.phone,
        people.gtin_,
        people.email,
        people.country_code,
    )
)

_GROUPS = {
    "Text": (
        texts.trim, texts.one_line, texts.upper, texts.lower, texts.capitalize, texts.title, texts.replace,
        texts.regex_replace, texts.extract, texts.matches, texts.substring, texts.cut, texts.as_text, texts.texts,
        texts.pad_left, texts.pad_right, texts.concat, texts.join, texts.split, texts.starts_with, texts.ends_with,
        texts.before, texts.after, texts.html_text, texts.hash_,
    ),
    "Numbers": (
        numbers.number, numbers.whole, numbers.round_, numbers.floor, numbers.ceil, numbers.abs_, numbers.add,
        numbers.subtract, numbers.multiply, numbers.divide, numbers.modulo, numbers.add_percent, numbers.incl_vat,
        numbers.excl_vat, numbers.from_cents, numbers.to_cents, numbers.format_number, numbers.sum_, numbers.avg,
        numbers.min_, numbers.max_,
    ),
    "Dates": (
        dates.date_, dates.iso_date, dates.moment, dates.add_days, dates.days_between, dates.birthday,
    ),
    "People and places": (
        people.email, people.email_problem, people.first_name, people.last_name, people.full_name, people.street, people.house_number,
        people.house_addition, people.street_layout, people.street_line, people.country_code, people.country_name, people.phone, people.gtin_,
        people.gtin_valid,
    ),
    "Lists and objects": (
        lists.length, lists.contains, lists.first, lists.last, lists.sort, lists.sort_by, lists.min_by, lists.max_by,
        lists.map_, lists.reverse, lists.unique, lists.keys, lists.values, lists.merge, lists.to_array, lists.type_,
    ),
    "Choices": (
        choices.coalesce, choices.not_null, choices.default, choices.if_, choices.empty, choices.null,
        choices.lookup, choices.setting, choices.to_json,
    ),
}  # fmt: skip

# JMESPath's own names for what the library calls differently.
_ALIASES = {"to_number": numbers.number, "to_string": texts.as_text}

LIBRARY: Mapping[str, Function] = MappingProxyType(
    {
        entry.name: entry
        for group, calls in _GROUPS.items()
        for entry in (described(call, group=group, reads=call in _READERS) for call in calls)
    }
    | {
        name: described(call, group="JMESPath's own names", name=name, reads=call in _READERS)
        for name, call in _ALIASES.items()
    }
)


def catalogue() -> tuple[Function, ...]:
    """All functions in the order an editor shows them: by group, then as listed."""
    return tuple(LIBRARY.values())
