"""A flow's cursor over the API: read, set, rewound, placed by date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.store import alerts
from tests.routers.world import FLOW, SIZE, World

URL = f"/flows/{FLOW}/cursor"


async def put(world: World, body: Any) -> Any:
    return await world.api.http.put(f"/api/v1{URL}", json=body)


def newest(world: World) -> int:
    return world.till.service.marks()["relationSyncMarker"]


async def test_it_moves_with_what_is_read(world: World) -> None:
    before = await world.get(URL)
    await world.start()
    started = await world.get(URL)
    await world.work()
    read = await world.get(URL)

    assert {"cursor": None, "newest": None, "beside": {}} == before
    assert (0, 0) == (started["cursor"]["position"], started["cursor"]["placed"])
    assert newest(world) == read["cursor"]["position"] == read["newest"]
    assert read["cursor"] == (await world.get(f"/flows/{FLOW}"))["cursor"]


async def test_a_rewind_writes_nothing_that_is_there_already(world: World) -> None:
    await world.start()
    await world.work()
    written = world.written()

    back = await world.post(f"{URL}/rewind", {"by": 10})
    await world.work()

    assert newest(world) - 10 == back["cursor"]["position"]
    assert newest(world) == (await world.get(URL))["cursor"]["position"]
    assert written == world.written()


async def test_who_places_the_cursor_has_decided_about_a_marker_that_fell(world: World) -> None:
    db = world.api.context.db
    async with db.write() as conn:
        for code in ("marker_fell", "drift_found"):
            await alerts.raise_alert(conn, code=code, subject=f"flow:{FLOW}", detail="Look.", now=1)
    await put(world, {"at": "beginning"})

    assert ["drift_found"] == [each["code"] for each in (await world.get("/alerts"))["items"]]


async def test_a_rewind_ends_at_the_beginning(world: World) -> None:
    early = await world.api.http.post(f"/api/v1{URL}/rewind", json={"by": 10})
    await world.start()
    back = await world.post(f"{URL}/rewind", {"by": 2**53})

    assert (409, "never_started") == (early.status_code, early.json()["code"])
    assert (0, 1) == (back["cursor"]["position"], back["cursor"]["placed"])


async def test_only_what_comes_after_now_is_read(world: World) -> None:
    placed = (await put(world, {"at": "now"})).json()
    await world.start()
    ref = world.till.relations.add(name="Jan de Vries", email="jan@klant-voorbeeld.nl")["relationNumber"]
    await world.work()

    deliveries = await world.get("/deliveries")

    assert newest(world) - 1 == placed["cursor"]["position"]
    assert [str(ref)] == [row["record"] for row in deliveries["items"]]


async def test_what_changed_since_a_date_is_read(world: World) -> None:
    noon = datetime.now(UTC).replace(microsecond=0)
    world.till._now = lambda: noon + timedelta(hours=5)
    world.till.relations.add(name="Late", email="late@klant-voorbeeld.nl")
    world.till._now = lambda: noon + timedelta(days=2)
    world.till.relations.add(name="Later", email="later@klant-voorbeeld.nl")
    edge = newest(world)

    # The shop was seeded before; its clock runs ahead here so that a date lies between two changes.
    found = await world.api.context.resources.client(await _source(world)).position_before(
        "customer", noon + timedelta(days=1), newest=edge
    )  # type: ignore[attr-defined]
    at_the_edge = await world.api.context.resources.client(await _source(world)).position_before(
        "customer", noon + timedelta(hours=5), newest=edge
    )  # type: ignore[attr-defined]
    everything = (await put(world, {"since": "2001-01-01T00:00:00+01:00"})).json()
    nothing = (await put(world, {"since": datetime.now(UTC).isoformat()})).json()

    assert (edge - 1, edge - 2) == (found, at_the_edge)
    assert 0 == everything["cursor"]["position"]
    assert edge - 2 == nothing["cursor"]["position"]


async def _source(world: World) -> Any:
    from app.store import connections
    from tests.routers.world import TILL

    async with world.api.context.db.read() as db:
        return await connections.find(db, TILL)


async def test_a_seeded_shop_is_found_by_every_date(world: World) -> None:
    """Whatever the date, everything above the position changed later, everything below earlier."""
    client = world.api.context.resources.client(await _source(world))
    page = await client.changes("customer", since=1, limit=500)
    told = {each.position: datetime.fromisoformat(each.document["changeTimestamp"]) for each in page.found}  # type: ignore[union-attr,index]

    for moment in [
        *told.values(),
        min(told.values()) - timedelta(days=1),
        max(told.values()) + timedelta(days=1),
    ]:
        found = await client.position_before("customer", moment, newest=newest(world))  # type: ignore[attr-defined]
        assert all((mark > found) == (changed >= moment) for mark, changed in told.items()), moment
    assert SIZE == len(told)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, None, "invalid_input"),
        ({"position": 1, "at": "now"}, None, "invalid_input"),
        ({"position": -1}, "position", "invalid_input"),
        ({"position": 2**60}, None, "invalid_input"),
        ({"position": 10_000_000}, "position", "beyond_newest"),
        ({"position": "beginning"}, "position", "invalid_input"),
        ({"at": "noon"}, "at", "invalid_input"),
        ({"since": "2026-11-01"}, "since", "invalid_input"),
        ({"since": "2026-11-01T00:00:00"}, "since", "invalid_input"),
        ({"since": "2999-11-01T00:00:00+01:00"}, "since", "invalid_input"),
    ],
)
async def test_what_is_no_place_is_refused(world: World, body: Any, field: str | None, code: str) -> None:
    answer = await put(world, body)

    assert (422, field, code) == (answer.status_code, answer.json().get("field"), answer.json()["code"])
    assert (await world.get(URL))["cursor"] is None
