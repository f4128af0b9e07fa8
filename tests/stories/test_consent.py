"""Consent: nobody is subscribed without one on record, and every later change of will is followed, once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.sandbox.mplus.cards import MAILING
from tests.shop import CONSENT, Shop

NOOR = {"name": "Noor Visser", "email": "noor@klant-voorbeeld.nl"}
SINCE = date(2026, 2, 14)


def noor(status: str, **more: str) -> dict[str, dict[str, str]]:
    return {"noor@klant-voorbeeld.nl": {"status": status, "FNAME": "Noor", "LNAME": "Visser", **more}}


async def test_without_a_consent_source_nobody_is_subscribed(shop: Shop) -> None:
    await shop.flow("customers")
    shop.till.relations.add(**NOOR)
    shop.till.relations.consent(1, given=True, on=SINCE)
    await shop.rest()

    assert noor("transactional") == shop.content()

    await shop.again()


async def test_who_said_yes_is_subscribed_with_the_day_as_proof(shop: Shop) -> None:
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(**NOOR)
    shop.till.relations.consent(1, given=True, on=SINCE)
    await shop.rest()

    assert noor("subscribed", opted_in="2026-02-14T00:00:00+00:00") == shop.content()

    await shop.again()

    assert [] == shop.mailchimp.mails.sent


async def test_who_said_yes_confirms_first_where_the_audience_asks_for_it(shop: Shop) -> None:
    shop.audience.double_optin = True
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(**NOOR)
    shop.till.relations.consent(1, given=True, on=SINCE)
    await shop.rest()

    assert noor("pending") == shop.content()

    shop.till.relations.edit(1, name="Noor Bakker")
    await shop.rest()
    await shop.again()

    assert ["opt_in_confirmation"] == [mail.kind for mail in shop.mailchimp.mails.sent]


@pytest.mark.parametrize("said", [False, None], ids=["no", "nothing"])
async def test_who_did_not_say_yes_is_left_out_where_the_shop_wants_that(
    shop: Shop, said: bool | None
) -> None:
    await shop.flow("customers", CONSENT | {"without_consent": "skip"})
    shop.till.relations.add(**NOOR)
    if said is not None:
        shop.till.relations.consent(1, given=said)
    await shop.rest()

    assert {} == shop.content()
    assert {"1": ("skipped", "no_consent")} == await shop.outcomes()

    await shop.again()


@pytest.mark.parametrize(
    ("double_optin", "becomes"), [(False, "subscribed"), (True, "pending")], ids=["single", "double"]
)
async def test_a_yes_that_comes_later_subscribes(shop: Shop, double_optin: bool, becomes: str) -> None:
    shop.audience.double_optin = double_optin
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(**NOOR)
    await shop.rest()
    shop.till.relations.consent(1, given=True, on=SINCE)
    await shop.rest()

    proof = {"opted_in": "2026-02-14T00:00:00+00:00"} if becomes == "subscribed" else {}

    assert noor(becomes, **proof) == shop.content()
    assert ["member.put", "member.patch"] == shop.written()

    await shop.again()


async def test_a_no_that_comes_later_unsubscribes(shop: Shop) -> None:
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(**NOOR)
    shop.till.relations.consent(1, given=True, on=SINCE)
    await shop.rest()
    shop.till.relations.consent(1, given=False)
    await shop.rest()

    assert noor("unsubscribed") == shop.content()

    await shop.again()


async def test_a_no_that_comes_later_changes_nothing_where_the_shop_wants_that(shop: Shop) -> None:
    await shop.flow("customers", CONSENT | {"on_withdrawal": "leave"})
    shop.till.relations.add(**NOOR)
    shop.till.relations.consent(1, given=True, on=SINCE)
    await shop.rest()
    shop.till.relations.consent(1, given=False)
    await shop.rest()

    assert noor("subscribed", opted_in="2026-02-14T00:00:00+00:00") == shop.content()

    await shop.again()


async def test_an_emptied_field_is_no_withdrawal(shop: Shop) -> None:
    """Missing rights at the till look the same, and an unsubscribe by us could never be taken back."""
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(**NOOR)
    shop.till.relations.consent(1, given=True, on=SINCE)
    await shop.rest()
    row = shop.till.relations.cards.rows[1]
    shop.till.relations.cards.put(1, {**row, "customFieldList": [], "categoryIds": []})
    await shop.rest()

    assert noor("subscribed", opted_in="2026-02-14T00:00:00+00:00") == shop.content()

    await shop.again()


async def test_yes_no_and_yes_again_stays_with_the_person(shop: Shop) -> None:
    """Whom the API unsubscribed only the person can bring back: said once, and not tried again and again."""
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(**NOOR)
    shop.till.relations.consent(1, given=True, on=SINCE)
    await shop.rest()
    for given in (False, True):
        shop.till.relations.consent(1, given=given, on=SINCE)
        await shop.rest()

    assert noor("unsubscribed") == shop.content()
    assert any(
        "stays_unsubscribed" in warning for row in await shop.attempts() for warning in row["warnings"]
    )

    await shop.again()


@pytest.mark.parametrize(
    ("settings", "opted_in"),
    [
        ({"consent_source": "category", "consent_category": str(MAILING)}, "2026-03-02T09:00:00+00:00"),
        (
            {
                "consent_source": "statement",
                "consent_statement": {
                    "who": "Shop owner",
                    "when": "2026-01-05",
                    "ground": "Signed at the counter",
                },
            },
            "2026-01-05T00:00:00+00:00",
        ),
    ],
    ids=["category", "statement"],
)
async def test_consent_may_stand_elsewhere(shop: Shop, settings: dict[str, Any], opted_in: str) -> None:
    await shop.flow("customers", settings)
    shop.till.relations.add(**NOOR, categoryIds=[MAILING])
    await shop.rest()

    assert noor("subscribed", opted_in=opted_in) == shop.content()

    await shop.again()


@pytest.mark.parametrize("double_optin", [False, True], ids=["single", "double"])
async def test_a_yes_that_comes_with_another_address_mails_nobody_at_the_old_one(
    shop: Shop, double_optin: bool
) -> None:
    """Who said yes did so for the new address; the old one may be anybody's."""
    shop.audience.double_optin, shop.audience.welcome = double_optin, True
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(**NOOR)
    await shop.rest()
    contact = shop.audience.member(NOOR["email"]).contact_id
    shop.till.relations.edit(1, email="n.visser@klant-voorbeeld.nl")
    shop.till.relations.consent(1, given=True, on=SINCE)
    await shop.rest()

    assert {"n.visser@klant-voorbeeld.nl": "pending" if double_optin else "subscribed"} == shop.statuses()
    assert contact == shop.audience.member("n.visser@klant-voorbeeld.nl").contact_id
    assert ["n.visser@klant-voorbeeld.nl"] == [mail.email for mail in shop.mailchimp.mails.sent]

    await shop.again()


async def test_also_where_the_answer_to_the_new_address_is_lost(shop: Shop) -> None:
    shop.audience.welcome = True
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(**NOOR)
    await shop.rest()
    shop.mailchimp.faults.fail_next(kind="reset_after", operation="member.patch")
    shop.till.relations.edit(1, email="n.visser@klant-voorbeeld.nl")
    shop.till.relations.consent(1, given=True, on=SINCE)
    await shop.rest()

    assert {"n.visser@klant-voorbeeld.nl": "subscribed"} == shop.statuses()
    assert ["n.visser@klant-voorbeeld.nl"] == [mail.email for mail in shop.mailchimp.mails.sent]

    await shop.again()
