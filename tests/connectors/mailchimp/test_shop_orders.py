"""Orders of other stores over HTTP: read with the SKUs of their lines, and seen at a glance."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.connectors.base import Found, Gone, Unreadable
from app.connectors.mailchimp import orderreader, shoporders
from app.connectors.mailchimp.client import MailchimpClient
from app.connectors.mailchimp.connector import CONNECTOR
from app.connectors.mailchimp.orderreader import OrderReader
from app.errors import AdministratorError, RemoteUnavailable
from app.mapping.rows import RowMapping, parse_rows
from app.records.order import Order, OrderAddress, Promo
from app.sandbox.faults import Fault
from app.sandbox.mailchimp.shopping import Shopping
from tests.connectors.mailchimp.conftest import ANNA, LIST, START, Clock, Shop

ROWS = RowMapping.compile(parse_rows(CONNECTOR.out_rows["order"]), scopes={"lines": "id"})
ADDRESS = {
    "name": "Anna Smit",
    "company": "Bakkerij Bol",
    "address1": "Kerkstraat 12",
    "address2": "achterdeur",
    "postal_code": "3511 AB",
    "city": "Utrecht",
    "province": "Utrecht",
    "country_code": "NL",
    "country": "Netherlands",
    "phone": "0612345678",
}


@pytest.fixture
def store(shop: Shop) -> Shopping:
    opened = Shopping.open(shop.account, "webshop", list_id=LIST)
    opened.stock("T", title="Trui", price=49.95, variants=("M", "L"))
    opened.stock("1003", title="Boek", price=5)
    return opened


def reader(client: MailchimpClient, ticks: Clock, **more: Any) -> OrderReader:
    return OrderReader(
        client.api, own_store=f"till-{LIST}", list_path=f"/lists/{LIST}", monotonic=ticks, **more
    )


async def test_an_order_as_it_is_read(client: MailchimpClient, store: Shopping) -> None:
    store.order(
        "#1001",
        ANNA,
        [("T-2", 2), ("1003", 1)],
        customer={"first_name": "Anna", "last_name": "Smit"},
        billing_address=ADDRESS,
        order_total=109.85,
        shipping_total=6.95,
        discount_total=2,
        tax_total=18.5,
        promos=[{"code": "ZOMER", "amount_discounted": 2, "type": "fixed"}],
        landing_site="https://winkel.example/x",
        processed_at_foreign="2026-03-01T23:30:00+00:00",
    )

    [found] = await client.source("order").fetch_many(["webshop/#1001"])

    assert isinstance(found, Found)
    record = Order.model_validate(ROWS.apply(found.document).document)
    assert ("#1001", "#1001", "webshop", "EUR", "paid") == (
        record.id,
        record.number,
        record.store,
        record.currency,
        record.financial,
    )
    assert (Decimal("109.85"), Decimal("6.95"), Decimal(2), Decimal("18.5")) == (
        record.total,
        record.shipping_total,
        record.discount_total,
        record.tax_total,
    )
    assert [("T-2", "Trui L", 2, Decimal("49.95")), ("1003", "Boek", 1, Decimal(5))] == [
        (line.sku, line.title, line.quantity, line.unit_price) for line in record.lines
    ]
    assert (Promo(code="ZOMER", amount=Decimal(2)),) == record.promos
    assert record.customer is not None
    assert (ANNA, "Anna Smit", "Bakkerij Bol", "+31612345678") == (
        record.customer.email,
        record.customer.full_name,
        record.customer.company,
        record.customer.phone,
    )
    assert OrderAddress(
        name="Anna Smit", company="Bakkerij Bol", phone="0612345678", street="Kerkstraat", number="12", extra="achterdeur",
        postal_code="3511 AB", city="Utrecht", region="Utrecht", country="NL", country_text="Netherlands",
    ) == record.billing  # fmt: skip
    assert record.shipping is None
    assert (datetime(2026, 3, 1, 23, 30, tzinfo=UTC), "2026-03-02") == (
        record.placed_at,
        str(record.financial_date),
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"financial_status": "partially_refunded"}, ("partly_refunded", None, None)),
        ({"financial_status": "Paid"}, ("paid", None, None)),
        ({"financial_status": "authorized"}, ("open", None, None)),
        ({"financial_status": ""}, ("unknown", None, None)),
        ({"financial_status": "something"}, ("unknown", None, None)),
        ({"processed_at_foreign": "2018-06-12 01:20:05"}, ("unknown", "2018-06-12", "2018-06-11T23:20:05+00:00")),
        ({"processed_at_foreign": "0000-00-00 00:00:00"}, ("unknown", None, None)),
        ({"processed_at_foreign": ""}, ("unknown", None, None)),
    ],
)  # fmt: skip
def test_states_and_moments_as_shops_write_them(raw: dict[str, Any], expected: Any) -> None:
    document = shoporders.read({"id": "1", **raw}, store="webshop", skus={})
    record = Order.model_validate(ROWS.apply(document).document)

    assert expected == (
        record.financial,
        str(record.financial_date) if record.financial_date else None,
        record.placed_at.isoformat() if record.placed_at else None,
    )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ({"country_code": "de", "country": "Duitsland"}, ("DE", "Duitsland")),
        ({"country": "Germany"}, ("DE", "Germany")),
        ({"country": "Atlantis"}, (None, "Atlantis")),
    ],
)
def test_a_country_by_its_code_or_by_its_name_alone(address: dict[str, str], expected: Any) -> None:
    """VAT hangs on it, and many shops fill in the name alone."""
    raw = {"id": "1", "shipping_address": address}
    record = Order.model_validate(ROWS.apply(shoporders.read(raw, store="webshop", skus={})).document)

    assert record.shipping is not None
    assert expected == (record.shipping.country, record.shipping.country_text)


async def test_what_cannot_be_read_is_told_one_by_one(
    client: MailchimpClient, store: Shopping, shop: Shop
) -> None:
    store.order("1", ANNA, [("1003", 1)])
    refs = ["webshop/1", "webshop/none", "elders/1", "odd", f"till-{LIST}/1"]

    answers = {each.ref: each for each in await client.source("order").fetch_many(refs)}

    assert [Found, Gone, Gone, Gone, Unreadable] == [type(answers[ref]) for ref in refs]
    own = answers[f"till-{LIST}/1"]
    assert isinstance(own, Unreadable)
    assert "own_store" == own.error.code


async def test_a_sku_is_asked_for_once_and_again_after_an_hour(
    client: MailchimpClient, store: Shopping, shop: Shop, ticks: Clock
) -> None:
    orders = reader(client, ticks)
    for number in range(5):
        store.order(str(number), ANNA, [("T-1", 1), ("T-2", 1)])
    shop.calls()
    await orders.fetch_many(["webshop/0"])
    await orders.fetch_many([f"webshop/{number}" for number in range(1, 5)])
    assert 2 == shop.calls().count("variant.get")

    ticks.seconds += orderreader.VARIANT_BELIEVED_S + 1
    await orders.fetch_many(["webshop/0"])
    assert 2 == shop.calls().count("variant.get")


async def test_a_variant_that_is_gone_has_no_sku_and_is_asked_for_again_soon(
    client: MailchimpClient, store: Shopping, shop: Shop, ticks: Clock
) -> None:
    orders = reader(client, ticks)
    store.order("1", ANNA, [("1003", 1)])
    product = store.store.products.pop("1003")
    [without] = await orders.fetch_many(["webshop/1"])
    store.store.products["1003"] = product
    [still] = await orders.fetch_many(["webshop/1"])
    ticks.seconds += orderreader.GONE_BELIEVED_S + 1
    [there] = await orders.fetch_many(["webshop/1"])

    assert [None, None, "1003"] == [
        each.document["lines"][0].get("sku") for each in (without, still, there) if isinstance(each, Found)
    ]


async def test_the_cache_of_skus_is_bounded(
    client: MailchimpClient, store: Shopping, ticks: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orderreader, "VARIANTS_KEPT", 3)
    orders = reader(client, ticks)
    for number in range(8):
        store.stock(f"9{number}", title="x", price=1)
        store.order(str(number), ANNA, [(f"9{number}", 1)])
        await orders.fetch_many([f"webshop/{number}"])

    assert 3 == len(orders._skus)


async def test_the_vat_number_out_of_the_audience_of_the_store(
    client: MailchimpClient, store: Shopping, shop: Shop
) -> None:
    shop.audience.open_field("VAT")
    store.order("1", ANNA, [("1003", 1)], opt_in=True)
    shop.life.edit(ANNA, merge_fields={"VAT": " BE0123456749 "})
    plain = client.source("order")
    assert isinstance(plain, OrderReader)
    with_number = plain.including(frozenset({"vat_field:VAT"}))

    [bare], [told] = await plain.fetch_many(["webshop/1"]), await with_number.fetch_many(["webshop/1"])
    shop.calls()
    await with_number.fetch_many(["webshop/1"])

    assert isinstance(bare, Found)
    assert isinstance(told, Found)
    assert (None, "BE0123456749") == (bare.document.get("vat_number"), told.document["vat_number"])
    assert ["member.get", "order.get"] == sorted(shop.calls())
    assert plain is plain.including(frozenset())


async def test_what_fails_as_a_whole_fails_as_a_whole(
    client: MailchimpClient, store: Shopping, shop: Shop
) -> None:
    store.order("1", ANNA, [("1003", 1)])
    shop.sandbox.faults.add(Fault(status=503, operation="variant.get"))

    with pytest.raises(RemoteUnavailable):
        await client.source("order").fetch_many(["webshop/1", "webshop/2"])


async def test_a_look_sees_every_order_of_every_store(
    client: MailchimpClient, store: Shopping, shop: Shop
) -> None:
    other = Shopping.open(shop.account, "tweede", list_id=LIST)
    other.stock("1", title="x", price=1)
    store.order("1", ANNA, [("1003", 1)], processed_at_foreign="2026-03-01T10:00:00+00:00")
    other.order("1", ANNA, [("1", 1)], processed_at_foreign="")
    before = [seen async for page in client.scan("order", ["webshop", "tweede"]) for seen in page]
    store.change("1", fulfillment_status="shipped")
    after = [seen async for page in client.scan("order", ["webshop", "tweede"]) for seen in page]

    assert [("webshop/1", datetime(2026, 3, 1, 10, tzinfo=UTC)), ("tweede/1", None)] == [
        (seen.ref, seen.at) for seen in before
    ]
    assert [False, True] == [
        one.fingerprint == two.fingerprint for one, two in zip(before, after, strict=True)
    ]


@pytest.mark.parametrize(("place", "code"), [("none", "no_such_store"), (f"till-{LIST}", "own_store")])
async def test_places_that_cannot_be_looked_through(client: MailchimpClient, place: str, code: str) -> None:
    with pytest.raises(AdministratorError) as caught:
        [page async for page in client.scan("order", [place])]

    assert (code, "stores") == (caught.value.code, caught.value.field)


async def test_too_many_people_are_no_hint(client: MailchimpClient, store: Shopping, shop: Shop) -> None:
    for number in range(4):
        store.order(str(number), f"koper{number}@klant-voorbeeld.nl", [("1003", 1)], opt_in=True)

    async def seen(most: int) -> list[str]:
        since = START.replace(year=2025)
        pages = client.scan_recent("order", ["webshop"], since=since, most=most)
        return [each.ref async for page in pages for each in page]

    assert [f"webshop/{number}" for number in range(4)] == sorted(await seen(4))
    assert [] == await seen(3)


async def test_a_hint_never_looks_into_the_store_that_we_write(
    client: MailchimpClient, store: Shopping, shop: Shop
) -> None:
    own = Shopping.open(shop.account, f"till-{LIST}", list_id=LIST)
    own.stock("1003", title="Boek", price=5)
    own.order("1", ANNA, [("1003", 1)], opt_in=True)
    shop.calls()
    pages = client.scan_recent("order", [f"till-{LIST}"], since=START.replace(year=2025), most=4)

    assert [] == [each.ref async for page in pages for each in page]
    assert ["members.get"] == shop.calls()
