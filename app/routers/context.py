"""What the API's handlers are handed: opened once by the application, never imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from app.intake import Intake
from app.resources import Resources
from app.route_map import RouteMap
from app.routers.doors import Doors
from app.sealing import Sealer
from app.settings import Settings
from app.store.session import Database


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a handler may reach."""

    resources: Resources
    intake: Intake
    doors: Doors
    routes: RouteMap

    @property
    def db(self) -> Database:
        """The database."""
        return self.resources.db

    @property
    def sealer(self) -> Sealer:
        """Seals and hashes."""
        return self.resources.sealer

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        return self.resources.settings


def context_of(resources: Resources) -> Context:
    """A context over open resources."""
    doors = Doors(resources.db, resources.sealer)
    return Context(resources, Intake(resources.db), doors, RouteMap(resources))


def context(request: Request) -> Context:
    """The context of the running application."""
    return cast(Context, request.app.state.context)


Reach = Annotated[Context, Depends(context)]
