"""Whom a sale is booked on: the relation with exactly the buyer's address, made or brought up to date; or a standard debtor.

Pure: what the till has of the buyer was looked up beforehand.
"""

from __future__ import annotations

from app.connectors.base import Change, Document, Intent
from app.connectors.mplus import customers
from app.connectors.mplus.saledocument import RELATION, relation_of
from app.errors import RecordRefused


def buyer_of(intent: Intent) -> tuple[int | None, tuple[Change, ...], Document | None]:
    """The relation's number, the calls that bring the relation about, and who it is where the number is not known yet."""
    relation, options = relation_of(intent.document), intent.options
    if relation is None or intent.named is None:
        number = intent.document.get("relationNumber")
        if not number:
            raise RecordRefused(
                "The sale has nobody it could be booked on: no address, and no standard debtor.",
                advice="Enter a standard debtor in the flow's settings, or the buyer's address in the shop.",
                field="relationNumber",
                code="no_relation",
            )
        return number, (), None
    email = str(relation["email"])
    found = intent.named.get((RELATION, email))
    if found is not None:
        number = int(found.remote_id)
        fields = customers.differences(relation, found.document)
        # What a buyer said years ago must not go over what he says now.
        wanted = options.get("update_relations", True) and not options.get("backfill")
        writes = found.state == "present" and wanted and fields
        return number, (customers.UpdateRelation(number=number, fields=fields),) if writes else (), None
    if not options.get("create_relations", True):
        number = intent.document.get("relationNumber")
        if number:
            return number, (), None
        raise RecordRefused(
            "The till has no relation with the buyer's address, and this flow may not make one.",
            advice="Let the flow make relations, enter a standard debtor, or make the relation in the till.",
            field="relation.email",
            code="no_relation",
        )
    buyer = {
        "email": email,
        "extRelationId": customers.external_id(str(options.get("relation_key") or email)),
    }
    fields = {name: value for name, value in relation.items() if value not in (None, "", {})}
    return None, (customers.CreateRelation(fields={**buyer, **fields}),), buyer
