"""The database away: connections cut, nobody let in, a file locked by another program."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest
from sqlalchemy.engine import make_url

from tests.chaos.house import House, patience
from tests.conftest import _postgres_do

pytestmark = pytest.mark.chaos

LOCK = """
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("PRAGMA busy_timeout = 30000")
held.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
held.execute("COMMIT")
"""


async def test_the_database_is_away(house: House) -> None:
    house.fill(500)
    house.worker()
    house.worker()
    await house.api()
    await house.reaches(150)
    if house.backend == "sqlite":
        fault, rings = "The database file is locked by another program for 6 s", await locked(house)
    else:
        fault, rings = (
            "PostgreSQL cuts all connections ten times, then lets nobody in for 5 s",
            await cut(house),
        )
    house.edit(1)

    await house.recover(fault)
    # The till is answered from memory, whatever the database does; its poll is made good.
    assert {200} == {status for status, _ in rings}
    assert patience(2.0) > max(seconds for _, seconds in rings)


async def locked(house: House) -> list[tuple[int, float]]:
    file = make_url(house.env["DATABASE_URL"]).database
    assert file
    locker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LOCK, file, "6", stdout=asyncio.subprocess.PIPE
    )
    assert locker.stdout is not None
    await locker.stdout.readline()
    rings = []
    while locker.returncode is None:
        rings.append(await house.ring())
        await asyncio.sleep(0.5)
    return rings


async def cut(house: House) -> list[tuple[int, float]]:
    name = make_url(house.env["DATABASE_URL"]).database
    terminate = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    rings = []
    for _ in range(10):
        await _postgres_do(terminate)
        rings.append(await house.ring())
        await asyncio.sleep(0.2)
    await _postgres_do(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
    try:
        ends = time.monotonic() + 5
        while time.monotonic() < ends:
            await _postgres_do(terminate)
            rings.append(await house.ring())
            await asyncio.sleep(0.3)
    finally:
        await _postgres_do(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
    return rings
