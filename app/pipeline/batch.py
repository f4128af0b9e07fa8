"""One batch of a flow: claim, fetch, map, reserve, apply, settle. A webhook is a batch of one, an import one of hundreds.

Failure is per record. Transactions are short and never span a call to another system. What must stay true when
workers stall, die or overtake each other is written at the statements of ``store/targets.py`` and
``store/deliveries.py``, and shown by the interleaving tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.connectors.base import Fetched, Gone
from app.connectors.limits import live_work
from app.ending import cut_off
from app.errors import AppError, DatabaseAway, Interrupted, Throttled
from app.pipeline.chains import firsts, in_chains
from app.pipeline.echoes import postpone
from app.pipeline.looking import look_up
from app.pipeline.numbering import give_numbers
from app.pipeline.planning import plan_all
from app.pipeline.reading import read_again, read_all
from app.pipeline.reserving import adopt, reserve
from app.pipeline.route import Route
from app.pipeline.sending import send
from app.pipeline.settling import settle
from app.pipeline.supplying import ready, supply
from app.pipeline.verdict import Trials
from app.pipeline.work import (
    Item,
)
from app.store import deliveries, targets, waits
from app.store.deliveries import Claimed
from app.store.requests import BACKFILL

SETTLE_CHUNK = 100
SETTLE_AGAIN_S = 0.25


@dataclass(frozen=True, slots=True)
class Handed:
    """A record that a poll already holds. It counts only if nobody asked again since before the page was asked for."""

    fetched: Fetched
    requested_before: int


@dataclass(slots=True)
class BatchResult:
    """What a batch did. ``seconds`` is what it took all in all, ``sending`` the part of it that grows with its size: looking up,
    sending and settling, for the next batch's size."""

    claimed: int = 0
    seconds: float = 0.0
    sending: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)


class _Lease:
    """Keeps the claim and the holds alive; when renewal fails, sending stops."""

    def __init__(self, route: Route, token: str):
        self._route, self._token = route, token
        self._clock = route.db.clock
        self._until = self._clock.monotonic() + route.recovery.lease_s

    def may_send(self) -> bool:
        """Looked at right before each send."""
        return self._clock.monotonic() < self._until

    async def renew(self) -> None:
        """Move the end of lease and holds together."""
        started = self._clock.monotonic()
        async with self._route.db.write() as conn:
            held = await deliveries.renew(
                conn, token=self._token, lease_ms=self._route.lease_ms, clock=self._clock
            )
            await targets.renew(conn, token=self._token, hold_ms=self._route.hold_ms, clock=self._clock)
        if held:
            self._until = started + self._route.recovery.lease_s

    async def keep(self) -> None:
        """Renew three times per lease until cancelled."""
        while True:
            await asyncio.sleep(self._route.recovery.lease_s / 3)
            with contextlib.suppress(AppError, OSError):
                await self.renew()


def never() -> bool:
    """Nobody asks the worker to stop."""
    return False


async def run_batch(
    route: Route,
    *,
    limit: int = 100,
    only: str | None = None,
    live: bool = False,
    handed: Mapping[str, Handed] | None = None,
    halted: Callable[[], bool] = never,
    places: asyncio.Semaphore | None = None,
    on_claimed: Callable[[int], None] | None = None,
) -> BatchResult:
    """Work off up to ``limit`` due deliveries, with ``live`` none of a backfill. Raises DatabaseAway; everything else is some
    delivery's outcome.

    ``on_claimed`` hears how many there are before anything is read: where that is all that was asked for, another batch can
    be read meanwhile.

    When ``halted`` says so nothing more is sent: what was sent is settled, the rest is due at once for another worker.
    Batches of one flow share ``places``, first come, first served: the later one sends when the earlier one has nothing left
    to send. With places of their own they would send and settle in step, and nothing be sent in between.
    """
    clock = route.db.clock
    started = clock.monotonic()
    token = secrets.token_hex(12)
    async with route.db.write() as conn:
        claimed = await deliveries.claim(
            conn,
            flow_id=route.flow_id,
            token=token,
            limit=limit,
            lease_ms=route.lease_ms,
            clock=clock,
            only=only,
            live=live,
        )
    if not claimed:
        return BatchResult()
    live_work.set(any(row.priority < BACKFILL for row in claimed))
    if on_claimed is not None:
        on_claimed(len(claimed))

    async def plan(items: Sequence[Item]) -> None:
        await _fetch(route, items, handed or {})
        await route.hook("fetched")
        await plan_all(route, items)
        await postpone(route, items)

    return await work_off(route, claimed, plan, token=token, started=started, halted=halted, places=places)


async def work_off(
    route: Route,
    claimed: Sequence[Claimed],
    plan: Callable[[Sequence[Item]], Awaitable[None]],
    *,
    token: str,
    started: float,
    halted: Callable[[], bool] = never,
    places: asyncio.Semaphore | None = None,
) -> BatchResult:
    """Bring about what ``plan`` wishes for these claimed deliveries, and settle them."""
    clock, result = route.db.clock, BatchResult(claimed=len(claimed))
    await route.hook("claimed")
    lease = _Lease(route, token)
    keeper = asyncio.create_task(lease.keep())
    items = [Item(claimed=row, started=started) for row in claimed]
    try:
        await plan(items)
        await supply(route, items)
        await reserve(route, items, token)
        await route.hook("reserved")
        reserved = clock.monotonic()
        await _look(route, firsts(items), token)
        await _send_and_settle(
            route,
            items,
            token=token,
            lease=lease,
            result=result,
            halted=halted,
            places=places or asyncio.Semaphore(max(1, route.concurrency)),
        )
        await route.hook("settled")
    except (Exception, asyncio.CancelledError):
        await _give_back(route, items, token=token)
        raise
    finally:
        await cut_off([keeper])
    result.seconds, result.sending = clock.monotonic() - started, clock.monotonic() - reserved
    return result


