"""Drift: what somebody changed or deleted behind our back, and what was missed, is named exactly, and healed by choice."""

from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.mailchimp.audience import subscriber_hash
from app.store import comparisons
from tests.shop import CONSENT, Shop
from tests.stories.bothways import both, contacts, relations, silent
from tests.stories.counter import orders, sell, sold, stocked
from tests.stories.storefront import article, contents, store


def people(shop: Shop, count: int) -> dict[str, str]:
    """So many relations: their addresses by number."""
    return {
        str(shop.till.relations.add(name=f"Klant {n}", email=f"klant{n}@voorbeeld.nl")["relationNumber"]): (
            f"klant{n}@voorbeeld.nl"
        )
        for n in range(count)
    }


def lose(shop: Shop, email: str) -> None:
    """The member is not there any more, and nobody can tell why."""
    member = shop.audience.members.pop(subscriber_hash(email))
    del shop.audience.by_contact_id[member.contact_id]
    shop.audience.counts[member.status] -= 1


def rename(shop: Shop, email: str) -> None:
    """Somebody else's name on a member, and not a word that it changed."""
    shop.audience.member(email).merge_fields["FNAME"] = "Vervalst"


@pytest.mark.long
async def test_seven_of_a_thousand_are_named_and_healed(shop: Shop) -> None:
    emails = people(shop, 1_000)
    flow = await shop.flow("customers")
    await shop.rest()
    before = shop.content()
    assert 1_000 == len(before)
    changed, lost = ["1", "99", "500", "999"], ["2", "501", "1000"]
    for ref in changed:
        rename(shop, emails[ref])
    for ref in lost:
        lose(shop, emails[ref])
    shop.clock.advance(100)
    written, asked = len(shop.written()), len(shop.mailchimp.log.find())

    told = await shop.compare(flow)

    assert ("done", 7, 0) == (told.state, told.differ, told.healing)
    assert {
        "changed_there": sorted(changed),
        "missing_there": sorted(lost),
    } == await shop.differences(flow)
    assert (1_000, 997) == (told.counts["source"]["records"], told.counts["target"]["records"])
    assert told.counts["source"]["hash"] != told.counts["target"]["hash"]
    assert written == len(shop.written())  # a report writes nothing
    assert 20 > len(shop.mailchimp.log.find()) - asked  # and asks little
    assert [("drift_found", True)] == await shop.alerts()

    healing = await shop.compare(flow, heal=True)
    await shop.quiet()

    assert (7, 7) == (healing.differ, healing.healing)
    assert before == shop.content()
    assert written + 7 == len(shop.written())
    again = await shop.compare(flow)
    assert (0, {}) == (again.differ, await shop.differences(flow))
    assert again.counts["source"]["hash"] == again.counts["target"]["hash"]
    assert [("drift_found", False)] == await shop.alerts()


async def test_what_was_missed_at_the_source_is_named_and_healed(shop: Shop) -> None:
    emails = people(shop, 3)
    flow = await shop.flow("customers")
    await shop.rest()
    shop.till.relations.edit(1, name="Iemand Anders")  # and no poll ever sees these two
    new = shop.till.relations.add(name="Nieuw", email="nieuw@voorbeeld.nl")["relationNumber"]
    shop.clock.advance(100)

    await shop.compare(flow, heal=True)
    named = await shop.differences(flow)
    await shop.quiet()

    assert {"not_sent": ["1", str(new)]} == named
    assert "Anders" == shop.content()[emails["1"]]["LNAME"]
    assert "nieuw@voorbeeld.nl" in shop.content()


async def test_members_of_others_are_counted_and_the_merchants_own_doing_stays(shop: Shop) -> None:
    emails = people(shop, 3)
    flow = await shop.flow("customers")
    await shop.rest()
    shop.life.sign_up("vreemd@voorbeeld.nl")
    shop.life.archive(emails["1"])
    shop.life.tag(emails["2"], "vaste klant")
    shop.life.clean(emails["3"])
    shop.clock.advance(100)
    before = shop.content()

    told = await shop.compare(flow, heal=True)
    await shop.quiet()

    assert (0, {"archived": 1}, 1) == (told.differ, told.counts["left"], told.counts["others"])
    assert before == shop.content()


async def test_what_is_under_way_is_no_drift(shop: Shop) -> None:
    people(shop, 5)
    flow = await shop.flow("customers")
    await shop.poll()

    told = await shop.compare(flow)

    assert (0, 5) == (told.differ, told.counts["under_way"])


