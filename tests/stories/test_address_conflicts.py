"""The address itself was changed on both sides before either flow looked: one person stays one relation and one contact, under
one address by the rule, whichever flow comes first, and nobody is written to (features T9, T10, N6, C-9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from app.pipeline.batch import run_batch
from tests.shop import Shop
from tests.stories.bothways import booked, both, relations, silent

pytestmark = pytest.mark.long

PEOPLE = (1, 2, 3, 4)


def before(person: int) -> str:
    return f"p{person}@klant-voorbeeld.nl"


def at_the_till(person: int) -> str:
    return f"p{person}.winkel@klant-voorbeeld.nl"


def at_mailchimp(person: int) -> str:
    return f"p{person}.zelf@klant-voorbeeld.nl"


async def later(shop: Shop, rounds: int) -> None:
    for _ in range(rounds):
        shop.clock.advance(31)
        await shop.rest()


async def joined(shop: Shop, forth: str, back: str, **more: str) -> tuple[str, str]:
    """Four people at both sides, linked and at rest, subscribed by a consent that the till recorded."""
    shop.audience.welcome = True
    for person in PEOPLE:
        shop.till.relations.add(name=f"Persoon {person}", email=before(person))
        shop.till.relations.consent(person, given=True, on=date(2026, 2, 14))
    flows = await both(
        shop,
        customers={"on_conflict": forth, **more},
        back={"on_conflict": back, "create_relations": True},
    )
    await later(shop, 3)
    return flows


async def edited(shop: Shop, flows: tuple[str, str], *, same: bool) -> None:
    """Two people get their address in the till first, two at Mailchimp; of each two, one goes through the flow out of the till
    first and one through the flow into it."""
    out, into = flows
    refs = {person: shop.audience.member(before(person)).contact_id for person in PEOPLE}
    for first in ("till", "audience"):
        for person in (1, 2) if first == "till" else (3, 4):
            shop.till.relations.edit(person, email=at_the_till(person))
        for person in (3, 4) if first == "till" else (1, 2):
            shop.life.change_address(before(person), (at_the_till if same else at_mailchimp)(person))
        shop.clock.advance(5)
    shop.clock.advance(31)
    await shop.poll()
    for flow_id, person in ((out, 1), (into, 2), (out, 3), (into, 4)):
        await run_batch(
            await shop.worker.routes.route(flow_id), only=str(person) if flow_id == out else refs[person]
        )
    await later(shop, 3)


def addresses(shop: Shop) -> list[tuple[str, str]]:
    """By person, the address in the till and the one of the very contact that he was."""
    assert [*PEOPLE] == [*relations(shop)]  # nobody was made a second time
    till = {person: held["email"] for person, held in relations(shop).items()}
    assert {"subscribed"} == {*shop.statuses().values()}
    assert len(PEOPLE) == len(shop.audience.members)
    return list(zip(till.values(), shop.statuses(), strict=True))


def by_the_rules(winners: tuple[str, str]) -> list[tuple[str, tuple[str, str]]]:
    """By person, whose address counts, and which ones stand in the till and at Mailchimp then. The first winner is that of the two
    whose address was changed in the till first."""
    found = []
    for person in PEOPLE:
        winner = winners[0] if person in (1, 2) else winners[1]
        till, audience = at_the_till(person), at_mailchimp(person)
        stands = (audience if winner == "audience" else till, till if winner == "till" else audience)
        found.append((winner, stands))
    return found


async def told_of_both(shop: Shop) -> None:
    """Both flows told of the conflict, and no address is in what they said."""
    told = [text for row in await shop.attempts() for text in row["warnings"] if text.startswith("conflict:")]
    assert {"email", "email_address"} == {text.split()[1] for text in told}
    assert not any("klant-voorbeeld" in text for text in told)


@pytest.mark.parametrize("rules", [("source_wins", "target_wins"), ("target_wins", "source_wins")])
async def test_to_the_same_address_is_no_conflict(shop: Shop, rules: tuple[str, str]) -> None:
    flows = await joined(shop, *rules)
    contacts = {member.contact_id for member in shop.audience.members.values()}
    written, mails = (booked(shop), shop.written()), len(shop.mailchimp.mails.sent)
    await edited(shop, flows, same=True)

    assert [(at_the_till(person),) * 2 for person in PEOPLE] == addresses(shop)
    assert contacts == {member.contact_id for member in shop.audience.members.values()}
    assert written == (booked(shop), shop.written())
    assert mails == len(shop.mailchimp.mails.sent)
    await silent(shop)


@pytest.mark.parametrize(
    ("forth", "back", "winners"),
    [
        ("source_wins", "target_wins", ("till", "till")),
        ("target_wins", "source_wins", ("audience", "audience")),
        ("newest", "newest", ("audience", "till")),
        ("target_wins", "target_wins", ("both", "both")),
    ],
)
async def test_to_two_addresses_the_rules_decide_whichever_flow_comes_first(
    shop: Shop, forth: str, back: str, winners: tuple[str, str]
) -> None:
    flows = await joined(shop, forth, back)
    contacts = {member.contact_id for member in shop.audience.members.values()}
    mails = len(shop.mailchimp.mails.sent)
    await edited(shop, flows, same=False)

    assert [each for _, each in by_the_rules(winners)] == addresses(shop)
    assert contacts == {member.contact_id for member in shop.audience.members.values()}
    assert mails == len(shop.mailchimp.mails.sent)
    await told_of_both(shop)
    await silent(shop)


@pytest.mark.parametrize(
    ("forth", "back", "winners"),
    [
        ("source_wins", "target_wins", ("till", "till")),
        ("target_wins", "source_wins", ("audience", "audience")),
        ("newest", "newest", ("audience", "till")),
        ("target_wins", "target_wins", ("both", "both")),
        ("source_wins", "source_wins", ("audience", "till")),
    ],
)
async def test_where_a_change_makes_new_contacts_the_rules_decide_as_well(
    shop: Shop, forth: str, back: str, winners: tuple[str, str]
) -> None:
    """Only where the till's address wins the contact that moved is put away, and a new one made."""
    flows = await joined(shop, forth, back, on_email_change="new")
    contacts = {person: shop.audience.member(before(person)).contact_id for person in PEOPLE}
    mails = len(shop.mailchimp.mails.sent)
    await edited(shop, flows, same=False)

    ruled = by_the_rules(winners)
    expected = [each for _, each in ruled]
    kept = {
        at_mailchimp(person): contacts[person]
        for person, (winner, _) in zip(PEOPLE, ruled, strict=True)
        if winner != "till"
    }
    standing = {each.email: each for each in shop.audience.members.values() if each.status != "archived"}
    assert [till for till, _ in expected] == [held["email"] for held in relations(shop).values()]
    assert {there for _, there in expected} == standing.keys()
    assert {"subscribed"} == {member.status for member in standing.values()}
    assert kept == {email: standing[email].contact_id for email in kept}
    made = len(PEOPLE) - len(kept)
    assert (len(PEOPLE) + made, mails + made) == (len(shop.audience.members), len(shop.mailchimp.mails.sent))
    await told_of_both(shop)
    await silent(shop)


