"""The live side: one connected account, its sources and targets, and what some of them can do besides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from app.connectors.base.words import Document, Fetched, Glimpse, Page
from app.connectors.base.writing import Applied, Change, Desired, Existing, Intent, Leave, Steps, Wanted
from app.errors import AppError


class Gate(Protocol):
    """Bounds the simultaneous requests of one account, across workers."""

    def slot(self) -> AbstractAsyncContextManager[None]:
        """Hold one of the account's places for one request."""
        ...


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a connection check found. ``details`` are facts to show (account name, version, list).

    ``account`` names whose limits count, where only the remote can tell.
    """

    ok: bool
    code: str
    sentence: str
    advice: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    account: str | None = None


class Source(Protocol):
    """Reads one kind of record of one connection."""

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        """Each ref once, in any order. Raises TimeError or AdministratorError when the whole call failed."""
        ...


@runtime_checkable
class ReadsParts(Protocol):
    """A source whose records have parts that are read along only when somebody wants them."""

    def including(self, parts: frozenset[str]) -> Source:
        """The same source, with these parts in every document."""
        ...


class Target(Protocol):
    """Writes one kind of record of one connection."""

    async def fetch_many(self, wanted: Sequence[Wanted]) -> Mapping[str, Existing]:
        """By key; a record that does not exist is absent from the answer."""
        ...

    def steps(self, intent: Intent, existing: Existing | None) -> Steps:
        """The calls that bring it about, in order. Pure."""
        ...

    async def apply(self, change: Change) -> Applied | Leave:
        """Send one change. A lost answer is a TimeError with ``in_doubt``.

        Leave where the target itself says that nothing can ever be written here (an address that was erased for good):
        settled with that reason, nothing for anybody to mend.
        """
        ...


@runtime_checkable
class Compares(Protocol):
    """A target whose records people edit as well: it can tell whether two values of one field mean the same."""

    def alike(self, field: str, wanted: Any, held: Any, document: Document) -> bool | None:
        """Whether the target says already what is wanted, perhaps in its own spelling; None for a field that no edit can
        be in conflict with (a consent follows a stated will). ``document`` is the whole record as it stands. Pure."""
        ...


@runtime_checkable
class GoesBy(Protocol):
    """A target whose records go by an address that people change there as well."""

    @property
    def address(self) -> str:
        """The leaf of a document that holds it. An edit of it is weighed like that of any field."""
        ...


@runtime_checkable
class Recognises(Protocol):
    """A target that is a source as well: it knows a record that was read there as it would find it itself."""

    def shown(self, document: Document) -> Document:
        """What a source read of a record here, in the words in which this target holds it. Pure."""
        ...


@runtime_checkable
class Restores(Protocol):
    """A target whose fields can be put back as they were before they were written over."""

    def kept(self, existing: Existing, changes: Sequence[Change]) -> Mapping[str, tuple[Any, Any]]:
        """By field, what these calls wrote over and what they wrote; nothing of what is never put back, as a person's
        consent. Pure."""
        ...

    def restored(
        self, existing: Existing, before: Mapping[str, tuple[Any, Any]]
    ) -> tuple[tuple[Change, ...], tuple[str, ...]]:
        """The calls that put fields back, and the names of those that somebody changed since, which stay. Pure."""
        ...


@runtime_checkable
class Fits(Protocol):
    """A target that knows what its records can hold. What it cannot hold is left out before anything is compared, so
    that it is written as soon as there is a place for it."""

    async def learn(self) -> None:
        """Ask what can be held, where that is not known or no longer believed. Raises like ``fetch_many``."""
        ...

    def fitted(self, desired: Desired) -> tuple[Desired, tuple[str, ...]]:
        """What can be held of it, as it would be kept, and a word for each value that stays behind. Pure."""
        ...


@runtime_checkable
class Refers(Protocol):
    """A target whose records name others that must be there: a sale its articles and its relation. They are looked up, and
    found wanting, before anything is written."""

    async def named(
        self, intents: Sequence[Intent], *, only: frozenset[str] | None = None
    ) -> Sequence[Mapping[tuple[str, str], Existing] | AppError]:
        """For each record that is to be made, what stands there of all that it names, ``only`` of these kinds, by kind and by
        the name that its document uses; or why that cannot be told for this one. Raises like ``fetch_many``."""
        ...


@runtime_checkable
class Carries(Protocol):
    """A target whose calls bring others along: a product its variants."""

    def carried_id(self, remote_id: str, kind: str, name: str) -> str:
        """The remote id of what is brought along, from that of the record that brings it. Pure."""
        ...


@runtime_checkable
class TakesNumbers(Protocol):
    """A target whose records get their numbers from us, where they have none by themselves: articles of a till."""

    async def taken(self, numbers: Sequence[int]) -> frozenset[int]:
        """Those of these numbers that somebody uses there already. Raises like ``fetch_many``."""
        ...


@runtime_checkable
class Looks(Protocol):
    """A client that can show every record of some kinds as it stands, for a comparison with what was written."""

    looked: frozenset[str]

    def look_at_all(self, kind: str) -> AsyncIterator[tuple[str, Document]]:
        """Remote id and what is compared, in the words of our documents, page after page and in any order. What is not
        shown of a record is not compared; an element of a named list that is not shown is not there."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A record that is to be shown, by its remote id. ``parts`` are those of its elements that have target records of their
    own: by the name under which the document lists them, the remote id of each."""

    remote_id: str
    parts: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Shows(Protocol):
    """A client that shows records of some kinds when asked by id, where looking through all of them to find ours would be too
    much: of a till's sales few are a shop's."""

    shown: frozenset[str]

    async def show(self, kind: str, asked: Sequence[Asked]) -> Mapping[str, Document]:
        """By remote id those that are there, in the same words as :meth:`Looks.look_at_all`."""
        ...


@dataclass(frozen=True, slots=True)
class SoldThere:
    """What one sale comes to at the target: ``total`` and ``shipping``, and each of its lines by its id there. VAT included."""

    id: str
    total: Decimal
    shipping: Decimal
    lines: Mapping[str, Decimal]


@runtime_checkable
class KeepsBooks(Protocol):
    """A source whose sales stand in its books by day."""

    def sold_between(
        self, first: date, last: date, *, parts: frozenset[str]
    ) -> AsyncIterator[Sequence[Fetched]]:
        """Every sale of these financial days, both included, page after page; ``parts`` are read along."""
        ...

    async def accounts(self) -> Mapping[str, str]:
        """The ledger account of what the lines of a sale name as theirs (``"3"``), and where a branch has its own, of that in
        this branch (``"3/2"``)."""
        ...


@dataclass(frozen=True, order=True, slots=True)
class FirstSale:
    """The first that somebody bought: ``at`` is aware, ``sale`` its reference, ``branch`` the number of the branch."""

    at: datetime
    sale: str
    branch: str


@runtime_checkable
class TellsFirstSales(Protocol):
    """A source that knows where somebody first bought something, however long ago."""

    async def first_sales(self, buyers: Sequence[str]) -> Mapping[str, FirstSale]:
        """By reference of the buyer; one who bought nothing is absent. Raises like ``fetch_many``."""
        ...


@runtime_checkable
class KeepsSales(Protocol):
    """A target that holds the sales that were sent."""

    def sales_there(self) -> AsyncIterator[SoldThere]:
        """Every sale, page after page."""
        ...

    def place_of_sale(
        self, kind: str, natural: str, lines: Sequence[str], *, credits: str | None
    ) -> tuple[str, tuple[str, ...]]:
        """The id of the sale in which one of ours stands, and those of these lines there; ``credits`` is the sale that it
        gives back. Pure."""
        ...


@runtime_checkable
class Scans(Protocol):
    """A client of a remote that does not tell what changed in some kinds of record: everything is looked at, narrowly."""

    scanned: frozenset[str]
    own_places: frozenset[str]
    """Where we write ourselves: nothing is read from there."""

    def scan(self, kind: str, places: Sequence[str]) -> AsyncIterator[Sequence[Glimpse]]:
        """Every record of the kind in these places (stores), page after page, in any order. One call a page."""
        ...

    def scan_recent(
        self, kind: str, places: Sequence[str], *, since: datetime, most: int
    ) -> AsyncIterator[Sequence[Glimpse]]:
        """Only the records of people who changed since that moment; nothing where they are more than ``most``."""
        ...


@runtime_checkable
class HoldsAutomations(Protocol):
    """A client whose remote sends mails of its own when records change, unless it is told that an import is under way."""

    async def hold_automations(self, held: bool) -> bool:
        """Hold them back, or let them go; whether that changed anything. What is not there need not be let go."""
        ...


class Client(Protocol):
    """One open connection."""

    account: str

    async def check(self) -> Diagnosis: ...

    async def marks(self) -> Mapping[str, int]:
        """The newest position per kind, in one light call. A kind without marks is absent."""
        ...

    async def changes(self, kind: str, *, since: int, limit: int = 500) -> Page:
        """Records of the kind whose position is ``since`` or later, lowest first page."""
        ...

    def source(self, kind: str) -> Source: ...

    def target(self, kind: str) -> Target: ...


@dataclass(frozen=True, slots=True)
class Recovery:
    """How long the system may go on with a call we gave up on, and how long a worker may hold its deliveries."""

    lease_s: float = 30.0
    hold_s: float = 130.0


# --- what a write brings about beside the record ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mails:
    """Mails that the remote sends of its own because of a change. ``welcomes``: so many at most, if such a mail is switched on.
    ``tags`` are those that somebody newly gets, ``tag_mails`` how many mails they start at most, if an automation starts on
    every one of them: none where automations are held back."""

    confirmations: int = 0
    welcomes: int = 0
    tags: tuple[str, ...] = ()
    tag_mails: int = 0


@runtime_checkable
class WritesToPeople(Protocol):
    """A client whose remote counts contacts on its bill, and writes to people of its own."""

    async def contacts(self, kind: str) -> int | None:
        """How many it counts now; None for a kind of record that is no contact."""
        ...

    def mails(self, change: Change) -> Mails:
        """What it will send because of this change. Pure."""
        ...
