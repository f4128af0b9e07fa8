"""Members: what is shown, what is listed, tags, interests, and the batch subscribe."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.mailchimp.conftest import ANNA, BRAM, LIST, Shop, said

NOT_VALIDATED = (
    "The resource submitted could not be validated. For field-specific details, see the 'errors' array."
)


async def test_a_member_is_shown_whole(shop: Shop) -> None:
    bread = next(iter(shop.audience.open_category("Taste", "Bread").interests))
    permission = shop.audience.open_permission("E-mail")

    _, member = await shop.put(
        ANNA,
        merge_fields={"FNAME": "Anna", "LNAME": "de Wit"},
        interests={bread: True},
        marketing_permissions=[{"marketing_permission_id": permission, "enabled": True}],
        language="nl",
        vip=True,
        location={"latitude": 52.1, "longitude": 5.1},
        ip_signup="198.51.100.1",
        timestamp_signup="2026-02-28T23:30:00+01:00",
        ip_opt="198.51.100.2",
        timestamp_opt="2026-02-28 10:00:00",
    )

    del member["_links"]
    assert {
        "id": "d6ff26e32dc162909ef9d7ff23c45a8f",
        "email_address": ANNA,
        "unique_email_id": shop.member().unique_email_id,
        "contact_id": shop.member().contact_id,
        "full_name": "Anna de Wit",
        "web_id": shop.member().web_id,
        "email_type": "html",
        "status": "subscribed",
        "unsubscribe_reason": "",
        "consents_to_one_to_one_messaging": True,
        "sms_phone_number": "",
        "sms_subscription_status": "",
        "sms_subscription_last_updated": "",
        "merge_fields": {"FNAME": "Anna", "LNAME": "de Wit", "ADDRESS": "", "PHONE": "", "BIRTHDAY": ""},
        "interests": {bread: True},
        "stats": {"avg_open_rate": 0, "avg_click_rate": 0},
        "ip_signup": "198.51.100.1",
        "timestamp_signup": "2026-02-28T22:30:00+00:00",
        "ip_opt": "198.51.100.2",
        "timestamp_opt": "2026-02-28T10:00:00+00:00",
        "member_rating": 2,
        "last_changed": "2026-03-01T12:00:00+00:00",
        "language": "nl",
        "vip": True,
        "email_client": "",
        "location": {
            "latitude": 52.1, "longitude": 5.1, "gmtoff": 0, "dstoff": 0,
            "country_code": "", "timezone": "", "region": "",
        },
        "marketing_permissions": [
            {"marketing_permission_id": permission, "text": "E-mail", "enabled": True}
        ],
        "source": "API - Generic",
        "tags_count": 0,
        "tags": [],
        "list_id": "a1b2c3d4e5",
    } == member  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"email_address": None},
         [("", "Required fields were not provided: email_address"),
          ("email_address", "Schema describes string, NULL found instead")]),
        ({"vip": "yes"}, [("vip", "Schema describes boolean, string found instead")]),
        ({"language": 5}, [("language", "Schema describes string, integer found instead")]),
        ({"location": []}, [("location", "Schema describes object, array found instead")]),
        ({"location": {"latitude": "52"}}, [("location.latitude", "Schema describes number, string found instead")]),
        ({"marketing_permissions": {}}, [("marketing_permissions", "Schema describes array, object found instead")]),
        ({"marketing_permissions": [{"enabled": 1}]},
         [("marketing_permissions.item:0.enabled", "Schema describes boolean, integer found instead")]),
        ({"status": "archived"},
         [("status", "Data presented is not one of the accepted values: subscribed, unsubscribed, cleaned, pending, "
           "transactional.")]),
        ({"timestamp_opt": "yesterday"}, [("timestamp_opt", "This value is not a valid datetime.")]),
        ({"status_if_new": None, "status": None},
         [("status_if_new", "Schema describes string, NULL found instead"),
          ("status", "Schema describes string, NULL found instead")]),
    ],
)  # fmt: skip
async def test_bodies_of_the_wrong_shape(
    shop: Shop, sent: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    answer = await shop.call(
        "PUT", f"{LIST}/members/{ANNA}", {"email_address": ANNA, "status_if_new": "subscribed", **sent}
    )

    assert (400, "Invalid Resource", NOT_VALIDATED, *expected) == said(answer)
    assert {} == shop.audience.members


async def test_unknown_keys_are_ignored_and_tags_are_no_key_of_put(shop: Shop) -> None:
    status, member = await shop.put(ANNA, favourite="bread", tags=["till"])

    assert (200, []) == (status, member["tags"])


# -- listing -----------------------------------------------------------------------------------------------------


async def fill(shop: Shop) -> None:
    """Five members, a minute apart: a0 to a4; a3 is unsubscribed, a4 archived."""
    for number in range(5):
        shop.life.add(f"a{number}@klant-voorbeeld.nl")
        shop.world.advance(60)
    shop.life.unsubscribe("a3@klant-voorbeeld.nl")
    shop.world.advance(60)
    shop.life.archive("a4@klant-voorbeeld.nl")


def plus(text: str) -> str:
    return quote(text, safe="")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "0 1 2 3"),
        ("count=2", "0 1"),
        ("count=2&offset=3", "3"),
        ("count=0", ""),
        ("status=subscribed", "0 1 2"),
        ("status=archived", "4"),
        ("status=unsubscribed&unsubscribed_since=2026-03-01T12:00:00%2B00:00", "3"),
        (f"since_last_changed={plus('2026-03-01T12:01:00+00:00')}", "2 3"),
        (f"since_last_changed={plus('2026-03-01T13:01:00+01:00')}", "2 3"),
        (f"before_last_changed={plus('2026-03-01T12:01:00+00:00')}", "0"),
        ("sort_field=last_changed&sort_dir=DESC", "3 2 1 0"),
        ("sort_field=last_changed&sort_dir=ASC&count=1", "0"),
        ("vip_only=true", ""),
        ("email_type=text", ""),
    ],
)
async def test_listing(shop: Shop, query: str, expected: str) -> None:
    await fill(shop)

    status, body = await shop.call("GET", f"{LIST}/members?{query}&fields=members.email_address")

    assert (200, expected) == (status, " ".join(one["email_address"][1] for one in body["members"]))


async def test_a_listing_tells_the_whole_number(shop: Shop) -> None:
    await fill(shop)

    body = (
        await shop.call("GET", f"{LIST}/members?count=1&exclude_fields=members._links,_links,members.stats")
    )[1]

    assert (1, 4, "a1b2c3d4e5", False) == (
        len(body["members"]),
        body["total_items"],
        body["list_id"],
        "stats" in body["members"][0],
    )


async def test_one_member_by_unique_email_id(shop: Shop) -> None:
    await fill(shop)
    wanted = shop.member("a2@klant-voorbeeld.nl")

    body = (
        await shop.call(
            "GET",
            f"{LIST}/members?unique_email_id={wanted.unique_email_id}&fields=members.id,members.contact_id",
        )
    )[1]

    assert {"members": [{"id": wanted.id, "contact_id": wanted.contact_id}]} == body


async def test_members_by_interest(shop: Shop) -> None:
    category = shop.audience.open_category("Taste", "Bread", "Cake")
    bread, cake = category.interests
    shop.life.sign_up(ANNA, interests={bread: True})
    shop.life.sign_up(BRAM, interests={bread: True, cake: True})

    got = {}
    for match in ("any", "all", "none"):
        path = f"{LIST}/members?interest_category_id={category.id}&interest_ids={bread},{cake}&interest_match={match}"
        got[match] = [one["email_address"] for one in (await shop.call("GET", path))[1]["members"]]

    assert {"any": [ANNA, BRAM], "all": [BRAM], "none": []} == got


@pytest.mark.parametrize(
    ("query", "title", "detail"),
    [
        ("fields=members.id&exclude_fields=_links", "Bad Request",
         "The fields and exclude_fields parameters are mutually exclusive."),
        ("fields=members.nosuch", "Requested Fields Invalid",
         "The fields requested from this resource are invalid: members.nosuch"),
        ("exclude_fields=nosuch", "Requested Fields Invalid",
         "The fields requested from this resource are invalid: nosuch"),
        ("since_last_changed=2026-03-01T12:00:00+00:00", "Invalid Resource", NOT_VALIDATED),
        ("status=alive", "Invalid Resource", NOT_VALIDATED),
        ("count=many", "Invalid Resource", NOT_VALIDATED),
        ("sort_field=email", "Invalid Resource", NOT_VALIDATED),
        ("unsubscribed_since=2026-03-01", "Bad Request",
         "The unsubscribed_since filter can only be used with a status of unsubscribed."),
    ],
)  # fmt: skip
async def test_queries_that_are_refused(shop: Shop, query: str, title: str, detail: str) -> None:
    answer = await shop.http.get(f"/3.0{LIST}/members?{query}")

    assert (400, title, detail) == said((answer.status_code, answer.json()))[:3]


async def test_more_than_a_thousand_are_cut_to_a_thousand(shop: Shop) -> None:
    for number in range(1_002):
        shop.life.add(f"a{number}@klant-voorbeeld.nl")

    answer = await shop.http.get(f"/3.0{LIST}/members?count=3000&fields=members.id,total_items")

    assert (1_000, 1_002) == (len(answer.json()["members"]), answer.json()["total_items"])


# -- tags and interests ------------------------------------------------------------------------------------------


async def test_tags(shop: Shop) -> None:
    shop.life.add(ANNA)
    shop.audience.tag_automations.add("gold")
    path = f"{LIST}/members/{ANNA}/tags"

    quiet = await shop.call(
        "POST", path, {"tags": [{"name": "gold", "status": "active"}], "is_syncing": True}
    )
    nobody_was_mailed = shop.mails()
    await shop.call("POST", path, {"tags": [{"name": "gold", "status": "inactive"}]})
    loud = await shop.call(
        "POST", path, {"tags": [{"name": "gold", "status": "active"}, {"name": "golf", "status": "active"}]}
    )
    shown = (await shop.call("GET", path))[1]

    assert (204, None) == quiet == loud
    assert [] == nobody_was_mailed
    assert [("tag_automation", ANNA)] == shop.mails()
    assert [("gold", "2026-03-01T12:00:00+00:00"), ("golf", "2026-03-01T12:00:00+00:00")] == [
        (one["name"], one["date_added"]) for one in shown["tags"]
    ]
    assert ["gold", "golf"] == [
        one["name"] for one in shop_tags(await shop.call("GET", f"{LIST}/tag-search?name=GOL"))
    ]
    assert 2 == (await shop.call("GET", f"{LIST}/members/{ANNA}"))[1]["tags_count"]


def shop_tags(answer: tuple[int, Any]) -> list[dict[str, Any]]:
    tags: list[dict[str, Any]] = answer[1]["tags"]
    return tags


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, ("", "Required fields were not provided: tags")),
        ({"tags": [{"name": "gold"}]}, ("tags.item:0", "Required fields were not provided: status")),
        ({"tags": ["gold"]}, ("tags.item:0", "Schema describes object, string found instead")),
    ],
)
async def test_tags_of_the_wrong_shape(shop: Shop, sent: dict[str, Any], expected: tuple[str, str]) -> None:
    shop.life.add(ANNA)

    answer = await shop.call("POST", f"{LIST}/members/{ANNA}/tags", sent)

    assert (400, "Invalid Resource", NOT_VALIDATED, expected) == said(answer)


async def test_interests_are_kept_one_by_one(shop: Shop) -> None:
    bread, cake = shop.audience.open_category("Taste", "Bread", "Cake").interests
    one, other = shop.audience.open_category("Shop", "Utrecht", "Zwolle", type="radio").interests
    await shop.put(ANNA, interests={bread: True, one: True})

    _, member = await shop.patch(interests={cake: True, other: True})
    refused = await shop.patch(interests={"c06bb4b529": True})

    assert {bread: True, cake: True, one: False, other: True} == member["interests"]
    assert (400, "Invalid Resource", "Invalid interest ID: 'c06bb4b529'.") == said(refused)


async def test_categories_and_interests(shop: Shop) -> None:
    categories = f"{LIST}/interest-categories"
    _, made = await shop.call("POST", categories, {"title": "Taste", "type": "checkboxes"})
    category = f"{categories}/{made['id']}"
    _, bread = await shop.call("POST", f"{category}/interests", {"name": "Bread"})
    await shop.put(ANNA, interests={bread["id"]: True})

    changed = await shop.call("PATCH", f"{category}/interests/{bread['id']}", {"name": "Loaves"})
    listed = (await shop.call("GET", f"{category}/interests"))[1]
    again = await shop.call("POST", categories, {"title": "Taste", "type": "radio"})

    assert ("Loaves", "1") == (changed[1]["name"], listed["interests"][0]["subscriber_count"])
    assert 400 == again[0]
    assert ["Taste"] == [one["title"] for one in (await shop.call("GET", categories))[1]["categories"]]
    assert (204, None) == await shop.call("DELETE", f"{category}/interests/{bread['id']}")
    assert {} == (await shop.call("GET", f"{LIST}/members/{ANNA}"))[1]["interests"]
    assert (204, None) == await shop.call("DELETE", category)
    assert 404 == (await shop.call("GET", category))[0]


# -- batch subscribe ---------------------------------------------------------------------------------------------


async def test_batch_subscribe_answers_200_whatever_failed(shop: Shop) -> None:
    shop.life.add(BRAM)
    shop.life.tag(BRAM, "old")
    members = [
        {"email_address": ANNA, "status": "subscribed", "tags": ["new"]},
        {"email_address": ANNA, "status": "unsubscribed"},
        {"email_address": BRAM, "status": "unsubscribed", "tags": ["new"]},
        {"email_address": "x@example.com", "status": "subscribed"},
    ]

    status, first = await shop.call("POST", LIST, {"members": members})
    _, second = await shop.call(
        "POST", LIST, {"members": members[2:3], "update_existing": True, "sync_tags": True}
    )

    assert (200, 1, 0, 3) == (
        status,
        first["total_created"],
        first["total_updated"],
        first["error_count"],
    )
    assert [
        (ANNA, "ERROR_GENERIC"),
        (BRAM, "ERROR_CONTACT_EXISTS"),
        ("x@example.com", "ERROR_GENERIC"),
    ] == [(one["email_address"], one["error_code"]) for one in first["errors"]]
    assert ("unsubscribed", ["new"]) == (
        second["updated_members"][0]["status"],
        [one["name"] for one in second["updated_members"][0]["tags"]],
    )


async def test_batch_subscribe_takes_five_hundred(shop: Shop) -> None:
    members = [{"email_address": f"a{n}@klant-voorbeeld.nl", "status": "subscribed"} for n in range(501)]

    assert 400 == (await shop.call("POST", LIST, {"members": members}))[0]
    assert 500 == (await shop.call("POST", LIST, {"members": members[:500]}))[1]["total_created"]


async def test_search(shop: Shop) -> None:
    shop.life.add(ANNA, merge_fields={"LNAME": "de Wit"})

    exact = (await shop.call("GET", f"/search-members?query={ANNA}"))[1]
    full = (await shop.call("GET", "/search-members?query=wit"))[1]

    assert (1, 0) == (exact["exact_matches"]["total_items"], exact["full_search"]["total_items"])
    assert (0, 1) == (full["exact_matches"]["total_items"], full["full_search"]["total_items"])
