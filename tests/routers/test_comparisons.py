"""Both sides of a flow over the API and from a terminal: asked for, named, healed, refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.store import comparisons
from app.store.session import Database
from app.worker.comparing import Comparer
from tests.routers.world import FLOW, INTEGRATION, World, world_over

URL = f"/flows/{FLOW}/comparison"


@pytest.fixture
async def shop(db: Database, tmp_path: Path) -> AsyncIterator[World]:
    """The demo, which compares when a person asks and never by itself, at whatever hour the tests run."""
    async with world_over(db, tmp_path) as world:
        await world.put(f"/flows/{FLOW}/settings", {"compare_at": None})
        yield world


async def refused(world: World, path: str, body: object = None) -> tuple[int, str]:
    answer = await world.api.http.post(f"/api/v1{path}", json=body)
    return answer.status_code, answer.json()["code"]


async def work(world: World) -> None:
    """What the worker does about what was asked for."""
    comparer = Comparer(world.api.context.resources, world.api.context.routes)
    await comparer.start_due()
    await comparer.idle()


async def test_named_healed_and_at_rest(shop: World) -> None:
    await shop.start()
    await shop.work()
    member = next(iter(shop.audience.members.values()))
    name = member.merge_fields["FNAME"]
    member.merge_fields["FNAME"] = "Vervalst"

    asked = await shop.post(URL, {"heal": True})
    assert ("asked", None, []) == (asked["state"], asked["source"], asked["differences"])
    async with shop.api.context.db.write() as db:
        await comparisons.begin(db, FLOW, clock=shop.api.context.db.clock)
    assert (409, "comparison_running") == await refused(shop, URL)
    await work(shop)
    found = await shop.get(URL)
    await shop.work()

    assert ("done", "person", 1, 1, {"changed_there": 1}) == (
        found["state"],
        found["asked_by"],
        found["differ"],
        found["healing"],
        found["found"],
    )
    [difference] = found["differences"]
    assert ("changed_there", ["merge_fields.FNAME"], member.contact_id) == (
        difference["what"],
        difference["fields"],
        difference["target"],
    )
    assert "Vervalst" not in str(found)
    assert name == member.merge_fields["FNAME"]

    await shop.post(URL)
    await work(shop)
    again = await shop.get(URL)
    assert (0, [], again["source"]["hash"]) == (
        again["differ"],
        again["differences"],
        again["target"]["hash"],
    )


async def test_names_come_page_by_page(shop: World) -> None:
    await shop.start()
    await shop.work()
    for member in shop.audience.members.values():
        member.merge_fields["FNAME"] = "Vervalst"
    await shop.post(URL)
    await work(shop)

    first = await shop.get(URL, limit=3)
    seen, after = [(each["record"], each["target"]) for each in first["differences"]], first["next"]
    while after is not None:
        page = await shop.get(URL, limit=3, after=after)
        seen += [(each["record"], each["target"]) for each in page["differences"]]
        after = page["next"]

    assert first["differ"] == len(seen) == len(set(seen)) > 3


async def test_what_is_refused(shop: World) -> None:
    assert (409, "not_running") == await refused(shop, URL)
    assert 404 == (await shop.api.http.get(f"/api/v1{URL}")).status_code
    assert (404, "not_found") == await refused(shop, f"{URL}/stop")
    assert (404, "not_found") == await refused(shop, "/flows/flow_none/comparison")
    await shop.start()
    await shop.post(URL)
    assert "stopped" == (await shop.post(f"{URL}/stop"))["state"]
    assert (409, "comparison_not_running") == await refused(shop, f"{URL}/stop")
    await work(shop)
    assert "stopped" == (await shop.get(URL))["state"]


async def test_last_month_is_that_of_the_shop_s_own_clock(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.post(f"/integrations/{INTEGRATION}/flows", {"id": "flow_demo_orders", "kind": "orders"})

    async def past_midnight(_db: Database) -> int:
        return round(datetime(2026, 3, 31, 22, 30, tzinfo=UTC).timestamp() * 1000)

    monkeypatch.setattr(Database, "now", past_midnight)
    answer = await shop.api.http.get("/api/v1/flows/flow_demo_orders/sums")

    assert 'filename="sums-2026-03-01-2026-03-31.csv"' in answer.headers["content-disposition"]


async def test_sums_are_a_file_for_the_accountant(shop: World) -> None:
    await shop.post(f"/integrations/{INTEGRATION}/flows", {"id": "flow_demo_orders", "kind": "orders"})
    url, days = "/api/v1/flows/flow_demo_orders/sums", {"first": "2026-03-01", "last": "2026-03-31"}
    answer = await shop.api.http.get(url, params=days)

    assert (200, "text/csv; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    assert 'filename="sums-2026-03-01-2026-03-31.csv"' in answer.headers["content-disposition"]
    assert "day,branch,vat_code,vat_rate,account,outcome,lines" in answer.text.splitlines()[0]
    february = await shop.api.http.get(url, params={"last": "2028-02-29"})
    assert "sums-2028-02-01-2028-02-29.csv" in february.headers["content-disposition"]
    february = await shop.api.http.get(url, params={"first": "2027-02-01"})
    assert "sums-2027-02-01-2027-02-28.csv" in february.headers["content-disposition"]
    assert 200 == (await shop.api.http.get(url)).status_code
    for wrong in ({"last": "2026-02-01"}, {"last": "2027-03-01"}, {"last": "soon"}):
        refusal = await shop.api.http.get(url, params=days | wrong)
        assert 422 == refusal.status_code
        assert "last" in refusal.text
    refusal = await shop.api.http.get(f"/api/v1/flows/{FLOW}/sums", params=days)
    assert (409, "no_sales") == (refusal.status_code, refusal.json()["code"])
