"""The target's side of a comparison: what stands there beside what was written, and what was not seen at a side.

Hashes suspect, and values confirm: only suspects are fetched, on both sides, and rehearsed as if nothing were known.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.comparison.report import CLOSELY, PAGE, WRITES, Report
from app.comparison.screen import as_it_stands, confirmed, suspects
from app.comparison.source import SourceSide
from app.connectors.base import Compares, Document, Found, Looks
from app.pipeline.reading import read_all
from app.pipeline.rehearsal import Act, Rehearsed, rehearse
from app.store import comparisons, requests, targets
from app.store.comparisons import Difference, Standing
from app.store.requests import COMPARED, Request
from app.store.targets import Target

MANY, SHARE = 20, 0.01
"""More missing records than both of these are not brought back without a person: somebody may have cleared up."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row that may stand otherwise at the target, and in what, with the hashes of what stands there; nothing where the
    record was not seen there at all."""

    row: Target
    paths: Mapping[str, str | None] = field(default_factory=dict)


class TargetSide:
    """Looks through a flow's target for a report. What only the source can tell is asked of its side."""

    def __init__(self, report: Report, source: SourceSide):
        self._report = report
        self._source = source

    async def look_through(self, kind: str) -> None:
        """Every record of a kind, as the target shows it. Raises what the target raises, and Stopped."""
        looks = self._report.route.target
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
        async with self._report.route.db.read() as conn:
            rows = await targets.by_remote(
                conn, connection_id=self._report.route.target_connection_id, kind=kind, remote_ids=list(shown)
            )
        mine = [row for row in rows if self._is_mine(row)]
        self._report.tally.others += len(shown) - len(mine)
        suspected: list[Suspect] = []
        for row in mine:
            if not self._report.there.add(row.id) or row.owner_ref in self._report.named:
                continue
            if row.in_doubt or row.holder is not None:
                self._report.tally.unsure += (
                    self._report.kind.compares != "both"
                )  # the source's side counted it already
                continue
            paths = suspects(
                row, shown[row.remote_id or ""], self._report.kind.target_scopes, digest=self._report.digest
            )
            if paths:
                suspected.append(Suspect(row, paths))
            else:
                self._report.stands(row)
        for start in range(0, len(suspected), CLOSELY):
            await self._look_closely(suspected[start : start + CLOSELY], heal=self._report.heal)
        await self._report.go_on()

    def _is_mine(self, row: Target) -> bool:
        return row.state == "present" and row.owner_connection_id == self._report.route.source_connection_id

    async def look_for_missing(self, kind: str) -> None:
        """What was not seen at a side: counted first, since very many may mean that somebody cleared up."""
        total = missing = 0
        async for rows in self._ours(kind):
            total += len(rows)
            missing += sum(row.id not in self._report.there for row in rows)
        heal = self._report.heal and (self._report.by_person or missing <= max(MANY, total * SHARE))
        self._report.tally.needs_a_person += missing if self._report.heal and not heal else 0
        async for rows in self._ours(kind):
            left = [row for row in rows if row.owner_ref not in self._report.named]
            absent = [Suspect(row) for row in left if row.id not in self._report.there and row.remote_id]
            for start in range(0, len(absent), CLOSELY):
                await self._look_closely(absent[start : start + CLOSELY], heal=heal)
            if self._report.kind.compares == "both":
                await self._gone([row for row in left if row.id not in self._report.at_source])
            await self._report.go_on()

    async def _ours(self, kind: str) -> AsyncIterator[list[Target]]:
        after = 0
        while True:
            async with self._report.route.db.read() as conn:
                rows = await comparisons.ours(
                    conn,
                    connection_id=self._report.route.target_connection_id,
                    kind=kind,
                    owner_connection_id=self._report.route.source_connection_id,
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
        standing = await self._report.standing(refs)
        quiet = [ref for ref in refs if self._report.is_settled(ref, standing)]
        found, failed = await read_all(self._report.route.reader(), quiet)
        for error in failed.values():
            raise error
        told = await rehearse(self._report.route, [found[ref] for ref in quiet], whole=True, anew=True)
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
                    self._report.stands(each.row, as_it_stands(each.row, odd))
            elif each.paths or (act is not None and act.action != "leave"):
                self._report.stands(each.row)
            if heal and (difference is None or difference.healing) and not each.paths:
                doubted.append(each.row)  # missing for a reason of the target's own: the row is to learn that
            elif difference is not None and difference.healing and not await self._other_flow(each, act):
                doubted.append(each.row)
        await self._report.name(named, ask=[row.owner_ref or "" for row in doubted], doubt=doubted)

    def _closer(self, each: Suspect, one: Rehearsed, *, heal: bool) -> tuple[Difference | None, Act | None]:
        row = each.row
        if one.error is not None:
            self._report.tally.failed[one.error.code] += 1
            return None, None
        act = next((act for act in one.acts if (act.kind, act.key) == (row.kind, row.key)), None)
        if act is None:
            self._report.tally.left["not_wanted"] += 1
            return None, None
        target = self._report.route.target.target(row.kind)
        paths: tuple[str, ...] = ()
        if each.paths:
            compares = target if isinstance(target, Compares) else None
            paths = confirmed(each.paths, act, self._report.kind.target_scopes, compares=compares)
            if not paths:
                return None, act
        elif act.action == "leave":
            self._report.tally.left[act.code or "left"] += 1
            return None, act
        elif act.action != "create":
            return None, act
        what = "changed_there" if each.paths else "missing_there"
        healing = heal and act.action in WRITES
        return Difference(what, row.owner_ref or "", row.remote_id, paths, healing), act

    async def _other_flow(self, each: Suspect, act: Act | None) -> bool:
        """Where flows go both ways, an edit at the target that the other flow has not looked at yet is its to bring."""
        route = self._report.route
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
        refs = list(
            dict.fromkeys(row.owner_ref or "" for row in rows if row.owner_ref not in self._report.named)
        )
        standing = await self._report.standing(refs) if refs else {}
        quiet = [ref for ref in refs if self._report.is_settled(ref, standing)]
        for start in range(0, len(quiet), CLOSELY):
            found, failed = await read_all(self._report.route.reader(), quiet[start : start + CLOSELY])
            for error in failed.values():
                raise error
            await self._source.weigh([each for each in found.values() if isinstance(each, Found)])
            named = []
            absent = [each for each in found.values() if not isinstance(each, Found)]
            for one in await rehearse(self._report.route, absent):
                puts_away = one.needs_yes or any(act.action in ("archive", "delete") for act in one.acts)
                if one.error is None and puts_away:
                    named.append(Difference("gone_at_source", one.fetched.ref, healing=self._report.heal))
            await self._report.name(named, ask=[each.ref for each in named if each.healing])
