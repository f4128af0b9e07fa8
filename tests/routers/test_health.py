"""Health and metrics: what a monitor sees, and who may look."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.intake import Intake
from app.queue import Queue, open_redis
from app.store import alerts, flows, integrations
from app.store.events import NewEvent
from app.store.session import Database
from tests.routers.conftest import Api, api_over, connection

KEY = "metrics-key-for-tests"


async def test_a_running_api_is_alive_and_ready(empty_api: Api) -> None:
    alive = await empty_api.http.get("/healthz", headers={"Authorization": ""})
    ready = await empty_api.http.get("/readyz", headers={"Authorization": ""})

    assert (200, {"status": "ok"}) == (alive.status_code, alive.json())
    assert (200, {"ready": True, "database": "ok", "redis": "ok"}) == (ready.status_code, ready.json())


async def test_a_database_without_tables_is_not_ready(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'empty.sqlite3'}")
    async with api_over(database, tmp_path) as api:
        alive = await api.http.get("/healthz")
        ready = await api.http.get("/readyz")
        scrape = await api.http.get("/metrics")
    await database.close()

    assert 200 == alive.status_code
    assert (503, {"ready": False, "database": "away", "redis": "ok"}) == (ready.status_code, ready.json())
    assert 200 == scrape.status_code
    assert 0.0 == gauges(scrape)["t2a_database_up", ()]


async def test_without_redis_it_is_still_ready(empty_api: Api) -> None:
    context = empty_api.context
    away = Queue(open_redis("redis://127.0.0.1:1/0", answer_s=0.2), prefix="away")
    empty_api.app.state.context = dataclasses.replace(
        context, resources=dataclasses.replace(context.resources, queue=away)
    )

    ready = await empty_api.http.get("/readyz")
    scrape = await empty_api.http.get("/metrics")
    await away.close()

    assert (200, {"ready": True, "database": "ok", "redis": "away"}) == (ready.status_code, ready.json())
    assert 0.0 == gauges(scrape)["t2a_redis_up", ()]


def gauges(answer: httpx.Response) -> dict[tuple[str, tuple[str, ...]], float]:
    """Samples by name and the values of their labels, in the order of the labels' names."""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_a_scrape_tells_what_waits(api: Api) -> None:
    db = api.context.db
    async with db.write() as conn:
        await integrations.add(
            conn,
            id="int_one",
            name="Shop",
            left_connection_id="con_till",
            right_connection_id="con_list",
            settings={},
            now=1,
        )
        await flows.add(
            conn,
            id="flow_one",
            integration_id="int_one",
            kind="customers",
            record_kind="customer",
            source_connection_id="con_till",
            target_connection_id="con_list",
            settings={},
            mapping={},
            window_ms=0,
            deadline_ms=60_000,
            now=1,
        )
        await flows.change(conn, "flow_one", now=1, state="running")
        await alerts.raise_alert(conn, code="limit_reached", subject="flow:flow_one", detail="Full.", now=1)
    event = NewEvent(connection_id="con_till", kind="customer", ref="7", dedupe_key="7:1", trigger="poll")
    noticed = ("t2a_events_total", ("poll",))
    before = gauges(await api.http.get("/metrics")).get(noticed, 0.0)
    await Intake(db).accept([event, event])
    await Intake(db).accept([event])

    answer = await api.http.get("/metrics", headers={"Authorization": ""})

    found = gauges(answer)
    assert answer.headers["content-type"].startswith("text/plain")
    assert {
        ("t2a_deliveries", ("flow_one", "pending")): 1.0,
        ("t2a_flow_state", ("flow_one", "customers", "running")): 1.0,
        ("t2a_connection_state", ("con_till", "new", "mplus")): 1.0,
        ("t2a_connection_state", ("con_list", "new", "mailchimp")): 1.0,
        ("t2a_alerts", ("limit_reached",)): 1.0,
        ("t2a_database_up", ()): 1.0,
        ("t2a_redis_up", ()): 1.0,
        ("t2a_queue_depth", ("deliveries",)): 0.0,
    }.items() <= found.items()
    assert 0 <= found["t2a_oldest_pending_seconds", ("flow_one",)] < 60
    assert before + 1 == found[noticed]
    assert any(name == "t2a_requests_total" for name, _ in found)


async def test_what_is_gone_is_told_no_more(api: Api) -> None:
    await connection(api.context.db, id="con_gone", system="mplus", token="tok-gone")
    before = gauges(await api.http.get("/metrics"))
    await api.http.delete("/api/v1/connections/con_gone")
    after = gauges(await api.http.get("/metrics"))

    label = ("t2a_connection_state", ("con_gone", "new", "mplus"))
    assert (True, False) == (label in before, label in after)


@pytest.mark.parametrize(
    ("client", "headers", "key", "status"),
    [
        ("127.0.0.1", {}, None, 200),
        ("::1", {}, KEY, 200),
        ("203.0.113.9", {}, None, 403),
        ("203.0.113.9", {}, KEY, 401),
        ("203.0.113.9", {"Authorization": "Bearer wrong"}, KEY, 401),
        ("203.0.113.9", {"Authorization": f"Bearer {KEY}"}, KEY, 200),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, None, 403),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9", "Authorization": f"Bearer {KEY}"}, KEY, 200),
    ],
)
async def test_metrics_are_open_on_loopback_alone(
    database: Database,
    tmp_path: Path,
    client: str,
    headers: dict[str, str],
    key: str | None,
    status: int,
) -> None:
    async with api_over(database, tmp_path, metrics_key=key) as api:
        transport = httpx.ASGITransport(api.app, client=(client, 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as outside:
            answer = await outside.get("/metrics", headers=headers)

    assert status == answer.status_code
