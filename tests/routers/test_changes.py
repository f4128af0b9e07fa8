"""Versions over the API: who changed what, and a restore that gives the old behaviour, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete

from app.store import flows as flow_store
from app.store.tables import config_changes, flows
from tests.routers.world import FLOW, INTEGRATION, TILL, World

CHANGES = f"/flows/{FLOW}/changes"
BELGIANS = {
    "name": "Everybody is tagged",
    "when": {"field": "email", "is": "not_empty"},
    "then": [{"do": "add_tag", "tag": "Till"}],
}


async def versions(world: World) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await world.get(CHANGES))["items"]
    return items


async def test_every_change_is_one_version_with_who_and_what(world: World) -> None:
    key = (await world.post("/api-keys", {"name": "Anna's laptop", "scope": "admin"}))["key"]
    world.api.http.headers["Authorization"] = f"Bearer {key}"
    await world.put(f"/flows/{FLOW}/settings", {"without_consent": "skip"})
    await world.put(f"/flows/{FLOW}/mapping", {"rules": [BELGIANS]})
    await world.put(f"/flows/{FLOW}/hours", {"hours": "22:00-06:00"})
    await world.api.http.delete(f"/api/v1/flows/{FLOW}/hours")

    found = await versions(world)

    everyday = {"hours": ["22:00-06:00"], "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
    assert [
        (6, "changed", "Anna's laptop", [("hours", everyday, None)]),
        (5, "changed", "Anna's laptop", [("hours", None, everyday)]),
        (4, "changed", "Anna's laptop", [("mapping.rules", None, found[2]["differences"][0]["after"])]),
        (3, "changed", "Anna's laptop", [("settings.without_consent", None, "skip")]),
        (2, "changed", "first admin key", [("window_s", 10.0, 0.0)]),
        (1, "created", "first admin key", []),
    ] == [
        (
            each["number"],
            each["how"],
            each["key_name"],
            [(one["path"], one["before"], one["after"]) for one in each["differences"]],
        )
        for each in found
    ]
    assert "Everybody is tagged" == found[2]["differences"][0]["after"][0]["name"]
    assert 'settings.without_consent: added "skip"' == found[3]["differences"][0]["sentence"]


async def test_saving_the_same_again_is_no_version(world: World) -> None:
    await world.put(f"/flows/{FLOW}/settings", {"without_consent": "skip"})
    before = await versions(world)
    await world.put(f"/flows/{FLOW}/settings", {"without_consent": "skip"})

    assert before == await versions(world)


async def test_a_refused_change_leaves_no_version(world: World) -> None:
    before = await versions(world)
    refused = [
        await world.api.http.put(f"/api/v1/flows/{FLOW}/settings", json={"colour": "red"}),
        await world.api.http.put(f"/api/v1/flows/{FLOW}/settings?version=77", json={}),
        await world.api.http.put(f"/api/v1/flows/{FLOW}/mapping?check_only=true", json={"rules": [BELGIANS]}),
    ]

    assert [422, 409, 200] == [answer.status_code for answer in refused]
    assert before == await versions(world)


async def test_a_restore_is_identity_and_a_version_itself(world: World) -> None:
    await world.put(f"/flows/{FLOW}/settings", {"without_consent": "skip", "contacts": "main"})
    await world.put(
        f"/flows/{FLOW}/mapping", {"rules": [BELGIANS], "lists": {"block": {"email": ["a@b.nl"]}}}
    )
    await world.put(f"/flows/{FLOW}/hours", {"hours": "22:00-06:00"})
    rows = {each["number"]: await world.get(f"{CHANGES}/{each['number']}") for each in await versions(world)}

    for number, row in rows.items():
        answer = await world.post(f"{CHANGES}/{number}/restore")
        newest = await world.get(f"{CHANGES}/{answer['number']}")

        assert row["content"] == newest["content"]
        db = world.api.context.db
        async with db.read() as conn:
            held = await flow_store.find(conn, FLOW)
        assert (row["content"]["settings"], row["content"]["mapping"]) == (held.settings, held.mapping)
        if answer["changed"]:
            assert ("restored", number) == (newest["how"], newest["restored"])

    again = await world.post(f"{CHANGES}/1/restore")
    assert (False, []) == (again["changed"], again["differences"])


async def test_a_restore_brings_timing_and_hours_back_at_once(world: World) -> None:
    """What is restored counts: the flow is closed again where the old hours say so."""
    hour = (await world.api.context.db.now() // 3_600_000 + 11) % 24
    await world.api.http.patch(f"/api/v1/flows/{FLOW}", json={"window_s": 7, "deadline_s": 3600})
    await world.put(f"/flows/{FLOW}/hours", {"hours": f"{hour:02}:30-{hour:02}:31"})
    good = (await versions(world))[0]["number"]
    before = await world.get(f"/flows/{FLOW}")
    await world.api.http.patch(f"/api/v1/flows/{FLOW}", json={"window_s": 9, "deadline_s": 7200})
    await world.api.http.delete(f"/api/v1/flows/{FLOW}/hours")
    await world.post(f"{CHANGES}/{good}/restore")
    after = await world.get(f"/flows/{FLOW}")

    assert before["opens_at"] is not None
    names = ("window_s", "deadline_s", "opens_at")
    assert [before[name] for name in names] == [after[name] for name in names]


async def test_a_restore_gives_the_old_behaviour(world: World) -> None:
    """What goes out after the restore is what went out before the change, record for record."""
    await world.put(f"/flows/{FLOW}/mapping", {"rules": [BELGIANS]})
    good = (await versions(world))[0]["number"]
    await world.put(
        f"/flows/{FLOW}/mapping",
        {"filters": [{"name": "Nobody", "stage": "after", "when": {"field": "email", "is": "empty"}}]},
    )
    broken = await world.get(f"/flows/{FLOW}/forecast")
    await world.post(f"{CHANGES}/{good}/restore")
    mended = await world.get(f"/flows/{FLOW}/forecast")
    await world.start()
    await world.work()

    assert 0 == broken["create"] < mended["create"]
    tagged = {
        world.audience.tag_names[tag] for member in world.audience.members.values() for tag in member.tags
    }
    assert ({"Till"}, mended["create"]) == (tagged, len(world.audience.members))


async def test_a_restore_says_when_somebody_was_there_before(world: World) -> None:
    await world.put(f"/flows/{FLOW}/settings", {"without_consent": "skip"})

    answer = await world.api.http.post(f"/api/v1{CHANGES}/1/restore?version=1")

    assert (409, "version_moved") == (answer.status_code, answer.json()["code"])


async def test_what_this_version_cannot_use_is_not_restored(world: World) -> None:
    """A version kept by older software may hold what this one does not know: it is named, and nothing is changed."""
    await world.put(f"/flows/{FLOW}/settings", {"without_consent": "skip"})
    async with world.api.context.db.write() as conn:
        await conn.execute(
            config_changes.update()
            .where(config_changes.c.subject == FLOW, config_changes.c.number == 1)
            .values(
                content={
                    "settings": {"colour": "red"},
                    "mapping": {},
                    "hours": None,
                    "window_s": 0,
                    "deadline_s": 60,
                }
            )
        )
    answer = await world.api.http.post(f"/api/v1{CHANGES}/1/restore")

    assert (422, "settings.colour") == (answer.status_code, answer.json()["field"])
    assert "skip" == (await world.get(f"/flows/{FLOW}/settings"))["values"]["without_consent"]


async def test_what_stood_before_versions_were_kept_can_come_back(world: World) -> None:
    async with world.api.context.db.write() as conn:
        await conn.execute(delete(config_changes))
    await world.put(f"/flows/{FLOW}/settings", {"without_consent": "skip"})
    found = await versions(world)
    await world.post(f"{CHANGES}/1/restore")

    assert [(2, "changed", "first"), (1, "found", None)] == [
        (each["number"], each["how"], each["key_id"]) for each in found
    ]
    assert [{}] == [row["settings"] for row in await world.api.rows(flows)]


async def test_an_integration_has_versions_and_tells_those_of_its_flows(world: World) -> None:
    await world.put(f"/integrations/{INTEGRATION}/settings", {"country": "BE"})
    await world.post(f"/integrations/{INTEGRATION}/changes/1/restore")
    await world.api.http.delete(f"/api/v1/flows/{FLOW}")
    found = (await world.get(f"/integrations/{INTEGRATION}/changes"))["items"]

    assert [
        (FLOW, "removed"),
        (None, "restored"),
        (None, "changed"),
        (FLOW, "changed"),
        (FLOW, "created"),
        (None, "created"),
    ] == [(each["flow_id"], each["how"]) for each in found]
    assert "NL" == (await world.get(f"/integrations/{INTEGRATION}/settings"))["values"]["country"]
    assert 204 == (await world.api.http.delete(f"/api/v1/integrations/{INTEGRATION}")).status_code
    assert [] == await world.api.rows(config_changes)


async def test_versions_come_page_by_page(world: World) -> None:
    for size in range(5):
        await world.api.http.patch(f"/api/v1/flows/{FLOW}", json={"window_s": 20 + size})
    numbers: list[int] = []
    cursor: str | None = None
    while True:
        page = await world.get(CHANGES, limit=3, **({"cursor": cursor} if cursor else {}))
        numbers += [each["number"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert [7, 6, 5, 4, 3, 2, 1] == numbers


@pytest.mark.parametrize(("scope", "expected"), [("read", 403), ("operate", 403), ("admin", 200)])
async def test_only_an_administrator_restores(world: World, scope: str, expected: int) -> None:
    key = (await world.post("/api-keys", {"name": scope, "scope": scope}))["key"]
    world.api.http.headers["Authorization"] = f"Bearer {key}"

    assert 200 == (await world.api.http.get(f"/api/v1{CHANGES}")).status_code
    assert expected == (await world.api.http.post(f"/api/v1{CHANGES}/1/restore")).status_code
    assert 404 == (await world.api.http.get(f"/api/v1{CHANGES}/99")).status_code


async def test_nothing_secret_is_in_a_version(world: World) -> None:
    await world.put(f"/flows/{FLOW}/settings", {"without_consent": "skip"})
    rows = repr(await world.api.rows(config_changes))

    secrets = [
        world.till.settings.secret,
        world.till.settings.ident,
        world.audience_body()["credentials"]["api_key"],
    ]
    assert [] == [secret for secret in secrets if secret in rows]
    assert TILL not in rows
