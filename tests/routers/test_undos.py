"""The undo of a run over the API and from a terminal: foreseen, approved, watched, refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.store.session import Database
from app.worker.undoing import Undoer
from tests.routers.world import FLOW, World, world_over

URL = f"/flows/{FLOW}/undo"
ALL = {"since": "2020-01-01T00:00:00Z"}


@pytest.fixture
async def shop(db: Database, tmp_path: Path) -> AsyncIterator[World]:
    """The demo."""
    async with world_over(db, tmp_path) as world:
        yield world


async def refused(world: World, path: str, body: object = None) -> tuple[int, str]:
    answer = await world.api.http.post(f"/api/v1{path}", json=body)
    return answer.status_code, answer.json()["code"]


async def work(world: World) -> None:
    """What the worker does about what was asked for."""
    undoer = Undoer(world.api.context.resources, world.api.context.routes)
    await undoer.start_due()
    await undoer.idle()


def statuses(world: World) -> list[str]:
    return [member.status for member in world.audience.members.values()]


async def test_foreseen_approved_and_done(shop: World) -> None:
    await shop.start()
    await shop.work()
    members, written = len(shop.audience.members), len(shop.written())

    foreseen = await shop.post(URL, ALL)
    made = foreseen["records"]  # relations: some have several contacts
    assert 10 < made < members
    assert ("forecast", members, 0) == (
        foreseen["state"],
        foreseen["forecast"]["put_away"],
        foreseen["forecast"]["restored"],
    )
    assert made == foreseen["forecast"]["looked_at"]
    assert "Pause" in foreseen["advice"]
    assert (409, "not_paused") == await refused(shop, URL, ALL | {"approve": True})
    await shop.post(f"/flows/{FLOW}/pause")
    asked = await shop.post(URL, ALL | {"approve": True})
    assert ("asked", made, 0) == (asked["state"], asked["left"], asked["undone"])
    assert written == len(shop.written())
    assert (409, "undo_running") == await refused(shop, URL, ALL | {"approve": True})
    assert (409, "undo_running") == await refused(shop, f"/flows/{FLOW}/start", {"approve": True})

    await work(shop)

    found = await shop.get(URL)
    assert ("done", made, 0, {}, []) == (
        found["state"],
        found["undone"],
        found["left"],
        found["stays"],
        found["named"],
    )
    assert ["archived"] * members == statuses(shop)
    attempts = await shop.get("/attempts", trigger="undo", limit=200)
    assert made == len(attempts["items"] if isinstance(attempts, dict) else attempts)

    # Once more there is nothing to do, and everything is named.
    again = await shop.post(URL, ALL | {"approve": True})
    assert {"already_away": members} == again["forecast"]["stays"]
    await work(shop)
    page = await shop.get(URL, limit=3)
    assert ("done", {"already_away": made}, 3) == (page["state"], page["stays"], len(page["named"]))
    rest = await shop.get(URL, limit=1000, after=page["next"])
    assert made - 3 == len(rest["named"])
    await shop.post(f"/flows/{FLOW}/start")


async def test_only_a_part_of_it(shop: World) -> None:
    await shop.start()
    await shop.work()

    async def records(body: dict[str, Any]) -> int:
        return (await shop.post(URL, ALL | body))["records"]

    assert 0 == await records({"until": "2020-01-02T00:00:00Z"})
    assert 0 == await records({"triggers": ["webhook"]})
    assert 10 < await records({"triggers": ["backfill", "poll"]}) == await records({})


async def test_what_is_refused(shop: World) -> None:
    assert 404 == (await shop.api.http.get(f"/api/v1{URL}")).status_code
    assert (404, "not_found") == await refused(shop, "/flows/flow_none/undo", ALL)
    assert (404, "not_found") == await refused(shop, f"{URL}/stop")
    assert (422, "invalid_input") == await refused(shop, URL, {})
    assert (422, "invalid_input") == await refused(shop, URL, {"since": "2999-01-01T00:00:00Z"})
    assert (422, "invalid_input") == await refused(shop, URL, {"since": "2020-01-01T00:00:00"})
    assert (422, "invalid_input") == await refused(shop, URL, ALL | {"until": "2019-01-01T00:00:00Z"})
    assert (422, "invalid_input") == await refused(shop, URL, ALL | {"triggers": ["import"]})


async def test_stopped_and_gone_on_with(shop: World) -> None:
    await shop.start()
    await shop.work()
    await shop.post(f"/flows/{FLOW}/pause")
    await shop.post(URL, ALL | {"approve": True})

    assert "stopped" == (await shop.post(f"{URL}/stop"))["state"]
    assert (409, "undo_not_running") == await refused(shop, f"{URL}/stop")
    await work(shop)
    assert "archived" not in statuses(shop)

    await shop.post(URL, ALL | {"approve": True})
    await work(shop)
    assert {"archived"} == set(statuses(shop))
