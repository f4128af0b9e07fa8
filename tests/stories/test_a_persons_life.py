"""A person's life at Mailchimp's side, told by signed webhooks over HTTP, and what the till says of it each time."""

from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.mailchimp import webhooks
from app.sandbox.mailchimp.postman import RETRY_AFTER
from app.sandbox.mailchimp.subscribers import Subscribers
from app.sandbox.mailchimp.webhooks import Webhook
from app.store import connections
from app.store.tables import events
from tests.shop import Shop
from tests.stories.bothways import WRITTEN_BACK, booked, contacts, relations, silent

NOOR, NEW = "noor@klant-voorbeeld.nl", "n.devisser@klant-voorbeeld.nl"
NAME = {"FNAME": "Noor", "LNAME": "de Visser"}


async def begun(shop: Shop, **settings: Any) -> Webhook:
    """A contacts flow that has looked once; the webhook that we registered."""
    await contacts(shop, WRITTEN_BACK | {"create_relations": True} | settings)
    await shop.rest()
    (hook,) = shop.audience.webhooks.values()
    assert hook.secret is not None  # what comes is signed
    assert not hook.sources["api"]  # and our own doing is not told
    return hook


async def heard(shop: Shop) -> int:
    """Webhooks are carried; what they ring for is polled when it becomes due, and delivered. How many were carried."""
    carried = await shop.mailchimp.postman.deliver_due()
    for _ in range(6):
        async with shop.db.read() as conn:
            due_at = (await connections.find(conn, shop.list_id)).poll_due_at
        if due_at > shop.clock.now + 25_000:
            break
        shop.clock.now = max(shop.clock.now, due_at)
        await shop.worker.poller.poll(shop.list_id)
        await shop.quiet()
    return carried


async def test_from_the_sign_up_to_the_return(public_shop: Shop) -> None:
    shop = public_shop
    await begun(shop)
    told: list[tuple[str, str, str]] = []

    async def then() -> None:
        assert await heard(shop)
        (one,) = relations(shop).values()
        said, _, day = one["consent"].partition(" ")
        # Which day Mailchimp tells of somebody who came back is not described.
        told.append((one["name"], one["email"], said if said == "yes" else f"no {day}"))
        shop.clock.advance(86_400)

    shop.life.sign_up(NOOR, merge_fields=NAME)
    await then()
    shop.life.edit(NOOR, merge_fields={"LNAME": "Visser-Bakker"})
    await then()
    shop.life.change_address(NOOR, NEW)
    await then()
    shop.life.unsubscribe(NEW)
    await then()
    shop.life.resubscribe(NEW)
    await then()
    shop.life.clean(NEW)
    await then()

    assert [
        ("Noor de Visser", NOOR, "yes"),
        ("Noor Visser-Bakker", NOOR, "yes"),
        ("Noor Visser-Bakker", NEW, "yes"),
        ("Noor Visser-Bakker", NEW, "no 2026-03-05"),
        ("Noor Visser-Bakker", NEW, "yes"),
        ("Noor Visser-Bakker", NEW, "no 2026-03-07"),
    ] == told
    assert ["createRelation", *["updateRelation"] * 5] == booked(shop)
    assert ["webhooks.post"] == shop.written()  # nothing of it ever goes back
    await silent(shop, cycles=3)


async def test_a_webhook_that_nobody_took_comes_again(public_shop: Shop) -> None:
    shop = public_shop
    hook = await begun(shop)
    right, hook.url = hook.url, f"{hook.url}x"  # as if we were away
    shop.life.sign_up(NOOR, merge_fields=NAME)
    assert 1 == await shop.mailchimp.postman.deliver_due()
    assert [("subscribe", 404)] == hook.told

    hook.url = right
    shop.clock.advance(RETRY_AFTER[0] + 1)
    assert 1 == await heard(shop)

    assert [("subscribe", 404), ("subscribe", 200)] == hook.told
    assert "yes 2026-03-02" == relations(shop)[1]["consent"]


async def test_twice_and_the_last_first_makes_no_difference(public_shop: Shop) -> None:
    """The unsubscription is told before the subscription; what is read is how things stand."""
    shop = public_shop
    hook = await begun(shop)
    shop.mailchimp.postman.copies, shop.mailchimp.postman.backwards = 2, True
    shop.till.relations.add(name="Noor de Visser", email=NOOR)
    shop.life.sign_up(NOOR, merge_fields=NAME)
    shop.life.edit(NOOR, merge_fields={"PHONE": "06-12345678"})
    shop.life.unsubscribe(NOOR)
    assert 6 == await heard(shop)

    assert {200} == {status for _, status in hook.told}
    assert "no 2026-03-02" == relations(shop)[1]["consent"]
    assert ["updateRelation"] == booked(shop)
    rung = [row for row in await shop.rows(events) if row["trigger"] == "webhook"]
    assert len({row["dedupe_key"] for row in rung}) == len(rung)  # the second copy is no news


