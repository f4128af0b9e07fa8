"""Relations of the till: what a raw one says, and which calls bring one about (mplus.md §4.6).

A relation is one flat record: one name, street and number in one text, a country as somebody typed it, and nothing
about mailings. Reading only decodes; splitting is done by the rows, which a merchant may change. Writing sends what
differs and nothing else, because fields that are left out stay as they are. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import Field

from app.connectors.base import Change, Document, Existing, Intent, Leave, Steps
from app.connectors.mplus import codec, placing
from app.connectors.mplus import fields as cards
from app.connectors.mplus.shelf import Shelf
from app.values import addresses, countries, names, phones, text
from app.values.dates import parse_moment
from app.values.email import normalise_email
from app.values.money import to_decimal

KIND = "customer"


def read(relation: Mapping[str, Any]) -> Document:
    """The relation in the till's words, its contacts likewise; custom fields by name, empty texts left out.

    ``personName`` is whom one would address: a company's contact, else the relation itself; ``personIsCompany`` says
    that it is a company's name, which nobody splits. An address that stands in for a name (:mod:`placing`) is none.
    """
    document = cards.filled(relation, but=("customFieldList", "contactList"))
    company = bool(document.get("companyName"))
    person = (document.get("contact") if company else None) or document.get("name")
    if person and _key(person) != _key(document.get("email")):
        document["personName"] = person
        document["personIsCompany"] = company and not document.get("contact")
    document["customFields"] = cards.custom_fields(relation.get("customFieldList", ()))
    document["contactList"] = [read(contact) for contact in relation.get("contactList", ())]
    return document


def _key(text: object) -> str:
    return str(text or "").strip().casefold()


def by_mark(since: int, limit: int) -> Document:
    """Arguments for the relations whose marker is ``since`` or later; the value counts itself (mplus.md §3.1)."""
    return {"request": {"syncMarker": since, "syncMarkerLimit": limit}}


def by_refs(refs: Sequence[str]) -> Document:
    """Arguments for these relations, by number."""
    return {"request": {"relationNumbers": [int(ref) for ref in refs]}}


SHELF = Shelf(
    kind=KIND,
    operation="getRelations",
    path="relationList/relation",
    type="Relation",
    number="relationNumber",
    mark="relationSyncMarker",
    by_mark=by_mark,
    by_refs=by_refs,
    read=read,
)


# --- writing ------------------------------------------------------------------------------------------------------


_KINDS = {field.name: field.kind for field in codec.fields(codec.TYPES["Relation"])}
_CAN_BE_EMPTY = ("string", "day", "moment")


class WriteRelation(Change):
    """One relation to be written. ``fields`` are the till's names, custom fields by name under ``customFields``; ``told`` is the
    consent among them and its field, ``yes Nieuwsbrief``, where one is written."""

    fields: Document
    told: str = Field(default="", exclude=True)

    def summary(self) -> str:
        """Names of fields only."""
        names = [name for name in self.fields if name != "customFields"]
        names += [f"customFields.{name}" for name in self.fields.get("customFields", {})]
        return f"{self.action.replace('_', ' ')}: {', '.join(sorted(names))}"


class CreateRelation(WriteRelation):
    """``createRelation``. The till has no key of ours to refuse a second one by, so it is never repeated blindly."""

    action: ClassVar[str] = "create_relation"
    safe_to_repeat: ClassVar[bool] = False


class UpdateRelation(WriteRelation):
    """``updateRelation`` with only these fields. ``stated`` are the custom fields in which somebody's consent is recorded."""

    action: ClassVar[str] = "update_relation"
    number: int
    stated: frozenset[str] = Field(default=frozenset(), exclude=True)


def steps(intent: Intent, existing: Existing | None) -> Steps:
    """The call that brings one relation about. ``intent.natural`` is its e-mail address."""
    if intent.desired is None and intent.reason == "address_left":
        # Somebody goes by another address now; the relation itself stays what it was.
        return Leave("address_left", "The relation stays as it is.", state="gone")
    if existing is not None and existing.state != "present":
        if intent.desired is None:
            return ()
        return Leave(
            "inactive_in_till", "The relation was made inactive in the till; it stays so.", state="archived"
        )
    if intent.desired is None:
        if existing is None:
            return ()
        return (UpdateRelation(number=int(existing.remote_id), fields={"active": False}),)
    if existing is None:
        if not intent.create and intent.options.get("only") == "subscribers":
            return Leave(
                "not_subscribed",
                "The person is not in the till, and only who is subscribed becomes a relation.",
            )
        if not intent.create:
            return Leave(
                "not_created", "The person is not in the till, and this flow may not make a relation."
            )
        wanted = _wanted(intent, None)
        fields = {name: value for name, value in wanted.items() if value not in (None, "", {})}
        fields = {"extRelationId": external_id(intent.key), **fields}
        return (CreateRelation(fields=fields, told=_told(intent, placing.consent(intent, {}))),)
    if not intent.update:
        return ()
    fields = differences(_wanted(intent, existing.document), existing.document)
    consent = placing.consent(intent, existing.document.get("customFields", {}))
    call = UpdateRelation(
        number=int(existing.remote_id), fields=fields, stated=frozenset(consent), told=_told(intent, consent)
    )
    return (call,) if fields else ()


def _told(intent: Intent, consent: Document) -> str:
    return f"{intent.options['consent']} {intent.options['consent_field']}" if consent else ""


