"""Polling: what changed at a source since each of its flows last looked. One light call tells whether anything did.

A poll stores references only, and its cursor moves in the commit that stores them. However many workers run, one polls a
connection at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from app.checkup import check_up
from app.connectors.base import Changed, Client, Found, Page, Scans, TellsLate
from app.connectors.limits import live_work
from app.ending import cut_off
from app.errors import AdministratorError, AppError, Throttled
from app.flows.registry import flow_kind, sequences_beside
from app.intake import Accepted, CursorMove, Intake
from app.metrics import POLLS
from app.resources import Resources
from app.store import accounts, alerts, cursors, polls
from app.store.connections import Connection
from app.store.events import NewEvent, dedupe_key
from app.store.flows import Flow
from app.store.requests import BACKFILL, LIVE
from app.worker.leases import Leases

log = structlog.get_logger("polling")

PAGE = 500
WINDOW = 20
"""So many markers below the last one are read again: changes may become visible in another order than they were numbered."""
UNSETTLED_MS = 90_000
"""So long after a cursor moved its window is read again, also when nothing newer is announced."""
LEASE_MS = 9_000
"""Short, because it is renewed: so long after its worker was killed a connection is not polled."""


@dataclass(slots=True)
class Polled:
    """What a poll found: events that were new, and pages that were read."""

    new: int = 0
    pages: int = 0


class Poller:
    """Polls the connections of this installation, each in a task of its own, never two of one."""

    def __init__(self, resources: Resources, intake: Intake):
        self._resources, self._intake = resources, intake
        self._leases = Leases(resources.db, lease_ms=LEASE_MS)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start_due(self) -> int:
        """Begin to poll what is due and not polled yet; how many were begun. Raises DatabaseAway."""
        db = self._resources.db
        async with db.read() as conn:
            due = await polls.due(conn, clock=db.clock)
        begun = 0
        for connection_id in due:
            if connection_id not in self._tasks:
                self._tasks[connection_id] = asyncio.create_task(self._guarded(connection_id))
                begun += 1
        return begun

    async def close(self) -> None:
        """End what is under way; cursors stand where the last whole page was stored."""
        await cut_off(self._tasks.values())

    async def _guarded(self, connection_id: str) -> None:
        try:
            await self.poll(connection_id)
        except AppError as error:
            log.warning("poll.failed", connection=connection_id, code=error.code, detail=error.detail)
        except Exception:
            log.exception("poll.failed", connection=connection_id, code="internal_error")
        finally:
            self._tasks.pop(connection_id, None)

    async def poll(self, connection_id: str) -> Polled | None:
        """Poll one connection now; None when another worker is at it, or nothing is to be asked.

        Raises NotFound, DatabaseAway; what the remote does wrong is dealt with.
        """
        db, lease = self._resources.db, f"poll:{connection_id}"
        if not await self._leases.take(lease):
            return None
        # Whoever loses the lease does no harm: a page is stored only if the cursor still stands where it was read from.
        async with self._leases.kept(lease):
            async with db.write() as conn:
                connection, flows = await polls.begin(
                    conn, connection_id, default_ms=self._default_ms, clock=db.clock
                )
            if not flows:
                return None  # nobody listens: no request either
            try:
                return await self._ask(connection, flows)
            except AppError as error:
                POLLS.labels(connection.system, error.code).inc()
                await self._fail(connection, error)
                return None

    @property
    def _default_ms(self) -> int:
        return round(self._resources.settings.poll_interval_s * 1000)

    async def _ask(self, connection: Connection, flows: Sequence[polls.Listening]) -> Polled:
        client = self._resources.client(connection)
        marks = await client.marks()
        db, found = self._resources.db, Polled()
        for listening in flows:
            if isinstance(client, Scans) and listening.sequence in client.scanned:
                continue  # nobody tells what changed there: see scanning.py
            beside = sequences_beside(listening.flow.kind, listening.flow.settings)
            if listening.side is not None and listening.side not in beside:
                continue  # it was wanted once, and the settings changed
            cursor = listening.cursor
            mark = marks.get(listening.sequence)
            if mark is not None and mark < cursor.position:
                await self._marker_fell(connection, listening, mark=mark)
                continue
            settled = listening.moved_ms_ago > UNSETTLED_MS
            if mark is not None and mark == cursor.position and settled:
                continue
            await self._read(client, connection, listening, found=found)
        await self._begin_beside(flows, marks)
        if dict(connection.marks or {}) != dict(marks):
            async with db.write() as conn:
                await polls.remember_marks(conn, connection.id, marks)
        POLLS.labels(connection.system, "ok").inc()
        if found.new:
            log.info(
                "connection.polled",
                connection=connection.id,
                system=connection.system,
                new=found.new,
                pages=found.pages,
            )
        return found

    async def _begin_beside(self, flows: Sequence[polls.Listening], marks: Mapping[str, int]) -> None:
        """Place the cursors of sequences that a flow reads beside its own. They begin with today: what was there before
        is in the records themselves, which are read from the beginning after these marks were told."""
        known = {(each.flow.id, each.side) for each in flows}
        missing = [
            (each.flow.id, name, marks[name])
            for each in flows
            if each.side is None
            for name in sequences_beside(each.flow.kind, each.flow.settings)
            if name in marks and (each.flow.id, name) not in known
        ]
        if not missing:
            return
        db = self._resources.db
        async with db.write() as conn:
            for flow_id, name, mark in missing:
                await cursors.place_side(conn, flow_id, name, position=mark, clock=db.clock)

    async def _read(
        self,
        client: Client,
        connection: Connection,
        listening: polls.Listening,
        *,
        found: Polled,
    ) -> None:
        """Page after page until nothing newer is left. Who is far behind goes behind what happens in the shop meanwhile."""
        position = listening.cursor.position
        catching_up = position == 0 and listening.side is None and not _begins_now(listening)
        window = client.window if isinstance(client, TellsLate) else WINDOW
        since = max(listening.cursor.floor + 1, position + 1 - window)
        while True:
            live_work.set(not catching_up)
            page = await client.changes(listening.sequence, since=since, limit=PAGE)
            found.pages += 1
            behind = catching_up or page.more
            accepted = await self._store(connection, listening, page, position=position, behind=behind)
            if not accepted.moved:
                return  # somebody placed the cursor meanwhile: the next poll starts from there
            found.new += accepted.new
            self._resources.ring(accepted.flows)
            position = max(position, page.position)
            if not page.more or page.position < since:
                return
            catching_up, since = True, page.position + 1

    async def _store(
        self, connection: Connection, listening: polls.Listening, page: Page, *, position: int, behind: bool
    ) -> Accepted:
        flow, epoch = listening.flow, listening.cursor.epoch
        if not page.changed and page.position <= position:
            return Accepted()
        is_history = _told_by_marker(listening, page) if _begins_now(listening) else lambda _: behind
        news = [
            _event(connection, flow, epoch, change, behind=behind, history=is_history(change.ref))
            for change in page.changed
        ]
        end = max(position, page.position)
        move = CursorMove(flow.id, start=position, end=end, sequence=listening.side)
        return await self._intake.accept(news, move=move, only_flow=flow.id)

    async def _marker_fell(self, connection: Connection, listening: polls.Listening, *, mark: int) -> None:
        """A restored backup, or another administration behind the address: an alarm, never a reset."""
        flow, position = listening.flow, listening.cursor.position
        detail = (
            f"The newest marker of {listening.sequence} is {mark}, and this flow had already read up to {position}: "
            "a backup was put back, or the address leads to another administration. Nothing is read until you decide. "
            "If the data is right, set the flow's cursor to the marker you want to go on from."
        )
        now = await self._resources.db.now()
        async with self._resources.db.write() as conn:
            new = await alerts.raise_alert(
                conn, code="marker_fell", subject=f"flow:{flow.id}", detail=detail, now=now
            )
        if new:
            log.warning(
                "poll.marker_fell", connection=connection.id, flow=flow.id, mark=mark, position=position
            )

    async def _fail(self, connection: Connection, error: AppError) -> None:
        db = self._resources.db
        log.warning("poll.failed", connection=connection.id, code=error.code, detail=error.detail)
        if isinstance(error, Throttled):
            async with db.write() as conn:
                await accounts.back_off(
                    conn,
                    connection.account,
                    reason=error.detail,
                    clock=db.clock,
                    retry_after_s=error.retry_after,
                )
        elif isinstance(error, AdministratorError):
            await check_up(self._resources, connection.id)  # confirms it before anything breaks


def _begins_now(listening: polls.Listening) -> bool:
    """A flow that begins with today: what comes is news, however late it is read, and only what was read before is history.
    Any other begins with everything, and what it reads far behind is the import of what was there."""
    return flow_kind(listening.flow.kind).begins == "now"


def _told_by_marker(listening: polls.Listening, page: Page) -> Callable[[str], bool]:
    """Whether a record is history, by its marker: it had been read before the cursor was put back, or was there before the flow
    was first started. What cannot be read has no marker, and goes with its page."""
    ends = listening.cursor.history_to
    markers = {each.ref: each.position for each in page.found if isinstance(each, Found)}

    def is_history(ref: str) -> bool:
        marker = markers.get(ref)
        return (page.position if marker is None else marker) <= ends

    return is_history


def _event(
    connection: Connection, flow: Flow, epoch: int, change: Changed, *, behind: bool, history: bool
) -> NewEvent:
    """Each flow notices for itself: two flows of one source keep cursors of their own, and a rewound one reads anew.

    What is history must be quiet (a store writes no mail for it); what is only behind goes after live work.
    """
    return NewEvent(
        connection_id=connection.id,
        kind=change.kind,
        ref=change.ref,
        previous_ref=change.previous_ref,
        dedupe_key=dedupe_key("poll", flow.id, epoch, change.dedupe),
        trigger="backfill" if history else "poll",
        priority=BACKFILL if behind or history else LIVE,
    )
