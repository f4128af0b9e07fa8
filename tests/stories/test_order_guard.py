"""The guard of order notices: whatever happens in the shop, in the store and by our own doing, a notice goes out only for what
just happened, once, and never for an old sale (features N6)."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest

from app.store import backfills
from tests.shop import Shop
from tests.stories.counter import order, orders, sell, sold, stocked
from tests.stories.storefront import store

STEPS = 25
OLD = 6


class Walk:
    """A shop with a history. ``allowed`` are the notices that may go out: what happened while the flow was on."""

    def __init__(self, shop: Shop, flow: str, jan: int, seed: int):
        self.shop, self.flow, self.jan, self.chance = shop, flow, jan, random.Random(seed)
        self.allowed: set[tuple[str, str]] = set()
        self.open: list[dict] = []
        self.receipts: list[str] = []

    async def step(self) -> None:
        """One thing that happens, or that we do."""
        doings = (self.sells, self.orders, self.pays, self.delivers, self.cancels, self.credits)
        doings += (self.rewinds, self.backfills, self.is_lost, self.is_changed, self.heals, self.forgets)
        await self.chance.choice(doings)()

    def _may(self, id: str, *kinds: str) -> None:
        self.allowed |= {(id, f"order_{kind}") for kind in kinds}

    # the shop

    async def sells(self) -> None:
        receipt = sell(self.shop, sold(10_001, 49.95), relation=self.jan)
        self.receipts.append(receipt)
        self._may(f"receipt-{receipt}", "invoice")

    async def orders(self) -> None:
        self.open.append(order(self.shop, self.jan, (10_001, self.chance.randint(1, 3))))

    def _one(self) -> dict | None:
        if not self.open:
            return None
        return self.shop.till.orders.cards.rows[self.chance.choice(self.open)["orderId"]]

    async def pays(self) -> None:
        one = self._one()
        if one is None or one["fullyPaid"] or one["cancelState"].endswith("COMPLETE"):
            return
        due = one["totalInclAmount"] - one["prepaidAmount"]
        self.shop.till.orders.pay(one, [{"method": "PIN", "amount": due}], prepay=True)
        self._may(f"order-{one['orderId']}", "invoice", "confirmation")

    async def delivers(self) -> None:
        one = self._one()
        if (
            one is None
            or not one["deliveryState"].endswith("NOTHING")
            or one["cancelState"].endswith("COMPLETE")
        ):
            return
        self.shop.till.orders.deliver(one)
        self._may(f"order-{one['orderId']}", "shipped")

    async def cancels(self) -> None:
        one = self._one()
        if one is None or one["fullyPaid"] or not one["deliveryState"].endswith("NOTHING"):
            return
        if not one["cancelState"].endswith("COMPLETE"):
            self.shop.till.orders.cancel(one)
            self._may(f"order-{one['orderId']}", "cancelled")

    async def credits(self) -> None:
        if self.receipts:
            receipt = self.receipts.pop()
            self.shop.till.receipts.credit(self.shop.till.receipts.cards.rows[receipt], {})
            self._may(f"receipt-{receipt}", "refunded")

    # what we do, and what happens behind our back

    async def rewinds(self) -> None:
        await self.shop.rewind(self.flow)

    async def forgets(self) -> None:
        await self.shop.rest()
        await self.shop.forget_targets()

    async def backfills(self) -> None:
        async with self.shop.db.write() as conn:
            if any(each.flow_id == self.flow for each in await backfills.active(conn)):
                return
            how = self.chance.choice(("quiet", "without_status"))
            await backfills.begin(conn, self.flow, mails=how, since=None, count=100, now=self.shop.clock.now)

    async def is_lost(self) -> None:
        """Somebody deletes an order in the store, and we bring it back at once."""
        held = store(self.shop).orders
        if held:
            await self.shop.rest()
            del held[self.chance.choice(sorted(held))]
            await self.heals()

    async def is_changed(self) -> None:
        held = store(self.shop).orders
        if held:
            held[self.chance.choice(sorted(held))].data["order_total"] = 1.0

    async def heals(self) -> None:
        self.shop.clock.advance(100)
        await self.shop.compare(self.flow, heal=True)
        await self.shop.quiet()


async def housekeeping(shop: Shop) -> None:
    for _ in range(4):
        await shop.worker.round("backfill")
        await shop.quiet()
        await shop.worker.round("hold")


@pytest.mark.parametrize("seed", range(5))
async def test_random_walks_send_a_notice_only_for_what_just_happened_and_once(shop: Shop, seed: int) -> None:
    jan, now = stocked(shop), shop.till.now()
    for n in range(OLD):
        with shop.till.back_then(now - timedelta(days=OLD - n)):
            sell(shop, sold(10_001, 49.95), relation=jan)
    await shop.flow("products", {"quantity": "off"})
    mark = shop.till.service.marks()
    flow = await shop.flow("orders", {"update_existing": "everything"}, position=mark["orderSyncMarker"])
    await shop.rest()
    walk = Walk(shop, flow, jan, seed)
    for _ in range(STEPS):
        await walk.step()
        shop.clock.advance(walk.chance.choice((2, 31, 90)))
        await shop.rest()
        await housekeeping(shop)
    for _ in range(3):
        shop.clock.advance(100)
        await shop.rest()
        await housekeeping(shop)

    sent = Counter((mail.about, mail.kind) for mail in shop.mailchimp.mails.sent)
    assert set() == sent.keys() - walk.allowed
    assert {1} == set(sent.values()), sent
    assert not store(shop).is_syncing
    assert orders(shop)
