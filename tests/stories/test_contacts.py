"""Contacts on their way back: what a person does at Mailchimp, and what stands in the till afterwards."""

from __future__ import annotations

from datetime import date

import pytest

from app.sandbox.mplus.cards import NEWSLETTER, NEWSLETTER_SINCE, RELATION_FIELDS, custom_field
from tests.shop import CONSENT, Shop
from tests.stories.bothways import WRITTEN_BACK, booked, contacts, relations, silent

NOOR = "noor@klant-voorbeeld.nl"
FIELDS = {
    "FNAME": "Noor",
    "LNAME": "de Visser",
    "PHONE": "06-12345678",
    "ADDRESS": {
        "addr1": "Dorpsstraat 12a",
        "city": "Utrecht",
        "state": "-",
        "zip": "3511 AB",
        "country": "NL",
    },
}
RELATION = {
    "name": "Noor de Visser",
    "email": NOOR,
    "mobile": "+31612345678",
    "address": "Dorpsstraat 12a",
    "zipcode": "3511 AB",
    "city": "Utrecht",
    "country": "NL",
}


async def test_a_new_subscriber_becomes_a_relation_where_that_is_allowed(shop: Shop) -> None:
    await contacts(shop, WRITTEN_BACK | {"create_relations": True})
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()

    assert {1: RELATION | {"consent": "yes 2026-03-02"}} == relations(shop)
    assert ["createRelation"] == booked(shop)

    await silent(shop)


async def test_and_nobody_is_made_by_default(shop: Shop) -> None:
    await contacts(shop, WRITTEN_BACK)
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()

    assert ({}, []) == (relations(shop), booked(shop))
    assert [("skipped", "not_created")] == [*(await shop.outcomes()).values()]

    await silent(shop)


@pytest.mark.parametrize("status", ["transactional", "unsubscribed", "cleaned"])
async def test_who_never_subscribed_is_never_made(shop: Shop, status: str) -> None:
    await contacts(shop, {"create_relations": True})
    shop.life.add(NOOR, status=status)
    await shop.rest()

    assert {} == relations(shop)
    assert [("skipped", "not_subscribed")] == [*(await shop.outcomes()).values()]

    await silent(shop)


async def test_somebody_who_is_in_the_till_already_is_linked_and_only_filled(shop: Shop) -> None:
    shop.till.relations.add(name="N. de Visser", email="Noor@Klant-Voorbeeld.nl", telephone="030-1234567")
    await contacts(shop, WRITTEN_BACK)
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()

    assert {
        1: {
            "name": "N. de Visser",
            "email": "Noor@Klant-Voorbeeld.nl",
            "telephone": "030-1234567",
            "address": "Dorpsstraat 12a",
            "zipcode": "3511 AB",
            "city": "Utrecht",
            "country": "NL",
            "consent": "yes 2026-03-02",
        }
    } == relations(shop)

    await silent(shop)


async def test_who_came_from_the_till_is_linked_by_that_under_whatever_address(shop: Shop) -> None:
    """He got another address at Mailchimp before the way back was switched on: no second relation is made of him."""
    shop.till.relations.add(**RELATION)
    shop.till.relations.consent(1, given=True, on=date(2026, 2, 14))
    await shop.flow("customers", CONSENT)
    await shop.rest()
    shop.clock.advance(60)
    shop.life.change_address(NOOR, "n.devisser@klant-voorbeeld.nl")
    await contacts(shop, {"create_relations": True, "on_conflict": "newest"})
    await shop.rest()

    assert {
        1: RELATION | {"email": "n.devisser@klant-voorbeeld.nl", "consent": "yes 2026-02-14"}
    } == relations(shop)
    assert ["updateRelation"] == booked(shop)

    await silent(shop)


async def test_with_updates_off_new_relations_come_and_nobody_is_changed(shop: Shop) -> None:
    shop.till.relations.add(name="N. de Visser", email=NOOR)
    await contacts(shop, WRITTEN_BACK | {"create_relations": True, "update_existing": False})
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    shop.life.sign_up("jan@klant-voorbeeld.nl", merge_fields={"FNAME": "Jan", "LNAME": "Bakker"})
    await shop.rest()
    shop.clock.advance(60)
    shop.life.edit("jan@klant-voorbeeld.nl", merge_fields={"LNAME": "Smit"})
    await shop.rest()

    assert {
        1: {"name": "N. de Visser", "email": NOOR},
        2: {"name": "Jan Bakker", "email": "jan@klant-voorbeeld.nl", "consent": "yes 2026-03-02"},
    } == relations(shop)
    assert ["createRelation"] == booked(shop)

    await silent(shop)


