"""A shop per story, on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.store.clock import ManualClock
from app.store.session import Database
from tests.shop import Shop, open_shop


@pytest.fixture
async def shop(db: Database, clock: ManualClock, redis_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    """A connected shop without relations and without flows."""
    async with open_shop(db, clock, redis_url=redis_url, var_dir=tmp_path) as opened:
        yield opened
