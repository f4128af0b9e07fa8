"""What a comparison knows while it goes on, and what it tells: tallies, rows that were seen, and records that differ by name.

Nothing is written at either side: healing asks for a record like any other change, and doubts what is known of it where
somebody changed it at the target. It may be killed at any moment: what was asked for is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from app.comparison.tally import Rows, Tally
from app.connectors.base import Looks, Shows
from app.flows.base import FlowKind
from app.pipeline.route import Route
from app.pipeline.work import leaf_hash
from app.records.decision import UNDONE
from app.store import comparisons, flows, outcomes, requests
from app.store.comparisons import Difference, Standing
from app.store.requests import BACKFILL, COMPARED, Request
from app.store.targets import Target

PAGE = 500
CLOSELY = 100
"""So many suspects are looked at closely in one go: each may cost a call."""
WRITES = frozenset({"create", "update", "archive", "delete"})
MOST_STAYING = 200
"""So many that differ and stay so are named; more would hide what somebody is to look at."""


class Stopped(Exception):
    """Somebody stopped it, or its flow."""


@dataclass(slots=True)
class Report:
    """One comparison of one flow, ``begun`` at that moment. ``at_source`` and ``there`` are our rows whose record was seen at
    a side, ``told`` those whose wanted content was counted, ``named`` the references that the source's side named."""

    route: Route
    kind: FlowKind
    begun: int
    heal: bool
    by_person: bool
    tally: Tally = field(default_factory=Tally)
    at_source: Rows = field(default_factory=Rows)
    told: Rows = field(default_factory=Rows)
    there: Rows = field(default_factory=Rows)
    named: set[str] = field(default_factory=set)
    _staying: int = 0

    @property
    def looked(self) -> tuple[str, ...]:
        """The kinds of target record that the target can show as a whole."""
        looks = self.route.target
        return _among(looks.looked, self.kind) if isinstance(looks, Looks) else ()

    @property
    def shown(self) -> tuple[str, ...]:
        """The kinds of target record that the target shows by id."""
        shows = self.route.target
        return _among(shows.shown, self.kind) if isinstance(shows, Shows) else ()

    @property
    def makes(self) -> FlowKind | None:
        """The kind of flow whose records are made along for what these name, where no flow of that kind looks after them."""
        maker = self.route.maker
        if maker is None or not isinstance(self.route.target, Shows):
            return None
        kind = maker.translation.kind
        return None if kind.name in self.route.siblings else kind

    def counts(self, kind: str) -> bool:
        """Whether records of that kind are counted at both sides."""
        seen = (*self.looked, *self.shown)
        return kind in seen or not seen

    async def go_on(self) -> None:
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

    def stands(self, row: Target, there: Mapping[str, str] | None = None) -> None:
        """It stands at the target: as it was written, or with other hashes."""
        self.tally.target.add(row.key, row.hashes if there is None else there)
        if self.kind.compares != "both":
            self.tally.source.add(row.key, row.hashes)

    def lacks(self, row: Target) -> None:
        """It does not stand at the target. Where the source is not read, what was sent is what it wants."""
        if self.kind.compares != "both":
            self.tally.source.add(row.key, row.hashes)

    def digest(self, path: str, value: object) -> str:
        """The keyed hash of one leaf."""
        return leaf_hash(path, value, sealer=self.route.sealer)

    async def standing(self, refs: Sequence[str]) -> Mapping[str, Standing]:
        """How the deliveries of these records stand."""
        async with self.route.db.read() as conn:
            return await comparisons.standing(conn, self.route.flow_id, refs)

    def is_settled(self, ref: str, standing: Mapping[str, Standing]) -> bool:
        """Whether nothing is under way for it: what is, differs for a known reason."""
        stands = standing.get(ref, Standing())
        self.tally.under_way += stands.state in ("pending", "running")
        self.tally.held_back += stands.state in ("waiting", "dead")
        if stands.state == "settled" and stands.code == UNDONE:
            # It stays out until it changes at its source, or somebody asks for it.
            self.tally.left[UNDONE] += 1
            return False
        return stands.state == "settled"

    async def name(
        self, found: Sequence[Difference], *, ask: Sequence[str] = (), doubt: Sequence[Target] = ()
    ) -> None:
        """Name them, and ask for some again, in one commit."""
        route, clock = self.route, self.route.db.clock
        self.tally.found.update(each.what for each in found if each.stays is None)
        self.tally.left.update(each.stays for each in found if each.stays is not None)
        self._staying += sum(each.stays is not None for each in found)
        if self._staying > MOST_STAYING:
            found = [each for each in found if each.stays is None]
        self.tally.healing += sum(each.healing for each in found)
        self.named.update(each.ref for each in found if each.what in ("not_sent", "gone_at_source"))
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


def _among(seen: Collection[str], kind: FlowKind) -> tuple[str, ...]:
    return tuple(each for each in kind.target_kinds if each in seen)