async def test_an_edit_of_the_profile_changes_exactly_what_was_edited(shop: Shop) -> None:
    shop.till.relations.add(**RELATION)
    await contacts(shop, WRITTEN_BACK)
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()
    shop.clock.advance(60)
    shop.life.edit(NOOR, merge_fields={"PHONE": "+31687654321"})
    await shop.rest()

    assert {1: RELATION | {"mobile": "+31687654321", "consent": "yes 2026-03-02"}} == relations(shop)
    assert ["updateRelation", "updateRelation"] == booked(shop)

    await silent(shop)


async def test_an_unsubscribe_and_a_new_sign_up_are_recorded_with_their_days(shop: Shop) -> None:
    shop.till.relations.add(**RELATION)
    await contacts(shop, WRITTEN_BACK)
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()
    shop.clock.advance(3 * 86_400)
    shop.life.unsubscribe(NOOR)
    await shop.rest()

    assert "no 2026-03-05" == relations(shop)[1]["consent"]

    shop.clock.advance(2 * 86_400)
    shop.life.resubscribe(NOOR)
    await shop.rest()

    assert relations(shop)[1]["consent"].startswith("yes ")
    assert 3 == len(booked(shop))

    await silent(shop)


async def test_the_day_of_a_consent_is_told_on_the_shops_clock(shop: Shop) -> None:
    shop.till.relations.add(**RELATION)
    await contacts(shop, WRITTEN_BACK)
    shop.clock.advance(14.5 * 3600)  # half past eleven at night in UTC, and past midnight in Amsterdam
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()

    assert "yes 2026-03-03" == relations(shop)[1]["consent"]


async def test_who_bounced_is_a_no(shop: Shop) -> None:
    shop.till.relations.add(**RELATION)
    await contacts(shop, WRITTEN_BACK)
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()
    shop.life.clean(NOOR)
    await shop.rest()

    assert "no 2026-03-02" == relations(shop)[1]["consent"]

    await silent(shop)


@pytest.mark.parametrize("bounces", [False, True])
async def test_a_no_that_was_told_is_not_told_again_over_what_the_till_says_since(
    shop: Shop, bounces: bool
) -> None:
    """A bounce after an unsubscription is no second no: who said yes at the counter in between has said yes there, also when
    the contact is written for another reason."""
    shop.till.relations.add(**RELATION)
    await contacts(shop, WRITTEN_BACK)
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()
    shop.life.unsubscribe(NOOR)
    await shop.rest()
    assert "no 2026-03-02" == relations(shop)[1]["consent"]
    shop.till.relations.consent(1, given=True, on=date(2026, 3, 4))
    shop.clock.advance(3 * 86_400)
    if bounces:
        shop.life.clean(NOOR)
    shop.life.edit(NOOR, merge_fields={"LNAME": "Visser-Bakker"})
    await shop.rest()

    assert "yes 2026-03-04" == relations(shop)[1]["consent"]

    await silent(shop)


async def test_a_yes_that_was_told_is_not_told_again_over_what_the_till_says_since(shop: Shop) -> None:
    """Who said no at the counter stays so in the till, however often the subscribed contact edits the profile."""
    shop.till.relations.add(**RELATION)
    await contacts(shop, WRITTEN_BACK)
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()
    shop.till.relations.consent(1, given=False, on=date(2026, 3, 4))
    shop.clock.advance(3 * 86_400)
    shop.life.edit(NOOR, merge_fields={"LNAME": "Visser-Bakker"})
    await shop.rest()

    assert "no 2026-03-04" == relations(shop)[1]["consent"]

    await silent(shop)


@pytest.mark.parametrize("status", ["transactional", "pending"])
async def test_who_said_nothing_at_mailchimp_changes_no_consent_in_the_till(shop: Shop, status: str) -> None:
    shop.till.relations.add(name="N. de Visser", email=NOOR)
    shop.till.relations.consent(1, given=True, on=date(2026, 2, 1))
    await contacts(shop, WRITTEN_BACK)
    shop.life.add(NOOR, status=status, merge_fields=FIELDS)
    await shop.rest()

    assert ("yes 2026-02-01", ["updateRelation"]) == (relations(shop)[1]["consent"], booked(shop))

    await silent(shop)


