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
        self.old: list[str] = []

    async def step(self) -> None:
        """One thing that happens, or that we do."""
        doings = (self.sells, self.orders, self.pays, self.delivers, self.cancels, self.credits)
        doings += (self.rewinds, self.backfills, self.is_lost, self.is_changed, self.heals, self.forgets)
        doings += (self.replays, self.sends_by_hand, self.touches_old, self.is_deleted)
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

    async def touches_old(self) -> None:
        """A sale of long before the flow began changes today."""
        if not self.old:
            return
        one = self.old.pop()
        if one in self.shop.till.receipts.cards.rows:
            receipt = self.shop.till.receipts.cards.rows[one]
            self.shop.till.receipts.credit(receipt, {})
            self._may(f"receipt-{one}", "refunded")
        else:
            self.shop.till.orders.deliver(self.shop.till.orders.cards.rows[one])
            self._may(f"order-{one}", "shipped")

    # what we do, and what happens behind our back

    async def rewinds(self) -> None:
        await self.shop.rewind(self.flow)

    async def replays(self) -> None:
        await self.shop.replay(self.flow)

    async def sends_by_hand(self) -> None:
        held = store(self.shop).orders
        if held:
            await self.shop.ask(self.flow, self.chance.choice(sorted(held)))

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

    async def is_deleted(self) -> None:
        """Somebody deletes an order in the store, and nobody looks."""
        held = store(self.shop).orders
        if held:
            await self.shop.rest()
            del held[self.chance.choice(sorted(held))]

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


async def open_flow(shop: Shop) -> str:
    """A flow of orders that begins now, and that follows every change."""
    await shop.flow("products", {"quantity": "off"})
    mark = shop.till.service.marks()
    flow = await shop.flow("orders", {"update_existing": "everything"}, position=mark["orderSyncMarker"])
    await shop.rest()
    return flow


async def later(shop: Shop) -> None:
    for _ in range(3):
        shop.clock.advance(31)
        await shop.rest()


def mailed(shop: Shop) -> list[tuple[str, str]]:
    return [(mail.about, mail.kind) for mail in shop.mailchimp.mails.sent]


def paid(shop: Shop, id: str) -> str:
    """An order of the till is paid in full; its id."""
    one = shop.till.orders.cards.rows[id]
    shop.till.orders.pay(one, [{"method": "PIN", "amount": one["totalInclAmount"]}], prepay=True)
    return id


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(n, marks=pytest.mark.long) for n in range(4, 8))])
async def test_random_walks_send_a_notice_only_for_what_just_happened_and_once(shop: Shop, seed: int) -> None:
    jan, now = stocked(shop), shop.till.now()
    old = []
    for n in range(OLD):
        with shop.till.back_then(now - timedelta(days=OLD - n)):
            if n % 2:
                old.append(sell(shop, sold(10_001, 49.95), relation=jan))
            else:
                old.append(paid(shop, order(shop, jan, (10_001, 1))["orderId"]))
    flow = await open_flow(shop)
    walk = Walk(shop, flow, jan, seed)
    walk.old = old
    await walk.sells()  # so that no walk is silent by chance
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


@pytest.mark.parametrize("days", [1, 900])
async def test_a_sale_of_before_the_flow_that_changes_today_mails_nobody(shop: Shop, days: int) -> None:
    jan, now = stocked(shop), shop.till.now()
    with shop.till.back_then(now - timedelta(days=days)):
        old = paid(shop, order(shop, jan, (10_001, 2))["orderId"])
    await open_flow(shop)
    shop.till.orders.deliver(shop.till.orders.cards.rows[old])
    await later(shop)

    sent = store(shop).orders[f"order-{old}"].data
    assert (99.9, None, None) == (sent["order_total"], sent.get("financial_status"), sent.get("fulfillment_status"))  # fmt: skip
    assert [] == mailed(shop)
    assert any("as_history" in warning for each in await shop.attempts() for warning in each["warnings"])


async def test_an_order_of_before_the_flow_that_is_paid_today_is_news(shop: Shop) -> None:
    jan, now = stocked(shop), shop.till.now()
    with shop.till.back_then(now - timedelta(days=30)):
        old = order(shop, jan, (10_001, 2))["orderId"]
    await open_flow(shop)
    shop.clock.advance(31)
    paid(shop, old)
    await later(shop)

    assert [(f"order-{old}", "order_invoice")] == mailed(shop)


async def test_a_sale_that_was_read_before_one_cursor_was_put_back_is_history_in_every_sequence(
    shop: Shop,
) -> None:
    jan = stocked(shop)
    flow = await open_flow(shop)
    first = sell(shop, sold(10_001, 49.95), relation=jan)
    await later(shop)
    await shop.rewind(flow)
    await later(shop)
    del store(shop).orders[f"receipt-{first}"]
    await shop.forget_targets()
    second = sell(shop, sold(10_001, 49.95), relation=jan)
    await later(shop)

    assert [(f"receipt-{each}", "order_invoice") for each in (first, second)] == mailed(shop)
    assert None is store(shop).orders[f"receipt-{first}"].data.get("financial_status")


async def test_a_credit_of_a_sale_that_was_sent_without_a_status_sets_none(shop: Shop) -> None:
    jan, now = stocked(shop), shop.till.now()
    with shop.till.back_then(now - timedelta(days=30)):
        old = sell(shop, sold(10_001, 49.95), relation=jan)
    flow = await open_flow(shop)
    await shop.ask(flow, f"receipt:{old}")
    await later(shop)
    shop.till.receipts.credit(shop.till.receipts.cards.rows[old], {})
    await later(shop)

    sent = store(shop).orders[f"receipt-{old}"].data
    assert (0, None) == (sent["order_total"], sent.get("financial_status"))
    assert [] == mailed(shop)
