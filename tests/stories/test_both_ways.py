"""Both directions on: one edit is exactly one write, and then silence (features T9)."""

from __future__ import annotations

from datetime import date

import pytest

from app.connectors.mplus.rows import CONTACTS_IN
from tests.shop import Shop
from tests.stories.bothways import booked, both, relations, silent

NOOR, NEW = "noor@klant-voorbeeld.nl", "n.devisser@klant-voorbeeld.nl"
RELATION = {
    "name": "Visser, Noor de",
    "email": "Noor@Klant-Voorbeeld.nl",
    "telephone": "030-1234567",
    "mobile": "06-12345678",
    "address": "Dorpsstraat 12a",
    "zipcode": "3511AB",
    "city": "Utrecht",
    "country": "Nederland",
}


async def joined(shop: Shop, **settings: dict[str, str]) -> None:
    """One person at both sides, linked and at rest, subscribed by a consent that the till recorded."""
    shop.till.relations.add(**RELATION)
    shop.till.relations.consent(1, given=True, on=date(2026, 2, 14))
    await both(shop, **settings)
    for _ in range(3):
        shop.clock.advance(31)
        await shop.rest()
    await silent(shop, cycles=2)


def writes(shop: Shop) -> int:
    """How much was written at either side so far."""
    return len(booked(shop)) + len(shop.written())


async def settle(shop: Shop) -> None:
    """Time for both flows to notice, and to notice what the other one wrote."""
    for _ in range(4):
        shop.clock.advance(31)
        await shop.rest()


async def test_a_link_writes_nothing_into_the_till(shop: Shop) -> None:
    """What the till spells in its own way stays so: names, numbers, addresses, countries."""
    await joined(shop)

    assert {1: RELATION | {"consent": "yes 2026-02-14"}} == relations(shop)
    assert (["member.put"], []) == (shop.written(), booked(shop))

    await silent(shop)


@pytest.mark.parametrize(
    "edit",
    [
        {"name": "Visser, Eleonora de"},
        {"mobile": "06-87654321"},
        {"address": "Kerkstraat 3", "zipcode": "3511 CD"},
        {"email": NEW},
    ],
    ids=["name", "number", "address", "e-mail"],
)
async def test_one_edit_in_the_till_is_one_write(shop: Shop, edit: dict[str, str]) -> None:
    await joined(shop)
    before = writes(shop)
    shop.till.relations.edit(1, **edit)
    await settle(shop)

    assert before + 1 == writes(shop)
    assert {1: RELATION | {"consent": "yes 2026-02-14"} | edit} == relations(shop)

    await silent(shop)


@pytest.mark.parametrize(
    ("edit", "becomes"),
    [
        ({"FNAME": "Eleonora"}, {"name": "Eleonora de Visser"}),
        ({"PHONE": "+31687654321"}, {"mobile": "+31687654321"}),
        (
            {
                "ADDRESS": {
                    "addr1": "Kerkstraat 3",
                    "city": "Utrecht",
                    "state": "-",
                    "zip": "3511 CD",
                    "country": "NL",
                }
            },
            {"address": "Kerkstraat 3", "zipcode": "3511 CD"},
        ),
    ],
    ids=["name", "number", "address"],
)
async def test_one_edit_at_mailchimp_is_one_write(
    shop: Shop, edit: dict[str, object], becomes: dict[str, str]
) -> None:
    await joined(shop)
    before = writes(shop)
    shop.life.edit(NOOR, merge_fields=edit)
    await settle(shop)

    assert before + 1 == writes(shop)
    assert {1: RELATION | {"consent": "yes 2026-02-14"} | becomes} == relations(shop)

    await silent(shop)


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("06-87654321", "+31687654321"),
        ("0032 470 12 34 56", "+32470123456"),
        ("bel na zessen", "bel na zessen"),
    ],
)
async def test_a_number_as_people_type_it_at_mailchimp_is_one_write(
    shop: Shop, typed: str, becomes: str
) -> None:
    """The till gets it in international form; that this differs from what the person typed is no news for Mailchimp."""
    await joined(shop)
    before = writes(shop)
    shop.life.edit(NOOR, merge_fields={"PHONE": typed})
    await settle(shop)

    assert before + 1 == writes(shop)
    assert (becomes, typed) == (relations(shop)[1]["mobile"], shop.content()[NOOR]["PHONE"])

    await silent(shop)


