"""The API with a till and an audience, and a web shop in the same account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.sandbox.mailchimp.server import create_mailchimp
from app.sandbox.mailchimp.shopping import Shopping
from app.sandbox.serving import serving
from app.store.session import Database
from tests.routers.conftest import Api, Served, api_over, joined


@dataclass
class Set:
    """The API, the till and the web shop behind it."""

    api: Api
    till: Any
    store: Shopping


@asynccontextmanager
async def set_up_over(database: Database, tmp_path: Path, shop: Served) -> AsyncIterator[Set]:
    """A till and an audience in one integration, and a web shop in the same account. No flow."""
    sandbox = create_mailchimp(rounds=False)
    audience = sandbox.world.audience("a1b2c3d4e5")
    store = Shopping.open(audience.account, "webshop", list_id=audience.id)
    shop.till.catalogue.add(
        productNumber=900,
        description="Sokken",
        articleList=[{"articleNumber": 4002, "priceIncl": 1000, "vatCode": 2}],
    )
    store.stock("4002", title="Sokken", price=10)
    async with serving(sandbox) as url, api_over(database, tmp_path, sandbox=True) as api:
        await joined(api, shop, audience, url)
        yield Set(api, shop.till, store)
