"""Polls: what changed is found by its marker, once, whatever order things become visible in, and cheaply."""

from __future__ import annotations

import pytest

from app.intake import Intake
from app.store import connections, polls
from app.store.cursors import position
from app.worker import polling
from app.worker.polling import UNSETTLED_MS
from tests.shop import CONSENT, Shop
from tests.stories.counter import mails, orders, sell, sold, stocked


def add(shop: Shop, name: str) -> int:
    """A customer with an address of her own; her number."""
    row = shop.till.relations.add(name=f"{name} Visser", email=f"{name.lower()}@klant-voorbeeld.nl")
    return int(row["relationNumber"])


async def cursor(shop: Shop, flow_id: str) -> int | None:
    async with shop.db.read() as conn:
        return await position(conn, flow_id)


async def test_the_cursor_stands_at_the_highest_marker_and_nothing_is_lost(shop: Shop) -> None:
    flow_id = await shop.flow("customers", CONSENT)
    for name in ("Anna", "Bram", "Cees"):
        add(shop, name)
    shop.till.relations.edit(1, name="Anna de Boer")  # moves the first one behind the others
    await shop.rest()

    assert 4 == await cursor(shop, flow_id)
    assert ["anna@klant-voorbeeld.nl", "bram@klant-voorbeeld.nl", "cees@klant-voorbeeld.nl"] == list(
        shop.content()
    )
    assert "de Boer" == shop.content()["anna@klant-voorbeeld.nl"]["LNAME"]


async def test_nothing_changed_is_one_light_call(shop: Shop) -> None:
    await shop.flow("customers", CONSENT)
    add(shop, "Anna")
    await shop.rest()
    shop.clock.advance(UNSETTLED_MS / 1000 + 1)
    shop.till.log.clear()

    assert 0 == await shop.poll()
    assert ["getCurrentSyncMarkers"] == shop.asked()


async def test_nobody_is_asked_for_a_paused_flow(shop: Shop) -> None:
    flow_id = await shop.flow("customers", CONSENT)
    await shop.change_flow(flow_id, state="paused")
    add(shop, "Anna")
    shop.till.log.clear()
    shop.mailchimp.log.clear()
    await shop.rest()

    assert ([], []) == (shop.asked(), [entry.operation for entry in shop.mailchimp.log.find()])

    await shop.change_flow(flow_id, state="running")
    await shop.rest()

    assert ["anna@klant-voorbeeld.nl"] == list(shop.content())


async def test_a_change_that_becomes_visible_late_is_found(shop: Shop) -> None:
    """Its marker is lower than one that was already read, and no newer one is announced."""
    await shop.flow("customers", CONSENT)
    shop.till.hold_commits("relations", 1)
    add(shop, "Anna")
    add(shop, "Bram")
    await shop.rest()

    assert ["bram@klant-voorbeeld.nl"] == list(shop.content())

    shop.till.release_commits()
    await shop.rest()

    assert ["anna@klant-voorbeeld.nl", "bram@klant-voorbeeld.nl"] == list(shop.content())


async def test_a_marker_that_falls_is_an_alarm_and_no_reset(shop: Shop) -> None:
    flow_id = await shop.flow("customers", CONSENT)
    shop.till.take_backup()
    add(shop, "Anna")
    await shop.rest()
    shop.till.restore_backup()
    await shop.rest()
    await shop.rest()

    assert [("marker_fell", True)] == await shop.alerts()
    assert 1 == await cursor(shop, flow_id)
    assert ["anna@klant-voorbeeld.nl"] == list(shop.content())


async def test_a_rewound_cursor_notices_everything_anew_and_writes_nothing(shop: Shop) -> None:
    flow_id = await shop.flow("customers", CONSENT)
    add(shop, "Anna")
    add(shop, "Bram")
    await shop.rest()
    written = shop.written()
    await shop.rewind(flow_id)

    assert 2 == await shop.poll()
    await shop.quiet()
    assert written == shop.written()


class Killed(BaseException):
    """The process ends here."""


async def test_a_poll_killed_before_its_commit_is_read_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow_id = await shop.flow("customers", CONSENT)
    add(shop, "Anna")

    async def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Intake, "accept", killed)
        with pytest.raises(Killed):
            await shop.poll()

    assert 0 == await cursor(shop, flow_id)
    await shop.rest()
    assert ["anna@klant-voorbeeld.nl"] == list(shop.content())
    assert ["member.put"] == shop.written()


