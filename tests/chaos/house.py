"""A whole installation to be hurt: both sandboxes in the test's loop, a Redis of its own, and API and workers as processes.

The till is filled with people whose wanted audience is written down beside them, so that what arrived is compared whole,
and the Mailchimp sandbox's request log tells what was sent how often and in which order.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import func, or_, select

from app.connectors.mplus.webhooks import signature
from app.resources import open_resources
from app.sandbox.mailchimp.server import create_mailchimp
from app.sandbox.mplus.cards import NEWSLETTER, RELATION_FIELDS, custom_field
from app.sandbox.mplus.till import create_till
from app.sandbox.serving import serving
from app.settings import Settings
from app.store import connections, flows
from app.store.clock import DatabaseClock
from app.store.tables import deliveries, events, targets
from tests.chaos.faulttable import Row
from tests.chaos.processes import ROOT, SERVE, WORK, Child, OwnRedis, free_port
from tests.shop import CONSENT, SEAL_KEY, TILL_SECRET, Shop, Worker

HASH_SECRET = "for tests"
ADMIN_KEY = "t2a_first_admin_key_for_tests"
FIRST = "Anna"
LAST = ("Bakker", "Visser", "Smit", "Meijer", "Mulder", "Bos", "Vos", "Peters", "Hendriks", "Dekker")
"""The family name tells which version of a person arrived."""
WINDOW_MS = 300


class WallClock(DatabaseClock):
    """The real clock; ``now`` is for what the shop writes down while it is set up."""

    @property
    def now(self) -> int:
        """Milliseconds since 1970."""
        return round(time.time() * 1000)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a fault left behind. All but ``repeated`` must be nothing: an upsert sent again changes nothing."""

    undelivered: int = 0
    doubled: int = 0
    wrong: int = 0
    stuck: int = 0
    repeated: int = 0

    @property
    def clean(self) -> bool:
        """Nothing lost, nothing doubled, nothing older left, nothing that waits for ever."""
        return not (self.undelivered or self.doubled or self.wrong or self.stuck)


