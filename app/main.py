"""The API as one application: what it opens, which rooms it shows, and what stands around every request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from app.errors import AppError
from app.routers import problems
from app.routers.context import Context
from app.routers.front import Front
from app.routers.polls_in_mind import PollsInMind
from app.routers.webhooks import Webhooks

log = structlog.get_logger("api")

MAX_BODY_BYTES = 2_000_000


def create_app(opening: Callable[[], AbstractAsyncContextManager[Context]]) -> FastAPI:
    """The application. ``opening`` opens what it needs when it starts, and closes it when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opening() as context:
            in_mind = PollsInMind(context.intake)
            app.state.context = context
            app.state.webhooks = Webhooks(
                doors=context.doors,
                intake=context.intake,
                sealer=context.sealer,
                ring=context.ring,
                in_mind=in_mind,
                max_bytes=context.settings.max_webhook_bytes,
                count=lambda system, outcome: None,  # noqa: ARG005
            )
            try:
                await context.doors.preload()
            except AppError as error:
                log.warning("webhook.doors_not_loaded", code=error.code)
            yield
            await in_mind.close()

    app = Application(lifespan=lifespan, title="Till to audience", redirect_slashes=False)
    problems.install(app)
    return app


class Application(FastAPI):
    """FastAPI with ``Front`` around it; webhooks leave it before the framework begins, because they are the hot path."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self._front = Front(self._inside, observe=lambda *_: None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._front(scope, receive, send)

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/webhooks/"):
            await self.state.webhooks(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
