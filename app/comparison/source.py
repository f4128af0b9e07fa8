"""The source's side of a comparison: every record weighed against what was written of it, without a call to the target.

What would be written now was missed, or is under way; only that is looked at more closely.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.comparison.report import CLOSELY, PAGE, WRITES, Report
from app.connectors.base import Fetched
from app.errors import AppError
from app.pipeline.reading import read_page
from app.pipeline.rehearsal import Rehearsed, planned, rehearse
from app.pipeline.work import Item, Wish
from app.store import targets
from app.store.comparisons import Difference, Standing
from app.store.targets import Target

FRESH_MS = 60_000


class SourceSide:
    """Reads a flow's source for a report."""

    def __init__(self, report: Report):
        self._report = report

    async def read(self) -> None:
        """Page after page. Raises what the source raises, and Stopped."""
        source, since = self._report.route.source, 1
        while True:
            page = await source.changes(self._report.route.record_kind, since=since, limit=PAGE)
            await self.weigh(
                await read_page(self._report.route.reader(), page, whole=not self._report.route.parts)
            )
            await self._report.go_on()
            if not page.more or page.position < since:
                return
            since = page.position + 1

    async def weigh(self, fetched: Sequence[Fetched]) -> None:
        """By what is known here alone, which of these are as they were written."""
        refs = [each.ref for each in fetched]
        items = await planned(self._report.route, fetched)
        async with self._report.route.db.read() as conn:
            owned = await targets.owned(
                conn,
                connection_id=self._report.route.target_connection_id,
                owner_connection_id=self._report.route.source_connection_id,
                refs=refs,
                kinds=self._report.kind.target_kinds,
            )
        for row in (row for rows in owned.values() for row in rows):
            self._report.at_source.add(row.id)
        loose = [
            item
            for item in items
            if self._is_loose(item) and item.claimed.source_ref not in self._report.named
        ]
        for start in range(0, len(loose), CLOSELY):
            await self._not_sent(loose[start : start + CLOSELY])

    def _is_loose(self, item: Item) -> bool:
        """Whether something of it would be written; what is as it was written is counted."""
        if item.error is not None:
            code = item.error.code if isinstance(item.error, AppError) else "internal_error"
            self._report.tally.failed[code] += 1
            return False
        if item.plan is not None and item.plan.decision.skip is not None:
            self._report.tally.skipped[item.plan.decision.skip.code] += 1
        if item.absent:
            self._report.tally.skipped[item.absent[0].code] += 1
        if not all(wish.unchanged for wish in item.wishes):
            return True
        for wish in item.wishes:
            self._count_wanted(wish)
        return False

    def _count_wanted(self, wish: Wish) -> None:
        if wish.put is None or not self._report.counts(wish.kind):
            return
        if wish.row is None or self._report.told.add(wish.row.id):
            known = wish.row.hashes if wish.row is not None else {}
            self._report.tally.source.add(wish.key, {**known, **wish.written})

    async def _not_sent(self, items: Sequence[Item]) -> None:
        """These would be written now: because they are under way, or because nobody noticed."""
        standing = await self._report.standing([item.claimed.source_ref for item in items])
        settled = [item for item in items if self._report.is_settled(item.claimed.source_ref, standing)]
        now = await self._report.route.db.now()
        old = [item for item in settled if not _is_fresh(item, now=now)]
        self._report.tally.under_way += len(settled) - len(old)
        sure = [item for item in old if not any(row.in_doubt or row.holder for row in _rows(item))]
        self._report.tally.unsure += len(old) - len(sure)
        told = await rehearse(self._report.route, [item.fetched for item in sure if item.fetched is not None])
        found: list[Difference] = []
        for item, one in zip(sure, told, strict=True):
            difference = self._news(item, one, standing.get(item.claimed.source_ref, Standing()))
            if difference is not None:
                found.append(difference)
        asking = [each.ref for each in found if self._report.heal]
        asking += [item.claimed.source_ref for item in old if self._report.heal and item not in sure]
        await self._report.name(found, ask=asking)

    def _news(self, item: Item, one: Rehearsed, before: Standing) -> Difference | None:
        """What of a record would be written now; what its target refused before, or another record has, stays as it is."""
        if one.error is not None:
            self._report.tally.failed[one.error.code] += 1
            return None
        writes = False
        for act, wish in zip(one.acts, item.wishes, strict=False):
            refused = _was_refused(wish, before)
            if refused or act.action == "leave":
                self._report.tally.left[(before.code if refused else act.code) or "left"] += 1
                continue
            self._count_wanted(wish)
            writes |= act.action in WRITES
        writes |= any(act.action in WRITES for act in one.acts[len(item.wishes) :])
        if not writes:
            return None
        changed = sorted(
            {path for wish in item.wishes if wish.intent is not None for path in wish.intent.changed or ()}
        )
        remote = next((wish.row.remote_id for wish in item.wishes if wish.row is not None), None)
        return Difference("not_sent", one.fetched.ref, remote, tuple(changed), self._report.heal)


def _is_fresh(item: Item, *, now: int) -> bool:
    """Changed so lately that no poll need have seen it yet, where the source tells when that was."""
    at = getattr(item.plan.record, "changed_at", None) if item.plan is not None else None
    return isinstance(at, datetime) and now - at.timestamp() * 1000 < FRESH_MS


def _was_refused(wish: Wish, before: Standing) -> bool:
    """The target itself refused it when it was tried, so nothing stands there under a key that was reserved for it."""
    row = wish.row
    return (
        before.outcome == "skipped" and row is not None and row.remote_id is None and row.state != "present"
    )


def _rows(item: Item) -> list[Target]:
    return [wish.row for wish in item.wishes if wish.row is not None]