async def test_an_address_change_told_before_the_sign_up_is_one_relation_under_the_new_address(
    public_shop: Shop,
) -> None:
    shop = public_shop
    hook = await begun(shop)
    shop.mailchimp.postman.backwards = True
    shop.life.sign_up(NOOR, merge_fields=NAME)
    shop.clock.advance(60)
    shop.life.change_address(NOOR, NEW)
    assert 3 == await heard(shop)

    told = [event for event, _ in hook.told]
    assert ({"upemail", "profile", "subscribe"}, "subscribe") == ({*told}, told[-1])
    assert {1: {"name": "Noor de Visser", "email": NEW, "consent": "yes 2026-03-02"}} == relations(shop)
    assert ["createRelation"] == booked(shop)
    await silent(shop, cycles=3)


@pytest.mark.parametrize(("at_once", "day"), [(False, "2026-03-03"), (True, "2026-03-05")])
async def test_a_bounce_after_an_unsubscription_is_no_second_no(
    public_shop: Shop, at_once: bool, day: str
) -> None:
    """The day of the first no that was seen stays; of two that are told at once, the last first, only the last can be seen."""
    shop = public_shop
    hook = await begun(shop)
    shop.mailchimp.postman.backwards = True
    shop.life.sign_up(NOOR, merge_fields=NAME)
    await heard(shop)
    shop.clock.advance(86_400)
    shop.life.unsubscribe(NOOR)
    if not at_once:
        await heard(shop)
    shop.clock.advance(2 * 86_400)
    shop.life.clean(NOOR)
    await heard(shop)

    assert {"unsubscribe", "cleaned"} == {event for event, _ in hook.told[1:]}
    assert f"no {day}" == relations(shop)[1]["consent"]
    assert ["createRelation", "updateRelation"] == booked(shop)
    await silent(shop, cycles=3)


async def test_a_webhook_about_an_unknown_list_or_a_stranger_changes_nothing(public_shop: Shop) -> None:
    shop = public_shop
    hook = await begun(shop)
    other = shop.audience.account.open_audience("Another list")
    member = shop.life.sign_up("vreemd@klant-voorbeeld.nl", merge_fields=NAME)
    await heard(shop)
    before = relations(shop)
    pairs = [
        (name, {"data[list_id]": other.id, "data[email]": "nobody@klant-voorbeeld.nl"}.get(name, value))
        for name, value in webhooks.contents("unsubscribe", shop.audience, member, action="unsub", reason="manual")
    ]  # fmt: skip
    body = webhooks.form("unsubscribe", fired_at=shop.mailchimp.world.clock.iso(), pairs=pairs)
    shop.mailchimp.postman.post(hook, body, event="unsubscribe", audience=shop.audience)

    assert 1 == await heard(shop)

    assert ("unsubscribe", 200) == hook.told[-1]
    assert before == relations(shop)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_people_do_the_till_says_the_same_in_the_end(public_shop: Shop, seed: int) -> None:
    """Forty deeds, told in any order and twice; every contact who was ever subscribed is one relation, as it stands."""
    shop = public_shop
    await begun(shop, on_conflict="source_wins")
    shop.mailchimp.postman.copies, shop.mailchimp.postman.backwards = 2, True
    subscribers, told = Subscribers(shop.audience, seed=seed), []
    for _ in range(40):
        told.append(subscribers.step().partition(": ")[2])
        shop.clock.advance(7)
        if subscribers.steps % 5 == 0:
            await heard(shop)
    shop.clock.advance(400)
    await shop.rest()

    assert {"signed up", "unsubscribed", "new e-mail address"} <= set(told)
    held = {member.email: member for member in shop.audience.members.values()}
    in_till = {one["email"]: one for one in relations(shop).values()}
    assert held.keys() == in_till.keys()
    for email, member in held.items():
        said = {"subscribed": "yes", "unsubscribed": "no", "cleaned": "no"}[member.status]
        assert said == in_till[email]["consent"].partition(" ")[0], told
        assert member.merge_fields["LNAME"] in in_till[email]["name"]
    await silent(shop, cycles=3)
