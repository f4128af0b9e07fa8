"""Members written over HTTP to the sandbox: how they come, change, leave and come back, and how they never do."""

from __future__ import annotations

from typing import Any

import pytest

from app.connectors.base import Applied, Leave, Wanted
from app.connectors.mailchimp.client import MailchimpClient
from app.errors import AppError, LimitReached, RecordRefused, RemoteUnavailable, TimeError
from tests.connectors.mailchimp.conftest import ANNA, BRAM, Clock, Shop, bring_about, intent

ADDRESS = {"addr1": "Markt 1", "city": "Utrecht", "state": "-", "zip": "3511 AA", "country": "NL"}
DOCUMENT: dict[str, Any] = {"email_address": ANNA, "merge_fields": {"FNAME": "Anna", "ADDRESS": ADDRESS}}


@pytest.mark.parametrize(
    ("double_optin", "consent", "status", "mails"),
    [
        (False, "yes", "subscribed", []),
        (False, "no", "transactional", []),
        (False, "unknown", "transactional", []),
        (True, "yes", "pending", [("opt_in_confirmation", ANNA)]),
        (True, "unknown", "transactional", []),
    ],
)
async def test_a_new_address(
    client: MailchimpClient, shop: Shop, double_optin: bool, consent: str, status: str, mails: list[Any]
) -> None:
    shop.audience.double_optin = double_optin

    [applied] = await bring_about(client, intent(DOCUMENT, consent=consent))

    member = shop.member()
    assert (status, mails) == (member.status, shop.mails())
    assert ("Anna", ADDRESS | {"addr2": ""}) == (member.merge_fields["FNAME"], member.merge_fields["ADDRESS"])
    assert (member.contact_id, "present", "ADDRESS FNAME") == (
        applied.remote_id,
        applied.state,
        applied.facts["filled"],
    )


async def test_the_second_time_nothing_is_sent(client: MailchimpClient, shop: Shop) -> None:
    await bring_about(client, intent(DOCUMENT))
    shop.calls()

    assert [] == await bring_about(client, intent(DOCUMENT))
    assert ["member.get"] == shop.calls()


# --- consent and standing (C-7, C-8) -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("double_optin", "status", "was", "consent", "after"),
    [
        (False, "transactional", "unknown", "yes", "subscribed"),
        (True, "transactional", "unknown", "yes", "pending"),
        (False, "transactional", "no", "yes", "subscribed"),
        (False, "subscribed", "yes", "no", "unsubscribed"),
        (False, "pending", "yes", "no", "unsubscribed"),
        (False, "subscribed", "yes", "yes", "subscribed"),
        (False, "subscribed", "yes", "unknown", "subscribed"),
        (False, "subscribed", None, "no", "subscribed"),  # subscribed in Mailchimp, never by the till's word
        (False, "unsubscribed", None, "yes", "unsubscribed"),
        (False, "cleaned", "no", "yes", "cleaned"),
        (True, "pending", "no", "yes", "pending"),
    ],
)
async def test_a_stated_change_of_will_and_nothing_else_moves_the_status(
    client: MailchimpClient,
    shop: Shop,
    double_optin: bool,
    status: str,
    was: str | None,
    consent: str,
    after: str,
) -> None:
    shop.audience.double_optin = double_optin
    shop.add(status=status)

    await bring_about(client, intent(DOCUMENT, consent=consent, was=was))

    member = shop.member()
    assert (after, "Anna") == (member.status, member.merge_fields["FNAME"])


async def test_the_proof_of_consent_goes_with_the_subscription(client: MailchimpClient, shop: Shop) -> None:
    proof = DOCUMENT | {"timestamp_opt": "2026-01-02T03:04:05+01:00", "ip_opt": "198.51.100.9"}

    await bring_about(client, intent(proof, consent="yes"))
    await bring_about(client, intent(proof | {"email_address": BRAM}, natural=BRAM, consent="unknown"))

    assert ("2026-01-02T02:04:05+00:00", "198.51.100.9") == (
        shop.member().timestamp_opt,
        shop.member().ip_opt,
    )
    assert "" == shop.member(BRAM).ip_opt


async def test_who_must_still_confirm_has_signed_up_and_not_opted_in(
    client: MailchimpClient, shop: Shop
) -> None:
    shop.audience.double_optin = True
    proof = DOCUMENT | {"timestamp_opt": "2026-01-02T03:04:05+00:00"}

    await bring_about(client, intent(proof, consent="yes"))

    assert ("2026-01-02T03:04:05+00:00", "") == (shop.member().timestamp_signup, shop.member().timestamp_opt)


