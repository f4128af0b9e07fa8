"""Who gets onto an audience and how: the rules of status, and everything that follows from a change (mailchimp.md §2.1).

One place for all writers: the API's PUT, PATCH, POST and batch subscribe, e-commerce customers, the contact himself and the
merchant at his desk. ``source`` tells them apart, because webhooks ask for it and because of the compliance state: who
unsubscribed himself, or was unsubscribed by the API, cannot be subscribed by the API again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.sandbox.mailchimp import mergefields
from app.sandbox.mailchimp.admission import (
    check_address,
    check_interests,
    check_plan,
    check_signups,
    check_standing,
    member_exists,
)
from app.sandbox.mailchimp.audience import BILLED, Audience, Member, subscriber_hash, unique_id
from app.sandbox.mailchimp.clock import wire_time
from app.sandbox.mailchimp.problems import invalid_field
from app.sandbox.mailchimp.webhooks import Source, tell

# -- writers -----------------------------------------------------------------------------------------------------


def put(
    audience: Audience, ident: str, body: Mapping[str, Any], *, source: Source, skip_required: bool
) -> Member:
    """Add or update. The path decides who is meant: an address in the body that differs does not change the member's."""
    member = audience.find(ident)
    if member is None:
        if audience.find(body["email_address"]) is not None:
            raise member_exists(body["email_address"])
        return add(audience, body, _first_status(body), source=source, skip_required=skip_required)
    wanted = body.get("status") or (body.get("status_if_new") if member.status == "archived" else None)
    return update(audience, member, body, wanted, source=source, skip_required=skip_required)


def post(audience: Audience, body: Mapping[str, Any], *, source: Source, skip_required: bool) -> Member:
    if audience.find(body["email_address"]) is not None:
        raise member_exists(body["email_address"])
    return add(
        audience,
        body,
        body["status"],
        source=source,
        skip_required=skip_required,
        tags=body.get("tags") or (),
    )


def patch(
    audience: Audience, member: Member, body: Mapping[str, Any], *, source: Source, skip_required: bool
) -> Member:
    """Without a status an archived member is updated and stays archived."""
    email = body.get("email_address") or member.email
    moved = subscriber_hash(email) != member.id
    if moved:
        check_address(audience, email)
        if audience.find(email) is not None:
            raise member_exists(email)
    update(audience, member, body, body.get("status"), source=source, skip_required=skip_required)
    if moved:
        move(audience, member, email, source=source)
    else:
        member.email = email
    return member


def _first_status(body: Mapping[str, Any]) -> str:
    status = body.get("status_if_new") or body.get("status")
    if not status:
        raise invalid_field("", "Required fields were not provided: status_if_new")
    return str(status)


# -- adding ------------------------------------------------------------------------------------------------------


def add(
    audience: Audience,
    body: Mapping[str, Any],
    status: str,
    *,
    source: Source,
    skip_required: bool,
    tags: Iterable[str] = (),
) -> Member:
    email = body.get("email_address", "").strip()
    check_address(audience, email)
    check_signups(audience, email, status)
    values = mergefields.merged(
        audience.fields, {}, body.get("merge_fields") or {}, skip_required=skip_required
    )
    check_interests(audience, body)
    check_plan(audience, status)
    world = audience.account.world
    member = Member(
        email=email,
        id=subscriber_hash(email),
        unique_email_id=unique_id(email),
        contact_id=world.digest("contact"),
        web_id=world.next_number(),
        merge_fields=values,
        last_changed=world.clock.iso(),
        source=SOURCE_NAMES[source],
    )
    audience.members[member.id] = member
    audience.by_contact_id[member.contact_id] = member
    _apply_rest(audience, member, body)
    for name in tags:
        add_tag(audience, member, name, quiet=False)
    set_status(audience, member, status, source=source)
    return member


SOURCE_NAMES: dict[Source, str] = {
    "user": "Hosted Signup Form",
    "admin": "Admin Add",
    "api": "API - Generic",
}


# -- updating ----------------------------------------------------------------------------------------------------


def update(
    audience: Audience,
    member: Member,
    body: Mapping[str, Any],
    wanted: str | None,
    *,
    source: Source,
    skip_required: bool,
) -> Member:
    """Bring the member to what the body says; ``last_changed`` moves only if anything did. All checks come first."""
    status = wanted or member.status
    if status != member.status:
        check_standing(member, status, source=source)
        check_signups(audience, member.email, status)
        if member.status not in BILLED:
            check_plan(audience, status)
    values = mergefields.merged(
        audience.fields, member.merge_fields, body.get("merge_fields") or {}, skip_required=skip_required
    )
    check_interests(audience, body)
    profile = values != member.merge_fields
    member.merge_fields = values
    profile_more, rest = _apply_rest(audience, member, body)
    if profile or profile_more:
        if member.status == "subscribed" and status == "subscribed":
            tell(audience, "profile", source=source, member=member)
        rest = True
    if rest:
        member.last_changed = audience.account.world.clock.iso()
    if status != member.status:
        set_status(audience, member, status, source=source)
    return member


PLAIN = ("language", "vip", "ip_signup", "ip_opt")
TIMES = ("timestamp_signup", "timestamp_opt")


