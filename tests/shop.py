"""A whole shop for tests: both sandbox servers on real ports, a database of each kind, and a worker that moves when told.

Time is the shop's own clock, also inside the sandboxes: ``rest()`` polls, delivers and moves on to whatever comes due,
until nothing is left to do. With a public address webhooks come in over HTTP as well.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy import delete, select
from starlette.types import Receive, Scope, Send

from app.checkup import CheckUp, check_up
from app.connectors.registry import system
from app.flows.registry import flow_kind
from app.intake import Intake
from app.main import webhooks
from app.pipeline.batch import BatchResult, run_batch
from app.pipeline.route import Hook, no_hook
from app.pipeline.undoing import foresee
from app.resources import Resources, open_resources
from app.route_map import RouteMap
from app.routers.context import context_of
from app.routers.doors import webhook_token_hash
from app.routers.polls_in_mind import PollsInMind
from app.routers.webhooks import Webhooks
from app.sandbox.mailchimp.audience import Audience, subscriber_hash
from app.sandbox.mailchimp.lives import Life
from app.sandbox.mailchimp.server import MailchimpSandbox, create_mailchimp
from app.sandbox.mplus.till import Till, create_till
from app.sandbox.serving import serving
from app.settings import Settings
from app.store import comparisons, connections, cursors, flows, integrations, polls, requests, undos
from app.store.clock import ManualClock
from app.store.comparisons import Comparison
from app.store.ids import new_id
from app.store.requests import Request
from app.store.session import Database
from app.store.tables import alerts, attempts, deliveries, targets
from app.store.undos import Run, Undo
from app.store.wakes import next_wakes
from app.worker.polling import Poller
from app.worker.schedule import Schedule

API_KEY = "0123456789abcdef0123456789abcdef-us6"
LIST_ID = "a1b2c3d4e5"
SEAL_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
TILL_SECRET = "eFc5HrxwLbONJ+EYXrbHB+a9HueYIQzotgKRLRVAfx0="
CONSENT = {
    "consent_source": "custom_field",
    "consent_field": "Nieuwsbrief",
    "consent_time_field": "Nieuwsbrief sinds",
}


class Worker:
    """One worker of the shop: what it has open, and what it does when told."""

    def __init__(self, resources: Resources):
        self.resources = resources
        self.intake = Intake(resources.db)
        self.poller = Poller(resources, self.intake)
        self.schedule = Schedule(resources, self.poller)
        self.routes = RouteMap(resources)

    async def batch(self, flow_id: str, *, hook: Hook = no_hook, limit: int = 100) -> BatchResult:
        """One batch of a flow; ``hook`` is called at its checkpoints."""
        route = replace(await self.routes.route(flow_id), hook=hook)
        return await run_batch(route, limit=limit)

    async def round(self, name: str) -> None:
        """One round of housekeeping, by its name."""
        (each,) = [each for each in self.schedule.rounds if each.name == name]
        await each.work()


class Door:
    """Where webhooks come in: an address that is served before there is anything behind it."""

    def __init__(self) -> None:
        self.inside: Webhooks | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            assert self.inside is not None
            await self.inside(scope, receive, send)


@dataclass
class Shop:
    """The till, the audience, and what stands between them."""

    till: Till
    mailchimp: MailchimpSandbox
    worker: Worker
    clock: ManualClock
    till_id: str = ""
    list_id: str = ""
    integration_id: str = ""
    flow_ids: list[str] = field(default_factory=list)

    @property
    def resources(self) -> Resources:
        """What the worker has open."""
        return self.worker.resources

    @property
    def db(self) -> Database:
        """The database."""
        return self.worker.resources.db

    # --- setting up --------------------------------------------------------------------------------------------------

    async def connect(self, till_url: str, mailchimp_url: str) -> None:
        """Both connections, checked, and an integration between them."""
        self.mailchimp_url = mailchimp_url
        self.till_id = await self.connection(
            "mplus",
            {"base_url": till_url},
            {"ident": self.till.settings.ident, "secret": self.till.settings.secret},
            webhook_secret=TILL_SECRET,
        )
        self.list_id = await self.audience_connection()
        self.integration_id = await self.integration("The shop", self.till_id, self.list_id)

    async def audience_connection(self, list_id: str = LIST_ID) -> str:
        """A connection to one audience of the merchant's account."""
        return await self.connection(
            "mailchimp", {"base_url": f"{self.mailchimp_url}/3.0", "list_id": list_id}, {"api_key": API_KEY}
        )

    async def connection(
        self,
        name: str,
        settings: dict[str, Any],
        credentials: dict[str, str],
        *,
        webhook_secret: str | None = None,
    ) -> str:
        """A connection to one of the sandboxes, checked."""
        connector = system(name)
        chosen = connector.settings.model_validate(settings)
        secret = connector.credentials.model_validate(credentials)
        token, sealer = secrets.token_urlsafe(24), self.resources.sealer
        async with self.db.write() as conn:
            made = await connections.add(
                conn,
                id=new_id("con"),
                system=name,
                name=connector.title,
                account=connector.account(chosen, secret),
                settings=chosen.model_dump(mode="json"),
                credentials_sealed=sealer.seal_json(credentials),
                webhook_token_hash=webhook_token_hash(sealer, token),
                webhook_token_sealed=sealer.seal(token),
                webhook_secret_sealed=sealer.seal(webhook_secret) if webhook_secret else None,
                subscription_id=None,
                now=self.clock.now,
            )
        checked = await self.check(made.id)
        assert checked.diagnosis.ok, checked.diagnosis
        return made.id

    async def integration(self, name: str, left: str, right: str, **settings: Any) -> str:
        """A pair of connections."""
        async with self.db.write() as conn:
            made = await integrations.add(
                conn,
                id=new_id("int"),
                name=name,
                left_connection_id=left,
                right_connection_id=right,
                settings=settings,
                now=self.clock.now,
            )
        return made.id

    async def flow(
        self,
        kind: str,
        settings: Mapping[str, Any] | None = None,
        *,
        mapping: Mapping[str, Any] | None = None,
        position: int = 0,
        integration_id: str | None = None,
        source: str | None = None,
        target: str | None = None,
    ) -> str:
        """A running flow, from the till to the audience unless told otherwise, reading from ``position`` on."""
        known = flow_kind(kind)
        chosen = known.settings.model_validate(settings or {})
        async with self.db.write() as conn:
            made = await flows.add(
                conn,
                id=new_id("flow"),
                integration_id=integration_id or self.integration_id,
                kind=kind,
                record_kind=known.record_kind,
                source_connection_id=source or self.till_id,
                target_connection_id=target or self.list_id,
                settings=chosen.model_dump(mode="json"),
                mapping=mapping or {},
                window_ms=round(known.window_s * 1000),
                deadline_ms=round(known.deadline_s * 1000),
                now=self.clock.now,
            )
            await flows.change(conn, made.id, now=self.clock.now, state="running", approved_at=self.clock.now)
            await cursors.place(conn, made.id, position=position, clock=self.clock)
        self.flow_ids.append(made.id)
        return made.id

    async def configure(self, flow_id: str, **values: Any) -> None:
        """New settings or a new mapping."""
        async with self.db.write() as conn:
            await flows.configure(conn, flow_id, now=self.clock.now, **values)

    async def change_flow(self, flow_id: str, **values: Any) -> None:
        """State, schedule and timing of a flow."""
        async with self.db.write() as conn:
            await flows.change(conn, flow_id, now=self.clock.now, **values)

    # --- moving ------------------------------------------------------------------------------------------------------

    async def check(self, connection_id: str) -> CheckUp:
        """A check-up of a connection."""
        return await check_up(self.resources, connection_id)

    async def poll(self, worker: Worker | None = None) -> int:
        """Ask every connection that somebody listens to, now; how much of what was found is new."""
        new = 0
        for connection_id in (self.till_id, self.list_id):
            async with self.db.write() as conn:
                await polls.make_due(conn, connection_id, clock=self.clock)
            async with self.db.read() as conn:
                due = await polls.due(conn, clock=self.clock)
            if connection_id in due:
                polled = await (worker or self.worker).poller.poll(connection_id)
                new += polled.new if polled else 0
        return new

    async def deliver(self, worker: Worker | None = None) -> int:
        """Work off what is due now; how many deliveries were claimed."""
        claimed = 0
        for flow_id in self.flow_ids:
            while (result := await (worker or self.worker).batch(flow_id)).claimed:
                claimed += result.claimed
        return claimed

    async def quiet(self, *, most: int = 60) -> None:
        """Deliver until nothing is due any more, moving the clock on to whatever comes next."""
        for _ in range(most):
            await self.deliver()
            async with self.db.read() as conn:
                wakes = await next_wakes(conn, clock=self.clock)
            if not wakes:
                return
            self.clock.advance(max(min(wakes.values()), 1) / 1000)
        raise AssertionError("the shop does not come to rest")

    async def rest(self) -> None:
        """Poll once, then deliver until nothing is due any more."""
        await self.poll()
        await self.quiet()

    async def rewind(self, flow_id: str, position: int = 0) -> None:
        """Put a flow's cursor back: everything from there on is noticed anew."""
        async with self.db.write() as conn:
            await cursors.place(conn, flow_id, position=position, clock=self.clock)

    async def ask(self, flow_id: str, *refs: str) -> None:
        """Somebody wants these records delivered now."""
        async with self.db.write() as conn:
            await requests.request(conn, [Request(flow_id, ref) for ref in refs], clock=self.clock)

    async def forget_targets(self) -> None:
        """Our memory of what stands at Mailchimp is lost."""
        async with self.db.write() as conn:
            await conn.execute(delete(targets))

    async def replay(self, flow_id: str, *, failed: bool = False) -> int:
        """Ask once more for everything of a flow, or for what failed."""
        async with self.db.write() as conn:
            return await requests.replay(conn, clock=self.clock, flow_id=flow_id, failed=failed)

    async def again(self) -> None:
        """Notice and deliver everything a second time: the audience stays as it is, and nothing is written."""
        content, written = self.content(), self.written()
        for flow_id in self.flow_ids:
            await self.rewind(flow_id)
        await self.rest()

        assert content == self.content()
        assert written == self.written()

    async def compare(self, flow_id: str, *, heal: bool = False, by: str = "person") -> Comparison:
        """Compare both sides of a flow now."""
        async with self.db.write() as conn:
            assert await comparisons.ask(conn, flow_id, by=by, heal=heal, clock=self.clock)
        await self.worker.schedule.comparer.start_due()
        await self.worker.schedule.comparer.idle()
        async with self.db.read() as conn:
            return await comparisons.find(conn, flow_id)

    async def undo(self, flow_id: str, *, since: int = 0, until: int | None = None) -> Undo:
        """Pause the flow, and take back what it did; what the worker could do now is done."""
        await self.change_flow(flow_id, state="paused")
        run = Run(flow_id, since, until or self.clock.now)
        foreseen = await foresee(await self.worker.routes.route(flow_id), run)
        async with self.db.write() as conn:
            assert await undos.ask(conn, run, total=foreseen.records, clock=self.clock)
        return await self.undoing(flow_id)

    async def undoing(self, flow_id: str, worker: Worker | None = None, *, most: int = 30) -> Undo:
        """Go on with it until it ends."""
        for _ in range(most):
            undoer = (worker or self.worker).schedule.undoer
            await undoer.start_due()
            await undoer.idle()
            async with self.db.read() as conn:
                found = await undos.find(conn, flow_id)
            if found.state not in undos.UNDER_WAY:
                return found
            self.clock.advance(5)
        raise AssertionError("the undo does not end")

    async def undone(self) -> dict[str, tuple[str, str | None]]:
        """Per source reference, how its last attempt of an undo ended: outcome and code."""
        return {
            row["source_ref"]: (row["outcome"], row["code"])
            for row in await self.attempts()
            if row["trigger"] == "undo"
        }

    async def differences(self, flow_id: str) -> dict[str, list[str]]:
        """What the newest comparison names: by what differs, the references."""
        async with self.db.read() as conn:
            named = await comparisons.named(conn, flow_id, limit=1000)
        found: dict[str, list[str]] = {}
        for each in named:
            found.setdefault(each.what, []).append(each.ref)
        return {what: sorted(refs) for what, refs in sorted(found.items())}

    # --- looking -----------------------------------------------------------------------------------------------------

    @property
    def audience(self) -> Audience:
        """The audience inside the sandbox."""
        return self.mailchimp.world.audience(LIST_ID)

    @property
    def life(self) -> Life:
        """What contacts and the merchant do at Mailchimp's side."""
        return Life(self.audience)

    def content(self, list_id: str = LIST_ID) -> dict[str, dict[str, Any]]:
        """The whole audience: per address everything that a member holds, empty values left out."""
        audience = self.mailchimp.world.audience(list_id)
        found: dict[str, dict[str, Any]] = {}
        for member in audience.members.values():
            held: dict[str, Any] = {"status": member.status}
            held |= {tag: _filled(value) for tag, value in sorted(member.merge_fields.items())}
            held["language"] = member.language
            held["opted_in"] = member.timestamp_opt if member.status == "subscribed" else ""
            held["tags"] = sorted(audience.tag_names[tag] for tag in member.tags)
            held["interests"] = sorted(
                audience.interest_names[key] for key, chosen in member.interests.items() if chosen
            )
            found[member.email] = {name: value for name, value in held.items() if value}
        return dict(sorted(found.items()))

    def statuses(self, list_id: str = LIST_ID) -> dict[str, str]:
        """Every address of the audience and its status, nothing more."""
        return {email: held["status"] for email, held in self.content(list_id).items()}

    def written(self) -> list[str]:
        """What was written to Mailchimp so far, as ``member.put``, without reads and without what was refused."""
        return [
            entry.operation
            for entry in self.mailchimp.log.find()
            if entry.method != "GET" and (entry.status or 0) < 400
        ]

    @staticmethod
    def hash_of(email: str) -> str:
        """How Mailchimp names the member of an address."""
        return subscriber_hash(email)

    def asked(self) -> list[str]:
        """What was asked of the till so far."""
        return [entry.operation for entry in self.till.log.find()]

    async def outcomes(self) -> dict[str, tuple[str | None, str | None]]:
        """Per source reference, how its delivery stands: outcome and code."""
        rows = await self.rows(deliveries)
        return {row["source_ref"]: (row["outcome"], row["code"]) for row in rows}

    async def attempts(self) -> list[dict[str, Any]]:
        """The attempt log, oldest first."""
        return await self.rows(attempts)

    async def alerts(self) -> list[tuple[str, bool]]:
        """Alerts, oldest first: code, and whether it is still raised."""
        return [(row["code"], row["cleared_at"] is None) for row in await self.rows(alerts)]

    async def rows(self, table: Any) -> list[dict[str, Any]]:
        """The whole content of one of our own tables."""
        async with self.db.read() as conn:
            found = await conn.execute(select(table).order_by(*table.primary_key.columns))
            return [dict(row) for row in found.mappings()]


