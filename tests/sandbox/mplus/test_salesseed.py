"""The sales of a seed: the same ones each time, every case among them, and sums that are right."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from app.sandbox.mplus.till import Till, create_till

NOW = datetime(2025, 3, 5, 11, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop() -> Till:
    return create_till(size=100, seed=1, sales=200, now=lambda: NOW)


def test_the_same_seed_sells_the_same(shop: Till) -> None:
    other = create_till(size=100, seed=1, sales=200, now=lambda: NOW)
    different = create_till(size=100, seed=2, sales=200, now=lambda: NOW)

    assert shop.state() == other.state()
    assert shop.receipts.state() != different.receipts.state()


def test_every_case_is_there(shop: Till) -> None:
    def tails(rows: list[dict[str, object]], *names: str) -> set[tuple[str, ...]]:
        return {
            tuple(
                str(row[name]).partition("-TYPE-")[2] or str(row[name]).partition("-STATE-")[2]
                for name in names
            )
            for row in rows
        }

    orders = list(shop.orders.cards.rows.values())
    invoices = list(shop.invoices.cards.rows.values())
    receipts = list(shop.receipts.cards.rows.values())

    assert {
        ("RECEIPT",),
        ("CREDIT-RECEIPT",),
        ("CASH-INFLOW",),
        ("CASH-OUTFLOW",),
        ("PAYMENT-METHOD-TRANSFER",),
    } == tails(receipts, "receiptType")
    assert {("INVOICE", "PAID"), ("INVOICE", "OUTSTANDING"), ("DIRECT-INVOICE", "OUTSTANDING")} == tails(
        invoices, "invoiceType", "state"
    )
    assert {
        ("NOTHING", "NOTHING"),
        ("NOTHING", "COMPLETE"),
        ("PARTIAL", "NOTHING"),
        ("COMPLETE", "NOTHING"),
    } == tails(orders, "deliveryState", "cancelState")
    assert (
        {True, False}
        == {order["fullyPaid"] for order in orders}
        == {bool(order["extOrderId"]) for order in orders}
    )
    assert 20 == sum(
        not row.get("relationNumber") and row["receiptType"] == "RECEIPT-TYPE-RECEIPT" for row in receipts
    )
    kinds = Counter(
        line["data"]["turnoverGroupType"].removeprefix("TURNOVER-GROUP-TYPE-")
        for row in receipts
        for line in row["lineList"]
    )
    assert {"TURNOVER", "CASH-INFLOW", "CASH-OUTFLOW", "BALANCE-UPGRADE", "REFUNDABLE-DEPOSIT"} == set(kinds)
    assert {"PIN", "CONTANT", "CADEAUKAART", "IDEAL"} >= {
        paid["method"] for row in receipts for paid in row["paymentList"]
    }
    assert any(order.get("receiptIds") for order in orders)


def test_every_sum_is_right(shop: Till) -> None:
    for cards in (shop.orders.cards, shop.invoices.cards, shop.receipts.cards):
        for row in cards.rows.values():
            groups = row["vatGroupList"]
            assert row["totalExclAmount"] == sum(one["exclAmount"] for one in groups)
            assert row["totalInclAmount"] == sum(one["exclAmount"] + one["vatAmount"] for one in groups)
            assert row["totalInclAmount"] == sum(line["data"]["totalInclAmount"] for line in row["lineList"])
    for row in shop.receipts.cards.rows.values():
        assert (
            row["totalInclAmount"] == row["paidAmount"] == sum(paid["amount"] for paid in row["paymentList"])
        )


def test_what_is_left_was_counted_after_it_all(shop: Till) -> None:
    empty = create_till(size=100, seed=1, sales=0, now=lambda: NOW)

    assert {key: row["physical"] for key, row in empty.stock.levels.rows.items()} == {
        key: row["physical"] for key, row in shop.stock.levels.rows.items()
    }
    assert [] == shop.stock.history
    assert any(row["reserved"] for row in shop.stock.levels.rows.values())
    shop.stock.move(1, 10_001, physical=-1)  # type: ignore[arg-type]
    assert 1 == len(shop.stock.history)


def test_sales_lie_in_the_last_months_and_in_order(shop: Till) -> None:
    moments = [
        row["entryTimestamp"]
        for row in shop.receipts.cards.rows.values()
        if row["receiptType"] == "RECEIPT-TYPE-RECEIPT" and not row.get("orderIds")
    ]
    days = [moment.date() for moment in moments]

    assert sorted(days) == days
    assert ("2024-11-05", "2025-03-02") == (days[0].isoformat(), days[-1].isoformat())
    assert all(9 <= moment.hour < 18 for moment in moments)


def test_a_shop_without_people_or_goods_sells_nothing() -> None:
    assert {} == create_till(size=0, articles=20, sales=20).receipts.cards.rows
    assert {} == create_till(size=20, articles=0, sales=20).orders.cards.rows


def test_a_shop_is_filled_in_a_moment() -> None:
    begun = time.process_time()
    create_till(size=200)

    assert time.process_time() - begun < 1