async def test_what_changed_this_very_moment_is_no_drift(shop: Shop) -> None:
    people(shop, 3)
    flow = await shop.flow("customers")
    await shop.rest()
    shop.clock.advance(100)
    shop.till.relations.edit(2, name="Zojuist Veranderd")  # the next poll sees it

    told = await shop.compare(flow)

    assert (0, 1) == (told.differ, told.counts["under_way"])


async def test_very_many_missing_records_come_back_by_a_person_only(shop: Shop) -> None:
    emails = people(shop, 25)
    flow = await shop.flow("customers")
    await shop.rest()
    for email in emails.values():
        lose(shop, email)
    shop.clock.advance(100)

    by_night = await shop.compare(flow, heal=True, by="night")
    await shop.quiet()
    assert (25, 0, 25, {}) == (
        by_night.differ,
        by_night.healing,
        by_night.counts["needs_a_person"],
        shop.content(),
    )

    by_hand = await shop.compare(flow, heal=True)
    await shop.quiet()

    assert (25, 25) == (by_hand.healing, len(shop.content()))


async def test_products_changed_and_deleted_behind_our_back(shop: Shop) -> None:
    for number in range(1, 61):
        articles = [article(10_000 + 2 * number, size="M"), article(10_001 + 2 * number, size="L")]
        shop.till.catalogue.add(productNumber=number, description=f"Trui {number}", articleList=articles)
    flow = await shop.flow("products", {"quantity": "off"})
    await shop.rest()
    before, products = contents(shop), store(shop).products
    products["1"].data["title"] = "Vervalst"
    products["2"].variants["10004"]["price"] = 1.0
    del products["3"].variants["10006"]
    for id in ("58", "59", "60"):
        del products[id]
    shop.till.catalogue.edit_product(30, description="Vest")  # and no poll ever sees it
    shop.clock.advance(1_000)

    await shop.compare(flow, heal=True)
    named = await shop.differences(flow)
    async with shop.db.read() as conn:
        fields = {each.ref: each.fields for each in await comparisons.named(conn, flow, limit=10)}
    await shop.quiet()

    assert {
        "changed_there": ["1", "2", "3"],
        "missing_there": ["58", "59", "60"],
        "not_sent": ["30"],
    } == named
    assert (["title"], ["variants[10004].price"]) == (fields["1"], fields["2"])
    assert ["variants[10006]"] == fields["3"]
    now = contents(shop)
    for id in before.keys() - {"30"}:
        assert _filled(before[id]) == _filled(now[id])
    assert "Vest" == now["30"]["title"]
    assert 0 == (await shop.compare(flow)).differ


def _filled(product: dict[str, Any]) -> dict[str, Any]:
    """Without empty texts: a product that is put again empties what it has nothing for."""
    own = {name: value for name, value in product.items() if value != ""}
    return own | {
        "variants": {
            id: {k: v for k, v in held.items() if v != ""} for id, held in product["variants"].items()
        }
    }


async def test_sales_are_compared_with_what_was_sent_and_nobody_gets_a_mail(shop: Shop) -> None:
    jan = stocked(shop)
    await shop.flow("products")
    flow = await shop.flow("orders", {"update_existing": "everything"})
    await shop.rest()
    refs = [sell(shop, sold(10_001, 49.95), relation=jan) for _ in range(4)]
    await shop.rest()
    mailed, before = len(shop.mailchimp.world.mails.sent), orders(shop)
    held = store(shop).orders
    held[f"receipt-{refs[0]}"].data["order_total"] = 1.0
    del held[f"receipt-{refs[1]}"]
    shop.clock.advance(1_000)

    told = await shop.compare(flow, heal=True)
    named = await shop.differences(flow)
    await shop.quiet()

    assert {
        "changed_there": [f"receipt:{refs[0]}"],
        "missing_there": [f"receipt:{refs[1]}"],
    } == named
    assert not told.counts["source"]["read"]  # all sales of a till are too much to read
    assert mailed == len(shop.mailchimp.world.mails.sent)
    now = orders(shop)
    assert before.keys() == now.keys()
    assert 49.95 == now[f"receipt-{refs[0]}"]["order_total"] == now[f"receipt-{refs[1]}"]["order_total"]


