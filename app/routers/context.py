"""What the API's handlers are handed: opened once by the application, never imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from app.connectors.base import Client
from app.intake import Intake
from app.routers.doors import Doors
from app.sealing import Sealer
from app.settings import Settings
from app.store.connections import Connection
from app.store.session import Database

OpenClient = Callable[[Connection], AbstractAsyncContextManager[Client]]
Ring = Callable[[Iterable[str]], None]


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a handler may reach. ``ring`` returns at once; ``open_client`` bounds the account's requests."""

    settings: Settings
    db: Database
    sealer: Sealer
    intake: Intake
    doors: Doors
    ring: Ring
    open_client: OpenClient


def context(request: Request) -> Context:
    """The context of the running application."""
    return cast(Context, request.app.state.context)


Reach = Annotated[Context, Depends(context)]
