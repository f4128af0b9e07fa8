"""Databases for tests: SQLite always, PostgreSQL where ``TEST_POSTGRES_URL`` (or the local server) can be reached."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zlib import crc32

import hypothesis
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from app.embedded_redis import embedded_redis
from app.store.clock import ManualClock
from app.store.session import Database, migrate
from app.store.tables import metadata


def _postgres() -> str | None:
    url = os.environ.get("TEST_POSTGRES_URL")
    if url:
        return url
    return None if not _listens(5432) else "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres"


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.3).close()
    except OSError:
        return False
    return True


POSTGRES = _postgres()
ON_BOTH = ("tests/store", "tests/machine", "tests/pipeline", "tests/worker")
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")  # how fast a busy machine is says nothing about an example
BACKENDS = ["sqlite"] + (["postgresql"] if POSTGRES else [])


def pytest_addoption(parser: pytest.Parser) -> None:
    """What ``make test`` asks for, so that it stays short."""
    parser.addoption(
        "--by-turns", action="store_true", help="one database for each test that need not see both"
    )


def pytest_report_header(config: pytest.Config) -> str:
    """Say what the tests run on, and what they leave out."""
    each = ", by turns" if config.getoption("by_turns") else ""
    return f"databases: {', '.join(BACKENDS)}{each}" + (
        "" if POSTGRES else " (no PostgreSQL at 127.0.0.1:5432 nor in TEST_POSTGRES_URL)"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ``--by-turns`` leave out the other database of what is no test of the database itself."""
    if config.getoption("by_turns") and len(BACKENDS) > 1:
        left_out = [item for item in items if not has_its_turn(item.nodeid)]
        items[:] = [item for item in items if has_its_turn(item.nodeid)]
        config.hook.pytest_deselected(items=left_out)


def has_its_turn(nodeid: str) -> bool:
    """Whether this test runs on the database its id names: the rooms of the machine on both, all others on one, always the same."""
    backend = next((each for each in BACKENDS if each in nodeid), None)
    if backend is None or nodeid.startswith(ON_BOTH):
        return True
    return BACKENDS[crc32(nodeid.replace(backend, "").encode()) % len(BACKENDS)] == backend


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file, copied for every test that wants one."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite3"
    migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A migrated PostgreSQL database of this test process's own; every test that wants it finds it empty."""
    assert POSTGRES is not None
    name = f"t2a_{secrets.token_hex(6)}"
    _in_thread(f'CREATE DATABASE "{name}"')
    url = make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    migrate(url)
    yield url
    _in_thread(f'DROP DATABASE "{name}" WITH (FORCE)')


def _in_thread(sql: str) -> None:
    """The fixture may be asked for while a loop runs."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(lambda: asyncio.run(_postgres_do(sql))).result()


async def _postgres_do(sql: str) -> None:
    assert POSTGRES is not None
    engine = create_async_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as conn:
            await conn.execute(text(sql))
    finally:
        await engine.dispose()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real Redis where ``TEST_REDIS_URL`` or the local server can be reached, the embedded one elsewhere."""
    url = os.environ.get("TEST_REDIS_URL") or (_listens(6379) and "redis://127.0.0.1:6379/9")
    if url:
        yield url
        return
    with embedded_redis(tmp_path_factory.mktemp("redis")) as own:
        yield own


@pytest.fixture
def clock() -> ManualClock:
    """A clock that moves only when told."""
    return ManualClock()


@pytest.fixture(params=BACKENDS)
async def db(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Database]:
    """An empty database of each kind, with a clock that moves only when told."""
    async for database in _fresh(request, tmp_path, clock):
        yield database


@pytest.fixture(params=BACKENDS)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """The same with the real clock."""
    async for found in _fresh(request, tmp_path, None):
        yield found


async def _fresh(
    request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock | None
) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        path = tmp_path / "data.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        database = Database(f"sqlite+aiosqlite:///{path}", clock=clock)
        yield database
        await database.close()
        return
    assert POSTGRES is not None
    database = Database(request.getfixturevalue("postgres_url"), clock=clock)
    async with database.write() as conn:
        # Emptying the tables that hold something is much quicker than a new database, or than truncating them all.
        for table in reversed(metadata.sorted_tables):
            await conn.execute(table.delete())
    yield database
    await database.close()
