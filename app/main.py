"""The API as one application: what it opens, which rooms it shows, and what stands around every request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

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

    app = FastAPI(lifespan=lifespan, title="Till to audience", redirect_slashes=False)
    app.add_middleware(Front, observe=lambda *_: None)
    problems.install(app)
    app.mount("/webhooks", _webhooks)
    return app


async def _webhooks(scope: Scope, receive: Receive, send: Send) -> None:
    await scope["app"].state.webhooks(scope, receive, send)
