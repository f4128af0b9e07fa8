"""Flows over the API: made paused, started with a yes, run, paused."""

from __future__ import annotations

from typing import Any

import pytest

from app.store.tables import connections, cursors, flows
from tests.routers.conftest import Api, Served

FLOW = "/api/v1/flows/flow_one"


@pytest.fixture
async def joined(empty_api: Api, shop: Served, branch: Served) -> Api:
    """Two tills in one integration, without flows."""
    http = empty_api.http
    for id, side in (("con_shop", shop), ("con_branch", branch)):
        await http.post("/api/v1/connections", json=side.body(id=id, name=id))
    made = await http.post(
        "/api/v1/integrations",
        json={
            "id": "int_one",
            "name": "Shop",
            "left_connection_id": "con_shop",
            "right_connection_id": "con_branch",
            "settings": {"ask_above": 10},
        },
    )
    assert made.status_code == 201, made.text
    return empty_api


@pytest.fixture
async def flowing(joined: Api) -> Api:
    """The same with a customers flow, paused."""
    body = {"id": "flow_one", "kind": "customers"}
    made = await joined.http.post("/api/v1/integrations/int_one/flows", json=body)
    assert made.status_code == 201, made.text
    return joined


def told(flow: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(flow[name] for name in names)


async def test_a_flow_is_made_paused_and_sends_nothing(joined: Api, branch: Served, shop: Served) -> None:
    before = len(shop.till.log.entries), len(branch.till.log.entries)

    answer = await joined.http.post("/api/v1/integrations/int_one/flows", json={"kind": "customers"})

    made = answer.json()
    assert 201 == answer.status_code
    assert ("paused", "con_shop", "con_branch", "mplus→mplus", None, None, {}) == told(
        made,
        "state",
        "source_connection_id",
        "target_connection_id",
        "direction",
        "approved_at",
        "cursor",
        "deliveries",
    )
    assert before == (len(shop.till.log.entries), len(branch.till.log.entries))


async def test_the_other_direction_is_another_flow(joined: Api) -> None:
    url = "/api/v1/integrations/int_one/flows"
    one = await joined.http.post(url, json={"kind": "customers"})
    same = await joined.http.post(url, json={"kind": "customers"})
    other = await joined.http.post(url, json={"kind": "customers", "source_connection_id": "con_branch"})
    stranger = await joined.http.post(
        url, json={"kind": "customers", "source_connection_id": "con_elsewhere"}
    )

    assert (201, 409, 201, 422) == tuple(a.status_code for a in (one, same, other, stranger))
    assert "flow_exists" == same.json()["code"]
    assert ("con_branch", "con_shop") == told(other.json(), "source_connection_id", "target_connection_id")


async def test_bad_flows_are_refused_by_field(joined: Api) -> None:
    url = "/api/v1/integrations/int_one/flows"
    bad = {
        "kind": {"kind": "birthdays"},
        "settings.consent_sauce": {"kind": "customers", "settings": {"consent_sauce": "x"}},
        "settings.without_consent": {"kind": "customers", "settings": {"without_consent": "mail them all"}},
        "settings": {"kind": "customers", "settings": {"consent_source": "statement"}},
    }

    found = {field: await joined.http.post(url, json=body) for field, body in bad.items()}

    assert {field: (422, field) for field in bad} == {
        field: (answer.status_code, answer.json()["field"]) for field, answer in found.items()
    }
    assert [] == await joined.rows(flows)


async def test_a_first_start_tells_what_it_would_do_and_waits(
    flowing: Api, shop: Served, branch: Served
) -> None:
    answer = await flowing.http.post(f"{FLOW}/start")

    found = answer.json()
    forecast = found["forecast"]
    assert (200, False, "paused") == (answer.status_code, found["started"], found["flow"]["state"])
    assert 30 == forecast["records"]
    assert forecast["complete"]
    assert forecast["create"] == forecast["create_without_consent"] > 10
    assert 0 == forecast["update"] == forecast["update_without_consent"] == forecast["unchanged"]
    assert [f"It would write {forecast['create']} records, which is more than 10."] == found["asks"]
    assert (None, None, {"unknown": forecast["create"]}) == told(
        forecast, "contacts", "contacts_after", "created_by_consent"
    )
    assert [] == branch.till.log.find(operation="createRelation")
    assert [] == await flowing.rows(cursors)


async def test_a_small_first_start_without_mails_needs_no_yes(flowing: Api) -> None:
    await flowing.http.put("/api/v1/integrations/int_one/settings", json={"ask_above": 30})
    answer = (await flowing.http.post(f"{FLOW}/start")).json()

    assert (True, "running", []) == (answer["started"], answer["flow"]["state"], answer["asks"])
    assert 30 == answer["forecast"]["records"]
    assert answer["flow"]["approved_at"] is not None


async def test_a_yes_starts_it_at_its_beginning(flowing: Api) -> None:
    answer = await flowing.http.post(f"{FLOW}/start", json={"approve": True})

    found = answer.json()
    assert (True, "running", 0) == (
        found["started"],
        found["flow"]["state"],
        found["flow"]["cursor"]["position"],
    )
    assert found["flow"]["approved_at"] is not None
    assert [0] == [row["poll_due_at"] for row in await flowing.rows(connections) if row["id"] == "con_shop"]


async def test_a_pause_keeps_the_cursor_and_the_yes(flowing: Api) -> None:
    await flowing.http.post(f"{FLOW}/start", json={"approve": True})
    db = flowing.context.db
    async with db.write() as conn:
        await conn.execute(cursors.update().values(position=17))

    paused = (await flowing.http.post(f"{FLOW}/pause")).json()
    again = (await flowing.http.post(f"{FLOW}/start")).json()

    assert ("paused", 17) == (paused["state"], paused["cursor"]["position"])
    assert (True, 17, 0) == (
        again["started"],
        again["flow"]["cursor"]["position"],
        again["flow"]["cursor"]["placed"],
    )


async def test_only_a_running_flow_runs_now(flowing: Api) -> None:
    early = await flowing.http.post(f"{FLOW}/run")
    await flowing.http.post(f"{FLOW}/start", json={"approve": True})
    late = await flowing.http.post(f"{FLOW}/run")

    assert (409, "not_running", 200) == (early.status_code, early.json()["code"], late.status_code)


async def test_a_broken_connection_keeps_a_flow_from_starting(flowing: Api, branch: Served) -> None:
    branch.till.settings.secret = "changed"
    await flowing.http.post("/api/v1/connections/con_branch/check")

    answer = await flowing.http.post(f"{FLOW}/start", json={"approve": True})

    assert (409, "connection_broken") == (answer.status_code, answer.json()["code"])
    assert "con_branch" in answer.json()["advice"]


async def test_flows_are_listed_by_what_they_are(flowing: Api) -> None:
    async def ids(**query: str) -> list[str]:
        return [flow["id"] for flow in (await flowing.http.get("/api/v1/flows", params=query)).json()]

    assert ["flow_one"] == await ids()
    assert ["flow_one"] == await ids(integration_id="int_one", state="paused", connection_id="con_branch")
    assert [] == await ids(state="running")
    assert 422 == (await flowing.http.get("/api/v1/flows?state=asleep")).status_code


async def test_a_flow_goes_with_what_it_had(flowing: Api) -> None:
    await flowing.http.post(f"{FLOW}/start", json={"approve": True})

    assert 204 == (await flowing.http.delete(FLOW)).status_code
    assert 404 == (await flowing.http.get(FLOW)).status_code
    assert [] == await flowing.rows(cursors)
