"""A name is one text in the till and two fields at Mailchimp: both directions on, it still comes to rest (features T9, C-15)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shop import Shop
from tests.stories.bothways import booked, both, relations, silent

NOOR = "noor@klant-voorbeeld.nl"


async def settle(shop: Shop) -> None:
    """Time for both flows to notice, and to notice what the other one wrote."""
    for _ in range(5):
        shop.clock.advance(31)
        await shop.rest()


def names(shop: Shop) -> tuple[str, str, str]:
    """The till's name, and both parts at Mailchimp."""
    fields: dict[str, Any] = shop.content()[NOOR]
    return relations(shop)[1]["name"], fields.get("FNAME", ""), fields.get("LNAME", "")


async def signed_up(shop: Shop, *, first: str, last: str) -> None:
    """Somebody who signed up under this name and became a relation."""
    await both(shop, back={"create_relations": True})
    shop.life.sign_up(NOOR, merge_fields={"FNAME": first, "LNAME": last})
    await settle(shop)


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("Noor van den Berg", "", "Noor van den Berg"),
        ("", "Visser", "Visser"),
        ("", "", NOOR),
        ("Fam.", "Visser", "Fam. Visser"),
    ],
    ids=["in the first field", "in the last field", "none", "no person"],
)
async def test_a_sign_up_keeps_its_name_as_it_was_typed(shop: Shop, first: str, last: str, name: str) -> None:
    await signed_up(shop, first=first, last=last)

    assert (name, first, last) == names(shop)
    assert (["createRelation"], []) == (booked(shop), shop.written())

    await silent(shop)


@pytest.mark.parametrize(
    ("first", "last", "edited", "parts"),
    [
        ("Noor", "Visser", "Fam. Visser", ("Fam. Visser", "")),
        ("Noor", "Visser", "Noor en Jan Visser", ("Noor en Jan Visser", "")),
        ("Noor", "Visser", "Noor", ("Noor", "")),
        ("Fam.", "Visser", "Fam. de Visser", ("Fam. de Visser", "")),
        ("Noor van den Berg", "", "Noor van den Bergh", ("Noor", "van den Bergh")),
        ("Noor van den Berg", "", "Eleonora van den Berg", ("Eleonora", "van den Berg")),
        ("", "Visser", "Noor Visser", ("Noor", "Visser")),
    ],
)
async def test_a_name_that_the_till_changes_arrives_whole(
    shop: Shop, first: str, last: str, edited: str, parts: tuple[str, str]
) -> None:
    """Both fields are one name: half of it is never left over, or it would come back longer each time."""
    await signed_up(shop, first=first, last=last)
    shop.till.relations.edit(1, name=edited)
    await settle(shop)

    assert (edited, *parts) == names(shop)
    assert (["createRelation"], ["member.patch"]) == (booked(shop), shop.written())

    await silent(shop)