def _filled(value: Any) -> Any:
    """An address without its empty parts."""
    return {part: text for part, text in value.items() if text} if isinstance(value, dict) else value


@asynccontextmanager
async def open_shop(
    db: Database,
    clock: ManualClock,
    *,
    redis_url: str,
    var_dir: Path,
    size: int = 0,
    public: bool = False,
    **settings: Any,
) -> AsyncIterator[Shop]:
    """A shop with ``size`` seeded relations in the till and an empty audience, connected, without a flow.

    With ``public`` it has an address that webhooks reach.
    """

    def now() -> datetime:
        return datetime.fromtimestamp(clock.now / 1000, UTC)

    till, mailchimp, door = create_till(size=size, now=now), create_mailchimp(now=now, rounds=False), Door()
    async with (
        serving(till) as till_url,
        serving(mailchimp) as mailchimp_url,
        serving(door) as door_url,
        AsyncExitStack() as stack,
    ):
        chosen = Settings(
            _env_file=None,  # type: ignore[call-arg]
            var_dir=var_dir,
            database_url=db.url,
            seal_keys=(SecretStr(SEAL_KEY),),
            hash_secret=SecretStr("for tests"),
            admin_api_key=SecretStr("t2a_first_admin_key_for_tests"),
            key_prefix=f"t2a-shop-{secrets.token_hex(6)}",
            public_url=door_url if public else None,
            **settings,
        )
        await stack.enter_async_context(_redis_up_for_long(redis_url, chosen.key_prefix))
        resources = replace(
            await stack.enter_async_context(open_resources(chosen, redis_url=redis_url)), db=db
        )
        context = context_of(resources)
        door.inside = webhooks(context, PollsInMind(context.intake), now=lambda: clock.now / 1000)
        shop = Shop(till, mailchimp, Worker(resources), clock)
        await shop.connect(till_url, mailchimp_url)
        yield shop


@asynccontextmanager
async def _redis_up_for_long(url: str, prefix: str) -> AsyncIterator[None]:
    """Places are handed out at once, not after the pause that follows a flush."""
    redis = Redis.from_url(url)
    await redis.set(f"{prefix}:places-since", 1)
    yield
    async for key in redis.scan_iter(f"{prefix}:*"):
        await redis.delete(key)
    await redis.aclose()


@asynccontextmanager
async def another_worker(shop: Shop, redis_url: str) -> AsyncIterator[Worker]:
    """A second worker beside the shop's own, with everything of its own but the database."""
    async with open_resources(shop.resources.settings, redis_url=redis_url) as resources:
        yield Worker(replace(resources, db=shop.db))
