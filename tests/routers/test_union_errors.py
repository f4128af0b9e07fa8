"""Of a field that may be one of several things, only what is wrong with the thing that was meant, in the caller's own words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.flows.mapping import FlowMapping
from app.routers.union_errors import meant
from tests.routers.world import FLOW, World

SHORT = {"name": "r", "then": [{"do": "clear", "field": "note"}]}
ROW = {"target": "email_address", "expression": "email"}


def places(body: Any) -> list[str]:
    try:
        FlowMapping.model_validate(body)
    except ValidationError as error:
        return [".".join(map(str, each["loc"])) for each in meant(error.errors(), body)]  # type: ignore[arg-type]
    return []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"rules": [SHORT | {"when": {"match": "all", "of": [{"match": "any", "of": []}]}}]}, ["rules.0.when.of.0.of"]),
        ({"rules": [SHORT | {"when": {"field": "a", "is": "equal", "value": 1}}]}, ["rules.0.when.is"]),
        ({"rules": [SHORT | {"when": {"field": "a"}}]}, ["rules.0.when.is"]),
        (
            {"rules": [SHORT | {"when": {"of": [{"field": "a", "is": "empty"}, {"of": [{"is": "empty"}]}]}}]},
            ["rules.0.when.of.1.of.0.field"],
        ),
        ({"rules": [SHORT | {"then": [{"do": "set", "field": "a", "vlaue": 1}]}]}, ["rules.0.then.0.vlaue"]),
        ({"leg2": [ROW | {"table": {"entries": {"a": {"b": 1}}}}]}, ["leg2.0.table.entries.a"]),
        ({"leg2": [ROW | {"table": {"mising": "keep"}}]}, ["leg2.0.table.mising"]),
        ({"leg2": [ROW | {"when": 5}, {"target": "a"}]}, ["leg2.0.when", "leg2.1.expression"]),
        ({"lists": {"block": {"sku": "1"}}}, ["lists.block.sku"]),
        ({"leg3": []}, ["leg3"]),
    ],
)  # fmt: skip
def test_places_are_the_callers_own(body: Any, expected: list[str]) -> None:
    assert expected == places(body)


async def test_over_the_api_and_in_files(world: World) -> None:
    rules = [SHORT | {"when": {"match": "all", "of": [{"match": "any", "of": []}]}}]

    saved = await world.api.http.put(f"/api/v1/flows/{FLOW}/mapping", json={"rules": rules})
    text = (await world.api.http.get("/api/v1/integrations/int_demo/export")).text
    file = text.replace("kind: customers", f"kind: customers\n  mapping: {{rules: {rules}}}")
    put_in = await world.api.http.post("/api/v1/imports", content=file.encode())

    message = "List should have at least 1 item, not 0"
    assert [{"field": "rules.0.when.of.0.of", "message": message}] == saved.json()["errors"]
    assert [{"field": "flows.0.mapping.rules.0.when.of.0.of", "message": message}] == put_in.json()["errors"]
