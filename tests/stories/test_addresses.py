"""Addresses are what people are known by: they change, are swapped, shared, missing and wrong."""

from __future__ import annotations

import pytest

from app.sandbox.faults import FaultKind
from tests.shop import CONSENT, Shop

A, B, C = "a@klant-voorbeeld.nl", "b@klant-voorbeeld.nl", "c@klant-voorbeeld.nl"


def people(**by_letter: str) -> dict[str, dict[str, str]]:
    """``people(a="Noor", b="Jan")``: who stands at which address, on receipts only."""
    return {
        f"{letter}@klant-voorbeeld.nl": {"status": "transactional", "FNAME": name}
        for letter, name in by_letter.items()
    }


def archived(**by_letter: str) -> dict[str, dict[str, str]]:
    return {email: held | {"status": "archived"} for email, held in people(**by_letter).items()}


# --- changes ------------------------------------------------------------------------------------------------------


async def test_who_gets_another_address_stays_the_same_contact(shop: Shop) -> None:
    await shop.flow("customers")
    shop.till.relations.add(name="Noor", email=A)
    await shop.rest()
    contact = shop.audience.member(A).contact_id
    shop.till.relations.edit(1, email=B)
    await shop.rest()

    assert people(b="Noor") == shop.content()
    assert contact == shop.audience.member(B).contact_id
    assert ["address_changed: old orders stay with the old store customer"] == (await shop.attempts())[-1][
        "warnings"
    ]

    await shop.again()


async def test_or_becomes_a_new_contact_where_the_shop_wants_that(shop: Shop) -> None:
    await shop.flow("customers", {"on_email_change": "new"})
    shop.till.relations.add(name="Noor", email=A)
    await shop.rest()
    shop.till.relations.edit(1, email=B)
    await shop.rest()

    assert archived(a="Noor") | people(b="Noor") == shop.content()

    await shop.again()


async def test_there_and_back_again(shop: Shop) -> None:
    await shop.flow("customers")
    shop.till.relations.add(name="Noor", email=A)
    await shop.rest()
    contact = shop.audience.member(A).contact_id
    for email in (B, C, A):
        shop.till.relations.edit(1, email=email)
        await shop.rest()

    assert people(a="Noor") == shop.content()
    assert contact == shop.audience.member(A).contact_id

    await shop.again()


async def test_to_an_address_that_the_merchant_has_already(shop: Shop) -> None:
    await shop.flow("customers")
    shop.till.relations.add(name="Noor", email=A)
    await shop.rest()
    shop.life.add(B, status="transactional", merge_fields={"FNAME": "N."})
    shop.till.relations.edit(1, email=B)
    await shop.rest()

    assert archived(a="Noor") | people(b="Noor") == shop.content()

    await shop.again()


async def test_to_an_address_that_the_merchant_archived(shop: Shop) -> None:
    """Whom the merchant put away stays away, and nobody is mailed any more at an address that was left."""
    await shop.flow("customers")
    shop.till.relations.add(name="Noor", email=A)
    await shop.rest()
    shop.life.add(B, status="subscribed", merge_fields={"FNAME": "N."})
    shop.life.archive(B)
    shop.till.relations.edit(1, email=B)
    await shop.rest()

    assert archived(a="Noor", b="N.") == shop.content()

    await shop.again()


async def test_to_an_address_that_we_archived_for_somebody_else(shop: Shop) -> None:
    """An inactive relation's old contact is taken over with the address, and never subscribed by that."""
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(name="Jan", email=B)
    shop.till.relations.consent(1, given=True)
    shop.till.relations.add(name="Noor", email=A)
    await shop.rest()
    shop.till.relations.edit(1, active=False)
    await shop.rest()
    shop.till.relations.edit(2, email=B)
    await shop.rest()

    assert archived(a="Noor") | people(b="Noor") == shop.content()

    await shop.again()


async def test_who_unsubscribed_is_not_subscribed_under_another_address(shop: Shop) -> None:
    for chosen in ("move", "new"):
        flow_id = (
            await shop.flow("customers", CONSENT | {"on_email_change": chosen})
            if not shop.flow_ids
            else shop.flow_ids[0]
        )
        await shop.configure(flow_id, settings=CONSENT | {"on_email_change": chosen})
        number = shop.till.relations.add(name="Noor", email=f"{chosen}@klant-voorbeeld.nl")["relationNumber"]
        shop.till.relations.consent(number, given=True)
        await shop.rest()
        shop.life.unsubscribe(f"{chosen}@klant-voorbeeld.nl")
        shop.till.relations.edit(number, email=f"{chosen}2@klant-voorbeeld.nl")
        await shop.rest()

    assert "subscribed" not in shop.statuses().values()


async def test_a_relation_whose_address_is_removed_is_put_away_and_comes_back_with_it(shop: Shop) -> None:
    await shop.flow("customers")
    shop.till.relations.add(name="Noor", email=A)
    await shop.rest()
    shop.till.relations.edit(1, email="")
    await shop.rest()

    assert archived(a="Noor") == shop.content()

    shop.till.relations.edit(1, email=A)
    await shop.rest()

    assert people(a="Noor") == shop.content()

    await shop.again()


# --- one address, several people ---------------------------------------------------------------------------------


async def test_two_who_swap_their_addresses(shop: Shop) -> None:
    await shop.flow("customers")
    shop.till.relations.add(name="Noor", email=A)
    shop.till.relations.add(name="Jan", email=B)
    await shop.rest()
    shop.till.relations.edit(1, email=B)
    shop.till.relations.edit(2, email=A)
    await shop.rest()

    assert people(a="Jan", b="Noor") == shop.content()

    await shop.again()


