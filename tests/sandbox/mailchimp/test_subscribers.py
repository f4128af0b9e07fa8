"""Life at Mailchimp's side: believable, the same for a seed, and only where somebody reads of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from app.sandbox.mailchimp.subscribers import Subscribers, live
from tests.sandbox.mailchimp.conftest import LIST, Shop


def test_the_same_people_do_the_same_things(shop: Shop) -> None:
    other = shop.account.open_audience("Another list")
    first, second = Subscribers(shop.audience, seed=3), Subscribers(other, seed=3)
    told = [[each.step().partition(": ")[2] for _ in range(80)] for each in (first, second)]

    assert told[0] == told[1]
    assert {
        "signed up",
        "moved house",
        "new telephone number",
        "new name",
        "new e-mail address",
        "unsubscribed",
        "the address bounced",
        "came back",
    } == set(told[0])
    assert sorted(shop.audience.members) == sorted(other.members)


def test_with_double_opt_in_people_confirm(shop: Shop) -> None:
    shop.audience.double_optin = True
    for _ in range(30):
        shop.world.subscribers_of(shop.audience).step()

    assert "pending" not in {member.status for member in shop.audience.members.values()}


async def test_nobody_does_anything_where_nobody_reads(shop: Shop) -> None:
    told: list[str] = []
    task = asyncio.create_task(live(shop.sandbox, every=0.01, told=told.append))
    await shop.call("GET", f"{LIST}/members?fields=members.id&sort_field=last_changed&sort_dir=ASC")
    await asyncio.sleep(0.1)
    assert [] == told  # who lists ids only looks for what is there

    await shop.call("GET", f"{LIST}/members?exclude_fields=_links&sort_field=last_changed&sort_dir=ASC")
    for _ in range(200):
        if len(told) >= 3:
            break
        await asyncio.sleep(0.01)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert len(told) >= 3
    assert shop.world.subscribers_of(shop.audience).steps == len(told)
