"""The API over both sandboxes with the demo in it, made as anybody would make it, and a worker that works when told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.pipeline.batch import run_batch
from app.sandbox.mailchimp.audience import Audience
from app.sandbox.mailchimp.server import MailchimpSandbox, create_mailchimp
from app.sandbox.mplus.till import Till, create_till
from app.sandbox.serving import serving
from app.store.session import Database
from app.store.wakes import next_wakes
from app.worker.polling import Poller
from tests.routers.conftest import Api, api_over

TILL, AUDIENCE, INTEGRATION, FLOW = "con_demo_till", "con_demo_list", "int_demo", "flow_demo_customers"
LIST_ID = "a1b2c3d4e5"
API_KEY = "0123456789abcdef0123456789abcdef-us6"
SIZE = 20


@dataclass
class World:
    """The running API, and what stands behind it."""

    api: Api
    till: Till
    mailchimp: MailchimpSandbox
    till_url: str
    mailchimp_url: str

    @property
    def audience(self) -> Audience:
        """The audience inside the sandbox."""
        return self.mailchimp.world.audience(LIST_ID)

    async def get(self, path: str, **query: Any) -> Any:
        """A good answer's body."""
        answer = await self.api.http.get(f"/api/v1{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None) -> Any:
        """A good answer's body."""
        answer = await self.api.http.post(f"/api/v1{path}", json=body)
        assert answer.status_code in (200, 201, 202), answer.text
        return answer.json()

    async def put(self, path: str, body: Any) -> Any:
        """A good answer's body."""
        answer = await self.api.http.put(f"/api/v1{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def till_body(self) -> dict[str, Any]:
        """What connects the till."""
        who = {"ident": self.till.settings.ident, "secret": self.till.settings.secret}
        return {
            "system": "mplus",
            "name": "Till",
            "settings": {"base_url": self.till_url},
            "credentials": who,
        }

    def audience_body(self) -> dict[str, Any]:
        """What connects the audience."""
        settings = {"base_url": f"{self.mailchimp_url}/3.0", "list_id": LIST_ID}
        return {
            "system": "mailchimp",
            "name": "Audience",
            "settings": settings,
            "credentials": {"api_key": API_KEY},
        }

    async def set_up(self, **settings: Any) -> None:
        """Both connections, an integration, and a flow that is paused."""
        await self.post("/connections", self.till_body() | {"id": TILL})
        await self.post("/connections", self.audience_body() | {"id": AUDIENCE})
        await self.post(
            "/integrations",
            {"id": INTEGRATION, "name": "Shop", "left_connection_id": TILL, "right_connection_id": AUDIENCE},
        )
        await self.post(
            f"/integrations/{INTEGRATION}/flows", {"id": FLOW, "kind": "customers", "settings": settings}
        )
        at_once = await self.api.http.patch(f"/api/v1/flows/{FLOW}", json={"window_s": 0})
        assert at_once.status_code == 200, at_once.text

    async def start(self) -> None:
        """Start the flow with a yes."""
        await self.post(f"/flows/{FLOW}/start", {"approve": True})

    async def work(self, flow_id: str = FLOW) -> None:
        """Poll the till, then deliver."""
        context = self.api.context
        await Poller(context.resources, context.intake).poll(TILL)
        await self.deliver(flow_id)

    async def deliver(self, flow_id: str = FLOW) -> None:
        """Deliver until nothing of the flow is due any more, now or in a moment."""
        context = self.api.context
        for _ in range(50):
            while (await run_batch(await context.routes.route(flow_id))).claimed:
                pass
            async with context.db.read() as db:
                wait = (await next_wakes(db, clock=context.db.clock, flow_id=flow_id)).get(flow_id)
            if wait is None or wait > 3_000:
                return
            await asyncio.sleep(wait / 1000 + 0.01)

    def written(self) -> list[str]:
        """What was written to the audience."""
        operations = [entry.operation for entry in self.mailchimp.log.find()]
        return [name for name in operations if not name.endswith(".get") and "webhook" not in name]


@asynccontextmanager
async def world_over(
    database: Database, var_dir: Path, *, size: int = SIZE, **settings: Any
) -> AsyncIterator[World]:
    """A world in which the demo stands, paused."""
    till, mailchimp = create_till(size=size, seed=7, articles=0), create_mailchimp(rounds=False)
    async with (
        serving(till) as till_url,
        serving(mailchimp) as mailchimp_url,
        api_over(database, var_dir, **settings) as api,
    ):
        world = World(api, till, mailchimp, till_url, mailchimp_url)
        await world.set_up()
        yield world