async def test_without_consent_nobody_is_added_where_the_setting_says_skip(
    client: MailchimpClient, shop: Shop
) -> None:
    [left] = await bring_about(client, intent(DOCUMENT, create=False))

    assert ("no_consent", {}) == (left.code, shop.audience.members)


async def test_with_updates_off_only_a_withdrawal_is_carried_over(
    client: MailchimpClient, shop: Shop
) -> None:
    shop.add()

    [left] = await bring_about(client, intent(DOCUMENT, update=False))
    before = shop.member().merge_fields.get("FNAME", "")
    await bring_about(client, intent(DOCUMENT, consent="no", was="yes", update=False))

    assert ("update_off", "") == (left.code, before)
    assert ("unsubscribed", "") == (shop.member().status, shop.member().merge_fields.get("FNAME", ""))


async def test_who_unsubscribed_just_now_stays_so_and_the_rest_arrives(
    client: MailchimpClient, shop: Shop
) -> None:
    """The look-up said transactional; by the time of the call the person had left."""
    shop.add(status="transactional")
    target = client.target("customer")
    existing = await target.fetch_many([Wanted("customer", "k", ANNA, None)])
    [change] = target.steps(intent(DOCUMENT, consent="yes", was="no"), existing["k"])  # type: ignore[misc]
    shop.life.unsubscribe(ANNA)

    applied = await target.apply(change)

    assert isinstance(applied, Applied)
    assert ("unsubscribed", "Anna") == (shop.member().status, shop.member().merge_fields["FNAME"])
    assert ("stays_unsubscribed: Mailchimp lets only the person subscribe again",) == applied.warnings


# --- away, and back (C-8, C-14) ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "consent", "options", "back"),
    [
        ("subscribed", "yes", {}, "subscribed"),
        ("subscribed", "unknown", {}, "subscribed"),
        ("transactional", "unknown", {}, "transactional"),
        ("transactional", "yes", {"subscription": "subscribe"}, "subscribed"),
        ("pending", "yes", {}, "subscribed"),
        ("pending", "unknown", {}, "transactional"),
        ("unsubscribed", "yes", {}, "archived"),
        ("cleaned", "yes", {}, "archived"),
        ("subscribed", "no", {"subscription": "unsubscribe"}, "archived"),
    ],
)
async def test_who_was_archived_by_us_comes_back_as_what_he_was(
    client: MailchimpClient, shop: Shop, status: str, consent: str, options: dict[str, str], back: str
) -> None:
    member = shop.add(status=status)
    [away] = await bring_about(client, intent(None, remote_id=member.contact_id))
    archived = shop.member().status

    again = intent(
        DOCUMENT,
        consent=consent,
        was="yes",
        options={"archived_by_us": away.facts["status_before"]} | options,
        facts=away.facts,
    )
    await bring_about(client, again)

    assert ("archived", "us", status) == (archived, away.facts["archived_by"], away.facts["status_before"])
    assert back == shop.member().status


async def test_who_was_archived_by_the_merchant_gets_no_write(client: MailchimpClient, shop: Shop) -> None:
    shop.add()
    shop.life.archive(ANNA)
    shop.calls()

    [left] = await bring_about(client, intent(DOCUMENT, consent="yes"))

    assert ("archived", "archived") == (left.code, left.state)
    assert ["list.get", "mergefields.get", "member.get"] == shop.calls()


async def test_archiving_twice_and_archiving_nobody(client: MailchimpClient, shop: Shop) -> None:
    member = shop.add()
    wish = intent(None, remote_id=member.contact_id)
    await bring_about(client, wish)

    [again] = await bring_about(client, wish)
    [nobody] = await bring_about(client, intent(None, natural=BRAM))

    assert (("already_archived", "archived"), ("already_gone", "gone")) == (
        (again.code, again.state),
        (nobody.code, nobody.state),
    )


async def test_deleted_permanently_only_by_explicit_choice(client: MailchimpClient, shop: Shop) -> None:
    member = shop.add()

    [gone] = await bring_about(client, intent(None, remote_id=member.contact_id, permanently=True))
    [left] = await bring_about(client, intent(DOCUMENT, consent="yes"))

    assert ("gone", {}) == (gone.state, shop.audience.members)
    assert ("permanently_deleted", "gone") == (left.code, left.state)


# --- another address (C-9) -----------------------------------------------------------------------------------------


async def test_the_same_member_gets_the_new_address(client: MailchimpClient, shop: Shop) -> None:
    [made] = await bring_about(client, intent(DOCUMENT, consent="yes"))

    moved = DOCUMENT | {"email_address": BRAM}
    [after] = await bring_about(client, intent(moved, natural=BRAM, moves_from_id=made.remote_id))

    assert [BRAM] == [member.email for member in shop.audience.members.values()]
    assert (made.remote_id, "subscribed") == (after.remote_id, shop.member(BRAM).status)


