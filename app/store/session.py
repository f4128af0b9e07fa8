"""The database: short writing and reading transactions, the same on SQLite and PostgreSQL.

SQLite as it comes loses updates and ignores foreign keys: writers start with BEGIN IMMEDIATE and queue inside the
process, readers use an engine of their own, commits are synced to disk (design §6, measured).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
from asyncpg.exceptions import InternalClientError
from sqlalchemy import Connection, event, select
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.errors import DatabaseAway
from app.store.clock import Clock, DatabaseClock

BUSY_STEP_S = 0.005
BUSY_LIMIT_S = 15.0
DEADLOCK = "deadlock"
DEADLOCK_TRIES = 5

Result = TypeVar("Result")


class Database:
    """Hands out transactions. ``write()`` commits when the block ends well; ``read()`` never writes."""

    def __init__(self, url: str, *, clock: Clock | None = None, pool_size: int = 10):
        self.url = url
        self.clock = clock or DatabaseClock()
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self._turn = asyncio.Lock()
        if self.is_sqlite:
            self._writer = _sqlite_engine(url, writer=True)
            self._reader = _sqlite_engine(url, writer=False)
        else:
            self._writer = self._reader = _postgresql_engine(url, pool_size=pool_size)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A writing transaction. Raises DatabaseAway when the database cannot be reached."""
        if not self.is_sqlite:
            async with _reached(self._writer) as conn, conn.begin():
                yield conn
            return
        async with self._turn, _reached(self._writer) as conn:
            await self._begin_immediate(conn)
            try:
                yield conn
            except BaseException:
                await asyncio.shield(conn.rollback())
                raise
            await conn.commit()

    async def _begin_immediate(self, conn: AsyncConnection) -> None:
        """Short steps instead of SQLite's own busy timeout, whose back-off starves a writer beside busy others."""
        deadline = asyncio.get_running_loop().time() + BUSY_LIMIT_S
        while True:
            try:
                await conn.begin()
                return
            except OperationalError as error:
                if "locked" not in str(error) or asyncio.get_running_loop().time() > deadline:
                    raise DatabaseAway("The database file stays locked by another program.") from error
                await asyncio.sleep(BUSY_STEP_S)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A reading transaction. Raises DatabaseAway when the database cannot be reached."""
        async with _reached(self._reader) as conn:
            yield conn

    async def now(self) -> int:
        """The clock's time in milliseconds."""
        async with self.read() as conn:
            return int((await conn.execute(select(self.clock.sql()))).scalar_one())

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


@asynccontextmanager
async def _reached(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    try:
        conn = await engine.connect()
    except (OSError, DBAPIError, TimeoutError) as error:
        raise DatabaseAway("The database cannot be reached.") from error
    try:
        yield conn
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseAway("The database went away.") from error
        if getattr(error.orig, "sqlstate", None) in ("40P01", "40001"):
            raise DatabaseAway("Two transactions waited for each other.", code=DEADLOCK) from error
        raise
    except OSError as error:
        raise DatabaseAway("The database went away.") from error
    finally:
        # Closing rolls back what is open. On a connection that was cut there is nothing left to roll back, and the error
        # would take the place of what the block found out.
        with suppress(DBAPIError, OSError):
            await asyncio.shield(conn.close())


async def again_on_deadlock(transaction: Callable[[], Awaitable[Result]]) -> Result:
    """Run a whole transaction, and once more when PostgreSQL ended it because two waited for each other.

    Rows are locked in one order wherever that can be; this is for the rest. Raises what the transaction raises.
    """
    for _ in range(DEADLOCK_TRIES):
        try:
            return await transaction()
        except DatabaseAway as error:
            if error.code != DEADLOCK:
                raise
    return await transaction()


def _postgresql_engine(url: str, *, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)

    @event.listens_for(engine.sync_engine, "handle_error")
    def on_error(context: ExceptionContext) -> None:
        """SQLAlchemy asks whether the connection is closed by now; one that was cut just before does not know it yet, and
        would go back to the others."""
        if _is_cut(context.original_exception):
            context.is_disconnect = True

    return engine


_CUT = ("08", "57P")
"""SQLSTATE: connection exceptions, and a server that shuts down, crashed or lets nobody in."""


def _is_cut(error: BaseException) -> bool:
    cause = error.__cause__ or error
    sqlstate = getattr(cause, "sqlstate", None) or ""
    # What asyncpg says of a connection whose end it noticed in the middle of something.
    return sqlstate.startswith(_CUT) or isinstance(cause, OSError | InternalClientError)


class _ShortWay(aiosqlite.Connection):
    """Does in place what never waits for the disk.

    aiosqlite sends every call to its thread, also the making of a cursor; half of a short transaction's time went into
    those turns. SQLAlchemy uses a connection for one thing at a time, so the thread is idle when we act in its place.
    """

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._connection is not None and _never_waits(fn, self._connection):
            return fn(*args, **kwargs)
        return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]


def _never_waits(fn: Callable[..., Any], connection: sqlite3.Connection) -> bool:
    name = getattr(fn, "__name__", "")
    if name == "close":
        return isinstance(getattr(fn, "__self__", None), sqlite3.Cursor)
    return name == "cursor" or (name == "rollback" and not connection.in_transaction)


def _sqlite_engine(url: str, *, writer: bool) -> AsyncEngine:
    async def connecting() -> aiosqlite.Connection:
        file = make_url(url).database or ":memory:"
        connection = _ShortWay(
            lambda: sqlite3.connect(file, timeout=0 if writer else 5, check_same_thread=False), 64
        )
        connection._thread.daemon = True
        return await connection

    engine = create_async_engine(url, pool_size=1 if writer else 4, max_overflow=0, async_creator=connecting)

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves
        cursor = dbapi_connection.cursor()
        try:
            cursor.execute("PRAGMA busy_timeout = 5000")
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute("PRAGMA busy_timeout = 0" if writer else "PRAGMA query_only = ON")
        finally:
            cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def shown(url: str) -> str:
    """A database URL as it may be shown: without its password."""
    return make_url(url).render_as_string(hide_password=True)


def migrate(url: str, *, keyed_hash: Callable[..., str] | None = None) -> None:
    """Bring the schema up to date. Blocks; the driver needs a loop of its own, so it works in a thread. Raises DatabaseAway.

    ``keyed_hash`` is the installation's, for a step that has people's addresses to hash.
    """
    from alembic import command  # a third of a second, and only who migrates needs it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    config.attributes["keyed_hash"] = keyed_hash
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        _make_folder(Path(parsed.database).parent)
        if sqlite3.sqlite_version_info < (3, 35):
            raise DatabaseAway("SQLite 3.35 or newer is needed.")
    try:
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(command.upgrade, config, "head").result()
    except OSError as error:
        raise DatabaseAway(
            f"The database {shown(url)} cannot be reached: {error.strerror or error}."
        ) from error
    except DBAPIError as error:
        if error.statement is not None:  # it was reached, and a step of a migration failed
            raise
        raise DatabaseAway(f"The database {shown(url)} lets nobody in: {error.orig}.") from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise DatabaseAway(f"The folder {folder} cannot be made: {error.strerror}.") from error
