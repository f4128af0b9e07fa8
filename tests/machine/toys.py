"""Two toy systems with everything that hurts, and a world in which one actor moves at a time.

The source holds records (number, address, value); the target holds one entry per address, which keeps its id when the
address changes. A call to the target may work, be refused, vanish, or land later than its answer was given up on. Time
moves only when the world says so, and whoever reaches a checkpoint or a call waits until it is picked: a seed is one
interleaving.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

from app.connectors.base import (
    Applied,
    Change,
    Desired,
    Diagnosis,
    Existing,
    Fetched,
    Found,
    Gone,
    Intent,
    Leave,
    Page,
    Recovery,
    Steps,
    Wanted,
)
from app.errors import RemoteUnavailable, Throttled
from app.flows.policies import archive_owned
from app.pipeline.batch import run_batch
from app.pipeline.route import Route
from app.records import decision
from app.records.decision import Archive, Decision, Known, Skip
from app.sealing import Sealer
from app.store import backlog, ids, requests
from app.store.clock import ManualClock
from app.store.requests import Request
from app.store.session import Database
from app.store.tables import connections, flows, integrations
from app.store.targets import ALL_RULES, Rules
from app.translation import Plan

KEY = "kDmXw1r2yV8W0n3Qm3mQb6m1yq0m8n2l0k9j8h7g6f4="
SEALER = Sealer(keys=(KEY,), hash_secret="toys")
CALL_LIMIT_S = 120.0
RECOVERY = Recovery(lease_s=30.0, hold_s=130.0)


class ToyRecord(BaseModel):
    """One source record."""

    ref: str
    address: str
    values: dict[str, str]
    active: bool = True


class Put(Change):
    """Make an entry under this address, or write these values into the one that has it; an archived one comes back."""

    address: str
    values: dict[str, str]


class Patch(Change):
    """Write these values into an entry, perhaps under another address."""

    id: str
    values: dict[str, str]
    address: str | None = None


class Away(Change):
    """Take an entry out of sight."""

    id: str


Write = Put | Patch | Away


@dataclass(slots=True)
class Entry:
    """What the target holds."""

    id: str
    address: str
    values: dict[str, str]
    archived: bool = False


class RefusedError(Exception):
    """The target cannot do that as it stands now."""


class Crash(BaseException):
    """This worker is killed here."""


@dataclass(slots=True)
class Landing:
    """A call that the target works on after we gave up on it."""

    at_ms: int
    write: Write


@dataclass(slots=True)
class World:
    """Sources, target, time and chance."""

    chance: random.Random
    clock: ManualClock
    sources: dict[str, dict[str, ToyRecord]] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    landings: list[Landing] = field(default_factory=list)
    in_flight: dict[str, int] = field(default_factory=dict)
    overlaps: list[str] = field(default_factory=list)
    trouble: bool = True
    parked: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    doomed: set[str] = field(default_factory=set)
    writes: int = 0
    stirred: asyncio.Event = field(default_factory=asyncio.Event)

    async def turn(self, actor: str) -> None:
        """Wait to be picked; may never come back (killed)."""
        if not self.trouble:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.parked[actor] = future
        self.stirred.set()
        try:
            await future
        except asyncio.CancelledError:
            if self.parked.get(actor) is future:
                del self.parked[actor]
            raise
        if actor in self.doomed:
            self.doomed.discard(actor)
            raise Crash

    async def settle_down(self, task: asyncio.Task[object], actor: str) -> None:
        """Let an actor run until it waits to be picked again, or ends."""
        task.add_done_callback(lambda _: self.stirred.set())
        while not task.done() and actor not in self.parked:
            self.stirred.clear()
            await self.stirred.wait()

    def find(self, address: str) -> Entry | None:
        """The entry under an address, archived or not."""
        return next((entry for entry in self.entries.values() if entry.address == address), None)

    @property
    def content(self) -> dict[str, dict[str, str]]:
        """All that the target shows."""
        return {entry.address: entry.values for entry in self.entries.values() if not entry.archived}

    def commit(self, write: Write) -> str:
        """What the target does with a call when it gets to it; the id of the entry. Raises RefusedError."""
        self.writes += 1
        if isinstance(write, Put):
            entry = self.find(write.address)
            if entry is None:
                entry = Entry(f"id{len(self.entries) + 1}", write.address, {})
                self.entries[entry.id] = entry
            entry.archived = False
        else:
            known = self.entries.get(write.id)
            if known is None:
                raise RefusedError
            entry = known
        if isinstance(write, Away):
            entry.archived = True
            return entry.id
        if isinstance(write, Patch) and write.address is not None:
            other = self.find(write.address)
            if other is not None and other is not entry:
                raise RefusedError
            entry.address = write.address
        entry.values = entry.values | write.values
        return entry.id

    def pass_time(self, seconds: float) -> None:
        """Time moves on; what was under way lands on the way."""
        self.clock.advance(seconds)
        for landing in sorted(self.landings, key=lambda item: item.at_ms):
            if landing.at_ms <= self.clock.now:
                self.landings.remove(landing)
                with suppress(RefusedError):
                    self.commit(landing.write)


@dataclass(slots=True)
class ToySource:
    """Reads what the world holds at the moment of the call."""

    world: World
    name: str
    actor: str

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        found = self.world.sources[self.name]
        answer: list[Fetched] = [
            Found(ref, found[ref].model_dump()) if ref in found else Gone(ref) for ref in refs
        ]
        await self.world.turn(self.actor)  # read now, looked at later: others may edit meanwhile
        return answer


@dataclass(slots=True)
class ToyTarget:
    """Writes entries; an answer may be lost, a write may land late."""

    world: World
    actor: str
    before_commit: Callable[[], Awaitable[None]] | None = None
    fate: str | None = None
    freezes: bool = False

    def needs_existing(self, intent: Intent) -> bool:
        return intent.desired is None or intent.moves_from_id is not None

    async def fetch_many(self, wanted: Sequence[Wanted]) -> Mapping[str, Existing]:
        found = {}
        for want in wanted:
            entry = self.world.find(want.natural) if want.natural else None
            entry = entry or self.world.entries.get(want.remote_id or "")
            if entry is not None:
                found[want.key] = Existing(
                    remote_id=entry.id,
                    state="archived" if entry.archived else "present",
                    document={"address": entry.address, "values": dict(entry.values)},
                )
        await self.world.turn(self.actor)
        return found

    def steps(self, intent: Intent, existing: Existing | None) -> Steps:
        if intent.desired is None:
            if existing is None:
                return Leave("already_gone", "There is no such entry.", state="gone")
            if existing.state == "archived":
                return Leave("already_archived", "It is archived.", state="archived")
            return (Away(id=existing.remote_id),)
        values = intent.document.get("values", {})
        assert intent.natural is not None
        if existing is None:
            return (Put(address=intent.natural, values=values),)
        if existing.state == "archived":
            return (Put(address=intent.natural, values=values),)
        if existing.document["address"] != intent.natural:
            return (Patch(id=existing.remote_id, values=values, address=intent.natural),)
        if all(existing.document["values"].get(k) == v for k, v in values.items()):
            return ()
        return (Patch(id=existing.remote_id, values=values),)

    async def apply(self, change: Change) -> Applied:
        assert isinstance(change, Put | Patch | Away)
        world, fate = self.world, self.world.chance.random() if self.world.trouble else 1.0
        fate = {"late": 0.0, "landed": 0.1, "throttled": 0.3}.get(self.fate or "", fate)
        if self.before_commit is not None:
            await self.before_commit()
        if self.freezes:
            await world.turn(
                self.actor
            )  # between the last look at the clock and the call lies all the time in the world
        if fate < 0.10:  # the answer is lost and the call lands later, within the time the target may take
            delay = 100 if self.fate else world.chance.choice((1, 20, 100, 119))
            world.landings.append(Landing(world.clock.now + delay * 1000, change))
            raise RemoteUnavailable("The answer was lost.", in_doubt=True)
        if fate < 0.16:  # it arrived, only the answer was lost
            with suppress(RefusedError):
                world.commit(change)
            raise RemoteUnavailable("The answer was lost.", in_doubt=True)
        if fate < 0.22:  # it never arrived, which nobody can know
            raise RemoteUnavailable("The line was cut.", in_doubt=True)
        if fate < 0.26:
            raise RemoteUnavailable("The target is busy.")
        if fate < 0.31:
            raise Throttled("The target asks for fewer calls.")
        try:
            id = world.commit(change)
        except RefusedError:
            raise RemoteUnavailable("It changed since it was looked at.") from None
        await world.turn(self.actor)
        if isinstance(change, Away):
            return Applied(state="archived", facts={"archived_by": "us"})
        return Applied(remote_id=id)


@dataclass(slots=True)
class ToyClient:
    """One open toy connection."""

    account: str
    reader: ToySource
    writer: ToyTarget

    async def check(self) -> Diagnosis:
        return Diagnosis(ok=True, code="ok", sentence="All is well.")

    async def marks(self) -> Mapping[str, int]:
        return {}

    async def changes(self, kind: str, *, since: int, limit: int = 500) -> Page:
        return Page(changed=(), position=since, more=False)

    def source(self, kind: str) -> ToySource:
        return self.reader

    def target(self, kind: str) -> ToyTarget:
        return self.writer


@dataclass(frozen=True, slots=True)
class ToyTranslation:
    """Every flow writes its own field of the entry, and the address both share."""

    name: str
    fields: tuple[str, ...] | None = None
    target_kinds: tuple[str, ...] = ("customer",)

    def plan(self, source: Found | Gone, known: Known) -> Plan:
        if isinstance(source, Gone):
            raise AssertionError("toy records stay")
        record = ToyRecord.model_validate(source.document)
        if not record.active:
            away = archive_owned(known, kinds=("customer",), reason="inactive")
            return Plan(
                Decision(archives=away) if away else Decision(skip=Skip("inactive", "It is inactive."))
            )
        here = known.find("customer", record.address)
        wanted = known.hashed("customer", record.address)
        left = [t for t in known.targets if t.stands and t.key != wanted]
        moved = next((t.key for t in left if t.own and t.state == "present" and here is None), None)
        put = decision.Put(kind="customer", natural=record.address, record=record, moves_from=moved)
        gone = tuple(Archive(kind=t.kind, key=t.key, reason="address_left") for t in left if t.key != moved)
        return Plan(
            decision=Decision(puts=(put,), archives=gone),
            desired=(
                Desired(
                    {
                        "values": {
                            k: v for k, v in record.values.items() if self.fields is None or k in self.fields
                        }
                    }
                ),
            ),
            record=record,
        )


async def make_flow(db: Database, *, source: str, target: str, kind: str = "customers") -> str:
    """The rows that one flow between two connections needs."""
    flow_id = ids.new_id("flow")
    async with db.write() as conn:
        for name in (source, target):
            if not (await conn.execute(connections.select().where(connections.c.id == name))).first():
                await conn.execute(
                    connections.insert().values(
                        id=name, system="toy", name=name, account=name, settings={}, credentials_sealed=b"", webhook_token_hash=name,
                        webhook_token_sealed=b"", state="ok", poll_due_at=0, created_at=0, updated_at=0,
                    )
                )  # fmt: skip
        integration = ids.new_id("int")
        await conn.execute(
            integrations.insert().values(
                id=integration,
                name="toys",
                left_connection_id=source,
                right_connection_id=target,
                settings={},
                created_at=0,
                updated_at=0,
            )
        )
        await conn.execute(
            flows.insert().values(
                id=flow_id, integration_id=integration, kind=kind, record_kind="customer", source_connection_id=source,
                target_connection_id=target, settings={}, mapping={}, version=1, state="running", window_ms=0, created_at=0, updated_at=0,
            )
        )  # fmt: skip
    return flow_id


def make_route(
    db: Database,
    world: World,
    *,
    flow_id: str,
    source: str,
    target: str,
    actor: str,
    rules: Rules = ALL_RULES,
    hook: Any = None,
    fields: tuple[str, ...] | None = None,
    before_commit: Callable[[], Awaitable[None]] | None = None,
    fate: str | None = None,
    freezes: bool = False,
) -> Route:
    """A route of the toy flow, driven by one actor."""
    client = ToyClient(
        target, ToySource(world, source, actor), ToyTarget(world, actor, before_commit, fate, freezes)
    )

    async def turn(_name: str) -> None:
        await world.turn(actor)

    return Route(
        db=db, sealer=SEALER, flow_id=flow_id, record_kind="customer", source_connection_id=source, target_connection_id=target,
        source_account=source, target_account=target, source=client, target=client, translation=ToyTranslation(source, fields),
        direction="toy→toy", recovery=RECOVERY, concurrency=1, rules=rules, hook=hook or turn, chance=world.chance,
    )  # fmt: skip


async def request(db: Database, flow_id: str, ref: str) -> None:
    """An edit's doorbell."""
    async with db.write() as conn:
        await requests.request(conn, [Request(flow_id, ref)], clock=db.clock)


async def until_quiet(db: Database, world: World, routes: Sequence[Route], *, most: int = 400) -> bool:
    """No more trouble: run until nothing is due any more and nothing can become due. False when it never rests."""
    world.trouble = False
    for _ in range(most):
        busy = 0
        for route in routes:
            busy += (await run_batch(replace(route, chance=random.Random(1)), limit=20)).claimed
        if not busy:
            async with db.read() as conn:
                wait = await backlog.next_due_ms(conn, clock=db.clock)
            if wait is None and not world.landings:
                return True
            world.pass_time(max(1.0, (wait or 1000) / 1000 + 0.001) if wait is not None else 130.0)
    return False
