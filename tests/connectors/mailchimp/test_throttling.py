"""Places and back-off against the sandbox: never more calls at once than agreed, and quiet when Mailchimp asks for it."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import select

from app.connectors.limits import Gates, nobody_holds_yet
from app.pipeline.batch import run_batch
from app.sandbox.faults import PRESETS
from app.store import requests
from app.store.flows import unblock
from app.store.requests import Request
from app.store.session import Database
from app.store.tables import accounts, alerts, deliveries, flows
from tests.connectors.mailchimp.conftest import Connect, Shop
from tests.connectors.mailchimp.test_in_the_pipeline import RELATION, Line, open_line


@pytest.fixture
async def two_processes(redis_url: str) -> AsyncIterator[list[Gates]]:
    """The gates of two processes over one Redis."""
    redis = Redis.from_url(redis_url)
    prefix = f"test:{secrets.token_hex(6)}"
    await nobody_holds_yet(redis, prefix=prefix)
    both = [Gates(redis, limits={"mailchimp": 5}, prefix=prefix) for _ in range(2)]
    yield both
    for gates in both:
        await gates.close()
    async for key in redis.scan_iter(f"{prefix}:*"):
        await redis.delete(key)
    await redis.aclose()


async def ask(line: Line, refs: range) -> None:
    """Relations that are all due, by doorbell."""
    for ref in map(str, refs):
        line.relations.rows[ref] = RELATION | {
            "relationNumber": int(ref),
            "email": f"klant{ref}@klant-voorbeeld.nl",
        }
    async with line.db.write() as conn:
        wishes = [Request(line.route.flow_id, ref) for ref in line.relations.rows]
        await requests.request(conn, wishes, clock=line.db.clock)


async def rows(line: Line, table: Any, *names: str) -> list[tuple[Any, ...]]:
    async with line.db.read() as conn:
        return [tuple(row) for row in await conn.execute(select(*(table.c[name] for name in names)))]


async def test_never_more_than_five_at_once_from_two_workers(
    db: Database, connect: Connect, shop: Shop, two_processes: list[Gates]
) -> None:
    clients = [
        connect(shop.base_url, gate=gates.of("audience", system="mailchimp")) for gates in two_processes
    ]
    line = await open_line(db, clients[0], shop)
    await ask(line, range(1, 41))
    shop.sandbox.faults.latency_ms = 20

    routes = [replace(line.route, target=client, concurrency=20) for client in clients]
    results = await asyncio.gather(*(run_batch(route, limit=20) for route in routes))

    assert Counter(delivered=40) == results[0].outcomes + results[1].outcomes
    assert 40 == len(shop.audience.members)
    assert 2 <= shop.account.logins[0].peak <= 5
    assert 0 == shop.account.logins[0].refused


@pytest.mark.parametrize("preset", ["throttled", "throttled_plain", "refused_html"])
async def test_three_times_slow_down_then_all_is_done_and_the_waits_were_honoured(
    db: Database, connect: Connect, shop: Shop, clock: Any, preset: str
) -> None:
    line = await open_line(db, connect(shop.base_url), shop)
    await ask(line, range(1, 4))
    waits, calls = [], []
    for _ in range(3):
        shop.sandbox.faults.add(replace(PRESETS[preset], operation="member.put"))
        throttled = await run_batch(line.route, limit=1)
        [(until,)] = await rows(line, accounts, "backoff_until")
        waits.append(until - clock.now)
        shop.calls()
        idle = await run_batch(line.route)
        clock.advance((until - clock.now - 1) / 1000)
        still = await run_batch(line.route)
        calls.append((dict(throttled.outcomes), idle.claimed, still.claimed, shop.calls()))
        clock.advance(0.002)

    done = await run_batch(line.route)

    assert [({"retrying": 1}, 0, 0, [])] * 3 == calls
    assert (True, True) == (waits == sorted(waits), 2 * waits[0] <= waits[1] * 1.01)
    assert ({"delivered": 3}, 3) == (dict(done.outcomes), len(shop.audience.members))
    assert {0} == {tries for (tries,) in await rows(line, deliveries, "tries")}
    assert [(0,)] == await rows(line, accounts, "backoff_step")


async def test_what_mailchimp_asks_for_is_waited_for(
    db: Database, connect: Connect, shop: Shop, clock: Any
) -> None:
    line = await open_line(db, connect(shop.base_url), shop)
    await ask(line, range(1, 2))
    shop.sandbox.faults.add(
        replace(PRESETS["throttled"], operation="member.put", headers={"Retry-After": "90"})
    )

    await run_batch(line.route)

    [(until,)] = await rows(line, accounts, "backoff_until")
    assert 90_000 == until - clock.now


async def test_the_merchants_other_tools_take_our_places(
    db: Database, connect: Connect, shop: Shop, clock: Any
) -> None:
    """Two of ten are left to us: what is refused is pending again and nothing is lost, doubled or counted as a failure."""
    line = await open_line(db, connect(shop.base_url), shop)
    await ask(line, range(1, 31))
    shop.sandbox.simultaneous = 2
    shop.sandbox.faults.latency_ms = 5
    outcomes: Counter[str] = Counter()
    rounds = 0
    while outcomes["delivered"] < 30 and rounds < 200:
        outcomes += (await run_batch(replace(line.route, concurrency=5))).outcomes
        clock.advance(301)
        shop.sandbox.simultaneous += 1
        rounds += 1

    puts = [
        entry for entry in shop.sandbox.log.entries if entry.operation == "member.put" and entry.status == 200
    ]
    assert (30, 30) == (outcomes["delivered"], len(shop.audience.members))
    assert shop.account.logins[0].refused > 0
    assert 30 == len(puts)
    assert {0} == {tries for (tries,) in await rows(line, deliveries, "tries")}


# --- the plan (T21) -------------------------------------------------------------------------------------------------


async def test_a_limit_of_the_plan_blocks_the_flow_once_and_burns_no_attempts(
    db: Database, connect: Connect, shop: Shop, clock: Any
) -> None:
    line = await open_line(db, connect(shop.base_url), shop)
    await ask(line, range(1, 6))
    shop.account.contact_limit = 2

    await run_batch(replace(line.route, concurrency=1))
    blocked = await rows(line, flows, "state", "state_code")
    told = await rows(line, alerts, "code", "subject")
    shop.calls()
    clock.advance(3_600)
    nothing = await run_batch(line.route)
    quiet = shop.calls()
    shop.account.contact_limit = None
    async with db.write() as conn:  # what a passing check does
        await unblock(conn, connection_id="audience", now=clock.now)
    released = await run_batch(line.route)

    assert [("contact_limit", f"flow:{line.route.flow_id}")] == told
    assert {"delivered": 3} == dict(released.outcomes)
    assert ([("blocked", "contact_limit")], 0, []) == (blocked, nothing.claimed, quiet)
    assert ({0}, 5) == (
        {tries for (tries,) in await rows(line, deliveries, "tries")},
        len(shop.audience.members),
    )
