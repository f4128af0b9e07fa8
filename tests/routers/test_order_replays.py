"""Sales that a person asks for: nobody gets a mail for an old one, and what failed lately keeps its status. By the sandbox's mails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from app.store.requests import MANUAL, Request, request
from app.store.session import Database
from app.store.tables import deliveries, side_cursors, targets
from tests.routers.test_order_cursors import ORDERS, sell, sold_two, start, statuses
from tests.routers.world import World, world_over

DAY_MS = 86_400_000
OURS = {"name": "Ours", "reason": "Not now", "when": {"field": "branch", "is": "equals", "value": "9"}}
STOPS = {
    "name": "Held",
    "when": {"field": "total", "is": "at_least", "value": 0},
    "then": [{"do": "stop", "message": "Ask the owner"}],
}


@pytest.fixture
async def old(db: Database, tmp_path: Path) -> AsyncIterator[World]:
    """A till that has sold two receipts to Jan, and a flow of orders that was started then and has looked once."""
    async with world_over(db, tmp_path) as world:
        await sold_two(world)
        await world.api.http.patch(f"/api/v1/flows/{ORDERS}", json={"window_s": 0})
        await start(world)
        yield world


def receipts(world: World) -> list[str]:
    return [f"receipt:{id}" for id in world.till.receipts.cards.rows]


def mails(world: World) -> list[str]:
    return [each.kind for each in world.mailchimp.world.mails.sent]


async def mapped(world: World, mapping: dict[str, Any] | None) -> None:
    """These rules and filters, or none any more."""
    url = f"/api/v1/flows/{ORDERS}/mapping"
    http = world.api.http
    answer = await (http.patch(url, json=mapping) if mapping else http.delete(url))
    assert answer.status_code < 300, answer.text


async def made_old(world: World, *, days: int) -> None:
    """So much time goes by since the till told of what it told."""
    async with world.api.context.db.write() as db:
        row = deliveries.c
        await db.execute(update(deliveries).values(news_at=row.news_at - days * DAY_MS))


async def sent_by_hand(world: World, ref: str) -> dict[str, Any]:
    """Asked for as one record now; how its delivery ended."""
    asked = await world.post(f"/flows/{ORDERS}/records", {"record": ref})
    await world.work(ORDERS)
    return await world.get(f"/deliveries/{asked['id']}")


async def test_a_sale_from_before_the_flow_is_sent_by_hand_and_mails_nobody(old: World) -> None:
    preview = await old.post(f"/flows/{ORDERS}/preview", {"record": receipts(old)[0]})
    became = await sent_by_hand(old, receipts(old)[0])
    [attempt] = (await old.get("/attempts"))["items"]

    assert ("delivered", [("receipt", "")], []) == (became["outcome"], statuses(old), mails(old))
    assert ["as_history"] == [each.partition(":")[0] for each in attempt["warnings"]]
    assert preview["warnings"] == attempt["warnings"]


async def test_what_was_kept_back_for_long_is_replayed_and_mails_nobody(old: World) -> None:
    """A filter kept sales back while the flow was on; half a year later it is taken out, and the whole flow is replayed."""
    await mapped(old, {"filters": [OURS]})
    for _ in range(2):
        sell(old)
    await old.work(ORDERS)
    await made_old(old, days=180)
    await mapped(old, None)
    asked = await old.post("/deliveries/replay", {"flow_id": ORDERS})
    await old.work(ORDERS)

    assert (2, [("receipt", "")] * 2, []) == (asked["count"], statuses(old), mails(old))


async def test_what_was_read_as_history_is_replayed_and_mails_nobody(old: World) -> None:
    await mapped(old, {"filters": [OURS]})
    await old.put(f"/flows/{ORDERS}/cursor", {"at": "beginning"})
    await old.work(ORDERS)
    await mapped(old, None)
    await old.post("/deliveries/replay", {"flow_id": ORDERS})
    await old.work(ORDERS)

    assert ([("receipt", "")] * 2, []) == (statuses(old), mails(old))


@pytest.mark.parametrize("how", ["failed", "one", "flow", "by hand"])
async def test_what_failed_lately_keeps_its_status(old: World, how: str) -> None:
    await mapped(old, {"rules": [STOPS]})
    sell(old)
    await old.work(ORDERS)
    [dead] = (await old.get("/deliveries", state="dead"))["items"]
    await made_old(old, days=1)
    for _ in range(2):  # asking in vain does not make it older or newer
        await old.post(f"/deliveries/{dead['id']}/replay")
        await old.work(ORDERS)
    await mapped(old, None)
    if how == "by hand":
        await sent_by_hand(old, dead["record"])
    elif how == "one":
        await old.post(f"/deliveries/{dead['id']}/replay")
    else:
        await old.post("/deliveries/replay", {"flow_id": ORDERS, "failed": how == "failed"})
    await old.work(ORDERS)

    assert ([("receipt", "paid")], ["order_invoice"]) == (statuses(old), mails(old))


async def test_what_failed_long_ago_does_not_become_news_by_asking_again(old: World) -> None:
    await mapped(old, {"rules": [STOPS]})
    sell(old)
    await old.work(ORDERS)
    await made_old(old, days=8)
    for _ in range(2):
        await old.post("/deliveries/replay", {"failed": True})
        await old.work(ORDERS)
    await mapped(old, None)
    await old.post("/deliveries/replay", {"failed": True})
    await old.work(ORDERS)

    assert ([("receipt", "")], []) == (statuses(old), mails(old))


async def test_what_was_told_is_told_once(old: World) -> None:
    """The store lost the order and we lost our memory: what is brought again is no news."""
    sell(old)
    await old.work(ORDERS)
    assert ["order_invoice"] == mails(old)
    for account in old.mailchimp.world.accounts.values():
        for store in account.stores.values():
            store.orders.clear()
    async with old.api.context.db.write() as db:
        await db.execute(delete(targets))
    await old.post("/deliveries/replay", {"flow_id": ORDERS})
    await old.work(ORDERS)

    assert ([("receipt", "")], ["order_invoice"]) == (statuses(old), mails(old))


async def test_a_sale_of_this_moment_is_sent_by_hand_before_it_is_read(old: World) -> None:
    sell(old)
    asked = await old.post(f"/flows/{ORDERS}/records", {"record": receipts(old)[-1]})
    await old.deliver(ORDERS)
    brought = statuses(old), mails(old)
    await old.work(ORDERS)

    assert "manual" == asked["trigger"]
    assert ([("receipt", "paid")], ["order_invoice"]) == brought == (statuses(old), mails(old))


async def test_a_sale_of_a_sequence_that_was_never_read_is_history(old: World) -> None:
    """As after a change of version that reads receipts for the first time: until the next poll nobody knows which are new."""
    async with old.api.context.db.write() as db:
        await db.execute(delete(side_cursors))
    asked = await old.post(f"/flows/{ORDERS}/records", {"record": receipts(old)[0]})
    await old.deliver(ORDERS)

    assert "delivered" == (await old.get(f"/deliveries/{asked['id']}"))["outcome"]
    assert ([("receipt", "")], []) == (statuses(old), mails(old))


async def test_what_was_passed_over_is_history(old: World) -> None:
    await old.post(f"/flows/{ORDERS}/pause")
    sell(old)
    await old.put(f"/flows/{ORDERS}/cursor", {"at": "now"})
    await old.post(f"/flows/{ORDERS}/start")
    await sent_by_hand(old, receipts(old)[-1])

    assert ([("receipt", "")], []) == (statuses(old), mails(old))


@pytest.mark.parametrize("how", ["replay", "by hand"])
async def test_what_is_on_its_way_goes_on_as_what_it_is(old: World, how: str) -> None:
    """News of a long outage, and a backfill that waits: asking for them changes neither."""
    refs = [*receipts(old), "receipt:news"]
    triggers = ("history_silent", "backfill", "poll")
    db = old.api.context.db
    async with db.write() as conn:
        wishes = [Request(ORDERS, ref, trigger=each) for ref, each in zip(refs, triggers, strict=True)]
        await request(conn, wishes, clock=db.clock)
    if how == "replay":
        await old.post("/deliveries/replay", {"flow_id": ORDERS})
    else:
        async with db.write() as conn:
            await request(conn, [Request(ORDERS, ref, trigger=MANUAL) for ref in refs], clock=db.clock)
    async with db.read() as conn:
        rows = await conn.execute(select(deliveries.c.source_ref, deliveries.c.trigger))
        found = {row.source_ref: row.trigger for row in rows}

    assert dict(zip(refs, triggers, strict=True)) == found


@pytest.mark.parametrize("order", [("poll", MANUAL), (MANUAL, "poll")])
async def test_a_poll_and_a_person_at_the_same_moment_are_news(old: World, order: tuple[str, str]) -> None:
    db = old.api.context.db
    async with db.write() as conn:
        await request(conn, [Request(ORDERS, "receipt:x", trigger=each) for each in order], clock=db.clock)
    async with db.read() as conn:
        [row] = (await conn.execute(select(deliveries.c.trigger, deliveries.c.news_at))).all()

    assert ("poll", True) == (row.trigger, row.news_at is not None)
