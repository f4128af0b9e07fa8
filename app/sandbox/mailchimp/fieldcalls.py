"""Calls on merge fields and on interests with their categories: the audience's vocabulary (mailchimp.md §2.3, §2.4)."""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp.answers import truth
from app.sandbox.mailchimp.audience import Audience, Interest, InterestCategory
from app.sandbox.mailchimp.call import Call, lookup
from app.sandbox.mailchimp.mergefields import TYPES, MergeField
from app.sandbox.mailchimp.problems import bad_request, invalid_field, not_found
from app.sandbox.mailchimp.shapes import boolean, integer, list_of, one_of, record, string

MOST_TAG_CHARACTERS = 10

OPTIONS = record(
    (),
    choices=list_of(string),
    date_format=string,
    default_country=integer,
    phone_format=string,
    size=integer,
)
FIELD = {
    "name": string,
    "tag": string,
    "required": boolean,
    "default_value": string,
    "public": boolean,
    "display_order": integer,
    "help_text": string,
    "options": OPTIONS,
}
NEW_FIELD = record(("name", "type"), **FIELD, type=one_of(*TYPES))
FIELD_CHANGE = record((), **FIELD)
FIELD_KEYS = (*FIELD, "type", "merge_id", "list_id")


def get_fields(call: Call) -> dict[str, Any]:
    audience = call.audience()
    found = [
        one
        for one in audience.fields.values()
        if call.query.get("type") in (None, "", one.type)
        and (not call.query.get("required") or one.required == truth(call.query, "required"))
    ]
    return call.page(
        "merge_fields",
        found,
        lambda one: one.as_json(list_id=audience.id),
        keys=FIELD_KEYS,
        list_id=audience.id,
    )


def post_field(call: Call) -> dict[str, Any]:
    audience = call.audience()
    body = call.body(NEW_FIELD)
    if len(audience.fields) >= audience.account.merge_field_limit:
        # The limit of 30 is reported, the sentence is inferred.
        raise bad_request(f"You cannot create more than {audience.account.merge_field_limit} merge fields.")
    tag = check_tag(audience, body.get("tag") or f"MMERGE{audience.next_merge_id}", own=None)
    one = MergeField(
        audience.next_merge_id, tag, body["name"], body["type"], display_order=audience.next_merge_id + 1
    )
    _fill(one, {**body, "tag": tag})
    audience.add_field(one)
    return call.answer(one.as_json(list_id=audience.id))


def patch_field(call: Call) -> dict[str, Any]:
    """A new tag takes the members' values along."""
    audience, one = _field(call)
    body = call.body(FIELD_CHANGE)
    before = one.tag
    if body.get("tag"):
        body["tag"] = check_tag(audience, body["tag"], own=one)
    _fill(one, body)
    if one.tag != before:
        audience.fields = {field.tag: field for field in audience.fields.values()}
        for member in audience.members.values():
            if before in member.merge_fields:
                member.merge_fields[one.tag] = member.merge_fields.pop(before)
    return call.answer(one.as_json(list_id=audience.id))


def get_field(call: Call) -> dict[str, Any]:
    audience, one = _field(call)
    return call.answer(one.as_json(list_id=audience.id))


def delete_field(call: Call) -> None:
    audience, one = _field(call)
    del audience.fields[one.tag]
    for member in audience.members.values():
        member.merge_fields.pop(one.tag, None)


def check_tag(audience: Audience, tag: str, *, own: MergeField | None) -> str:
    tag = tag.upper()
    if len(tag) > MOST_TAG_CHARACTERS:
        raise invalid_field(
            "tag", f"This value is too long. It should have {MOST_TAG_CHARACTERS} characters or less."
        )
    if not tag.replace("_", "").isalnum() or not tag.isascii() or tag in ("EMAIL", "INTERESTS", "GROUPINGS"):
        raise invalid_field("tag", f'The merge field tag "{tag}" is invalid.')  # inferred
    known = audience.fields.get(tag)
    if known is not None and known is not own:
        raise invalid_field("tag", f'A Merge Field with the tag "{tag}" already exists for this list.')
    return tag


def _field(call: Call) -> tuple[Audience, MergeField]:
    audience = call.audience()
    for one in audience.fields.values():
        if str(one.merge_id) == call.args[1]:
            return audience, one
    raise not_found()


