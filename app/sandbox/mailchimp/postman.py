"""Carries the notices of audience webhooks: signed, at least once, in no particular order, and again when nobody answers.

A receiver has ten seconds; after that, or after anything but 2xx, the notice comes again at increasing intervals over 75
minutes, scaled by ``pace``. A webhook whose notices fail to the end three times in a row is dropped (mailchimp.md §5.2).

The postman works by himself once ``start`` was called. Tests leave that out and call ``deliver_due``, which carries everything
that the clock says is due and comes back; ``clock.advance`` makes the retries due.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from app.sandbox.mailchimp.clock import Clock

if TYPE_CHECKING:
    from app.sandbox.mailchimp.audience import Audience

RETRY_AFTER = (60.0, 240.0, 600.0, 1200.0, 2400.0)  # together 75 minutes
TIMEOUT = 10.0
AT_ONCE = 20
DROPPED_AFTER = 3
KEPT_ATTEMPTS = 50
AGENT = "MailChimp.com"
VALIDATOR = "MailChimp.com WebHook Validator"


class Hook(Protocol):
    """Where a notice goes: an audience's webhook, or a batch webhook."""

    id: str
    url: str
    secret: str | None
    given_up: int
    told: list[tuple[str, int]]


@dataclass(slots=True, eq=False)
class Notice:
    """One form on its way to one webhook."""

    hook: Hook
    audience: Audience | None
    event: str
    body: bytes
    due: float  # the clock's seconds
    attempts: int = 0


class Postman:
    def __init__(self, clock: Clock, *, pace: float = 1.0) -> None:
        self.clock = clock
        self.pace = pace
        self.waiting: list[Notice] = []
        self.delivered = 0
        self.failed = 0  # attempts
        self.given_up = 0  # notices
        self.silent = False  # notices are lost, as on a bad day
        self.copies = 1  # 2: each notice comes twice
        self.backwards = False  # the latest first
        self.transport: httpx.AsyncBaseTransport | None = None  # in-process receivers
        self._client: httpx.AsyncClient | None = None
        self._lanes = asyncio.Semaphore(AT_ONCE)
        self._rung = asyncio.Event()
        self._round: asyncio.Task[None] | None = None

    # -- taking in -----------------------------------------------------------------------------------------------

    def post(self, hook: Hook, body: bytes, *, event: str, audience: Audience | None = None) -> None:
        if self.silent:
            return
        due = self.clock.now().timestamp()
        self.waiting += [Notice(hook, audience, event, body, due) for _ in range(self.copies)]
        self._rung.set()

    # -- carrying ------------------------------------------------------------------------------------------------

    async def deliver_due(self) -> int:
        """Carry what is due, once each; returns how many attempts that were."""
        due = self._take_due()
        await asyncio.gather(*map(self._carry, due))
        return len(due)

    def _take_due(self) -> list[Notice]:
        now = self.clock.now().timestamp()
        due = [notice for notice in self.waiting if notice.due <= now]
        if due:
            self.waiting = [notice for notice in self.waiting if notice.due > now]
            if self.backwards:
                due.reverse()
        return due

    async def _carry(self, notice: Notice) -> None:
        async with self._lanes:
            await self._try(notice)

    async def _try(self, notice: Notice) -> None:
        hook = notice.hook
        status = await self._send(notice)
        hook.told = [*hook.told[-KEPT_ATTEMPTS + 1 :], (notice.event, status)]
        if 200 <= status < 300:
            self.delivered += 1
            hook.given_up = 0
            return
        self.failed += 1
        if notice.attempts < len(RETRY_AFTER):
            notice.due = self.clock.now().timestamp() + RETRY_AFTER[notice.attempts] * self.pace
            notice.attempts += 1
            self.waiting.append(notice)
            self._rung.set()
            return
        self.given_up += 1
        hook.given_up += 1
        if hook.given_up >= DROPPED_AFTER and notice.audience is not None:
            notice.audience.webhooks.pop(hook.id, None)

    async def _send(self, notice: Notice) -> int:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": AGENT}
        if notice.hook.secret is not None:
            headers["X-Mailchimp-Signature"] = signature(
                notice.body, secret=notice.hook.secret, at=int(self.clock.now().timestamp())
            )
        try:
            answer = await self.client.post(notice.hook.url, content=notice.body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL):
            return 0
        return answer.status_code

    async def validate(self, url: str) -> int:
        """The GET that a new webhook's URL must answer with 200; 0 when nobody answers. Redirects are not followed."""
        try:
            answer = await self.client.get(url, headers={"User-Agent": VALIDATOR})
        except (httpx.HTTPError, httpx.InvalidURL):
            return 0
        return answer.status_code

    @property
    def client(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT, transport=self.transport, trust_env=False)
        return self._client

    # -- the rounds ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        if self._round is None:
            self._round = asyncio.create_task(self._rounds(), name="mailchimp sandbox: postman")

    async def _rounds(self) -> None:
        under_way: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._rung.clear()
                for notice in self._take_due():
                    task = asyncio.create_task(self._carry(notice))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                nearest = min((notice.due for notice in self.waiting), default=None)
                pause = None if nearest is None else max(nearest - self.clock.now().timestamp(), 0.01)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._rung.wait(), pause)
        finally:
            for task in under_way:
                task.cancel()

    def ring(self) -> None:
        """Look at the clock again, which was moved."""
        self._rung.set()

    async def close(self) -> None:
        if self._round is not None:
            self._round.cancel()
            await asyncio.wait([self._round])
            self._round = None
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def clear(self) -> None:
        self.waiting.clear()
        self.silent, self.copies, self.backwards = False, 1, False
        self.delivered = self.failed = self.given_up = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "waiting": [
                {"webhook": one.hook.id, "event": one.event, "attempts": one.attempts} for one in self.waiting
            ],
            "delivered": self.delivered,
            "failed_attempts": self.failed,
            "given_up": self.given_up,
            "silent": self.silent,
            "copies": self.copies,
            "backwards": self.backwards,
        }


def signature(body: bytes, *, secret: str, at: int) -> str:
    """The value of X-Mailchimp-Signature (mailchimp.md §5.3)."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
