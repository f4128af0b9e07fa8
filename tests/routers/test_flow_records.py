"""One record over the API: brought about now with the cursor left alone, or shown with nothing written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.routers.world import FLOW, World

JAN = "jan@klant-voorbeeld.nl"


async def jan(world: World) -> str:
    """A relation behind everything else in the till."""
    return added(world, name="Jan de Vries", email="Jan@Klant-Voorbeeld.nl")


def added(world: World, **fields: Any) -> str:
    return str(world.till.relations.add(**fields)["relationNumber"])


async def started_behind_everything(world: World) -> None:
    await world.put(f"/flows/{FLOW}/cursor", {"at": "now"})
    await world.start()


@pytest.mark.parametrize("by", ["record", "email"])
async def test_one_record_goes_alone_and_the_cursor_stays(world: World, by: str) -> None:
    ref = await jan(world)
    await started_behind_everything(world)
    before = await world.get(f"/flows/{FLOW}/cursor")

    asked = await world.post(
        f"/flows/{FLOW}/records", {by: ref if by == "record" else " JAN@klant-voorbeeld.nl"}
    )
    await world.work()
    became = await world.get(f"/deliveries/{asked['id']}")

    assert (ref, "pending", "manual", False) == (
        asked["record"],
        asked["state"],
        asked["trigger"],
        asked["backfill"],
    )
    assert ("settled", "delivered") == (became["state"], became["outcome"])
    assert ["member.put"] == world.written()
    assert before["cursor"] == (await world.get(f"/flows/{FLOW}/cursor"))["cursor"]


async def test_a_person_is_found_by_an_address_that_only_we_know_of(world: World) -> None:
    """The till finds a company by its own address; a contact of it is found by what was delivered."""
    company = added(
        world,
        name="Bakkerij Vos", companyName="Bakkerij Vos", email="info@vos-voorbeeld.nl",
        contactList=[{"name": "Piet Vos", "email": "piet@vos-voorbeeld.nl"}],
    )  # fmt: skip
    await world.start()
    unknown = await world.api.http.post(
        f"/api/v1/flows/{FLOW}/records", json={"email": "piet@vos-voorbeeld.nl"}
    )
    await world.work()

    asked = await world.post(f"/flows/{FLOW}/records", {"email": "piet@vos-voorbeeld.nl"})

    assert (404, "email") == (unknown.status_code, unknown.json()["field"])
    assert company == asked["record"]


async def test_a_paused_flow_sends_nothing(world: World) -> None:
    answer = await world.api.http.post(f"/api/v1/flows/{FLOW}/records", json={"record": "1"})

    assert (409, "not_running") == (answer.status_code, answer.json()["code"])
    assert "preview" in answer.json()["advice"]
    assert [] == (await world.get("/deliveries"))["items"]


async def test_a_preview_shows_everything_and_writes_nothing(world: World) -> None:
    ref = await jan(world)

    shown = await world.post(f"/flows/{FLOW}/preview", {"record": ref})

    (target,) = shown["targets"]
    assert (ref, "delivered", "Jan@Klant-Voorbeeld.nl", JAN) == (
        shown["ref"],
        shown["outcome"],
        shown["source"]["email"],
        shown["record"]["email"],
    )
    assert ("create", JAN, None) == (target["action"], target["natural"], target["held"])
    assert {"merge_fields.FNAME": "Jan", "merge_fields.LNAME": "de Vries"} == {
        each["path"]: each["wanted"]
        for each in target["differences"]
        if each["path"].startswith("merge_fields")
    }
    assert 1 == len(target["calls"])
    assert [] == world.written()
    assert [] == (await world.get("/deliveries"))["items"]


async def test_a_preview_tells_what_the_target_holds_now(world: World) -> None:
    ref = await jan(world)
    await started_behind_everything(world)
    await world.post(f"/flows/{FLOW}/records", {"record": ref})
    await world.work()
    equal = await world.post(f"/flows/{FLOW}/preview", {"email": JAN})
    world.till.relations.edit(int(ref), name="Johan de Vries")
    edited = await world.post(f"/flows/{FLOW}/preview", {"email": JAN})

    assert ("unchanged", "unchanged", []) == (
        equal["outcome"],
        equal["targets"][0]["action"],
        equal["targets"][0]["differences"],
    )
    assert ("delivered", "update") == (edited["outcome"], edited["targets"][0]["action"])
    assert [{"path": "merge_fields.FNAME", "held": "Jan", "wanted": "Johan"}] == edited["targets"][0][
        "differences"
    ]


async def test_a_shared_address_is_told(world: World) -> None:
    await jan(world)
    other = added(world, name="Marie de Vries", email=JAN)
    await world.start()
    await world.work()

    shown = await world.post(f"/flows/{FLOW}/preview", {"record": other})

    assert ("skipped", "leave") == (shown["outcome"], shown["targets"][0]["action"])
    assert "address" in shown["reason"]


async def test_what_is_not_there_is_told(world: World) -> None:
    shown = await world.post(f"/flows/{FLOW}/preview", {"record": "999999"})

    assert ("skipped", None, []) == (shown["outcome"], shown["source"], shown["targets"])


async def test_a_rule_that_holds_back_is_told(world: World) -> None:
    ref = await jan(world)
    rule = {"name": "Nobody yet", "then": [{"do": "stop", "message": "Ask the owner first"}]}
    await world.api.http.patch(f"/api/v1/flows/{FLOW}/mapping", json={"rules": [rule]})

    shown = await world.post(f"/flows/{FLOW}/preview", {"record": ref})

    assert ("held_back", []) == (shown["outcome"], shown["targets"])
    assert "Ask the owner first" in shown["reason"]


async def test_a_till_that_is_away_is_said(world: World) -> None:
    world.till.faults.fail_next(operation="getRelations", status=503)

    answer = await world.api.http.post(f"/api/v1/flows/{FLOW}/preview", json={"record": "1"})

    assert (503, "time") == (answer.status_code, answer.json()["who"])
    assert "retry-after" in answer.headers


@pytest.mark.parametrize("what", ["records", "preview"])
@pytest.mark.parametrize(
    "body",
    [{}, {"record": "1", "email": JAN}, {"record": ""}, {"record": "a\0"}, {"record": 17}, {"email": "geen"}],
)
async def test_bad_choices_are_refused(world: World, what: str, body: Any) -> None:
    await world.start()

    answer = await world.api.http.post(f"/api/v1/flows/{FLOW}/{what}", json=body)

    assert 422 == answer.status_code