@dataclass
class House:
    """One installation."""

    shop: Shop
    redis: OwnRedis
    env: dict[str, str]
    folder: Path
    port: int
    backend: str
    mplus_token: str = ""
    children: list[Child] = field(default_factory=list)
    versions: dict[int, int] = field(default_factory=dict)
    """Relation number → the version it was edited to last."""

    # --- processes ----------------------------------------------------------------------------------------------------

    def worker(self) -> Child:
        """One more worker."""
        return self._child(f"worker-{len(self.children)}", WORK)

    async def api(self) -> Child:
        """The API; returns when it answers."""
        child = self._child("api", SERVE)
        await self.answers()
        return child

    def _child(self, name: str, command: tuple[str, ...]) -> Child:
        child = Child(name, command, self.env, self.folder / f"{name}.log")
        child.start()
        self.children.append(child)
        return child

    async def ring(self, *, event: str = "completeSession", timeout_s: float = 10.0) -> tuple[int, float]:
        """The till rings, signed, for an event of its own: the status (0: no answer) and the seconds that took."""
        said = {
            "event": {"eventCounter": secrets.randbelow(1 << 40), "eventTimestamp": str(time.time())},
            "session": {"sessionId": secrets.token_hex(8)},
        }
        return await self.post(json.dumps(said).encode(), event=event, timeout_s=timeout_s)

    async def post(self, body: bytes, *, event: str, timeout_s: float = 10.0) -> tuple[int, float]:
        """Any body, signed by the till's secret."""
        headers = {"X-Mplus-Signature": signature(TILL_SECRET, body), "X-Mplus-Subscription-Id": "t2a"}
        started = time.monotonic()
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=timeout_s) as client:
                answer = await client.post(f"{self.till_webhook}/{event}", content=body, headers=headers)
        except httpx.HTTPError:
            return 0, time.monotonic() - started
        return answer.status_code, time.monotonic() - started

    async def answers(self) -> None:
        """Wait until the API can be reached."""
        async with httpx.AsyncClient(trust_env=False) as client:

            async def reached() -> bool:
                try:
                    return (await client.get(f"{self.api_url}/healthz", timeout=2)).status_code < 500
                except httpx.HTTPError:
                    return False

            await until(reached, within_s=20, what="the API answers")

    @property
    def api_url(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def till_webhook(self) -> str:
        """Where the till rings; the event's name follows."""
        return f"{self.api_url}/webhooks/mplus/{self.mplus_token}"

    # --- the till -----------------------------------------------------------------------------------------------------

    def fill(self, size: int) -> None:
        """So many new people; every other one has consented."""
        for _ in range(size):
            number = len(self.versions) + 1
            self.shop.till.relations.add(
                relationNumber=number,
                name=f"{FIRST} {LAST[0]}",
                email=address(number),
                customFieldList=[custom_field(RELATION_FIELDS, NEWSLETTER, number % 2 == 0)],
            )
            self.versions[number] = 0

    def edit(self, number: int) -> None:
        """A cashier changes a name."""
        version = self.versions[number] = self.versions[number] + 1
        self.shop.till.relations.edit(number, name=f"{FIRST} {LAST[version]}")

    def put_back(self, number: int, version: int) -> None:
        """A cashier changes a name back to what it was."""
        self.versions[number] = version
        self.shop.till.relations.edit(number, name=f"{FIRST} {LAST[version]}")

    def edit_all(self) -> None:
        """Every name changes."""
        for number in list(self.versions):
            self.edit(number)

    # --- comparing ----------------------------------------------------------------------------------------------------

    @property
    def wanted(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """The whole audience as the till has it."""
        return {
            address(number): (
                "subscribed" if number % 2 == 0 else "transactional",
                {"FNAME": FIRST, "LNAME": LAST[version]},
            )
            for number, version in self.versions.items()
        }

    @property
    def held(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """The whole audience as it is."""
        return {
            member.email: (
                member.status,
                {tag: value for tag, value in member.merge_fields.items() if value not in ("", {})},
            )
            for member in self.shop.audience.members.values()
        }

    @property
    def written(self) -> int:
        """Members written so far."""
        counts = self.shop.mailchimp.log.counts
        return counts["member.put"] + counts["member.patch"]

    async def reaches(self, enough: int) -> None:
        """Wait until so many members were written."""
        await until(
            lambda: self.written >= enough,
            within_s=40,
            what=f"{enough} members are written ({self.written} are)",
        )

    async def unsettled(self) -> dict[str, int]:
        """Deliveries that do not rest, and targets that somebody still holds or doubts."""
        async with self.shop.resources.db.read() as conn:
            moving = select(func.count()).select_from(deliveries).where(deliveries.c.state != "settled")
            bound = (
                select(func.count())
                .select_from(targets)
                .where(or_(targets.c.in_doubt, targets.c.holder.is_not(None)))
            )
            return {
                "deliveries": (await conn.execute(moving)).scalar_one(),
                "targets": (await conn.execute(bound)).scalar_one(),
            }

    async def events(self) -> int:
        """Events stored so far."""
        async with self.shop.resources.db.read() as conn:
            return int((await conn.execute(select(func.count()).select_from(events))).scalar_one())

    async def level(self, *, within_s: float = 60.0) -> float:
        """Wait until the audience holds what the till holds and everything rests; the seconds that took.

        Gives up silently after ``within_s``: :meth:`judge` says what is wrong.
        """
        started = time.monotonic()
        while time.monotonic() - started < patience(within_s):
            if self.held == self.wanted and not any((await self.unsettled()).values()):
                break
            await asyncio.sleep(0.05)
        return time.monotonic() - started

    async def recover(self, fault: str, *, within_s: float = 60.0) -> Verdict:
        """The fault is over: wait until everything is level again, and write down what it cost. Fails unless it cost nothing."""
        took = await self.level(within_s=within_s)
        verdict = await self.judge()
        Row(
            fault,
            self.backend,
            records=len(self.versions),
            undelivered=verdict.undelivered,
            doubled=verdict.doubled,
            wrong=verdict.wrong,
            repeated=verdict.repeated,
            recovery_s=round(took, 1),
        ).save()
        if not verdict.clean:
            await self.tell()
        assert verdict.clean, f"{fault}: {verdict} after {took:.1f} s; {await self.unsettled_why()}"
        return verdict

    async def tell(self) -> None:
        """Print where every task of every process stands."""
        for child in self.children:
            if child.alive:
                child.send(signal.SIGUSR1)
        await asyncio.sleep(1)
        for child in self.children:
            for line in child.said.splitlines():
                if line.startswith("STANDS"):
                    print(child.name, line)

    async def unsettled_why(self) -> list[tuple[Any, ...]]:
        """How what does not rest stands, for whoever reads a failure."""
        row = deliveries.c
        async with self.shop.resources.db.read() as conn:
            statement = (
                select(row.state, row.outcome, row.code, row.tries, func.count(), func.min(row.due_at))
                .where(row.state != "settled")
                .group_by(row.state, row.outcome, row.code, row.tries)
            )
            return [tuple(found) for found in await conn.execute(statement)]

    async def judge(self) -> Verdict:
        """What is lost, doubled, wrong or stuck now."""
        wanted, held = self.wanted, self.held
        mails = Counter(mail.email for mail in self.shop.mailchimp.mails.find(kind="welcome"))
        unsettled = await self.unsettled()
        return Verdict(
            undelivered=len(wanted.keys() - held.keys()),
            doubled=len(held.keys() - wanted.keys()) + sum(count - 1 for count in mails.values()),
            wrong=sum(1 for email in wanted.keys() & held.keys() if wanted[email] != held[email]),
            stuck=unsettled["deliveries"] + unsettled["targets"],
            repeated=self._repeated(),
        )

    def _repeated(self) -> int:
        """Writes that said the same as the one before them to the same member, both of which were carried out."""
        last: dict[str, bytes] = {}
        repeated = 0
        for entry in self.shop.mailchimp.log.entries:
            if entry.operation not in ("member.put", "member.patch"):
                continue
            if entry.status != 200 and entry.fault not in ("reset_after", "late"):
                continue
            repeated += last.get(entry.path) == entry.body
            last[entry.path] = entry.body
        return repeated

    def complaints(self) -> list[str]:
        """What the processes logged and may never log."""
        return [f"{child.name}: {line}" for child in self.children for line in child.complaints()]


def patience(seconds: float) -> float:
    """So long it may take on a machine that does nothing else; a busy one is given more."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def address(number: int) -> str:
    """The address of a person."""
    return f"klant{number}@voorbeeldwinkel-klanten.nl"


async def until(
    happened: Callable[[], Awaitable[bool] | bool], *, within_s: float, what: str, every_s: float = 0.01
) -> float:
    """Wait for something; the seconds that took. Fails when it does not happen in time."""
    started = time.monotonic()
    while True:
        found = happened()
        if found if isinstance(found, bool) else await found:
            return time.monotonic() - started
        assert time.monotonic() - started < patience(within_s), (
            f"within {within_s} s it did not happen that {what}"
        )
        await asyncio.sleep(every_s)


@asynccontextmanager
async def open_house(
    database_url: str,
    folder: Path,
    redis: OwnRedis,
    *,
    backend: str,
    poll_interval_s: float = 1.0,
    latency_ms: float = 10,
) -> AsyncIterator[House]:
    """An installation with an empty till, a customers flow that runs, and no process yet."""
    till, mailchimp = create_till(size=0, log_limit=0), create_mailchimp(rounds=False, log_limit=100_000)
    port, prefix = free_port(), f"t2a-chaos-{secrets.token_hex(4)}"
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        var_dir=folder,
        database_url=database_url,
        redis_url=redis.url,
        seal_keys=(SecretStr(SEAL_KEY),),
        hash_secret=SecretStr(HASH_SECRET),
        admin_api_key=SecretStr(ADMIN_KEY),
        key_prefix=prefix,
        poll_interval_s=poll_interval_s,
    )
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ} | {
        "VAR_DIR": str(folder),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis.url,
        "SEAL_KEYS": SEAL_KEY,
        "HASH_SECRET": HASH_SECRET,
        "ADMIN_API_KEY": ADMIN_KEY,
        "KEY_PREFIX": prefix,
        "POLL_INTERVAL_S": str(poll_interval_s),
        "PORT": str(port),
        "SANDBOX": "1",
        "PYTHONWARNINGS": "default",
        "PYTHONPATH": str(ROOT / "tests" / "chaos" / "inside"),
    }
    async with (
        serving(till) as till_url,
        serving(mailchimp) as mailchimp_url,
        open_resources(settings) as resources,
    ):
        shop = Shop(till, mailchimp, Worker(resources), WallClock())  # type: ignore[arg-type]
        await shop.connect(till_url, mailchimp_url)
        shop.audience.welcome = True  # whoever is subscribed twice is mailed twice
        # The clock is the real one: by night the worker would compare by itself, and read beside what is counted.
        flow_id = await shop.flow("customers", CONSENT | {"compare_at": None})
        house = House(shop, redis, env, folder, port, backend)
        async with resources.db.write() as conn:
            await flows.change(conn, flow_id, now=shop.clock.now, window_ms=WINDOW_MS)
            connection = await connections.find(conn, shop.till_id)
            house.mplus_token = resources.sealer.unseal(connection.webhook_token_sealed)
        mailchimp.log.clear()
        mailchimp.faults.latency_ms = latency_ms
        try:
            yield house
        finally:
            for child in house.children:
                child.kill()
