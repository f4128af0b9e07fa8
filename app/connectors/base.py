"""What a connector is: the words that every remote system and the pipeline share.

A connector is a folder. Its per-kind files are pure (``read``, shipped rows, ``steps``); only its client does I/O.
Kinds of record are the middle's words: ``customer``, ``product``, ``stock``, ``order``, ``category``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from app.errors import AdministratorError, AppError
from app.records.decision import Carried, TargetState, WriteMode

if TYPE_CHECKING:
    import httpx

Document = dict[str, Any]
"""Plain data in one system's own words: Decimals, ISO dates, the vendor's names."""

Mode = WriteMode

ShippedRow = tuple[Any, ...] | Mapping[str, Any]
"""A mapping row as plain data: ``(target, expression)``, with a mode third, or by name where a row needs more."""


# --- notifications: what webhooks and polls say ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Changed:
    """One record changed. ``dedupe`` makes the notification unique within its connection.

    ``ref`` names the record at the source without personal data (a relation number, a keyed hash).
    """

    kind: str
    ref: str
    dedupe: str
    previous_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody left one address for another, by a call that was verified. What cannot be read again: it rests sealed, for a
    day. ``kind`` is that of the record at the target whose key the address is."""

    kind: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class PollSoon:
    """Something may have changed among these kinds: polls become due now and a few times in the next seconds."""

    kinds: frozenset[str]
    dedupe: str
    moved: Moved | None = None


Notification = Changed | PollSoon


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What the remote is told: for MplusKASSA the signed constant ``{}``."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


# --- reading ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """A source record, decoded. ``position`` is its marker when the read tells it."""

    ref: str
    document: Document
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """The source says that there is no such record (missing rights look the same)."""

    ref: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The source answered with something that cannot be decoded: this record alone fails."""

    ref: str
    error: AppError


Fetched = Found | Gone | Unreadable


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a poll. ``position`` is the highest marker seen; ``found`` holds whole records where it has them."""

    changed: tuple[Changed, ...]
    position: int
    more: bool
    found: tuple[Fetched, ...] = ()


@dataclass(frozen=True, slots=True)
class Glimpse:
    """One record as a look at everything shows it: ``fingerprint`` differs when the record does. ``at`` is when it came about
    at the source, where that is told."""

    ref: str
    fingerprint: str
    at: datetime | None = None


# --- writing ------------------------------------------------------------------------------------------------------


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
    it brings along. ``numbers`` are those that we gave to some of that, by name. ``formerly`` are natural keys that it had
    before, the latest first, where nothing stands under the present one."""

    kind: str
    key: str
    natural: str | None
    remote_id: str | None
    whole: bool = False
    carries: tuple[Carried, ...] = ()
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
    ``numbers`` are those that we gave to what goes along, by name. ``doubtful``: the answer to an earlier call was lost, so
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
    remote ids of what was brought along, by name, where the target told them.
    """

    remote_id: str | None = None
    state: TargetState = "present"
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    answer: Document | None = None
    left_out: tuple[str, ...] = ()
    carries: Mapping[str, str] = field(default_factory=dict)


# --- the live side ------------------------------------------------------------------------------------------------


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
        be in conflict with (tags are only added). ``document`` is the whole record as it stands. Pure."""
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
        self, intents: Sequence[Intent]
    ) -> Sequence[Mapping[tuple[str, str], Existing] | AppError]:
        """For each record that is to be made, what stands there of all that it names, by kind and by the name that its
        document uses; or why that cannot be told for this one. Raises like ``fetch_many``."""
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
        """The ledger account of what the lines of a sale name as theirs."""
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


# --- fields that a remote defines itself ------------------------------------------------------------------------------

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


# --- webhooks that a remote lets us set up ourselves ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WebhookRegistration:
    """The remote's webhook for our address as it stands now. ``secret`` is told once, when it was made just now."""

    remote_id: str
    secret: str | None = None
    change: Literal["none", "made", "mended", "made_anew"] = "none"


@runtime_checkable
class RegistersWebhooks(Protocol):
    """A client whose remote has an API for webhooks (Mailchimp has, the till's are typed in by hand)."""

    async def ensure_webhook(
        self, url: str, *, remote_id: str | None, secret_known: bool
    ) -> WebhookRegistration:
        """Make or mend the webhook for this address. ``remote_id`` is the webhook that we remember as ours, and
        ``secret_known`` says that we hold its secret; a webhook that signs otherwise than we can verify is made anew."""
        ...

    async def remove_webhook(self, url: str) -> bool:
        """Take the webhook for this address away; False when there was none."""
        ...


# --- questions that not every remote can answer ----------------------------------------------------------------------


@runtime_checkable
class TellsLate(Protocol):
    """A client whose changes may become visible long after others with a higher position."""

    window: int
    """So many positions below the last one are read again."""


@runtime_checkable
class Dated(Protocol):
    """A client whose source tells when records changed."""

    async def position_before(self, kind: str, moment: datetime, *, newest: int) -> int | None:
        """The position below everything that changed at the moment or later; None for kinds that do not tell."""
        ...


@runtime_checkable
class LooksUp(Protocol):
    """A client that finds a record by what a person knows of it."""

    async def look_up(self, kind: str, *, email: str | None = None, sku: str | None = None) -> str | None:
        """The reference of the record with exactly this address, or of the one that this SKU is part of, or None."""
        ...


# --- a connector as a whole ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opening:
    """What a client is opened with. ``http`` is shared by all connections of the system; ``gate`` bounds the account.

    ``keyed_hash`` is the installation's: who reads people from a system that knows them by address needs it for refs.
    """

    settings: BaseModel
    credentials: BaseModel
    http: httpx.AsyncClient
    gate: Gate
    webhook_url: str | None = None
    keyed_hash: Callable[..., str] | None = None


@dataclass(frozen=True, slots=True)
class Connector:
    """One remote system, described once, as it stands in ``registry.py``.

    ``settings`` hold nothing secret, ``credentials`` only what is sealed. ``address`` is where it talks to, ``account``
    whose limits count (``Diagnosis.account`` may know better later). ``open`` makes a client without talking to anybody.
    ``out_rows`` and ``in_rows`` are the shipped rows by kind of record, ``out_fields`` and ``in_fields`` the fields
    that its documents have in every account; those of the merchant's own making a client tells (:class:`TellsFields`).
    ``permits`` is the default number of simultaneous
    requests of one account. ``side`` is what the system is to a merchant: flows that make sense one way only ask for it.
    """

    name: str
    title: str
    side: Literal["till", "audience"]
    settings: type[BaseModel]
    credentials: type[BaseModel]
    address: Callable[[Any, Any], str]
    account: Callable[[Any, Any], str]
    open: Callable[[Opening], Client]
    out_rows: Mapping[str, Sequence[ShippedRow]] = field(default_factory=dict)
    in_rows: Mapping[str, Sequence[ShippedRow]] = field(default_factory=dict)
    out_fields: Mapping[str, Fields] = field(default_factory=dict)
    in_fields: Mapping[str, Fields] = field(default_factory=dict)
    permits: int = 2
    recovery: Recovery = field(default_factory=Recovery)
    sandbox_recovery: Recovery = field(default_factory=lambda: Recovery(lease_s=5.0, hold_s=3.0))


def wrong_kind(system: str, kind: str) -> AdministratorError:
    """The error for a kind of record that a connector does not know."""
    return AdministratorError(
        f"{system} does not know records of the kind {kind!r}.",
        advice="Choose a flow that both systems know.",
        code="unknown_kind",
    )
