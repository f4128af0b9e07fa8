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
