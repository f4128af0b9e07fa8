"""Calls on the account and on whole audiences: the root, ping, /lists, batch subscribe, search."""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp import enrolment
from app.sandbox.mailchimp.admission import member_exists
from app.sandbox.mailchimp.answers import truth
from app.sandbox.mailchimp.audience import Audience, subscriber_hash
from app.sandbox.mailchimp.audienceview import LIST_KEYS, MEMBER_KEYS, audience_json, member_json
from app.sandbox.mailchimp.call import Call
from app.sandbox.mailchimp.membercalls import MEMBER_FIELDS, STATUSES
from app.sandbox.mailchimp.problems import ProblemError, bad_request, invalid_field
from app.sandbox.mailchimp.shapes import boolean, list_of, mapping, one_of, record, string

MOST_AT_ONCE = 500


def ping(_call: Call) -> dict[str, Any]:
    return {"health_status": "Everything's Chimpy!"}


def root(call: Call) -> dict[str, Any]:
    account, login = call.account, call.login
    return call.answer(
        {
            "account_id": account.id,
            "login_id": login.id,
            "account_name": account.name,
            "email": login.email,
            "first_name": "",
            "last_name": "",
            "username": login.email,
            "avatar_url": "",
            "role": login.role,
            "member_since": "2020-01-01T00:00:00+00:00",
            "pricing_plan_type": "monthly",
            "first_payment": "",
            "account_timezone": account.timezone,
            "account_industry": "Retail",
            "contact": {
                "company": account.name,
                "addr1": "Markt 1",
                "addr2": "",
                "city": "Utrecht",
                "state": "",
                "zip": "3511 AA",
                "country": "NL",
            },
            "pro_enabled": False,
            "last_login": call.world.clock.iso(),
            "total_subscribers": sum(one.counts["subscribed"] for one in account.audiences.values()),
            "industry_stats": {"open_rate": 0, "bounce_rate": 0, "click_rate": 0},
        }
    )


def get_lists(call: Call) -> dict[str, Any]:
    query = call.query
    found = list(call.account.audiences.values())
    if query.get("email"):
        found = [one for one in found if one.find(query["email"]) is not None]
    if query.get("has_ecommerce_store"):
        linked = {store.list_id for store in call.account.stores.values()}
        found = [one for one in found if (one.id in linked) == truth(query, "has_ecommerce_store")]
    if query.get("sort_field") == "date_created":
        found.sort(key=lambda one: one.date_created, reverse=query.get("sort_dir", "").upper() == "DESC")
    with_total = truth(query, "include_total_contacts")
    return call.page(
        "lists",
        found,
        lambda one: audience_json(one, with_total=with_total),
        keys=LIST_KEYS,
        constraints={"may_create": True, "max_instances": 5, "current_total_instances": len(found)},
    )


def get_list(call: Call) -> dict[str, Any]:
    return call.answer(audience_json(call.audience(), with_total=truth(call.query, "include_total_contacts")))


LIST_FIELDS = {
    "name": string,
    "contact": mapping,
    "campaign_defaults": mapping,
    "permission_reminder": string,
    "email_type_option": boolean,
    "double_optin": boolean,
    "marketing_permissions": boolean,
    "use_archive_bar": boolean,
    "notify_on_subscribe": string,
    "notify_on_unsubscribe": string,
}
NEW_LIST = record(
    ("name", "contact", "permission_reminder", "campaign_defaults", "email_type_option"), **LIST_FIELDS
)
LIST_CHANGE = record((), **LIST_FIELDS)


def post_list(call: Call) -> dict[str, Any]:
    body = call.body(NEW_LIST)
    audience = call.account.open_audience(body["name"])
    return call.answer(_set(audience, body))


def patch_list(call: Call) -> dict[str, Any]:
    return call.answer(_set(call.audience(), call.body(LIST_CHANGE)))


def _set(audience: Audience, body: dict[str, Any]) -> dict[str, Any]:
    for name in LIST_FIELDS:
        if name in body:
            setattr(audience, name, body[name])
    return audience_json(audience, with_total=False)


