"""Everything under ``/api/v1``, in one list."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from app.routers import (
    activity,
    alerts,
    api_keys,
    backfills,
    changes,
    comparisons,
    connection_webhooks,
    connections,
    flow_catalogue,
    flow_cursor,
    flow_fields,
    flow_lists,
    flow_mapping,
    flow_records,
    flow_settings,
    flow_start,
    flows,
    functions,
    health,
    imports,
    integrations,
    reference,
    replays,
    systems,
    undos,
)
from app.routers.problems import MEDIA_TYPE, Problem

ROUTERS = (
    systems.router,
    functions.router,
    connections.router,
    connection_webhooks.router,
    integrations.router,
    flows.router,
    flow_start.router,
    flow_settings.router,
    flow_mapping.router,
    flow_lists.router,
    flow_catalogue.router,
    flow_cursor.router,
    backfills.router,
    comparisons.router,
    undos.router,
    flow_fields.router,
    flow_records.router,
    activity.router,
    replays.router,
    alerts.router,
    api_keys.router,
    changes.router,
    imports.router,
)

_WHEN = {
    401: "No API key, or one that is not known here",
    403: "The key's scope does not reach this far",
    404: "There is nothing by that id",
    409: "The present state forbids it, or a person must change something first",
    413: "The body is larger than 2 MB",
    422: "A field cannot be used; `errors` names every one",
    503: "The database or the other system is away: try again later",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": text,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, text in _WHEN.items()
}


def install(app: FastAPI) -> None:
    """Show every room of the API."""
    app.include_router(health.router)
    app.include_router(reference.router)
    for router in ROUTERS:
        app.include_router(router, responses=PROBLEMS)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]


def _described(app: FastAPI) -> dict[str, Any]:
    """The description, with the one shape that all problems have."""
    if app.openapi_schema is None:
        made = FastAPI.openapi(app)
        shapes = made.setdefault("components", {}).setdefault("schemas", {})
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        shapes.update(problem.pop("$defs", {}) | {"Problem": problem})
    assert app.openapi_schema is not None
    return app.openapi_schema
