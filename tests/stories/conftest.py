"""A shop per story, on each database. It is the second of March 2026, ten in the morning in Amsterdam."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.store.clock import ManualClock
from app.store.session import Database
from tests.shop import Shop, open_shop

TODAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    """The shop's clock, which moves only when told."""
    return ManualClock(round(TODAY.timestamp() * 1000))


@pytest.fixture
async def shop(db: Database, clock: ManualClock, redis_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    """A connected shop without relations and without flows."""
    async with open_shop(db, clock, redis_url=redis_url, var_dir=tmp_path) as opened:
        yield opened


@pytest.fixture
async def public_shop(
    db: Database, clock: ManualClock, redis_url: str, tmp_path: Path
) -> AsyncIterator[Shop]:
    """A shop with an address that webhooks reach."""
    async with open_shop(db, clock, redis_url=redis_url, var_dir=tmp_path, public=True) as opened:
        yield opened
