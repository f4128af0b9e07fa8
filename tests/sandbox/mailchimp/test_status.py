"""Who gets onto an audience, and who never comes back: the rules of status, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.mailchimp.conftest import ANNA, BRAM, LIST, Shop, said

COMPLIANCE = (
    400,
    "Member In Compliance State",
    f"{ANNA} is in a compliance state due to unsubscribe, bounce, or compliance review and cannot be subscribed.",
)
EXISTS = (
    400,
    "Member Exists",
    f"{ANNA} is already a list member. Use PUT to insert or update list members.",
)
FORGOTTEN = (
    400,
    "Forgotten Email Not Subscribed",
    f"{ANNA} was permanently deleted and cannot be re-imported. The contact must re-subscribe to get back on the list.",
)
CONFIRMATION = ("opt_in_confirmation", ANNA)


async def become(shop: Shop, how: str) -> None:
    """Bring Anna into a state by the way a test names."""
    life = shop.life
    match how:
        case "absent":
            return
        case "subscribed" | "transactional" | "pending":
            life.add(ANNA, status=how)
        case "unsubscribed by API":
            life.add(ANNA)
            await shop.patch(status="unsubscribed")
        case "unsubscribed by contact":
            life.add(ANNA)
            life.unsubscribe(ANNA)
        case "unsubscribed by merchant":
            life.add(ANNA)
            life.unsubscribe(ANNA, source="admin")
        case "cleaned":
            life.add(ANNA)
            life.clean(ANNA)
        case "archived":
            life.add(ANNA)
            life.archive(ANNA)
        case "archived after unsubscribe":
            life.add(ANNA)
            life.unsubscribe(ANNA)
            life.archive(ANNA)
        case "deleted for good":
            life.add(ANNA)
            life.forget(ANNA)
    shop.sandbox.mails.clear()


PUTS: list[tuple[str, dict[str, str], str | tuple[Any, ...], bool]] = [
    ("absent", {"status_if_new": "subscribed"}, "subscribed", False),
    ("absent", {"status_if_new": "transactional"}, "transactional", False),
    ("absent", {"status_if_new": "pending"}, "pending", True),
    ("absent", {"status_if_new": "transactional", "status": "subscribed"}, "transactional", False),
    ("subscribed", {"status_if_new": "transactional"}, "subscribed", False),
    ("subscribed", {"status": "unsubscribed"}, "unsubscribed", False),
    ("subscribed", {"status": "pending"}, "pending", True),
    ("pending", {"status": "pending"}, "pending", False),
    ("transactional", {"status_if_new": "subscribed"}, "transactional", False),
    ("transactional", {"status": "subscribed"}, "subscribed", False),
    ("unsubscribed by API", {"status_if_new": "subscribed"}, "unsubscribed", False),
    ("unsubscribed by API", {"status": "subscribed"}, COMPLIANCE, False),
    ("unsubscribed by API", {"status": "pending"}, "pending", True),
    ("unsubscribed by contact", {"status": "subscribed"}, COMPLIANCE, False),
    ("unsubscribed by contact", {"status": "transactional"}, COMPLIANCE, False),
    ("unsubscribed by merchant", {"status": "subscribed"}, "subscribed", False),
    ("cleaned", {"status": "subscribed"}, COMPLIANCE, False),
    ("cleaned", {"status_if_new": "subscribed"}, "cleaned", False),
    ("archived", {"status_if_new": "transactional"}, "transactional", False),
    ("archived", {"status": "subscribed"}, "subscribed", False),
    ("archived after unsubscribe", {"status_if_new": "subscribed"}, COMPLIANCE, False),
    ("deleted for good", {"status_if_new": "subscribed"}, FORGOTTEN, False),
    ("deleted for good", {"status_if_new": "pending"}, FORGOTTEN, False),
]


@pytest.mark.parametrize(("before", "sent", "expected", "mailed"), PUTS)
async def test_put(
    shop: Shop, before: str, sent: dict[str, str], expected: str | tuple[Any, ...], mailed: bool
) -> None:
    await become(shop, before)

    answer = await shop.put(**sent)

    got = answer[1]["status"] if answer[0] == 200 else said(answer)
    assert (expected, [CONFIRMATION] if mailed else []) == (got, shop.mails())


PATCHES: list[tuple[str, dict[str, str], str | tuple[Any, ...]]] = [
    ("archived", {"language": "nl"}, "archived"),
    ("archived", {"status": "subscribed"}, "subscribed"),
    ("subscribed", {"status": "unsubscribed"}, "unsubscribed"),
    ("unsubscribed by contact", {"status": "subscribed"}, COMPLIANCE),
    ("unsubscribed by contact", {"language": "nl"}, "unsubscribed"),
    (
        "subscribed",
        {"status": "transactional"},
        (
            400,
            "Invalid Resource",
            "The resource submitted could not be validated. For field-specific details, see the 'errors' array.",
            (
                "status",
                "Data presented is not one of the accepted values: subscribed, unsubscribed, cleaned, pending.",
            ),
        ),
    ),
    ("absent", {"language": "nl"}, (404, "Resource Not Found", "The requested resource could not be found.")),
]


@pytest.mark.parametrize(("before", "sent", "expected"), PATCHES)
async def test_patch(shop: Shop, before: str, sent: dict[str, str], expected: str | tuple[Any, ...]) -> None:
    await become(shop, before)

    answer = await shop.patch(**sent)

    assert expected == (answer[1]["status"] if answer[0] == 200 else said(answer))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("absent", "subscribed"),
        ("subscribed", EXISTS),
        ("archived", EXISTS),
        ("cleaned", EXISTS),
        ("deleted for good", FORGOTTEN),
    ],
)
async def test_post(shop: Shop, before: str, expected: str | tuple[Any, ...]) -> None:
    await become(shop, before)

    answer = await shop.call(
        "POST", f"{LIST}/members", {"email_address": ANNA, "status": "subscribed", "tags": ["till"]}
    )

    assert expected == (answer[1]["status"] if answer[0] == 200 else said(answer))


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        (
            "someone@example.com",
            "someone@example.com looks fake or invalid, please enter a real email address.",
        ),
        ("test@bakker.nl", "test@bakker.nl looks fake or invalid, please enter a real email address."),
        ("a@b.test", "a@b.test looks fake or invalid, please enter a real email address."),
        ("no address", "Please provide a valid email address."),
        ("two@at@klant-voorbeeld.nl", "Please provide a valid email address."),
        (
            "busy@klant-voorbeeld.nl",
            "busy@klant-voorbeeld.nl has signed up to a lot of lists very recently; we're not allowing more signups for now",
        ),
    ],
)
async def test_addresses_that_are_refused(shop: Shop, email: str, expected: str) -> None:
    shop.world.busy.add("busy@klant-voorbeeld.nl")

    answer = await shop.call("POST", f"{LIST}/members", {"email_address": email, "status": "subscribed"})

    assert (400, "Invalid Resource", expected) == said(answer)


async def test_a_busy_address_may_still_be_updated_and_stay_as_it_is(shop: Shop) -> None:
    await become(shop, "transactional")
    shop.world.busy.add(ANNA)

    assert 200 == (await shop.patch(language="nl"))[0]
    assert 400 == (await shop.patch(status="subscribed"))[0]


async def test_an_address_change_keeps_the_person(shop: Shop) -> None:
    shop.life.add(ANNA, merge_fields={"FNAME": "Anna"})
    before = shop.member()

    status, after = await shop.patch(ANNA, email_address=BRAM)

    assert (200, BRAM, before.contact_id, "Anna") == (
        status,
        after["email_address"],
        after["contact_id"],
        after["merge_fields"]["FNAME"],
    )
    assert 404 == (await shop.call("GET", f"{LIST}/members/{ANNA}"))[0]
    assert after == (await shop.call("GET", f"{LIST}/members/{after['contact_id']}"))[1]
    assert after == (await shop.call("GET", f"{LIST}/members/{BRAM.upper()}"))[1]


@pytest.mark.parametrize("other", ["subscribed", "archived"])
async def test_an_address_change_to_a_taken_address_is_refused(shop: Shop, other: str) -> None:
    await become(shop, other)
    shop.life.add(BRAM)

    answer = await shop.patch(BRAM, email_address=ANNA, language="nl")

    assert EXISTS == said(answer)
    assert "" == shop.member(BRAM).language, "nothing of a refused change is kept"


async def test_a_put_to_the_old_hash_does_not_change_the_address(shop: Shop) -> None:
    shop.life.add(ANNA)

    status, after = await shop.put(ANNA, email_address=BRAM)

    assert (200, ANNA) == (status, after["email_address"])


async def test_a_put_to_a_wrong_hash_with_a_known_address_is_refused(shop: Shop) -> None:
    shop.life.add(ANNA)

    assert EXISTS == said(await shop.put(BRAM, email_address=ANNA))


async def test_double_opt_in_does_not_stop_the_api_from_subscribing(shop: Shop) -> None:
    shop.audience.double_optin = True

    status, member = await shop.put()

    assert (200, "subscribed", []) == (status, member["status"], shop.mails())


async def test_a_welcome_automation_mails_whoever_gets_subscribed(shop: Shop) -> None:
    shop.audience.welcome = True

    await shop.put(ANNA, status_if_new="transactional")
    await shop.put(ANNA, status="subscribed")
    await shop.put(ANNA, status="subscribed", language="nl")

    assert [("welcome", ANNA)] == shop.mails()
    assert (await shop.call("GET", LIST))[1]["has_welcome"] is True


async def test_archive_and_delete_for_good(shop: Shop) -> None:
    shop.life.add(ANNA)
    path = f"{LIST}/members/{shop.member().id}"

    assert (204, None) == await shop.call("DELETE", path)
    assert "archived" == (await shop.call("GET", path))[1]["status"]
    assert (204, None) == await shop.call("POST", f"{path}/actions/delete-permanent")
    assert 404 == (await shop.call("GET", path))[0]
    assert FORGOTTEN == said(await shop.put())


async def test_whoever_was_deleted_for_good_may_sign_up_himself(shop: Shop) -> None:
    await become(shop, "deleted for good")

    assert "subscribed" == shop.life.sign_up(ANNA).status
    assert 200 == (await shop.put())[0]


async def test_last_changed_moves_only_when_something_did(shop: Shop) -> None:
    await shop.put(ANNA, merge_fields={"FNAME": "Anna"})
    shop.world.advance(60)
    await shop.put(ANNA, merge_fields={"FNAME": "Anna"})
    unchanged = shop.member().last_changed
    await shop.put(ANNA, merge_fields={"FNAME": "Ann"})

    assert ("2026-03-01T12:00:00+00:00", "2026-03-01T12:01:00+00:00") == (
        unchanged,
        shop.member().last_changed,
    )


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (2, [200, 200, 403, 200]),
        (None, [200, 200, 200, 200]),
    ],
)
async def test_the_plans_contact_limit(shop: Shop, limit: int | None, expected: list[int]) -> None:
    shop.account.contact_limit = limit

    got = [
        (await shop.put("a@klant-voorbeeld.nl"))[0],
        (await shop.put("b@klant-voorbeeld.nl", status_if_new="transactional"))[0],
        (await shop.put("c@klant-voorbeeld.nl"))[0],
        (await shop.put("a@klant-voorbeeld.nl", language="nl"))[0],
    ]

    assert expected == got