def _wanted(intent: Intent, held: Document | None) -> Document:
    """What is to be said of the relation, in the till's own fields."""
    document = with_options(intent)
    consent = placing.consent(intent, (held or {}).get("customFields", {}))
    if consent:
        document = document | {"customFields": {**document.get("customFields", {}), **consent}}
    if held is not None:
        document = {
            name: value
            for name, value in document.items()
            if name not in placing.GENERAL or not same(name, value, held.get(name))
        } | placing.emptied(intent.emptied, held)
    return placing.placed(placing.categorised(document, held), held)


def with_options(intent: Intent) -> Document:
    """The document with the custom fields that a flow's settings name: ``{"custom:Nieuwsbrief": "yes"}``.

    A consent goes into whatever field the merchant chose, whatever its name.
    """
    named = {
        name.removeprefix("custom:"): value
        for name, value in intent.options.items()
        if name.startswith("custom:")
    }
    if not named:
        return intent.document
    return intent.document | {"customFields": {**intent.document.get("customFields", {}), **named}}


def external_id(key: str) -> str:
    """Our own mark on a relation that we made: how an older till finds it again after a lost answer."""
    return f"t2a-{key[:40]}"


def differences(wanted: Document, present: Document) -> Document:
    """The fields to send. An empty text empties a field that is filled, None says nothing about it.

    Custom fields go together or not at all.
    """
    fields: Document = {}
    country = wanted.get("country") or present.get("country")
    for name, value in wanted.items():
        if value is None or (value == "" and _KINDS.get(name) not in _CAN_BE_EMPTY):
            continue
        if name == "customFields":
            held = present.get(name, {})
            if any(
                each is not None and not same_custom(each, held.get(field)) for field, each in value.items()
            ):
                # Whether a list with some fields leaves the others alone is not said: all of them are sent.
                fields[name] = held | {field: each for field, each in value.items() if each is not None}
        elif not same(name, value, present.get(name), country=country):
            fields[name] = value
    return fields


def same(name: str, wanted: Any, present: Any, *, country: Any = None) -> bool:
    """Whether the till already says this, perhaps in its own spelling.

    Nothing, an empty text and an empty list are one. A name, an address, a phone number or a country in another
    spelling is no change: writing it back would only begin a quarrel about commas (features T9).
    """
    if wanted in (None, "", []) or present in (None, "", []):
        return wanted in (None, "", []) and present in (None, "", [])
    if not isinstance(wanted, str) or not isinstance(present, str):
        return bool(wanted == present)
    if text.one_line(wanted) == text.one_line(present):
        return True
    spelled = _SPELLED.get(name)
    if spelled is None:
        return False
    where = countries.country_code(country, "NL") or "NL"
    meaning = spelled(present, where)
    return meaning is not None and meaning == spelled(wanted, where)


def alike(field: str, wanted: Any, held: Any, document: Document) -> bool | None:
    """The same for a field of ours, general ones, custom fields and single categories (yes or no) included."""
    if field.partition(".")[0] == "categories":
        return None if wanted is None else bool(wanted) is bool(held)
    if field.startswith("customFields."):
        return same_custom(wanted, held)
    return same(field, wanted, held, country=document.get("country"))


def same_custom(wanted: Any, present: Any) -> bool:
    """The same for a custom field, whose type is the till's: yes is true, ``2.50`` is 2.5."""
    if isinstance(present, bool) and isinstance(wanted, str):
        return cards.yes_or_no(wanted) is present
    if isinstance(present, int | Decimal) and not isinstance(present, bool):
        return to_decimal(wanted) == present
    return same("", wanted, present)


_SPELLED: Mapping[str, Callable[[str, str], Any]] = {
    **dict.fromkeys(("name", "contact", "personName"), lambda value, _: _person(value)),
    **dict.fromkeys(("telephone", "mobile", "phoneNumber"), phones.phone_e164),
    **dict.fromkeys(("address", "deliveryAddress"), lambda value, where: _street(value, where)),
    **dict.fromkeys(("country", "deliveryCountry"), lambda value, _: countries.country_code(value)),
    **dict.fromkeys(("zipcode", "deliveryZipcode"), lambda value, _: value.replace(" ", "").upper()),
    "email": lambda value, _: normalise_email(value),
}


_WORDS = re.compile(r"\d+|[^\W\d]+")


def _person(value: str) -> tuple[str, str] | None:
    name = names.split_name(value)
    return (name.first, name.last) if name.last else None


def _street(value: str, where: str) -> tuple[str, ...] | None:
    """The words of an address line, street before number, whatever stands between them."""
    line = addresses.split_street(value, where)
    parts = (line.street, line.number, line.addition) if line.number else (value,)
    return tuple(_WORDS.findall(" ".join(parts).casefold())) or None


def existing_relation(document: Document) -> Existing:
    """A relation as the till has it now."""
    active, number = document.get("active", True), placing.phone_number(document)
    categories = {str(category): True for category in document.get("categoryIds", ())}
    return Existing(
        remote_id=str(document.get("relationNumber", "")),
        state="present" if active else "archived",
        document=document
        | ({"phoneNumber": number} if number else {})
        | ({"categories": categories} if categories else {}),
        changed_at=parse_moment(document.get("changeTimestamp")),
    )


def on_the_wire(fields_by_name: Document, data_types: Mapping[str, str]) -> Document:
    """The fields as the till's type. Custom fields take their type from the till's own list; Malformed where none fits."""
    wire = {name: value for name, value in fields_by_name.items() if name != "customFields"}
    custom = fields_by_name.get("customFields")
    if custom:
        wire["customFieldList"] = [
            cards.as_custom_field(name, value, data_type=data_types.get(name, "DATA-TYPE-STRING"))
            for name, value in custom.items()
            if value is not None
        ]
    return wire
