"""What moved, over the API: every filter, page by page; one attempt with its data for admins only; replay and yes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.routers.access import hash_api_key
from app.store import api_keys, attempts, requests
from app.store.attempts import NewAttempt
from app.store.requests import Request
from app.store.session import Database
from app.store.tables import deliveries
from tests.routers.conftest import Api
from tests.routers.world import FLOW, INTEGRATION, TILL, World, world_over

RULE = {"name": "Nobody yet", "then": [{"do": "stop", "message": "Ask the owner first"}]}


async def moved(world: World) -> None:
    """Everything read and delivered once."""
    await world.start()
    await world.work()


async def every(world: World, path: str, **query: Any) -> list[dict[str, Any]]:
    """All pages of a listing."""
    items: list[dict[str, Any]] = []
    following: str | None = ""
    while following is not None:
        page = await world.get(path, **query, **({"cursor": following} if following else {}))
        items += page["items"]
        following = page["next"]
    return items


async def test_pages_meet_without_gap_or_overlap(world: World) -> None:
    await moved(world)

    for path in ("/events", "/deliveries", "/attempts"):
        whole = await every(world, path, limit=200)
        by_three = await every(world, path, limit=3)
        assert whole == by_three, path
        ids = [row["id"] for row in whole]
        assert sorted(ids, reverse=True) == ids
        assert len(ids) > 10


async def test_every_filter_of_deliveries(world: World) -> None:
    await moved(world)
    rows = await every(world, "/deliveries")

    async def refs(**query: Any) -> set[str]:
        return {row["record"] for row in await every(world, "/deliveries", **query)}

    def where(**wanted: Any) -> set[str]:
        return {row["record"] for row in rows if all(row[name] == value for name, value in wanted.items())}

    assert {"delivered", "skipped"} <= {row["outcome"] for row in rows}
    assert where() == await refs(flow_id=FLOW, integration_id=INTEGRATION, direction="mplus→mailchimp")
    assert where(outcome="skipped") == await refs(outcome="skipped")
    assert where() == await refs(outcome=["skipped", "delivered"], state=["settled", "dead"])
    assert where(code="email_missing") == await refs(code="email_missing") != set()
    assert where(code="email_missing") == await refs(text="NO E-MAIL")
    assert {"7"} == await refs(record="7")
    assert set() == await refs(trigger="manual")
    assert set() == await refs(needs_yes=True)
    assert set() == await refs(since="2999-01-01T00:00:00Z")
    assert where() == await refs(since="2001-01-01T00:00:00+02:00", until="2999-01-01T00:00:00Z")
    assert set() == await refs(flow_id="flow_other")
    assert set() == await refs(direction="mailchimp→mplus")


async def test_every_filter_of_attempts_and_events(world: World) -> None:
    await moved(world)
    tried = await every(world, "/attempts")
    some = next(row for row in tried if row["outcome"] == "delivered")

    async def ids(**query: Any) -> list[int]:
        return [row["id"] for row in await every(world, "/attempts", **query)]

    assert [some["id"]] == await ids(delivery_id=some["delivery_id"])
    assert [some["id"]] == await ids(record=some["record"], flow_id=FLOW, integration_id=INTEGRATION)
    assert [row["id"] for row in tried if row["outcome"] == "skipped"] == await ids(outcome="skipped")
    assert [row["id"] for row in tried if row["code"] == "email_missing"] == await ids(code="email_missing")
    assert [row["id"] for row in tried] == await ids(trigger="backfill", direction="mplus→mailchimp")
    assert [] == await ids(text="no such words anywhere")
    assert [] == await ids(until="2001-01-01T00:00:00Z")

    noticed = await every(world, "/events", connection_id=TILL, kind="customer", trigger="backfill")
    assert {row["record"] for row in tried} == {row["record"] for row in noticed}
    assert ["7"] == [row["record"] for row in await every(world, "/events", record="7")]
    assert [] == await every(world, "/events", connection_id="con_demo_list")


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 201},
        {"cursor": "x"},
        {"cursor": 0},
        {"since": "yesterday"},
        {"since": "2026-01-01T00:00:00"},
        {"outcome": "lost"},
        {"trigger": "magic"},
        {"flow_id": "../etc"},
        {"record": "x" * 201},
        {"cursor": 2**70},
    ],
)
async def test_bad_filters_are_refused_by_name(api: Api, query: dict[str, Any]) -> None:
    answer = await api.http.get("/api/v1/attempts", params=query)

    (name,) = query
    assert (422, name) == (answer.status_code, answer.json()["field"].split(".")[0])


@pytest.mark.parametrize("text", ["\0", "%", "_", "\\", "'; DROP TABLE attempts; --", "🦊", "a" * 200])
@pytest.mark.parametrize("name", ["text", "record", "code", "direction"])
async def test_odd_texts_in_filters_find_nothing(api: Api, name: str, text: str) -> None:
    for path in ("attempts", "deliveries"):
        answer = await api.http.get(f"/api/v1/{path}", params={name: text})

        assert (answer.status_code == 200 and answer.json()["items"] == []) or (
            answer.status_code,
            answer.json()["field"],
        ) == (422, name)


async def test_one_attempt_shows_its_data_to_admins_only(world: World) -> None:
    await moved(world)
    some = (await world.get("/attempts", outcome="delivered"))["items"][0]
    context = world.api.context
    payload = {"source": {"email": "jan@klant-voorbeeld.nl"}, "record": None, "sent": []}
    kept = NewAttempt(
        delivery_id=some["delivery_id"],
        flow_id=FLOW,
        source_ref=some["record"],
        duration_ms=5,
        outcome="delivered",
        trigger="poll",
        direction="mplus→mailchimp",
        payload_sealed=context.sealer.seal_json(payload),
    )
    async with context.db.write() as db:
        await attempts.add(db, [kept], clock=context.db.clock)
        for scope in ("read", "operate"):
            hashed = hash_api_key(context.sealer, f"t2a_{scope}")
            await api_keys.add(db, id=f"key_{scope}", name=scope, key_hash=hashed, scope=scope, now=1)
    newest = (await world.get("/attempts", limit=1))["items"][0]["id"]

    whole = await world.get(f"/attempts/{newest}")
    others = [
        await world.api.http.get(
            f"/api/v1/attempts/{newest}", headers={"Authorization": f"Bearer t2a_{scope}"}
        )
        for scope in ("read", "operate")
    ]
    plain = await world.get(f"/attempts/{some['id']}")

    assert (payload, True, some["delivery_id"]) == (
        whole["payload"],
        whole["payload_kept"],
        whole["delivery"]["id"],
    )
    assert [(200, None, True)] * 2 == [
        (answer.status_code, answer.json()["payload"], answer.json()["payload_kept"]) for answer in others
    ]
    assert (None, False) == (plain["payload"], plain["payload_kept"])
    assert 404 == (await world.api.http.get("/api/v1/attempts/999999")).status_code


async def test_what_failed_is_replayed_after_the_fix(world: World) -> None:
    await world.api.http.patch(f"/api/v1/flows/{FLOW}/mapping", json={"rules": [RULE]})
    await moved(world)
    failed = await every(world, "/deliveries", state="dead")
    one, *rest = failed
    await world.api.http.delete(f"/api/v1/flows/{FLOW}/mapping")

    asked = await world.post(f"/deliveries/{one['id']}/replay")
    await world.work()
    became = await world.get(f"/deliveries/{one['id']}")
    some = await world.post("/deliveries/replay", {"ids": [rest[0]["id"], rest[1]["id"]]})
    await world.work()
    everything = await world.post("/deliveries/replay", {"flow_id": FLOW, "failed": True})
    await world.work()

    assert len(failed) > 10
    assert "Ask the owner first" in one["reason"]
    assert ("pending", "replay") == (asked["state"], asked["trigger"])
    assert ("settled", True) == (became["state"], became["outcome"] in ("delivered", "skipped"))
    assert (2, len(failed) - 3) == (some["count"], everything["count"])
    assert [] == await every(world, "/deliveries", state="dead")
    assert 0 == (await world.post("/deliveries/replay", {"failed": True}))["count"]


async def test_a_whole_flow_is_read_again_and_nothing_is_written_twice(world: World) -> None:
    await moved(world)
    written = world.written()

    asked = await world.post("/deliveries/replay", {"flow_id": FLOW})
    waiting = await every(world, "/deliveries", state="pending")
    await world.work()

    assert asked["count"] == len(waiting) == len(await every(world, "/deliveries"))
    assert all(row["backfill"] for row in waiting)
    assert written == world.written()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/deliveries/replay", {}),
        ("/deliveries/replay", {"failed": False}),
        ("/deliveries/replay", {"ids": []}),
        ("/deliveries/replay", {"ids": [0]}),
        ("/deliveries/replay", {"ids": [2**63]}),
        ("/deliveries/replay", {"ids": ["1; DROP TABLE deliveries"]}),
        ("/deliveries/replay", {"ids": list(range(1, 1002))}),
        ("/deliveries/yes", {}),
    ],
)
async def test_nobody_asks_for_everything_by_mistake(api: Api, path: str, body: Any) -> None:
    answer = await api.http.post(f"/api/v1{path}", json=body)

    assert 422 == answer.status_code


async def test_unknown_flows_and_deliveries_are_said(api: Api) -> None:
    found = [
        await api.http.post("/api/v1/deliveries/replay", json={"flow_id": "flow_nowhere"}),
        await api.http.post("/api/v1/deliveries/yes", json={"flow_id": "flow_nowhere"}),
        await api.http.post("/api/v1/deliveries/9/replay"),
        await api.http.post("/api/v1/deliveries/9/yes"),
        await api.http.get("/api/v1/deliveries/9"),
    ]

    assert [404] * 5 == [answer.status_code for answer in found]


async def test_what_waits_for_a_yes_gets_it(world: World) -> None:
    context = world.api.context
    async with context.db.write() as db:
        wishes = [Request(FLOW, ref, trigger="poll") for ref in ("1", "2", "3")]
        await requests.request(db, wishes, clock=context.db.clock)
        await db.execute(
            deliveries.update().where(deliveries.c.source_ref != "3").values(needs_yes=True, state="waiting")
        )
    one, two, other = sorted(await every(world, "/deliveries"), key=lambda row: row["record"])

    said = await world.post(f"/deliveries/{one['id']}/yes")
    refused = await world.api.http.post(f"/api/v1/deliveries/{other['id']}/yes")
    rest = await world.post("/deliveries/yes", {"flow_id": FLOW})

    assert (True, None) == (one["needs_yes"], one["due_at"])
    assert (False, "pending", "approved") == (said["needs_yes"], said["state"], said["trigger"])
    assert (409, "no_yes_needed") == (refused.status_code, refused.json()["code"])
    assert 1 == rest["count"]
    assert [] == await every(world, "/deliveries", needs_yes=True)
    assert "poll" == (await world.get(f"/deliveries/{other['id']}"))["trigger"]
    assert "approved" == (await world.get(f"/deliveries/{two['id']}"))["trigger"]


async def test_a_flow_shows_what_moves_through_it(database: Database, tmp_path: Path) -> None:
    async with world_over(database, tmp_path) as world:
        await moved(world)
        shown = await world.get(f"/flows/{FLOW}")
        rows = await every(world, "/deliveries")

    delivered = sum(row["outcome"] == "delivered" for row in rows)
    assert {"settled": len(rows)} == shown["deliveries"]
    assert delivered == shown["outcomes"]["delivered"] > 0
    assert len(rows) - delivered <= shown["outcomes"]["skipped"]  # who shares an address is looked at twice
    assert shown["oldest_pending_s"] is None
