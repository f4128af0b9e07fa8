"""A custom field of the till that is mapped to a merge field and back: edited on both sides it goes by the rules of both
flows, as any other field, and an edit at one side only is never lost to what the other one held (features T9, T10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from app.connectors.mailchimp.contacts import OUT_ROWS
from app.connectors.mailchimp.customers import IN_ROWS
from app.connectors.mplus.rows import CONTACTS_IN
from app.pipeline.batch import run_batch
from app.sandbox.mplus.cards import custom_field, value_of
from tests.shop import CONSENT, Shop
from tests.stories.bothways import WRITTEN_BACK, as_rows, contacts, silent
from tests.stories.test_conflicts import PEOPLE, RULES, as_documented, later, writes

pytestmark = pytest.mark.long

SIZE, TITLE, DOG, SINCE, COUNT = "Schoenmaat", "Aanhef", "Hond", "Klant sinds", "Kinderen"
TAGS = {
    SIZE: ("SHOE", "number"),
    TITLE: ("TITLE", "text"),
    DOG: ("DOG", "text"),
    SINCE: ("SINCE", "date"),
    COUNT: ("CHILDREN", "text"),
}
"""By custom field, the merge field beside it, and that one's type."""
VALUES: dict[str, list[tuple[Any, Any]]] = {
    SIZE: [(n, n) for n in range(38, 48)],
    TITLE: [(f"Titel {n}", f"Titel {n}") for n in range(10)],
    COUNT: [(n, str(n)) for n in range(10)],
    SINCE: [(f"2026-01-{n:02}", f"2026-01-{n:02}") for n in range(10, 20)],
}
"""What may stand there, in the till's words and in Mailchimp's."""


def mapping_out(modes: Mapping[str, str]) -> dict[str, Any]:
    """Custom fields into merge fields; ``modes`` by custom field."""
    own = [
        {
            "target": f"merge_fields.{tag}",
            "expression": f'custom."{name}"',
            "mode": modes.get(name, "always"),
        }
        for name, (tag, _) in TAGS.items()
    ]
    return {"leg2": as_rows(IN_ROWS) + own}


def mapping_in(modes: Mapping[str, str]) -> dict[str, Any]:
    """Merge fields into custom fields."""
    read = [{"target": f"custom.{tag}", "expression": f"merge_fields.{tag}"} for _, (tag, _) in TAGS.items()]
    written = [
        {
            "target": f"customFields.{name}",
            "expression": f"custom.{tag}",
            "mode": modes.get(name, "always"),
        }
        for name, (tag, _) in TAGS.items()
    ]
    return {"leg1": as_rows(OUT_ROWS) + read, "leg2": as_rows(CONTACTS_IN) + written}


def at_the_till(shop: Shop, number: int, name: str, value: Any) -> None:
    """Somebody fills in a custom field."""
    if name == SINCE:
        value = date.fromisoformat(value)
    shop.till.relations.edit(
        number, customFieldList=[custom_field(shop.till.cards.relation_fields, name, value)]
    )


def at_mailchimp(shop: Shop, number: int, name: str, value: Any) -> None:
    """Somebody fills in the merge field beside it."""
    shop.life.edit(PEOPLE[number - 1], merge_fields={TAGS[name][0]: value})


def held(shop: Shop, number: int, name: str) -> tuple[Any, Any]:
    """What stands there at both sides."""
    there = value_of(shop.till.relations.cards.rows[number], name)
    there = there.isoformat() if isinstance(there, date) else there
    return there, shop.audience.member(PEOPLE[number - 1]).merge_fields.get(TAGS[name][0]) or None