async def test_a_second_change_at_mailchimp_is_no_conflict_with_the_echo_of_the_first(shop: Shop) -> None:
    """The till says only what the flow into it wrote there: whoever moved on since stays the same contact."""
    out, into = await joined(shop, "source_wins", "target_wins", on_email_change="new")
    contact = shop.audience.member(before(1)).contact_id
    shop.life.change_address(before(1), at_mailchimp(1))
    shop.clock.advance(31)
    await shop.poll()
    await run_batch(await shop.worker.routes.route(into), only=contact)
    assert at_mailchimp(1) == relations(shop)[1]["email"]
    shop.clock.advance(5)
    shop.life.change_address(at_mailchimp(1), "p1.later@klant-voorbeeld.nl")
    await shop.poll()
    await run_batch(await shop.worker.routes.route(out), only="1")
    await later(shop, 3)

    assert ("p1.later@klant-voorbeeld.nl", len(PEOPLE)) == (
        relations(shop)[1]["email"],
        len(shop.audience.members),
    )
    assert contact == shop.audience.member("p1.later@klant-voorbeeld.nl").contact_id
    assert [] == [text for row in await shop.attempts() for text in row["warnings"] if "conflict:" in text]
    await silent(shop)


@pytest.mark.parametrize("how", ["move", "new"])
async def test_after_a_lost_answer_an_address_that_nobody_touched_there_is_no_conflict(
    shop: Shop, how: str
) -> None:
    """What stood there before is forgotten, but the contact still has the very address that it was known by."""
    out, _ = await joined(shop, "target_wins", "source_wins", on_email_change=how)
    shop.till.relations.edit(1, mobile="06-12345678")
    shop.mailchimp.faults.fail_next(kind="reset_after", operation="member.patch")
    shop.clock.advance(31)
    await shop.poll()
    await shop.worker.batch(out)
    shop.till.relations.edit(1, email=at_the_till(1))
    await later(shop, 5)

    assert at_the_till(1) == relations(shop)[1]["email"]
    assert "subscribed" == shop.statuses()[at_the_till(1)]
    assert how == ("move" if len(PEOPLE) == len(shop.audience.members) else "new")
    await silent(shop)


