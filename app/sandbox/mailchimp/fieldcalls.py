"""Calls on the merge fields of an audience (mailchimp.md §2.3)."""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp.answers import truth
from app.sandbox.mailchimp.audience import Audience
from app.sandbox.mailchimp.call import Call
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