async def test_with_both_directions_on_an_edit_at_mailchimp_is_the_other_flows_to_bring(shop: Shop) -> None:
    emails = people(shop, 3)
    customers, _ = await both(shop, {"on_conflict": "source_wins"}, {"on_conflict": "target_wins"})
    for _ in range(3):
        await shop.rest()
        shop.clock.advance(100)
    shop.life.edit(emails["1"], merge_fields={"FNAME": "Noor", "LNAME": "Jansen"})  # nobody polled since

    told = await shop.compare(customers, heal=True)
    await shop.quiet()

    assert (1, 1) == (told.differ, told.healing)
    assert "Noor Jansen" == relations(shop)[1]["name"]
    assert "Noor" == shop.content()[emails["1"]]["FNAME"]
    await silent(shop, cycles=3)
    assert 0 == (await shop.compare(customers)).differ


async def test_the_way_back_is_compared_as_well(shop: Shop) -> None:
    people(shop, 5)
    for n in range(5):
        shop.life.sign_up(f"klant{n}@voorbeeld.nl", merge_fields={"FNAME": "Noor", "LNAME": f"Jansen {n}"})
    flow = await contacts(shop, {"on_conflict": "source_wins"})
    await shop.rest()
    assert "Noor Jansen 3" == relations(shop)[4]["name"]
    shop.till.relations.cards.rows[4]["name"] = "Vervalst"
    shop.clock.advance(100)

    told = await shop.compare(flow, heal=True)
    named = await shop.differences(flow)
    await shop.quiet()

    assert ([1], 5) == ([len(refs) for refs in named.values()], told.counts["source"]["records"])
    assert "Noor Jansen 3" == relations(shop)[4]["name"]
    assert 0 == (await shop.compare(flow)).differ


async def test_it_waits_for_the_flows_hours_and_ends_with_a_pause(shop: Shop) -> None:
    people(shop, 2)
    flow = await shop.flow("customers")
    await shop.rest()
    comparer = shop.worker.schedule.comparer
    await shop.change_flow(flow, opens_at=shop.clock.now + 60_000)
    assert "asked" == (await shop.compare(flow)).state

    shop.clock.advance(61)
    await comparer.start_due()
    await comparer.idle()
    async with shop.db.read() as conn:
        assert "done" == (await comparisons.find(conn, flow)).state

    await shop.change_flow(flow, state="paused")
    calls = len(shop.mailchimp.log.find())
    assert "asked" == (await shop.compare(flow)).state
    assert calls == len(shop.mailchimp.log.find())


async def test_a_comparison_that_a_dead_worker_left_begins_anew(shop: Shop) -> None:
    emails = people(shop, 3)
    flow = await shop.flow("customers")
    await shop.rest()
    rename(shop, emails["2"])
    shop.clock.advance(100)
    async with shop.db.write() as conn:
        await comparisons.ask(conn, flow, by="person", heal=False, clock=shop.clock)
        begun = await comparisons.begin(conn, flow, clock=shop.clock)
        left = comparisons.Difference("changed_there", "1", "x", ("merge_fields.FNAME",))
        await comparisons.name(conn, flow, [left], clock=shop.clock)
    shop.clock.advance(10)

    comparer = shop.worker.schedule.comparer
    await comparer.start_due()
    await comparer.idle()

    assert {"changed_there": ["2"]} == await shop.differences(flow)
    async with shop.db.write() as conn:
        assert not await comparisons.change(conn, flow, begun=begun, differ=99)  # the dead one cannot speak


async def test_a_seeded_shop_with_all_its_oddities_differs_in_nothing(shop: Shop) -> None:
    """Shared, missing, invalid and refused addresses, companies with contacts, odd articles: what stays behind has its reason,
    and both sides have the same hash."""
    shop.till.seed(size=150, seed=1)
    flows = [
        await shop.flow("customers", CONSENT),
        await shop.flow("products", {"quantity": "off"}),
        await shop.flow("stock"),
    ]
    await shop.rest()
    shop.clock.advance(1_000)
    asked = len(shop.mailchimp.log.find()), len(shop.till.log.find())

    told = [await shop.compare(flow) for flow in flows]

    assert [0, 0, 0] == [each.differ for each in told]
    assert [each.counts["source"]["hash"] for each in told] == [
        each.counts["target"]["hash"] for each in told
    ]
    assert {"key_shared", "address_looks_fake"} <= told[0].counts["left"].keys()
    assert {"email_missing", "email_invalid", "inactive"} <= told[0].counts["skipped"].keys()
    assert len(shop.mailchimp.log.find()) - asked[0] < 10
    assert len(shop.till.log.find()) - asked[1] < 20
