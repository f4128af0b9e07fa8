"""Nobody comes back by our doing; whom we put away ourselves comes back as what he was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from tests.shop import CONSENT, Shop

EMAIL = "noor@klant-voorbeeld.nl"
NOOR = {"name": "Noor Visser", "email": EMAIL}
OPTED_IN = "2026-02-14T00:00:00+00:00"


async def subscribed(shop: Shop, **settings: str) -> str:
    """Noor consented and is in the audience."""
    flow_id = await shop.flow("customers", CONSENT | settings)
    shop.till.relations.add(**NOOR)
    shop.till.relations.consent(1, given=True, on=date(2026, 2, 14))
    await shop.rest()
    assert {EMAIL: "subscribed"} == shop.statuses()
    return flow_id


def noor(status: str, *, last_name: str = "Visser") -> dict[str, dict[str, str]]:
    held = {"status": status, "FNAME": "Noor", "LNAME": last_name}
    return {EMAIL: held | ({"opted_in": OPTED_IN} if status == "subscribed" else {})}


@pytest.mark.parametrize(
    ("happens", "status"),
    [
        (lambda shop: shop.life.unsubscribe(EMAIL), "unsubscribed"),
        (lambda shop: shop.life.unsubscribe(EMAIL, reason="abuse"), "unsubscribed"),
        (lambda shop: shop.life.clean(EMAIL), "cleaned"),
    ],
    ids=["unsubscribed", "complained", "bounced"],
)
async def test_who_left_is_kept_up_to_date_and_stays_away(
    shop: Shop, happens: Callable[[Shop], object], status: str
) -> None:
    flow_id = await subscribed(shop)
    happens(shop)
    shop.till.relations.edit(1, name="Noor Bakker")
    await shop.rest()

    assert noor(status, last_name="Bakker") == shop.content()

    await shop.replay(flow_id)
    await shop.again()


async def test_whom_the_merchant_archived_is_not_written_to(shop: Shop) -> None:
    await subscribed(shop)
    shop.life.archive(EMAIL)
    before = shop.written()
    shop.till.relations.edit(1, name="Noor Bakker")
    await shop.rest()

    assert noor("archived") == shop.content()
    assert before == shop.written()
    assert {"1": ("skipped", "archived")} == await shop.outcomes()

    await shop.again()


async def test_whom_the_merchant_deleted_for_good_is_not_tried_for_ever(shop: Shop) -> None:
    await subscribed(shop)
    shop.life.forget(EMAIL)
    shop.till.relations.edit(1, name="Noor Bakker")
    await shop.rest()

    assert {} == shop.content()
    assert {"1": ("skipped", "permanently_deleted")} == await shop.outcomes()


@pytest.mark.parametrize(
    ("chosen", "becomes"),
    [("archive", {EMAIL: "archived"}), ("leave", {EMAIL: "subscribed"}), ("delete_permanently", {})],
)
async def test_an_inactive_relation(shop: Shop, chosen: str, becomes: dict[str, str]) -> None:
    await subscribed(shop, on_inactive=chosen)
    shop.till.relations.edit(1, active=False)
    await shop.rest()

    assert becomes == shop.statuses()

    await shop.again()


async def test_an_inactive_relation_that_never_was_sent_is_not_made(shop: Shop) -> None:
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(**NOOR, active=False)
    await shop.rest()

    assert {} == shop.content()
    assert {"1": ("skipped", "inactive")} == await shop.outcomes()


async def test_active_again_comes_back_as_what_it_was(shop: Shop) -> None:
    await subscribed(shop)
    shop.till.relations.edit(1, active=False)
    await shop.rest()
    shop.till.relations.edit(1, active=True, name="Noor Bakker")
    await shop.rest()

    assert noor("subscribed", last_name="Bakker") == shop.content()

    await shop.again()


async def test_who_unsubscribed_before_we_archived_comes_back_unsubscribed_or_not_at_all(shop: Shop) -> None:
    await subscribed(shop)
    shop.life.unsubscribe(EMAIL)
    shop.till.relations.edit(1, active=False)
    await shop.rest()
    shop.till.relations.edit(1, active=True)
    await shop.rest()

    assert noor("archived") == shop.content()

    await shop.again()


async def test_who_withdrew_while_inactive_does_not_come_back_subscribed(shop: Shop) -> None:
    await subscribed(shop)
    shop.till.relations.edit(1, active=False)
    await shop.rest()
    shop.till.relations.consent(1, given=False)
    shop.till.relations.edit(1, active=True)
    await shop.rest()

    assert "subscribed" != shop.statuses()[EMAIL]

    await shop.again()


async def test_whom_we_archived_without_hearing_of_it_comes_back_all_the_same(shop: Shop) -> None:
    await subscribed(shop)
    shop.mailchimp.faults.fail_next(kind="reset_after", operation="member.delete")
    shop.till.relations.edit(1, active=False)
    await shop.rest()
    assert noor("archived") == shop.content()
    shop.till.relations.edit(1, active=True)
    await shop.rest()

    assert noor("subscribed") == shop.content()

    await shop.again()
