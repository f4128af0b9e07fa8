"""Loyalty: points by their own marker, the last purchase, and tags that follow from what was bought."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from app.connectors.mailchimp.customers import IN_ROWS
from app.connectors.mplus import loyalty
from app.connectors.mplus.loyalty import added_up
from app.flows.customers import CustomersSettings
from app.flows.mapping import legs_of
from app.worker import polling
from app.worker.polling import UNSETTLED_MS
from tests.shop import CONSENT, Shop
from tests.stories.bothways import both, silent
from tests.stories.counter import order, sell, sold, stocked

ROWS = ("merge_fields.POINTS", "merge_fields.BALANCE", "merge_fields.LASTBUY")
JAN = "jan@devries.nl"
SINCE = {"loyalty": True, "purchases_since": "2026-01-01"}
BOUGHT = {"name": "Klant", "count": 1}


async def loyal(shop: Shop, **settings: Any) -> tuple[int, str]:
    """Jan in the till, an audience with the three fields, and a customers flow that fills them."""
    jan = stocked(shop)
    shop.audience.open_field("POINTS", type="number")
    shop.audience.open_field("BALANCE", type="number")
    shop.audience.open_field("LASTBUY", type="date")
    flow = await shop.flow("customers", CONSENT | settings, mapping=switched_on())
    await shop.rest()
    return jan, flow


def switched_on() -> dict[str, Any]:
    """The shipped rows with those about loyalty on."""
    legs = legs_of({}, out_rows=(), in_rows=IN_ROWS)
    rows = [row.model_dump(mode="json", exclude_defaults=True) for row in legs.leg2]
    return {"leg2": [row | {"on": True} if row["target"] in ROWS else row for row in rows]}


def held(shop: Shop, *names: str) -> dict[str, Any]:
    return {name: value for name, value in shop.content()[JAN].items() if name in names}


async def test_points_move_by_their_own_marker_and_nothing_else_is_read(shop: Shop) -> None:
    jan, _ = await loyal(shop, loyalty=True)
    shop.clock.advance(UNSETTLED_MS / 1000 + 1)
    shop.till.relations.edit(jan, balance=1_250)
    await shop.rest()
    shop.clock.advance(UNSETTLED_MS / 1000 + 1)
    written = shop.written()
    shop.till.relations.add_points(jan, 25)
    await shop.rest()

    assert {"POINTS": 25, "BALANCE": 12.5} == held(shop, *[name.partition(".")[2] for name in ROWS])
    assert [*written, "member.patch"] == shop.written()

    shop.clock.advance(UNSETTLED_MS / 1000 + 1)
    await shop.rest()
    shop.clock.advance(UNSETTLED_MS / 1000 + 1)
    shop.till.log.clear()
    await shop.rest()
    assert ["getCurrentSyncMarkers"] == shop.asked()


async def test_off_by_default_nobody_asks_for_points_and_nothing_is_sent(shop: Shop) -> None:
    jan = stocked(shop)
    shop.audience.open_field("POINTS", type="number")
    await shop.flow("customers", CONSENT)
    await shop.rest()
    written = shop.written()
    shop.till.relations.add_points(jan, 25)
    sell(shop, sold(10_001, 49.95), relation=jan)
    await shop.rest()

    assert not {"getRelationPoints", "getReceipts", "getInvoices"} & set(shop.asked())
    assert (written, "POINTS" in shop.content()[JAN]) == (shop.written(), False)


async def test_the_last_purchase_and_tags_follow_what_is_bought(shop: Shop) -> None:
    tags = [
        {"name": "Vaste klant", "count": 2},
        {"name": "VIP", "total": "120"},
        {"name": "Kaas", "groups": ["99"]},
    ]
    jan, _ = await loyal(shop, **SINCE, purchase_tags=tags)
    assert {} == held(shop, "LASTBUY", "tags")
    shop.life.tag(JAN, "Eigen tag")
    sell(shop, sold(10_001, 49.95), relation=jan)
    await shop.rest()
    assert {"LASTBUY": "2026-03-02", "tags": ["Eigen tag"]} == held(shop, "LASTBUY", "tags")

    shop.clock.advance(86_400)
    receipt = sell(shop, sold(10_001, 49.95, 2), relation=jan)
    await shop.rest()
    assert {"LASTBUY": "2026-03-03", "tags": ["Eigen tag", "VIP", "Vaste klant"]} == held(
        shop, "LASTBUY", "tags"
    )

    shop.till.receipts.credit(shop.till.receipts.cards.rows[receipt], {})
    await shop.rest()
    assert ["Eigen tag", "Vaste klant"] == held(shop, "tags")["tags"]


async def test_purchases_of_a_company_are_not_said_of_its_contacts(shop: Shop) -> None:
    jan, _ = await loyal(shop, **SINCE, purchase_tags=[BOUGHT])
    shop.till.relations.edit(
        jan,
        companyName="De Vries BV",
        contactList=[{"name": "Noor Visser", "email": "noor@devries.nl"}],
    )
    shop.till.relations.add_points(jan, 25)
    sell(shop, sold(10_001, 49.95), relation=jan)
    await shop.rest()

    assert {"POINTS": 25, "LASTBUY": "2026-03-02", "tags": ["Klant"]} == held(
        shop, "POINTS", "LASTBUY", "tags"
    )
    assert {"status", "FNAME", "LNAME"} == shop.content()["noor@devries.nl"].keys() - {"COMPANY", "ADDRESS"}


async def test_purchases_are_those_of_the_relation_itself_since_the_day(shop: Shop) -> None:
    jan, _ = await loyal(shop, **SINCE, purchase_tags=[BOUGHT, {"name": "Vaste klant", "count": 2}])
    piet = shop.till.relations.add(name="Piet Bakker", email="piet@bakker-voorbeeld.nl")["relationNumber"]
    await shop.rest()
    with shop.till.back_then(datetime(2025, 12, 31, 12, tzinfo=UTC)):
        sell(shop, sold(10_001, 49.95), relation=jan)
    sell(shop, sold(10_001, 49.95), relation=jan)
    for _ in range(2):
        slip = shop.till.orders.deliver(order(shop, piet, (10_001, 1)))
        shop.till.invoices.from_slips([slip], on=shop.till.now().date())
    await shop.rest()

    assert {JAN: ["Klant"], "piet@bakker-voorbeeld.nl": ["Klant", "Vaste klant"]} == {
        email: member["tags"] for email, member in shop.content().items()
    }
    assert {"2026-03-02"} == {member["LASTBUY"] for member in shop.content().values()}


async def test_a_tag_that_a_rule_gives_stays_whatever_is_bought(shop: Shop) -> None:
    stocked(shop)
    rules = [{"name": "Everybody", "then": [{"do": "add_tag", "tag": "VIP"}]}]
    tags = [{"name": "VIP", "total": "120"}]
    await shop.flow("customers", CONSENT | SINCE | {"purchase_tags": tags}, mapping={"rules": rules})
    await shop.rest()

    assert ["VIP"] == held(shop, "tags")["tags"]


async def test_points_and_purchases_of_many_are_read_to_the_last_page(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    jan, _ = await loyal(shop, **SINCE, purchase_tags=[{"name": "VIP", "count": 5}])
    others = [
        shop.till.relations.add(name="Noor", email=f"noor{n}@visser-voorbeeld.nl")["relationNumber"]
        for n in range(5)
    ]
    await shop.rest()
    monkeypatch.setattr(polling, "PAGE", 2)
    monkeypatch.setattr(loyalty, "MAX_PAGE", 2)
    for number in (*others, jan):
        shop.till.relations.add_points(number, 5)
    for _ in range(5):
        sell(shop, sold(10_001, 1), relation=jan)
    await shop.rest()
    shop.till.relations.add_points(jan, 2)
    await shop.rest()

    assert [5] * 5 + [7] == sorted(member["POINTS"] for member in shop.content().values())
    assert ["VIP"] == held(shop, "tags")["tags"]


@pytest.mark.parametrize(
    ("sale", "count", "total", "groups"),
    [
        ({}, 1, "10", ["3"]),
        ({"isRevenue": False}, 0, "0", []),  # it moves money and sells nothing
        ({"creditOf": "x", "totalInclAmount": Decimal(-10)}, 0, "-10", []),
        ({"creditOf": "x"}, 0, "10", []),
        ({"totalInclAmount": Decimal(-10)}, 0, "-10", []),  # brought back without its receipt
        ({"lineList": [{"role": "gift_card", "turnoverGroup": 3}]}, 1, "10", []),
    ],
)
def test_what_is_a_purchase(sale: dict[str, Any], count: int, total: str, groups: list[str]) -> None:
    whole = {
        "isRevenue": True,
        "totalInclAmount": Decimal(10),
        "financialDate": date(2026, 3, 2),
        "lineList": [{"role": "product", "turnoverGroup": 3}],
    }
    told = added_up([whole | sale])

    assert (count, Decimal(total), groups) == (told["count"], told["total"], told["groups"])


async def test_both_directions_on_points_are_one_write_and_silence(shop: Shop) -> None:
    jan = stocked(shop)
    shop.audience.open_field("POINTS", type="number")
    customers, _ = await both(shop, {"loyalty": True})
    await shop.configure(customers, mapping=switched_on())
    await shop.rest()
    await silent(shop, cycles=2)
    written = shop.written()
    shop.till.relations.add_points(jan, 7)
    await shop.rest()

    assert [*written, "member.patch"] == shop.written()
    await silent(shop)


async def test_what_was_switched_off_again_is_not_read(shop: Shop) -> None:
    jan, flow = await loyal(shop, loyalty=True)
    await shop.configure(flow, settings=CustomersSettings.model_validate(CONSENT).model_dump(mode="json"))
    shop.clock.advance(UNSETTLED_MS / 1000 + 1)
    shop.till.relations.add_points(jan, 25)
    shop.till.log.clear()
    await shop.rest()

    assert ["getCurrentSyncMarkers"] == shop.asked()


async def test_points_and_purchases_are_compared_as_well(shop: Shop) -> None:
    jan, flow = await loyal(shop, **SINCE)
    sell(shop, sold(10_001, 49.95), relation=jan)
    await shop.rest()
    shop.clock.advance(100)
    assert 0 == (await shop.compare(flow)).differ

    shop.till.relations.add_points(jan, 25)  # and no poll ever sees it
    await shop.compare(flow)

    assert {"not_sent": [str(jan)]} == await shop.differences(flow)


@pytest.mark.parametrize(
    "wrong",
    [
        {"purchases_since": "2026-01-01"},
        {"loyalty": True, "purchase_tags": [{"name": "VIP", "total": "5"}]},
        SINCE | {"purchase_tags": [{"name": "VIP"}]},
        SINCE | {"purchase_tags": [{"name": "VIP", "count": 0}]},
    ],
)
def test_settings_that_do_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CustomersSettings.model_validate(wrong)