async def test_an_address_change_at_mailchimp_is_one_write(shop: Shop) -> None:
    await joined(shop)
    before, contact = writes(shop), shop.audience.member(NOOR).contact_id
    shop.life.change_address(NOOR, NEW)
    await settle(shop)

    assert before + 1 == writes(shop)
    assert {1: RELATION | {"email": NEW, "consent": "yes 2026-02-14"}} == relations(shop)
    assert contact == shop.audience.member(NEW).contact_id

    await silent(shop)


async def test_an_unsubscribe_is_one_write_and_stays(shop: Shop) -> None:
    await joined(shop)
    before = writes(shop)
    shop.clock.advance(3 * 86_400)
    shop.life.unsubscribe(NOOR)
    await settle(shop)

    assert before + 1 == writes(shop)
    assert "no 2026-03-05" == relations(shop)[1]["consent"]
    assert {NOOR: "unsubscribed"} == shop.statuses()

    await silent(shop)

    shop.till.relations.consent(1, given=True)
    await settle(shop)

    assert {NOOR: "unsubscribed"} == shop.statuses()


@pytest.mark.parametrize("before", ["unsubscribed", "transactional"])
async def test_a_withdrawal_counts_though_the_yes_before_it_was_only_mailchimps(
    shop: Shop, before: str
) -> None:
    """She signs up again, the till learns of it, and at once she says no at the counter: the flow out of the till never saw
    the yes that it is to take back."""
    shop.till.relations.add(**RELATION)
    await both(shop)
    shop.life.add(NOOR, status="subscribed" if before == "unsubscribed" else before)
    await settle(shop)
    if before == "unsubscribed":
        shop.life.unsubscribe(NOOR)
        await settle(shop)
    shop.life.sign_up(NOOR)
    shop.clock.advance(31)
    await shop.rest()
    assert relations(shop)[1]["consent"].startswith("yes")
    shop.till.relations.consent(1, given=False, on=date(2026, 3, 3))
    written = shop.written()
    await settle(shop)

    assert ({NOOR: "unsubscribed"}, "no 2026-03-03") == (shop.statuses(), relations(shop)[1]["consent"])
    assert [*written, "member.patch"] == shop.written()

    await silent(shop)

    shop.life.sign_up(NOOR)
    await settle(shop)

    assert {NOOR: "subscribed"} == shop.statuses()

    await silent(shop)


async def test_a_withdrawal_in_the_till_is_one_write(shop: Shop) -> None:
    await joined(shop)
    before = writes(shop)
    shop.till.relations.consent(1, given=False, on=date(2026, 3, 1))
    await settle(shop)

    assert before + 1 == writes(shop)
    assert ("no 2026-03-01", {NOOR: "unsubscribed"}) == (relations(shop)[1]["consent"], shop.statuses())

    await silent(shop)


async def test_a_sign_up_becomes_a_relation_and_no_second_contact(shop: Shop) -> None:
    await both(shop, back={"create_relations": True})
    shop.life.sign_up(NOOR, merge_fields={"FNAME": "Noor", "LNAME": "de Visser"})
    await settle(shop)

    assert {1: {"name": "Noor de Visser", "email": NOOR, "consent": "yes 2026-03-02"}} == relations(shop)
    assert (["createRelation"], []) == (booked(shop), shop.written())
    assert {NOOR: "subscribed"} == shop.statuses()

    await silent(shop)


