"""Calls on single members, their listing, and their tags (mailchimp.md §2.1, §2.2, §2.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.sandbox.mailchimp import enrolment
from app.sandbox.mailchimp.answers import truth
from app.sandbox.mailchimp.audience import Audience, Member
from app.sandbox.mailchimp.audienceview import MEMBER_KEYS, member_json
from app.sandbox.mailchimp.call import Call
from app.sandbox.mailchimp.clock import wire_time
from app.sandbox.mailchimp.problems import bad_request, invalid_field
from app.sandbox.mailchimp.shapes import (
    boolean,
    list_of,
    mapping,
    mapping_of,
    number,
    one_of,
    record,
    string,
    time,
)

STATUSES = ("subscribed", "unsubscribed", "cleaned", "pending", "transactional")
PATCH_STATUSES = ("subscribed", "unsubscribed", "cleaned", "pending")  # no transactional here, says 3.0.55

MEMBER_FIELDS = {
    "email_address": string,
    "email_type": string,
    "merge_fields": mapping,
    "interests": mapping_of(boolean),
    "language": string,
    "vip": boolean,
    "location": record((), latitude=number, longitude=number),
    "marketing_permissions": list_of(record((), marketing_permission_id=string, enabled=boolean)),
    "ip_signup": string,
    "timestamp_signup": time,
    "ip_opt": string,
    "timestamp_opt": time,
}
PUT_MEMBER = record(
    ("email_address",), **MEMBER_FIELDS, status=one_of(*STATUSES), status_if_new=one_of(*STATUSES)
)
POST_MEMBER = record(
    ("email_address", "status"), **MEMBER_FIELDS, status=one_of(*STATUSES), tags=list_of(string)
)
PATCH_MEMBER = record((), **MEMBER_FIELDS, status=one_of(*PATCH_STATUSES))


def put_member(call: Call) -> dict[str, Any]:
    audience = call.audience()
    member = enrolment.put(
        audience, call.args[1], call.body(PUT_MEMBER), source="api", skip_required=skips(call)
    )
    return call.answer(member_json(member, audience))


def patch_member(call: Call) -> dict[str, Any]:
    audience, member = call.member()
    enrolment.patch(audience, member, call.body(PATCH_MEMBER), source="api", skip_required=skips(call))
    return call.answer(member_json(member, audience))


def post_member(call: Call) -> dict[str, Any]:
    audience = call.audience()
    member = enrolment.post(audience, call.body(POST_MEMBER), source="api", skip_required=skips(call))
    return call.answer(member_json(member, audience))


def get_member(call: Call) -> dict[str, Any]:
    audience, member = call.member()
    return call.answer(member_json(member, audience))


def delete_member(call: Call) -> None:
    """Archives; who is archived already stays so."""
    audience, member = call.member()
    enrolment.archive(audience, member, source="api")


def delete_permanently(call: Call) -> None:
    audience, member = call.member()
    enrolment.forget(audience, member, source="api")


def skips(call: Call) -> bool:
    return bool(call.query_string) and truth(call.query, "skip_merge_validation")


# -- listing -----------------------------------------------------------------------------------------------------


def get_members(call: Call) -> dict[str, Any]:
    audience = call.audience()
    found = matching(audience, call)
    field = call.query.get("sort_field")
    if field:
        if field not in ("timestamp_opt", "timestamp_signup", "last_changed"):
            raise invalid_field(
                "sort_field",
                "Data presented is not one of the accepted values: timestamp_opt, timestamp_signup, last_changed.",
            )
        found.sort(
            key=lambda one: str(getattr(one, field)), reverse=call.query.get("sort_dir", "").upper() == "DESC"
        )
    return call.page(
        "members", found, lambda one: member_json(one, audience), keys=MEMBER_KEYS, list_id=audience.id
    )


def matching(audience: Audience, call: Call) -> list[Member]:
    """Archived members are among them only when they are asked for."""
    query = call.query
    status = query.get("status")
    if status and status not in (*STATUSES, "archived"):
        raise invalid_field(
            "status",
            f"Data presented is not one of the accepted values: {', '.join((*STATUSES, 'archived'))}.",
        )
    tests: list[Callable[[Member], bool]] = [
        (lambda one: one.status == status) if status else (lambda one: one.status != "archived")
    ]
    for name, field, after in TIME_FILTERS:
        if query.get(name):
            tests.append(_time_test(field, moment(query[name], name), after=after))
    if query.get("unsubscribed_since"):
        if status != "unsubscribed":
            raise bad_request("The unsubscribed_since filter can only be used with a status of unsubscribed.")
        tests.append(
            _time_test(
                "unsubscribed_at", moment(query["unsubscribed_since"], "unsubscribed_since"), after=True
            )
        )
    if query.get("since_last_campaign") and not status:
        raise bad_request("The since_last_campaign filter needs a status.")
    if query.get("unique_email_id"):
        tests.append(lambda one: one.unique_email_id == query["unique_email_id"])
    if query.get("email_type"):
        tests.append(lambda one: one.email_type == query["email_type"])
    if truth(query, "vip_only"):
        tests.append(lambda one: one.vip)
    if query.get("interest_ids"):
        tests.append(_interest_test(query["interest_ids"].split(","), query.get("interest_match", "any")))
    if len(tests) == 1:
        return list(filter(tests[0], audience.members.values()))
    return [one for one in audience.members.values() if all(test(one) for test in tests)]


TIME_FILTERS = (
    ("since_last_changed", "last_changed", True),
    ("before_last_changed", "last_changed", False),
    ("since_timestamp_opt", "timestamp_opt", True),
    ("before_timestamp_opt", "timestamp_opt", False),
)


def moment(text: str, name: str) -> str:
    """A plus that was not written %2B has become a blank here, and the time is refused."""
    try:
        return wire_time(text)
    except ValueError:
        raise invalid_field(name, "This value is not a valid datetime.") from None  # inferred


def _time_test(field: str, limit: str, *, after: bool) -> Callable[[Member], bool]:
    """Strictly after or before, as the description words it: what changed in the very same second is left out."""
    if after:
        return lambda one: getattr(one, field) > limit
    return lambda one: "" < getattr(one, field) < limit


def _interest_test(wanted: list[str], match: str) -> Callable[[Member], bool]:
    if match not in ("any", "all", "none"):
        raise invalid_field(
            "interest_match", "Data presented is not one of the accepted values: any, all, none."
        )

    def test(one: Member) -> bool:
        chosen = [one.interests.get(key, False) for key in wanted]
        return all(chosen) if match == "all" else any(chosen) == (match == "any")

    return test


# -- tags --------------------------------------------------------------------------------------------------------

TAGS = record(
    ("tags",),
    tags=list_of(record(("name", "status"), name=string, status=one_of("inactive", "active"))),
    is_syncing=boolean,
)


def post_tags(call: Call) -> None:
    audience, member = call.member()
    body = call.body(TAGS)
    for tag in body["tags"]:
        if tag["status"] == "active":
            enrolment.add_tag(audience, member, tag["name"], quiet=bool(body.get("is_syncing")))
        else:
            enrolment.remove_tag(audience, member, tag["name"])


def get_tags(call: Call) -> dict[str, Any]:
    audience, member = call.member()
    return call.page(
        "tags",
        list(member.tags.items()),
        lambda tag: {"id": tag[0], "name": audience.tag_names[tag[0]], "date_added": tag[1]},
        keys=("id", "name", "date_added"),
    )


def search_tags(call: Call) -> dict[str, Any]:
    audience = call.audience()
    start = call.query.get("name", "").lower()
    found = [
        {"id": number, "name": name}
        for name, number in audience.tag_ids.items()
        if name.lower().startswith(start)
    ]
    return call.answer({"tags": found, "total_items": len(found)})
