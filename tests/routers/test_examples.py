"""Every example of every route, pasted into the running demo: it does what the description promises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from app.routers import examples
from app.store import alerts, api_keys, attempts, requests
from app.store.attempts import NewAttempt
from app.store.requests import Request
from app.store.session import Database
from app.store.tables import deliveries
from tests.routers.world import FLOW, TILL, World, world_over

ORDER = ("GET", "PUT", "PATCH", "POST", "DELETE")
"""Looking before changing before removing, so that one demo serves them all."""
LAST = (
    "/api/v1/flows/{flow_id}/pause",
    "/api/v1/integrations/{integration_id}",
)
PROMISED_REFUSALS = {
    # What removes needs what nothing uses any more; a till's webhook is removed by hand.
    ("DELETE", "/api/v1/connections/{connection_id}"): "in_use",
    ("DELETE", "/api/v1/connections/{connection_id}/webhook"): "by_hand",
    # Nobody compared it yet when it is asked for.
    ("GET", "/api/v1/flows/{flow_id}/comparison"): "not_found",
    # The demo's flow of customers brings no sales.
    ("GET", "/api/v1/flows/{flow_id}/sums"): "no_sales",
    # Nothing was undone yet.
    ("GET", "/api/v1/flows/{flow_id}/undo"): "not_found",
    ("POST", "/api/v1/flows/{flow_id}/undo/stop"): "not_found",
    # The demo's flow of customers begins with everything: it has no history to bring.
    ("GET", "/api/v1/flows/{flow_id}/backfill"): "not_found",
    ("POST", "/api/v1/flows/{flow_id}/backfill"): "no_history",
    ("POST", "/api/v1/flows/{flow_id}/backfill/continue"): "not_found",
    ("POST", "/api/v1/flows/{flow_id}/backfill/stop"): "not_found",
}


def described(api: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation, in the order in which they are tried."""
    paths = api.app.openapi()["paths"]
    operations = [
        (method.upper(), path, operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]

    def turn(each: tuple[str, str, Any]) -> tuple[int, bool, int, str]:
        method, path, _ = each
        parts_first = -path.count("/") if method == "DELETE" else 0
        return ORDER.index(method), path in LAST, parts_first, path

    return iter(sorted(operations, key=turn))


def address(path: str, operation: dict[str, Any]) -> str:
    """The path with the examples of its parameters."""
    given = {
        each["name"]: str(_example(each)) for each in operation.get("parameters", []) if each["in"] == "path"
    }
    return re.sub(r"\{(\w+)\}", lambda found: given[found[1]], path)


def _example(parameter: dict[str, Any]) -> Any:
    schema = parameter["schema"]
    return (parameter.get("examples") or schema.get("examples") or [schema.get("default")])[0]


def queries(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """No parameters, each example alone, and all together."""
    asked = {}
    for each in operation.get("parameters", []):
        if each["in"] == "query" and (value := _example(each)) is not None:
            asked[each["name"]] = value
    yield {}
    for name, value in asked.items():
        yield {name: value}
    yield asked


def bodies(operation: dict[str, Any], components: dict[str, Any]) -> list[Any]:
    """Every example of the body; [None] where there is no body."""
    given = operation.get("requestBody", {}).get("content", {})
    if "application/yaml" in given:
        return [given["application/yaml"]["example"].encode()]
    content = given.get("application/json")
    if content is None:
        return [None]
    own = content["schema"].get("examples")
    found = content.get("examples") or own or resolved(content["schema"], components).get("examples")
    if isinstance(found, dict):
        found = [each["value"] for each in found.values()]
    assert found, operation["operationId"]
    return list(found)


def resolved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """The model behind a reference, also where the body may be absent."""
    for each in (schema, *schema.get("anyOf", [])):
        if "$ref" in each:
            model: dict[str, Any] = components["schemas"][each["$ref"].rpartition("/")[2]]
            return model
    return schema


def here(value: Any, world: World) -> Any:
    """The demo's ports are this test's own."""
    text = json.dumps(value).replace("http://127.0.0.1:8001", world.till_url)
    return json.loads(text.replace("http://127.0.0.1:8002", world.mailchimp_url))


async def demo(world: World) -> None:
    """What the demo holds after a while: everything delivered, something that failed, something to say yes to."""
    await world.start()
    await world.work()
    context = world.api.context
    async with context.db.write() as db:
        await alerts.raise_alert(db, code="marker_fell", subject=f"flow:{FLOW}", detail="Look.", now=1)
        await api_keys.add(db, id=examples.KEY, name="Old", key_hash="0" * 64, scope="read", now=1)
        await requests.request(db, [Request(FLOW, "991", trigger="poll")], clock=context.db.clock)
        kept = NewAttempt(1, FLOW, "1", 5, "delivered", "poll", "mplus→mailchimp")
        await attempts.add(db, [kept], clock=context.db.clock)


def promised(answer: httpx.Response, operation: dict[str, Any], components: dict[str, Any]) -> list[str]:
    """What the answer does not keep of its description."""
    said = operation["responses"].get(str(answer.status_code))
    if said is None or answer.status_code >= 400:
        return [f"{answer.status_code} is not promised: {answer.text[:300]}"]
    content = said.get("content", {}).get("application/json")
    if content is None:
        return []
    schema = {**content["schema"], "components": components}
    return [error.message[:200] for error in Draft202012Validator(schema).iter_errors(answer.json())]


async def test_every_example_works_when_pasted(database: Database, tmp_path: Path) -> None:
    if not database.is_sqlite:
        pytest.skip("what the examples do in the database is tested on both elsewhere")
    wrong: list[str] = []
    tried = 0
    async with world_over(database, tmp_path) as world:
        await demo(world)
        components = world.api.app.openapi()["components"]
        for method, path, operation in described(world.api):
            if path.endswith("/yes") and "{" in path:
                async with world.api.context.db.write() as db:
                    await db.execute(deliveries.update().where(deliveries.c.id == 1).values(needs_yes=True))
            for body in bodies(operation, components):
                asked = list(queries(operation)) if method == "GET" or isinstance(body, bytes) else [{}]
                if isinstance(body, bytes):
                    asked = asked[-1:]  # a file, into the demo's own connections
                for query in asked:
                    sent = {"content": body} if isinstance(body, bytes) else {"json": here(body, world)}
                    answer = await world.api.http.request(
                        method, address(path, operation), params=query, **sent
                    )
                    tried += 1
                    refusal = PROMISED_REFUSALS.get((method, path))
                    if refusal is not None:
                        if answer.json().get("code") != refusal:
                            wrong.append(f"{method} {path}: {answer.text[:300]}")
                        continue
                    faults = promised(answer, operation, components)
                    wrong += [f"{method} {path} {query} {body}: {fault}" for fault in faults]

    assert not wrong, "\n".join(wrong)
    assert tried > 120


async def test_everything_is_described(database: Database, tmp_path: Path) -> None:
    async with world_over(database, tmp_path) as world:
        described_api = world.api.app.openapi()

    for path, methods in described_api["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), (method, path)
            assert operation["tags"], (method, path)
            for each in operation.get("parameters", []):
                assert each.get("description") or each["schema"].get("examples") or each.get("examples"), (
                    path,
                    each["name"],
                )
            if path.startswith("/api/"):
                assert {"401", "403", "422"} <= set(operation["responses"]), (method, path)
    assert "Problem" in described_api["components"]["schemas"]
    assert TILL == examples.TILL
    assert FLOW == examples.FLOW
