"""Who becomes whom: companies with contacts, shared and changed addresses, names, inactive relations."""

from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.mplus.cards import BUSINESS, PRIVATE, RELATION_FIELDS, SALUTATION, VIP, custom_field
from tests.shop import CONSENT, LIST_ID, Shop
from tests.stories.counter import sell, sold, stocked
from tests.stories.test_polls import add

OTHER_LIST = "b2c3d4e5f6"


def _salutation(said: str) -> dict[str, Any]:
    return {"customFieldList": [custom_field(RELATION_FIELDS, SALUTATION, said)]}


async def test_a_company_with_three_contacts_is_three_members_and_one_company(shop: Shop) -> None:
    await shop.flow("customers", CONSENT | {"contacts": "contacts"})
    shop.audience.open_field("COMPANY", name="Company", type="text")
    shop.till.relations.add(
        name="Bakkerij Jansen B.V.",
        companyName="Bakkerij Jansen B.V.",
        email="info@bakkerij-voorbeeld.nl",
        contactList=[
            {"name": f"{name} Jansen", "email": f"{name.lower()}@bakkerij-voorbeeld.nl"}
            for name in ("Anna", "Bram", "Cees")
        ],
    )
    await shop.rest()

    assert {
        f"{name.lower()}@bakkerij-voorbeeld.nl": {
            "status": "transactional",
            "COMPANY": "Bakkerij Jansen B.V.",
            "FNAME": name,
            "LNAME": "Jansen",
        }
        for name in ("Anna", "Bram", "Cees")
    } == shop.content()
    assert 3 == len(shop.written())
    await shop.again()


async def test_three_changed_contacts_of_one_company_are_one_pass_each(shop: Shop) -> None:
    await shop.flow("customers", CONSENT)
    contacts = [
        {"name": f"{name} Jansen", "email": f"{name.lower()}@bakkerij-voorbeeld.nl"}
        for name in ("Anna", "Bram", "Cees")
    ]
    row = shop.till.relations.add(
        name="Bakkerij Jansen",
        companyName="Bakkerij Jansen",
        email="info@bakkerij-voorbeeld.nl",
        contactList=contacts,
    )
    await shop.rest()
    before = len(shop.written())
    shop.clock.advance(60)
    for round_ in range(3):
        changed = [
            contact | {"name": contact["name"].replace("Jansen", f"de Boer{round_}")} for contact in contacts
        ]
        shop.till.relations.edit(row["relationNumber"], contactList=changed)
    await shop.rest()

    assert 3 == len(shop.written()) - before


async def test_the_lowest_number_keeps_a_shared_address_and_the_next_gets_it_when_it_is_free(
    shop: Shop,
) -> None:
    await shop.flow("customers", CONSENT)
    first = shop.till.relations.add(name="Anna Visser", email="samen@klant-voorbeeld.nl")["relationNumber"]
    second = shop.till.relations.add(name="Bram Visser", email="Samen@klant-voorbeeld.nl")["relationNumber"]
    await shop.rest()

    assert "Anna" == shop.content()["samen@klant-voorbeeld.nl"]["FNAME"]
    assert ("skipped", "key_shared") == (await shop.outcomes())[str(second)]

    shop.clock.advance(60)
    shop.till.relations.edit(first, email="anna@klant-voorbeeld.nl")
    await shop.rest()

    assert {"anna@klant-voorbeeld.nl": "Anna", "samen@klant-voorbeeld.nl": "Bram"} == {
        email: held["FNAME"] for email, held in shop.content().items()
    }


async def test_an_address_change_moves_the_member(shop: Shop) -> None:
    await shop.flow("customers", CONSENT)
    number = add(shop, "Anna")
    await shop.rest()
    contact = shop.audience.member("anna@klant-voorbeeld.nl").contact_id
    shop.clock.advance(60)
    shop.till.relations.edit(number, email="nieuw@klant-voorbeeld.nl")
    await shop.rest()

    assert {"nieuw@klant-voorbeeld.nl": "transactional"} == shop.statuses()
    assert contact == shop.audience.member("nieuw@klant-voorbeeld.nl").contact_id
    await shop.again()


async def test_two_who_swap_their_addresses_both_arrive(shop: Shop) -> None:
    await shop.flow("customers", CONSENT)
    one, other = add(shop, "Anna"), add(shop, "Bram")
    await shop.rest()
    shop.clock.advance(60)
    shop.till.relations.edit(one, email="bram@klant-voorbeeld.nl")
    shop.till.relations.edit(other, email="anna@klant-voorbeeld.nl")
    await shop.rest()

    assert {"anna@klant-voorbeeld.nl": "Bram", "bram@klant-voorbeeld.nl": "Anna"} == {
        email: held["FNAME"] for email, held in shop.content().items()
    }


@pytest.mark.parametrize(
    ("email", "code"),
    [("", "email_missing"), ("jan@", "email_invalid"), ("test@example.com", "address_looks_fake")],
)
async def test_whoever_cannot_be_written_to_is_skipped_with_the_reason(
    shop: Shop, email: str, code: str
) -> None:
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(name="Jan Jansen", email=email)
    await shop.rest()

    assert {"1": ("skipped", code)} == await shop.outcomes()
    assert {} == shop.content()


