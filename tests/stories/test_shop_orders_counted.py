"""Nothing doubled, nothing half written: orders through random faults on both sides, by two workers, and then counted.

Calls fail before and after they are done, are done late, are refused and throttled, while buyers return, orders are paid and
cancelled. When all is quiet the till holds exactly what the shop says, whatever happened on the way.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.errors import AppError
from app.sandbox.mailchimp.shopping import Shopping
from tests.shop import Shop, Worker, another_worker
from tests.stories.faulty import any_fault, work_off
from tests.stories.webshop import ADDRESS, booked, invoiced, take_orders, till_with_articles, webshop

pytestmark = pytest.mark.long

TILL_CALLS = (
    "createOrderV3", "createOrderV2", "createOrder", "payOrderV2", "payOrder", "saveInvoice", "payInvoice", "cancelOrder",
    "creditInvoice", "createRelation", "updateRelation", "findOrder", "findInvoice", "findRelationV2", "findRelation",
    "getProducts", "getInvoices",
)  # fmt: skip
SHOP_CALLS = ("orders.get", "order.get", "variant.get")
PRICES = {"1001": 4_995, "1002": 1_000, "1003": 500}
BUYERS = [f"koper{number}@klant-voorbeeld.nl" for number in range(12)]
FAULT_ROUNDS = int(os.environ.get("FAULT_ROUNDS", "12"))
"""Of about ten orders each: 100 are the thousand."""


@dataclass
class Trial:
    """A shop, a flow, and what its orders say now."""

    shop: Shop
    store: Shopping
    flow: str
    other: Worker
    chance: random.Random
    said: dict[str, tuple[str, int]] = field(default_factory=dict)

    async def round(self, number: int) -> None:
        """New orders, changes of old ones, and a few faults."""
        for at in range(10):
            items = [(sku, self.chance.randrange(1, 4)) for sku in self.chance.sample(list(PRICES), 2)]
            state = self.chance.choice(("paid", "paid", "paid", "pending"))
            total = sum(PRICES[sku] * quantity for sku, quantity in items)
            name = f"{number}-{at}"
            self.store.order(
                name,
                self.chance.choice(BUYERS),
                items,
                financial_status=state,
                billing_address=ADDRESS | {"address1": f"Kerkstraat {self.chance.randrange(1, 99)}"},
            )
            self.said[name] = (state, total)
        for name in self.chance.sample(sorted(self.said), min(4, len(self.said))):
            state, total = self.said[name]
            later = ("cancelled", "paid", "refunded", "partially_refunded", "partially_refunded")
            choices = {"pending": ("paid",), "paid": later, "partially_refunded": later[2:]}.get(state)
            if choices is not None:
                after = self.chance.choice(choices)
                total -= total // 10 if after == "partially_refunded" else 0
                self.store.change(
                    name, financial_status=after, order_total=total / 100, updated_at_foreign=stamp(number)
                )
                self.said[name] = (after, total)
        for _ in range(self.chance.randrange(2, 9)):
            self.shop.till.faults.add(any_fault(self.chance, TILL_CALLS))
        for _ in range(self.chance.randrange(0, 3)):
            self.shop.mailchimp.faults.add(any_fault(self.chance, SHOP_CALLS))
        await self.deliver()

    async def deliver(self) -> None:
        """Look through the store, then work off, with two workers, whatever is due, until nothing is."""
        with suppress(AppError):  # the next look finds what this one did not
            await self.shop.worker.schedule.scanner.scan(self.flow)
        await work_off(self.shop, self.other)

    async def quiet(self) -> None:
        """No more faults; everything that is known to have failed is asked for once more."""
        for faults in (self.shop.till.faults, self.shop.mailchimp.faults):
            faults.clear()
        await self.shop.replay(self.flow, failed=True)
        await self.deliver()
        await self.deliver()


def stamp(number: int) -> str:
    return f"2026-03-02T{10 + number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}+00:00"


def wanted(said: dict[str, tuple[str, int]], *states: str) -> dict[str, int]:
    """What is in one of these states now, by external number."""
    return {f"webshop-{name}": total for name, (state, total) in said.items() if state in states}


def main_of(sale: dict[str, Any]) -> str:
    """The number of the order that a sale is, or that it is a refund of."""
    return str(sale["external"]).partition("-refund-")[0]


def check(trial: Trial, *, invoices: bool, paid: bool) -> None:
    """The till against the shop, sale by sale."""
    shop, over = trial.shop, wanted(trial.said, "cancelled", "refunded")
    sales = invoiced(shop) if invoices else booked(shop)
    ours = [sale for sale in sales if sale["external"]]
    credited = Counter(
        row["creditedInvoiceId"]
        for row in shop.till.invoices.cards.rows.values()
        if row.get("creditedInvoiceId")
    )
    ids = {row["extInvoiceId"]: row["invoiceId"] for row in shop.till.invoices.cards.rows.values()}

    def undone(sale: dict[str, Any]) -> bool:
        return bool(sale.get("cancelled")) or credited[ids.get(sale["external"], "")] > 0

    assert 1 == max(Counter(sale["external"] for sale in ours).values())
    assert max(credited.values(), default=1) == 1
    left: Counter[str] = Counter()
    for sale in ours:
        if not undone(sale):
            left[main_of(sale)] += sale["total"]
    partly = wanted(trial.said, "partially_refunded")
    # One that was refunded before anybody saw that it was paid is not booked at all.
    partly = {name: total for name, total in partly.items() if name in left}
    assert wanted(trial.said, "paid") | partly == dict(left)
    assert {main_of(sale) for sale in ours if undone(sale)} <= {*over, *partly}
    if paid:
        main = {sale["external"]: sale for sale in ours if main_of(sale) == sale["external"]}
        assert {name: [("IDEAL", sale["total"])] for name, sale in main.items()} == {
            name: sale.get("paid") for name, sale in main.items()
        }
    emails = Counter(row["email"].casefold() for row in shop.till.relations.cards.rows.values())
    assert dict.fromkeys(emails, 1) == dict(emails)
    assert set(emails) <= set(BUYERS)


PAID = {"payment": "prepay", "payment_methods": {"force": "IDEAL"}, "refund_article": 9003}
WAYS = [
    pytest.param(PAID, 67, id="orders"),
    pytest.param(PAID, 57, id="orders-57"),
    pytest.param(PAID, 49, id="orders-49"),
    pytest.param({**PAID, "book_as": "invoice"}, 67, id="invoices"),
]


async def tried(
    shop: Shop, redis_url: str, settings: dict[str, Any], *, service: int, rounds: int, seed: int
) -> None:
    till_with_articles(shop)
    shop.till.settings.service_major = service
    store, flow = webshop(shop), await take_orders(shop, settings)
    async with another_worker(shop, redis_url) as other:
        trial = Trial(shop, store, flow, other, random.Random(f"{service} {seed}"))
        for number in range(rounds):
            await trial.round(number)
        await trial.quiet()
    assert shop.till.faults.taken > 0
    check(trial, invoices=settings.get("book_as") == "invoice", paid="payment" in settings)


@pytest.mark.parametrize(("settings", "service"), WAYS)
async def test_a_few_rounds_of_faults(
    shop: Shop, redis_url: str, settings: dict[str, Any], service: int
) -> None:
    await tried(shop, redis_url, settings, service=service, rounds=4, seed=1)


@pytest.mark.chaos
@pytest.mark.parametrize(("settings", "service"), WAYS)
async def test_many_rounds_of_faults(
    shop: Shop, redis_url: str, settings: dict[str, Any], service: int
) -> None:
    await tried(shop, redis_url, settings, service=service, rounds=FAULT_ROUNDS, seed=2)
