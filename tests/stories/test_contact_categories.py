"""Tags and groups at Mailchimp become relation categories in the till, by a table; nobody's consent is made of them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.flows.contactsettings import ContactsSettings
from app.sandbox.mplus.cards import MAILING, RELATION_CATEGORIES
from tests.shop import Shop
from tests.stories.bothways import booked, contacts, silent

NOOR = "noor@klant-voorbeeld.nl"
OTHERS = [number for number in RELATION_CATEGORIES if number != MAILING]
ONE, TWO = OTHERS[0], OTHERS[1]


def held(shop: Shop, number: int = 1) -> list[int]:
    """The categories of a relation."""
    return sorted(shop.till.relations.cards.rows[number].get("categoryIds", ()))


async def test_by_the_table_and_what_nobody_spoke_of_stays(shop: Shop) -> None:
    shop.till.relations.add(name="Noor de Visser", email=NOOR, categoryIds=[TWO])
    group = shop.audience.open_category("Interests", "Bread")
    (bread,) = group.interests
    await contacts(shop, {"categories": {"VIP": str(ONE), bread: str(MAILING), "Leeg": "99"}})
    shop.life.sign_up(NOOR, interests={bread: True}, tags=["VIP", "Onbekend"])
    await shop.rest()

    assert sorted([ONE, TWO, MAILING]) == held(shop)
    assert ["updateRelation"] == booked(shop)

    shop.clock.advance(60)
    shop.life.untag(NOOR, "VIP")
    await shop.rest()
    assert sorted([ONE, TWO, MAILING]) == held(shop)  # it only adds, unless told otherwise
    await silent(shop, cycles=3)


async def test_what_is_gone_at_mailchimp_is_taken_away_by_setting(shop: Shop) -> None:
    shop.till.relations.add(name="Noor de Visser", email=NOOR)
    await contacts(
        shop, {"categories": {"VIP": str(ONE), "Vaste klant": str(ONE)}, "categories_follow": "both"}
    )
    shop.life.sign_up(NOOR, tags=["VIP", "Vaste klant"])
    await shop.rest()
    shop.clock.advance(60)
    shop.life.untag(NOOR, "VIP")
    await shop.rest()
    assert [ONE] == held(shop)  # another tag still leads to it

    shop.clock.advance(60)
    shop.life.untag(NOOR, "Vaste klant")
    await shop.rest()

    assert [] == held(shop)
    await silent(shop, cycles=3)


async def test_a_new_relation_has_its_categories_at_once(shop: Shop) -> None:
    await contacts(shop, {"create_relations": True, "categories": {"VIP": str(ONE)}})
    shop.life.sign_up(NOOR, merge_fields={"FNAME": "Noor", "LNAME": "Visser"}, tags=["VIP"])
    await shop.rest()

    assert ([ONE], ["createRelation"]) == (held(shop), booked(shop))


async def test_a_category_that_the_till_does_not_know_is_said(shop: Shop) -> None:
    shop.till.relations.add(name="Noor de Visser", email=NOOR)
    await contacts(shop, {"categories": {"VIP": "99"}})
    shop.life.sign_up(NOOR, tags=["VIP"])
    await shop.rest()

    [delivery] = (await shop.outcomes()).values()
    assert "quarantined" == delivery[0]
    assert "Category 99" in str((await shop.attempts())[-1]["reason"])


async def test_a_tag_is_no_consent_though_its_category_is_one(shop: Shop) -> None:
    """The till's mailing category counts as consent. Who got it by a tag at Mailchimp never said yes."""
    shop.till.relations.add(name="Noor de Visser", email=NOOR)
    consent = {"consent_source": "category", "consent_category": str(MAILING)}
    await shop.flow("customers", consent)
    await contacts(shop, {"categories": {"VIP": str(MAILING)}})
    await shop.rest()
    assert {NOOR: "transactional"} == shop.statuses()
    shop.clock.advance(60)
    shop.life.tag(NOOR, "VIP")
    for _ in range(5):
        shop.clock.advance(60)
        await shop.rest()

    assert [MAILING] == held(shop)
    assert {NOOR: "transactional"} == shop.statuses()
    assert [] == shop.mailchimp.mails.sent
    await silent(shop, cycles=3)


@pytest.mark.parametrize("wrong", ["", "zeven", "0", "-1", "7.5", "9999999999"])
def test_what_is_no_category_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        ContactsSettings.model_validate({"categories": {"VIP": wrong}})
