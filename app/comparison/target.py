"""The target's side of a comparison: what stands there beside what was written, and what was not seen at a side.

Hashes suspect, and values confirm: only suspects are fetched, on both sides, and rehearsed as if nothing were known.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.comparison.report import CLOSELY, PAGE, WRITES, Report
from app.comparison.screen import as_it_stands, confirmed, names_in, suspects
from app.comparison.source import SourceSide
from app.connectors.base import Asked, Compares, Document, Found, Looks, Shows
from app.flows.base import FlowKind
from app.pipeline.reading import read_all
from app.pipeline.rehearsal import Act, Rehearsed, rehearse
from app.store import comparisons, requests, targets
from app.store.comparisons import Difference, Standing
from app.store.requests import COMPARED, Request
from app.store.targets import Target

MANY, SHARE = 20, 0.01
"""More missing records than both of these are not brought back without a person: somebody may have cleared up."""
MADE_WHEN_NAMED = "made_when_named"
"""Why what was made along and is gone stays so."""
QUEUED_MS = 86_400_000
"""A till may keep a sale in a branch's queue before it shows it. So long after we booked it that is no news."""


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

    async def ask_for(self, kind: str) -> None:
        """Every record of a kind that we brought about, asked for by its id. Raises what the target raises, and Stopped."""
        shows = self._report.route.target
        assert isinstance(shows, Shows)
        async for rows in self._ours(kind):
            parts = await self._parts(rows)
            asked = [Asked(row.remote_id, parts.get(row.id, {})) for row in rows if row.remote_id]
            shown = await shows.show(kind, asked)
            there = [row for row in rows if row.remote_id in shown]
            await self._judge(
                there, shown, {row.id: _lacking(self._report.kind, row, parts, shown) for row in there}
            )

    async def look_for_made(self, made: FlowKind) -> None:
        """What was made along must still be there: its number stands on what was brought. It is made again, under that number,
        by the next record that names it; none that was brought before is sent for its sake. Raises what the target raises."""
        shows, report = self._report.route.target, self._report
        assert isinstance(shows, Shows)
        whole, places = made.target_kinds[0], tuple(f"{place}/" for place in report.route.places)
        for kind in made.element_kinds.values():
            async for rows in self._ours(kind):
                mine = [row for row in rows if row.remote_id and (row.owner_ref or "").startswith(places)]
                sure = {row.remote_id: row for row in mine if not row.in_doubt and row.holder is None}
                report.tally.unsure += sum(row.in_doubt or row.holder is not None for row in mine)
                shown = await shows.show(whole, [Asked(id, {id: id}) for id in sure if id])
                for row in sure.values():
                    (report.stands if row.remote_id in shown else report.lacks)(row)
                absent = [row for row in sure.values() if row.remote_id not in shown]
                await report.name(
                    [
                        Difference("missing_there", row.owner_ref or "", row.remote_id, stays=MADE_WHEN_NAMED)
                        for row in absent
                    ]
                )
                await report.go_on()

    async def _parts(self, rows: Sequence[Target]) -> dict[int, dict[str, str]]:
        """By row, its elements that have rows of their own: by their name, or their number where that is not known, the remote id."""
        report, found = self._report, dict[int, dict[str, str]]()
        for place, kind in report.kind.element_kinds.items():
            async with report.route.db.read() as conn:
                owned = await targets.owned(
                    conn,
                    connection_id=report.route.target_connection_id,
                    owner_connection_id=report.route.source_connection_id,
                    refs=[row.owner_ref for row in rows if row.owner_ref],
                    kinds=(kind,),
                )
            for row in rows:
                names = {report.route.key(kind, name): name for name in names_in(row.hashes, place)}
                found.setdefault(row.id, {}).update(
                    (names.get(part.key) or part.remote_id.rpartition("/")[2], part.remote_id)
                    for part in owned.get(row.owner_ref or "", ())
                    if part.state == "present" and part.remote_id
                )
        return found

    async def look_through(self, kind: str) -> None:
        """Every record of a kind, as the target shows it. Raises what the target raises, and Stopped."""
        looks = self._report.route.target
        assert isinstance(looks, Looks)
        part: list[tuple[str, Document]] = []
        async for each in looks.look_at_all(kind):
            part.append(each)
            if len(part) >= PAGE:
                await self._judge_page(kind, part)
                part = []
        await self._judge_page(kind, part)

    async def _judge_page(self, kind: str, part: Sequence[tuple[str, Document]]) -> None:
        shown = dict(part)
        async with self._report.route.db.read() as conn:
            rows = await targets.by_remote(
                conn, connection_id=self._report.route.target_connection_id, kind=kind, remote_ids=list(shown)
            )
        mine = [row for row in rows if self._is_mine(row)]
        self._report.tally.others += len(shown) - len(mine)
        await self._judge(mine, shown, {})

    async def _judge(
        self, rows: Sequence[Target], shown: Mapping[str, Document], lacking: Mapping[int, Mapping[str, None]]
    ) -> None:
        """Rows beside what the target shows of them; ``lacking`` are elements that it does not show."""
        suspected: list[Suspect] = []
        for row in rows:
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
            paths |= lacking.get(row.id, {})
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
        by_ref, now = {one.fetched.ref: one for one in told}, await self._report.route.db.now()
        named: list[Difference] = []
        doubted: list[Target] = []
        for each in suspected:
            one = by_ref.get(each.row.owner_ref or "")
            if one is None:
                continue
            fresh = now - standing.get(one.fetched.ref, Standing()).settled_at < QUEUED_MS
            difference, act = self._closer(each, one, fresh=fresh, heal=heal)
            if difference is not None:
                named.append(difference)
                if each.paths:
                    odd = {path: each.paths[path] for path in difference.fields}
                    self._report.stands(each.row, as_it_stands(each.row, odd))
                else:
                    self._report.lacks(each.row)
            elif each.paths or (act is not None and act.action != "leave"):
                self._report.stands(each.row)
            stays = (
                difference is not None and not difference.healing and (act is None or act.action != "leave")
            )
            if heal and not stays and not each.paths:
                doubted.append(each.row)  # missing for a reason of the target's own: the row is to learn that
            elif difference is not None and difference.healing and not await self._other_flow(each, act):
                doubted.append(each.row)
        await self._report.name(named, ask=[row.owner_ref or "" for row in doubted], doubt=doubted)

    def _closer(
        self, each: Suspect, one: Rehearsed, *, fresh: bool, heal: bool
    ) -> tuple[Difference | None, Act | None]:
        row, tally = each.row, self._report.tally
        if one.error is not None:
            tally.failed[one.error.code] += 1
            return None, None
        act = next((act for act in one.acts if (act.kind, act.key) == (row.kind, row.key)), None)
        if act is None:
            tally.left["not_wanted"] += 1
            return None, None
        paths: tuple[str, ...] = ()
        if each.paths:
            target = self._report.route.target.target(row.kind)
            compares = target if isinstance(target, Compares) else None
            paths = confirmed(each.paths, act, self._report.kind.target_scopes, compares=compares)
            if not paths:
                return None, act
        elif row.kind in self._report.shown and _may_be_there(act):
            if fresh:
                tally.under_way += 1
                return None, act
        elif act.action not in ("create", "leave"):
            return None, act
        what = "changed_there" if each.paths else "missing_there"
        stays = _stays(act, paths)
        return Difference(what, row.owner_ref or "", row.remote_id, paths, heal and stays is None, stays), act

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


def _may_be_there(act: Act) -> bool:
    """The target does not show it, and it is not made again all the same: a till's sale may wait in a branch's queue."""
    return act.existing is not None and act.existing.state == "present" and not act.existing.whole


def _stays(act: Act, paths: Sequence[str]) -> str | None:
    """The code of the rule by which the flow leaves a difference as it is; None where it would write it."""
    lacks_something = not paths or any(path.endswith("]") for path in paths)
    if act.action in WRITES and (act.update or lacks_something):
        return None
    if act.action == "leave":
        return act.code or "left"
    if not paths:
        return "not_found"
    return "not_written" if act.update else "update_off"


def _lacking(
    kind: FlowKind, row: Target, parts: Mapping[int, Mapping[str, str]], shown: Mapping[str, Document]
) -> dict[str, None]:
    """Elements with rows of their own that the target does not show."""
    document = shown[row.remote_id or ""]
    return {
        f"{place}[{name}]": None
        for place in kind.element_kinds
        for name in parts.get(row.id, {}).keys()
        - {element[kind.target_scopes[place]] for element in document.get(place, ())}
    }
