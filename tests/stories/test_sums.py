"""Sums for the accountant: per day, branch, VAT code and account at both sides, to the cent, and why they differ."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest

from app.errors import Conflict
from app.sums import Amounts, Group, Sums, as_csv, sums
from tests.shop import Shop
from tests.stories.counter import order, sell, sold, stocked
from tests.stories.storefront import store

DAY = date(2026, 3, 2)


async def begun(
    shop: Shop, settings: dict[str, Any] | None = None, *, products: bool = False
) -> tuple[int, str]:
    """A relation of a till that sells, and a flow of its sales that has nothing left to do; with the products before it."""
    jan = stocked(shop)
    if products:
        await shop.flow("products")
    flow = await shop.flow("orders", settings)
    await shop.rest()
    return jan, flow


async def rows(shop: Shop, flow: str, first: date = DAY, last: date = DAY) -> list[dict[str, str]]:
    """The file as a spreadsheet reads it."""
    text = as_csv(await sums(await shop.worker.routes.route(flow), first, last))
    return list(csv.DictReader(io.StringIO(text)))


async def told(shop: Shop, flow: str, first: date = DAY, last: date = DAY) -> list[tuple[str, ...]]:
    """Day, VAT code, outcome, lines, source, target and difference of every row."""
    names = ("day", "vat_code", "outcome", "lines", "source_incl_vat", "target_incl_vat", "difference")
    return [tuple(row[name] for name in names) for row in await rows(shop, flow, first, last)]


async def test_both_sides_to_the_cent_and_what_stays_behind_with_its_reason(shop: Shop) -> None:
    jan, flow = await begun(shop, products=True)
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
    jan, flow = await begun(shop, products=True)
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
    jan, flow = await begun(shop)
    receipt = sell(shop, sold(10_001, 49.95), relation=jan)
    await shop.rest()
    line = next(iter(store(shop).orders[f"receipt-{receipt}"].lines.values()))
    line["price"] = 40.0
    store(shop).orders[f"receipt-{receipt}"].data["order_total"] = 40.0

    assert ("2026-03-02", "2", "sent", "1", "49.95", "40.00", "9.95") in await told(shop, flow)


async def test_each_branch_and_account_by_itself_with_and_without_vat(shop: Shop) -> None:
    """A branch may book a turnover group on an account of its own; the day is the books', not the clock's."""
    jan, flow = await begun(shop)
    sell(shop, sold(10_001, 49.95), relation=jan)
    other = sell(shop, sold(10_001, 49.95), relation=jan)
    shop.till.receipts.cards.amend(other, financialBranchNumber=2, financialDate=date(2026, 3, 1))
    await shop.rest()

    names = ("day", "branch", "vat_rate", "account", "source_incl_vat", "source_excl_vat", "target_incl_vat")
    assert [
        ("2026-03-01", "2", "21", "8005", "49.95", "41.28", "49.95"),
        ("2026-03-02", "1", "21", "8000", "49.95", "41.28", "49.95"),
        ("total", "", "", "", "99.90", "82.56", "99.90"),
    ] == [tuple(row[name] for name in names) for row in await rows(shop, flow, date(2026, 3, 1))]


async def test_what_is_no_line_at_the_target_falls_under_its_own_group(shop: Shop) -> None:
    jan, flow = await begun(shop, {"shipping_articles": ["9001"], "promo_articles": {"9003": "ZOMER5"}})
    for number, vat in ((9_001, 2), (9_003, 1)):
        line = {"articleNumber": number, "priceIncl": 0, "vatCode": vat, "turnoverGroup": 1}
        shop.till.catalogue.add(productNumber=number, description="Extra", articleList=[line])
    sell(shop, sold(10_002, 15.0), sold(9_001, 6.95), sold(9_003, -5.0), relation=jan)
    await shop.rest()

    assert [
        ("2026-03-02", "1", "sent", "2", "10.00", "10.00", "0.00"),
        ("2026-03-02", "2", "sent", "1", "6.95", "6.95", "0.00"),
        ("total", "", "sent", "3", "16.95", "16.95", "0.00"),
    ] == await told(shop, flow)


async def test_what_is_no_sale_and_what_is_told_twice_is_left_out(shop: Shop) -> None:
    jan, flow = await begun(shop, {"kinds": ["order", "invoice", "receipt"], "missing_products": "hold"})
    shop.till.counter.cash(5_000, "Wisselgeld")
    shop.till.counter.top_up(2_500, "9000123456", relation=jan)
    made = order(shop, jan, (10_001, 1))
    shop.till.orders.pay(made, [{"method": "PIN", "amount": 4_995}], prepay=False)
    await shop.poll()
    await shop.deliver()
    held = await told(shop, flow)
    await shop.flow("products")
    await shop.rest()
    sell(shop, sold(10_001, 49.95), relation=jan)  # nobody looked since

    assert [
        ("2026-03-02", "2", "product_missing", "1", "49.95", "0.00", "49.95"),
        ("total", "", "sent", "0", "0.00", "0.00", "0.00"),
    ] == held
    assert [
        ("2026-03-02", "2", "not_sent_yet", "1", "49.95", "0.00", "49.95"),
        ("2026-03-02", "2", "sent", "1", "49.95", "49.95", "0.00"),
        ("total", "", "sent", "1", "49.95", "49.95", "0.00"),
    ] == await told(shop, flow)


async def test_a_gift_card_within_a_sale_is_no_revenue(shop: Shop) -> None:
    jan, flow = await begun(shop)
    card = {"articleNumber": 9_100, "priceIncl": 2_500, "vatCode": 2, "turnoverGroup": 82}
    shop.till.catalogue.add(productNumber=9, description="Cadeaukaart", articleList=[card])
    sell(shop, sold(10_001, 49.95), sold(9_100, 25.0), relation=jan)
    await shop.rest()

    assert [("not_revenue", "25.00", "0.00"), ("sent", "49.95", "49.95"), ("sent", "49.95", "49.95")] == [
        (outcome, source, target) for _, _, outcome, _, source, target, _ in sorted(await told(shop, flow))
    ]


def test_no_cell_is_a_formula() -> None:
    group = Group("2026-03-02", "=1+1", "@2", "", "-3", "sent")
    text = as_csv(Sums({}, groups={group: Amounts()}))

    assert "2026-03-02,'=1+1,'@2,,'-3,sent," in text


async def test_only_sales_are_added_up(shop: Shop) -> None:
    flow = await shop.flow("customers")
    with pytest.raises(Conflict):
        await sums(await shop.worker.routes.route(flow), DAY, DAY)
