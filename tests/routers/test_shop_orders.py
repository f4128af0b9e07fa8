"""Shop orders over the API, as somebody would set them up who has read nothing: made, looked at, started, placed anew."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.pipeline.batch import run_batch
from app.store.session import Database
from app.worker.scanning import Scanner
from tests.routers.conftest import Served
from tests.routers.webshop import Set, set_up_over
from tests.routers.world import API_KEY

URL = "/api/v1/integrations/int_one/flows"
FLOW = "/api/v1/flows/flow_shop"
BUYER = "sanne@klant-voorbeeld.nl"


@pytest.fixture
async def set_up(database: Database, tmp_path: Path, shop: Served) -> AsyncIterator[Set]:
    """No flow yet."""
    async with set_up_over(database, tmp_path, shop) as opened:
        yield opened


async def make(it: Set, settings: dict[str, Any], **more: Any) -> Any:
    return await it.api.http.post(
        URL, json={"id": "flow_shop", "kind": "shop_orders", "settings": settings, **more}
    )


async def deliver(it: Set) -> None:
    resources, routes = it.api.context.resources, it.api.context.routes
    await Scanner(resources).scan("flow_shop")
    await run_batch(await routes.route("flow_shop"))


async def test_what_is_missing_is_said_when_it_is_saved(set_up: Set) -> None:
    answer = await make(set_up, {})
    assert (422, "settings.stores") == (answer.status_code, answer.json()["field"])

    answer = await make(set_up, {"stores": [{"id": "webshop"}], "branch": 2})
    assert 422 == answer.status_code
    assert "workplace must be filled in" in answer.json()["detail"]

    answer = await make(set_up, {"stores": [{"id": "till-a1b2c3d4e5"}]})
    assert (422, "own_store") == (answer.status_code, answer.json()["code"])


async def test_it_goes_from_the_audience_to_the_till_whatever_is_left_and_right(set_up: Set) -> None:
    answer = await make(set_up, {"stores": [{"id": "webshop"}]}, source_connection_id="con_till")
    assert (422, "wrong_systems") == (answer.status_code, answer.json()["code"])

    made = (await make(set_up, {"stores": [{"id": "webshop"}]})).json()

    assert ("mailchimp→mplus", "con_list", "con_till", "paused") == tuple(
        made[name] for name in ("direction", "source_connection_id", "target_connection_id", "state")
    )
    answer = await set_up.api.http.put(f"{FLOW}/settings", json={"stores": [{"id": "till-a1b2c3d4e5"}]})
    assert (422, "own_store") == (answer.status_code, answer.json()["code"])


async def test_a_store_that_we_write_is_refused_on_every_way_in(set_up: Set) -> None:
    """Also by a file and by going back to an old version, and whichever connection of the account writes there."""
    http = set_up.api.http
    await make(set_up, {"stores": [{"id": "webshop"}]})
    await http.put(f"{FLOW}/settings", json={"stores": [{"id": "webshop"}, {"id": "till-two"}]})
    await http.put(f"{FLOW}/settings", json={"stores": [{"id": "webshop"}]})
    file = (await http.get("/api/v1/integrations/int_one/export")).text
    there = (await http.get("/api/v1/connections/con_list")).json()
    second = await http.post(
        "/api/v1/connections",
        json={
            "id": "con_two",
            "system": "mailchimp",
            "name": "Second till",
            "settings": there["settings"] | {"store": {"id": "till-two"}},
            "credentials": {"api_key": API_KEY},
        },
    )
    assert 201 == second.status_code, second.text

    for own in ("till-a1b2c3d4e5", "till-two"):
        imported = await http.post(
            "/api/v1/imports",
            content=file.replace("id: webshop", f"id: {own}"),
            headers={"Content-Type": "application/yaml"},
        )
        told = imported.json()
        assert (422, "own_store", "flows.0.settings.stores") == (
            imported.status_code, told["code"], told["field"]
        ), told  # fmt: skip
    restored = await http.post(f"{FLOW}/changes/2/restore")
    assert (422, "own_store") == (restored.status_code, restored.json()["code"])
    kept = (await http.get(f"{FLOW}/settings")).json()
    assert ["webshop"] == [each["id"] for each in kept["values"]["stores"]], kept


async def test_a_preview_shows_the_calls_before_anything_runs_and_a_start_begins_now(set_up: Set) -> None:
    http = set_up.api.http
    await make(set_up, {"stores": [{"id": "webshop"}]})
    set_up.store.order("7", BUYER, [("4002", 3)], processed_at_foreign="2026-01-05T10:00:00+00:00")

    shown = (await http.post(f"{FLOW}/preview", json={"record": "webshop/7"})).json()
    assert "delivered" == shown["outcome"], shown
    assert ["create relation: email, extRelationId, name", "create order: 1 lines"] == [
        call["summary"] for call in shown["targets"][0]["calls"]
    ]

    before = int(time.time())
    started = (await http.post(f"{FLOW}/start")).json()
    assert (True, 0) == (started["started"], started["forecast"]["records"])
    position = (await http.get(f"{FLOW}/cursor")).json()["cursor"]["position"]
    assert before <= position <= time.time()
    await deliver(set_up)
    assert [] == list(set_up.till.orders.cards.rows)

    placed = await http.put(f"{FLOW}/cursor", json={"since": "2026-01-01T00:00:00+00:00"})
    assert 1767225600 == placed.json()["cursor"]["position"]
    await deliver(set_up)
    assert ["webshop-7"] == [row["extOrderId"] for row in set_up.till.orders.cards.rows.values()]


async def test_what_is_missing_in_the_till_is_said_by_the_preview(set_up: Set) -> None:
    await make(set_up, {"stores": [{"id": "webshop"}]})
    set_up.store.stock("AB-1", title="Vreemd", price=1)
    set_up.store.order("7", BUYER, [("AB-1", 1)])

    shown = (await set_up.api.http.post(f"{FLOW}/preview", json={"record": "webshop/7"})).json()

    assert "held_back" == shown["outcome"]
    assert shown["reason"].startswith("The till has no article for AB-1.")
    assert "table" in shown["advice"]


async def test_at_now_places_the_cursor_at_this_moment(set_up: Set) -> None:
    await make(set_up, {"stores": [{"id": "webshop"}]})
    http = set_up.api.http
    await http.post(f"{FLOW}/start")
    await http.put(f"{FLOW}/cursor", json={"at": "beginning"})

    placed = (await http.put(f"{FLOW}/cursor", json={"at": "now"})).json()
    beyond = await http.put(f"{FLOW}/cursor", json={"position": 9_999_999_999})

    assert abs(placed["cursor"]["position"] - time.time()) < 60
    assert (422, "beyond_newest") == (beyond.status_code, beyond.json()["code"])