@pytest.mark.parametrize("status", ["unsubscribed", "cleaned"])
async def test_a_no_that_the_till_has_already_keeps_its_day(shop: Shop, status: str) -> None:
    shop.till.relations.add(**RELATION)
    shop.till.relations.consent(1, given=False, on=date(2026, 2, 1))
    await contacts(shop, WRITTEN_BACK)
    shop.life.add(NOOR, status=status, merge_fields=FIELDS)
    await shop.rest()

    assert ("no 2026-02-01", []) == (relations(shop)[1]["consent"], booked(shop))

    await silent(shop)


async def test_a_recorded_no_is_not_undone_by_a_first_look(shop: Shop) -> None:
    shop.till.relations.add(**RELATION)
    shop.till.relations.consent(1, given=False, on=date(2026, 2, 1))
    await contacts(shop, WRITTEN_BACK)
    shop.life.add(NOOR, merge_fields=FIELDS)
    await shop.rest()

    assert "no 2026-02-01" == relations(shop)[1]["consent"]

    await silent(shop)


async def test_an_unsubscribe_before_its_sign_up_was_seen_is_what_counts(shop: Shop) -> None:
    """Notices come late and out of order; what is read is how things stand."""
    shop.till.relations.add(**RELATION)
    await contacts(shop, WRITTEN_BACK)
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    shop.life.unsubscribe(NOOR)
    await shop.rest()

    assert {1: RELATION | {"consent": "no 2026-03-02"}} == relations(shop)

    await silent(shop)


async def test_who_gets_another_address_at_mailchimp_stays_the_same_relation(shop: Shop) -> None:
    shop.till.relations.add(**RELATION)
    await contacts(shop, WRITTEN_BACK)
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()
    shop.clock.advance(60)
    shop.life.change_address(NOOR, "n.devisser@klant-voorbeeld.nl")
    await shop.rest()

    assert {
        1: RELATION | {"email": "n.devisser@klant-voorbeeld.nl", "consent": "yes 2026-03-02"}
    } == relations(shop)

    await silent(shop)


@pytest.mark.parametrize(("policy", "inactive"), [("leave", False), ("inactive", True)])
async def test_an_archived_contact_is_left_or_made_inactive(shop: Shop, policy: str, inactive: bool) -> None:
    shop.till.relations.add(**RELATION)
    await contacts(shop, {"on_archived": policy})
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()
    shop.clock.advance(60)
    shop.life.archive(NOOR)
    await shop.rest()

    assert inactive == relations(shop)[1].get("inactive", False)

    await silent(shop)


async def test_a_deleted_contact_leaves_the_relation_alone(shop: Shop) -> None:
    shop.till.relations.add(**RELATION)
    flow_id = await contacts(shop)
    member = shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()
    shop.life.forget(NOOR)
    await shop.ask(flow_id, member.contact_id)
    await shop.rest()

    assert {1: RELATION} == relations(shop)


async def test_a_field_that_was_emptied_is_emptied_and_a_name_stays(shop: Shop) -> None:
    await contacts(shop, {"create_relations": True})
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()
    shop.clock.advance(60)
    shop.life.edit(NOOR, merge_fields={"PHONE": "", "FNAME": "", "LNAME": ""})
    await shop.rest()

    assert {1: {name: value for name, value in RELATION.items() if name != "mobile"}} == relations(shop)

    await silent(shop)


