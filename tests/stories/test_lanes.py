"""Lanes: what happens in the shop waits for no batch of a backfill, however many of them are under way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from app.pipeline.route import Route
from app.route_map import RouteMap
from app.store import requests
from app.store.requests import BACKFILL, Request
from app.worker.jobs import AT_ONCE, Deliverer
from tests.shop import Shop
from tests.stories.counter import orders, sell, sold, stocked


class Slow(RouteMap):
    """Routes whose batches stop before they send, until they are let go; ``stopped`` is how many did so."""

    def __init__(self, shop: Shop):
        super().__init__(shop.resources)
        self.go, self.stopped = asyncio.Event(), 0
        self.held = 0

    async def route(self, flow_id: str) -> Route:
        async def hook(name: str) -> None:
            if name == "reserved" and self.held < AT_ONCE:
                self.held += 1
                await self.go.wait()

        return replace(await super().route(flow_id), hook=hook)


async def test_a_live_sale_goes_while_every_lane_is_at_a_backfill(shop: Shop) -> None:
    jan = stocked(shop)
    flow = await shop.flow("orders")
    old = [f"receipt:{sell(shop, sold(10_001, 49.95), relation=jan)}" for _ in range(100 * AT_ONCE)]
    routes = Slow(shop)
    deliverer = Deliverer(shop.resources, routes)
    async with shop.db.write() as conn:
        wishes = [Request(flow, ref, priority=BACKFILL, trigger="backfill") for ref in old]
        await requests.request(conn, wishes, clock=shop.clock)
    turns = [asyncio.create_task(deliverer.deliver(flow)) for _ in range(AT_ONCE)]
    async with asyncio.timeout(20):
        while routes.held < AT_ONCE:
            await asyncio.sleep(0.01)

    later = sell(shop, sold(10_001, 5.00), relation=jan)
    await shop.ask(flow, f"receipt:{later}")
    await deliverer.deliver(flow)

    assert [f"receipt-{later}"] == list(orders(shop))
    routes.go.set()
    await asyncio.gather(*turns)
    assert len(old) + 1 == len(orders(shop))
    await deliverer.close(within_s=5)
