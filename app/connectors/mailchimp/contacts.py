"""Contacts as a source: what a member of the audience says, in Mailchimp's words, and the shipped rows of leg 1. Pure.

A contact is named by its ``contact_id``, which stays when the address changes; the hash of the address does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from app.connectors.base import Changed, Document, Fields, RemoteField, ShippedRow
from app.connectors.mailchimp.fields import ANY_FIELD, MOMENT

KIND = "contact"

_PLAIN = (
    "email_address",
    "status",
    "language",
    "vip",
    "unsubscribe_reason",
    "ip_opt",
    "ip_signup",
    "timestamp_opt",
    "timestamp_signup",
    "last_changed",
)
_PHONE = "merge_fields.PHONE"
_ADDRESS = "merge_fields.ADDRESS"

OUT_ROWS: tuple[ShippedRow, ...] = (
    ("id", "contact_id"),
    ("email", "email(email_address)"),
    ("email_problem", "email_problem(email_address)"),
    ("full_name", "full_name(merge_fields.FNAME, merge_fields.LNAME)"),
    ("first_name", "merge_fields.FNAME"),
    ("last_name", "merge_fields.LNAME"),
    ("phone", f"coalesce(phone({_PHONE}, {_ADDRESS}.country), {_PHONE})"),
    ("company", "merge_fields.COMPANY"),
    ("billing.street", f"street({_ADDRESS}.addr1, {_ADDRESS}.country)"),
    ("billing.number", f"house_number({_ADDRESS}.addr1, {_ADDRESS}.country)"),
    ("billing.addition", f"house_addition({_ADDRESS}.addr1, {_ADDRESS}.country)"),
    ("billing.layout", f"street_layout({_ADDRESS}.addr1, {_ADDRESS}.country)"),
    ("billing.extra", f"{_ADDRESS}.addr2"),
    ("billing.postal_code", f"{_ADDRESS}.zip"),
    ("billing.city", f"{_ADDRESS}.city"),
    ("billing.country", f"country_code({_ADDRESS}.country, `null`)"),
    ("billing.country_text", f"{_ADDRESS}.country"),
    ("language", "language"),
    ("active", "status != 'archived'"),
    # Who bounced or complained must not be mailed, so that counts as a no. Who is pending or gets receipts only said nothing.
    (
        "consent.state",
        "if(status == 'subscribed', 'yes', if(status == 'unsubscribed' || status == 'cleaned', 'no', 'unknown'))",
    ),
    (
        "consent.at",
        "if(status == 'subscribed', coalesce(timestamp_opt, timestamp_signup), "
        "if(status == 'unsubscribed' || status == 'cleaned', last_changed, null()))",
    ),
    ("consent.source", "concat('Mailchimp: ', status)"),
    ("consent.ip", "if(status == 'subscribed', ip_opt, null())"),
    ("tags", "coalesce(tags)"),
    ("groups", "coalesce(interests)"),
    ("changed_at", "last_changed"),
)
"""Leg 1: a member's document to a Customer record. Rows of a merchant may read any merge field by its tag, ``tags`` (names)
and ``interests`` (ids of the groups that were chosen)."""

FIELDS: Fields = {
    "contact_id": RemoteField("Contact ID", note="The name that a contact keeps for ever."),
    "email_address": RemoteField("E-mail address", example="anna@winkel.nl"),
    "status": RemoteField(
        "Status",
        choices=("subscribed", "unsubscribed", "cleaned", "pending", "transactional", "archived"),
        example="subscribed",
    ),
    "language": RemoteField("Language", example="nl"),
    "vip": RemoteField("VIP", "yes/no", example="true"),
    "unsubscribe_reason": RemoteField("Reason of the unsubscription"),
    "ip_opt": RemoteField("IP address of the consent", example="198.51.100.7"),
    "ip_signup": RemoteField("IP address of the sign-up", example="198.51.100.7"),
    "timestamp_opt": RemoteField("Time of the consent", "date", example=MOMENT),
    "timestamp_signup": RemoteField("Time of the sign-up", "date", example=MOMENT),
    "last_changed": RemoteField("Last change", "date", example=MOMENT),
    "merge_fields": RemoteField("Merge fields", "object"),
    "merge_fields.*": ANY_FIELD,
    "tags": RemoteField("Tags", "list", note="The names of the person's tags.", origin="tag"),
    "interests": RemoteField("Groups", "list", note="Ids of the groups that were chosen.", origin="group"),
}
"""What a member's document may hold, by path."""


def contact_id(member: Mapping[str, Any]) -> str:
    """The name that a contact keeps for ever; the hash of the address where Mailchimp tells no other."""
    return str(member.get("contact_id") or member.get("id") or "")


def read(member: Mapping[str, Any]) -> Document:
    """A member in Mailchimp's words, without what is empty: unset times and fields come as empty texts."""
    document: Document = {"contact_id": contact_id(member)}
    document |= {name: member[name] for name in _PLAIN if member.get(name) not in (None, "")}
    fields = {tag: _filled(value) for tag, value in (member.get("merge_fields") or {}).items()}
    document["merge_fields"] = {tag: value for tag, value in fields.items() if value not in (None, "", {})}
    document["tags"] = sorted(str(tag.get("name", "")) for tag in member.get("tags") or ())
    document["interests"] = sorted(key for key, on in (member.get("interests") or {}).items() if on)
    return document


def _filled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {part: text for part, text in value.items() if text not in (None, "")}
    return value.strip() if isinstance(value, str) else value


def second(member: Mapping[str, Any]) -> int | None:
    """When a member changed, in seconds since 1970: the position that a cursor counts in."""
    try:
        moment = datetime.fromisoformat(str(member.get("last_changed", "")))
    except ValueError:
        return None
    return int(moment.timestamp()) if moment.tzinfo else None


def moment(position: int) -> str:
    """The position as Mailchimp takes it."""
    return datetime.fromtimestamp(max(position, 0), UTC).isoformat()


def changed(document: Document, *, keyed_hash: Callable[..., str]) -> Changed:
    """That a contact changed. Two changes within one second are two: what it says now is part of what makes it one."""
    content = json.dumps(document, sort_keys=True, ensure_ascii=False, default=str)
    ref = document["contact_id"]
    return Changed(KIND, ref, dedupe=f"{ref}:{keyed_hash('contact', content)}")