async def test_a_company_keeps_its_name_and_gets_its_contact(shop: Shop) -> None:
    shop.audience.open_field("COMPANY", type="text")
    shop.till.relations.add(name="Bakkerij Jansen", companyName="Bakkerij Jansen B.V.", email=NOOR)
    await contacts(shop, {"create_relations": True})
    shop.life.sign_up(
        NOOR, merge_fields={"FNAME": "Noor", "LNAME": "Jansen", "COMPANY": "Bakkerij Jansen B.V."}
    )
    shop.life.sign_up(
        "info@bakker-voorbeeld.nl",
        merge_fields={"FNAME": "Jan", "LNAME": "Bakker", "COMPANY": "Bakker en Zoon"},
    )
    await shop.rest()

    assert {
        1: {
            "name": "Bakkerij Jansen",
            "companyName": "Bakkerij Jansen B.V.",
            "email": NOOR,
        },
        2: {
            "name": "Bakker en Zoon",
            "companyName": "Bakker en Zoon",
            "contact": "Jan Bakker",
            "email": "info@bakker-voorbeeld.nl",
        },
    } == relations(shop)

    shop.clock.advance(60)
    shop.life.edit(NOOR, merge_fields={"FNAME": "Eleonora"})
    await shop.rest()

    assert "Bakkerij Jansen" == relations(shop)[1]["name"]
    assert "Eleonora Jansen" == relations(shop)[1]["contact"]

    await silent(shop)


@pytest.mark.parametrize(
    ("fields", "relation"),
    [
        ({}, {"name": NOOR}),
        ({"FNAME": "Noor de Visser"}, {"name": "Noor de Visser"}),
        ({"FNAME": "Noor 🌷", "LNAME": "Visser"}, {"name": "Visser, Noor 🌷"}),
        ({"FNAME": "نور", "LNAME": "الدين"}, {"name": "نور الدين"}),
        ({"FNAME": "Noor", "PHONE": "bel maar niet"}, {"name": "Noor", "telephone": "bel maar niet"}),
        (
            {
                "FNAME": "Noor",
                "ADDRESS": {"addr1": "Dorpsstraat 12, 3511 AB Utrecht", "country": "Verweggistan"},
            },
            {"name": "Noor", "address": "Dorpsstraat 12, 3511 AB Utrecht", "country": "Verweggistan"},
        ),
    ],
    ids=["no name", "one field", "emoji", "right to left", "no phone", "one line, no country"],
)
async def test_odd_contacts_arrive_as_they_are(
    shop: Shop, fields: dict[str, object], relation: dict[str, str]
) -> None:
    await contacts(shop, {"create_relations": True})
    shop.life.sign_up(NOOR, merge_fields={tag: value for tag, value in fields.items() if tag != "ADDRESS"})
    if "ADDRESS" in fields:
        shop.audience.member(NOOR).merge_fields["ADDRESS"] = fields["ADDRESS"]
    await shop.rest()

    assert {1: {"email": NOOR} | relation} == relations(shop)

    await silent(shop)


async def test_two_relations_with_one_address_the_lowest_number_is_the_person(shop: Shop) -> None:
    shop.till.relations.add(name="Noor", email=NOOR)
    shop.till.relations.add(name="Nora", email=NOOR)
    await contacts(shop)
    shop.life.sign_up(NOOR, merge_fields={"FNAME": "Noor", "PHONE": "+31612345678"})
    await shop.rest()

    assert {
        1: {"name": "Noor", "email": NOOR, "mobile": "+31612345678"},
        2: {"name": "Nora", "email": NOOR},
    } == relations(shop)

    await silent(shop)


async def test_a_relation_that_the_till_made_inactive_stays_so(shop: Shop) -> None:
    shop.till.relations.add(**RELATION, active=False)
    await contacts(shop, {"create_relations": True})
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()

    assert ({1: RELATION | {"inactive": True}}, []) == (relations(shop), booked(shop))
    assert [("skipped", "inactive_in_till")] == [*(await shop.outcomes()).values()]


async def test_consent_kept_in_a_text_field_gets_the_shops_words(shop: Shop) -> None:
    shop.till.relations.add(**RELATION)
    await contacts(shop, {"consent_field": "Aanhef"})
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()
    (field,) = shop.till.relations.cards.rows[1]["customFieldList"]

    assert ("Aanhef", "ja") == (field["fieldName"], field["strValue"])

    await silent(shop)


async def test_other_custom_fields_stay_when_consent_is_written(shop: Shop) -> None:
    size = custom_field(RELATION_FIELDS, "Schoenmaat", 385, decimals=1)
    shop.till.relations.add(**RELATION, customFieldList=[size])
    await contacts(shop, WRITTEN_BACK)
    shop.life.sign_up(NOOR, merge_fields=FIELDS)
    await shop.rest()
    names = {field["fieldName"] for field in shop.till.relations.cards.rows[1]["customFieldList"]}

    assert {"Schoenmaat", NEWSLETTER, NEWSLETTER_SINCE} == names
