"""Where an undo ends: at what was written after the run, at what the run put away, at a side that is away, and at a stop."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from app.connectors.mplus.rows import CONTACTS_IN
from app.sandbox.mplus.cards import RELATION_FIELDS, SALUTATION, custom_field, value_of
from app.store import accounts, connections, undos
from app.worker import undoing
from tests.shop import Shop
from tests.stories.bothways import both, contacts, relations
from tests.stories.storefront import article

PIET, KEPT = "piet@voorbeeld.nl", {"keep_before_days": 7}


async def asked(shop: Shop, flow: str) -> None:
    """The flow is paused, and all that it did is to be taken back."""
    await shop.change_flow(flow, state="paused")
    shop.clock.advance(60)
    async with shop.db.write() as conn:
        assert await undos.ask(conn, undos.Run(flow, 0, shop.clock.now), total=1, clock=shop.clock)


async def one_round(shop: Shop) -> None:
    """What the worker does about it now."""
    await shop.worker.schedule.undoer.start_due()
    await shop.worker.schedule.undoer.idle()


async def test_what_the_flow_wrote_after_the_run_stays(shop: Shop) -> None:
    shop.till.relations.add(name="Piet Jansen", email=PIET)
    shop.life.sign_up(PIET, merge_fields={"FNAME": "Eerst", "LNAME": "Echt"})
    flow = await shop.flow("customers", KEPT)
    await shop.rest()
    until = shop.clock.now
    shop.clock.advance(60)
    shop.till.relations.edit(1, name="Piet Smit")
    await shop.rest()

    await shop.undo(flow, until=until)

    assert ("Eerst", "Smit") == (shop.content()[PIET]["FNAME"], shop.content()[PIET]["LNAME"])
    [warnings] = [row["warnings"] for row in await shop.attempts() if row["trigger"] == "undo"]
    assert ["changed_since: merge_fields.LNAME was changed since and stays"] == warnings
    async with shop.db.read() as conn:
        [stays] = await undos.named(conn, await undos.find(conn, flow), after=0, limit=10)
    assert ("1", "changed_since") == (stays.ref, stays.code)


async def test_whom_the_run_put_away_is_named_and_stays_so(shop: Shop) -> None:
    shop.till.relations.add(name="Piet Jansen", email=PIET)
    flow = await shop.flow("customers")
    await shop.rest()
    shop.clock.advance(60)
    since = shop.clock.now
    shop.till.relations.edit(1, active=False)
    await shop.rest()

    await shop.undo(flow, since=since)

    assert {"1": ("skipped", "was_put_away")} == await shop.undone()
    assert {PIET: "archived"} == shop.statuses()


async def test_tags_that_the_run_set_are_taken_away_quietly(shop: Shop) -> None:
    shop.till.relations.add(name="Piet Jansen", email=PIET)
    shop.life.sign_up(PIET, tags=["Eigen"])
    rules = [{"name": "All", "then": [{"do": "add_tag", "tag": "Kassa"}, {"do": "add_tag", "tag": "Eigen"}]}]
    flow = await shop.flow("customers", KEPT, mapping={"rules": rules})
    await shop.rest()
    assert ["Eigen", "Kassa"] == shop.content()[PIET]["tags"]

    await shop.undo(flow)

    assert ["Eigen"] == shop.content()[PIET]["tags"]
    assert shop.mailchimp.log.find(operation="tags.post")[-1].json()["is_syncing"]  # and start nothing


async def test_fields_of_a_relation_come_back_one_by_one_but_for_its_address(shop: Shop) -> None:
    shop.till.relations.add(
        name="Piet Jansen",
        email=PIET,
        city="Utrecht",
        zipcode="3511 AB",
        customFieldList=[custom_field(RELATION_FIELDS, SALUTATION, "Meneer")],
    )
    rows = [{"target": row[0], "expression": row[1]} for row in CONTACTS_IN]
    rows += [{"target": f"customFields.{SALUTATION}", "expression": "first_name"}]
    flow = await contacts(shop, KEPT | {"on_conflict": "source_wins"}, mapping={"leg2": rows})
    said = {"addr1": "Kade 1", "city": "Delft", "state": "-", "zip": "2611 AA", "country": "NL"}
    shop.life.sign_up(PIET, merge_fields={"FNAME": "Piet", "LNAME": "Jansen", "ADDRESS": said})
    await shop.rest()
    shop.clock.advance(60)
    shop.life.change_address(PIET, "p.jansen@voorbeeld.nl")
    await shop.rest()
    held = shop.till.relations.cards.rows[1]
    assert ("Delft", "Piet") == (held["city"], value_of(held, SALUTATION))
    shop.till.relations.edit(1, zipcode="2611 ZZ")

    await shop.undo(flow)

    held = shop.till.relations.cards.rows[1]
    assert ("Utrecht", "2611 ZZ", "p.jansen@voorbeeld.nl") == (held["city"], held["zipcode"], held["email"])
    assert "Meneer" == value_of(held, SALUTATION)


async def test_what_somebody_edits_after_an_undo_is_news_for_the_other_flow(shop: Shop) -> None:
    one, _ = await both(shop, KEPT, {"on_conflict": "target_wins"})
    shop.till.relations.add(name="Piet Jansen", email=PIET, mobile="+31612345678")
    shop.life.sign_up(PIET, merge_fields={"FNAME": "Eerst", "LNAME": "Jansen"})
    for _ in range(3):
        await shop.rest()
        shop.clock.advance(31)
    await shop.undo(one)
    await shop.change_flow(one, state="running")
    shop.clock.advance(31)
    shop.life.edit(PIET, merge_fields={"PHONE": "+31687654321"})
    for _ in range(3):
        await shop.rest()
        shop.clock.advance(31)

    assert "+31687654321" == relations(shop)[1]["mobile"]


async def test_quantities_of_products_that_were_taken_back_are_not_sent(shop: Shop) -> None:
    shop.till.catalogue.add(productNumber=1, description="Trui", articleList=[article(10_001)])
    flow = await shop.flow("products", {"quantity": "off", "on_inactive": "delete"})
    await shop.flow("stock")
    await shop.rest()
    await shop.undo(flow)
    calls = len(shop.mailchimp.log.find())
    shop.clock.advance(100)
    shop.till.stock.move(1, 10_001, physical=Decimal(5))
    await shop.rest()

    assert calls == len(shop.mailchimp.log.find())  # nor is it asked whether they are there
    assert "skipped" == (await shop.outcomes())["10001"][0]


async def test_it_waits_while_a_side_is_broken_or_rests(shop: Shop) -> None:
    shop.till.relations.add(name="Piet Jansen", email=PIET)
    flow = await shop.flow("customers")
    await shop.rest()
    await asked(shop, flow)
    account = (await shop.worker.routes.route(flow)).target_account
    async with shop.db.write() as conn:
        await accounts.back_off(conn, account, reason="Too many", clock=shop.clock, retry_after_s=60)
    await one_round(shop)
    assert {PIET: "transactional"} == shop.statuses()

    shop.clock.advance(61)
    async with shop.db.write() as conn:
        await connections.mark_broken(conn, shop.list_id, code="x", detail="x", now=shop.clock.now)
    await one_round(shop)
    assert {PIET: "transactional"} == shop.statuses()

    await shop.check(shop.list_id)
    assert "done" == (await shop.undoing(flow)).state
    assert {PIET: "archived"} == shop.statuses()


async def test_a_stop_is_heard_between_two_batches(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "BATCH", 1)
    for n in range(3):
        shop.till.relations.add(name="Piet Jansen", email=f"klant{n}@voorbeeld.nl")
    flow = await shop.flow("customers")
    await shop.rest()
    await asked(shop, flow)

    async def stop(_: httpx.Response) -> None:
        async with shop.db.write() as conn:
            await undos.change(conn, flow, state="stopped")

    shop.resources.http.of("mailchimp").event_hooks = {"response": [stop]}
    await one_round(shop)

    assert ["archived", "transactional", "transactional"] == sorted(shop.statuses().values())


async def test_nothing_of_a_flow_that_runs_again_is_taken(shop: Shop) -> None:
    """Somebody started it between the look and the claim."""
    shop.till.relations.add(name="Piet Jansen", email=PIET)
    flow = await shop.flow("customers")
    await shop.rest()
    await asked(shop, flow)
    await shop.change_flow(flow, state="running")
    async with shop.db.write() as conn:
        undo = await undos.find(conn, flow)
        ids = await undos.left(conn, undo, after=0, limit=10)
        assert ids
        assert [] == await undos.claim(conn, undo, ids, token="t", lease_ms=1, clock=shop.clock)
