"""What is said of a member in one call: fields that fit, what became empty, the proof of consent, only what differs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.connectors.base import Document, Existing, Intent
from app.connectors.mailchimp import fitting
from app.connectors.mailchimp.fields import Audience
from app.connectors.mailchimp.fitting import ADDRESS_HEART

MAY_LACK = frozenset({"COMPANY", "BIRTHDAY"})
"""Tags of shipped rows that many audiences never had: left out there without a warning."""

PLAIN = ("language", "vip", "email_type", "location")
PROOF = ("timestamp_opt", "ip_opt", "timestamp_signup", "ip_signup")
CHOSEN = ("interests", "marketing_permissions")
"""Objects of yes and no, where what is not named is a no."""
_KNOWN = frozenset({"email_address", "merge_fields", *CHOSEN, "tags", *PLAIN, *PROOF})


def fitted(document: Document, audience: Audience) -> tuple[Document, tuple[str, ...]]:
    """The document with merge fields as this audience takes them, and a word for each value that stays behind."""
    found = fitting.fit_all(document.get("merge_fields") or {}, audience.fields, may_lack=MAY_LACK)
    warnings = [f"unknown_field: Mailchimp has no field {name}" for name in document if name not in _KNOWN]
    kept = {name: value for name, value in document.items() if name in _KNOWN and name != "merge_fields"}
    if found.values:
        kept["merge_fields"] = dict(found.values)
    if isinstance(kept.get("tags"), list | tuple):
        # Each tag is a field of its own, which may have been set or taken away at the other side.
        kept["tags"] = {str(name): True for name in kept["tags"] if name not in (None, "")} or []
    return kept, (*warnings, *found.warnings)


def body_of(document: Document, audience: Audience, *, emptying: bool) -> tuple[Document, tuple[str, ...]]:
    """What may be sent of a document, without address, status and tags. A new member has nothing to be emptied."""
    known, warnings = fitted(document, audience)
    body: Document = {name: known[name] for name in (*PLAIN, *PROOF) if known.get(name) not in (None, "", {})}
    merge_fields = {
        tag: value for tag, value in known.get("merge_fields", {}).items() if emptying or value != ""
    }
    if merge_fields:
        body["merge_fields"] = merge_fields
    for name in CHOSEN:
        chosen = {key: bool(value) for key, value in (known.get(name) or {}).items() if value is not None}
        if chosen:
            body[name] = chosen
    return body, warnings


# --- what became empty --------------------------------------------------------------------------------------------


def filled_by_us(intent: Intent) -> frozenset[str]:
    """Tags of merge fields that hold what we wrote, as far as we know."""
    return frozenset(intent.facts.get("filled", "").split())


def filled_after(before: frozenset[str], sent: Mapping[str, Any]) -> str:
    """The same after these merge fields were written, in one word per tag for the target's row."""
    gone = {tag for tag, value in sent.items() if value == ""}
    return " ".join(sorted((before | sent.keys()) - gone))


def became_empty(intent: Intent, body: Document, audience: Audience) -> dict[str, str]:
    """Merge fields that we once filled and for which there is nothing any more: emptied with an empty text.

    What cannot be sent is absent, too: an address that is not complete any more, a choice that the field does not offer.
    A field whose row does not always write keeps what it holds, and so does one that the merchant filled.
    """
    if intent.desired is None:
        return {}
    emptiable = intent.desired.emptiable
    silent = {
        tag
        for tag in filled_by_us(intent) - body.get("merge_fields", {}).keys()
        if f"merge_fields.{tag}" not in intent.left
        and (not intent.options.get("both_ways") or _untouched(tag, intent))
    }
    return {tag: "" for tag in sorted(silent) if tag in audience.fields and _always_written(tag, emptiable)}


def _untouched(tag: str, intent: Intent) -> bool:
    """Nobody edited it at Mailchimp since we wrote it: where flows go both ways that would be news for the other one."""
    place = f"merge_fields.{tag}"
    return any(path == place or path.startswith(f"{place}.") for path in intent.emptied)


def _always_written(tag: str, emptiable: frozenset[str]) -> bool:
    path = f"merge_fields.{tag}"
    return path in emptiable or all(f"{path}.{part}" in emptiable for part in ADDRESS_HEART)


# --- proof, and differences ---------------------------------------------------------------------------------------


def with_proof(body: Document, status: str | None) -> Document:
    """The proof of consent goes with a subscription only; who must still confirm has signed up, not opted in."""
    kept = {name: value for name, value in body.items() if name not in PROOF}
    given = {name: value for name, value in body.items() if name in PROOF}
    if status == "subscribed":
        return kept | given
    if status == "pending":
        return kept | {name.replace("opt", "signup"): value for name, value in given.items()}
    return kept


def differences(body: Document, existing: Existing) -> Document:
    """What the member does not say yet. Where only its state is known, all of it."""
    if not existing.whole:
        return body
    changed: Document = {}
    for name, value in body.items():
        present = existing.document.get(name)
        if name in ("merge_fields", *CHOSEN):
            held = present if isinstance(present, Mapping) else {}
            nothing = False if name in CHOSEN else None
            value = {key: each for key, each in value.items() if not same(each, held.get(key, nothing))}
            if value:
                changed[name] = value
        elif not same(value, present):
            changed[name] = value
    return changed


def alike(field: str, wanted: Any, held: Any) -> bool | None:
    """Whether a field says what is wanted: a tag, a group or a permission by its yes or no. None for what is decided by a
    stated will."""
    place, _, inside = field.partition(".")
    if inside and place in ("tags", *CHOSEN):
        return None if wanted is None else bool(wanted) is bool(held)
    if field.startswith("merge_fields.") or place in PLAIN:
        return same(wanted, held)
    return None


def same(wanted: Any, present: Any) -> bool:
    """Whether two values of a field mean the same. An address is compared by what we say of it; Mailchimp adds empty parts."""
    if isinstance(wanted, Mapping) and isinstance(present, Mapping):
        return all((wanted.get(part) or "") == (present.get(part) or "") for part in {*wanted, *present})
    if wanted in (None, "") and present in (None, ""):
        return True
    return bool(wanted == present)
