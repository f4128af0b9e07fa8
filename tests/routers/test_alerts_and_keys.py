"""Alerts are listed and cleared; API keys are made, shown once, and shut."""

from __future__ import annotations

from typing import Any

import pytest

from app.store import alerts
from app.store.tables import api_keys
from tests.routers.conftest import ADMIN_KEY, Api


async def raised(api: Api, *codes: str) -> None:
    async with api.context.db.write() as db:
        for code in codes:
            await alerts.raise_alert(
                db, code=code, subject="flow:flow_one", detail=f"About {code}.", now=5_000
            )


async def test_alerts_are_listed_until_they_are_cleared(api: Api) -> None:
    await raised(api, "one", "two", "three", "two")

    first = (await api.http.get("/api/v1/alerts", params={"limit": 2})).json()
    second = (await api.http.get("/api/v1/alerts", params={"limit": 2, "cursor": first["next"]})).json()
    cleared = (await api.http.post(f"/api/v1/alerts/{first['items'][1]['id']}/clear")).json()
    left = (await api.http.get("/api/v1/alerts", params={"subject": "flow:flow_one"})).json()
    everything = (await api.http.get("/api/v1/alerts", params={"open_only": False})).json()

    assert ["three", "two"] == [each["code"] for each in first["items"]]
    assert (["one"], None) == ([each["code"] for each in second["items"]], second["next"])
    assert 2 == first["items"][1]["count"]
    assert cleared["cleared_at"] is not None
    assert ["three", "one"] == [each["code"] for each in left["items"]]
    assert 3 == len(everything["items"])
    assert 404 == (await api.http.post("/api/v1/alerts/99/clear")).status_code


async def test_what_is_forgotten_leaves_no_alert(api: Api) -> None:
    """Nobody can mend a flow or a connection that is gone, and no check would clear its alerts."""
    sides = {"left_connection_id": "con_till", "right_connection_id": "con_list"}
    await api.http.post("/api/v1/integrations", json={"id": "int_one", "name": "Shop", **sides})
    made = [
        (await api.http.post("/api/v1/integrations/int_one/flows", json={"kind": kind})).json()["id"]
        for kind in ("customers", "contacts")
    ]
    gone = [f"/flows/{made[0]}", "/integrations/int_one", "/connections/con_list"]
    async with api.context.db.write() as db:
        for subject in (f"flow:{made[0]}", f"flow:{made[1]}", "connection:con_list", "connection:con_till"):
            await alerts.raise_alert(db, code="one", subject=subject, detail="About one.", now=5_000)

    left = []
    for path in gone:
        assert 204 == (await api.http.delete(f"/api/v1{path}")).status_code
        left.append([each["subject"] for each in (await api.http.get("/api/v1/alerts")).json()["items"]])

    assert [
        ["connection:con_till", "connection:con_list", f"flow:{made[1]}"],
        ["connection:con_till", "connection:con_list"],
        ["connection:con_till"],
    ] == left


async def test_a_key_is_shown_once_and_works_until_it_is_shut(api: Api) -> None:
    made = await api.http.post("/api/v1/api-keys", json={"name": "Monitoring", "scope": "read"})
    key = {"Authorization": f"Bearer {made.json()['key']}"}

    me = await api.http.get("/api/v1/me", headers=key)
    listed = await api.http.get("/api/v1/api-keys")
    shut = await api.http.delete(f"/api/v1/api-keys/{made.json()['id']}")
    after = await api.http.get("/api/v1/me", headers=key)

    assert (201, "read") == (made.status_code, made.json()["scope"])
    assert {"id": made.json()["id"], "name": "Monitoring", "scope": "read"} == me.json()
    assert made.json()["key"] not in listed.text
    assert listed.json()[0]["last_used_at"] is not None
    assert shut.json()["revoked_at"] is not None
    assert (401, "not_authenticated") == (after.status_code, after.json()["code"])
    (row,) = await api.rows(api_keys)
    assert made.json()["key"] not in str(row)


async def test_the_first_key_is_an_admin_and_no_row(api: Api) -> None:
    del api.http.headers["Authorization"]
    api.http.headers["X-API-Key"] = ADMIN_KEY

    me = (await api.http.get("/api/v1/me")).json()

    assert {"id": "first", "name": "first admin key", "scope": "admin"} == me
    assert [] == (await api.http.get("/api/v1/api-keys")).json()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x", "scope": "root"}, "scope"),
        ({"name": "", "scope": "read"}, "name"),
        ({"name": "x" * 201, "scope": "read"}, "name"),
        ({"scope": "read"}, "name"),
        ({"name": "x", "scope": "read", "key": "mine"}, "key"),
    ],
)
async def test_keys_are_made_as_asked_or_not_at_all(api: Api, body: dict[str, Any], field: str) -> None:
    answer = await api.http.post("/api/v1/api-keys", json=body)

    assert (422, field) == (answer.status_code, answer.json()["field"])
    assert [] == await api.rows(api_keys)
