"""Tallies of a comparison, in memory that stays flat: two sums that do not depend on any order, and a bit per row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

_ROOM = 1 << 128


@dataclass(slots=True)
class Side:
    """One side: how many records, and a hash of all of them. Two sides that say the same have the same hash."""

    records: int = 0
    value: int = 0

    def add(self, key: str, hashes: Mapping[str, str]) -> None:
        """One more record, by its key and the keyed hashes of its leaves."""
        said = "\n".join((key, *(f"{path}={digest}" for path, digest in sorted(hashes.items()))))
        self.records += 1
        self.value = (
            self.value + int.from_bytes(blake2b(said.encode(), digest_size=16).digest(), "big")
        ) % _ROOM

    def as_json(self) -> dict[str, Any]:
        """As it is kept and answered."""
        return {"records": self.records, "hash": f"{self.value:032x}"}


class Rows:
    """Which rows were seen: a bit for each id, so that a million cost an eighth of a megabyte."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, id: int) -> bool:
        """Note it; True when it is new."""
        place, bit = id >> 3, 1 << (id & 7)
        if place >= len(self._bits):
            self._bits.extend(bytes(max(place + 1 - len(self._bits), 4096)))
        new = not self._bits[place] & bit
        self._bits[place] |= bit
        return new

    def __contains__(self, id: int) -> bool:
        place = id >> 3
        return place < len(self._bits) and bool(self._bits[place] & 1 << (id & 7))


@dataclass(slots=True)
class Tally:
    """What a comparison counted. ``source`` is what the source wants to stand at the target, ``target`` what stands there.

    ``others`` are records at the target that this flow did not bring; ``under_way`` differ because they are being
    delivered; ``held_back`` wait for something or somebody; ``unsure`` are looked at by their next delivery anyway.
    ``left`` differ and stay so by the rules, by reason; ``found`` are those that differ, by what.
    """

    source: Side = field(default_factory=Side)
    target: Side = field(default_factory=Side)
    source_read: bool = False
    target_read: bool = False
    others: int = 0
    under_way: int = 0
    held_back: int = 0
    unsure: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    healing: int = 0
    needs_a_person: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def differ(self) -> int:
        """All records that differ."""
        return self.found.total()

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "source": self.source.as_json() | {"read": self.source_read},
            "target": self.target.as_json() | {"read": self.target_read},
            **{name: getattr(self, name) for name in ("others", "under_way", "held_back", "unsure")},
            **{
                name: dict(getattr(self, name)) for name in ("skipped", "failed", "left", "found", "outcomes")
            },
            "needs_a_person": self.needs_a_person,
        }
