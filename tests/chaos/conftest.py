"""A house per test, on each database; every log of every process is read at the end."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.chaos.house import House, open_house
from tests.chaos.processes import own_redis
from tests.conftest import BACKENDS, POSTGRES, _postgres_do


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
    assert POSTGRES is not None
    template, name = request.getfixturevalue("postgres_template"), f"t2a_chaos_{secrets.token_hex(6)}"
    await _postgres_do(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    await _postgres_do(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def house(database_url: str, backend: str, tmp_path: Path) -> AsyncIterator[House]:
    """A connected house whose till is empty and whose processes are still to be started."""
    async with (
        own_redis(tmp_path / "redis") as redis,
        open_house(database_url, tmp_path, redis, backend=backend) as opened,
    ):
        yield opened
        assert [] == opened.complaints()
