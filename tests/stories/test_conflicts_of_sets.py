"""Categories of the till and groups and tags at Mailchimp, mapped both ways: each is a yes or a no of its own. What was set or
taken away at one side and not touched at the other goes across, and nothing is taken away that nobody took away (features T9,
T10, C-12)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app.connectors.mailchimp.customers import IN_ROWS
from app.sandbox.mplus.cards import BUSINESS, PRIVATE, SUPPLIER, VIP
from tests.shop import CONSENT, Shop
from tests.stories.bothways import WRITTEN_BACK, as_rows, contacts, silent
from tests.stories.test_conflicts import PEOPLE, RULES, later, writes
from tests.stories.test_conflicts_of_custom_fields import conflicts, one_by_one

pytestmark = pytest.mark.long

TAG = "Vaste klant"
OF_THE_TAG, OF_BREAD, OF_CAKE = VIP, BUSINESS, SUPPLIER
ALL = (1, 2, 3, 4)


class Groups:
    """Two groups of interest, and what both sides do about them."""

    def __init__(self, shop: Shop):
        self.shop = shop
        self.bread, self.cake = shop.audience.open_category("Interests", "Bread", "Cake").interests

    def choose(self, number: int, *, bread: bool | None = None, cake: bool | None = None) -> None:
        """Somebody ticks groups in the form of his preferences."""
        said = {self.bread: bread, self.cake: cake}
        chosen = {key: on for key, on in said.items() if on is not None}
        self.shop.life.edit(PEOPLE[number - 1], interests=chosen)

    def file(self, number: int, *categories: int) -> None:
        """A cashier files a relation under exactly these categories, beside the one that nobody maps."""
        self.shop.till.relations.edit(number, categoryIds=[PRIVATE, *categories])

    def held(self, number: int) -> tuple[list[int], list[str]]:
        """The mapped categories in the till; groups and tags there."""
        there = self.shop.content()[PEOPLE[number - 1]]
        filed = set(self.shop.till.relations.cards.rows[number].get("categoryIds", ()))
        return sorted(filed - {PRIVATE}), sorted([*there.get("interests", ()), *there.get("tags", ())])


async def joined(
    shop: Shop,
    forth: str = "source_wins",
    back: str = "target_wins",
    *,
    follow: str = "both",
    filed: Sequence[int] = (),
    chosen: str | None = None,
) -> tuple[Groups, str, str]:
    """Four people, in these categories beside the one that nobody maps. They are linked and at rest; or both sides have them, with a
    tag and the ``chosen`` group at Mailchimp, and no flow has looked yet."""
    groups = Groups(shop)
    for number, email in enumerate(PEOPLE, start=1):
        shop.till.relations.add(name=f"Persoon {number}", email=email, categoryIds=[PRIVATE, *filed])
        if chosen is not None:
            shop.life.sign_up(email, interests={getattr(groups, chosen): True}, tags=[TAG])
    rows = [row for row in as_rows(IN_ROWS) if row["target"] != "tags"] + [
        {"target": f"interests.{groups.bread}", "expression": f"contains(categories, '{OF_BREAD}')"},
        {"target": f"interests.{groups.cake}", "expression": f"contains(categories, '{OF_CAKE}')"},
        {"target": f"tags.{TAG}", "expression": f"contains(categories, '{OF_THE_TAG}')"},
    ]
    out = await shop.flow("customers", CONSENT | {"on_conflict": forth}, mapping={"leg2": rows})
    table = {groups.bread: str(OF_BREAD), groups.cake: str(OF_CAKE), TAG: str(OF_THE_TAG)}
    settings = WRITTEN_BACK | {"on_conflict": back, "categories": table, "categories_follow": follow}
    into = await contacts(shop, settings)
    if chosen is None:
        await later(shop, 3)
    return groups, out, into


@pytest.mark.parametrize(
    ("forth", "back"),
    [("source_wins", "target_wins"), ("target_wins", "source_wins"), *((rule, rule) for rule in RULES)],
)
async def test_two_that_are_linked_get_what_either_has_whatever_the_rules(
    shop: Shop, forth: str, back: str
) -> None:
    """Nobody took anything away yet, so nothing is; whichever flow looks first."""
    groups, out, into = await joined(shop, forth, back, filed=[OF_CAKE], chosen="bread")
    await one_by_one(shop, out, into)

    assert [([BUSINESS, SUPPLIER, VIP], ["Bread", "Cake", TAG])] * 4 == [groups.held(n) for n in ALL]
    assert [] == conflicts(await shop.attempts())
    await silent(shop)

    for number in ALL:
        groups.file(number, OF_CAKE, OF_BREAD)
        groups.choose(number, cake=False)
    await one_by_one(shop, out, into)

    assert [([OF_BREAD], ["Bread"])] * 4 == [groups.held(number) for number in ALL]
    await silent(shop)


async def test_what_was_set_at_one_side_goes_across_and_nothing_else(shop: Shop) -> None:
    """Different members of the set are edited at both sides at once; whoever looks first, all of it arrives."""
    groups, out, into = await joined(shop, filed=[OF_CAKE])
    assert [([OF_CAKE], ["Cake"])] * 4 == [groups.held(number) for number in ALL]
    before = writes(shop)
    for number in ALL:
        groups.file(number, OF_CAKE, OF_THE_TAG)
        groups.choose(number, bread=True)
    await one_by_one(shop, out, into)

    assert [([BUSINESS, SUPPLIER, VIP], ["Bread", "Cake", TAG])] * 4 == [groups.held(n) for n in ALL]
    assert (before + 8, []) == (writes(shop), conflicts(await shop.attempts()))
    await silent(shop)


async def test_what_was_taken_away_at_one_side_goes_across_and_nothing_else(shop: Shop) -> None:
    groups, out, into = await joined(shop, filed=[OF_CAKE, OF_BREAD, OF_THE_TAG])
    assert [([BUSINESS, SUPPLIER, VIP], ["Bread", "Cake", TAG])] * 4 == [groups.held(n) for n in ALL]
    before = writes(shop)
    for number in ALL:
        groups.file(number, OF_CAKE, OF_BREAD)
        groups.choose(number, cake=False)
    await one_by_one(shop, out, into)

    assert [([OF_BREAD], ["Bread"])] * 4 == [groups.held(number) for number in ALL]
    assert (before + 8, []) == (writes(shop), conflicts(await shop.attempts()))
    await silent(shop)


async def test_the_same_member_edited_at_both_sides_agrees_by_nature(shop: Shop) -> None:
    groups, out, into = await joined(shop, filed=[OF_CAKE])
    before = writes(shop)
    for number in ALL:
        groups.file(number, OF_BREAD)
        groups.choose(number, bread=True, cake=False)
    await one_by_one(shop, out, into)

    assert [([OF_BREAD], ["Bread"])] * 4 == [groups.held(number) for number in ALL]
    assert (before, []) == (writes(shop), conflicts(await shop.attempts()))
    await silent(shop)


async def test_another_edit_of_the_person_brings_no_old_category_back(shop: Shop) -> None:
    """A category that was taken away in the till is not set again because its tag is still there when something else changes;
    where the table only adds, a category that came from nobody's tag stays."""
    groups, out, into = await joined(shop, follow="add", filed=[OF_THE_TAG])
    for number in ALL:
        groups.file(number, OF_CAKE)
        shop.life.edit(PEOPLE[number - 1], merge_fields={"PHONE": "+31612345678"})
    await one_by_one(shop, out, into)

    assert [([OF_CAKE], ["Cake"])] * 4 == [groups.held(number) for number in ALL]
    await silent(shop)


@pytest.mark.parametrize("side", ["mailchimp", "till"])
async def test_what_is_set_and_taken_away_again_within_one_look_does_not_come_back(
    shop: Shop, side: str
) -> None:
    """One flow carried it across, and before the other one saw it there it was taken away again where it had been set."""
    groups, out, into = await joined(shop)

    async def first(flow_id: str) -> None:
        shop.clock.advance(31)
        await shop.poll()
        await shop.worker.batch(flow_id)

    if side == "mailchimp":
        groups.choose(1, bread=True)
        shop.life.tag(PEOPLE[1], TAG)
        await first(into)
        there = [groups.held(number) for number in (1, 2)]
        groups.choose(1, bread=False)
        shop.life.untag(PEOPLE[1], TAG)
        await first(out)
    else:
        groups.file(1, OF_BREAD)
        groups.file(2, OF_THE_TAG)
        await first(out)
        there = [groups.held(number) for number in (1, 2)]
        for number in (1, 2):
            groups.file(number)
        await first(into)
    assert [([OF_BREAD], ["Bread"]), ([OF_THE_TAG], [TAG])] == there
    await later(shop, 3)

    assert [([], [])] * 4 == [groups.held(number) for number in ALL]
    await silent(shop)
