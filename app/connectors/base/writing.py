"""What is to be brought about at a target, what stands there, and the calls and answers of a write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from app.connectors.base.words import Document, Mode
from app.records.decision import Carried, TargetState


@dataclass(frozen=True, slots=True)
class Desired:
    """The target document as the rows of leg 2 want it.

    ``modes`` holds the paths that are not ``always``. ``scopes`` names the lists whose elements are known by an
    identity key (``{"variants": "id"}``): their leaves are ``variants[<id>].price``. ``emptiable`` are the paths that the
    rows always write, so that silence about one of them means that the source holds nothing there.
    """

    document: Document
    modes: Mapping[str, Mode] = field(default_factory=dict)
    scopes: Mapping[str, str] = field(default_factory=dict)
    emptiable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Existing:
    """A target record as it is now. ``document`` is empty where a listing told only its state. ``changed_at`` is when
    anybody changed it last, where that is told. ``carries`` are the remote ids of what it brings along and is there, by name,
    where that was looked at."""

    remote_id: str
    state: TargetState = "present"
    document: Document = field(default_factory=dict)
    whole: bool = True
    changed_at: datetime | None = None
    carries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One target record to look up: by natural key, or by remote id where the natural key is not known any more; or by what
    it brings along, or what stands ``beside`` that. ``numbers`` are those that we gave to some of that, by name. ``formerly`` are natural keys that it had
    before, the latest first, where nothing stands under the present one."""

    kind: str
    key: str
    natural: str | None
    remote_id: str | None
    whole: bool = False
    carries: tuple[Carried, ...] = ()
    beside: tuple[Carried, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
    formerly: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to be brought about at one target.

    ``desired`` is None for an archive. ``document`` holds the leaves that this run may write (modes applied).
    ``moves_from_id`` is the remote id of the owned target that becomes this one (an address change).
    ``options`` are the flow's settings that steps may ask for, and ``backfill`` for what is history and must start no
    automation, ``history`` how, where a person asked for it; ``facts`` what the target row remembers of earlier writes.

    ``instead_of`` is the record, as it is now, that is put away while this one takes its place.

    ``changed`` are the leaves of ``document`` that differ from what was last written and confirmed; None when nobody
    knows what stands there. ``vanished`` are the elements of named lists that were written once and are no longer
    wanted: ``images[7]``. ``lacking`` is what goes along with it and is not there, by kind and name: a variant
    that is new, or comes back. ``references`` are the remote ids of what the decision waited for, by kind and natural key.
    ``named`` is what the document names and the target was asked for, likewise; None: nobody asked.
    ``emptied`` are leaves that were written once, that nobody edited since, and of which the source says nothing any more.
    ``left`` are fields of the document that stay as the target has them. ``reason`` is why a record is put away.
    ``numbers`` are those that we gave to what goes along, or is named, by name. ``doubtful``: the answer to an earlier call was lost, so
    what stands there may be of our making.
    """

    kind: str
    key: str
    natural: str | None
    remote_id: str | None
    desired: Desired | None
    document: Document = field(default_factory=dict)
    moves_from_id: str | None = None
    permanently: bool = False
    create: bool = True
    update: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    instead_of: Existing | None = None
    changed: frozenset[str] | None = None
    vanished: frozenset[str] = frozenset()
    lacking: frozenset[tuple[str, str]] = frozenset()
    references: Mapping[tuple[str, str], str] = field(default_factory=dict)
    named: Mapping[tuple[str, str], Existing] | None = None
    emptied: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    reason: str = ""
    numbers: Mapping[str, int] = field(default_factory=dict)
    doubtful: bool = False


class Change(BaseModel):
    """One intended call to the target. Subclasses carry the call; ``summary`` never holds personal data."""

    model_config = ConfigDict(frozen=True)

    action: ClassVar[str] = "change"
    safe_to_repeat: ClassVar[bool] = True

    def summary(self) -> str:
        """What this call does, in words for the attempt log."""
        return self.action

    def if_done(self) -> Mapping[str, str]:
        """Facts that the target's row is to remember of it, also where it turns out only later that it was done."""
        return {}

    def made_as(self) -> str | None:
        """As what a new record begins, where somebody's own will may change that later: a member's status."""
        return None

    def payload(self) -> Document:
        """The body that will be sent, for previews and for sealed logs."""
        return self.model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Leave:
    """The target's own state says to write nothing: an archived member, a compliance state."""

    code: str
    reason: str
    state: TargetState = "present"


Steps = tuple[Change, ...] | Leave


@dataclass(frozen=True, slots=True)
class Applied:
    """The known outcome of one change. ``facts`` are words without personal data kept on the target row.

    ``left_out`` are paths that were to be written and that the target refused, while it took the rest. ``carries`` are the
    remote ids of what was brought along, by name, where the target told them. ``kept_as`` are the values, by path, that it keeps
    in a type of its own: ``"42"`` as 42.
    """

    remote_id: str | None = None
    state: TargetState = "present"
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    answer: Document | None = None
    left_out: tuple[str, ...] = ()
    carries: Mapping[str, str] = field(default_factory=dict)
    kept_as: Mapping[str, Any] = field(default_factory=dict)
