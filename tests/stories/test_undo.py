"""The undo of a run: what it made is put away, what it changed is put back, and what cannot be taken back is named."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from datetime import date

import pytest

from app.pipeline.undoing import foresee, undo_batch
from app.store import undos
from app.store.tables import deliveries, targets
from app.store.undos import Run
from tests.dying import killed
from tests.shop import CONSENT, Shop, Worker, another_worker
from tests.stories.bothways import WRITTEN_BACK, both, contacts, relations, silent

LEASES_S = 20.0
"""By then nobody waits for the dead any more."""


def people(shop: Shop, count: int, *, start: int = 0) -> dict[str, str]:
    """So many relations: their addresses by number."""
    return {
        str(shop.till.relations.add(name="Piet Jansen", email=f"klant{n}@voorbeeld.nl")["relationNumber"]): (
            f"klant{n}@voorbeeld.nl"
        )
        for n in range(start, start + count)
    }


async def test_a_hundred_imported_by_mistake(shop: Shop) -> None:
    people(shop, 3)
    flow = await shop.flow("customers")
    await shop.rest()
    before = shop.content()
    shop.clock.advance(3_600)
    since = shop.clock.now
    wrong = people(shop, 100, start=3)
    await shop.rest()
    assert 103 == len(shop.content())
    shop.clock.advance(60)

    undo = await shop.undo(flow, since=since)

    assert ("done", 100) == (undo.state, undo.total)
    assert before == {email: held for email, held in shop.content().items() if held["status"] != "archived"}
    assert {f"klant{n}@voorbeeld.nl" for n in range(3, 103)} == {
        email for email, status in shop.statuses().items() if status == "archived"
    }
    assert dict.fromkeys(wrong, ("delivered", "undone")) == await shop.undone()

    # They stay out: polls that read the window again, a comparison that heals, a second undo.
    left, written = shop.content(), shop.written()
    await shop.change_flow(flow, state="running")
    shop.clock.advance(100)
    await shop.rest()
    told = await shop.compare(flow, heal=True)
    await shop.quiet()
    assert (0, {"undone": 100}) == (told.differ, told.counts["left"])
    assert "done" == (await shop.undo(flow, since=since)).state
    assert (left, written) == (shop.content(), shop.written())

    # Until they change at their source.
    await shop.change_flow(flow, state="running")
    number, email = next(iter(wrong.items()))
    shop.till.relations.edit(int(number), name="Toch Klant")
    await shop.rest()
    assert "transactional" == shop.statuses()[email]
    assert 99 == sum(status == "archived" for status in shop.statuses().values())


async def test_of_a_very_large_run_the_first_are_foreseen_and_all_are_counted(shop: Shop) -> None:
    """Somebody waits for the forecast; what is not looked at one by one is told as a count, and taken back all the same."""
    for n in range(7):
        shop.till.relations.add(name=f"Klant {n}", email=f"klant{n}@voorbeeld.nl")
    flow = await shop.flow("customers")
    await shop.rest()
    route, run = await shop.worker.routes.route(flow), Run(flow, 0, shop.clock.now)

    bounded, whole = await foresee(route, run, most=5), await foresee(route, run)

    assert (7, 5, 5) == (bounded.records, bounded.looked_at, bounded.put_away)
    assert (7, 7, 7) == (whole.records, whole.looked_at, whole.put_away)
    assert ("done", 7) == ((undo := await shop.undo(flow)).state, undo.total)
    assert 0 == (await foresee(route, Run(flow, shop.clock.now + 1, shop.clock.now + 2))).records


async def test_what_was_changed_is_put_back_where_it_was_kept(shop: Shop) -> None:
    emails = people(shop, 5)
    for email in emails.values():
        shop.life.sign_up(email, merge_fields={"FNAME": "Eerst", "LNAME": "Echt"})
    before = shop.content()
    flow = await shop.flow("customers", {"keep_before_days": 7})
    await shop.rest()
    assert {"Piet"} == {held["FNAME"] for held in shop.content().values()}
    shop.audience.member(emails["3"]).merge_fields["LNAME"] = "Van een ander"  # since then, by somebody else
    mails = len(shop.mailchimp.world.mails.find())

    undo = await shop.undo(flow)

    assert ("done", 5) == (undo.state, undo.total)
    expected = before | {emails["3"]: before[emails["3"]] | {"LNAME": "Van een ander"}}
    assert expected == shop.content()
    assert dict.fromkeys(emails, ("delivered", "undone")) == await shop.undone()
    [warned] = [
        row["warnings"] for row in await shop.attempts() if row["trigger"] == "undo" and row["warnings"]
    ]
    assert ["changed_since: merge_fields.LNAME was changed since and stays"] == warned
    assert mails == len(shop.mailchimp.world.mails.find())

    # Started again they stay so, until somebody asks for them.
    await shop.change_flow(flow, state="running")
    shop.clock.advance(100)
    await shop.rest()
    assert expected == shop.content()
    await shop.replay(flow)
    await shop.quiet()
    assert {"Piet"} == {held["FNAME"] for held in shop.content().values()}


async def test_values_before_are_kept_sealed_and_so_many_days(shop: Shop) -> None:
    people(shop, 1)
    shop.life.sign_up("klant0@voorbeeld.nl", merge_fields={"FNAME": "Eerst", "LNAME": "Echt"})
    flow = await shop.flow("customers", {"keep_before_days": 2})
    await shop.rest()
    [row] = await shop.attempts()
    assert row["before_sealed"]
    assert b"Eerst" not in row["before_sealed"]
    assert ["Eerst", "Piet"] == shop.resources.sealer.unseal_json(row["before_sealed"])[
        str(row["effects"][0]["target"])
    ]["merge_fields.FNAME"]

    shop.clock.advance(2 * 86_400 + 1)
    await shop.worker.round("prune")
    [row] = await shop.attempts()
    assert (None, None) == (row["before_sealed"], row["before_until"])

    undo = await shop.undo(flow)
    assert ("done", {"1": ("skipped", "not_kept")}) == (undo.state, await shop.undone())
    assert "Piet" == shop.content()["klant0@voorbeeld.nl"]["FNAME"]


async def test_nothing_is_kept_unless_it_is_asked_for(shop: Shop) -> None:
    people(shop, 1)
    shop.life.sign_up("klant0@voorbeeld.nl", merge_fields={"FNAME": "Eerst", "LNAME": "Echt"})
    flow = await shop.flow("customers")
    await shop.rest()

    await shop.undo(flow)

    assert {"1": ("skipped", "not_kept")} == await shop.undone()
    assert all(row["before_sealed"] is None for row in await shop.attempts())


async def test_relations_made_from_contacts_become_inactive(shop: Shop) -> None:
    there = shop.till.relations.add(name="Oud Adres", email="oud@voorbeeld.nl", city="Utrecht")
    flow = await contacts(
        shop, WRITTEN_BACK | {"create_relations": True, "keep_before_days": 7, "on_conflict": "source_wins"}
    )
    said = {"addr1": "Kade 1", "city": "Delft", "state": "-", "zip": "2611 AA", "country": "NL"}
    for n in range(3):
        shop.life.sign_up(f"nieuw{n}@voorbeeld.nl", merge_fields={"FNAME": "Noor", "LNAME": f"Visser{n}"})
    shop.life.sign_up("oud@voorbeeld.nl", merge_fields={"FNAME": "Oud", "LNAME": "Adres", "ADDRESS": said})
    await shop.rest()
    assert "Delft" == relations(shop)[there["relationNumber"]]["city"]
    members = shop.content()
    shop.clock.advance(60)

    undo = await shop.undo(flow)

    assert ("done", 4) == (undo.state, undo.total)
    found = relations(shop)
    # His city is back, and what he said himself about mailings stays recorded.
    assert {
        "name": "Oud Adres", "email": "oud@voorbeeld.nl", "city": "Utrecht", "consent": "yes 2026-03-02"
    } == found.pop(there["relationNumber"])  # fmt: skip
    assert [True] * 3 == [each["inactive"] for each in found.values()]
    assert members == shop.content()


@pytest.mark.parametrize("forth", [True, False])
async def test_an_undo_is_no_news_for_the_flow_of_the_other_direction(shop: Shop, forth: bool) -> None:
    one, back = await both(
        shop,
        {"keep_before_days": 7},
        {"keep_before_days": 7, "create_relations": True, "on_archived": "inactive"},
    )
    shop.till.relations.add(name="Piet Jansen", email="piet@voorbeeld.nl")
    shop.life.sign_up("noor@voorbeeld.nl", merge_fields={"FNAME": "Noor", "LNAME": "Visser"})
    shop.till.relations.add(name="Twee Keer", email="beide@voorbeeld.nl", mobile="+31612345678")
    shop.life.sign_up("beide@voorbeeld.nl", merge_fields={"FNAME": "Twee", "LNAME": "Maal"})
    for _ in range(3):
        await shop.rest()
        shop.clock.advance(31)
    till, audience = relations(shop), shop.content()

    await shop.undo(one if forth else back)
    if forth:
        assert till == relations(shop)
    else:
        assert audience == shop.content()
    after = relations(shop), shop.content()
    assert after != (till, audience)
    await shop.change_flow(one if forth else back, state="running")
    shop.clock.advance(31)

    await silent(shop, cycles=3, rewinding=False)
    assert after == (relations(shop), shop.content())


async def test_who_subscribed_since_stays(shop: Shop) -> None:
    emails = people(shop, 3)
    flow = await shop.flow("customers")
    await shop.rest()
    shop.life.sign_up(emails["2"])
    assert "subscribed" == shop.statuses()[emails["2"]]
    shop.clock.advance(60)

    await shop.undo(flow)

    assert {emails["1"]: "archived", emails["2"]: "subscribed", emails["3"]: "archived"} == shop.statuses()
    assert ("skipped", "subscribed_since") == (await shop.undone())["2"]


async def test_nobody_who_waited_for_the_same_address_takes_the_place(shop: Shop) -> None:
    for _ in range(2):
        shop.till.relations.add(name="Piet Jansen", email="samen@voorbeeld.nl")
    flow = await shop.flow("customers")
    await shop.rest()
    assert ("skipped", "key_shared") == (await shop.outcomes())["2"]

    await shop.undo(flow)
    await shop.change_flow(flow, state="running")
    shop.clock.advance(100)
    await shop.rest()

    assert {"samen@voorbeeld.nl": "archived"} == shop.statuses()


async def test_what_the_merchant_put_away_or_another_has_by_now_is_named(shop: Shop) -> None:
    emails = people(shop, 2)
    flow = await shop.flow("customers")
    await shop.rest()
    shop.life.archive(emails["1"])
    shop.clock.advance(60)

    await shop.undo(flow)

    assert {"1": ("skipped", "already_archived"), "2": ("delivered", "undone")} == await shop.undone()


async def test_a_target_that_is_away_for_a_while_or_refuses_one(shop: Shop) -> None:
    emails = people(shop, 4)
    flow = await shop.flow("customers")
    await shop.rest()
    shop.clock.advance(60)
    shop.mailchimp.faults.fail_next(2, status=503, operation="member.delete")
    shop.mailchimp.faults.fail_next(kind="reset_after", operation="member.delete")

    undo = await shop.undo(flow)

    assert ("done", 4) == (undo.state, undo.total)
    assert dict.fromkeys(emails.values(), "archived") == shop.statuses()
    tried = [row["outcome"] for row in await shop.attempts() if row["trigger"] == "undo"]
    assert {"retrying", "delivered"} <= set(tried)
    assert all(row["state"] == "settled" for row in await shop.rows(deliveries))


async def test_stopped_by_starting_and_done_by_asking_again(shop: Shop) -> None:
    people(shop, 2)
    flow = await shop.flow("customers")
    await shop.rest()
    await shop.change_flow(flow, state="paused")
    async with shop.db.write() as conn:
        assert await undos.ask(conn, undos.Run(flow, 0, shop.clock.now), total=2, clock=shop.clock)
    await shop.change_flow(flow, state="running")

    assert ("stopped", "not_paused") == ((found := await shop.undoing(flow)).state, found.code)
    assert {"transactional"} == set(shop.statuses().values())


@pytest.mark.long
async def test_killed_at_every_step(shop: Shop, redis_url: str) -> None:
    """Wherever a worker dies, another ends what it began: each contact archived, and each with one attempt that says so."""
    flow = await shop.flow("customers", {"keep_before_days": 7})
    for at in itertools.count(1, 3):
        number = shop.till.relations.add(name="Piet Jansen", email=f"nieuw{at}@voorbeeld.nl")[
            "relationNumber"
        ]
        shop.life.sign_up(f"oud{at}@voorbeeld.nl", merge_fields={"FNAME": "Eerst"})
        shop.till.relations.add(name="Piet Jansen", email=f"oud{at}@voorbeeld.nl")
        await shop.change_flow(flow, state="running")
        since = shop.clock.now
        await shop.rest()
        assert "Piet" == shop.content()[f"oud{at}@voorbeeld.nl"]["FNAME"]
        await shop.change_flow(flow, state="paused")
        async with shop.db.write() as conn:
            assert await undos.ask(conn, undos.Run(flow, since, shop.clock.now), total=2, clock=shop.clock)

        async def undo(victim: Worker) -> None:
            await victim.schedule.undoer.start_due()
            task = victim.schedule.undoer._task
            assert task is not None
            await task

        fate = await killed(shop, undo, at=at, redis_url=redis_url)
        shop.clock.advance(LEASES_S)
        assert "done" == (await shop.undoing(flow)).state, fate.steps[-1]
        held = shop.content()
        assert ("archived", "Eerst") == (
            held[f"nieuw{at}@voorbeeld.nl"]["status"],
            held[f"oud{at}@voorbeeld.nl"]["FNAME"],
        ), fate.steps[-1]
        finals = Counter(
            row["source_ref"]
            for row in await shop.attempts()
            if row["trigger"] == "undo" and row["outcome"] in ("delivered", "skipped")
        )
        assert 1 == finals[str(number)], fate.steps[-1]
        assert not any(row["holder"] for row in await shop.rows(targets))
        if not fate.died.is_set():
            return
    raise AssertionError


async def test_two_workers_share_nothing_but_the_work(shop: Shop, redis_url: str) -> None:
    emails = people(shop, 120)
    flow = await shop.flow("customers")
    await shop.rest()
    await shop.change_flow(flow, state="paused")
    shop.clock.advance(60)
    async with shop.db.write() as conn:
        assert await undos.ask(conn, undos.Run(flow, 0, shop.clock.now), total=120, clock=shop.clock)
    before = len(shop.written())
    async with shop.db.read() as conn:
        undo = await undos.find(conn, flow)
        ids = await undos.left(conn, undo, after=0, limit=100)
    async with another_worker(shop, redis_url) as other:
        routes = [await each.routes.route(flow) for each in (shop.worker, other)]
        both_did = await asyncio.gather(*(undo_batch(route, undo, ids) for route in routes))
    assert 100 == sum(each.claimed for each in both_did)
    assert ("done", 120) == ((found := await shop.undoing(flow)).state, found.total)

    assert dict.fromkeys(sorted(emails.values()), "archived") == shop.statuses()
    assert ["member.delete"] * 120 == shop.written()[before:]


async def test_one_that_is_refused_is_named_and_not_sent_again_by_a_replay_of_what_failed(shop: Shop) -> None:
    people(shop, 3)
    flow = await shop.flow("customers")
    await shop.rest()
    shop.clock.advance(60)
    shop.mailchimp.faults.fail_next(1, status=400, operation="member.delete")

    undo = await shop.undo(flow)

    assert "done" == undo.state
    ended = await shop.undone()
    [refused] = [ref for ref, (outcome, _) in ended.items() if outcome == "quarantined"]
    assert 1 == sum(status == "transactional" for status in shop.statuses().values())
    assert 0 == await shop.replay(flow, failed=True)
    # Asked for again it is tried again.
    await shop.undo(flow)
    assert ("delivered", "undone") == (await shop.undone())[refused]
    assert {"archived"} == set(shop.statuses().values())


async def test_who_goes_by_another_address_since_is_put_away_there(shop: Shop) -> None:
    emails = people(shop, 2)
    flow = await shop.flow("customers")
    await shop.rest()
    shop.till.relations.edit(1, email="nieuw@voorbeeld.nl")
    await shop.rest()
    shop.till.relations.edit(2, email=emails["1"])  # who gets the one that was left
    await shop.rest()
    assert dict.fromkeys(["nieuw@voorbeeld.nl", emails["1"]], "transactional") == shop.statuses()
    shop.clock.advance(60)

    await shop.undo(flow)

    assert dict.fromkeys(["nieuw@voorbeeld.nl", emails["1"]], "archived") == shop.statuses()
    assert [] == [
        row["warnings"] for row in await shop.attempts() if row["trigger"] == "undo" and row["warnings"]
    ]


async def test_a_status_is_never_put_back(shop: Shop) -> None:
    """Who withdrew his consent within the run stays unsubscribed, whatever else is put back."""
    shop.till.relations.add(name="Piet Jansen", email="piet@voorbeeld.nl")
    shop.till.relations.consent(1, given=True, on=date(2026, 2, 14))
    shop.life.sign_up("piet@voorbeeld.nl", merge_fields={"FNAME": "Eerst"})
    flow = await shop.flow("customers", CONSENT | {"keep_before_days": 7})
    await shop.rest()
    shop.till.relations.consent(1, given=False, on=date(2026, 3, 2))
    await shop.rest()
    assert {"piet@voorbeeld.nl": "unsubscribed"} == shop.statuses()
    mails = len(shop.mailchimp.world.mails.find())
    shop.clock.advance(60)

    await shop.undo(flow)

    held = shop.content()["piet@voorbeeld.nl"]
    assert ("unsubscribed", "Eerst") == (held["status"], held["FNAME"])
    assert mails == len(shop.mailchimp.world.mails.find())


async def test_a_place_that_another_took_since_is_his(shop: Shop) -> None:
    emails = people(shop, 3)
    flow = await shop.flow("customers", {"on_inactive": "archive"})
    await shop.rest()
    until = shop.clock.now
    shop.clock.advance(60)
    shop.till.relations.edit(1, active=False)
    await shop.rest()
    shop.till.relations.edit(2, email=emails["1"])
    shop.till.relations.edit(3, email="nieuw@voorbeeld.nl")
    await shop.rest()
    before = {emails["1"]: "transactional", emails["2"]: "archived", "nieuw@voorbeeld.nl": "transactional"}
    assert before == shop.statuses()

    await shop.undo(flow, until=until)

    # Who moved on after the run is put away where he is now; who came to another's place later stays there.
    assert {
        "1": ("skipped", "anothers"),
        "2": ("skipped", "already_away"),
        "3": ("delivered", "undone"),
    } == await shop.undone()
    assert before | {"nieuw@voorbeeld.nl": "archived"} == shop.statuses()


async def test_whom_a_killed_run_may_have_found_there_is_named_and_stays(shop: Shop, redis_url: str) -> None:
    """The answer to a call was lost with the worker: nobody knows whether the contact was made by it or stood there."""
    emails = people(shop, 3)
    flow = await shop.flow("customers")
    await shop.poll()

    fate = await killed(
        shop, lambda victim: victim.batch(flow), at=1, of="after member.put", redis_url=redis_url
    )
    assert fate.died.is_set(), fate.steps
    while shop.mailchimp.log.in_flight:
        await asyncio.sleep(0)
    shop.clock.advance(LEASES_S)
    await shop.quiet()
    assert dict.fromkeys(sorted(emails.values()), "transactional") == shop.statuses()

    await shop.undo(flow)

    ended = await shop.undone()
    unsure = {ref for ref, (_, code) in ended.items() if code == "unsure"}
    assert unsure
    assert {
        emails[ref]: "transactional" if ref in unsure else "archived" for ref in emails
    } == shop.statuses()
