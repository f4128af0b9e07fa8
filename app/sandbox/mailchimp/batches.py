"""Batches of operations: worked off later, in no particular order, their results in an archive (mailchimp.md §4).

``finished`` says nothing about success: refused operations count as finished too, and as errored beside that.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import random
import tarfile
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from app.sandbox.mailchimp.clock import Clock
from app.sandbox.mailchimp.webhooks import form

if TYPE_CHECKING:
    from app.sandbox.mailchimp.world import Account, Login

MOST_PENDING = 500
MOST_WEBHOOKS = 20
LINK_SECONDS = 600
RESULTS_PER_FILE = 100
BREATH = 25  # operations between two looks at the other callers

# (account, login, method, path, query string, body) -> (status, answer)
Perform = Callable[["Account", "Login", str, str, str, str], Awaitable[tuple[int, Any]]]


@dataclass(slots=True, eq=False)
class Batch:
    id: str
    login: Login
    operations: list[dict[str, Any]]
    submitted_at: str
    due: float  # the clock's seconds at which it is worked off
    status: str = "pending"
    completed_at: str = ""
    errored: int = 0
    results: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self, *, results_url: str) -> dict[str, Any]:
        """Right after submitting it knows of no operations yet."""
        pending = self.status == "pending"
        return {
            "id": self.id,
            "status": self.status,
            "total_operations": 0 if pending else len(self.operations),
            "finished_operations": len(self.results),
            "errored_operations": self.errored,
            "submitted_at": self.submitted_at,
            "completed_at": self.completed_at,
            "response_body_url": results_url if self.status == "finished" else "",
        }

    def archive(self) -> bytes:
        """A tar.gz with several JSON files, each a list of results."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for start in range(0, max(len(self.results), 1), RESULTS_PER_FILE):
                part = json.dumps(self.results[start : start + RESULTS_PER_FILE]).encode()
                name = tarfile.TarInfo(f"{self.id}/{start // RESULTS_PER_FILE:010}-results.json")
                name.size = len(part)
                archive.addfile(name, io.BytesIO(part))
        return packed.getvalue()


@dataclass(slots=True, eq=False)
class BatchWebhook:
    id: str
    url: str
    secret: str | None
    enabled: bool = True
    given_up: int = 0
    told: list[tuple[str, int]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "url": self.url, "enabled": self.enabled}


class Mill:
    """Works off what is due: by itself once ``start`` was called, else when ``work_off`` is."""

    def __init__(self, clock: Clock, *, seconds: float) -> None:
        self.clock = clock
        self.seconds = seconds  # between submitting and working off
        self.perform: Perform | None = None
        self.links: dict[str, tuple[Batch, float]] = {}  # token of a results' address -> until when it works
        self.waiting: list[tuple[Account, Batch]] = []
        self._rung = asyncio.Event()
        self._turning: asyncio.Task[None] | None = None

    def take(self, account: Account, batch: Batch) -> None:
        account.batches[batch.id] = batch
        self.waiting.append((account, batch))
        self._rung.set()

    def resume(self, account: Account) -> None:
        """A batch that a process died over begins again."""
        for batch in account.batches.values():
            if batch.status == "started":
                batch.status, batch.results, batch.errored = "pending", [], 0
                self.waiting.append((account, batch))

    async def work_off(self) -> int:
        """Returns how many batches were done."""
        now = self.clock.now().timestamp()
        due = [pair for pair in self.waiting if pair[1].due <= now]
        self.waiting = [pair for pair in self.waiting if pair[1].due > now]
        for account, batch in due:
            if batch.id in account.batches:
                await self._do(account, batch)
        return len(due)

    async def _do(self, account: Account, batch: Batch) -> None:
        if self.perform is None:
            raise RuntimeError("the mill was not told how to perform an operation")
        batch.status = "started"
        operations = list(batch.operations)
        random.Random(batch.id).shuffle(operations)
        for number, operation in enumerate(operations):
            if number % BREATH == 0:
                await asyncio.sleep(0)
            status, answer = await self._one(account, batch.login, operation)
            batch.errored += status >= 400
            batch.results.append(
                {
                    "status_code": status,
                    "operation_id": operation.get("operation_id", ""),
                    "response": json.dumps(answer) if answer is not None else "",
                }
            )
        batch.status = "finished"
        batch.completed_at = self.clock.iso()
        self._tell(account, batch)

    async def _one(self, account: Account, login: Login, operation: dict[str, Any]) -> tuple[int, Any]:
        """A GET without a count pages through everything."""
        assert self.perform is not None
        params = {name: str(value) for name, value in dict(operation.get("params") or {}).items()}
        method, path, body = operation["method"], operation["path"], operation.get("body") or ""
        if method != "GET" or "count" in params:
            return await self.perform(account, login, method, path, urlencode(params), body)
        whole: Any = None
        offset = 0
        while True:
            query = urlencode({**params, "count": 1000, "offset": offset})
            status, answer = await self.perform(account, login, method, path, query, body)
            lists = [name for name, value in answer.items() if isinstance(value, list) and name != "_links"]
            if status != 200 or "total_items" not in answer or len(lists) != 1:
                return status, answer
            whole = answer if whole is None else {**whole, lists[0]: whole[lists[0]] + answer[lists[0]]}
            offset += 1000
            if offset >= answer["total_items"]:
                return status, whole

    def _tell(self, account: Account, batch: Batch) -> None:
        url = f"https://results.mailchimp-sandbox.example/{batch.id}.tar.gz"
        shown = batch.as_json(results_url=url)
        names = ("id", "status", "total_operations", "errored_operations", "response_body_url")
        body = form(
            "batch_operation_completed",
            fired_at=self.clock.iso(),
            pairs=[(f"data[{name}]", str(shown[name])) for name in names],
        )
        for hook in account.batch_webhooks.values():
            if hook.enabled:
                account.world.postman.post(hook, body, event="batch_operation_completed")

    # -- results -------------------------------------------------------------------------------------------------

    def link(self, batch: Batch, *, token: str) -> None:
        self.links[token] = (batch, self.clock.now().timestamp() + LINK_SECONDS)

    def linked(self, token: str) -> Batch | None:
        """The batch of an address that still works."""
        found = self.links.get(token)
        return found[0] if found is not None and self.clock.now().timestamp() <= found[1] else None

    # -- turning -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        if self._turning is None:
            self._turning = asyncio.create_task(self._turn(), name="mailchimp sandbox: batches")

    async def _turn(self) -> None:
        while True:
            self._rung.clear()
            await self.work_off()
            nearest = min((batch.due for _, batch in self.waiting), default=None)
            pause = None if nearest is None else max(nearest - self.clock.now().timestamp(), 0.01)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), pause)

    def ring(self) -> None:
        self._rung.set()

    async def close(self) -> None:
        if self._turning is not None:
            self._turning.cancel()
            await asyncio.wait([self._turning])
            self._turning = None

    def clear(self) -> None:
        self.waiting.clear()
        self.links.clear()


def pending(batches: Iterable[Batch]) -> int:
    return sum(1 for batch in batches if batch.status != "finished")
