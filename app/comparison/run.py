"""A comparison: both sides of a flow beside each other, page by page. What differs is named and, by choice, asked for again.

First the source is read, and every record weighed against what was written of it; then the target is looked through, and
compared with the same; what was not seen at a side is missing there. Nothing is written at either side: healing asks for
a record like any other change, and doubts what is known of it where somebody changed it at the target. It may be killed
at any moment: what was asked for is asked for, and the next one begins anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.comparison.screen import as_it_stands, confirmed, suspects
from app.comparison.tally import Rows, Tally
from app.connectors.base import Compares, Document, Fetched, Found, Looks
from app.errors import AppError
from app.flows.base import FlowKind
from app.pipeline.reading import read_all, read_page
from app.pipeline.rehearsal import Act, Rehearsed, planned, rehearse
from app.pipeline.route import Route
from app.pipeline.work import Item, Wish, leaf_hash
from app.records.decision import UNDONE
from app.store import comparisons, flows, outcomes, requests, targets
from app.store.comparisons import Difference, Standing
from app.store.requests import BACKFILL, COMPARED, Request
from app.store.targets import Target

PAGE = 500
CLOSELY = 100
"""So many suspects are looked at closely in one go: each may cost a call."""
MANY, SHARE = 20, 0.01
"""More missing records than both of these are not brought back without a person: somebody may have cleared up."""
WRITES = frozenset({"create", "update", "archive", "delete"})


class Stopped(Exception):
    """Somebody stopped it, or its flow."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row that may stand otherwise at the target, and in what, with the hashes of what stands there; nothing where the
    record was not seen there at all."""

    row: Target
    paths: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Comparison:
    """One comparison of one flow, ``begun`` at that moment. Raises what either side raises, and Stopped."""

    route: Route
    kind: FlowKind
    begun: int
    heal: bool
    by_person: bool
    tally: Tally = field(default_factory=Tally)
    _at_source: Rows = field(default_factory=Rows)
    _told: Rows = field(default_factory=Rows)
    _there: Rows = field(default_factory=Rows)
    _named: set[str] = field(default_factory=set)

    async def run(self) -> Tally:
        """All of it."""
        if self.kind.compares == "both":
            self.tally.source_read = True
            await self._read_source()
        for kind in self._looked:
            self.tally.target_read = True
            await self._look_through(kind)
            await self._look_for_missing(kind)
        async with self.route.db.read() as conn:
            self.tally.outcomes = await comparisons.outcomes_of(conn, self.route.flow_id)
        await self._go_on()
        return self.tally

    @property
    def _looked(self) -> tuple[str, ...]:
        looks = self.route.target
        if not isinstance(looks, Looks) or self.kind.compares == "counts":
            return ()
        return tuple(kind for kind in self.kind.target_kinds if kind in looks.looked)

    async def _go_on(self) -> None:
        """Between two pages: tell how far it is, and whether to go on."""
        tally = self.tally
        async with self.route.db.write() as conn:
            flow = await flows.find(conn, self.route.flow_id)
            mine = await comparisons.change(
                conn,
                self.route.flow_id,
                begun=self.begun,
                counts=tally.as_json(),
                differ=tally.differ,
                healing=tally.healing,
            )
        if not mine or flow.state != "running":
            raise Stopped

    # --- the source ------------------------------------------------------------------------------------------------

    async def _read_source(self) -> None:
        source, since = self.route.source, 1
        while True:
            page = await source.changes(self.route.record_kind, since=since, limit=PAGE)
            await self._weigh(await read_page(self.route.reader(), page, whole=not self.route.parts))
            await self._go_on()
            if not page.more or page.position < since:
                return
            since = page.position + 1

    async def _weigh(self, fetched: Sequence[Fetched]) -> None:
        """By what is known here alone, which of these are as they were written."""
        refs = [each.ref for each in fetched]
        items = await planned(self.route, fetched)
        async with self.route.db.read() as conn:
            owned = await targets.owned(
                conn,
                connection_id=self.route.target_connection_id,
                owner_connection_id=self.route.source_connection_id,
                refs=refs,
                kinds=self.kind.target_kinds,
            )
        for row in (row for rows in owned.values() for row in rows):
            self._at_source.add(row.id)
        loose = [
            item for item in items if self._is_loose(item) and item.claimed.source_ref not in self._named
        ]
        for start in range(0, len(loose), CLOSELY):
            await self._not_sent(loose[start : start + CLOSELY])

    def _is_loose(self, item: Item) -> bool:
        """Whether something of it would be written; what is as it was written is counted."""
        if item.error is not None:
            code = item.error.code if isinstance(item.error, AppError) else "internal_error"
            self.tally.failed[code] += 1
            return False
        if item.plan is not None and item.plan.decision.skip is not None:
            self.tally.skipped[item.plan.decision.skip.code] += 1
        if item.absent:
            self.tally.skipped[item.absent[0].code] += 1
        if not all(wish.unchanged for wish in item.wishes):
            return True
        for wish in item.wishes:
            self._count_wanted(wish)
        return False

    def _count_wanted(self, wish: Wish) -> None:
        if wish.put is None or not self._counts(wish.kind):
            return
        if wish.row is None or self._told.add(wish.row.id):
            known = wish.row.hashes if wish.row is not None else {}
            self.tally.source.add(wish.key, {**known, **wish.written})

    def _counts(self, kind: str) -> bool:
        return kind in self._looked or not self._looked

    async def _not_sent(self, items: Sequence[Item]) -> None:
        """These would be written now: because they are under way, or because nobody noticed."""
        standing = await self._standing([item.claimed.source_ref for item in items])
        settled = [item for item in items if self._is_settled(item.claimed.source_ref, standing)]
        sure = [item for item in settled if not any(row.in_doubt or row.holder for row in _rows(item))]
        self.tally.unsure += len(settled) - len(sure)
        told = await rehearse(self.route, [item.fetched for item in sure if item.fetched is not None])
        found: list[Difference] = []
        for item, one in zip(sure, told, strict=True):
            difference = self._news(item, one, standing.get(item.claimed.source_ref, Standing()))
            if difference is not None:
                found.append(difference)
        asking = [each.ref for each in found if self.heal]
        asking += [item.claimed.source_ref for item in settled if self.heal and item not in sure]
        await self._name(found, ask=asking)

    def _news(self, item: Item, one: Rehearsed, before: Standing) -> Difference | None:
        """What of a record would be written now; what its target refused before, or another record has, stays as it is."""
        if one.error is not None:
            self.tally.failed[one.error.code] += 1
            return None
        writes = False
        for act, wish in zip(one.acts, item.wishes, strict=False):
            refused = _was_refused(wish, before)
            if refused or act.action == "leave":
                self.tally.left[(before.code if refused else act.code) or "left"] += 1
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
        return Difference("not_sent", one.fetched.ref, remote, tuple(changed), self.heal)

    # --- the target ------------------------------------------------------------------------------------------------

    async def _look_through(self, kind: str) -> None:
        looks = self.route.target
        assert isinstance(looks, Looks)
        part: list[tuple[str, Document]] = []
        async for each in looks.look_at_all(kind):
            part.append(each)
            if len(part) >= PAGE:
                await self._judge(kind, part)
                part = []
        await self._judge(kind, part)

    async def _judge(self, kind: str, part: Sequence[tuple[str, Document]]) -> None:
        shown = dict(part)
        async with self.route.db.read() as conn:
            rows = await targets.by_remote(
                conn, connection_id=self.route.target_connection_id, kind=kind, remote_ids=list(shown)
            )
        mine = [row for row in rows if self._is_mine(row)]
        self.tally.others += len(shown) - len(mine)
        suspected: list[Suspect] = []
        for row in mine:
            if not self._there.add(row.id) or row.owner_ref in self._named:
                continue
            if row.in_doubt or row.holder is not None:
                self.tally.unsure += self.kind.compares != "both"  # the source's side counted it already
                continue
            paths = suspects(row, shown[row.remote_id or ""], self.kind.target_scopes, digest=self._digest)
            if paths:
                suspected.append(Suspect(row, paths))
            else:
                self._stands(row)
        for start in range(0, len(suspected), CLOSELY):
            await self._look_closely(suspected[start : start + CLOSELY], heal=self.heal)
        await self._go_on()

    def _is_mine(self, row: Target) -> bool:
        return row.state == "present" and row.owner_connection_id == self.route.source_connection_id

    def _stands(self, row: Target, there: Mapping[str, str] | None = None) -> None:
        self.tally.target.add(row.key, row.hashes if there is None else there)
        if self.kind.compares != "both":
            self.tally.source.add(row.key, row.hashes)

    def _digest(self, path: str, value: object) -> str:
        return leaf_hash(path, value, sealer=self.route.sealer)

    async def _look_for_missing(self, kind: str) -> None:
        """What was not seen at a side: counted first, since very many may mean that somebody cleared up."""
        total = missing = 0
        async for rows in self._ours(kind):
            total += len(rows)
            missing += sum(row.id not in self._there for row in rows)
        heal = self.heal and (self.by_person or missing <= max(MANY, total * SHARE))
        self.tally.needs_a_person += missing if self.heal and not heal else 0
        async for rows in self._ours(kind):
            left = [row for row in rows if row.owner_ref not in self._named]
            absent = [Suspect(row) for row in left if row.id not in self._there and row.remote_id]
            for start in range(0, len(absent), CLOSELY):
                await self._look_closely(absent[start : start + CLOSELY], heal=heal)
            if self.kind.compares == "both":
                await self._gone([row for row in left if row.id not in self._at_source])
            await self._go_on()

    async def _ours(self, kind: str) -> AsyncIterator[list[Target]]:
        after = 0
        while True:
            async with self.route.db.read() as conn:
                rows = await comparisons.ours(
                    conn,
                    connection_id=self.route.target_connection_id,
                    kind=kind,
                    owner_connection_id=self.route.source_connection_id,
                    after=after,
                    limit=PAGE,
                )
            if not rows:
                return
            yield rows
            after = rows[-1].id

    # --- close looks -----------------------------------------------------------------------------------------------

    async def _look_closely(self, suspected: Sequence[Suspect], *, heal: bool) -> None:
        """Suspects with the values of both sides: what really differs is named."""
        refs = list(dict.fromkeys(each.row.owner_ref or "" for each in suspected))
        standing = await self._standing(refs)
        quiet = [ref for ref in refs if self._is_settled(ref, standing)]
        found, failed = await read_all(self.route.reader(), quiet)
        for error in failed.values():
            raise error
        told = await rehearse(self.route, [found[ref] for ref in quiet], whole=True, anew=True)
        by_ref = {one.fetched.ref: one for one in told}
        named: list[Difference] = []
        doubted: list[Target] = []
        for each in suspected:
            one = by_ref.get(each.row.owner_ref or "")
            if one is None:
                continue
            difference, act = self._closer(each, one, heal=heal)
            if difference is not None:
                named.append(difference)
                if each.paths:
                    odd = {path: each.paths[path] for path in difference.fields}
                    self._stands(each.row, as_it_stands(each.row, odd))
            elif each.paths or (act is not None and act.action != "leave"):
                self._stands(each.row)
            if heal and (difference is None or difference.healing) and not each.paths:
                doubted.append(each.row)  # missing for a reason of the target's own: the row is to learn that
            elif difference is not None and difference.healing and not await self._other_flow(each, act):
                doubted.append(each.row)
        await self._name(named, ask=[row.owner_ref or "" for row in doubted], doubt=doubted)

    def _closer(self, each: Suspect, one: Rehearsed, *, heal: bool) -> tuple[Difference | None, Act | None]:
        row = each.row
        if one.error is not None:
            self.tally.failed[one.error.code] += 1
            return None, None
        act = next((act for act in one.acts if (act.kind, act.key) == (row.kind, row.key)), None)
        if act is None:
            self.tally.left["not_wanted"] += 1
            return None, None
        target = self.route.target.target(row.kind)
        paths: tuple[str, ...] = ()
        if each.paths:
            compares = target if isinstance(target, Compares) else None
            paths = confirmed(each.paths, act, self.kind.target_scopes, compares=compares)
            if not paths:
                return None, act
        elif act.action == "leave":
            self.tally.left[act.code or "left"] += 1
            return None, act
        elif act.action != "create":
            return None, act
        what = "changed_there" if each.paths else "missing_there"
        healing = heal and act.action in WRITES
        return Difference(what, row.owner_ref or "", row.remote_id, paths, healing), act

    async def _other_flow(self, each: Suspect, act: Act | None) -> bool:
        """Where flows go both ways, an edit at the target that the other flow has not looked at yet is its to bring."""
        route = self.route
        changed_at = act.existing.changed_at if act is not None and act.existing is not None else None
        if not each.paths or not route.back or each.row.remote_id is None or changed_at is None:
            return False
        for flow_id in route.back:
            async with route.db.write() as conn:
                standing = await comparisons.standing(conn, flow_id, [each.row.remote_id])
                seen = standing.get(each.row.remote_id, Standing("never"))
                if seen.state == "settled" and seen.settled_at >= changed_at.timestamp() * 1000:
                    continue
                wish = Request(flow_id, each.row.remote_id, trigger=COMPARED)
                await requests.request(conn, [wish], clock=route.db.clock)
                return True
        return False

    async def _gone(self, rows: Sequence[Target]) -> None:
        """The source did not show these. What it shows when asked by name, as a till does of an article's stock that it
        reckons from others, is weighed like the rest; what would be put away for being gone is named."""
        refs = list(dict.fromkeys(row.owner_ref or "" for row in rows if row.owner_ref not in self._named))
        standing = await self._standing(refs) if refs else {}
        quiet = [ref for ref in refs if self._is_settled(ref, standing)]
        for start in range(0, len(quiet), CLOSELY):
            found, failed = await read_all(self.route.reader(), quiet[start : start + CLOSELY])
            for error in failed.values():
                raise error
            await self._weigh([each for each in found.values() if isinstance(each, Found)])
            named = []
            absent = [each for each in found.values() if not isinstance(each, Found)]
            for one in await rehearse(self.route, absent):
                puts_away = one.needs_yes or any(act.action in ("archive", "delete") for act in one.acts)
                if one.error is None and puts_away:
                    named.append(Difference("gone_at_source", one.fetched.ref, healing=self.heal))
            await self._name(named, ask=[each.ref for each in named if each.healing])

    # --- what is known here ----------------------------------------------------------------------------------------

    async def _standing(self, refs: Sequence[str]) -> Mapping[str, Standing]:
        async with self.route.db.read() as conn:
            return await comparisons.standing(conn, self.route.flow_id, refs)

    def _is_settled(self, ref: str, standing: Mapping[str, Standing]) -> bool:
        """Whether nothing is under way for it: what is, differs for a known reason."""
        state = standing.get(ref, Standing()).state
        self.tally.under_way += state in ("pending", "running")
        self.tally.held_back += state in ("waiting", "dead")
        if state == UNDONE:
            self.tally.left[UNDONE] += 1
        return state == "settled"

    async def _name(
        self, found: Sequence[Difference], *, ask: Sequence[str] = (), doubt: Sequence[Target] = ()
    ) -> None:
        """Name them, and ask for some again, in one commit."""
        route, clock = self.route, self.route.db.clock
        self.tally.found.update(each.what for each in found)
        self.tally.healing += sum(each.healing for each in found)
        self._named.update(each.ref for each in found if each.what in ("not_sent", "gone_at_source"))
        if not (found or ask):
            return
        wishes = [
            Request(route.flow_id, ref, priority=BACKFILL, trigger=COMPARED) for ref in dict.fromkeys(ask)
        ]
        async with route.db.write() as conn:
            if not await comparisons.change(conn, route.flow_id, begun=self.begun, state="running"):
                raise Stopped
            await comparisons.name(conn, route.flow_id, found, clock=clock)
            await outcomes.doubt(conn, [row.id for row in doubt], clock=clock)
            await requests.request(conn, wishes, clock=clock)


def _was_refused(wish: Wish, before: Standing) -> bool:
    """The target itself refused it when it was tried, so nothing stands there under a key that was reserved for it."""
    row = wish.row
    return (
        before.outcome == "skipped" and row is not None and row.remote_id is None and row.state != "present"
    )


def _rows(item: Item) -> list[Target]:
    return [wish.row for wish in item.wishes if wish.row is not None]
