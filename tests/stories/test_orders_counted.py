"""Nothing doubled, nothing half written: sales through random faults on both sides, by two workers, and then counted.

Calls fail before and after they are done, are done late, are refused and throttled, while people return, orders are paid and
goods come back. When all is quiet the store holds exactly what the till says, whatever happened on the way.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.sandbox.mplus.documents import payments
from app.sandbox.mplus.receipts import CREDIT
from tests.shop import Shop, Worker, another_worker
from tests.stories.counter import order, sell, sold, stocked
from tests.stories.faulty import any_fault, work_off
from tests.stories.storefront import store

pytestmark = pytest.mark.long

STORE_CALLS = ("orders.post", "orders.post", "order.patch", "order.get", "customer.put", "product.put", "store.get")  # fmt: skip
TILL_CALLS = ("getReceipts", "getOrders", "getInvoices", "getRelations")
CENTS = {10_001: 4_995, 10_002: 1_500}
FAULT_ROUNDS = int(os.environ.get("FAULT_ROUNDS", "12"))
"""Of about ten sales each: 100 are the thousand."""


@dataclass
class Trial:
    """A shop, a flow, and what was sold so far: by the store's id, in cents."""

    shop: Shop
    flow: str
    other: Worker
    chance: random.Random
    people: list[int]
    said: dict[str, int] = field(default_factory=dict)
    unpaid: list[dict[str, Any]] = field(default_factory=list)

    async def round(self) -> None:
        """Sales, orders, payments, returns, and a few faults."""
        for _ in range(8):
            lines = [(article, self.chance.randrange(1, 4)) for article in self.chance.sample(list(CENTS), 2)]
            buyer = self.chance.choice(self.people)
            if self.chance.random() < 0.3:
                self.unpaid.append(order(self.shop, buyer, *lines))
            else:
                told = [sold(article, CENTS[article] / 100, pieces) for article, pieces in lines]
                receipt = sell(self.shop, *told, relation=buyer)
                self.said[f"receipt-{receipt}"] = sum(CENTS[article] * pieces for article, pieces in lines)
        if self.unpaid:
            self.pay(self.unpaid.pop(self.chance.randrange(len(self.unpaid))))
        receipts = [id for id, left in self.said.items() if id.startswith("receipt-") and left > 4_995]
        for id in self.chance.sample(receipts, min(2, len(receipts))):
            self.give_back(id)
        for _ in range(self.chance.randrange(2, 8)):
            self.shop.mailchimp.faults.add(any_fault(self.chance, STORE_CALLS))
        for _ in range(self.chance.randrange(0, 3)):
            self.shop.till.faults.add(any_fault(self.chance, TILL_CALLS))
        await self.deliver()

    def pay(self, made: dict[str, Any]) -> None:
        """An open order is paid, and so goes."""
        due = made["totalInclAmount"]
        self.shop.till.orders.pay(made, [{"method": "PIN", "amount": due}], prepay=True)
        self.said[f"order-{made['orderId']}"] = due

    def give_back(self, id: str) -> None:
        """A jumper's worth, on a receipt of its own."""
        till = self.shop.till
        receipt = till.receipts.known(id.removeprefix("receipt-"))
        assert receipt is not None
        head = till.counter.head(relation=receipt["relationNumber"])
        back = {
            "articleNumber": 10_001,
            "text": "Trui",
            "data": {"quantity": -1, "decimalPlaces": 0, "price": 4_995},
        }
        paid = payments(till, [{"method": "PIN", "amount": -4_995}], head)
        till.receipts.make(CREDIT, head, [back], paid, creditedReceiptId=receipt["receiptId"])
        self.said[id] -= 4_995

    async def deliver(self) -> None:
        """Poll, then work off, with two workers, whatever is due, until nothing is. Time passes: an account backs off."""
        self.shop.clock.advance(900)
        await self.shop.poll()
        await work_off(self.shop, self.other)

    async def quiet(self) -> None:
        """No more faults; what failed is asked for once more."""
        for faults in (self.shop.till.faults, self.shop.mailchimp.faults):
            faults.clear()
        for _ in range(3):
            self.shop.clock.advance(3_600)
            await self.shop.replay(self.flow, failed=True)
            await self.deliver()


def check(trial: Trial) -> None:
    """The store against the till, sale by sale, line by line, and person by person."""
    held = store(trial.shop)

    assert trial.said == {id: round(each.data["order_total"] * 100) for id, each in held.orders.items()}
    assert trial.said == {
        id: round(
            sum(line["quantity"] * line["price"] - line.get("discount", 0) for line in each.lines.values())
            * 100
        )
        for id, each in held.orders.items()
    }
    emails = Counter(each.email for each in held.customers.values())
    assert dict.fromkeys(emails, 1) == dict(emails)
    assert len(trial.said) == sum(each.orders_count for each in held.customers.values())
    assert sum(trial.said.values()) == round(sum(each.total_spent for each in held.customers.values()) * 100)


async def tried(shop: Shop, redis_url: str, *, rounds: int, seed: int) -> None:
    people = [stocked(shop)] + [
        int(
            shop.till.relations.add(name=f"Klant {n}", email=f"klant{n}@klant-voorbeeld.nl")["relationNumber"]
        )
        for n in range(9)
    ]
    flow = await shop.flow("orders")
    async with another_worker(shop, redis_url) as other:
        trial = Trial(shop, flow, other, random.Random(seed), people)
        await trial.deliver()
        for _ in range(rounds):
            await trial.round()
        await trial.quiet()

    assert shop.mailchimp.faults.taken > 0
    check(trial)


@pytest.mark.parametrize("seed", range(3))
async def test_a_few_rounds_of_faults(shop: Shop, redis_url: str, seed: int) -> None:
    await tried(shop, redis_url, rounds=4, seed=seed)


@pytest.mark.chaos
async def test_many_rounds_of_faults(shop: Shop, redis_url: str) -> None:
    await tried(shop, redis_url, rounds=FAULT_ROUNDS, seed=7)
