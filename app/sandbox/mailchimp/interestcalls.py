"""Calls on interest categories and the interests in them: what a contact may tick (mailchimp.md §2.4)."""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp.audience import Audience, Interest, InterestCategory
from app.sandbox.mailchimp.call import Call, lookup
from app.sandbox.mailchimp.problems import bad_request
from app.sandbox.mailchimp.shapes import integer, one_of, record, string

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
