"""What a flow wants for one source record, in the middle's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

UNDONE = "undone"
"""Why a record is put away when a run is taken back; also the fact that its target keeps of it: as what it was put away, or the
marker of what was put back."""

TOLD = "consent_told"
"""The fact that names the consent which Mailchimp's news wrote into the till last, and its field: ``yes Nieuwsbrief``."""

WITHDRAWN = "withdrawn"
"""The fact of a contact whom the till's no unsubscribed: a yes that is found there afterwards is a new one."""

TargetState = Literal["present", "archived", "gone"]
WriteMode = Literal["always", "create", "update", "if_empty", "source_wins", "target_wins", "newest"]


@dataclass(frozen=True, slots=True)
class KnownTarget:
    """A target record as we last knew it. ``key`` is the hashed key, ``own`` says that this source record owns it.

    ``doubtful``: an answer was lost when this source record was to be brought about there, so it may stand there now.
    """

    kind: str
    key: str
    remote_id: str | None
    own: bool
    state: TargetState = "present"
    facts: dict[str, str] = field(default_factory=dict)
    doubtful: bool = False

    @property
    def stands(self) -> bool:
        """Something of this source record stands there, or may stand there: it is put away when it is not wanted."""
        return self.doubtful or (self.own and self.state == "present")


@dataclass(frozen=True, slots=True)
class Counterpart:
    """The record at the target from which a flow of the other direction brought this source record about. ``facts`` are what
    that flow noted of it."""

    ref: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FirstBuy:
    """A question: in which branch this buyer first bought, whatever the sale at hand says.

    ``kind`` and ``natural`` are the buyer as the target knows people, ``buyer`` is the source's reference. ``sale``, ``branch`` and ``at`` are
    the sale at hand: the first, if the source knows of none before it.
    """

    kind: str
    natural: str
    buyer: str
    sale: str
    branch: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """What a decision may know: the targets this source record owns, and how a natural key becomes a target key.

    ``flows`` are the kinds of flow that were started between the same two connections: what one of them writes, the
    others leave out. ``counterpart`` is known where a flow goes the other way. ``first_branches`` are answers to what a
    decision asked, by hashed key of the person. ``wanted`` are the parts of the record that alone are asked for, by the names of
    what they become; empty: all of it.
    """

    targets: tuple[KnownTarget, ...] = ()
    flows: frozenset[str] = frozenset()
    wanted: frozenset[str] = frozenset()
    counterpart: Counterpart | None = None
    first_branches: Mapping[str, str] = field(default_factory=dict)
    hashed: Callable[[str, str], str] = lambda kind, natural: f"{kind}:{natural}"

    def find(self, kind: str, natural: str) -> KnownTarget | None:
        """The owned target of that kind and natural key, if there is one."""
        key = self.hashed(kind, natural)
        return next((t for t in self.targets if t.own and t.kind == kind and t.key == key), None)

    def first_branch(self, kind: str, natural: str) -> str | None:
        """The branch in which this person first bought, where that was asked."""
        return self.first_branches.get(self.hashed(kind, natural)) if self.first_branches else None


@dataclass(frozen=True, slots=True)
class Carried:
    """A target that another brings along: a variant with its product. ``known_as`` is its name there, if not the natural key.

    ``found_by`` are names by which it may stand there already, each with what it is (``article_number``, ``plu``,
    ``barcode``): the first that leads anywhere counts. ``formerly`` is another name that it may have got its number under.
    ``part`` is its own id in the source's record, by which it is known when the source has that no more. ``kept``: a number that
    was kept for it counts; it does not where a person says what it is.
    """

    kind: str
    natural: str
    known_as: str | None = None
    found_by: tuple[tuple[str, str], ...] = ()
    formerly: str | None = None
    part: str | None = None
    kept: bool = True

    @property
    def name(self) -> str:
        """What the target's own list knows it by."""
        return self.known_as or self.natural


