"""A route: everything one batch of a flow needs to know, handed over by the worker."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.connectors.base import Client, ReadsParts, Recovery, Source
from app.pipeline.counterflow import Counterflow
from app.records.decision import Supply
from app.sealing import Sealer, target_key
from app.store.session import Database
from app.store.targets import ALL_RULES, Rules
from app.translation import RowTranslation, Translation

Checkpoint = Literal["claimed", "fetched", "reserved", "sent", "settled"]
Hook = Callable[[Checkpoint], Awaitable[None]]


async def no_hook(_name: Checkpoint) -> None:
    """Nobody looks."""


@dataclass(frozen=True, slots=True)
class Maker:
    """How what records name is made: the way of another kind of flow, and what joins its records (:class:`Making`)."""

    translation: RowTranslation
    joined: Callable[[Any, Sequence[Supply]], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One flow, opened: its two clients, its compiled translation, and the rules of its systems.

    ``against`` are the flows from this target to this source that were started as well and write the same kind of record.
    ``siblings`` are the kinds of the flows that were started between the same two connections, ``parts`` what is read
    along with every record, ``followers`` the flows to be asked when a target of a kind appears that goes along. ``keep_before_ms``: so long the values
    that are written over are kept, sealed, for an undo. ``maker`` makes what a record names and the
    target does not have. ``keeps_history_quiet``: it begins with today, and nobody gets a mail for what was there before, whoever
    asks for it, nor for what came about before ``began_ms``, its first start.
    """

    db: Database
    sealer: Sealer
    flow_id: str
    record_kind: str
    source_connection_id: str
    target_connection_id: str
    source_account: str
    target_account: str
    source: Client
    target: Client
    translation: Translation
    direction: str
    siblings: frozenset[str] = frozenset()
    against: tuple[Counterflow, ...] = ()
    parts: frozenset[str] = frozenset()
    places: tuple[str, ...] = ()
    followers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    recovery: Recovery = field(default_factory=Recovery)
    options: Mapping[str, Any] = field(default_factory=dict)
    log_mode: Literal["full", "redacted", "none"] = "redacted"
    keep_before_ms: int = 0
    maker: Maker | None = None
    keeps_history_quiet: bool = False
    began_ms: int = 0
    deadline_ms: int = 86_400_000
    concurrency: int = 10
    rules: Rules = ALL_RULES
    hook: Hook = no_hook
    chance: random.Random = field(default_factory=random.Random)

    def key(self, kind: str, natural: str) -> str:
        """The target key of a natural key: keyed, so that it cannot be guessed."""
        return target_key(self.sealer, kind, natural)

    @property
    def both_ways(self) -> bool:
        """Whether what we write is a source of changes that come back."""
        return bool(self.against)

    @property
    def back(self) -> tuple[str, ...]:
        """The ids of the flows that go the other way."""
        return tuple(each.flow_id for each in self.against)

    def reader(self) -> Source:
        """Reads the flow's records, with the parts that its settings want."""
        source = self.source.source(self.record_kind)
        if self.parts and isinstance(source, ReadsParts):
            return source.including(self.parts)
        return source

    @property
    def lease_ms(self) -> int:
        """How long a claim lasts without renewal."""
        return round(self.recovery.lease_s * 1000)

    @property
    def lands_ms(self) -> int:
        """How long the target may go on with a call that we gave up on."""
        return round(self.recovery.hold_s * 1000) if self.rules.hold_beyond_the_send else 0

    @property
    def hold_ms(self) -> int:
        """How long a key is held from a renewal on: the lease, and what the target may go on beyond it."""
        return self.lease_ms + self.lands_ms
