"""Into which of its fields the till keeps what is said of a person in general: one name, one number, one consent. Pure.

Rows that write ``personName`` and ``phoneNumber`` mean what one would read there: the contact of a company, the mobile
number before the other. Which field that is depends on the relation as it stands, so that what was read is written back to
where it was read from, and nothing moves (features T9).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.connectors.base import Document, Intent
from app.connectors.mplus import fields as cards
from app.values import phones

GENERAL = frozenset({"personName", "phoneNumber"})
"""What rows may write and no relation has under that name."""
CAN_BE_EMPTIED = frozenset({"phoneNumber", "address", "zipcode", "city", "country"})
"""What follows its source when that says nothing any more. A name stays, and so does a company."""


def phone_number(relation: Document) -> str | None:
    """The number by which one would reach somebody."""
    return relation.get("mobile") or relation.get("telephone")


def placed(wanted: Document, held: Document | None) -> Document:
    """The wanted document with general values in the fields of this relation; ``held`` is None for a new one.

    A name that a relation has is never replaced by its company's, nor by its own address: the till's people chose it.
    """
    document = {name: value for name, value in wanted.items() if name not in GENERAL}
    person, company = wanted.get("personName"), wanted.get("companyName")
    number = wanted.get("phoneNumber")
    if number is not None:
        document[_number_field(number, held or {})] = number
    if held is None:
        document["name"] = wanted.get("name") or company or person or wanted.get("email")
        if company and person and person != company:
            document["contact"] = person
    elif person:
        document["contact" if company or held.get("companyName") else "name"] = person
    return document


def categorised(wanted: Document, held: Document | None) -> Document:
    """``categories``, numbers with yes or no, as the whole list that the till takes: those that nobody spoke of stay."""
    wishes = wanted.get("categories")
    document = {name: value for name, value in wanted.items() if name != "categories"}
    if not isinstance(wishes, Mapping):
        return document
    present = [str(number) for number in (held or {}).get("categoryIds", ())]
    kept = [number for number in present if wishes.get(number) is not False]
    added = sorted((number for number, on in wishes.items() if on and number not in present), key=int)
    if [*kept, *added] == present:
        return document
    return document | {"categoryIds": [int(number) for number in (*kept, *added)]}


def _number_field(number: str, held: Document) -> str:
    for name in ("mobile", "telephone"):
        if held.get(name):
            return name
    return "mobile" if phones.is_mobile(number) else "telephone"


def emptied(names: frozenset[str], held: Document) -> Document:
    """Empty texts for these fields, as far as the relation holds something there."""
    return {name: "" for name in names & CAN_BE_EMPTIED if held.get(name)}


def consent(intent: Intent, held: Mapping[str, Any]) -> Document:
    """The custom fields that record a consent or a withdrawal, with its day; empty where the till says so already.

    A recorded no is not undone by a first look at somebody: only by news that he said yes since.
    """
    options = intent.options
    said, name = options.get("consent"), options.get("consent_field")
    if not said or not name:
        return {}
    present = held.get(name)
    is_yes = cards.yes_or_no(present) if isinstance(present, str) else present
    if isinstance(is_yes, bool) and is_yes == (said == "yes"):
        return {}
    if said == "yes" and present is not None and not options.get("consent_is_news"):
        return {}
    written: Document = {name: options.get("consent_yes_word" if said == "yes" else "consent_no_word", said)}
    day, since = options.get("consent_day"), options.get("consent_time_field")
    return written | {since: day} if day and since else written
