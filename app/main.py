"""The API as one application: what it opens, which rooms it shows, and what stands around every request."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError
from starlette.types import Receive, Scope, Send

from app import metrics
from app.errors import AppError
from app.garbage import settle_in
from app.resources import Resources, open_resources
from app.routers import api, problems
from app.routers.body_cap import capped
from app.routers.context import Context, context_of
from app.routers.front import Front
from app.routers.polls_in_mind import PollsInMind
from app.routers.webhooks import Webhooks
from app.settings import Settings

log = structlog.get_logger("api")

MAX_BODY_BYTES = 2_000_000

Opening = Callable[[], AbstractAsyncContextManager[Resources]]


def from_environment() -> FastAPI:
    """The application for an ASGI server's factory; everything comes from the environment."""
    settings = Settings()
    settle_in()
    return create_app(lambda: open_resources(settings))


def create_app(opening: Opening) -> FastAPI:
    """The application. ``opening`` opens what it needs when it starts, and closes it when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opening() as resources:
            app.state.context = context = context_of(resources)
            in_mind = PollsInMind(context.intake, count=metrics.POLLS_IN_MIND.inc)
            app.state.webhooks = webhooks(context, in_mind)
            try:
                await context.doors.preload()
            except AppError as error:
                log.warning("webhook.doors_not_loaded", code=error.code)
            except DBAPIError as error:  # not migrated yet: /readyz says so until it is
                log.error("webhook.doors_not_loaded", kind=type(error.orig).__name__)
            yield
            await in_mind.close()

    app = Application(
        lifespan=lifespan, title="Till to audience", redirect_slashes=False, docs_url=None, redoc_url=None
    )
    problems.install(app)
    api.install(app)
    return app


def webhooks(context: Context, in_mind: PollsInMind, *, now: Callable[[], float] = time.time) -> Webhooks:
    """The webhooks' own application. ``now`` is what signatures are judged by, in seconds."""
    return Webhooks(
        doors=context.doors,
        intake=context.intake,
        sealer=context.sealer,
        ring=context.resources.ring,
        in_mind=in_mind,
        max_bytes=context.settings.max_webhook_bytes,
        count=lambda system, outcome: metrics.WEBHOOKS.labels(system, outcome).inc(),
        now=now,
    )


class Application(FastAPI):
    """FastAPI with ``Front`` around it; webhooks leave it before the framework begins, because they are the hot path."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self._front = Front(self._inside, observe=observe)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._front(scope, receive, send)

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/webhooks/"):
            await self.state.webhooks(scope, receive, send)
        else:
            await super().__call__(scope, capped(scope, receive, most=MAX_BODY_BYTES), send)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count and time a request. A method nobody knows is one label, whatever it says."""
    known = method if method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS") else "other"
    metrics.REQUESTS.labels(known, route, status).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(seconds)
