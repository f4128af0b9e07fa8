"""Members of an audience: the shipped rows, and which calls bring one about. Pure.

What stands above everything: nobody comes back by our doing. Who is unsubscribed, cleaned or was archived by the
merchant stays so; a status is sent only where consent was newly stated or withdrawn, never along with other news.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5
from typing import Any

from app.connectors.base import Change, Document, Existing, Intent, Leave, ShippedRow, Steps
from app.connectors.mailchimp.fields import Audience
from app.connectors.mailchimp.memberbody import (
    PLAIN,
    PROOF,
    became_empty,
    body_of,
    differences,
    filled_by_us,
    with_proof,
)
from app.connectors.mailchimp.memberchanges import (
    ArchiveMember,
    DeletePermanently,
    Note,
    PatchMember,
    PutMember,
    SetTags,
)
from app.records.decision import UNDONE
from app.values.dates import parse_moment

KIND = "customer"
ADDRESS = "email_address"
_SUBSCRIBING = frozenset({"subscribed", "pending"})
_ADDRESS = "merge_fields.ADDRESS"

# Off until a merchant fills in the administration's own numbers and chooses the merge fields (features C-13).
_PER_COUNTRY: tuple[ShippedRow, ...] = (
    {
        "target": "merge_fields.ACCOUNT",
        "expression": "billing.country",
        "on": False,
        "table": {"entries": {"NL": "8000", "BE": "8010"}, "default": "8020", "missing": "default"},
        "note": "Revenue account per country. Fill in your own accounts, choose the merge field, and switch it on.",
    },
    {
        "target": "merge_fields.TAXCODE",
        "expression": "billing.country",
        "on": False,
        "table": {"entries": {"NL": "NL21", "BE": "BE21"}, "default": "OSS", "missing": "default"},
        "note": "Default tax code per country. Fill in your own codes, choose the merge field, and switch it on.",
    },
)


def street_line(source: str) -> str:
    """An address on one line, as it was written."""
    return (
        f"street_line({source}.street, {source}.number, {source}.addition, {source}.country, {source}.layout)"
    )


# Off until a merchant wants it, by the settings about loyalty and by these rows (features C-16).
_LOYALTY: tuple[ShippedRow, ...] = (
    {
        "target": "merge_fields.POINTS",
        "expression": "points",
        "on": False,
        "note": "Loyalty points. Switch it on together with the setting `loyalty`.",
    },
    {
        "target": "merge_fields.BALANCE",
        "expression": "balance",
        "on": False,
        "note": "What stands to the customer's credit, in the till's currency.",
    },
    {
        "target": "merge_fields.LASTBUY",
        "expression": "iso_date(purchases.last)",
        "on": False,
        "note": "The day of the last purchase; needs the setting `purchases_since`.",
    },
)

IN_ROWS: tuple[ShippedRow, ...] = (
    ("email_address", "email"),
    ("merge_fields.FNAME", "first_name"),
    ("merge_fields.LNAME", "last_name"),
    ("merge_fields.PHONE", "coalesce(mobile, phone)"),
    ("merge_fields.BIRTHDAY", "birthday(birthday)"),
    ("merge_fields.COMPANY", "company"),
    (f"{_ADDRESS}.addr1", street_line("billing")),
    (f"{_ADDRESS}.addr2", "billing.extra"),
    (f"{_ADDRESS}.city", "billing.city"),
    # Mailchimp demands a state, and most of Europe has none that anybody writes.
    (f"{_ADDRESS}.state", "if(billing.city, coalesce(billing.region, '-'), null())"),
    (f"{_ADDRESS}.zip", "billing.postal_code"),
    (f"{_ADDRESS}.country", "billing.country"),
    ("language", "language"),
    ("timestamp_opt", "if(consent.state == 'yes', consent.at, null())"),
    ("ip_opt", "if(consent.state == 'yes', consent.ip, null())"),
    ("tags", "if(tag_wishes, tag_wishes, coalesce(tags))"),
    *_LOYALTY,
    *_PER_COUNTRY,
)
"""Leg 2: a Customer record to the member's document. Rows of a merchant may add any merge field by its tag,
``language``, ``interests.<id>`` (yes or no), ``marketing_permissions.<id>`` and ``tags`` (a list of names to be set, or
an object of names with yes or no, where no takes the tag away)."""


def member_hash(email: str) -> str:
    """How Mailchimp names the member of an address (mailchimp.md §2.1)."""
    return md5(email.strip().lower().encode(), usedforsecurity=False).hexdigest()


def existing_member(member: Mapping[str, Any], *, whole: bool = True) -> Existing:
    """A member as it is now, in the same words as our documents, with its ``status``; of tags, groups and permissions those that
    it has."""
    status = str(member.get("status") or "")
    document: Document = {"status": status, "tags": dict.fromkeys(tag_names(member.get("tags")), True)}
    if whole:
        document |= {
            "email_address": member.get("email_address", ""),
            "merge_fields": dict(member.get("merge_fields") or {}),
            "interests": _chosen(member.get("interests")),
            "marketing_permissions": {
                each.get("marketing_permission_id", ""): True
                for each in member.get("marketing_permissions") or ()
                if each.get("enabled")
            },
            **{name: member[name] for name in (*PLAIN, *PROOF) if name in member},
        }
    return Existing(
        remote_id=str(member.get("contact_id") or member.get("id") or ""),
        state="archived" if status == "archived" else "present",
        document=document,
        whole=whole,
        changed_at=parse_moment(member.get("last_changed")),
    )


def _chosen(groups: Any) -> dict[str, bool]:
    """The groups of a member: an answer says yes or no of each, a document that was read lists the ids of those that were chosen."""
    if isinstance(groups, Mapping):
        return {key: True for key, on in groups.items() if on}
    return dict.fromkeys(groups or (), True)


def steps(intent: Intent, existing: Existing | None, audience: Audience) -> Steps:
    """The calls that bring one member about. ``intent.natural`` is the e-mail address."""
    if intent.desired is None:
        return _take_away(intent, existing)
    if existing is None:
        return _make(intent, audience)
    if existing.state == "archived":
        return _revive(intent, existing, audience)
    return _change(intent, existing, audience)


# --- the four cases -----------------------------------------------------------------------------------------------


def _take_away(intent: Intent, existing: Existing | None) -> Steps:
    if existing is None:
        return Leave("already_gone", "The audience has no such contact any more.", state="gone")
    if intent.permanently:
        return (DeletePermanently(member=existing.remote_id),)
    status, made_as = _status(existing), intent.options.get("made_as")
    if intent.reason == UNDONE and status in _SUBSCRIBING and made_as not in (None, status):
        return Leave("subscribed_since", "Made by the run, and subscribed since then: the contact stays.")
    if existing.state == "archived":
        return Leave("already_archived", "The contact is archived already.", state="archived")
    return (ArchiveMember(member=existing.remote_id, status_before=_status(existing)),)


def _make(intent: Intent, audience: Audience) -> Steps:
    """A new address: subscribed only by stated consent, and by the person's own click where the audience asks for it.

    Who unsubscribed under another address has said no for this one, too.
    """
    if not intent.create:
        return Leave("no_consent", "The person has not consented, and without consent nobody is added.")
    body, warnings = body_of(intent.document, audience, emptying=False)
    email = intent.natural or str(body.get("email_address", ""))
    status = "transactional"
    said_no = intent.instead_of is not None and _status(intent.instead_of) == "unsubscribed"
    if intent.options.get("if_new") == "subscribed" and not said_no:
        status = _subscribing(audience)
    body = {"email_address": email, "status_if_new": status, **with_proof(body, status)}
    put = PutMember(member=member_hash(email), body=body, warnings=warnings)
    return (put, *_tags(intent, None, member=put.member))


def _revive(intent: Intent, existing: Existing, audience: Audience) -> Steps:
    """Archived: by the merchant, then it stays so; by us, then it comes back as what it was."""
    before = intent.options.get("archived_by_us")
    subscription = intent.options.get("subscription")
    if (
        before not in ("subscribed", "pending", "transactional")
        or subscription == "unsubscribe"
        or not intent.update
    ):
        return Leave("archived", "The contact is archived in Mailchimp and stays so.", state="archived")
    status = str(before)
    another = bool(intent.options.get("archived_for_another"))
    if another or before == "pending" or (before == "transactional" and subscription == "subscribe"):
        # Whose address it is now has a will of his own.
        consented = intent.options.get("if_new") == "subscribed"
        status = _subscribing(audience) if consented else "transactional"
    body, warnings = _body(intent, audience)
    put = PutMember(
        member=existing.remote_id,
        body={
            "email_address": intent.natural or body.get("email_address", ""),
            "status": status,
            "status_if_new": status,
            **with_proof(body, status),
        },
        filled=filled_by_us(intent),
        warnings=warnings,
    )
    return (put, *_tags(intent, existing, member=put.member))


def _change(intent: Intent, existing: Existing, audience: Audience) -> Steps:
    """There already: only what differs, and a status only for a stated change of will."""
    status, stays = _new_status(intent, existing, audience)
    if not intent.update and status != "unsubscribed":
        return Leave("update_off", "The contact is in the audience already, and updates are switched off.")
    moves = intent.moves_from_id is not None and intent.moves_from_id == existing.remote_id
    # Where the other flow counts as well it was weighed whose address stays; without it, who moved at Mailchimp stays there.
    moves |= bool(intent.options.get("both_ways")) and existing.whole
    warnings: tuple[str, ...] = ()
    body: Document = {}
    if intent.update:
        body, warnings = _body(intent, audience)
        body = differences(with_proof(body, status), existing)
    stays_there = ADDRESS in intent.left  # both sides changed it, and this one's counts
    if moves and intent.natural and not stays_there and not _has_address(existing, intent.natural):
        body[ADDRESS] = intent.natural
    if status is not None:
        body["status"] = status
    changes: list[Change] = []
    if ADDRESS in body and status in _SUBSCRIBING:
        # Whatever mail a subscription brings about goes to the address that consented, not to the one that is left.
        address = {ADDRESS: body.pop(ADDRESS)}
        changes.append(PatchMember(member=existing.remote_id, body=address, filled=filled_by_us(intent)))
    if body:
        patch = PatchMember(
            member=existing.remote_id,
            body=body,
            filled=filled_by_us(intent),
            warnings=(*warnings, *stays),
        )
        changes.append(patch)
    elif stays:
        changes.append(Note(member=existing.remote_id, warnings=stays))
    if intent.update:
        changes += _tags(intent, existing, member=existing.remote_id)
    return tuple(changes)


def _has_address(existing: Existing, email: str) -> bool:
    """Somebody moved it already: the person himself, at Mailchimp."""
    held = existing.document.get("email_address")
    return isinstance(held, str) and held.strip().lower() == email.strip().lower()


def _body(intent: Intent, audience: Audience) -> tuple[Document, tuple[str, ...]]:
    """What is said of a member that is there, with what became empty."""
    body, warnings = body_of(intent.document, audience, emptying=True)
    emptied = became_empty(intent, body, audience)
    if emptied:
        body = body | {"merge_fields": body.get("merge_fields", {}) | emptied}
    return body, warnings


# --- status -------------------------------------------------------------------------------------------------------


def _subscribing(audience: Audience) -> str:
    return "pending" if audience.double_optin else "subscribed"


def _status(existing: Existing) -> str:
    return str(existing.document.get("status") or "unknown")


def _new_status(intent: Intent, existing: Existing, audience: Audience) -> tuple[str | None, tuple[str, ...]]:
    """The status to send, or None; and a warning where the person's own no stands against ours."""
    status, wish = _status(existing), intent.options.get("subscription")
    if wish == "keep" and "consent" not in intent.facts and intent.options.get("if_new") == "subscribed":
        wish = "subscribe"  # we never wrote to this contact: the consent is news for it
    if wish == "subscribe":
        if status == "transactional":
            return _subscribing(audience), ()
        if status in ("unsubscribed", "cleaned"):
            return None, (
                f"stays_{status}: the contact is {status} in Mailchimp, and only the person can change that",
            )
    if wish == "unsubscribe" and status in ("subscribed", "pending"):
        return "unsubscribed", ()
    return None, ()


# --- tags ---------------------------------------------------------------------------------------------------------


def _tags(intent: Intent, existing: Existing | None, *, member: str) -> tuple[Change, ...]:
    """One call, and only where a tag is to change. A list sets its names; an object sets and takes away."""
    wanted = intent.document.get("tags")
    if isinstance(wanted, Mapping):
        wishes = {str(name): bool(on) for name, on in wanted.items() if on is not None}
    elif isinstance(wanted, list | tuple):
        wishes = {str(name): True for name in wanted if name not in (None, "")}
    else:
        return ()
    held = set(existing.document.get("tags") or ()) if existing is not None else set()
    changed = {name: on for name, on in wishes.items() if on != (name in held)}
    if not changed:
        return ()
    quiet, marked = bool(intent.options.get("backfill")), bool(intent.options.get("both_ways"))
    return (SetTags(member=member, tags=changed, quiet=quiet, marked=marked),)


def tag_names(tags: Any) -> list[str]:
    """The names of a member's tags, as an answer lists them or as names already."""
    if not isinstance(tags, list | tuple):
        return []
    return [str(tag.get("name", "")) if isinstance(tag, Mapping) else str(tag) for tag in tags]
