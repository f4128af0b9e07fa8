"""Customers on their way: an edit in the till, and the audience's whole content afterwards."""

from __future__ import annotations

from datetime import date

from tests.shop import CONSENT, Shop

JAN = {
    "name": "Jan de Vries",
    "email": " Jan@Klant-Voorbeeld.nl",
    "mobile": "06-12345678",
    "birthDate": date(1980, 3, 9),
    "address": "Dorpsstraat 12a",
    "zipcode": "3511 AB",
    "city": "Utrecht",
    "country": "Nederland",
}
MEMBER = {
    "jan@klant-voorbeeld.nl": {
        "status": "transactional",
        "FNAME": "Jan",
        "LNAME": "de Vries",
        "PHONE": "+31612345678",
        "BIRTHDAY": "03/09",
        "ADDRESS": {
            "addr1": "Dorpsstraat 12a",
            "city": "Utrecht",
            "state": "-",
            "zip": "3511 AB",
            "country": "NL",
        },
    }
}


async def test_a_relation_becomes_a_member_once(shop: Shop) -> None:
    await shop.flow("customers")
    shop.till.relations.add(**JAN)
    await shop.rest()

    assert MEMBER == shop.content()
    assert ["member.put"] == shop.written()

    await shop.again()

    assert {"1": ("unchanged", None)} == await shop.outcomes()


async def test_an_edit_in_the_till_changes_exactly_what_was_edited(shop: Shop) -> None:
    await shop.flow("customers")
    shop.till.relations.add(**JAN)
    await shop.rest()
    shop.till.relations.edit(1, mobile="06-87654321")
    await shop.rest()

    (patch,) = shop.mailchimp.log.find(operation="member.patch")

    assert {"merge_fields": {"PHONE": "+31687654321"}} == patch.json()
    assert {
        "jan@klant-voorbeeld.nl": MEMBER["jan@klant-voorbeeld.nl"] | {"PHONE": "+31687654321"}
    } == shop.content()

    await shop.again()


async def test_somebody_who_is_in_the_audience_already_is_linked_and_filled(shop: Shop) -> None:
    shop.life.add("jan@klant-voorbeeld.nl", merge_fields={"FNAME": "Johannes"})
    await shop.flow("customers")
    shop.till.relations.add(name="Jan de Vries", email="jan@klant-voorbeeld.nl")
    await shop.rest()

    assert {
        "jan@klant-voorbeeld.nl": {
            "status": "subscribed",
            "FNAME": "Jan",
            "LNAME": "de Vries",
            "opted_in": "2026-03-02T09:00:00+00:00",
        }
    } == shop.content()

    await shop.again()


async def test_with_updates_off_new_people_come_and_nobody_is_changed(shop: Shop) -> None:
    shop.life.add("jan@klant-voorbeeld.nl", merge_fields={"FNAME": "Johannes"})
    await shop.flow("customers", {"update_existing": False})
    shop.till.relations.add(name="Jan de Vries", email="jan@klant-voorbeeld.nl")
    shop.till.relations.add(name="Noor Visser", email="noor@klant-voorbeeld.nl")
    await shop.rest()
    shop.till.relations.edit(2, name="Noor Bakker")
    await shop.rest()

    assert {
        "jan@klant-voorbeeld.nl": {
            "status": "subscribed",
            "FNAME": "Johannes",
            "opted_in": "2026-03-02T09:00:00+00:00",
        },
        "noor@klant-voorbeeld.nl": {"status": "transactional", "FNAME": "Noor", "LNAME": "Visser"},
    } == shop.content()
    assert ["member.put"] == shop.written()

    await shop.again()


async def test_a_seeded_shop_arrives_whole(shop: Shop) -> None:
    """Every awkward case of a shop's list is delivered or says why not; nothing is left waiting or quarantined."""
    await shop.flow("customers", CONSENT)
    shop.till.seed(size=100, seed=1)
    await shop.rest()

    outcomes = await shop.outcomes()
    reached = {outcome for outcome, _ in outcomes.values()}
    why = {code for outcome, code in outcomes.values() if outcome == "skipped"}
    written = len(shop.written())

    assert 100 == len(outcomes)
    assert {"delivered", "skipped"} == reached
    assert {"email_missing", "email_invalid", "inactive", "key_shared", "address_looks_fake"} >= why

    await shop.again()

    assert written == len(shop.written())
