"""Health and metrics, for machines that ask every few seconds."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from app import metrics
from app.errors import NotAllowed, NotAuthenticated
from app.readings import database_answers, exposition, redis_answers
from app.routers.bodies import Answer
from app.routers.context import Reach
from app.security import presented_key

router = APIRouter(tags=["Health"])

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


class Alive(Answer):
    """This process answers."""

    status: Literal["ok"] = "ok"


class Ready(Answer):
    """Whether requests can be served. Without Redis everything is still taken in; it moves when Redis is back."""

    ready: bool
    database: Literal["ok", "away"] = Field(description="`away`: not reachable, or not migrated")
    redis: Literal["ok", "away"]


@router.get("/healthz")
async def healthz() -> Alive:
    """Whether the process lives. Asks nobody else: a database that is away is no reason to restart."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Ready, "description": "The database is away"}})
async def readyz(reach: Reach, response: Response) -> Ready:
    """Whether requests can be served now."""
    database = await database_answers(reach.db)
    redis = await redis_answers(reach.resources.queue)
    response.status_code = 200 if database else 503
    return Ready(ready=database, database="ok" if database else "away", redis="ok" if redis else "away")


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus' text format"}},
)
async def get_metrics(request: Request, reach: Reach) -> Response:
    """Metrics of this process and gauges of the whole installation. Open on loopback; `METRICS_KEY` is needed otherwise."""
    key = reach.settings.metrics_key
    _may_read(request, None if key is None else key.get_secret_value())
    return Response(await exposition(reach.db, reach.resources.queue), media_type=metrics.CONTENT_TYPE)


def _may_read(request: Request, key: str | None) -> None:
    if is_local(request):
        return
    if not key:
        raise NotAllowed(
            "Metrics are open on this machine alone.",
            advice="Set METRICS_KEY, and send it as 'Authorization: Bearer <key>'.",
        )
    if not hmac.compare_digest(presented_key(request.headers.get).encode(), key.encode()):
        raise NotAuthenticated("This is not the key of the metrics.", advice="Send the value of METRICS_KEY.")


def is_local(request: Request) -> bool:
    """Whether the caller is on this machine. Behind a proxy on this machine everybody would be: then nobody is."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
