"""Merge fields as the audience defines them, and those that a mapping names without there being one."""

from __future__ import annotations

from typing import Any

import pytest

from app.connectors.mailchimp.client import MailchimpClient
from app.connectors.mailchimp.customers import IN_ROWS
from app.connectors.mailchimp.fields import MergeField, MissingField, definition, missing_fields
from app.errors import LimitReached, MisdirectedConnection, RecordRefused
from tests.connectors.mailchimp.conftest import Clock, Connect, Shop


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
    targets = [target for target, *_ in IN_ROWS] + [
        "merge_fields.shop",
        "merge_fields.HOME.city",
        "merge_fields.MUCHTOOLONG",
    ]

    assert (
        MissingField("PHONE", "Phone Number", "phone"),
        MissingField("BIRTHDAY", "Birthday", "birthday"),
        MissingField("COMPANY", "Company", "text"),
        MissingField("ADDRESS", "Address", "address"),
        MissingField("SHOP", "Shop", "text"),
        MissingField("HOME", "Home", "address"),
    ) == missing_fields(targets, has)  # fmt: skip


async def test_an_offered_field_is_created_and_known_at_once(client: MailchimpClient, shop: Shop) -> None:
    target = client.target("customer")
    await target.learn()  # type: ignore[attr-defined]
    before = await client.merge_fields()
    [offered] = missing_fields(["merge_fields.COMPANY"], {field.tag: field for field in before})

    made = await client.create_merge_field(tag=offered.tag, name=offered.name, type=offered.type)
    await target.learn()  # type: ignore[attr-defined]

    assert (made, False) == (MergeField("COMPANY", "Company", "text"), shop.audience.fields["COMPANY"].public)
    assert made in await client.merge_fields()


async def test_a_field_that_is_there_is_refused_and_never_changed(
    client: MailchimpClient, shop: Shop
) -> None:
    with pytest.raises(RecordRefused):
        await client.create_merge_field(tag="PHONE", name="Another", type="text")

    assert ("Phone Number", "phone") == (
        shop.audience.fields["PHONE"].name,
        shop.audience.fields["PHONE"].type,
    )


async def test_the_plan_may_allow_no_more_fields(client: MailchimpClient, shop: Shop) -> None:
    shop.account.merge_field_limit = 5

    with pytest.raises(LimitReached) as reached:
        await client.create_merge_field(tag="SHOP", name="Shop")

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

    for ask in (client.merge_fields, client.target("customer").learn):  # type: ignore[attr-defined]
        with pytest.raises(MisdirectedConnection) as lost:
            await ask()
        assert "audience_not_found" == lost.value.code