async def test_an_address_that_has_a_contact_already_takes_over(client: MailchimpClient, shop: Shop) -> None:
    """Putting the old one away is a wish of its own: see the stories of addresses."""
    [made] = await bring_about(client, intent(DOCUMENT, consent="yes"))
    there = shop.add(BRAM, status="unsubscribed")

    moved = DOCUMENT | {"email_address": BRAM}
    done = await bring_about(
        client, intent(moved, natural=BRAM, moves_from_id=made.remote_id, consent="yes", was="yes")
    )

    assert ("subscribed", "unsubscribed") == (shop.member().status, shop.member(BRAM).status)
    assert (there.contact_id, "present", "Anna") == (
        done[-1].remote_id,
        done[-1].state,
        shop.member(BRAM).merge_fields["FNAME"],
    )


async def test_whose_address_changed_at_mailchimp_is_found_by_contact(
    client: MailchimpClient, shop: Shop
) -> None:
    [made] = await bring_about(client, intent(DOCUMENT, consent="yes"))
    shop.life.change_address(ANNA, BRAM)

    await bring_about(client, intent(DOCUMENT | {"merge_fields": {"FNAME": "Ann"}}, remote_id=made.remote_id))

    assert [(BRAM, "Ann")] == [(m.email, m.merge_fields["FNAME"]) for m in shop.audience.members.values()]


# --- what Mailchimp refuses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("someone@example.com", "address_looks_fake"),
        ("busy@klant-voorbeeld.nl", "too_many_signups"),
        ("a b@klant-voorbeeld.nl", "address_refused"),
        ("gone@klant-voorbeeld.nl", "permanently_deleted"),
    ],
)
async def test_addresses_that_are_settled_with_their_own_reason(
    client: MailchimpClient, shop: Shop, email: str, code: str
) -> None:
    shop.sandbox.world.busy.add("busy@klant-voorbeeld.nl")
    shop.add("gone@klant-voorbeeld.nl")
    shop.life.forget("gone@klant-voorbeeld.nl")

    [left] = await bring_about(
        client, intent(DOCUMENT | {"email_address": email}, natural=email, consent="yes")
    )

    assert isinstance(left, Leave)
    assert (code, {}) == (left.code, shop.audience.members)
    assert email not in left.reason


async def test_an_address_that_was_refused_is_not_offered_again_within_a_minute(
    client: MailchimpClient, shop: Shop, ticks: Clock
) -> None:
    fake = "someone@example.com"
    wish = intent(DOCUMENT | {"email_address": fake}, natural=fake, consent="yes")
    client._members._not_addresses._monotonic = ticks
    [first] = await bring_about(client, wish)
    shop.calls()

    assert [first] == await bring_about(client, wish)
    assert [] == shop.calls()
    await bring_about(client, intent(DOCUMENT, consent="yes"))
    assert [ANNA] == [member.email for member in shop.audience.members.values()]

    ticks.seconds += 61
    shop.calls()
    assert [first] == await bring_about(client, wish)
    assert ["member.get", "member.put"] == shop.calls()


async def test_a_refusal_that_is_about_the_person_is_asked_for_again(
    client: MailchimpClient, shop: Shop
) -> None:
    email = "busy@klant-voorbeeld.nl"
    wish = intent(DOCUMENT | {"email_address": email}, natural=email, consent="yes")
    shop.sandbox.world.busy.add(email)
    await bring_about(client, wish)
    shop.sandbox.world.busy.clear()

    await bring_about(client, wish)
    assert [email] == [member.email for member in shop.audience.members.values()]


async def test_an_incomplete_address_that_stands_at_mailchimp_is_the_merchants_to_mend(
    client: MailchimpClient, shop: Shop
) -> None:
    shop.add()
    shop.life.spoil_address(ANNA, addr1="Markt 1")

    with pytest.raises(AppError) as refused:
        await bring_about(client, intent({"email_address": ANNA, "merge_fields": {"FNAME": "Anna"}}))

    assert ("incomplete_address", "administrator") == (refused.value.code, refused.value.who)


async def test_a_complete_address_of_ours_mends_an_incomplete_one(
    client: MailchimpClient, shop: Shop
) -> None:
    shop.add()
    shop.life.spoil_address(ANNA, addr1="Markt 1")

    await bring_about(client, intent(DOCUMENT))

    assert ADDRESS | {"addr2": ""} == shop.member().merge_fields["ADDRESS"]


