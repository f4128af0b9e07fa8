"""The contact guard: whatever people do at both sides and both flows make of it, nobody is written to without a consent on
record, and in the end both sides say the same and are silent (features N6, T9, T10). ``WALKS=50`` walks from so many seeds."""

from __future__ import annotations

import os
import random
from datetime import date
from typing import Any

import pytest

from app.sandbox.mplus.cards import custom_field, value_of
from tests.shop import CONSENT, Shop
from tests.stories.bothways import WRITTEN_BACK, contacts, relations, silent
from tests.stories.test_conflicts_of_custom_fields import (
    SINCE,
    SIZE,
    TAGS,
    TITLE,
    VALUES,
    mapping_in,
    mapping_out,
)

PEOPLE = 4
STEPS = 30
FIRST = int(os.environ.get("FIRST", "0"))
SHIPPED = (0, 113, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2, 3, 139, 309)))
SEEDS = range(FIRST, FIRST + int(os.environ["WALKS"])) if "WALKS" in os.environ else SHIPPED
OWN = (TITLE, SIZE, SINCE)
"""Custom fields of the till that are mapped both ways: a text, a number and a day."""


def address(person: int, version: int = 0) -> str:
    """One of the addresses that somebody has in the course of time."""
    return f"p{person}v{version}@klant-voorbeeld.nl"


class Walk:
    """People who live at both sides; ``consented`` are the addresses of those who ever said yes."""

    def __init__(self, shop: Shop, seed: int):
        self.shop, self.chance = shop, random.Random(seed)
        self.consented: set[str] = set()
        self.versions = dict.fromkeys(range(1, PEOPLE + 1), 0)

    def step(self) -> None:
        """One thing that somebody does."""
        person = self.chance.randint(1, PEOPLE)
        doings = (self.edits_at_the_till, self.says_yes, self.says_no, self.signs_up, self.edits_the_profile)
        doings += (self.unsubscribes, self.bounces, self.moves_at_the_till, self.moves_at_mailchimp)
        doings += (self.fills_in_a_field_at_the_till, self.fills_in_a_field_at_mailchimp)
        self.chance.choice(doings)(person)

    def _email(self, person: int) -> str:
        return str(self.shop.till.relations.cards.rows[person]["email"])

    def _status(self, person: int) -> str | None:
        member = self.shop.audience.find(self._email(person))
        return None if member is None else member.status

    def edits_at_the_till(self, person: int) -> None:
        self.shop.till.relations.edit(person, mobile=f"06-1234567{self.chance.randint(0, 9)}")

    def says_yes(self, person: int) -> None:
        self.shop.till.relations.consent(person, given=True, on=date(2026, 2, 14))
        self.consented.add(self._email(person))

    def says_no(self, person: int) -> None:
        self.shop.till.relations.consent(person, given=False, on=date(2026, 2, 20))

    def signs_up(self, person: int) -> None:
        self.consented.add(self._email(person))
        self.shop.life.sign_up(self._email(person))

    def edits_the_profile(self, person: int) -> None:
        if self._status(person) not in (None, "archived"):
            number = f"+3168765432{self.chance.randint(0, 9)}"
            self.shop.life.edit(self._email(person), merge_fields={"PHONE": number})

    def _value(self) -> tuple[str, Any, Any]:
        """A custom field with something that may stand there, in the till's words and in Mailchimp's."""
        name = self.chance.choice(OWN)
        return name, *self.chance.choice(VALUES[name])

    def fills_in_a_field_at_the_till(self, person: int) -> None:
        name, value, _ = self._value()
        if name == SINCE:
            value = date.fromisoformat(value)
        field = custom_field(self.shop.till.cards.relation_fields, name, value)
        self.shop.till.relations.edit(person, customFieldList=[field])

    def fills_in_a_field_at_mailchimp(self, person: int) -> None:
        name, _, value = self._value()
        if self._status(person) not in (None, "archived"):
            self.shop.life.edit(self._email(person), merge_fields={TAGS[name][0]: value})

    def unsubscribes(self, person: int) -> None:
        if self._status(person) == "subscribed":
            self.shop.life.unsubscribe(self._email(person))

    def bounces(self, person: int) -> None:
        if self._status(person) == "subscribed":
            self.shop.life.clean(self._email(person))

    def _another(self, person: int) -> tuple[str, str]:
        before = self._email(person)
        self.versions[person] += 1
        after = address(person, self.versions[person])
        if before in self.consented:
            self.consented.add(after)
        return before, after

    def moves_at_the_till(self, person: int) -> None:
        _, after = self._another(person)
        self.shop.till.relations.edit(person, email=after)

    def moves_at_mailchimp(self, person: int) -> None:
        if self._status(person) == "subscribed":
            self.shop.life.change_address(*self._another(person))


def own_fields(shop: Shop, person: int) -> list[tuple[Any, Any]]:
    """What stands in each of these fields, at both sides."""
    row = shop.till.relations.cards.rows[person]
    there = shop.audience.member(row["email"]).merge_fields
    found = []
    for name in OWN:
        value = value_of(row, name)
        held = there.get(TAGS[name][0]) or None
        found.append((value.isoformat() if isinstance(value, date) else value, held))
    return found


@pytest.mark.parametrize("double_optin", [False, True], ids=["single", "double"])
@pytest.mark.parametrize("seed", SEEDS)
async def test_random_walks_write_to_nobody_without_consent_and_come_to_rest(
    shop: Shop, seed: int, double_optin: bool
) -> None:
    shop.audience.double_optin, shop.audience.welcome = double_optin, True
    for person in range(1, PEOPLE + 1):
        shop.till.relations.add(name=f"Persoon {person}", email=address(person))
    shop.till.cards.relation_fields[SINCE] = "DATA-TYPE-DATE"
    for name in OWN:
        tag, kind = TAGS[name]
        shop.audience.open_field(tag, type=kind)
    await shop.flow("customers", CONSENT, mapping=mapping_out({}))
    await contacts(shop, WRITTEN_BACK, mapping=mapping_in({}))
    for _ in range(
        2
    ):  # until both flows know everybody: what is said before that is older than whatever is said after it
        shop.clock.advance(31)
        await shop.rest()
    walk = Walk(shop, seed)
    for _ in range(STEPS):
        walk.step()
        if walk.chance.random() < 0.5:
            shop.clock.advance(walk.chance.choice((5, 31, 90)))
            await shop.rest()
    for _ in range(6):
        shop.clock.advance(31)
        await shop.rest()

    assert [] == [mail for mail in shop.mailchimp.mails.sent if mail.email not in walk.consented]
    members = shop.content()
    for person, relation in relations(shop).items():
        assert all(ours == theirs for ours, theirs in own_fields(shop, person))
        held = members[relation["email"]]
        assert relation.get("mobile", "").replace("06-", "+316") == held.get("PHONE", "")
        assert held["status"] != "subscribed" or relation["consent"].startswith("yes")

    await silent(shop, cycles=4)
