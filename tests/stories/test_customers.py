"""Customers on their way: an edit in the till, and the audience's whole content afterwards."""

from __future__ import annotations

from tests.shop import CONSENT, Shop


async def test_a_relation_becomes_a_member_once(shop: Shop) -> None:
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(name="Jan de Vries", email="Jan@Klant-Voorbeeld.nl")
    await shop.rest()

    member = shop.audience.member("jan@klant-voorbeeld.nl")

    assert "transactional" == member.status
    assert {"FNAME": "Jan", "LNAME": "de Vries"} == {
        tag: value for tag, value in member.merge_fields.items() if value and tag in ("FNAME", "LNAME")
    }
    assert ["member.put"] == shop.written()

    await shop.rest()

    assert ["member.put"] == shop.written()


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

    await shop.rest()

    assert written == len(shop.written())
