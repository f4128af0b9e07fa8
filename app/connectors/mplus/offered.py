"""Which fields the till's records have, for whoever writes mapping rows: paths and kinds, told from the wire's tables.

Custom fields are this till's own, so any name may stand there. Kinds without a table here are not checked.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.connectors.mplus import codec, customers

_KINDS = {
    "string": "text",
    "int": "number",
    "decimal": "number",
    "cents": "number",
    "percent": "number",
    "bool": "yes/no",
    "day": "date",
    "moment": "date",
}
_REPLACED = ("customFieldList", "contactList")
_MADE = {"personName": "text", "personIsCompany": "yes/no", "customFields": "object", "customFields.*": "anything"}  # fmt: skip


def relation_fields() -> dict[str, str]:
    """What a relation's document may hold, its contacts included."""
    own = {
        field.name: "list" if field.repeated or field.item else _KINDS.get(field.kind, "anything")
        for field in codec.fields(codec.TYPES["Relation"])
        if field.name not in _REPLACED
    } | _MADE
    contacts = {f"contactList[].{name}": kind for name, kind in own.items()}
    return own | {"contactList": "list"} | contacts


FIELDS: Mapping[str, Mapping[str, str]] = {customers.KIND: relation_fields()}
"""Kind of record: its fields by path, as text, number, yes/no, date, list, object or anything."""
