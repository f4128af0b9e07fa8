"""Articles made for orders, over the API: what is refused when it is saved, the preview, the forecast and what then happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.store.session import Database
from app.store.tables import numbers
from tests.routers.conftest import Served
from tests.routers.webshop import Set, set_up_over

URL = "/api/v1/integrations/int_one/flows"
FLOW = "/api/v1/flows/flow_shop"
BUYER = "sanne@klant-voorbeeld.nl"
NEW: dict[str, Any] = {
    "number_range": {"first": 800_000, "last": 800_009},
    "vat_codes": {"force": "2"},
    "turnover_groups": {"force": "1"},
}
SETTINGS: dict[str, Any] = {
    "stores": [{"id": "webshop"}],
    "missing_article": "create",
    "new_articles": NEW,
}


@pytest.fixture
async def set_up(database: Database, tmp_path: Path, shop: Served) -> AsyncIterator[Set]:
    """The till has the socks (4002) already; the shop sells a book and a gift as well."""
    async with set_up_over(database, tmp_path, shop) as opened:
        opened.store.stock("BOEK", title="Boek", price=12)
        opened.store.stock("GIFT", title="Cadeau", price=0)
        yield opened


async def make(it: Set, settings: dict[str, Any], *, id: str = "flow_shop", kind: str = "shop_orders") -> Any:
    return await it.api.http.post(URL, json={"id": id, "kind": kind, "settings": settings})


@pytest.mark.parametrize("lacking", ["number_range", "vat_codes", "turnover_groups"])
async def test_what_an_article_needs_is_asked_for_when_it_is_saved(set_up: Set, lacking: str) -> None:
    new = {name: value for name, value in NEW.items() if name != lacking}
    answer = await make(set_up, SETTINGS | {"new_articles": new})
    assert (422, f"settings.new_articles.{lacking}") == (answer.status_code, answer.json()["field"])


async def test_create_needs_the_settings_of_new_articles(set_up: Set) -> None:
    answer = await make(set_up, {name: value for name, value in SETTINGS.items() if name != "new_articles"})
    assert 422 == answer.status_code
    assert "new_articles must say how they are made" in answer.json()["detail"]


async def test_a_range_that_meets_another_flows_is_refused_either_way(set_up: Set) -> None:
    wares = {"stores": [{"id": "webshop"}], "vat_codes": {"force": "2"}}
    meets = wares | {"number_range": {"first": 700_000, "last": 800_000}}
    apart = wares | {"number_range": {"first": 700_000, "last": 799_999}}
    assert 201 == (await make(set_up, SETTINGS)).status_code

    answer = await make(set_up, meets, id="flow_wares", kind="shop_products")
    assert (422, "settings.number_range", "range_shared") == (
        answer.status_code,
        answer.json()["field"],
        answer.json()["code"],
    )
    assert "meet those of flow flow_shop, 800000 to 800009" in answer.json()["detail"]

    assert 201 == (await make(set_up, apart, id="flow_wares", kind="shop_products")).status_code
    wide = SETTINGS | {"new_articles": NEW | {"number_range": {"first": 799_999, "last": 800_009}}}
    answer = await set_up.api.http.put(f"{FLOW}/settings", json=wide)
    assert (422, "new_articles.number_range", "range_shared") == (
        answer.status_code,
        answer.json()["field"],
        answer.json()["code"],
    )
    answer = await set_up.api.http.put(f"{FLOW}/settings", json=SETTINGS)  # its own are no other's
    assert 200 == answer.status_code


async def test_a_preview_shows_article_and_order_and_gives_no_number(set_up: Set, database: Database) -> None:
    await make(set_up, SETTINGS)
    set_up.store.order("1", BUYER, [("BOEK", 2), ("4002", 1)])
    shown = (await set_up.api.http.post(f"{FLOW}/preview", json={"record": "webshop/1"})).json()

    assert "delivered" == shown["outcome"], shown
    assert [("product", "create"), ("order", "create")] == [
        (target["kind"], target["action"]) for target in shown["targets"]
    ]
    article, order = shown["targets"]
    assert ["create product: 1 article (800000)"] == [call["summary"] for call in article["calls"]]
    booked = order["calls"][-1]["payload"]["sale"]["lineList"]
    assert [800_000, 4002] == [line["articleNumber"] for line in booked]
    async with database.read() as conn:
        assert [] == (await conn.execute(numbers.select())).all()


async def test_a_preview_says_what_cannot_be_made(set_up: Set) -> None:
    await make(set_up, SETTINGS)
    set_up.store.order("1", BUYER, [("GIFT", 1), ("BOEK", 1)])
    shown = (await set_up.api.http.post(f"{FLOW}/preview", json={"record": "webshop/1"})).json()

    assert ("held_back", []) == (shown["outcome"], shown["targets"])
    assert "The till has no article for GIFT. GIFT cannot be made:" in shown["reason"]


async def test_the_forecast_counts_an_article_once(set_up: Set) -> None:
    await make(set_up, SETTINGS)
    for number in ("1", "2", "3"):
        set_up.store.order(number, BUYER, [("BOEK", 1)])
    await set_up.api.http.put(f"{FLOW}/cursor", json={"at": "beginning"})
    told = (await set_up.api.http.get(f"{FLOW}/forecast")).json()

    assert (3, 4) == (told["records"], told["create"]), told
    assert {} == told["skipped"]
