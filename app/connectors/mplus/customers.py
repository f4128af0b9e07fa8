"""Relations of the till: what a raw one says, and how it becomes a customer of the middle (mplus.md §4.6).

A relation is one flat record: one name, street and number in one text, a country as somebody typed it, and nothing
about mailings. Reading only decodes; splitting is done by the rows, which a merchant may change. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.connectors.base import Document
from app.connectors.mplus import fields
from app.connectors.mplus.shelf import Shelf

KIND = "customer"


def read(relation: Mapping[str, Any]) -> Document:
    """The relation in the till's words, its contacts likewise; custom fields by name, empty texts left out."""
    document = fields.filled(relation, but=("customFieldList", "contactList"))
    document["customFields"] = fields.custom_fields(relation.get("customFieldList", ()))
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
