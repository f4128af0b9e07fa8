"""What a flow is: one kind of record from one connection to another, as settings and a pure decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from app.records.decision import Decision, Known, Skip, Supply

Side = Literal["till", "audience"]


class FlowSettings(BaseModel):
    """Base of every flow's settings: declared once, with title, description, default and example on each field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Scan:
    """How a source that does not tell what changed is looked through: in which places, how often at most, and how many
    calls a minute that may cost on average, so that large places are looked at less often. ``asks_for_gone``: what a whole
    look does not show any more is asked for, so that the flow hears of it."""

    places: tuple[str, ...]
    every_s: float
    calls_a_minute: float
    asks_for_gone: bool = False


def no_scan(_settings: Any) -> Scan | None:
    """The source tells what changed."""
    return None


@dataclass(frozen=True, slots=True)
class Making:
    """Another kind of flow, and the settings by which it makes what a record names: articles for an order.

    ``joined`` completes what the source shows of a record (None: it has it no more) with what these supplies tell of the parts
    that it does not show; the very record where it shows all. Raises MappingFailed.
    """

    kind: FlowKind
    settings: FlowSettings
    joined: Callable[[Any, Sequence[Supply]], Any]


@dataclass(frozen=True, slots=True)
class NamedField:
    """A custom field that a setting calls by name, of records at the flow's source or its target."""

    end: Literal["source", "target"]
    name: str


@dataclass(frozen=True, slots=True)
class FlowKind:
    """One kind of flow, as it stands in ``registry.py``.

    ``decide`` takes a record, ``gone`` a reference that vanished from the source, ``filtered`` one that a filter or
    rule now keeps back (its reason stands in the skip); all are pure and answer in the middle's words. ``begins`` says
    where a new flow starts: customers, products and stock with everything, orders at today's marker.

    ``tags`` is the record's path of its tags, or of its buyer's, where it has any. Block and allow lists (``sku``, ``email``, ``customer``,
    ``order``) look at ``list_keys`` of the whole record, at ``list_elements`` of a list inside it, where a listed
    element alone is left out, and at ``put_list_keys`` of what goes to one target record. ``reach`` names the targets
    (kind, natural key) that a record speaks of: those a rule takes out of it are filtered, not left behind. ``parts``
    are what a source is to read along with every record, by these settings. ``follows`` is the kind of target that
    another flow brings along and whose natural key is a reference of this flow: when one appears, it is asked for. ``also`` names
    the sequences of the source that, by these settings, tell of this kind's records beside its own, read from the day on.
    ``quiet_import``: while it works off a backfill the target's own automations are held back. ``history``: what was there
    before its start is brought when a person asks for it. ``compares`` says what a comparison reads: both sides; or the ``target`` alone, beside
    what was sent, where reading all of the source is too much: ``not_compared`` tells people why, and what else is left out.
    ``element_kinds``: by list of the target document, the kind of target record that its elements have rows of. ``scan`` says how a source is looked through that does not tell what changed; the position of
    such a flow is a moment, in seconds: what came about earlier is history.
    ``way`` says which side is read and which is written, where the settings make sense one way only. ``put_record`` is what the
    second leg reads, where the decision hands it something else than the record. ``undo`` says what becomes of targets that a run
    made and that a person takes back; its skip says why some stay. ``makes`` is the kind of flow, with its settings, that makes
    what a record of this one names and the target does not have. ``derives`` says which single members of a set the decision makes of
    which others, by path in the record: a category of the tags that lead to it. ``named_fields`` are the custom fields that
    settings call by name, by setting. ``ranges`` are the numbers that it gives out, first and last, by
    the place of the setting.
    """

    name: str
    record_kind: str
    record: type[BaseModel]
    settings: type[FlowSettings]
    decide: Callable[[Any, Any, Known], Decision]
    gone: Callable[[Any, Known], Decision]
    filtered: Callable[[Any, Known, Skip], Decision]
    target_kinds: tuple[str, ...]
    begins: Literal["beginning", "now"] = "beginning"
    window_s: float = 10.0
    deadline_s: float = 24 * 3600.0
    scopes: Mapping[str, str] = field(default_factory=dict)
    target_scopes: Mapping[str, str] = field(default_factory=dict)
    tags: str | None = None
    list_keys: Mapping[str, str] = field(default_factory=dict)
    list_elements: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    put_list_keys: Mapping[str, str] = field(default_factory=dict)
    reach: Callable[[Any], frozenset[tuple[str, str]]] = lambda _record: frozenset()
    parts: Callable[[Any], frozenset[str]] = lambda _settings: frozenset()
    follows: str | None = None
    also: Callable[[Any], tuple[str, ...]] = lambda _settings: ()
    quiet_import: bool = False
    put_record: type[BaseModel] | None = None
    history: bool = False
    compares: Literal["both", "target"] = "both"
    not_compared: str | None = None
    element_kinds: Mapping[str, str] = field(default_factory=dict)
    scan: Callable[[Any], Scan | None] = no_scan
    way: tuple[Side, Side] | None = None
    makes: Callable[[Any], Making | None] = lambda _settings: None
    derives: Callable[[Any], Mapping[str, frozenset[str]]] = lambda _settings: {}
    named_fields: Callable[[Any], Mapping[str, NamedField]] = lambda _settings: {}
    ranges: Callable[[Any], Mapping[str, tuple[int, int]]] = lambda _settings: {}

    @property
    def reads_other_places(self) -> bool:
        """It looks through places that this service never writes: nothing that goes the other way comes back through it."""
        return self.scan is not no_scan

    undo: Callable[[Any, Known], Decision] = lambda _settings, _known: Decision(
        skip=Skip("not_undoable", "What this flow brings cannot be taken back.")
    )
