"""The API over ASGI with a real database: SQLite always, PostgreSQL where it is reachable."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis
from sqlalchemy import Table, select

from app.main import create_app
from app.resources import open_resources
from app.routers.context import Context
from app.routers.doors import webhook_token_hash
from app.sandbox.mailchimp.audience import Audience
from app.sandbox.mplus.till import Till, create_till
from app.sandbox.serving import serving
from app.sealing import Sealer
from app.settings import Settings
from app.store import connections
from app.store.session import Database

if TYPE_CHECKING:
    from tests.routers.world import World

_redis = {"url": ""}


@pytest.fixture(scope="session", autouse=True)
def redis_of_the_tests(redis_url: str) -> None:
    """The Redis that every application of these tests is opened with."""
    _redis["url"] = redis_url


TOKEN = "tok-of-the-till"
MAILCHIMP_TOKEN = "tok-of-the-audience"
SECRET = "eFc5HrxwLbONJ+EYXrbHB+a9HueYIQzotgKRLRVAfx0="
ADMIN_KEY = "t2a_first_admin_key_for_tests"
SEAL_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
SEALER = Sealer(keys=(SEAL_KEY,), hash_secret="for tests")


@dataclass
class Api:
    """The running application and a client to it, with the first admin key."""

    app: FastAPI
    http: httpx.AsyncClient

    @property
    def context(self) -> Context:
        """What its handlers are handed."""
        context: Context = self.app.state.context
        return context

    async def rows(self, table: Table) -> list[dict[str, Any]]:
        """A table's whole content."""
        async with self.context.db.read() as db:
            return [dict(row) for row in (await db.execute(select(table))).mappings()]


async def connection(
    db: Database, *, id: str, system: str, token: str, secret: str | None = None, **values: Any
) -> None:
    """A connection, as it stands in the table."""
    async with db.write() as conn:
        await connections.add(
            conn,
            id=id,
            system=system,
            name=f"My {system}",
            account=f"{system}:account",
            settings=values.get("settings", {}),
            credentials_sealed=SEALER.seal_json(values.get("credentials", {})),
            webhook_token_hash=webhook_token_hash(SEALER, token),
            webhook_token_sealed=SEALER.seal(token),
            webhook_secret_sealed=None if secret is None else SEALER.seal(secret),
            subscription_id=None,
            now=1_000,
        )


@asynccontextmanager
async def api_over(database: Database, var_dir: Path, **settings: Any) -> AsyncIterator[Api]:
    """The application over this database, for as long as the block lasts."""
    chosen = Settings(
        _env_file=None,
        var_dir=var_dir,
        database_url=database.url,
        seal_keys=(SEAL_KEY,),
        hash_secret="for tests",
        admin_api_key=ADMIN_KEY,
        key_prefix=f"t2a-api-{os.getpid()}-{secrets.token_hex(4)}",
        **settings,
    )
    async with Redis.from_url(_redis["url"]) as redis:
        # This Redis has remembered since long ago: after a flush nobody would be given a place for five seconds.
        await redis.set(f"{chosen.key_prefix}:places-since", 1, ex=600)
    app = create_app(lambda: open_resources(chosen, redis_url=_redis["url"]))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as http:
            yield Api(app, http)


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    """The API with a till and an audience connected, nothing else."""
    await connection(database, id="con_till", system="mplus", token=TOKEN, secret=SECRET)
    await connection(database, id="con_list", system="mailchimp", token=MAILCHIMP_TOKEN)
    async with api_over(database, tmp_path) as running:
        yield running


@pytest.fixture
async def empty_api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    """The API with nothing in it."""
    async with api_over(database, tmp_path) as running:
        yield running


@dataclass
class Served:
    """A sandbox till on a port of its own."""

    till: Till
    url: str

    def body(self, **more: Any) -> dict[str, Any]:
        """What connects it."""
        return {
            "system": "mplus",
            "name": "Till in Utrecht",
            "settings": {"base_url": self.url},
            "credentials": {"ident": self.till.settings.ident, "secret": self.till.settings.secret},
        } | more


async def joined(api: Api, shop: Served, audience: Audience, url: str) -> None:
    """A till and an audience behind ``url``, over the API: ``con_till`` and ``con_list`` in ``int_one``."""
    made = [
        await api.http.post("/api/v1/connections", json=shop.body(id="con_till")),
        await api.http.post(
            "/api/v1/connections",
            json={
                "id": "con_list",
                "system": "mailchimp",
                "name": "Newsletter",
                "settings": {"list_id": audience.id, "base_url": f"{url}/3.0"},
                "credentials": {"api_key": audience.account.key},
            },
        ),
        await api.http.post(
            "/api/v1/integrations",
            json={
                "id": "int_one",
                "name": "Shop",
                "left_connection_id": "con_till",
                "right_connection_id": "con_list",
            },
        ),
    ]
    assert [201] * 3 == [answer.status_code for answer in made], [answer.text for answer in made]


@pytest.fixture
async def shop() -> AsyncIterator[Served]:
    """A till with thirty relations."""
    till = create_till(size=30, seed=7, articles=0)
    async with serving(till) as url:
        yield Served(till, url)


@pytest.fixture
async def branch() -> AsyncIterator[Served]:
    """Another till, empty: customers can be written to it."""
    till = create_till(size=0)
    async with serving(till) as url:
        yield Served(till, url)


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    """The API over both sandboxes, with a paused flow from the till to the audience."""
    from tests.routers.world import world_over

    async with world_over(database, tmp_path) as made:
        yield made
