"""A house per test, on each database; every log of every process is read at the end."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from app.store.session import Database
from app.store.tables import metadata
from tests.chaos.house import House, open_house
from tests.chaos.processes import own_redis
from tests.conftest import BACKENDS, _postgres_do


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each kind of database."""
    return str(request.param)


@pytest.fixture
async def database_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database that processes can share."""
    if backend == "sqlite":
        path = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "data.sqlite3")
        yield f"sqlite+aiosqlite:///{path}"
        return
    url = make_url(request.getfixturevalue("postgres_url"))
    # Whoever was killed in the test before may still have a transaction open over there.
    await _postgres_do(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{url.database}'"
    )
    shown = url.render_as_string(hide_password=False)
    db = Database(shown)
    async with db.write() as conn:
        for table in reversed(metadata.sorted_tables):
            await conn.execute(table.delete())
    await db.close()
    yield shown


@pytest.fixture
async def house(database_url: str, backend: str, tmp_path: Path) -> AsyncIterator[House]:
    """A connected house whose till is empty and whose processes are still to be started."""
    async with (
        own_redis(tmp_path / "redis") as redis,
        open_house(database_url, tmp_path, redis, backend=backend) as opened,
    ):
        yield opened
        assert [] == opened.complaints()
