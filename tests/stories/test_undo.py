"""The undo of a run: what it made is put away, what it changed is put back, and what cannot be taken back is named."""

from __future__ import annotations

from tests.shop import Shop


def people(shop: Shop, count: int, *, start: int = 0) -> dict[str, str]:
    """So many relations: their addresses by number."""
    return {
        str(shop.till.relations.add(name=f"Klant {n}", email=f"klant{n}@voorbeeld.nl")["relationNumber"]): (
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
    assert before == {
        email: held for email, held in shop.content().items() if held["status"] != "archived"
    }
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
