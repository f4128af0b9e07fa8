"""A flow's settings and hours over the API."""

from __future__ import annotations

from typing import Any

import pytest

from app.store import integrations
from app.store.tables import flows
from tests.routers.world import FLOW, INTEGRATION, World

URL = f"/flows/{FLOW}/settings"
CONSENT = {"consent_source": "custom_field", "consent_field": "Nieuwsbrief"}


async def test_only_what_was_given_is_kept_and_the_rest_says_where_it_comes_from(world: World) -> None:
    before = await world.get(URL)
    put = await world.put(URL, CONSENT)
    after = await world.get(URL)

    assert ("never", "default", 1) == (
        before["values"]["consent_source"],
        before["origins"]["consent_source"],
        before["version"],
    )
    assert put == after
    assert ("custom_field", "set", "default", 2) == (
        after["values"]["consent_source"],
        after["origins"]["consent_source"],
        after["origins"]["without_consent"],
        after["version"],
    )
    (row,) = await world.api.rows(flows)
    assert CONSENT == row["settings"]

    assert "never" == (await world.put(URL, {}))["values"]["consent_source"]


async def test_a_flow_inherits_from_its_integration(world: World) -> None:
    """No setting of today stands at both levels; the rule is the same for any that will."""
    db = world.api.context.db
    async with db.write() as conn:
        await integrations.change(
            conn, INTEGRATION, now=1, settings={"without_consent": "skip", "country": "BE"}
        )
    inherited = await world.get(URL)
    own = await world.put(URL, {"without_consent": "transactional"})

    assert ("skip", "integration") == (
        inherited["values"]["without_consent"],
        inherited["origins"]["without_consent"],
    )
    assert ("transactional", "set") == (own["values"]["without_consent"], own["origins"]["without_consent"])
    assert "country" not in inherited["values"]
    route = await world.api.context.routes.route(FLOW)
    assert ("BE", "transactional") == (
        route.translation.said["country"],  # type: ignore[attr-defined]
        route.options["without_consent"],
    )


async def test_whoever_comes_second_is_told(world: World) -> None:
    await world.put(URL, CONSENT)

    answer = await world.api.http.put(f"/api/v1{URL}?version=1", json={})

    assert (409, "version_moved") == (answer.status_code, answer.json()["code"])
    assert "custom_field" == (await world.get(URL))["values"]["consent_source"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"consent_source": "telepathy"}, "consent_source"),
        ({"colour": "red"}, "colour"),
        ({"update_existing": "perhaps"}, "update_existing"),
        ({"consent_source": "category"}, None),
        ({"consent_field": "a\0b"}, None),
        ({"consent_yes": 5}, "consent_yes"),
        ([], None),
        ("text", None),
    ],
)
async def test_what_cannot_be_used_is_refused_by_field(world: World, body: Any, field: str | None) -> None:
    answer = await world.api.http.put(f"/api/v1{URL}", json=body)

    assert (422, field) == (answer.status_code, answer.json().get("field"))
    assert 1 == (await world.get(URL))["version"]


async def test_hours_close_a_flow_until_they_begin(world: World) -> None:
    always = await world.get(f"/flows/{FLOW}/hours")
    now = await world.api.context.db.now()
    # A window of one minute, eleven hours from now: closed whatever the time is.
    hour = (now // 3_600_000 + 11) % 24
    closed = await world.put(f"/flows/{FLOW}/hours", {"hours": f"{hour:02}:30-{hour:02}:31"})
    shown = await world.get(f"/flows/{FLOW}")
    opened = (await world.api.http.delete(f"/api/v1/flows/{FLOW}/hours")).json()

    assert {"hours": None, "time_zone": "Europe/Amsterdam", "opens_at": None} == always
    assert [f"{hour:02}:30-{hour:02}:31"] == closed["hours"]["hours"]
    assert closed["opens_at"] is not None
    assert closed["opens_at"] == shown["opens_at"]
    assert always == opened


async def test_a_closed_flow_delivers_nothing_and_goes_on_when_opened(world: World) -> None:
    now = await world.api.context.db.now()
    hour = (now // 3_600_000 + 11) % 24
    await world.put(f"/flows/{FLOW}/hours", {"hours": [f"{hour:02}:30-{hour:02}:31"]})
    await world.start()
    await world.work()
    closed = world.written()
    await world.api.http.delete(f"/api/v1/flows/{FLOW}/hours")
    await world.work()

    assert [] == closed
    assert "member.put" in world.written()


@pytest.mark.parametrize(
    "hours",
    [
        {"hours": "25:00-26:00"},
        {"hours": []},
        {"hours": "22:00-22:00"},
        {"hours": "22:00-06:00", "days": []},
        {},
    ],
)
async def test_hours_that_are_none_are_refused(world: World, hours: dict[str, Any]) -> None:
    answer = await world.api.http.put(f"/api/v1/flows/{FLOW}/hours", json=hours)

    assert 422 == answer.status_code
    assert answer.json()["errors"]


async def test_timing_changes(world: World) -> None:
    answer = await world.api.http.patch(f"/api/v1/flows/{FLOW}", json={"window_s": 0.5, "deadline_s": 3600})

    assert (0.5, 3600.0) == (answer.json()["window_s"], answer.json()["deadline_s"])
    assert 422 == (await world.api.http.patch(f"/api/v1/flows/{FLOW}", json={"window_s": -1})).status_code
