"""Relations of the till: what a raw one says, and which calls bring one about (mplus.md §4.6).

A relation is one flat record: one name, street and number in one text, a country as somebody typed it, and nothing
about mailings. Reading only decodes; splitting is done by the rows, which a merchant may change. Writing sends what
differs and nothing else, because fields that are left out stay as they are. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from app.connectors.base import Change, Document, Existing, Intent, Leave, Steps
from app.connectors.mplus import codec
from app.connectors.mplus import fields as cards
from app.connectors.mplus.shelf import Shelf

KIND = "customer"


def read(relation: Mapping[str, Any]) -> Document:
    """The relation in the till's words, its contacts likewise; custom fields by name, empty texts left out."""
    document = cards.filled(relation, but=("customFieldList", "contactList"))
    document["customFields"] = cards.custom_fields(relation.get("customFieldList", ()))
    document["contactList"] = [read(contact) for contact in relation.get("contactList", ())]
    return document


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
    """One relation to be written. ``fields`` are the till's names, custom fields by name under ``customFields``."""

    fields: Document

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
    """``updateRelation`` with only these fields."""

    action: ClassVar[str] = "update_relation"
    number: int


def steps(intent: Intent, existing: Existing | None) -> Steps:
    """The call that brings one relation about. ``intent.natural`` is its e-mail address."""
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
        if not intent.create:
            return Leave(
                "not_created", "The person is not in the till, and this flow may not make a relation."
            )
        fields = {name: value for name, value in intent.document.items() if value not in (None, "", {})}
        return (CreateRelation(fields={"extRelationId": external_id(intent.key), **fields}),)
    if not intent.update:
        return ()
    fields = differences(intent.document, existing.document)
    return (UpdateRelation(number=int(existing.remote_id), fields=fields),) if fields else ()


def external_id(key: str) -> str:
    """Our own mark on a relation that we made: how an older till finds it again after a lost answer."""
    return f"t2a-{key[:40]}"


def differences(wanted: Document, present: Document) -> Document:
    """The fields to send. An empty text empties a field that is filled, None says nothing about it.

    Custom fields go together or not at all.
    """
    fields: Document = {}
    for name, value in wanted.items():
        if value is None or (value == "" and _KINDS.get(name) not in _CAN_BE_EMPTY):
            continue
        if name == "customFields":
            held = present.get(name, {})
            if any(each is not None and not same(each, held.get(field)) for field, each in value.items()):
                # Whether a list with some fields leaves the others alone is not said: all of them are sent.
                fields[name] = held | {field: each for field, each in value.items() if each is not None}
        elif not same(value, present.get(name)):
            fields[name] = value
    return fields


def same(wanted: Any, present: Any) -> bool:
    """Whether the till already says this: nothing, an empty text and an empty list are one."""
    if wanted in (None, "", []) or present in (None, "", []):
        return wanted in (None, "", []) and present in (None, "", [])
    if isinstance(wanted, str) and isinstance(present, str):
        return wanted.strip() == present.strip()
    return bool(wanted == present)


def existing_relation(document: Document) -> Existing:
    """A relation as the till has it now."""
    active = document.get("active", True)
    return Existing(
        remote_id=str(document.get("relationNumber", "")),
        state="present" if active else "archived",
        document=document,
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
