"""Limits: how many requests of one account may be under way at once, over all workers.

A process takes places from Redis when it has work, renews them while it has, and gives them back when idle, so that a
request costs no call to Redis. Some places are kept for live work and lent to backfill while none was seen for a while.

What keeps the sum below the limit when things go wrong: a holder that is not heard of any more counts fully until it
was missed for a while by a Redis that answers; after a flush holders say what they hold and nobody else takes; while
Redis is away a process goes on with one of the places it held, and with none if it held none.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.connectors.places import TAKE
from app.ending import cut_off
from app.errors import RemoteUnavailable
from app.metrics import GATE_WAIT_SECONDS

log = structlog.get_logger("limits")

live_work: ContextVar[bool] = ContextVar("live_work", default=True)
"""Whether the running task works for somebody who waits, rather than on a first import or a backfill."""

KEPT_FOR_LIVE = 2
GIVE_BACK_S = 0.5
"""At the end, all accounts at once. A Redis that hangs finds out by itself that we are gone."""


async def nobody_holds_yet(redis: Redis, *, prefix: str) -> None:
    """Say so of a Redis that was made just now; otherwise everybody waits until holders have announced themselves again, as
    after a flush."""
    await redis.set(f"{prefix}:places-since", 0, nx=True)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. ``lasts``: how long places are ours after a renewal. ``settle``: how long a missed holder, or everybody after
    a flush, has to announce itself. ``quiet``: how long after the last live work its places are lent."""

    lasts: float = 6.0
    renew: float = 1.0
    settle: float = 5.0
    quiet: float = 5.0
    linger: float = 0.3
    ask_again: float = 0.05
    give_up: float = 10.0


