"""The clock that leases and due times hang on: the database's own, or one that a test moves."""

from __future__ import annotations

import time
from typing import Any, Protocol

from sqlalchemy import BigInteger, ColumnElement, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class now_ms(FunctionElement[int]):  # noqa: N801 - it is written like the SQL function it becomes
    """Milliseconds since 1970, as the database sees them."""

    type = BigInteger()
    inherit_cache = True


@compiles(now_ms, "sqlite")
def _sqlite(_element: now_ms, _compiler: Any, **_options: Any) -> str:
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"


@compiles(now_ms, "postgresql")
def _postgresql(_element: now_ms, _compiler: Any, **_options: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


class Clock(Protocol):
    """Tells the time to SQL, and to whoever is about to send. Statements are kept by it."""

    def __hash__(self) -> int: ...

    def sql(self) -> ColumnElement[int]:
        """Milliseconds since 1970, to stand in a statement."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for deadlines inside one process."""
        ...


class DatabaseClock:
    """The real one."""

    def sql(self) -> ColumnElement[int]:
        """The database's clock."""
        return now_ms()

    def monotonic(self) -> float:
        """The machine's monotonic clock."""
        return time.monotonic()


class ManualClock:
    """One that moves only when told: for tests of what happens when."""

    def __init__(self, now: int = 1_000_000):
        self.now = now

    def sql(self) -> ColumnElement[int]:
        """The time it was told, looked up when the statement is run: statements are kept and run again."""
        return bindparam("now", callable_=lambda: self.now, type_=BigInteger, unique=True)

    def monotonic(self) -> float:
        """The same time, in seconds."""
        return self.now / 1000

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.now += round(seconds * 1000)
