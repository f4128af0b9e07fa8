"""Fields: what a remote's records hold and take, those that people define there included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

FieldKind = Literal["text", "number", "yes/no", "date", "list", "object", "anything"]
Way = Literal["out", "in"]
"""Out of the remote, as a source; into it, as a target."""


@dataclass(frozen=True, slots=True)
class RemoteField:
    """A field of a remote's records, for whoever writes mapping rows. ``choices`` are the only values it takes, where it
    takes only some. ``origin`` says who made it: the vendor (``standard``), or the merchant, as a ``custom_field``,
    ``merge_field``, ``group`` or ``tag``. ``expression`` is how a row reads it, where its path alone does not tell."""

    title: str = ""
    kind: FieldKind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    example: str = ""
    note: str = ""
    origin: str = "standard"
    expression: str = ""


Fields = Mapping[str, RemoteField]
"""By path: ``address.city``, elements of lists as ``lines[].sku``, ``custom.*`` where any name may stand."""


@dataclass(frozen=True, slots=True)
class MissingField:
    """A field that a mapping names and the target does not have: where, what it would be called, and of which type."""

    path: str
    title: str
    type: str


@runtime_checkable
class TellsFields(Protocol):
    """A client whose remote tells which fields of the merchant's own making its records have."""

    async def fields(self, kind: str, way: Way) -> Fields:
        """Every field of this kind of record, as the remote has them now: read as a source, or written as a target.
        Raises like ``fetch_many``."""
        ...


@runtime_checkable
class DefinesFields(Protocol):
    """A client that can make fields at its remote (merge fields of an audience)."""

    async def missing_fields(self, kind: str, targets: Iterable[str]) -> Sequence[MissingField]:
        """Those of these target paths that the remote has no field for and that could be made."""
        ...

    async def make_field(self, kind: str, field: MissingField) -> None:
        """Make it. One that is there is refused, never changed: RecordRefused, or LimitReached by the plan."""
        ...
