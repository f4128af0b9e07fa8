"""What becomes of merge field values, and the traps of the address."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.mailchimp.conftest import ANNA, LIST, Shop, said

NO_MATCH = "Data did not match any of the schemas described in anyOf."
NOT_VALIDATED = (
    "The resource submitted could not be validated. For field-specific details, see the 'errors' array."
)
WHOLE = {"addr1": "Markt 1", "city": "Utrecht", "state": "UT", "zip": "3511 AA"}
WHOLE_KEPT = {**WHOLE, "addr2": "", "country": ""}

VALUES: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("text", {}, "Anna", "Anna"),
    ("text", {}, 12, "12"),
    ("text", {}, "x" * 300, "x" * 255),
    ("text", {}, "é" * 200, "é" * 127),
    ("text", {}, None, NO_MATCH),
    ("text", {}, True, NO_MATCH),
    ("text", {}, ["a"], NO_MATCH),
    ("text", {}, {"a": "b"}, NO_MATCH),
    ("number", {}, 12.5, 12.5),
    ("number", {}, "12", 12),
    ("number", {}, "twelve", "Please enter a number"),
    ("number", {}, "nan", "Please enter a number"),
    ("number", {}, "1e999", "Please enter a number"),
    ("date", {}, "2026-03-01", "2026-03-01"),
    ("date", {}, "2026/03/01", "2026-03-01"),
    ("date", {}, "01-03-2026", "2026-03-01"),
    ("date", {}, "03/01/2026", "2026-03-01"),
    ("date", {}, "2026-13-01", "Please enter a valid date"),
    ("birthday", {}, "3/1", "03/01"),
    ("birthday", {}, "13/01", "Please enter a month (01-12) and a day (01-31)"),
    ("radio", {"choices": ["Bread", "Cake"]}, "Cake", "Cake"),
    ("dropdown", {"choices": ["Bread", "Cake"]}, "cake", "Please select one of the available choices"),
    ("zip", {}, "12345", "12345"),
    ("zip", {}, "3511 AA", "Please enter a zip code (5 digits)"),
    ("phone", {"phone_format": "none"}, "+31 6 12345678", "+31 6 12345678"),
    ("phone", {"phone_format": "US"}, "+31 6 12345678", "Please enter a valid phone number"),
    ("phone", {"phone_format": "US"}, "(555) 123-4567", "(555) 123-4567"),
    ("url", {}, "https://winkel-voorbeeld.nl/a", "https://winkel-voorbeeld.nl/a"),
    ("url", {}, "winkel", "Please enter a valid URL"),
    ("address", {}, WHOLE, WHOLE_KEPT),
    ("address", {}, {**WHOLE, "city": ""}, "Please enter a complete address"),
    ("address", {}, {"addr1": "Markt 1"}, "Please enter a complete address"),
    ("address", {}, "Markt 1, Utrecht", "Please enter a complete address"),
    ("address", {}, {**WHOLE, "zip": 3511}, NO_MATCH),
    ("address", {}, "", ""),
]


@pytest.mark.parametrize(("type_", "options", "sent", "expected"), VALUES)
async def test_values(shop: Shop, type_: str, options: dict[str, Any], sent: Any, expected: Any) -> None:
    shop.audience.open_field("FIELD", type=type_, options=options)

    status, body = await shop.put(ANNA, merge_fields={"FIELD": sent})

    got = body["merge_fields"]["FIELD"] if status == 200 else body["errors"][0]["message"]
    assert expected == got


async def test_a_tag_that_is_not_defined_is_not_set(shop: Shop) -> None:
    status, body = await shop.put(ANNA, merge_fields={"NOSUCH": "x", "fname": "Anna"})

    assert (
        200,
        {"FNAME": "Anna", "LNAME": "", "ADDRESS": "", "PHONE": "", "BIRTHDAY": ""},
        "Anna",
    ) == (status, body["merge_fields"], body["full_name"])


async def test_a_required_field(shop: Shop) -> None:
    shop.audience.open_field("SHOP", required=True)
    refusal = (400, "Invalid Resource", "Your merge fields were invalid.", ("SHOP", "Please enter a value"))

    refused = await shop.put()
    skipped = await shop.call(
        "PUT",
        f"{LIST}/members/{ANNA}?skip_merge_validation=true",
        {"email_address": ANNA, "status_if_new": "subscribed"},
    )
    again = await shop.patch(language="nl")
    filled = await shop.patch(merge_fields={"SHOP": "Utrecht"})
    kept = await shop.patch(language="nl")

    assert (refusal, 200, refusal, 200, 200) == (said(refused), skipped[0], said(again), filled[0], kept[0])


async def test_a_member_with_an_incomplete_address_refuses_every_update(shop: Shop) -> None:
    shop.life.add(ANNA)
    shop.life.spoil_address(ANNA, addr1="Markt 1")
    refusal = (
        400,
        "Invalid Resource",
        "Your merge fields were invalid.",
        ("ADDRESS", "Please enter a complete address"),
    )

    by_name = await shop.patch(merge_fields={"FNAME": "Anna"})
    by_status = await shop.patch(status="unsubscribed")
    skipping = await shop.call(
        "PATCH", f"{LIST}/members/{ANNA}?skip_merge_validation=true", {"language": "nl"}
    )
    healed = await shop.patch(merge_fields={"ADDRESS": WHOLE})
    after = await shop.patch(merge_fields={"FNAME": "Anna"})

    assert (refusal, refusal, refusal, 200, 200) == (
        said(by_name),
        said(by_status),
        said(skipping),
        healed[0],
        after[0],
    )


FIELDS = f"{LIST}/merge-fields"


async def test_fields_are_made_changed_and_deleted(shop: Shop) -> None:
    shop.life.add(ANNA)
    status, made = await shop.call("POST", FIELDS, {"name": "Shop", "type": "text", "tag": "shop"})
    await shop.patch(merge_fields={"SHOP": "Utrecht"})
    path = f"{FIELDS}/{made['merge_id']}"

    renamed = await shop.call("PATCH", path, {"name": "Branch", "tag": "BRANCH"})
    member = await shop.call("GET", f"{LIST}/members/{ANNA}")
    shown = await shop.call("GET", path)
    gone = await shop.call("DELETE", path)
    without = await shop.call("GET", f"{LIST}/members/{ANNA}")

    assert (200, "SHOP", "text") == (status, made["tag"], made["type"])
    assert ("BRANCH", "Utrecht") == (renamed[1]["tag"], member[1]["merge_fields"]["BRANCH"])
    assert renamed == shown
    assert (204, None) == gone
    assert "BRANCH" not in without[1]["merge_fields"]
    assert 404 == (await shop.call("GET", path))[0]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"name": "Shop"}, ("", "Required fields were not provided: type")),
        ({"name": "Shop", "type": "text", "tag": "A23456789012"},
         ("tag", "This value is too long. It should have 10 characters or less.")),
        ({"name": "Shop", "type": "text", "tag": "FNAME"},
         ("tag", 'A Merge Field with the tag "FNAME" already exists for this list.')),
        ({"name": "Shop", "type": "text", "tag": "A B"}, ("tag", 'The merge field tag "A B" is invalid.')),
        ({"name": "Shop", "type": "money"},
         ("type", "Data presented is not one of the accepted values: text, number, address, phone, date, url, "
          "imageurl, radio, dropdown, birthday, zip.")),
    ],
)  # fmt: skip
async def test_fields_that_are_refused(shop: Shop, sent: dict[str, Any], expected: tuple[str, str]) -> None:
    assert (400, "Invalid Resource", NOT_VALIDATED, expected) == said(await shop.call("POST", FIELDS, sent))


async def test_no_more_than_thirty_fields(shop: Shop) -> None:
    shop.account.merge_field_limit = 6
    first = await shop.call("POST", FIELDS, {"name": "Shop", "type": "text"})
    second = await shop.call("POST", FIELDS, {"name": "More", "type": "text"})

    assert (200, "MMERGE6") == (first[0], first[1]["tag"])
    assert (400, "Bad Request", "You cannot create more than 6 merge fields.") == said(second)


async def test_fields_are_listed_ten_at_a_time(shop: Shop) -> None:
    for number in range(7):
        shop.audience.open_field(f"F{number}", required=number == 0)

    listed = (await shop.call("GET", FIELDS))[1]
    required = (await shop.call("GET", f"{FIELDS}?required=true&fields=merge_fields.tag,total_items"))[1]

    assert (10, 12) == (len(listed["merge_fields"]), listed["total_items"])
    assert {"merge_fields": [{"tag": "F0"}], "total_items": 1} == required
