"""Both sides were edited: what becomes of it under each pair of rules, whichever flow comes first, and that it rests
(features T9, T10).

An edit is written over only where the flow that would write it says so. Where both say so the later edit goes across, at
one second the till's; where neither does, both stay.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from app.connectors.mplus.rows import CONTACTS_IN
from app.pipeline.batch import run_batch
from app.pipeline.route import Checkpoint
from app.store.tables import deliveries
from tests.shop import Shop
from tests.stories.bothways import WRITTEN_BACK, booked, both, relations, silent

RULES = ("source_wins", "target_wins", "newest", "if_empty")
PEOPLE = [f"p{number}@klant-voorbeeld.nl" for number in (1, 2, 3, 4)]


async def joined(shop: Shop, forth: str, back: str) -> tuple[str, str]:
    """Four people at both sides, linked and at rest."""
    for number, email in enumerate(PEOPLE, start=1):
        shop.till.relations.add(name=f"Persoon {number}", email=email, mobile="+31612345600")
    flows = await both(shop, customers={"on_conflict": forth}, back={"on_conflict": back})
    await later(shop, 2)
    return flows


async def later(shop: Shop, rounds: int) -> None:
    for _ in range(rounds):
        shop.clock.advance(31)
        await shop.rest()


def numbers(shop: Shop) -> list[tuple[str, str]]:
    """What each person's number is, in the till and at Mailchimp."""
    till, audience = relations(shop), shop.content()
    return [(till[n]["mobile"], audience[email]["PHONE"]) for n, email in enumerate(PEOPLE, start=1)]


def as_documented(forth: str, back: str, *, till: str, audience: str, newer: str) -> tuple[str, str]:
    over_the_audience = forth == "source_wins" or (forth == "newest" and newer == "till")
    over_the_till = back == "source_wins" or (back == "newest" and newer == "audience")
    if over_the_audience and over_the_till:
        over_the_audience = newer == "till"
    elif not over_the_audience and not over_the_till:
        return till, audience
    return (till, till) if over_the_audience else (audience, audience)


@pytest.mark.parametrize("forth", RULES)
async def test_the_rules_of_both_flows_decide_whichever_comes_first(shop: Shop, forth: str) -> None:
    """All sixteen pairs of rules. Two people are edited in the till first, two at Mailchimp; of each two, one goes through the
    flow out of the till first and one through the flow into it."""
    out, into = await joined(shop, forth, "target_wins")
    for turn, back in enumerate(RULES, start=1):
        await shop.configure(into, settings=WRITTEN_BACK | {"on_conflict": back})
        till, audience = f"+3161111110{turn}", f"+3162222220{turn}"
        for first in ("till", "audience"):
            for number in (1, 2) if first == "till" else (3, 4):
                shop.till.relations.edit(number, mobile=till)
            for number in (3, 4) if first == "till" else (1, 2):
                shop.life.edit(PEOPLE[number - 1], merge_fields={"PHONE": audience})
            shop.clock.advance(5)
        await shop.poll()
        for flow_id, email in ((out, PEOPLE[0]), (into, PEOPLE[1]), (out, PEOPLE[2]), (into, PEOPLE[3])):
            ref = str(PEOPLE.index(email) + 1) if flow_id == out else shop.audience.member(email).contact_id
            await run_batch(await shop.worker.routes.route(flow_id), only=ref)
        await later(shop, 2)

        at_the_till, there = (
            as_documented(forth, back, till=till, audience=audience, newer=newer)
            for newer in ("till", "audience")
        )
        assert [there, there, at_the_till, at_the_till] == numbers(shop), back
        await silent(shop, cycles=10, rewinding=False)

    told = [text for row in await shop.attempts() for text in row["warnings"] if text.startswith("conflict:")]
    assert told
    assert not any("316" in text for text in told)


