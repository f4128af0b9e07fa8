"""Shop products over the API, as somebody would set them up who has read nothing: made, looked at, forecast, started."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.pipeline.batch import run_batch
from app.store.session import Database
from app.store.tables import numbers
from app.worker.scanning import Scanner
from tests.routers.conftest import Served
from tests.routers.webshop import Set, set_up_over

URL = "/api/v1/integrations/int_one/flows"
FLOW = "/api/v1/flows/flow_wares"
SETTINGS: dict[str, Any] = {
    "stores": [{"id": "webshop"}],
    "vat_codes": {"force": "2"},
    "number_range": {"first": 900_000, "last": 900_002},
}


@pytest.fixture
async def set_up(database: Database, tmp_path: Path, shop: Served) -> AsyncIterator[Set]:
    """The till has the socks (4002) already; the shop sells a jumper, a book without a number, and a gift."""
    async with set_up_over(database, tmp_path, shop) as opened:
        opened.store.stock("5001", title="Trui", price=49.95, variants=("M", "L"))
        opened.store.stock("BOEK", title="Boek", price=12)
        opened.store.stock("GIFT", title="Cadeau", price=0)
        yield opened


async def make(it: Set, settings: dict[str, Any], **more: Any) -> Any:
    return await it.api.http.post(
        URL, json={"id": "flow_wares", "kind": "shop_products", "settings": settings, **more}
    )


async def test_what_is_missing_is_said_when_it_is_saved(set_up: Set) -> None:
    answer = await make(set_up, {"stores": [{"id": "webshop"}]})
    assert (422, "settings.vat_codes") == (answer.status_code, answer.json()["field"])

    answer = await make(set_up, SETTINGS | {"stores": [{"id": "till-a1b2c3d4e5"}]})
    assert (422, "own_store") == (answer.status_code, answer.json()["code"])

    answer = await make(set_up, SETTINGS, source_connection_id="con_till")
    assert (422, "wrong_systems") == (answer.status_code, answer.json()["code"])


async def test_the_two_kinds_of_products_each_know_their_way(set_up: Set) -> None:
    back = (await make(set_up, SETTINGS)).json()
    forth = (await set_up.api.http.post(URL, json={"id": "flow_out", "kind": "products"})).json()

    assert ("mailchimp→mplus", "mplus→mailchimp") == (back["direction"], forth["direction"])
    wrong = {"kind": "products", "source_connection_id": "con_list"}
    answer = await set_up.api.http.post(URL, json=wrong)
    assert (422, "wrong_systems") == (answer.status_code, answer.json()["code"])
    answer = await set_up.api.http.put(
        f"{FLOW}/settings", json=SETTINGS | {"stores": [{"id": "till-a1b2c3d4e5"}]}
    )
    assert (422, "own_store") == (answer.status_code, answer.json()["code"])


async def test_a_preview_shows_numbers_that_are_not_given_by_it(set_up: Set, database: Database) -> None:
    await make(set_up, SETTINGS)
    shown = (await set_up.api.http.post(f"{FLOW}/preview", json={"record": "webshop/BOEK"})).json()

    [target] = shown["targets"]
    assert ("delivered", "create") == (shown["outcome"], target["action"])
    assert ["create product: 1 article (900000)"] == [call["summary"] for call in target["calls"]]
    async with database.read() as conn:
        assert [] == (await conn.execute(numbers.select())).all()


async def test_a_preview_names_every_sku_that_has_no_number(set_up: Set) -> None:
    await make(set_up, {name: value for name, value in SETTINGS.items() if name != "number_range"})
    shown = (await set_up.api.http.post(f"{FLOW}/preview", json={"record": "webshop/BOEK"})).json()

    assert "held_back" == shown["outcome"]
    assert "No article is known for BOEK" in shown["reason"]
    assert "reserve a range of numbers" in shown["advice"]


async def test_the_forecast_is_what_then_happens(set_up: Set) -> None:
    http = set_up.api.http
    await make(set_up, SETTINGS)
    told = (await http.get(f"{FLOW}/forecast")).json()
    assert (4, 2, 0, {"update_off": 1, "price_missing": 1}, {}) == tuple(
        told[name] for name in ("records", "create", "update", "skipped", "failed")
    )

    started = (await http.post(f"{FLOW}/start", json={"approve": True})).json()
    assert started["started"], started
    resources, routes = set_up.api.context.resources, set_up.api.context.routes
    await Scanner(resources).scan("flow_wares")
    result = await run_batch(await routes.route("flow_wares"))

    assert {"delivered": 2, "skipped": 2} == dict(result.outcomes)
    catalogue = set_up.till.catalogue
    assert {5001, 900_000} & set(catalogue.product_of) == {900_000}
    assert ["Trui M", "Trui L"] == [
        article["description"]
        for row in catalogue.products.rows.values()
        for article in row["articleList"]
        if row["description"] == "Trui"
    ]


async def test_above_the_threshold_a_start_asks_first(set_up: Set) -> None:
    http = set_up.api.http
    await make(set_up, SETTINGS)
    await http.put("/api/v1/integrations/int_one/settings", json={"ask_above": 1})
    answer = (await http.post(f"{FLOW}/start")).json()

    assert (False, ["It would write 2 records, which is more than 1."]) == (answer["started"], answer["asks"])


async def test_the_fields_and_the_shipped_rows_fit_each_other(set_up: Set) -> None:
    http = set_up.api.http
    await make(set_up, SETTINGS)
    fields = (await http.get(f"{FLOW}/fields")).json()
    assert "variants[].price" in {each["path"] for each in fields["source"]["fields"]}
    assert "articleList[].vatCode" in {each["path"] for each in fields["target"]["fields"]}

    mapping = (await http.get(f"{FLOW}/mapping")).json()
    saved = await http.put(f"{FLOW}/mapping", json={"leg1": mapping["leg1"]["rows"], "leg2": mapping["leg2"]["rows"]})  # fmt: skip
    assert 200 == saved.status_code, saved.text
    assert [] == saved.json().get("warnings", [])
