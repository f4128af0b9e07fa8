"""A no at the counter after a yes that came from Mailchimp: it is the later word, and counts, though the flow out of the till
never saw the yes. A no that merely stands there is nobody's later word (features C-7, N6)."""

from __future__ import annotations

from datetime import date

import pytest

from app.sandbox.mplus.cards import VIP
from tests.shop import Shop
from tests.stories.bothways import both, relations, silent

NOOR = "noor@klant-voorbeeld.nl"


async def look(shop: Shop, flow_id: str) -> None:
    """One flow alone sees what is new, and works it off."""
    shop.clock.advance(31)
    await shop.poll()
    await shop.worker.batch(flow_id)


async def later(shop: Shop) -> None:
    for _ in range(4):
        shop.clock.advance(31)
        await shop.rest()


def standing(shop: Shop) -> tuple[str, str]:
    """What she is at Mailchimp, and what the till says of her consent."""
    return shop.statuses()[NOOR], relations(shop)[1].get("consent", "")


@pytest.mark.parametrize("known", [False, True], ids=["made by it", "linked by it"])
@pytest.mark.parametrize("edited", [False, True], ids=["at once", "after another edit"])
async def test_a_no_counts_after_the_very_sign_up_that_brought_the_yes(
    shop: Shop, known: bool, edited: bool
) -> None:
    if known:
        shop.till.relations.add(name="Noor de Visser", email=NOOR)
    _, into = await both(shop, back={"create_relations": True})
    shop.life.sign_up(NOOR, merge_fields={"FNAME": "Noor", "LNAME": "de Visser"})
    await look(shop, into)
    assert ("subscribed", "yes 2026-03-02") == standing(shop)
    if edited:
        shop.life.edit(NOOR, merge_fields={"PHONE": "+31612345678"})
        await look(shop, into)
    shop.till.relations.consent(1, given=False, on=date(2026, 3, 3))
    await later(shop)

    assert ("unsubscribed", "no 2026-03-03") == standing(shop)
    assert ["member.patch"] == shop.written()
    await silent(shop)

    shop.life.sign_up(NOOR)
    await later(shop)

    assert "subscribed" == standing(shop)[0]
    assert standing(shop)[1].startswith("yes")
    await silent(shop)


async def test_a_no_from_before_the_sign_up_is_no_later_word(shop: Shop) -> None:
    """She said no at the counter once, and signed up at Mailchimp since: the two are linked, and neither is undone."""
    shop.till.relations.add(name="Noor", email=NOOR)
    shop.till.relations.consent(1, given=False, on=date(2026, 2, 1))
    _, into = await both(shop)
    shop.life.sign_up(NOOR, merge_fields={"PHONE": "+31612345678"})
    await look(shop, into)
    assert "+31612345678" == relations(shop)[1]["mobile"]
    shop.till.relations.edit(1, name="Noor Visser")
    await later(shop)

    assert ("subscribed", "no 2026-02-01") == standing(shop)
    assert "Visser" == shop.content()[NOOR]["LNAME"]
    await silent(shop)


async def test_nor_is_a_category_that_the_new_relation_does_not_have(shop: Shop) -> None:
    _, into = await both(
        shop,
        customers={"consent_source": "category", "consent_category": str(VIP)},
        back={"create_relations": True},
    )
    shop.life.sign_up(NOOR, merge_fields={"FNAME": "Noor"})
    await look(shop, into)
    shop.till.relations.edit(1, mobile="06-12345678")
    await later(shop)

    assert "subscribed" == standing(shop)[0]
    assert "+31612345678" == shop.content()[NOOR]["PHONE"]
    await silent(shop)


async def test_a_no_is_told_once_and_not_again_over_a_sign_up_after_it(shop: Shop) -> None:
    """She signs up again before the flow into the till saw that she had been unsubscribed, and her number changes meanwhile: the
    till learns of the new yes, and a new no counts again."""
    out, into = await both(shop, back={"create_relations": True})
    shop.life.sign_up(NOOR, merge_fields={"FNAME": "Noor"})
    await look(shop, into)
    shop.till.relations.consent(1, given=False, on=date(2026, 3, 3))
    await look(shop, out)
    assert ("unsubscribed", "no 2026-03-03") == standing(shop)
    shop.life.sign_up(NOOR)
    shop.till.relations.edit(1, mobile="06-12345678")
    await look(shop, out)
    await later(shop)

    assert ("subscribed", "yes 2026-03-02") == standing(shop)
    await silent(shop)

    shop.till.relations.consent(1, given=False, on=date(2026, 3, 4))
    await later(shop)

    assert ("unsubscribed", "no 2026-03-04") == standing(shop)
    await silent(shop)


async def test_a_no_counts_though_the_yes_before_it_comes_back_from_mailchimp(shop: Shop) -> None:
    """The till said yes, the flow out of it subscribed her, and at once the till says no: that she is subscribed is no news."""
    shop.till.relations.add(name="Noor", email=NOOR)
    out, into = await both(shop)
    await later(shop)
    shop.till.relations.consent(1, given=True, on=date(2026, 2, 14))
    await look(shop, out)
    assert "subscribed" == standing(shop)[0]
    shop.till.relations.consent(1, given=False, on=date(2026, 3, 3))
    await look(shop, into)
    await later(shop)

    assert ("unsubscribed", "no 2026-03-03") == standing(shop)
    await silent(shop)


@pytest.mark.parametrize("left", ["unsubscribed", "cleaned"])
async def test_a_no_from_mailchimp_is_not_told_back_over_a_new_sign_up(shop: Shop, left: str) -> None:
    """The till learnt that she left; before the flow out of it saw that there, she signed up again."""
    shop.till.relations.add(name="Noor", email=NOOR)
    shop.till.relations.consent(1, given=True, on=date(2026, 2, 14))
    out, into = await both(shop)
    await later(shop)
    if left == "cleaned":
        shop.life.clean(NOOR)
    else:
        shop.life.unsubscribe(NOOR)
    await look(shop, into)
    assert (left, "no 2026-03-02") == standing(shop)
    shop.life.sign_up(NOOR)
    await look(shop, out)
    await later(shop)

    assert "subscribed" == standing(shop)[0]
    assert standing(shop)[1].startswith("yes")
    await silent(shop)
