"""A whole shop for tests: both sandbox servers on real ports, a database of each kind, and a worker that moves when told.

Time is the shop's own clock: ``rest()`` polls, delivers and moves on to whatever comes due, until nothing is left to do.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from app.checkup import check_up
from app.connectors.registry import system
from app.flows.registry import flow_kind
from app.intake import Intake
from app.pipeline.batch import run_batch
from app.resources import Resources, open_resources
from app.route_map import RouteMap
from app.routers.doors import webhook_token_hash
from app.sandbox.mailchimp.audience import Audience
from app.sandbox.mailchimp.server import MailchimpSandbox, create_mailchimp
from app.sandbox.mplus.till import Till, create_till
from app.sandbox.serving import serving
from app.settings import Settings
from app.store import backlog, connections, cursors, flows, integrations, polls, requests
from app.store.clock import ManualClock
from app.store.ids import new_id
from app.store.requests import Request
from app.store.session import Database
from app.store.tables import attempts, deliveries
from app.worker.polling import Poller

API_KEY = "0123456789abcdef0123456789abcdef-us6"
LIST_ID = "a1b2c3d4e5"
SEAL_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
CONSENT = {
    "consent_source": "custom_field",
    "consent_field": "Nieuwsbrief",
    "consent_time_field": "Nieuwsbrief sinds",
}


@dataclass
class Shop:
    """The till, the audience, and what stands between them."""

    till: Till
    mailchimp: MailchimpSandbox
    resources: Resources
    clock: ManualClock
    till_id: str = ""
    list_id: str = ""
    integration_id: str = ""
    flow_ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.intake = Intake(self.resources.db)
        self.poller = Poller(self.resources, self.intake)
        self.routes = RouteMap(self.resources)

    # --- setting up --------------------------------------------------------------------------------------------------

    async def connect(self, till_url: str, mailchimp_url: str) -> None:
        """Both connections, checked, and an integration between them."""
        self.till_id = await self._connection(
            "mplus",
            {"base_url": till_url},
            {"ident": self.till.settings.ident, "secret": self.till.settings.secret},
        )
        self.list_id = await self._connection(
            "mailchimp", {"base_url": f"{mailchimp_url}/3.0", "list_id": LIST_ID}, {"api_key": API_KEY}
        )
        async with self.resources.db.write() as conn:
            made = await integrations.add(
                conn,
                id=new_id("int"),
                name="The shop",
                left_connection_id=self.till_id,
                right_connection_id=self.list_id,
                settings={},
                now=self.clock.now,
            )
        self.integration_id = made.id

    async def _connection(self, name: str, settings: dict[str, Any], credentials: dict[str, str]) -> str:
        connector = system(name)
        chosen = connector.settings.model_validate(settings)
        secret = connector.credentials.model_validate(credentials)
        token, sealer = secrets.token_urlsafe(24), self.resources.sealer
        async with self.resources.db.write() as conn:
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
                webhook_secret_sealed=None,
                subscription_id=None,
                now=self.clock.now,
            )
        checked = await check_up(self.resources, made.id)
        assert checked.diagnosis.ok, checked.diagnosis
        return made.id

    async def flow(self, kind: str, settings: dict[str, Any] | None = None, *, position: int = 0) -> str:
        """A running flow from the till to the audience, reading from ``position`` on."""
        known = flow_kind(kind)
        chosen = known.settings.model_validate(settings or {})
        db = self.resources.db
        async with db.write() as conn:
            made = await flows.add(
                conn,
                id=new_id("flow"),
                integration_id=self.integration_id,
                kind=kind,
                record_kind=known.record_kind,
                source_connection_id=self.till_id,
                target_connection_id=self.list_id,
                settings=chosen.model_dump(mode="json"),
                mapping={},
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
        async with self.resources.db.write() as conn:
            await flows.configure(conn, flow_id, now=self.clock.now, **values)

    # --- moving ------------------------------------------------------------------------------------------------------

    async def poll(self) -> None:
        """Ask every connection that somebody listens to, now."""
        db = self.resources.db
        for connection_id in (self.till_id, self.list_id):
            async with db.write() as conn:
                await polls.make_due(conn, connection_id, clock=self.clock)
            async with db.read() as conn:
                due = await polls.due(conn, clock=self.clock)
            if connection_id in due:
                await self.poller.poll(connection_id)

    async def ask(self, flow_id: str, *refs: str) -> None:
        """Somebody wants these records delivered now."""
        async with self.resources.db.write() as conn:
            await requests.request(conn, [Request(flow_id, ref) for ref in refs], clock=self.clock)

    async def deliver(self) -> int:
        """Work off what is due now; how many deliveries were claimed."""
        claimed = 0
        for flow_id in self.flow_ids:
            while (result := await run_batch(await self.routes.route(flow_id))).claimed:
                claimed += result.claimed
        return claimed

    async def rest(self, *, most: int = 60) -> None:
        """Poll once, then deliver until nothing is due any more, moving the clock to whatever comes next."""
        await self.poll()
        for _ in range(most):
            await self.deliver()
            async with self.resources.db.read() as conn:
                wait = await backlog.next_due_ms(conn, clock=self.clock)
            if wait is None:
                return
            self.clock.advance(max(wait, 1) / 1000)
        raise AssertionError("the shop does not come to rest")

    # --- looking -----------------------------------------------------------------------------------------------------

    @property
    def audience(self) -> Audience:
        """The audience inside the sandbox."""
        return self.mailchimp.world.audience(LIST_ID)

    def written(self) -> list[str]:
        """What was written to Mailchimp so far, as ``member.put``, without reads."""
        operations = [entry.operation for entry in self.mailchimp.log.find()]
        return [operation for operation in operations if not operation.endswith(".get")]

    async def outcomes(self) -> dict[str, tuple[str | None, str | None]]:
        """Per source reference, how its delivery stands: outcome and code."""
        async with self.resources.db.read() as conn:
            rows = await conn.execute(
                select(deliveries.c.source_ref, deliveries.c.outcome, deliveries.c.code).order_by(
                    deliveries.c.id
                )
            )
            return {ref: (outcome, code) for ref, outcome, code in rows}

    async def attempts(self) -> list[dict[str, Any]]:
        """The attempt log, oldest first."""
        async with self.resources.db.read() as conn:
            rows = await conn.execute(select(attempts).order_by(attempts.c.id))
            return [dict(row) for row in rows.mappings()]


@asynccontextmanager
async def open_shop(
    db: Database, clock: ManualClock, *, redis_url: str, var_dir: Path, size: int = 0, **settings: Any
) -> AsyncIterator[Shop]:
    """A shop with ``size`` seeded relations in the till and an empty audience, connected, without a flow."""
    till, mailchimp = create_till(size=size), create_mailchimp(rounds=False)
    chosen = Settings(
        _env_file=None,  # type: ignore[call-arg]
        var_dir=var_dir,
        database_url=db.url,
        seal_keys=(SecretStr(SEAL_KEY),),
        hash_secret=SecretStr("for tests"),
        admin_api_key=SecretStr("t2a_first_admin_key_for_tests"),
        key_prefix=f"t2a-shop-{secrets.token_hex(6)}",
        **settings,
    )
    async with (
        serving(till) as till_url,
        serving(mailchimp) as mailchimp_url,
        open_resources(chosen, redis_url=redis_url) as resources,
    ):
        shop = Shop(till, mailchimp, replace(resources, db=db), clock)
        await shop.connect(till_url, mailchimp_url)
        yield shop
