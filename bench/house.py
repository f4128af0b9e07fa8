"""A house to measure in: sandbox servers, worker and API as processes of their own, a database file, a Redis of its own."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from sqlalchemy import func, select, update

from app.checkup import check_up
from app.connectors.registry import system
from app.embedded_redis import embedded_redis
from app.flows.registry import flow_kind
from app.resources import Resources, open_resources
from app.routers.doors import webhook_token_hash
from app.settings import Settings
from app.store import connections, cursors, flows, integrations
from app.store.ids import new_id
from app.store.session import migrate
from app.store.tables import deliveries, targets, workers

TILL_TOKEN = "bench-token-of-the-till"
TILL_SECRET = "eFc5HrxwLbONJ+EYXrbHB+a9HueYIQzotgKRLRVAfx0="
MAILCHIMP_TOKEN = "bench-token-of-the-audience"
API_KEY = "0123456789abcdef0123456789abcdef-us6"
LIST_ID = "a1b2c3d4e5"
SETTINGS: dict[str, dict[str, Any]] = {
    "customers": {"consent_source": "custom_field", "consent_field": "Nieuwsbrief"}
}


@dataclass
class House:
    """What a benchmark works with."""

    environment: Mapping[str, str]
    resources: Resources
    till_url: str
    mailchimp_url: str
    panel: httpx.AsyncClient
    flow_id: str = ""
    till_id: str = ""

    @contextmanager
    def process(self, *arguments: str, **settings: Any) -> Iterator[psutil.Process]:
        """A process of ours with these settings beside the house's, ended with the block."""
        started = subprocess.Popen(
            [sys.executable, *arguments],
            env={
                **os.environ,
                **self.environment,
                **{name.upper(): str(value) for name, value in settings.items()},
            },
            stdout=subprocess.DEVNULL,
            stderr=None if os.environ.get("BENCH_LOG") else subprocess.DEVNULL,
        )
        try:
            yield psutil.Process(started.pid)
        finally:
            started.terminate()
            try:
                started.wait(timeout=10)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()

    def worker(self) -> Any:
        """A worker."""
        return self.process("-m", "app", "work")

    async def act(self, url: str, action: str, body: Any = None) -> Any:
        """Something of a sandbox's panel."""
        answer = await self.panel.post(f"{url}/_sandbox/{action}", json=body or {})
        answer.raise_for_status()
        return answer.json()

    async def last_request(self, url: str) -> int:
        """The number of the last request that this sandbox was sent."""
        last = (await self.panel.get(f"{url}/_sandbox/requests?last=1")).json()["requests"]
        return int(last[-1]["number"]) if last else 0

    async def latency(self, url: str, milliseconds: float) -> None:
        """Every answer of this sandbox takes so long."""
        await self.act(url, "faults", {"latency_ms": milliseconds})

    async def at_work(self) -> None:
        """Until a worker said that it is there."""
        while True:
            async with self.resources.db.read() as conn:
                if (await conn.execute(select(func.count()).select_from(workers))).scalar_one():
                    return
            await asyncio.sleep(0.05)

    async def counts(self) -> tuple[int, int]:
        """Deliveries there are, and those of them that are done with."""
        async with self.resources.db.read() as conn:
            settled = func.count().filter(deliveries.c.state.in_(("settled", "dead")))
            row = (await conn.execute(select(func.count(), settled))).one()
        return int(row[0]), int(row[1])

    async def again(self) -> None:
        """As if every record had changed: its target is known and its content is not what was written."""
        async with self.resources.db.write() as conn:
            await conn.execute(update(targets).values(hashes={}))
            await conn.execute(
                update(deliveries).values(
                    state="pending", requested=deliveries.c.requested + 1, due_at=0, priority=0
                )
            )