class AccountGate:
    """The places of one account that this process holds."""

    def __init__(
        self,
        redis: Redis | None,
        *,
        account: str,
        limit: int,
        prefix: str,
        system: str = "other",
        timing: Timing | None = None,
    ):
        self._redis, self._limit, self._account = redis, limit, account
        self._timing = timing or Timing()
        self._keys = [f"{prefix}:places:{account}", f"{prefix}:places-since"]
        self._take = None if redis is None else redis.register_script(TAKE)
        self._holder = secrets.token_hex(8)
        self._waited = GATE_WAIT_SECONDS.labels(system)
        # by kind of work: True is live, False backfill
        self._busy = {True: 0, False: 0}
        self._queue: dict[bool, deque[asyncio.Future[None]]] = {True: deque(), False: deque()}
        self._granted = limit if redis is None else 0
        self._for_backfill = self._granted
        self._until = float("inf") if redis is None else 0.0
        self._away_since: float | None = None
        self._woken = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    def slot(self) -> AbstractAsyncContextManager[None]:
        """Hold one place for one request; waits for one. Raises RemoteUnavailable when Redis stays away and we hold none."""
        return self._slot()

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        live = live_work.get()
        started = time.perf_counter()
        await self._enter(live)
        self._waited.observe(time.perf_counter() - started)
        try:
            yield
        finally:
            self._leave(live)

    async def _enter(self, live: bool) -> None:
        if not self._queue[live] and self._may_start(live):
            self._busy[live] += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue[live].append(place)
        self._wake()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self._leave(live)  # it was ours already
            else:
                with suppress(ValueError):
                    self._queue[live].remove(place)
            raise

    def _leave(self, live: bool) -> None:
        self._busy[live] -= 1
        self._hand_out()
        if self._busy[True] + self._busy[False] == 0 or self._too_many():
            self._wake()

    def _may_start(self, live: bool) -> bool:
        busy = self._busy[True] + self._busy[False]
        room = self._granted
        if time.monotonic() >= self._until:
            # Not renewed in time: somebody else may have our places, unless Redis is away for all of us.
            room = 0 if self._away_since is None else min(room, 1)
        return busy < room and (live or self._busy[False] < self._for_backfill)

    def _too_many(self) -> bool:
        return self._busy[False] > self._for_backfill or sum(self._busy.values()) > self._granted

    def _hand_out(self) -> None:
        for live in (True, False):
            waiting = self._queue[live]
            while waiting and self._may_start(live):
                place = waiting.popleft()
                if not place.done():
                    self._busy[live] += 1
                    place.set_result(None)

    def _wake(self) -> None:
        self._woken.set()
        if self._redis is not None and (self._keeper is None or self._keeper.done()):
            self._keeper = asyncio.create_task(self._keep())

    def _wanted(self, live: bool) -> int:
        return min(self._limit, self._busy[live] + len(self._queue[live]))

    async def _keep(self) -> None:
        """Ask for what is wanted, renew it while it is used, and give it back when it is not."""
        renewed = 0.0
        while True:
            self._woken.clear()
            wanted = min(self._limit, self._wanted(True) + self._wanted(False))
            if wanted == 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._timing.linger)
                    continue
                await self.give_back()
                if any(self._queue.values()):
                    continue  # somebody came while it was given back, and found us still at it
                return
            short = any(self._queue.values()) and self._granted < self._limit
            if short or self._too_many() or time.monotonic() - renewed > self._timing.renew:
                await self._ask()
                renewed = time.monotonic()
            self._hand_out()
            self._give_up_waiting()
            # Others give back without telling us: whoever still waits looks again soon.
            waits = any(self._queue.values()) and (
                self._granted < self._limit or self._away_since is not None
            )
            pause = self._timing.ask_again if waits or self._too_many() else self._timing.renew
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), pause)
                if not waits:
                    continue
                await asyncio.sleep(
                    self._timing.ask_again / 10
                )  # let a burst of callers queue up: one question for all

    async def _ask(self) -> None:
        asked_at = time.monotonic()
        try:
            granted, backfill = await self._call(self._wanted(True), self._wanted(False))
        except (RedisError, OSError) as error:
            if self._away_since is None:
                self._away_since = asked_at
                log.warning(
                    "limits.redis_away", account=self._account, held=self._granted, error=type(error).__name__
                )
            return
        self._away_since = None
        self._granted, self._for_backfill = granted, backfill
        self._until = asked_at + self._timing.lasts

    async def _call(self, live: int, backfill: int) -> tuple[int, int]:
        assert self._take is not None
        held = self._granted if time.monotonic() < self._until else 0
        timing = self._timing
        answer = await self._take(
            keys=self._keys,
            args=[
                self._holder,
                live,
                backfill,
                self._busy[True],
                self._busy[False],
                max(held, sum(self._busy.values())),
                self._limit,
                max(0, min(KEPT_FOR_LIVE, self._limit - 1)),
                *(round(seconds * 1000) for seconds in (timing.lasts, timing.settle, timing.quiet)),
            ],
        )
        return int(answer[0]), int(answer[1])

    def _give_up_waiting(self) -> None:
        if self._away_since is None or time.monotonic() - self._away_since < self._timing.give_up:
            return
        if min(self._granted, 1):
            return  # one place goes on
        for waiting in self._queue.values():
            while waiting:
                place = waiting.popleft()
                if not place.done():
                    place.set_exception(
                        RemoteUnavailable(
                            "Redis is away, so nobody knows how many requests of this account are under way.",
                            code="limits_unknown",
                        )
                    )

    async def give_back(self) -> None:
        """Nothing more to do for now: others may have our places."""
        if self._redis is None or sum(self._busy.values()) > 0:
            return
        self._granted = self._for_backfill = 0
        with suppress(RedisError, OSError):
            await self._redis.hdel(self._keys[0], self._holder)  # type: ignore[misc]

    async def close(self) -> None:
        """Stop renewing and give everything back."""
        if self._keeper is not None:
            await cut_off([self._keeper])
            self._keeper = None
        with suppress(TimeoutError):
            async with asyncio.timeout(GIVE_BACK_S):
                await self.give_back()


class Gates:
    """One gate per account and process."""

    def __init__(
        self, redis: Redis | None, *, limits: Mapping[str, int], prefix: str, timing: Timing | None = None
    ):
        self._redis, self._limits, self._prefix, self._timing = redis, limits, prefix, timing
        self._gates: dict[str, AccountGate] = {}

    def of(self, account: str, *, system: str) -> AccountGate:
        """The gate of an account, with its system's limit."""
        if account not in self._gates:
            self._gates[account] = AccountGate(
                self._redis,
                account=account,
                limit=self._limits.get(system, 2),
                prefix=self._prefix,
                system=system,
                timing=self._timing,
            )
        return self._gates[account]

    async def close(self) -> None:
        """Give every place back."""
        await asyncio.gather(*(gate.close() for gate in self._gates.values()))