async def test_edits_of_different_fields_at_the_same_time_both_arrive(shop: Shop) -> None:
    await joined(shop)
    before = writes(shop)
    shop.till.relations.edit(1, mobile="06-87654321")
    shop.life.edit(NOOR, merge_fields={"FNAME": "Eleonora"})
    await settle(shop)

    assert before + 2 == writes(shop)
    assert ("Eleonora de Visser", "06-87654321") == (
        relations(shop)[1]["name"],
        relations(shop)[1]["mobile"],
    )
    assert ("Eleonora", "+31687654321") == (shop.content()[NOOR]["FNAME"], shop.content()[NOOR]["PHONE"])

    await silent(shop)


async def test_a_contact_of_a_company_is_the_companys(shop: Shop) -> None:
    shop.till.relations.add(
        name="Bakkerij Jansen",
        companyName="Bakkerij Jansen",
        email="info@bakker-voorbeeld.nl",
        contactList=[{"relationNumber": 51, "name": "Noor Visser", "email": NOOR}],
    )
    await both(shop, back={"create_relations": True})
    await settle(shop)
    shop.life.edit(NOOR, merge_fields={"FNAME": "Eleonora"})
    await settle(shop)

    assert [1] == [*relations(shop)]
    assert [] == booked(shop)

    await silent(shop)


# --- conflicts (features T10) -------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["till", "mailchimp"])
@pytest.mark.parametrize(
    ("till_to_list", "list_to_till", "winner"),
    [
        ("source_wins", "target_wins", "till"),
        ("target_wins", "source_wins", "mailchimp"),
        ("newest", "newest", "last"),
    ],
)
async def test_the_same_field_edited_on_both_sides(
    shop: Shop, till_to_list: str, list_to_till: str, winner: str, first: str
) -> None:
    await joined(shop, customers={"on_conflict": till_to_list}, back={"on_conflict": list_to_till})

    def at_the_till() -> None:
        shop.till.relations.edit(1, name="Till de Visser")

    def at_mailchimp() -> None:
        shop.life.edit(NOOR, merge_fields={"FNAME": "Chimp"})

    edits = [at_the_till, at_mailchimp] if first == "till" else [at_mailchimp, at_the_till]
    edits[0]()
    shop.clock.advance(5)
    edits[1]()
    await settle(shop)

    last = "mailchimp" if first == "till" else "till"
    name = "Chimp" if (last if winner == "last" else winner) == "mailchimp" else "Till"

    assert (f"{name} de Visser", name) == (relations(shop)[1]["name"], shop.content()[NOOR]["FNAME"])
    told = [
        warning
        for row in await shop.attempts()
        for warning in row["warnings"]
        if warning.startswith("conflict")
    ]
    assert told
    assert all("was edited on both sides" in warning and "2026-03-02T" in warning for warning in told)
    assert not any("Visser" in warning or "Chimp" in warning for warning in told)

    await silent(shop)


async def test_a_row_may_say_otherwise_for_its_field(shop: Shop) -> None:
    shop.till.relations.add(**RELATION)
    one, back = await both(shop, back={"on_conflict": "target_wins"})
    rows = [{"target": row[0], "expression": row[1]} for row in CONTACTS_IN]
    for row in rows:
        if row["target"] == "phoneNumber":
            row["mode"] = "source_wins"
    await shop.configure(back, mapping={"leg2": rows})
    await settle(shop)
    shop.till.relations.edit(1, mobile="06-11111111", name="Till de Visser")
    shop.clock.advance(5)
    shop.life.edit(NOOR, merge_fields={"PHONE": "+31687654321", "FNAME": "Chimp"})
    # Of the number both flows say that they overwrite, so the later edit goes across; of the name only one does.
    await shop.change_flow(one, state="paused")
    await settle(shop)

    assert ("Till de Visser", "+31687654321") == (relations(shop)[1]["name"], relations(shop)[1]["mobile"])


async def test_only_fill_what_is_empty(shop: Shop) -> None:
    await joined(shop, back={"on_conflict": "if_empty"})
    shop.till.relations.edit(1, mobile="", telephone="")
    await settle(shop)
    shop.clock.advance(60)
    shop.life.edit(NOOR, merge_fields={"PHONE": "+31687654321"})
    await settle(shop)

    assert "+31687654321" == relations(shop)[1]["mobile"]

    await silent(shop)
