"""What is given back, in whatever way the till says so: taken off what was sent, each credit once."""

from __future__ import annotations

from typing import Any

from app.sandbox.mplus.documents import payments
from app.sandbox.mplus.receipts import CREDIT
from tests.shop import Shop
from tests.stories.counter import order, orders, sell, sold, stocked


async def begun(shop: Shop, settings: dict[str, Any] | None = None) -> None:
    """An orders flow that has looked once: it begins with what comes now."""
    await shop.flow("orders", settings)
    await shop.rest()


def give_back(shop: Shop, receipt: str, article: int, cents: int, *, relation: int) -> str:
    """One piece of a receipt, on a credit receipt of its own."""
    head = shop.till.counter.head(relation=relation)
    back = {"articleNumber": article, "text": "Trui", "data": {"quantity": -1, "decimalPlaces": 0, "price": cents}}  # fmt: skip
    paid = payments(shop.till, [{"method": "PIN", "amount": -cents}], head)
    return str(shop.till.receipts.make(CREDIT, head, [back], paid, creditedReceiptId=receipt)["receiptId"])


async def test_a_credit_invoice_lowers_the_order_also_where_invoices_are_not_sent(shop: Shop) -> None:
    jan = stocked(shop)
    await begun(shop)
    made = order(shop, jan, (10_001, 1))
    _, _, invoice = shop.till.orders.pay(made, [{"method": "PIN", "amount": 4_995}], prepay=False)
    await shop.rest()
    shop.till.invoices.credit(shop.till.invoices.cards.rows[invoice], reason="Retour")
    await shop.rest()

    told = orders(shop)
    assert [f"order-{made['orderId']}"] == list(told)
    assert ["refunded"] == [each["financial_status"] for each in told.values()], await shop.attempts()


async def test_two_credits_of_one_sale_at_once_both_lower_it(shop: Shop) -> None:
    jan = stocked(shop)
    await begun(shop)
    receipt = sell(shop, sold(10_001, 49.95, 3), relation=jan)
    await shop.rest()
    for _ in range(2):
        give_back(shop, receipt, 10_001, 4_995, relation=jan)
    await shop.rest()
    [told] = orders(shop).values()

    assert (49.95, 8.67, "partially_refunded") == tuple(
        told[name] for name in ("order_total", "tax_total", "financial_status")
    )

    await shop.again()


async def test_an_order_that_is_told_anew_keeps_what_was_credited(shop: Shop) -> None:
    jan = stocked(shop)
    await begun(shop, {"send_orders": "at_once", "update_existing": "everything"})
    made = order(shop, jan, (10_001, 3))
    _, made, invoice = shop.till.orders.pay(made, [{"method": "PIN", "amount": 14_985}], prepay=False)
    await shop.rest()
    shop.till.invoices.credit(shop.till.invoices.cards.rows[invoice], reason="Retour")
    await shop.rest()
    row = shop.till.orders.cards.rows[made["orderId"]]
    shop.till.orders.changed(row, reference="later")
    await shop.replay(shop.flow_ids[-1])
    await shop.rest()
    [told] = orders(shop).values()

    assert (None, "refunded") == (told.get("order_total"), told["financial_status"])