async def in_step(shop: Shop, *, unaware: bool = False) -> None:
    """One round in which both flows look at what the other one is about to write over; ``unaware`` of each other, as they once were."""
    together = asyncio.Barrier(2)

    async def hook(name: Checkpoint) -> None:
        if name == "reserved":
            with suppress(TimeoutError, asyncio.BrokenBarrierError):  # the other one has nothing to do
                await asyncio.wait_for(together.wait(), 0.5)

    shop.clock.advance(31)
    await shop.poll()
    routes = [replace(await shop.worker.routes.route(flow_id), hook=hook) for flow_id in shop.flow_ids]
    if unaware:
        routes = [replace(route, against=()) for route in routes]
    shop.till.faults.latency_ms = shop.mailchimp.faults.latency_ms = 100
    await asyncio.gather(*(run_batch(route) for route in routes))
    shop.till.faults.latency_ms = shop.mailchimp.faults.latency_ms = 0


def writes(shop: Shop) -> int:
    return len(booked(shop)) + len(shop.written())


@pytest.mark.parametrize("back", ["source_wins", "newest"])
async def test_two_flows_in_step_never_chase_each_other(shop: Shop, back: str) -> None:
    await joined(shop, "source_wins", back)
    before = writes(shop)
    shop.till.relations.edit(1, mobile="+31611111111")
    shop.life.edit(PEOPLE[0], merge_fields={"PHONE": "+31622222222"})
    for _ in range(5):
        await in_step(shop)
    await shop.quiet()

    assert (("+31611111111",) * 2, before + 1) == (numbers(shop)[0], writes(shop))
    await silent(shop)


async def test_two_that_exchanged_their_values_come_to_rest(shop: Shop) -> None:
    """Each side holds what the other one held, by our writes alone: the flow out of the till goes on, the other one waits."""
    await joined(shop, "source_wins", "source_wins")
    shop.till.relations.edit(1, mobile="+31611111111")
    shop.life.edit(PEOPLE[0], merge_fields={"PHONE": "+31622222222"})
    await in_step(shop, unaware=True)

    assert ("+31622222222", "+31611111111") == numbers(shop)[0]
    before = writes(shop)
    for _ in range(5):
        await in_step(shop)
    await shop.quiet()

    assert (("+31622222222",) * 2, before + 1) == (numbers(shop)[0], writes(shop))
    await silent(shop)


async def test_a_flow_waits_while_the_other_one_writes_to_the_same_person(shop: Shop) -> None:
    """The till's number is edited between the other flow's look and its write. It is lost, as by a colleague's edit at that
    moment, but nothing is made of it that would have to be taken back."""
    forth, back = await joined(shop, "source_wins", "target_wins")
    shop.life.edit(PEOPLE[0], merge_fields={"PHONE": "+31622222222"})
    shop.clock.advance(31)
    await shop.poll()
    asked, written = len(shop.till.log.find()), shop.written()
    shop.till.faults.latency_ms = 1_500
    writing = asyncio.create_task(run_batch(await shop.worker.routes.route(back)))
    while len(shop.till.log.find()) < asked + 2:  # it looked, and its write is on its way
        await asyncio.sleep(0.01)
    shop.till.faults.latency_ms = 0
    shop.till.relations.edit(1, mobile="+31611111111")
    await shop.ask(forth, "1")
    await shop.worker.batch(forth)

    assert ("held", "pending") == await standing(shop, forth)
    await writing
    await later(shop, 3)

    assert (("+31622222222",) * 2, written) == (numbers(shop)[0], shop.written())
    await silent(shop)


async def standing(shop: Shop, flow_id: str) -> tuple[str, str]:
    """Code and state of Anna's delivery out of the till."""
    [row] = [
        row for row in await shop.rows(deliveries) if (row["flow_id"], row["source_ref"]) == (flow_id, "1")
    ]
    return row["code"], row["state"]


