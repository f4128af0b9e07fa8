"""Every route of the API, by every kind of key: nobody gets further than the key's scope reaches."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx

from app.routers.access import hash_api_key
from app.store import api_keys
from tests.routers.conftest import Api

ADMIN_READS = {("GET", "/api/v1/api-keys")}
OPERATE = {
    ("GET", "/api/v1/flows/{flow_id}/forecast"),
    ("POST", "/api/v1/alerts/{alert_id}/clear"),
    ("POST", "/api/v1/connections/{connection_id}/check"),
    ("POST", "/api/v1/deliveries/replay"),
    ("POST", "/api/v1/deliveries/yes"),
    ("POST", "/api/v1/deliveries/{delivery_id}/replay"),
    ("POST", "/api/v1/deliveries/{delivery_id}/yes"),
    ("POST", "/api/v1/flows/{flow_id}/backfill"),
    ("POST", "/api/v1/flows/{flow_id}/backfill/continue"),
    ("POST", "/api/v1/flows/{flow_id}/backfill/stop"),
    ("GET", "/api/v1/flows/{flow_id}/sums"),
    ("POST", "/api/v1/flows/{flow_id}/comparison"),
    ("POST", "/api/v1/flows/{flow_id}/comparison/stop"),
    ("POST", "/api/v1/flows/{flow_id}/cursor/rewind"),
    ("POST", "/api/v1/flows/{flow_id}/pause"),
    ("POST", "/api/v1/flows/{flow_id}/records"),
    ("POST", "/api/v1/flows/{flow_id}/run"),
    ("POST", "/api/v1/flows/{flow_id}/start"),
    ("POST", "/api/v1/flows/{flow_id}/undo"),
    ("POST", "/api/v1/flows/{flow_id}/undo/stop"),
    ("PUT", "/api/v1/flows/{flow_id}/cursor"),
}


def routes(api: Api) -> Iterator[tuple[str, str]]:
    """Method and path of everything under /api/v1."""
    for path, methods in api.app.openapi()["paths"].items():
        if path.startswith("/api/"):
            for method in methods:
                yield method.upper(), path


def needed(method: str, path: str) -> str:
    """What looks needs `read`, what starts and replays `operate`, what configures `admin`."""
    if (method, path) in OPERATE:
        return "operate"
    return "read" if method == "GET" and (method, path) not in ADMIN_READS else "admin"


async def ask(api: Api, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    """With an id of nothing, so that whoever gets through changes nothing."""
    url = re.sub(r"\{\w+\}", "999", path)
    return await api.http.request(method, url, headers=headers, json={} if method != "GET" else None)


async def test_the_list_of_routes_is_the_whole_api(api: Api) -> None:
    found = set(routes(api))

    assert OPERATE | ADMIN_READS <= found
    assert len(found) > 50


async def test_without_a_key_nobody_gets_in(api: Api) -> None:
    del api.http.headers["Authorization"]
    for method, path in routes(api):
        for headers in ({}, {"Authorization": "Bearer t2a_unknown"}, {"Authorization": "Basic YTpi"}):
            answer = await ask(api, method, path, headers)
            told = (answer.status_code, answer.json()["code"], answer.headers["content-type"])
            assert (401, "not_authenticated", "application/problem+json") == told, (method, path)
            assert "Bearer" == answer.headers["www-authenticate"]


async def test_a_key_reaches_as_far_as_its_scope(api: Api) -> None:
    reach = {"read": 1, "operate": 2, "admin": 3}
    async with api.context.db.write() as db:
        for scope in reach:
            hashed = hash_api_key(api.context.sealer, f"t2a_{scope}")
            await api_keys.add(db, id=f"key_{scope}", name=scope, key_hash=hashed, scope=scope, now=1)

    for method, path in routes(api):
        if path == "/api/v1/api-keys" and method == "POST":
            continue  # makes a key: see test_alerts_and_keys.py
        for scope, far in reach.items():
            answer = await ask(api, method, path, {"Authorization": f"Bearer t2a_{scope}"})
            refused = answer.status_code == 403
            assert refused == (far < reach[needed(method, path)]), (method, path, scope, answer.text)
            assert answer.status_code < 500, (method, path, answer.text)
            if refused:
                assert "not_allowed" == answer.json()["code"]
