"""The undo of a run: what it made is put away, what it changed is put back, and what cannot be taken back is named."""

from __future__ import annotations

import pytest

from tests.shop import Shop
from tests.stories.bothways import WRITTEN_BACK, both, contacts, relations, silent


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