@pytest.mark.parametrize(
    "rules", [("source_wins", "target_wins"), ("target_wins", "source_wins"), ("newest", "newest")]
)
async def test_a_second_edit_is_not_lost_to_the_echo_of_the_first(shop: Shop, rules: tuple[str, str]) -> None:
    """One side only is edited, twice, before the flow of the other way saw what the first edit became."""
    await joined(shop, *rules)
    shop.life.edit(PEOPLE[0], merge_fields={"PHONE": "+31622222221"})
    shop.till.relations.edit(2, mobile="+31611111111")
    shop.clock.advance(31)
    await shop.rest()
    shop.clock.advance(1)
    shop.life.edit(PEOPLE[0], merge_fields={"PHONE": "+31622222222"})
    shop.till.relations.edit(2, mobile="+31611111112")
    await later(shop, 4)

    assert [("+31622222222",) * 2, ("+31611111112",) * 2] == numbers(shop)[:2]
    await silent(shop)


@pytest.mark.parametrize("number", ["+31611111111", ""], ids=["edited", "emptied"])
async def test_an_edit_that_was_met_on_another_occasion_is_weighed_all_the_same(
    shop: Shop, number: str
) -> None:
    """The flow out of the till writes Anna's name and leaves the number that she edited; then the till edits the number too,
    before the flow of the other way brought hers."""
    out, _ = await joined(shop, "target_wins", "source_wins")
    shop.life.edit(PEOPLE[0], merge_fields={"PHONE": "+31622222222"})
    shop.till.relations.edit(1, name="Anna Bakker")
    shop.clock.advance(31)
    await shop.poll()
    await shop.worker.batch(out)
    assert ("Bakker", "+31622222222") == (shop.content()[PEOPLE[0]]["LNAME"], numbers(shop)[0][1])
    shop.till.relations.edit(1, mobile=number)
    shop.clock.advance(31)
    await shop.poll()
    await shop.worker.batch(out)
    await later(shop, 3)

    assert ("+31622222222",) * 2 == numbers(shop)[0]
    await silent(shop)


async def test_and_where_the_flow_goes_one_way_it_stays_too(shop: Shop) -> None:
    shop.till.relations.add(name="Anna", email=PEOPLE[0], mobile="+31612345600")
    await shop.flow("customers", {"on_conflict": "target_wins"})
    await later(shop, 1)
    shop.life.edit(PEOPLE[0], merge_fields={"PHONE": "+31622222222"})
    shop.till.relations.edit(1, name="Anna Bakker")
    await later(shop, 1)
    shop.till.relations.edit(1, mobile="+31611111111")
    await later(shop, 2)

    assert ("Bakker", "+31622222222") == tuple(shop.content()[PEOPLE[0]][tag] for tag in ("LNAME", "PHONE"))
    told = [text for row in await shop.attempts() for text in row["warnings"] if text.startswith("conflict:")]
    assert 1 == len(told)


async def test_a_row_s_own_rule_counts_on_the_other_side_too(shop: Shop) -> None:
    """Both flows overwrite, but the row of the number that goes back does not: the till keeps it, though edited first."""
    _, back = await joined(shop, "source_wins", "source_wins")
    rows = [{"target": row[0], "expression": row[1]} for row in CONTACTS_IN]
    for row in rows:
        if row["target"] == "phoneNumber":
            row["mode"] = "target_wins"
    await shop.configure(back, mapping={"leg2": rows})
    await later(shop, 2)
    shop.till.relations.edit(1, mobile="+31611111111")
    shop.clock.advance(5)
    shop.life.edit(PEOPLE[0], merge_fields={"PHONE": "+31622222222"})
    shop.clock.advance(31)
    await shop.poll()
    await shop.worker.batch(back)
    await later(shop, 3)

    assert ("+31611111111",) * 2 == numbers(shop)[0]
    await silent(shop)


async def test_what_only_differs_at_the_first_look_is_no_conflict(shop: Shop) -> None:
    """Nobody knows who edited what before both were looked at: the rules decide, and nothing is told of edits."""
    await joined(shop, "source_wins", "target_wins")
    await shop.forget_targets()
    shop.life.edit(PEOPLE[0], merge_fields={"PHONE": "+31622222299"})
    for flow_id in shop.flow_ids:
        await shop.rewind(flow_id)
    await later(shop, 3)

    assert ("+31612345600", "+31612345600") == numbers(shop)[0]
    told = [text for row in await shop.attempts() for text in row["warnings"]]
    assert not any(text.startswith("conflict:") for text in told)
