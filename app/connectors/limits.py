"""Limits: how many requests of one account may be under way at once, over all workers.

A process takes permits from Redis when it has work, renews them while it has, and gives them back when idle. Some are
kept for live work and lent to backfill when none was seen for a while. When Redis is away a process keeps to one
request per account: slower, never above the limit by more than the other processes' single ones.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from contextvars import ContextVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

live_work: ContextVar[bool] = ContextVar("live_work", default=True)

PERMIT_S = 15.0
SETTLE_S = 5.0
LINGER_S = 0.2
KEPT_FOR_LIVE = 2

# Holders are members of a sorted set by the end of their permits; a hash says how many each holds. A set that is
# young (Redis was flushed) gives nothing new until holders had time to announce themselves again.
_TAKE = """
local now = tonumber(ARGV[1])
local holder, want, limit, held, ends, settle = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  redis.call('ZREM', KEYS[1], gone)
  redis.call('HDEL', KEYS[2], gone)
end
local born = redis.call('GET', KEYS[3])
if not born then
  redis.call('SET', KEYS[3], now)
  born = held > 0 and now or now - settle
  redis.call('SET', KEYS[3], born)
end
local others = 0
for name, count in pairs((function()
  local flat, map = redis.call('HGETALL', KEYS[2]), {}
  for i = 1, #flat, 2 do map[flat[i]] = tonumber(flat[i + 1]) end
  return map
end)()) do
  if name ~= holder then others = others + count end
end
local room = limit - others
local granted = math.min(want, room)
if now - tonumber(born) < settle then granted = math.min(granted, held) end
if granted < 0 then granted = 0 end
if granted == 0 then
  redis.call('ZREM', KEYS[1], holder)
  redis.call('HDEL', KEYS[2], holder)
else
  redis.call('ZADD', KEYS[1], ends, holder)
  redis.call('HSET', KEYS[2], holder, granted)
end
return granted
"""


class AccountGate:
    """The places of one account that this process holds."""

    def __init__(self, redis: Redis | None, *, account: str, limit: int, prefix: str):
        self._redis, self._limit = redis, limit
        self._keys = [f"{prefix}:permits:{account}:{part}" for part in ("ends", "held", "born")]
        self._holder = secrets.token_hex(8)
        self._granted = 0
        self._until = 0.0
        self._busy = 0
        self._waiting = 0
        self._changed = asyncio.Condition()
        self._asking = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None
        self._leaver: asyncio.Task[None] | None = None

    def slot(self) -> AbstractAsyncContextManager[None]:
        """Hold one place for one request; waits for one."""
        return self._slot()

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        await self._enter()
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            async with self._changed:
                self._busy -= 1
                self._changed.notify_all()
            if self._redis is not None and self._busy == 0 and self._waiting == 0:
                self._leaver = asyncio.create_task(self._leave_when_idle())

    async def _leave_when_idle(self) -> None:
        """Places that nobody uses are for other workers; a short wait saves taking them again for the next call."""
        await asyncio.sleep(LINGER_S)
        if self._busy == 0 and self._waiting == 0:
            await self.give_back()

    async def _keep(self) -> None:
        """Renew while requests are under way: one may take longer than a permit lasts."""
        while self._busy:
            await asyncio.sleep(PERMIT_S / 3)
            if self._busy:
                await self._ask_for_more()

    async def _enter(self) -> None:
        self._waiting += 1
        try:
            while True:
                await self._ask_for_more()
                async with self._changed:
                    if self._busy < self._room():
                        self._busy += 1
                        return
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._changed.wait(), timeout=0.1)
        finally:
            self._waiting -= 1

    def _room(self) -> int:
        """Places that the next request may use; backfill leaves some for live work where there are several."""
        room = self._granted if time.monotonic() < self._until else 0
        if not live_work.get() and room > KEPT_FOR_LIVE:
            return max(1, room - KEPT_FOR_LIVE)
        return room

    async def _ask_for_more(self) -> None:
        want = min(self._limit, self._busy + self._waiting)
        left = self._until - time.monotonic()
        if self._granted >= want and left > PERMIT_S * 0.7:
            return
        async with self._asking:
            want = max(min(self._limit, self._busy + self._waiting), self._busy)
            if self._granted >= want and self._until - time.monotonic() > PERMIT_S * 0.7:
                return
            asked_at = time.monotonic()
            try:
                granted = await self._take(want)
            except (RedisError, OSError, TimeoutError):
                # Permits we hold stay ours until they end; after that a single request at a time goes on.
                granted, asked_at = (
                    (self._granted, self._until - PERMIT_S) if self._until > asked_at else (1, asked_at)
                )
            self._granted, self._until = granted, asked_at + PERMIT_S

    async def _take(self, want: int) -> int:
        if self._redis is None:
            return self._limit
        now = time.time()
        arguments = map(str, (now, self._holder, want, self._limit, self._busy, now + PERMIT_S + 1, SETTLE_S))
        return int(await self._redis.eval(_TAKE, 3, *self._keys, *arguments))  # type: ignore[misc]

    async def give_back(self) -> None:
        """Nothing more to do for now: others may have our places."""
        if self._keeper is not None:
            self._keeper.cancel()
            self._keeper = None
        if self._redis is not None and self._busy == 0 and self._granted:
            self._granted = 0
            with suppress(RedisError, OSError):
                await self._redis.zrem(self._keys[0], self._holder)
                await self._redis.hdel(self._keys[1], self._holder)  # type: ignore[misc]


class Gates:
    """One gate per account and process."""

    def __init__(self, redis: Redis | None, *, limits: dict[str, int], prefix: str):
        self._redis, self._limits, self._prefix = redis, limits, prefix
        self._gates: dict[str, AccountGate] = {}

    def of(self, account: str, *, system: str) -> AccountGate:
        """The gate of an account; the system's default limit counts."""
        if account not in self._gates:
            limit = self._limits.get(system, 2)
            self._gates[account] = AccountGate(self._redis, account=account, limit=limit, prefix=self._prefix)
        return self._gates[account]

    async def close(self) -> None:
        """Give every place back."""
        for gate in self._gates.values():
            await gate.give_back()