@dataclass(frozen=True, slots=True)
class Numbering:
    """Numbers out of a range, ``first`` to ``last``, for what a put carries under these names and the target does not have.

    Each name gets its own once and for all, whoever asks and however often.
    """

    kind: str
    names: tuple[str, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Supply:
    """What a put names and that may be made for it where the target has none: the article of a sale's line.

    ``name`` is its natural key, ``called`` how the put's document names it; ``formerly`` another name that it may have got its
    number under, ``kept`` whether that counts. ``of`` is the source's reference of the record that it is part of, ``part`` its own id there.
    ``stand_in`` is that record as far as the put's own record tells of it, for where the source has it no more.
    """

    kind: str
    name: str
    called: str
    formerly: str | None
    of: str | None
    part: str | None
    stand_in: BaseModel
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Put:
    """Bring this record about at the target under this natural key (e-mail address, SKU, order number).

    ``moves_from`` is the hashed key of an owned target that becomes this one: an address change keeps the person.
    ``stands_for`` is that of one which is put away while this one takes its place: what its record said is handed on.
    ``facts`` are short words without personal data that the target row keeps for the next decision; a put whose
    facts differ from the row's is never "unchanged". ``options`` tell the target's steps what the document cannot:
    what to do about a subscription, or who may be created. ``linked`` is the remote id where it is known from elsewhere.

    ``carries`` are other targets that this one brings along in its own calls: the variants of a product. They are held and owned with it, so that no key is ever written by two. ``holds`` are targets (kind,
    natural key) that its calls may write without owning them: the relation of a sale. Nobody else writes them meanwhile.
    ``about`` are people (kind, natural key) whom it tells of: where one of them was erased, nothing is written.
    ``modes`` are target paths that this record writes otherwise than the rows say: ``{"title": "create"}``.
    ``numbering`` says which of what it carries needs a number of ours, should it have to be made.
    ``beside`` are others of its kind of parts: looked for, so that it is found by them, and neither held nor made.
    ``partial``: it speaks of some of its parts; what was said of the others before stays. ``supplies`` are what it names and
    may have made first. ``came_about`` is when that happened of which it tells, where it may mail somebody.
    """

    kind: str
    natural: str
    record: BaseModel
    moves_from: str | None = None
    stands_for: str | None = None
    linked: str | None = None
    create: bool = True
    update: bool = True
    facts: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    carries: tuple[Carried, ...] = ()
    holds: tuple[tuple[str, str], ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    modes: Mapping[str, WriteMode] = field(default_factory=dict)
    numbering: Numbering | None = None
    beside: tuple[Carried, ...] = ()
    partial: bool = False
    supplies: tuple[Supply, ...] = ()
    came_about: datetime | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """Take an owned target out of sight, by its hashed key. Never deletes for good unless ``permanently``.

    ``carries`` are owned targets, by kind and hashed key, that go with it without a call of their own.
    """

    kind: str
    key: str
    reason: str
    permanently: bool = False
    carries: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """Settle with a reason: nothing to say. ``filtered`` tells a filter's no from a record that has nothing to say."""

    code: str
    reason: str
    filtered: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """This target must be there first, whoever brings it: a product for its order, a variant for its stock.

    When it is there, its remote id is handed to the steps of every put. When it is not, the delivery waits for it, or,
    with ``absent="skip"``, is settled with the reason. Either way it goes on when the target appears. With
    ``absent="without"`` it waits ``patience_s`` at most, and then goes on without it; with ``absent="fail"`` it is for the
    administrator at once. ``states`` are those in which the target counts as there: what is out of sight may do.
    """

    kind: str
    natural: str
    reason: str
    absent: Literal["wait", "skip", "without", "fail"] = "wait"
    code: str = "waits"
    patience_s: float = 0.0
    states: tuple[TargetState, ...] = ("present",)


@dataclass(frozen=True, slots=True)
class Decision:
    """Puts and archives go together; ``skip`` alone when nothing is wanted; ``waits`` are what all of it needs first.

    ``asks``: this is only what would be done, and it is decided once more when that is known.
    """

    puts: tuple[Put, ...] = ()
    archives: tuple[Archive, ...] = ()
    skip: Skip | None = None
    waits: tuple[Wait, ...] = ()
    warnings: tuple[str, ...] = ()
    asks: FirstBuy | None = None