async def joined(
    shop: Shop, forth: str, back: str, *, modes: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Four people at both sides, linked and at rest, nothing in their own fields. ``modes``: what the rows of both flows say."""
    shop.till.cards.relation_fields |= {
        DOG: "DATA-TYPE-BOOL",
        SINCE: "DATA-TYPE-DATE",
        COUNT: "DATA-TYPE-INT",
    }
    for tag, kind in TAGS.values():
        shop.audience.open_field(tag, type=kind)
    for number, email in enumerate(PEOPLE, start=1):
        shop.till.relations.add(name=f"Persoon {number}", email=email)
    out = await shop.flow("customers", CONSENT | {"on_conflict": forth}, mapping=mapping_out(modes or {}))
    into = await contacts(shop, WRITTEN_BACK | {"on_conflict": back}, mapping=mapping_in(modes or {}))
    await later(shop, 2)
    return out, into


def conflicts(rows: list[dict[str, Any]]) -> list[str]:
    """What the attempts tell of fields that were edited on both sides."""
    return [text for row in rows for text in row["warnings"] if text.startswith("conflict:")]


async def one_by_one(shop: Shop, out: str, into: str) -> None:
    """Persons 1 and 3 go out of the till first, 2 and 4 into it."""
    shop.clock.advance(31)
    await shop.poll()
    for number in (1, 2, 3, 4):
        flow_id = out if number % 2 else into
        ref = str(number) if number % 2 else shop.audience.member(PEOPLE[number - 1]).contact_id
        await run_batch(await shop.worker.routes.route(flow_id), only=ref)
    await later(shop, 3)


@pytest.mark.parametrize(
    ("name", "forth"),
    [
        pytest.param(name, rule, marks=[] if name == TITLE or rule == "source_wins" else pytest.mark.long)
        for name in (SIZE, TITLE, SINCE)
        for rule in RULES
    ],
)
async def test_the_rules_of_both_flows_decide_whichever_comes_first(
    shop: Shop, name: str, forth: str
) -> None:
    out, into = await joined(shop, forth, "target_wins")
    values = iter(VALUES[name])
    start = next(values)
    for number in (1, 2, 3, 4):
        at_the_till(shop, number, name, start[0])
    await later(shop, 3)
    assert [start] * 4 == [held(shop, number, name) for number in (1, 2, 3, 4)]

    for back in RULES:
        await shop.configure(into, settings=WRITTEN_BACK | {"on_conflict": back})
        (till, till_there), (at_list, audience) = next(values), next(values)
        for first in ("till", "audience"):
            for number in (1, 2) if first == "till" else (3, 4):
                at_the_till(shop, number, name, till)
            for number in (3, 4) if first == "till" else (1, 2):
                at_mailchimp(shop, number, name, audience)
            shop.clock.advance(5)
        await one_by_one(shop, out, into)

        sides = {"till": (till, till_there), "audience": (at_list, audience)}
        expected = []
        for newer in ("audience", "audience", "till", "till"):
            one, other = as_documented(forth, back, till="till", audience="audience", newer=newer)
            expected.append((sides[one][0], sides[other][1]))
        assert expected == [held(shop, number, name) for number in (1, 2, 3, 4)], back
        await silent(shop, cycles=10, rewinding=False)

    told = conflicts(await shop.attempts())
    named = {text.removeprefix("conflict: ").partition(" was edited")[0] for text in told}
    assert named
    assert {f"customFields.{name}", f"merge_fields.{TAGS[name][0]}"} >= named
    assert all("2026-03-02T" in text for text in told)
    assert not any("Titel" in text or "2026-01" in text for text in told)


async def test_a_row_s_own_rule_counts_for_its_field_at_both_sides(shop: Shop) -> None:
    """Both flows overwrite; the rows of one field say that what was edited at the target stays."""
    out, into = await joined(shop, "source_wins", "source_wins", modes={TITLE: "target_wins"})
    for number in (1, 2, 3, 4):
        at_the_till(shop, number, TITLE, "Mevrouw")
        at_the_till(shop, number, SIZE, 38)
    shop.clock.advance(5)
    for number in (1, 2, 3, 4):
        at_mailchimp(shop, number, TITLE, "Dokter")
        at_mailchimp(shop, number, SIZE, 41)
    await one_by_one(shop, out, into)

    assert [("Mevrouw", "Dokter")] * 4 == [held(shop, number, TITLE) for number in (1, 2, 3, 4)]
    assert [(41, 41)] * 4 == [held(shop, number, SIZE) for number in (1, 2, 3, 4)]
    await silent(shop)


async def test_edits_of_two_fields_at_two_sides_both_arrive(shop: Shop) -> None:
    """Whoever looks first, with either side's record the newer one: what nobody touched at a side is not written over there."""
    out, into = await joined(shop, "source_wins", "source_wins")
    for number in (1, 2, 3, 4):
        at_the_till(shop, number, TITLE, "Mevrouw")
        at_the_till(shop, number, SIZE, 38)
    await later(shop, 3)
    before = writes(shop)
    for number in (1, 2):
        at_the_till(shop, number, TITLE, "Dokter")
    for number in (3, 4):
        at_mailchimp(shop, number, SIZE, 41)
    shop.clock.advance(5)
    for number in (1, 2):
        at_mailchimp(shop, number, SIZE, 41)
    for number in (3, 4):
        at_the_till(shop, number, TITLE, "Dokter")
    await one_by_one(shop, out, into)

    assert [("Dokter", "Dokter")] * 4 == [held(shop, number, TITLE) for number in (1, 2, 3, 4)]
    assert [(41, 41)] * 4 == [held(shop, number, SIZE) for number in (1, 2, 3, 4)]
    assert (before + 8, []) == (writes(shop), conflicts(await shop.attempts()))
    await silent(shop)


@pytest.mark.parametrize(
    "rules", [("source_wins", "target_wins"), ("target_wins", "source_wins"), ("newest", "newest")]
)
@pytest.mark.parametrize("name", [SIZE, TITLE, COUNT])
async def test_a_second_edit_is_not_lost_to_the_echo_of_the_first(
    shop: Shop, name: str, rules: tuple[str, str]
) -> None:
    """One side only is edited, twice, before the flow of the other way saw what the first edit became; nor does it matter that
    another field of the same person stays different at both sides."""
    out, into = await joined(shop, *rules, modes={SINCE: "target_wins"})
    for number in (1, 2):
        at_the_till(shop, number, SINCE, "2026-01-10")
        at_mailchimp(shop, number, SINCE, "2026-01-11")
    await later(shop, 3)
    told = conflicts(await shop.attempts())
    assert [("2026-01-10", "2026-01-11")] * 2 == [held(shop, number, SINCE) for number in (1, 2)]

    (_, one), (till_one, _), (till, at_list) = VALUES[name][1:4]
    at_mailchimp(shop, 1, name, one)
    at_the_till(shop, 2, name, till_one)
    shop.clock.advance(31)
    await shop.rest()
    shop.clock.advance(1)
    at_mailchimp(shop, 1, name, at_list)
    at_the_till(shop, 2, name, till)
    await one_by_one(shop, out, into)

    assert [(till, at_list)] * 2 == [held(shop, number, name) for number in (1, 2)]
    assert told == conflicts(await shop.attempts())
    await silent(shop)


async def test_what_the_till_keeps_in_a_type_of_its_own_comes_to_rest(shop: Shop) -> None:
    """A word for yes becomes the till's yes; that this is not what the person typed is no news for Mailchimp."""
    await joined(shop, "newest", "newest")
    at_mailchimp(shop, 1, DOG, "ja")
    at_the_till(shop, 2, DOG, True)
    await later(shop, 3)
    assert [(True, "ja"), (True, "true")] == [held(shop, number, DOG) for number in (1, 2)]
    await silent(shop)

    at_mailchimp(shop, 1, DOG, "nee")
    at_the_till(shop, 2, DOG, False)
    await later(shop, 3)
    assert [(False, "nee"), (False, "false")] == [held(shop, number, DOG) for number in (1, 2)]
    assert [] == conflicts(await shop.attempts())
    await silent(shop)


async def test_where_contacts_only_come_in_the_till_s_own_edit_stays_by_rule(shop: Shop) -> None:
    """One flow alone knows conflicts too: by default what somebody filled in at the till is not written over."""
    for tag, kind in TAGS.values():
        shop.audience.open_field(tag, type=kind)
    for number, email in enumerate(PEOPLE[:2], start=1):
        shop.till.relations.add(name=f"Persoon {number}", email=email)
        shop.life.sign_up(email, merge_fields={"TITLE": "Mevrouw"})
    into = await contacts(
        shop,
        mapping={
            **mapping_in({}),
            "leg2": [
                *as_rows(CONTACTS_IN),
                {"target": f"customFields.{TITLE}", "expression": "custom.TITLE"},
            ],
        },
    )
    await later(shop, 2)
    at_the_till(shop, 1, TITLE, "Dokter")
    for number in (1, 2):
        at_mailchimp(shop, number, TITLE, "Heer")
    await later(shop, 2)

    assert [("Dokter", "Heer"), ("Heer", "Heer")] == [held(shop, number, TITLE) for number in (1, 2)]
    [told] = conflicts(await shop.attempts())
    assert "customFields.Aanhef was edited on both sides, and by target_wins the target wins" in told

    await shop.configure(into, settings={"on_conflict": "source_wins"})
    at_mailchimp(shop, 1, TITLE, "Professor")
    await later(shop, 2)
    assert ("Professor", "Professor") == held(shop, 1, TITLE)
    await silent(shop)