def _fill(one: MergeField, body: dict[str, Any]) -> None:
    for name in FIELD:
        if name == "options":
            one.options = {**one.options, **body.get("options", {})}
        elif name in body:
            setattr(one, name, body[name])


# -- interests ---------------------------------------------------------------------------------------------------

NEW_CATEGORY = record(
    ("title", "type"),
    title=string,
    type=one_of("checkboxes", "dropdown", "radio", "hidden"),
    display_order=integer,
)
NEW_INTEREST = record(("name",), name=string, display_order=integer)


def category_json(one: InterestCategory, audience: Audience) -> dict[str, Any]:
    return {
        "list_id": audience.id,
        "id": one.id,
        "title": one.title,
        "display_order": one.display_order,
        "type": one.type,
    }


def interest_json(one: Interest, category: InterestCategory, audience: Audience) -> dict[str, Any]:
    chosen = sum(
        1
        for member in audience.members.values()
        if member.interests.get(one.id) and member.status == "subscribed"
    )
    return {
        "category_id": category.id,
        "list_id": audience.id,
        "id": one.id,
        "name": one.name,
        "subscriber_count": str(chosen),
        "display_order": one.display_order,
    }


def get_categories(call: Call) -> dict[str, Any]:
    audience = call.audience()
    found = [one for one in audience.categories.values() if call.query.get("type") in (None, "", one.type)]
    return call.page(
        "categories",
        found,
        lambda one: category_json(one, audience),
        keys=("list_id", "id", "title", "display_order", "type"),
        list_id=audience.id,
    )


def post_category(call: Call) -> dict[str, Any]:
    audience = call.audience()
    body = call.body(NEW_CATEGORY)
    if any(one.title == body["title"] for one in audience.categories.values()):
        raise bad_request(f'Cannot add "{body["title"]}" because it already exists on the list.')
    one = audience.open_category(body["title"], type=body["type"])
    one.display_order = body.get("display_order", 0)
    return call.answer(category_json(one, audience))


def _category(call: Call) -> tuple[Audience, InterestCategory]:
    audience = call.audience()
    return audience, lookup(audience.categories, call.args[1])


def get_category(call: Call) -> dict[str, Any]:
    audience, one = _category(call)
    return call.answer(category_json(one, audience))


def patch_category(call: Call) -> dict[str, Any]:
    audience, one = _category(call)
    body = call.body(NEW_CATEGORY)
    one.title, one.type = body["title"], body["type"]
    one.display_order = body.get("display_order", one.display_order)
    return call.answer(category_json(one, audience))


def delete_category(call: Call) -> None:
    audience, one = _category(call)
    for interest_id in list(one.interests):
        _drop_interest(audience, one, interest_id)
    del audience.categories[one.id]


def get_interests(call: Call) -> dict[str, Any]:
    audience, category = _category(call)
    return call.page(
        "interests",
        category.interests.values(),
        lambda one: interest_json(one, category, audience),
        keys=("category_id", "list_id", "id", "name", "subscriber_count", "display_order"),
        list_id=audience.id,
        category_id=category.id,
    )


def post_interest(call: Call) -> dict[str, Any]:
    audience, category = _category(call)
    body = call.body(NEW_INTEREST)
    if any(one.name == body["name"] for one in category.interests.values()):
        raise bad_request(f'Cannot add "{body["name"]}" because it already exists on the list.')
    one = Interest(call.world.next_id("interest"), body["name"], body.get("display_order", 0))
    category.interests[one.id] = one
    return call.answer(interest_json(one, category, audience))


def _interest(call: Call) -> tuple[Audience, InterestCategory, Interest]:
    audience, category = _category(call)
    return audience, category, lookup(category.interests, call.args[2])


def get_interest(call: Call) -> dict[str, Any]:
    audience, category, one = _interest(call)
    return call.answer(interest_json(one, category, audience))


def patch_interest(call: Call) -> dict[str, Any]:
    audience, category, one = _interest(call)
    body = call.body(NEW_INTEREST)
    one.name = body["name"]
    one.display_order = body.get("display_order", one.display_order)
    return call.answer(interest_json(one, category, audience))


def delete_interest(call: Call) -> None:
    audience, category, one = _interest(call)
    _drop_interest(audience, category, one.id)


def _drop_interest(audience: Audience, category: InterestCategory, interest_id: str) -> None:
    del category.interests[interest_id]
    for member in audience.members.values():
        member.interests.pop(interest_id, None)
