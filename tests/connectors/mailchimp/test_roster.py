"""Large batches: the list is read once, narrowly, and afterwards only what others changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from app.connectors.base import Change, Existing, Intent, Wanted
from app.connectors.mailchimp import members, roster
from app.connectors.mailchimp.client import MailchimpClient
from tests.connectors.mailchimp.conftest import Clock, Connect, Shop, intent


def email(n: int) -> str:
    return f"klant{n}@klant-voorbeeld.nl"


def wanted(numbers: Iterable[int], **more: Any) -> list[Wanted]:
    return [Wanted("customer", str(n), email(n), None, **more) for n in numbers]


@pytest.fixture
def big(connect: Connect, shop: Shop, ticks: Clock) -> MailchimpClient:
    """A client of an audience of ten, with a clock of its own."""
    for n in range(10):
        shop.add(email(n), status="transactional" if n % 2 else "subscribed")
    client = connect(shop.base_url)
    client._members._roster._monotonic = ticks
    return client


def states(found: Any) -> dict[str, str]:
    return {key: existing.document["status"] for key, existing in found.items()}


async def apply(client: MailchimpClient, wish: Intent, existing: Existing | None) -> None:
    steps = client.target("customer").steps(wish, existing)
    assert isinstance(steps, tuple)
    for change in steps:
        assert isinstance(change, Change)
        await client.target("customer").apply(change)


async def test_a_large_batch_takes_two_calls_and_a_small_one_one_each(
    big: MailchimpClient, shop: Shop, ticks: Clock
) -> None:
    target = big.target("customer")
    await target.learn()  # type: ignore[attr-defined]
    shop.calls()

    many = await target.fetch_many(wanted(range(8)))
    first = shop.calls()
    few = await target.fetch_many(wanted([1, 42]))
    ticks.seconds += roster.FRESH_S
    again = await target.fetch_many(wanted(range(4, 12)))

    assert (["members.get"] * 2, ["member.get"] * 2 + ["members.get"] * 2) == (first, shop.calls())
    assert {str(n): "transactional" if n % 2 else "subscribed" for n in range(8)} == states(many)
    assert ({"1"}, {str(n) for n in range(4, 10)}) == (few.keys(), again.keys())
    assert (False, True) == (many["1"].whole, few["1"].whole)


async def test_what_others_change_is_seen_and_so_is_who_was_archived(
    big: MailchimpClient, shop: Shop, ticks: Clock
) -> None:
    target = big.target("customer")
    before = await target.fetch_many(wanted(range(10)))
    shop.sandbox.world.advance(60)
    shop.life.unsubscribe(email(0))
    shop.life.archive(email(2))
    shop.life.change_address(email(4), "elsewhere@klant-voorbeeld.nl")
    shop.add(email(11))

    believed = states(await target.fetch_many(wanted(range(12))))
    ticks.seconds += roster.FRESH_S
    after = await target.fetch_many(wanted(range(12)))
    by_contact = await target.fetch_many(
        [Wanted("customer", str(n), email(n), before[str(n)].remote_id) for n in (4, 5, 6, 7)]
    )

    assert states(before) == believed
    assert ("unsubscribed", "archived", "archived") == (
        states(after)["0"],
        states(after)["2"],
        after["2"].state,
    )
    assert (False, True) == ("4" in after, "11" in after)
    assert before["4"].remote_id == by_contact["4"].remote_id


async def test_what_we_write_is_known_at_once(big: MailchimpClient, shop: Shop) -> None:
    target = big.target("customer")
    found = await target.fetch_many(wanted(range(10)))
    shop.calls()

    document = {"email_address": email(20), "tags": ["gold"]}
    await apply(big, intent(document, natural=email(20), consent="yes"), None)
    await apply(big, intent({"tags": ["gold"]}, natural=email(1), consent="yes", was="no"), found["1"])
    await apply(big, intent(None, natural=email(3)), found["3"])
    await apply(big, intent(None, natural=email(5), permanently=True), found["5"])
    sent = shop.calls()
    after = await target.fetch_many(wanted(range(1, 21)))

    assert ["member.put", "tags.post", "member.patch", "tags.post", "member.delete", "member.forget"] == sent
    assert [] == shop.calls()
    assert ({"20": "subscribed", "1": "subscribed", "3": "archived"}, True) == (
        {n: states(after)[n] for n in ("20", "1", "3")},
        "5" not in after,
    )
    assert [{"gold": True}] * 2 == [after[n].document["tags"] for n in ("20", "1")]


async def test_a_row_that_looks_at_what_is_there_gets_to_see_it(big: MailchimpClient, shop: Shop) -> None:
    found = await big.target("customer").fetch_many(wanted(range(5), whole=True))

    assert [True] * 5 == [existing.whole for existing in found.values()]


async def test_pages_are_read_to_the_end_while_the_list_moves(
    big: MailchimpClient, shop: Shop, ticks: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three a page, everybody changed in the same second, and in other seconds."""
    monkeypatch.setattr(roster, "PAGE", 3)
    for n in range(10, 30):
        shop.sandbox.world.advance(n % 3)
        shop.add(email(n))
    ticks.seconds += 1

    found = await big.target("customer").fetch_many(wanted(range(30)))

    assert {str(n) for n in range(30)} == found.keys()


async def test_the_whole_list_is_read_again_now_and_then(
    big: MailchimpClient, shop: Shop, ticks: Clock
) -> None:
    """Who was deleted for good leaves no trace in what changed."""
    target = big.target("customer")
    await target.fetch_many(wanted(range(10)))
    shop.life.forget(email(3))
    ticks.seconds += 60
    believed = await target.fetch_many(wanted(range(10)))
    ticks.seconds += roster.LIST_AGAIN_S
    seen = await target.fetch_many(wanted(range(10)))

    assert (True, False) == ("3" in believed, "3" in seen)


async def test_a_great_audience_is_listed_when_that_pays(
    big: MailchimpClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten contacts at two a page are five calls: the first four are asked one by one, then the list is cheaper."""
    monkeypatch.setattr(members, "PAGE", 2)
    target = big.target("customer")
    await target.learn()  # type: ignore[attr-defined]
    shop.calls()

    await target.fetch_many(wanted(range(4)))
    singly = shop.calls()
    await target.fetch_many(wanted(range(4)))
    listed = shop.calls()
    monkeypatch.setattr(members, "MOST_LISTED", 9)
    await target.fetch_many(wanted(range(4)))

    assert (["member.get"] * 4, ["members.get"] * 2, ["member.get"] * 4) == (singly, listed, shop.calls())