def delete_list(call: Call) -> None:
    del call.account.audiences[call.audience().id]


# -- batch subscribe ---------------------------------------------------------------------------------------------

MANY = record(
    ("members",),
    members=list_of(record((), **{**MEMBER_FIELDS, "status": one_of(*STATUSES), "tags": list_of(string)})),
    update_existing=boolean,
    sync_tags=boolean,
)
BATCH_KEYS = [key for key in MEMBER_KEYS if key not in ("contact_id", "unsubscribe_reason")]


def post_members(call: Call) -> dict[str, Any]:
    """200 even when every single one failed; duplicates inside one request: the first wins."""
    audience = call.audience()
    body = call.body(MANY)
    members = body["members"]
    if len(members) > MOST_AT_ONCE:
        raise invalid_field("members", f"Array contains {len(members)} items, at most {MOST_AT_ONCE} allowed")
    skip_required = truth(call.query, "skip_merge_validation")
    skip_duplicates = truth(call.query, "skip_duplicate_check")
    created, updated, errors = [], [], []
    seen: set[str] = set()
    for one in members:
        email = one.get("email_address", "").strip()
        hashed = subscriber_hash(email)
        try:
            if hashed in seen and not skip_duplicates:
                raise bad_request(f"{email} is a duplicate of an address in this request.")  # inferred
            seen.add(hashed)
            known = audience.find(hashed)
            if known is None:
                member = enrolment.add(
                    audience,
                    one,
                    one.get("status", "subscribed"),
                    source="api",
                    skip_required=skip_required,
                    tags=one.get("tags") or (),
                )
                created.append(member_json(member, audience))
                continue
            if not body.get("update_existing"):
                errors.append(_failed(email, member_exists(email), code="ERROR_CONTACT_EXISTS"))
                continue
            enrolment.update(
                audience, known, one, one.get("status"), source="api", skip_required=skip_required
            )
            _tags(audience, known, one.get("tags"), replace=bool(body.get("sync_tags")))
            updated.append(member_json(known, audience))
        except ProblemError as problem:
            errors.append(_failed(email, problem, code="ERROR_GENERIC"))
    return call.answer(
        {
            "new_members": created,
            "updated_members": updated,
            "errors": errors,
            "total_created": len(created),
            "total_updated": len(updated),
            "error_count": len(errors),
        }
    )


def _tags(audience: Audience, member: Any, names: list[str] | None, *, replace: bool) -> None:
    if names is None:
        return
    if replace:
        for tag in list(member.tags):
            if audience.tag_names[tag] not in names:
                enrolment.remove_tag(audience, member, audience.tag_names[tag])
    for name in names:
        enrolment.add_tag(audience, member, name, quiet=False)


def _failed(email: str, problem: ProblemError, *, code: str) -> dict[str, Any]:
    first = (problem.errors or [{"field": "", "message": ""}])[0]
    return {
        "email_address": email,
        "error": problem.detail,
        "error_code": code,
        "field": first["field"],
        "field_message": first["message"],
    }


# -- search ------------------------------------------------------------------------------------------------------


def search_members(call: Call) -> dict[str, Any]:
    wanted = call.query.get("query", "").strip().lower()
    if not wanted:
        raise invalid_field("query", "This value should not be blank.")
    audiences = call.account.audiences.values()
    if call.query.get("list_id"):
        audiences = [one for one in audiences if one.id == call.query["list_id"]]  # type: ignore[assignment]
    exact, full = [], []
    for audience in audiences:
        for member in audience.members.values():
            if member.email.lower() == wanted:
                exact.append(member_json(member, audience))
            elif wanted in f"{member.email} {' '.join(map(str, member.merge_fields.values()))}".lower():
                full.append(member_json(member, audience))
    return call.answer(
        {
            "exact_matches": {"members": exact, "total_items": len(exact)},
            "full_search": {"members": full[:30], "total_items": len(full)},
        }
    )