async def test_where_both_stay_the_next_change_goes_across(shop: Shop) -> None:
    flows = await joined(shop, "target_wins", "target_wins")
    await edited(shop, flows, same=False)
    shop.till.relations.edit(1, mobile="06-12345678")
    await later(shop, 2)
    shop.till.relations.edit(1, email="p1.later@klant-voorbeeld.nl")
    shop.life.change_address(at_mailchimp(2), "p2.later@klant-voorbeeld.nl")
    await later(shop, 3)

    assert [(f"p{person}.later@klant-voorbeeld.nl",) * 2 for person in (1, 2)] == addresses(shop)[:2]
    await silent(shop)


@pytest.mark.parametrize("also_in_the_till", [False, True], ids=["at Mailchimp", "the same on both sides"])
async def test_who_moved_there_is_not_made_anew_where_an_address_change_makes_new_contacts(
    shop: Shop, also_in_the_till: bool
) -> None:
    """The contact stands under the new address already: it stays, and is neither put away nor asked for without end."""
    await joined(shop, "source_wins", "target_wins", on_email_change="new")
    contact = shop.audience.member(before(1)).contact_id
    shop.life.change_address(before(1), at_mailchimp(1))
    if also_in_the_till:
        shop.till.relations.edit(1, email=at_mailchimp(1))
    mails = len(shop.mailchimp.mails.sent)
    await later(shop, 3)

    assert (at_mailchimp(1),) * 2 == next(each for each in addresses(shop) if at_mailchimp(1) in each)
    assert contact == shop.audience.member(at_mailchimp(1)).contact_id
    assert mails == len(shop.mailchimp.mails.sent)
    await silent(shop)


@pytest.mark.parametrize(
    ("forth", "back", "winner"),
    [("source_wins", "target_wins", at_the_till), ("target_wins", "source_wins", at_mailchimp)],
)
async def test_who_moves_again_at_mailchimp_before_it_was_looked_at_there_ends_under_one_address(
    shop: Shop, forth: str, back: str, winner: Callable[[int], str]
) -> None:
    await joined(shop, forth, back)
    shop.till.relations.edit(1, email=at_the_till(1))
    shop.clock.advance(5)
    await shop.rest()  # it went across, and nobody looked at Mailchimp since
    shop.life.change_address(at_the_till(1), at_mailchimp(1))
    await later(shop, 4)

    assert [(winner(1),) * 2] == [pair for pair in addresses(shop) if pair[0] == relations(shop)[1]["email"]]
    await silent(shop)
