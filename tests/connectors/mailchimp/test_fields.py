"""Merge fields as the audience defines them, and those that a mapping names without there being one."""

from __future__ import annotations

from typing import Any

import pytest

from app.connectors.base import DefinesFields, MissingField, RemoteField
from app.connectors.mailchimp.client import MailchimpClient
from app.connectors.mailchimp.customers import IN_ROWS
from app.connectors.mailchimp.fields import MergeField, definition, missing_fields
from app.errors import LimitReached, MisdirectedConnection, RecordRefused
from app.mapping.rows import parse_rows
from app.sandbox.mailchimp.audience import Interest
from tests.connectors.mailchimp.conftest import Clock, Connect, Shop

TARGETS = [row.target for row in parse_rows(IN_ROWS) if row.on]


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"tag": "FNAME", "name": "First Name", "type": "text", "required": True}, MergeField("FNAME", "First Name", required=True)),
        (
            {"tag": "TIER", "name": "Tier", "type": "radio", "options": {"choices": ["Gold", 1]}},
            MergeField("TIER", "Tier", "radio", choices=("Gold", "1")),
        ),
        ({"tag": "TEL", "type": "phone", "options": {"phone_format": "US"}}, MergeField("TEL", type="phone", us_phone=True)),
        ({"tag": "ODD", "options": None}, MergeField("ODD")),
    ],
)  # fmt: skip
def test_a_definition(raw: dict[str, Any], field: MergeField) -> None:
    assert field == definition(raw)


def test_missing_fields_are_offered_once_with_a_type_that_suits() -> None:
    has = {"FNAME": MergeField("FNAME"), "LNAME": MergeField("LNAME")}
    targets = [*TARGETS, "merge_fields.shop", "merge_fields.HOME.city", "merge_fields.MUCHTOOLONG"]

    assert (
        MissingField("merge_fields.PHONE", "Phone Number", "phone"),
        MissingField("merge_fields.BIRTHDAY", "Birthday", "birthday"),
        MissingField("merge_fields.COMPANY", "Company", "text"),
        MissingField("merge_fields.ADDRESS", "Address", "address"),
        MissingField("merge_fields.SHOP", "Shop", "text"),
        MissingField("merge_fields.HOME", "Home", "address"),
    ) == missing_fields(targets, has)


async def test_an_offered_field_is_made_and_known_at_once(client: MailchimpClient, shop: Shop) -> None:
    assert isinstance(client, DefinesFields)
    await client.target("customer").learn()  # type: ignore[attr-defined]
    del shop.audience.fields["PHONE"]
    [company, phone] = await client.missing_fields("customer", ["merge_fields.COMPANY", "merge_fields.PHONE"])

    for missing in (company, phone):
        await client.make_field("customer", missing)
    known = client._definition.known.fields
    await client.target("customer").learn()  # type: ignore[attr-defined]

    made = shop.audience.fields["PHONE"]
    assert ("phone", False, {"phone_format": "International"}) == (made.type, made.public, made.options)
    assert (False, True) == ("COMPANY" in known, "COMPANY" in client._definition.known.fields)
    assert () == await client.missing_fields("customer", [company.path, phone.path])


async def test_what_rows_may_write(client: MailchimpClient, shop: Shop) -> None:
    shop.audience.fields["PHONE"].type = "dropdown"
    shop.audience.fields["PHONE"].options = {"choices": ["a", "b"]}
    interests = shop.audience.open_category("Newsletter")
    interests.interests["i1"] = Interest("i1", "Weekly")
    shop.audience.tag_ids["Vaste klant"] = 7

    found = await client.fields("customer", "in")

    phone = RemoteField("Phone Number", choices=("a", "b"), example="a", origin="merge_field")
    assert phone == found["merge_fields.PHONE"]
    birthday = RemoteField("Birthday", "date", example="11/24", origin="merge_field")
    assert birthday == found["merge_fields.BIRTHDAY"]
    city = RemoteField("Address: city", example="Utrecht", origin="merge_field")
    assert city == found["merge_fields.ADDRESS.city"]
    weekly = RemoteField("Newsletter: Weekly", "yes/no", example="true", origin="group")
    assert weekly == found["interests.i1"]
    assert RemoteField("Vaste klant", "yes/no", example="true", origin="tag") == found["tags.Vaste klant"]
    assert ("merge_fields.ADDRESS" in found, found["email_address"].required) == (False, True)
    assert {"merge_fields.*", "interests.*"}.isdisjoint(found)
    for target in TARGETS:
        assert target in found or target == "merge_fields.COMPANY"


async def test_what_rows_may_read(client: MailchimpClient, shop: Shop) -> None:
    interests = shop.audience.open_category("Newsletter")
    interests.interests["i1"] = Interest("i1", "Weekly")
    shop.audience.tag_ids["Vaste klant"] = 7

    found = await client.fields("contact", "out")

    assert ("object", "text") == (found["merge_fields.ADDRESS"].kind, found["merge_fields.ADDRESS.city"].kind)
    assert ("list", "Vaste klant" in found["tags"].choices) == (found["tags"].kind, True)
    assert ("i1" in found["interests"].choices, "i1: Newsletter: Weekly" in found["interests"].note) == (
        True,
        True,
    )
    assert "merge_fields.*" not in found


async def test_a_field_that_is_there_is_refused_and_never_changed(
    client: MailchimpClient, shop: Shop
) -> None:
    with pytest.raises(RecordRefused):
        await client.make_field("customer", MissingField("merge_fields.PHONE", "Another", "text"))

    assert ("Phone Number", "phone") == (
        shop.audience.fields["PHONE"].name,
        shop.audience.fields["PHONE"].type,
    )


async def test_the_plan_may_allow_no_more_fields(client: MailchimpClient, shop: Shop) -> None:
    shop.account.merge_field_limit = 5

    with pytest.raises(LimitReached) as reached:
        await client.make_field("customer", MissingField("merge_fields.SHOP", "Shop", "text"))

    assert "merge_field_limit" == reached.value.code


async def test_definitions_are_believed_for_five_minutes(connect: Connect, shop: Shop, ticks: Clock) -> None:
    client = connect(shop.base_url)
    target = client.target("customer")
    client._definition._monotonic = ticks

    await target.learn()  # type: ignore[attr-defined]
    ticks.seconds += 299
    await target.learn()  # type: ignore[attr-defined]
    once = shop.calls()
    ticks.seconds += 2
    await target.learn()  # type: ignore[attr-defined]

    assert (["list.get", "mergefields.get"], ["list.get", "mergefields.get"]) == (once, shop.calls())


async def test_an_audience_that_is_not_there(connect: Connect, shop: Shop) -> None:
    client = connect(shop.base_url, list_id="0000000000")

    for ask in (lambda: client.fields("customer", "in"), client.target("customer").learn):  # type: ignore[attr-defined]
        with pytest.raises(MisdirectedConnection) as lost:
            await ask()
        assert "audience_not_found" == lost.value.code
