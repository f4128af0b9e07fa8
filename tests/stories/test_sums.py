"""Sums for the accountant: per day, branch, VAT code and account at both sides, to the cent, and why they differ."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from app.errors import Conflict
from app.sums import as_csv, sums
from tests.shop import Shop
from tests.stories.counter import order, sell, sold, stocked
from tests.stories.storefront import store

DAY = date(2026, 3, 2)


async def told(shop: Shop, flow: str, first: date = DAY, last: date = DAY) -> list[tuple[str, ...]]:
    """Day, VAT code, outcome, lines, source, target and difference of every row."""
    text = as_csv(await sums(await shop.worker.routes.route(flow), first, last))
    rows = csv.DictReader(io.StringIO(text))
    names = ("day", "vat_code", "outcome", "lines", "source_incl_vat", "target_incl_vat", "difference")
    return [tuple(row[name] for name in names) for row in rows]


async def test_both_sides_to_the_cent_and_what_stays_behind_with_its_reason(shop: Shop) -> None:
    jan = stocked(shop)
    await shop.flow("products")
    flow = await shop.flow("orders")
    await shop.rest()
    sell(shop, sold(10_001, 49.95), sold(10_002, 15.0, 0.25), relation=jan)
    sell(shop, sold(10_001, 49.95))  # nobody's
    order(shop, jan, (10_001, 3))  # not paid yet
    await shop.rest()

    assert [
        ("2026-03-02", "1", "sent", "1", "3.75", "3.75", "0.00"),
        ("2026-03-02", "2", "no_customer", "1", "49.95", "0.00", "49.95"),
        ("2026-03-02", "2", "not_paid_yet", "1", "149.85", "0.00", "149.85"),
        ("2026-03-02", "2", "sent", "1", "49.95", "49.95", "0.00"),
        ("total", "", "sent", "2", "53.70", "53.70", "0.00"),
    ] == sorted(await told(shop, flow), key=lambda row: (row[0], row[1], row[2]))
    assert [("total", "", "sent", "0", "0.00", "0.00", "0.00")] == await told(
        shop, flow, date(2026, 3, 3), date(2026, 3, 31)
    )


async def test_a_credit_falls_under_its_own_day_and_code(shop: Shop) -> None:
    jan = stocked(shop)
    await shop.flow("products")
    flow = await shop.flow("orders")
    await shop.rest()
    receipt = sell(shop, sold(10_001, 49.95, 2), relation=jan)
    await shop.rest()
    shop.clock.advance(86_400)
    shop.till.receipts.credit(shop.till.receipts.cards.rows[receipt], {"financialDate": date(2026, 3, 3)})
    await shop.rest()
    both = await told(shop, flow, DAY, date(2026, 3, 3))

    assert [
        ("2026-03-02", "2", "sent", "1", "99.90", "99.90", "0.00"),
        ("2026-03-03", "2", "sent", "1", "-99.90", "-99.90", "0.00"),
        ("total", "", "sent", "2", "0.00", "0.00", "0.00"),
    ] == both
    # The credit's day alone, and the sale's day alone.
    assert ("2026-03-03", "2", "sent", "1", "-99.90", "-99.90", "0.00") in await told(
        shop, flow, date(2026, 3, 3), date(2026, 3, 3)
    )
    assert ("2026-03-02", "", "not_found_at_source", "0", "0.00", "-99.90", "99.90") in await told(shop, flow)


async def test_what_somebody_changed_in_the_store_is_the_difference(shop: Shop) -> None:
    jan = stocked(shop)
    flow = await shop.flow("orders")
    await shop.rest()
    receipt = sell(shop, sold(10_001, 49.95), relation=jan)
    await shop.rest()
    line = next(iter(store(shop).orders[f"receipt-{receipt}"].lines.values()))
    line["price"] = 40.0
    store(shop).orders[f"receipt-{receipt}"].data["order_total"] = 40.0

    assert ("2026-03-02", "2", "sent", "1", "49.95", "40.00", "9.95") in await told(shop, flow)


async def test_only_sales_are_added_up(shop: Shop) -> None:
    flow = await shop.flow("customers")
    with pytest.raises(Conflict):
        await sums(await shop.worker.routes.route(flow), DAY, DAY)