@pytest.mark.parametrize(("update", "last_name"), [(True, "de Boer"), (False, "Visser")])
async def test_updates_can_be_switched_off(shop: Shop, update: bool, last_name: str) -> None:
    await shop.flow("customers", CONSENT | {"update_existing": update})
    number = add(shop, "Anna")
    await shop.rest()
    shop.clock.advance(60)
    shop.till.relations.edit(number, name="Anna de Boer")
    await shop.rest()

    assert last_name == shop.content()["anna@klant-voorbeeld.nl"]["LNAME"]


@pytest.mark.parametrize(
    ("setting", "statuses"),
    [
        ("archive", {"anna@klant-voorbeeld.nl": "archived"}),
        ("leave", {"anna@klant-voorbeeld.nl": "transactional"}),
        ("delete_permanently", {}),
    ],
)
async def test_a_relation_that_becomes_inactive(shop: Shop, setting: str, statuses: dict[str, str]) -> None:
    await shop.flow("customers", CONSENT | {"on_inactive": setting})
    number = add(shop, "Anna")
    await shop.rest()
    shop.clock.advance(60)
    shop.till.relations.edit(number, active=False)
    await shop.rest()

    assert statuses == shop.statuses()


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Jan van den Berg", "Jan", "van den Berg"),
        ("Berg, J. van den", "J.", "van den Berg"),
        ("Visser", "Visser", None),
    ],
)
async def test_one_name_becomes_two_in_the_dutch_way(
    shop: Shop, name: str, first: str, last: str | None
) -> None:
    await shop.flow("customers", CONSENT)
    shop.till.relations.add(name=name, email="x@klant-voorbeeld.nl")
    await shop.rest()
    held = shop.content()["x@klant-voorbeeld.nl"]

    assert (first, last) == (held["FNAME"], held.get("LNAME"))


@pytest.mark.parametrize(
    ("told", "here", "there"),
    [
        ({"field": "billing.country", "is": "equals"}, ("NL", {"country": "Nederland"}), ("BE", {"country": "België"})),
        ({"field": "categories", "is": "contains"}, (str(PRIVATE), {"categoryIds": [PRIVATE]}), (str(BUSINESS), {"categoryIds": [BUSINESS, VIP]})),
        ({"field": "custom.Aanhef", "is": "equals"}, ("Mevrouw", _salutation("Mevrouw")), ("Meneer", _salutation("Meneer"))),
    ],
    ids=["country", "category", "custom field"],
)  # fmt: skip
async def test_two_audiences_by_rule(
    shop: Shop,
    told: dict[str, str],
    here: tuple[str, dict[str, Any]],
    there: tuple[str, dict[str, Any]],
) -> None:
    """Each audience is a flow of its own with its filter."""
    other = await another_audience(shop)
    await shop.flow("customers", CONSENT, mapping=_only(told | {"value": here[0]}))
    await shop.flow("customers", CONSENT, mapping=_only(told | {"value": there[0]}), **other)
    for name, (_, fields) in (("Anna", here), ("Bram", there), ("Cees", (None, {}))):
        shop.till.relations.add(name=f"{name} Visser", email=f"{name.lower()}@klant-voorbeeld.nl", **fields)
    await shop.rest()

    assert ["anna@klant-voorbeeld.nl"] == list(shop.content())
    assert ["bram@klant-voorbeeld.nl"] == list(shop.content(OTHER_LIST))


async def test_sales_of_two_branches_go_to_two_audiences(shop: Shop) -> None:
    """Each sale goes to the store of its branch's audience, and brings its buyer there."""
    jan = stocked(shop)
    other = await another_audience(shop)
    for branch, more in (("1", {}), ("2", other)):
        await shop.flow("orders", mapping=_only({"field": "branch", "is": "equals", "value": branch}), **more)
    await shop.rest()
    sales = {}
    for branch in (1, 2):
        receipt = sell(shop, sold(10_001, 49.95), relation=jan)
        shop.till.receipts.cards.amend(receipt, financialBranchNumber=branch)
        sales[branch] = receipt
    await shop.rest()

    stores = shop.audience.account.stores.values()
    assert {LIST_ID: [f"receipt-{sales[1]}"], OTHER_LIST: [f"receipt-{sales[2]}"]} == {
        store.list_id: list(store.orders) for store in stores
    }


async def another_audience(shop: Shop) -> dict[str, str]:
    """A second audience of the account, connected: what a flow to it is given."""
    shop.audience.account.open_audience("The other", id=OTHER_LIST)
    target = await shop.audience_connection(OTHER_LIST)
    return {
        "integration_id": await shop.integration("The other", shop.till_id, target),
        "target": target,
    }


def _only(when: dict[str, str]) -> dict[str, Any]:
    return {"filters": [{"name": "Ours", "reason": "Another audience's", "when": when}]}


async def test_several_under_one_address_that_is_refused_are_each_tried_once(shop: Shop) -> None:
    """They take turns, since they want one key; whose turn is over does not wake itself."""
    for number in range(1, 6):
        shop.till.relations.add(name=f"Proef {number}", email="test@example.com")
    await shop.flow("customers", CONSENT)
    await shop.rest()

    tried = [row["source_ref"] for row in await shop.attempts() if row["code"] == "address_looks_fake"]
    assert ["1", "2", "3", "4", "5"] == sorted(tried)