async def test_three_in_a_ring(shop: Shop) -> None:
    await shop.flow("customers")
    for name, email in (("Noor", A), ("Jan", B), ("Tess", C)):
        shop.till.relations.add(name=name, email=email)
    await shop.rest()
    for number, email in ((1, B), (2, C), (3, A)):
        shop.till.relations.edit(number, email=email)
    await shop.rest()

    assert people(a="Tess", b="Noor", c="Jan") == shop.content()

    await shop.again()


async def test_of_newcomers_with_one_address_the_lowest_number_has_it(shop: Shop) -> None:
    await shop.flow("customers")
    for name in ("Noor", "Jan", "Tess"):
        shop.till.relations.add(name=name, email=A)
    await shop.rest()

    assert people(a="Noor") == shop.content()
    assert {
        "1": ("delivered", None),
        "2": ("skipped", "key_shared"),
        "3": ("skipped", "key_shared"),
    } == await shop.outcomes()
    assert (
        "Its key belongs to customer 1 already; this one is next when it becomes free."
        == (await shop.attempts())[-1]["reason"]
    )

    await shop.again()


async def test_who_has_it_keeps_it_also_from_a_lower_number(shop: Shop) -> None:
    await shop.flow("customers")
    shop.till.relations.add(name="Noor", email=B)
    shop.till.relations.add(name="Jan", email=A)
    await shop.rest()
    shop.till.relations.edit(1, email=A)
    await shop.rest()

    assert people(a="Jan") | archived(b="Noor") == shop.content()

    await shop.again()


@pytest.mark.parametrize(
    "leaves", [{"email": C}, {"email": ""}, {"active": False}], ids=["another address", "none", "inactive"]
)
async def test_a_shared_address_that_becomes_free_goes_to_the_next(
    shop: Shop, leaves: dict[str, object]
) -> None:
    await shop.flow("customers")
    shop.till.relations.add(name="Noor", email=A)
    shop.till.relations.add(name="Jan", email=A)
    await shop.rest()
    shop.till.relations.edit(1, **leaves)
    await shop.rest()

    elsewhere = people(c="Noor") if leaves.get("email") else {}

    assert people(a="Jan") | elsewhere == shop.content()

    await shop.again()


# --- no address, and none that can be one ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("", "email_missing"),
        ("jan@", "email_invalid"),
        ("jan at klant-voorbeeld.nl", "email_invalid"),
        ("jan@klant-voorbeeld,nl", "email_invalid"),
        ("jan@example.com", "address_looks_fake"),
    ],
)
async def test_what_cannot_be_written_to_is_skipped_with_its_reason(
    shop: Shop, email: str, code: str
) -> None:
    await shop.flow("customers")
    shop.till.relations.add(name="Jan", email=email)
    await shop.rest()

    assert {} == shop.content()
    assert {"1": ("skipped", code)} == await shop.outcomes()

    await shop.again()


# --- answers that are lost ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["reset_after", "reset_before"], ids=["it was done", "it was not"])
async def test_a_new_address_corrected_before_anybody_knows_leaves_nothing_behind(
    shop: Shop, kind: FaultKind
) -> None:
    await shop.flow("customers")
    shop.mailchimp.faults.fail_next(kind=kind, operation="member.put")
    shop.till.relations.add(name="Noor", email=A)
    await shop.poll()
    await shop.deliver()
    shop.till.relations.edit(1, email=B)
    await shop.rest()

    assert (archived(a="Noor") if kind == "reset_after" else {}) | people(b="Noor") == shop.content()

    await shop.again()


async def test_also_when_it_is_done_late(shop: Shop) -> None:
    await shop.flow("customers")
    shop.mailchimp.faults.fail_next(kind="late", operation="member.put")
    shop.till.relations.add(name="Noor", email=A)
    await shop.poll()
    await shop.deliver()
    await shop.mailchimp.door.land()
    shop.till.relations.edit(1, email=B)
    await shop.rest()

    assert archived(a="Noor") | people(b="Noor") == shop.content()

    await shop.again()


@pytest.mark.parametrize("kind", ["reset_after", "reset_before"], ids=["it was done", "it was not"])
async def test_an_address_that_changes_twice_with_the_first_answer_lost(shop: Shop, kind: FaultKind) -> None:
    await shop.flow("customers")
    shop.till.relations.add(name="Noor", email=A)
    await shop.rest()
    contact = shop.audience.member(A).contact_id
    shop.mailchimp.faults.fail_next(kind=kind, operation="member.patch")
    shop.till.relations.edit(1, email=B)
    await shop.poll()
    await shop.deliver()
    shop.till.relations.edit(1, email=C)
    await shop.rest()

    assert people(c="Noor") == shop.content()
    assert contact == shop.audience.member(C).contact_id

    await shop.again()


async def test_inactive_before_anybody_knows_that_it_was_made(shop: Shop) -> None:
    await shop.flow("customers")
    shop.mailchimp.faults.fail_next(kind="reset_after", operation="member.put")
    shop.till.relations.add(name="Noor", email=A)
    await shop.poll()
    await shop.deliver()
    shop.till.relations.edit(1, active=False)
    await shop.rest()

    assert archived(a="Noor") == shop.content()

    await shop.again()


async def test_what_may_have_been_left_behind_is_not_taken_from_who_has_it_now(shop: Shop) -> None:
    await shop.flow("customers")
    shop.mailchimp.faults.fail_next(kind="reset_after", operation="member.put")
    shop.till.relations.add(name="Noor", email=A)
    await shop.poll()
    await shop.deliver()
    shop.till.relations.edit(1, email=B)
    shop.till.relations.add(name="Jan", email=A)
    await shop.rest()

    assert people(a="Jan", b="Noor") == shop.content()

    await shop.again()