async def _give_back(route: Route, items: Sequence[Item], *, token: str) -> None:
    """The batch failed as a whole: what was not sent need not wait for the lease's end. What was sent must."""
    idle, busy = list[Item](), list[Item]()
    for item in items:
        (busy if any(wish.sent for wish in item.wishes) else idle).append(item)
    sent = {row.id for item in busy for wish in item.wishes for row in wish.rows}
    rows = (row for item in idle for wish in item.wishes for row in wish.rows)
    held = [row.id for row in rows if row.holder == token and row.id not in sent]
    with contextlib.suppress(AppError, OSError):
        async with route.db.write() as conn:
            await targets.let_go(conn, held, token=token)
            await deliveries.release(
                conn, [item.claimed.id for item in idle], token=token, clock=route.db.clock
            )
            await waits.wake_waiting(conn, held, clock=route.db.clock)


async def _fetch(route: Route, items: Sequence[Item], handed: Mapping[str, Handed]) -> None:
    plus = 1 if route.rules.page_at_requested_plus_one else None
    for item in items:
        page = handed.get(item.claimed.source_ref)
        if page is not None and (plus is None or item.claimed.requested == page.requested_before + plus):
            item.fetched = page.fetched
    refs = [item.claimed.source_ref for item in items if item.fetched is None]
    if not refs:
        return
    source = route.reader()
    try:
        found, failed = await read_all(source, refs)
        absent = [ref for ref, answer in found.items() if isinstance(answer, Gone)]
        gone = await read_again(source, absent)
    except Exception as error:  # a fault of our own reading: every record keeps its place in the queue
        found, failed, absent, gone = {}, dict.fromkeys(refs, error), [], set()
    for item in items:
        ref = item.claimed.source_ref
        if item.fetched is not None:
            continue
        if ref in failed:
            item.error = failed[ref]
        elif ref in absent and ref not in gone:
            item.error = AppError(
                "The record was absent once and there the next moment.", code="unsteady_read"
            )
        else:
            item.fetched = found[ref]


async def _look(route: Route, items: Sequence[Item], token: str) -> None:
    """What stands at the target, and a number for what is to be made there under one."""
    await look_up(route, items)
    await adopt(route, items, token)
    await give_numbers(route, [wish for item in items for wish in item.wishes])
    ready(route, items)


async def _send_and_settle(
    route: Route,
    items: Sequence[Item],
    *,
    token: str,
    lease: _Lease,
    result: BatchResult,
    halted: Callable[[], bool],
    places: asyncio.Semaphore,
) -> None:
    """Send at bounded concurrency, settle finished ones in small chunks while the others go on."""
    trials = Trials(route)
    finished: list[list[Item]] = []
    stop = asyncio.Event()

    async def carry(chain: list[Item]) -> None:
        # One place for all of it: with one for each, every next one of it would queue up behind the whole batch again.
        async with places:
            for at, item in enumerate(chain):
                if halted():
                    item.error = Interrupted("The worker was told to stop.", code="worker_stops")
                elif stop.is_set():
                    item.error = Throttled("The account was asked to slow down.")
                elif any(wish.lost for before in chain[:at] for wish in before.wishes):
                    item.error = Interrupted("What it holds may still be written to.", code="held_in_doubt")
                else:
                    if item.chain and item.chain[0] is not item:  # what went before may have changed it
                        await _look(route, [item], token)
                    await send(route, item, may_send=lease.may_send)
                if any(isinstance(wish.error, Throttled) for wish in item.wishes):
                    stop.set()  # the rest of the batch would only be refused as well
        finished.append(chain)

    async def settle_some(least: int) -> None:
        while finished and sum(map(len, finished)) >= least:
            part: list[Item] = []
            while finished and (not part or len(part) + len(finished[0]) <= SETTLE_CHUNK):
                part += finished.pop(0)
            result.outcomes += await _surely_settled(route, part, token=token, lease=lease, trials=trials)

    slow = list[list[Item]]()
    for chain in in_chains(items):
        idle = all(wish.unchanged for item in chain for wish in item.wishes)
        (finished if idle else slow).append(chain)
    slow.sort(key=len, reverse=True)  # the longest first, since none of it can go beside the rest of it
    tasks = {asyncio.create_task(carry(chain)) for chain in slow}
    try:
        while tasks:
            done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # what went wrong beyond a delivery's own failure ends the batch
            if sum(map(len, finished)) >= SETTLE_CHUNK and tasks:
                await settle_some(SETTLE_CHUNK)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    await route.hook("sent")
    await settle_some(1)


async def _surely_settled(
    route: Route, items: Sequence[Item], *, token: str, lease: _Lease, trials: Trials
) -> Counter[str]:
    """Settle, and try again while the database is away and the lease lasts: what is known of a call must not be lost for a
    cut connection. If the commit had happened after all, no row is hit, and what was sent is doubted."""
    while True:
        try:
            now = route.db.clock.monotonic()
            return await settle(route, items, token=token, clock_s=now, trials=trials)
        except DatabaseAway:
            if not lease.may_send():
                raise
            await asyncio.sleep(SETTLE_AGAIN_S)
