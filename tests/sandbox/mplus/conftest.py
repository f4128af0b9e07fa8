"""A till with twenty relations at an hour that does not move, and a caller."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from app.sandbox.mplus.till import Till, create_till
from tests.sandbox.mplus.talk import Talk

NOW = datetime(2025, 3, 5, 11, 30, tzinfo=UTC)  # 12:30 in the shop


@pytest.fixture
def till() -> Till:
    return create_till(size=20, seed=1, articles=60, sales=0, now=lambda: NOW)


@pytest.fixture
async def talk(till: Till) -> AsyncIterator[Talk]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(till), base_url="http://till") as client:
        yield Talk(client)
    await till.close()
