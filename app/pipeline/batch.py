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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.connectors.base import Fetched, Gone
from app.connectors.limits import live_work
from app.ending import cut_off
from app.errors import AppError, DatabaseAway, Interrupted, Throttled
from app.pipeline.planning import plan_all, to_reserve
from app.pipeline.reading import read_again, read_all
from app.pipeline.route import Route
from app.pipeline.sending import send
from app.pipeline.settling import settle
from app.pipeline.verdict import Trials
from app.pipeline.work import (
    Item,
    Wish,
    hand_on,
    is_unchanged,
    leave_old,
    leaving,
    prepare,
    stands_apart,
    wanted,
)
from app.store import deliveries, targets, waits
from app.store.requests import BACKFILL
from app.store.targets import Key
from app.translation import needs_existing_leaves

SETTLE_CHUNK = 50
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
    handed: Mapping[str, Handed] | None = None,
    halted: Callable[[], bool] = never,
) -> BatchResult:
    """Work off up to ``limit`` due deliveries. Raises DatabaseAway; everything else is some delivery's outcome.

    When ``halted`` says so nothing more is sent: what was sent is settled, the rest is due at once for another worker.
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
        )
    result = BatchResult(claimed=len(claimed))
    if not claimed:
        return result
    live_work.set(any(row.priority < BACKFILL for row in claimed))
    await route.hook("claimed")
    lease = _Lease(route, token)
    keeper = asyncio.create_task(lease.keep())
    items = [Item(claimed=row, started=started) for row in claimed]
    try:
        await _fetch(route, items, handed or {})
        await route.hook("fetched")
        await plan_all(route, items)
        await _reserve(route, items, token)
        await route.hook("reserved")
        reserved = clock.monotonic()
        await _look_up(route, items)
        await _send_and_settle(route, items, token=token, lease=lease, result=result, halted=halted)
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
    idle = [item for item in items if not any(wish.sent for wish in item.wishes)]
    held = [row.id for item in idle for wish in item.wishes for row in wish.rows if row.holder == token]
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


async def _reserve(route: Route, items: Sequence[Item], token: str) -> None:
    """Take hold of every key in one statement; whoever lacks one lets go of its others and comes back later."""
    ordered = sorted(items, key=_by_number)
    takings = to_reserve(route, ordered)
    if not takings:
        return
    keys = [(taking.kind, taking.key) for taking in takings]
    clock, connection_id = route.db.clock, route.target_connection_id
    async with route.db.write() as conn:
        rows = await targets.reserve(
            conn,
            takings,
            connection_id=connection_id,
            taker_connection_id=route.source_connection_id,
            token=token,
            hold_ms=route.hold_ms,
            clock=clock,
            rules=route.rules,
        )
        lacking = [key for key in keys if key not in rows]
        left = (
            await targets.held_for_ms(conn, lacking, connection_id=connection_id, clock=clock)
            if lacking
            else {}
        )
        free: list[int] = []
        for item in ordered:
            wishes = [wish for wish in item.wishes if not wish.unchanged]
            if item.missing:
                item.wishes, item.held_ms = [], 1000
                continue
            item.missing = [key for wish in wishes for key in wish.keys if key not in rows]
            if item.missing:
                item.held_ms = max(left.get(key, 0) for key in item.missing)
                free += [rows[key].id for wish in wishes for key in wish.keys if key in rows]
                item.wishes = []
                continue
            item.wishes = [wish for wish in item.wishes if wish.unchanged] + _mine(
                route, item, wishes, rows, free
            )
        await targets.let_go(conn, free, token=token)
        await waits.wake_waiting(conn, free, clock=clock)


def _mine(
    route: Route, item: Item, wishes: list[Wish], rows: Mapping[Key, targets.Target], free: list[int]
) -> list[Wish]:
    """The wishes that may go on: the owner keeps a key, everybody else is remembered as a contender."""
    kept: list[Wish] = []
    for wish in wishes:
        row = rows[wish.kind, wish.key]
        wish.row = row
        wish.old_row = rows.get(wish.moves_from) if wish.moves_from else None
        wish.carried = [rows[key] for key in wish.carries]
        others = [each for each in (row, *wish.carried) if _foreign(route, item, each)]
        if others and wish.archive is not None:
            free += [row.id, *(each.id for each in wish.carried)]
            continue  # what may have been left there is another's by now
        if others:
            item.contends += [(each.id, each.owner_ref or "") for each in others]
            free += [row.id, *(each.id for each in wish.carried)]
            if wish.old_row is not None:
                # Two who swap their addresses must not wait for each other: the old key is left in any case.
                kept.append(
                    leaving(wish.old_row, owner=wish.owner, sealer=route.sealer, options=route.options)
                )
            continue
        prepare(wish, sealer=route.sealer, options=route.options)
        if is_unchanged(wish, held_by_us=True):
            wish.unchanged = True
            free += [row.id, *(each.id for each in wish.carried)]
        kept.append(wish)
    return kept


def _foreign(route: Route, item: Item, row: targets.Target) -> bool:
    """Another source record owns this key, and what it names is there."""
    owner = (row.owner_connection_id, row.owner_ref)
    mine = (route.source_connection_id, item.claimed.source_ref)
    return row.state == "present" and row.owner_ref is not None and owner != mine


def _by_number(item: Item) -> tuple[int, int, str]:
    """Among newcomers the lowest number wins."""
    ref = item.claimed.source_ref
    return (0, int(ref), "") if ref.isascii() and ref.isdigit() else (1, 0, ref)


async def _look_up(route: Route, items: Sequence[Item]) -> None:
    """Ask the target only for what its rows here cannot answer."""
    await _ask(route, [wish for item in items for wish in item.wishes if _is_to_be_asked(route, wish)])
    left: list[Wish] = []
    for item in items:
        apart = [wish for wish in item.wishes if stands_apart(wish)]
        old = [leave_old(wish, sealer=route.sealer, options=route.options) for wish in apart]
        item.wishes += old
        left += old
        _keep_what_moves_on(item.wishes)
        hand_on(item.wishes, sealer=route.sealer, options=route.options)
    await _ask(route, left)


def _is_to_be_asked(route: Route, wish: Wish) -> bool:
    if wish.unchanged or wish.intent is None or wish.row is None:
        return False
    asks = getattr(route.target.target(wish.kind), "needs_existing", None)
    whole = wish.desired is not None and needs_existing_leaves(wish.desired)
    sure = wish.row.state == "present" and not wish.row.in_doubt and not whole
    return not sure or asks is None or bool(asks(wish.intent))


async def _ask(route: Route, wishes: Sequence[Wish]) -> None:
    by_kind: dict[str, list[Wish]] = {}
    for wish in wishes:
        by_kind.setdefault(wish.kind, []).append(wish)
    for kind, asking in by_kind.items():
        try:
            existing = await route.target.target(kind).fetch_many([wanted(wish) for wish in asking])
        except Exception as error:  # nothing was sent: the known state of every row stays
            for wish in asking:
                wish.error = error
            continue
        for wish in asking:
            wish.existing = existing.get(wish.key)
            prepare(wish, sealer=route.sealer, options=route.options)


def _keep_what_moves_on(wishes: Sequence[Wish]) -> None:
    """What an earlier move of unknown outcome may have left is the very record that moves on now, if that one landed."""
    moving = {
        wish.existing.remote_id for wish in wishes if wish.put is not None and wish.existing is not None
    }
    for wish in wishes:
        if wish.archive is not None and wish.existing is not None and wish.existing.remote_id in moving:
            wish.existing = None


async def _send_and_settle(
    route: Route,
    items: Sequence[Item],
    *,
    token: str,
    lease: _Lease,
    result: BatchResult,
    halted: Callable[[], bool],
) -> None:
    """Send at bounded concurrency, settle finished ones in small chunks while the others go on."""
    trials = Trials(route)
    places = asyncio.Semaphore(max(1, route.concurrency))
    finished: list[Item] = []
    stop = asyncio.Event()

    async def carry(item: Item) -> None:
        async with places:
            if halted():
                item.error = Interrupted("The worker was told to stop.", code="worker_stops")
            elif stop.is_set():
                item.error = Throttled("The account was asked to slow down.")
            else:
                await send(route, item, may_send=lease.may_send)
        if any(isinstance(wish.error, Throttled) for wish in item.wishes):
            stop.set()  # the rest of the batch would only be refused as well
        finished.append(item)

    async def settle_some(least: int) -> None:
        while len(finished) >= least and finished:
            part, finished[:] = finished[:SETTLE_CHUNK], finished[SETTLE_CHUNK:]
            result.outcomes += await _surely_settled(route, part, token=token, lease=lease, trials=trials)

    slow = [item for item in items if any(not wish.unchanged for wish in item.wishes)]
    finished += [item for item in items if all(wish.unchanged for wish in item.wishes)]
    tasks = {asyncio.create_task(carry(item)) for item in slow}
    try:
        while tasks:
            done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # what went wrong beyond a delivery's own failure ends the batch
            if len(finished) >= SETTLE_CHUNK and tasks:
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