@asynccontextmanager
async def house(
    *,
    relations: int,
    articles: int = 0,
    sales: int = 0,
    kinds: Sequence[str] = ("customers",),
    window_ms: int = 0,
    position: int = 0,
    **settings: Any,
) -> AsyncIterator[House]:
    """A connected house whose till holds so many relations, articles and sales, with running flows of these kinds and nothing
    started. ``flow_id`` is the first of them."""
    async with AsyncExitStack() as stack:
        var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="t2a-bench-")))
        redis_url = stack.enter_context(embedded_redis(var / "redis"))
        till_url = stack.enter_context(_server("till", str(relations), str(articles), str(sales)))
        mailchimp_url = stack.enter_context(_server("mailchimp"))
        environment = {
            "VAR_DIR": str(var),
            "REDIS_URL": redis_url,
            "SANDBOX": "1",
            "LOG_LEVEL": "WARNING",
            "KEY_PREFIX": f"bench-{secrets.token_hex(4)}",
            **{name.upper(): str(value) for name, value in settings.items()},
        }
        chosen = Settings(
            _env_file=None,
            **{name.lower(): value for name, value in environment.items()},  # type: ignore[arg-type]
        )
        migrate(chosen.database)
        resources = await stack.enter_async_context(open_resources(chosen))
        panel = await stack.enter_async_context(httpx.AsyncClient(timeout=120))
        made = House(environment, resources, till_url, mailchimp_url, panel)
        await _furnish(made, kinds=kinds, window_ms=window_ms, position=position)
        yield made


@contextmanager
def _server(*arguments: str) -> Iterator[str]:
    started = subprocess.Popen(
        [sys.executable, "-m", "bench.servers", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdin is not None
    assert started.stdout is not None
    try:
        yield started.stdout.readline().strip()
    finally:
        started.stdin.close()
        try:
            started.wait(timeout=10)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


async def _furnish(made: House, *, kinds: Sequence[str], window_ms: int, position: int) -> None:
    resources = made.resources
    now = await resources.db.now()
    made.till_id = await _connect(
        resources, "mplus", {"base_url": made.till_url}, {"ident": "sandbox", "secret": "sandbox-secret"}
    )
    list_id = await _connect(
        resources,
        "mailchimp",
        {"base_url": f"{made.mailchimp_url}/3.0", "list_id": LIST_ID},
        {"api_key": API_KEY},
    )
    async with resources.db.write() as conn:
        pair = await integrations.add(
            conn,
            id=new_id("int"),
            name="Bench",
            left_connection_id=made.till_id,
            right_connection_id=list_id,
            settings={},
            now=now,
        )
        for name in kinds:
            kind = flow_kind(name)
            back = kind.way is not None and kind.way[0] == "audience"
            source, target = (list_id, made.till_id) if back else (made.till_id, list_id)
            flow = await flows.add(
                conn,
                id=new_id("flow"),
                integration_id=pair.id,
                kind=kind.name,
                record_kind=kind.record_kind,
                source_connection_id=source,
                target_connection_id=target,
                settings=kind.settings.model_validate(SETTINGS.get(name, {})).model_dump(mode="json"),
                mapping={},
                window_ms=window_ms,
                deadline_ms=86_400_000,
                now=now,
            )
            await flows.change(conn, flow.id, now=now, state="running", approved_at=now)
            await cursors.place(conn, flow.id, position=position, clock=resources.db.clock)
            made.flow_id = made.flow_id or flow.id


async def _connect(
    resources: Resources, name: str, settings: dict[str, Any], credentials: dict[str, str]
) -> str:
    connector = system(name)
    till = name == "mplus"
    token = TILL_TOKEN if till else MAILCHIMP_TOKEN
    chosen = connector.settings.model_validate(settings)
    secret = connector.credentials.model_validate(credentials)
    async with resources.db.write() as conn:
        made = await connections.add(
            conn,
            id=new_id("con"),
            system=name,
            name=connector.title,
            account=connector.account(chosen, secret),
            settings=chosen.model_dump(mode="json"),
            credentials_sealed=resources.sealer.seal_json(credentials),
            webhook_token_hash=webhook_token_hash(resources.sealer, token),
            webhook_token_sealed=resources.sealer.seal(token),
            webhook_secret_sealed=resources.sealer.seal(TILL_SECRET) if till else None,
            subscription_id=None,
            now=await resources.db.now(),
        )
    checked = await check_up(resources, made.id)
    if not checked.diagnosis.ok:
        raise RuntimeError(f"{name} cannot be reached: {checked.diagnosis.sentence}")
    return made.id


def free_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until_open(port: int) -> None:
    """Wait until the server there answers. Raises RuntimeError after half a minute."""
    async with httpx.AsyncClient(timeout=30) as client:
        for _ in range(600):
            try:
                await client.get(f"http://127.0.0.1:{port}/healthz")
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
            else:
                return
    raise RuntimeError("the server does not start")
