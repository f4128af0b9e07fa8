"""Somebody changes the address at Mailchimp before any link to the till was made: the relation is found by the old one,
which the signed webhook told and which rests sealed for a day (features C-2, C-9)."""

from __future__ import annotations

import pytest

from app.store.tables import deliveries, events, moves
from tests.shop import Shop
from tests.stories.bothways import WRITTEN_BACK, booked, contacts, relations
from tests.stories.test_a_persons_life import heard

OLD, MIDDLE, NEW = "noor@klant-voorbeeld.nl", "n.devisser@klant-voorbeeld.nl", "noor.nieuw@klant-voorbeeld.nl"
NAME = {"FNAME": "Noor", "LNAME": "de Visser"}


async def known_without_a_link(shop: Shop, **settings: object) -> None:
    """A subscriber whom the flow looked at before the till knew her; then somebody enters her in the till."""
    await contacts(shop, WRITTEN_BACK | settings)
    shop.life.sign_up(OLD, merge_fields=NAME)
    await shop.rest()
    await heard(shop)
    assert {} == relations(shop)
    shop.till.relations.add(name="Noor de Visser", email=OLD)
    shop.clock.advance(100)


@pytest.mark.parametrize("policy", ["target_wins", "source_wins", "newest"])
async def test_the_relation_is_found_by_the_address_before(public_shop: Shop, policy: str) -> None:
    shop = public_shop
    await known_without_a_link(shop, on_conflict=policy)
    shop.life.change_address(OLD, NEW)
    await heard(shop)

    assert {1: {"name": "Noor de Visser", "email": NEW, "consent": "yes 2026-03-02"}} == relations(shop)
    assert ["updateRelation"] == booked(shop)


async def test_two_changes_in_a_row_are_followed(public_shop: Shop) -> None:
    shop = public_shop
    await known_without_a_link(shop, create_relations=False)
    shop.life.change_address(OLD, MIDDLE)
    shop.life.change_address(MIDDLE, NEW)
    await heard(shop)

    assert [NEW] == [relation["email"] for relation in relations(shop).values()]


async def test_nothing_of_the_address_rests_but_sealed_and_for_a_day(public_shop: Shop) -> None:
    shop = public_shop
    await known_without_a_link(shop)
    shop.life.change_address(OLD, NEW)
    await shop.mailchimp.postman.deliver_due()
    stored = [*await shop.rows(moves), *await shop.rows(events), *await shop.rows(deliveries)]
    assert 1 == len(await shop.rows(moves))
    assert not [row for row in stored if "klant-voorbeeld" in str(row)]

    shop.clock.advance(86_400 + 60)
    await shop.worker.round("prune")

    assert [] == await shop.rows(moves)


async def test_an_address_that_leads_to_somebody_else_by_now_is_his(public_shop: Shop) -> None:
    """Her old address went to another contact, whom the till knows under it: he keeps his relation."""
    shop = public_shop
    await contacts(shop, WRITTEN_BACK)
    shop.life.sign_up(MIDDLE, merge_fields=NAME)
    await shop.rest()
    await heard(shop)
    shop.life.change_address(MIDDLE, NEW)
    shop.life.sign_up(MIDDLE, merge_fields={"FNAME": "Bram", "LNAME": "Bakker"})
    shop.till.relations.add(name="Bram Bakker", email=MIDDLE)
    shop.life.edit(NEW, merge_fields={"LNAME": "Visser"})
    for _ in range(3):
        await heard(shop)
        shop.clock.advance(100)
        await shop.rest()
    shop.life.edit(NEW, merge_fields={"LNAME": "de Boer"})
    await heard(shop)

    assert [("Bram Bakker", MIDDLE)] == [(one["name"], one["email"]) for one in relations(shop).values()]


async def test_an_unsigned_call_is_not_believed(public_shop: Shop) -> None:
    shop = public_shop
    shop.audience.account.unsigned_webhooks = True
    shop.audience.webhooks.clear()
    await shop.check(shop.list_id)
    await known_without_a_link(shop)
    shop.life.change_address(OLD, NEW)
    await heard(shop)

    assert [OLD] == [relation["email"] for relation in relations(shop).values()]
