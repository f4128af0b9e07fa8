"""Writing to the till: looking up what is there, and carrying out one change at a time.

Nothing here decides what is to be written; that is done by the pure ``steps`` of each kind. What an answer may leave
open (found instead of made, queued, made but not paid) becomes a known outcome with a warning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from app.connectors.base import Applied, Change, Document, Existing, Found, Intent, Steps, Wanted
from app.connectors.mplus import customers, readers, restoring
from app.connectors.mplus import fields as cards
from app.connectors.mplus.calls import Till
from app.connectors.mplus.encodings import Malformed
from app.errors import RecordRefused
from app.records.decision import TOLD

Choice = tuple[str, Mapping[str, Any]]


class Versions(Protocol):
    """Calls the newest of several operations that the till has: the client."""

    async def newest(self, *choices: Choice, writing: bool = False) -> tuple[str, dict[str, Any]]: ...

    async def find_relation(self, email: str, *, external: str | None = None) -> Document | None: ...


class RelationTarget:
    """Relations, found by number where it is known, else by e-mail address."""

    def __init__(self, till: Till, versions: Versions):
        self._till = till
        self._versions = versions
        self._reader = readers.ShelfReader(till, customers.SHELF, {})
        self._data_types: Mapping[str, str] | None = None

    async def fetch_many(self, wanted: Sequence[Wanted]) -> Mapping[str, Existing]:
        """By key. Known numbers go in one list; addresses are asked one by one, the till has no list for them. Who is not
        there under the present address may be there under the one before."""
        found: dict[str, Existing] = {}
        by_number = {w.remote_id: w.key for w in wanted if w.remote_id}
        for record in await self._reader.fetch_many(list(by_number)) if by_number else ():
            if isinstance(record, Found):
                found[by_number[record.ref]] = customers.existing_relation(record.document)
        for each in wanted:
            if each.key in found or not each.natural:
                continue
            relation = await self._versions.find_relation(
                each.natural, external=customers.external_id(each.key)
            )
            for old in each.formerly:
                relation = relation or await self._versions.find_relation(old)
            if relation is not None:
                found[each.key] = customers.existing_relation(relation)
        return found

    def steps(self, intent: Intent, existing: Existing | None) -> Steps:
        """See :func:`customers.steps`."""
        return customers.steps(intent, existing)

    def alike(self, field: str, wanted: Any, held: Any, document: Document) -> bool | None:
        """See :func:`customers.alike`."""
        return customers.alike(field, wanted, held, document)

    def shown(self, document: Document) -> Document:
        """See :func:`customers.existing_relation`."""
        return customers.existing_relation(document).document

    def kept(self, existing: Existing, changes: Sequence[Change]) -> Mapping[str, tuple[Any, Any]]:
        """See :func:`restoring.kept`."""
        return restoring.kept(existing, changes)

    def restored(
        self, existing: Existing, before: Mapping[str, tuple[Any, Any]]
    ) -> tuple[tuple[Change, ...], tuple[str, ...]]:
        """See :func:`restoring.restored`."""
        return restoring.restored(existing, before)

    async def apply(self, change: Change) -> Applied:
        """Create or update one relation."""
        assert isinstance(change, customers.WriteRelation)
        relation = await self._on_the_wire(change.fields)
        if isinstance(change, customers.UpdateRelation):
            relation["relationNumber"] = change.number
            answer = await self._till.done("updateRelation", {"relation": relation})
            number, archived = change.number, change.fields.get("active") is False
        else:
            answer = await self._till.done("createRelation", {"relation": relation})
            number, archived = answer.get("relationNumber", 0), False
        return Applied(
            remote_id=str(number) if number else None,
            state="archived" if archived else "present",
            facts=marker_of(answer) | ({TOLD: change.told} if change.told else {}),
            kept_as={
                f"customFields.{field['fieldName']}": cards.as_it_stands(field)
                for field in relation.get("customFieldList", ())
            },
        )

    async def _on_the_wire(self, fields: Document) -> Document:
        if fields.get("customFields") and self._data_types is None:
            answer = await self._till.document("getCustomFieldLists")
            listed = answer.get("relationCustomFieldList", ())
            self._data_types = {field.get("fieldName", ""): field.get("dataType", "") for field in listed}
        try:
            return customers.on_the_wire(fields, self._data_types or {})
        except Malformed as fault:
            raise RecordRefused(
                f"A custom field cannot hold its value: {fault}.", code="value_does_not_fit"
            ) from None


def marker_of(answer: Mapping[str, Any]) -> dict[str, str]:
    """The marker that our own write got: the next poll shows it again, and it is no news."""
    marker = answer.get("syncMarker")
    return {} if marker is None else {"marker": str(marker)}