@pytest.mark.parametrize("checkpoint", ["claimed", "fetched", "reserved", "sent", "settled"])
async def test_a_batch_killed_at_any_step_loses_nothing_and_doubles_nothing(
    shop: Shop, checkpoint: str
) -> None:
    flow_id = await shop.flow("customers", CONSENT)
    names = ("Anna", "Bram", "Cees")
    for name in names:
        add(shop, name)
    await shop.poll()

    async def kill(reached: str) -> None:
        if reached == checkpoint:
            raise Killed

    with pytest.raises(Killed):
        await shop.worker.batch(flow_id, hook=kill)
    await shop.quiet()

    assert [f"{name.lower()}@klant-voorbeeld.nl" for name in names] == list(shop.content())
    assert {"delivered", "unchanged"} >= {outcome for outcome, _ in (await shop.outcomes()).values()}
    assert 3 == len(shop.audience.members)


async def test_two_flows_of_one_till_each_notice_for_themselves(shop: Shop) -> None:
    account = next(iter(shop.mailchimp.world.accounts.values()))
    other = account.open_audience("Another list", id="b2c3d4e5f6")
    target = await shop.audience_connection("b2c3d4e5f6")
    second = await shop.integration("The other", shop.till_id, target)
    await shop.flow("customers", CONSENT)
    await shop.flow("customers", CONSENT, integration_id=second, target=target)
    add(shop, "Anna")
    await shop.rest()

    assert ["anna@klant-voorbeeld.nl"] == list(shop.content())
    assert ["anna@klant-voorbeeld.nl"] == [member.email for member in other.members.values()]


async def test_a_doorbell_makes_polls_due_now_and_a_few_times_after(shop: Shop) -> None:
    """A sale ends before it can be read: one ring is several looks, and the interval goes on afterwards."""
    await shop.flow("customers", CONSENT)
    await shop.rest()
    async with shop.db.write() as conn:
        await connections.poll_soon(conn, [shop.till_id], clock=shop.clock)
    waits: list[int] = []
    for _ in range(4):
        async with shop.db.read() as conn:
            assert [shop.till_id] == await polls.due(conn, clock=shop.clock)
        await shop.worker.poller.poll(shop.till_id)
        async with shop.db.read() as conn:
            found = await connections.find(conn, shop.till_id)
        waits.append(found.poll_due_at - shop.clock.now)
        shop.clock.now = found.poll_due_at

    assert [2_000, 4_000, 14_000, 30_000] == waits


async def test_all_webhooks_dropped_everything_still_arrives_by_polls(shop: Shop) -> None:
    """Nothing ever rings: an edit is found by the next poll, and rung and polled together it is one write."""
    await shop.flow("customers", CONSENT)
    number = add(shop, "Anna")
    await shop.rest()
    shop.clock.advance(60)
    shop.till.relations.edit(number, name="Anna de Boer")
    await shop.rest()

    assert "de Boer" == shop.content()["anna@klant-voorbeeld.nl"]["LNAME"]

    shop.clock.advance(60)
    shop.till.relations.edit(number, name="Anna Smit")
    async with shop.db.write() as conn:
        await connections.poll_soon(conn, [shop.till_id], clock=shop.clock)
    for _ in range(3):
        await shop.rest()

    assert ["member.put", "member.patch", "member.patch"] == shop.written()


async def test_sales_of_a_long_outage_keep_their_status(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read in several pages, behind what is sold meanwhile; they are news all the same."""
    monkeypatch.setattr(polling, "PAGE", 3)
    jan = stocked(shop)
    flow = await shop.flow("orders")
    await shop.rest()
    receipts = [sell(shop, sold(10_001, 49.95), relation=jan) for _ in range(10)]
    await shop.rest()

    assert {f"receipt-{each}": "paid" for each in receipts} == {
        id: told["financial_status"] for id, told in orders(shop).items()
    }
    assert ["order_invoice"] * 10 == mails(shop)

    await shop.rewind(flow)
    await shop.forget_targets()
    later = sell(shop, sold(10_001, 49.95), relation=jan)
    await shop.rest()

    assert ["order_invoice"] * 11 == mails(shop)
    assert "paid" == orders(shop)[f"receipt-{later}"]["financial_status"]