async def test_a_field_whose_definition_changed_under_us_costs_only_itself(
    client: MailchimpClient, shop: Shop
) -> None:
    await bring_about(client, intent(DOCUMENT))
    shop.audience.fields["PHONE"].type = "number"

    document = {"email_address": ANNA, "merge_fields": {"FNAME": "Ann", "PHONE": "not a number"}}
    [applied] = await bring_about(client, intent(document, facts={"filled": "PHONE"}))
    arrived = shop.member().merge_fields["FNAME"]
    shop.calls()
    [after] = await bring_about(client, intent(document | {"merge_fields": {"FNAME": "An", "PHONE": "x"}}))

    assert ("Ann", ("merge_fields.PHONE",), "FNAME PHONE") == (
        arrived,
        applied.left_out,
        applied.facts["filled"],
    )
    assert ("merge_field_left_out: PHONE was refused by Mailchimp",) == applied.warnings
    assert ("merge_field_left_out: PHONE takes a number",) == after.warnings
    assert "mergefields.get" in shop.calls()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        ("contact_limit", "contact_limit"),
        ("writes_refused", "plan_limit"),
    ],
)
async def test_plan_limits_block_the_flow_and_no_record(
    client: MailchimpClient, shop: Shop, spoil: str, code: str
) -> None:
    value: Any = 0 if spoil == "contact_limit" else "Your account is suspended until its billing is settled."
    setattr(shop.account, spoil, value)

    with pytest.raises(LimitReached) as reached:
        await bring_about(client, intent(DOCUMENT))

    assert code == reached.value.code


async def test_a_member_that_vanished_between_look_and_call_is_looked_at_again(
    client: MailchimpClient, shop: Shop
) -> None:
    shop.add()
    target = client.target("customer")
    existing = await target.fetch_many([Wanted("customer", "k", ANNA, None)])
    changes = target.steps(intent(DOCUMENT | {"tags": ["gold"]}), existing["k"])
    assert isinstance(changes, tuple)
    shop.life.forget(ANNA)

    for change in changes:
        with pytest.raises(TimeError) as again:
            await target.apply(change)
        assert ("has_changed", False) == (again.value.code, again.value.in_doubt)


async def test_a_call_without_an_answer_is_in_doubt_and_found_at_the_next_look(
    client: MailchimpClient, shop: Shop
) -> None:
    shop.sandbox.faults.fail_next(kind="reset_after", operation="member.put")

    with pytest.raises(RemoteUnavailable) as lost:
        await bring_about(client, intent(DOCUMENT, consent="yes"))
    again = await bring_about(client, intent(DOCUMENT, consent="yes"))

    assert (True, "answer_lost", []) == (lost.value.in_doubt, lost.value.code, again)


# --- tags, groups, permissions, language (C-11) --------------------------------------------------------------------


async def test_tags_groups_permissions_and_language(client: MailchimpClient, shop: Shop) -> None:
    shop.audience.permission_texts["p1"] = "E-mail"
    document = DOCUMENT | {
        "tags": ["gold", "Utrecht"],
        "language": "nl",
        "marketing_permissions": {"p1": True},
        "vip": True,
    }

    await bring_about(client, intent(document, consent="yes"))
    names = sorted(shop.audience.tag_names[tag] for tag in shop.member().tags)
    await bring_about(client, intent(document | {"tags": {"gold": False, "silver": True, "Utrecht": None}}))
    at_rest = await bring_about(client, intent(document | {"tags": {"gold": False, "silver": True}}))

    member = shop.member()
    assert ["Utrecht", "gold"] == names
    assert ["Utrecht", "silver"] == sorted(shop.audience.tag_names[tag] for tag in member.tags)
    assert ("nl", {"p1": True}, True) == (member.language, member.permissions, member.vip)
    assert [] == at_rest


async def test_a_group_that_does_not_exist_is_refused_by_name(client: MailchimpClient) -> None:
    with pytest.raises(RecordRefused) as refused:
        await bring_about(client, intent(DOCUMENT | {"interests": {"0000000000": True}}))

    assert ("unknown_group", "Choose one of the audience's groups in the mapping.") == (
        refused.value.code,
        refused.value.advice,
    )


@pytest.mark.parametrize(("backfill", "mails"), [(False, [("tag_automation", ANNA)]), (True, [])])
async def test_tags_of_a_backfill_start_no_automation(
    client: MailchimpClient, shop: Shop, backfill: bool, mails: list[Any]
) -> None:
    shop.audience.tag_automations.add("gold")

    await bring_about(client, intent(DOCUMENT | {"tags": ["gold"]}, options={"backfill": backfill}))

    assert mails == shop.mails()