def _apply_rest(audience: Audience, member: Member, body: Mapping[str, Any]) -> tuple[bool, bool]:
    """Everything but address, status, merge fields and tags. Returns whether the profile, and whether the rest moved."""
    profile = rest = False
    if body.get("email_type") in ("html", "text") and body["email_type"] != member.email_type:
        member.email_type = body["email_type"]
        profile = True
    for interest_id, chosen in (body.get("interests") or {}).items():
        profile |= _set_interest(audience, member, interest_id, chosen)
    for name in PLAIN:
        if name in body and body[name] != getattr(member, name):
            setattr(member, name, body[name])
            rest = True
    for name in TIMES:
        if body.get(name):
            moment = wire_time(body[name])
            if moment != getattr(member, name):
                setattr(member, name, moment)
                rest = True
    for one in body.get("marketing_permissions") or ():
        key = one.get("marketing_permission_id", "")
        enabled = bool(one.get("enabled", False))
        if key in audience.permission_texts and member.permissions.get(key, False) != enabled:
            member.permissions[key] = enabled
            rest = True
    location = body.get("location") or {}
    for name in ("latitude", "longitude"):
        if name in location and location[name] != getattr(member, name):
            setattr(member, name, location[name])
            rest = True
    return profile, rest


def _set_interest(audience: Audience, member: Member, interest_id: str, chosen: bool) -> bool:
    """In a radio or dropdown group one choice takes the place of the other."""
    if member.interests.get(interest_id, False) == chosen:
        return False
    category = audience.category_of(interest_id)
    if chosen and category is not None and category.type in ("radio", "dropdown"):
        for other in category.interests:
            member.interests[other] = False
    member.interests[interest_id] = chosen
    return True


# -- the change of status ----------------------------------------------------------------------------------------


def set_status(
    audience: Audience,
    member: Member,
    status: str,
    *,
    source: Source,
    reason: str = "manual",
    campaign_id: str = "",
) -> None:
    """The one place where a status changes: counts, webhooks and mails follow from here."""
    before = member.status
    world = audience.account.world
    now = world.clock.iso()
    if before:
        audience.counts[before] -= 1
    audience.counts[status] += 1
    member.status = status
    member.last_changed = now
    match status:
        case "subscribed":
            member.in_compliance = False
            member.timestamp_opt = member.timestamp_opt or now
            tell(audience, "subscribe", source=source, member=member)
            if audience.welcome:
                world.mail("welcome", email=member.email, list_id=audience.id)
        case "pending":
            world.mail("opt_in_confirmation", email=member.email, list_id=audience.id)
        case "unsubscribed":
            member.in_compliance = source != "admin"
            member.unsubscribed_at = now
            member.unsubscribe_reason = (
                "N/A (Unsubscribed by an admin)" if source == "admin" else "None given"
            )
            if before == "subscribed":
                tell(
                    audience,
                    "unsubscribe",
                    source=source,
                    member=member,
                    action="unsub",
                    reason=reason,
                    campaign_id=campaign_id,
                )
        case "cleaned":
            member.in_compliance = True
            tell(audience, "cleaned", source=source, member=member, reason=reason, campaign_id=campaign_id)
        case "archived":
            if before == "subscribed":
                tell(audience, "unsubscribe", source=source, member=member, action="delete", reason="manual")


def archive(audience: Audience, member: Member, *, source: Source) -> None:
    if member.status != "archived":
        set_status(audience, member, "archived", source=source)


def forget(audience: Audience, member: Member, *, source: Source) -> None:
    """For good: the address cannot be imported again."""
    archive(audience, member, source=source)
    audience.counts["archived"] -= 1
    del audience.members[member.id]
    del audience.by_contact_id[member.contact_id]
    audience.forgotten.add(member.id)


def move(audience: Audience, member: Member, email: str, *, source: Source) -> None:
    """Another address for the same person: the hash changes, ``contact_id`` stays. Always ``upemail`` and ``profile``."""
    old_email = member.email
    del audience.members[member.id]
    member.email = email
    member.id = subscriber_hash(email)
    member.unique_email_id = unique_id(email)
    member.last_changed = audience.account.world.clock.iso()
    audience.members[member.id] = member
    if member.status == "subscribed":
        tell(audience, "upemail", source=source, member=member, old_email=old_email)
        tell(audience, "profile", source=source, member=member)


# -- tags --------------------------------------------------------------------------------------------------------


def add_tag(audience: Audience, member: Member, name: str, *, quiet: bool) -> None:
    """``quiet`` holds back the tag's automation. Tags cause no webhook."""
    tag = audience.tag_id(name)
    if tag in member.tags:
        return
    world = audience.account.world
    member.tags[tag] = member.last_changed = world.clock.iso()
    if name in audience.tag_automations and not quiet:
        world.mail("tag_automation", email=member.email, list_id=audience.id, about=name)


def remove_tag(audience: Audience, member: Member, name: str) -> None:
    tag = audience.tag_ids.get(name)
    if tag is not None and member.tags.pop(tag, None) is not None:
        member.last_changed = audience.account.world.clock.iso()
