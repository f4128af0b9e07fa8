"""A flow's history over the API: what is refused, and what is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.store.session import Database
from tests.routers.world import FLOW, INTEGRATION, World, world_over

ORDERS = "flow_demo_orders"
URL = f"/flows/{ORDERS}/backfill"
WISH = {"count": 5, "mails": "quiet"}


@pytest.fixture
async def shop(db: Database, tmp_path: Path) -> AsyncIterator[World]:
    """The demo with a flow of orders that is paused."""
    async with world_over(db, tmp_path) as world:
        await world.post(f"/integrations/{INTEGRATION}/flows", {"id": ORDERS, "kind": "orders"})
        yield world


async def refused(world: World, path: str, body: object = None) -> tuple[int, str]:
    answer = await world.api.http.post(f"/api/v1{path}", json=body)
    return answer.status_code, answer.json()["code"]


async def test_what_is_refused(shop: World) -> None:
    assert (409, "not_running") == await refused(shop, URL, WISH)
    assert (409, "no_history") == await refused(shop, f"/flows/{FLOW}/backfill", WISH)
    assert 422 == (await refused(shop, URL, {"mails": "quiet"}))[0]
    assert 422 == (await refused(shop, URL, {"count": 5}))[0]
    assert 422 == (await refused(shop, URL, WISH | {"since": "2025-01-01T00:00:00+01:00"}))[0]
    assert (404, "not_found") == await refused(shop, f"{URL}/stop")

    await shop.post(f"/flows/{ORDERS}/start", {"approve": True})
    future = {"since": "2200-01-01T00:00:00+01:00", "mails": "quiet"}
    assert "invalid_input" == (await refused(shop, URL, future))[1]


async def test_begun_stopped_and_gone_on_with(shop: World) -> None:
    await shop.post(f"/flows/{ORDERS}/start", {"approve": True})
    begun = await shop.post(URL, WISH)
    assert ("counting", None, 0) == (begun["state"], begun["total"], begun["done"])
    assert (409, "backfill_running") == await refused(shop, URL, WISH)
    assert (409, "backfill_not_stopped") == await refused(shop, f"{URL}/continue")

    stopping = await shop.post(f"{URL}/stop")
    assert "stopping" == stopping["state"] == (await shop.get(URL))["state"]


async def test_a_flow_that_begins_with_today_begins_all_of_its_sequences_then(shop: World) -> None:
    await shop.post(f"/flows/{ORDERS}/start", {"approve": True})
    left = shop.till.counter.sell(
        [{"articleNumber": 10_001, "text": "Trui", "quantity": 1, "priceIncl": 5.0}],
        [{"method": "PIN", "amount": 5.0}],
    )
    await shop.work()

    found = await shop.get("/deliveries", flow_id=ORDERS)
    assert [f"receipt:{left['receiptId']}"] == [each["record"] for each in found["items"]]
