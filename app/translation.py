"""From a source document to what is wanted at the target: pure, one object per flow version.

Filters ask about the source document, leg 1 rows make the record, rules change it, filters and lists ask about what
they left, the flow decides, and leg 2 rows make a target document for every put.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from app.connectors.base import Desired, Document, Found, Gone, Mode
from app.errors import MappingFailed
from app.flows.base import FlowKind, FlowSettings
from app.flows.mapping import CompiledMapping
from app.records.decision import Decision, Known, Put, Skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted: ``desired`` stands beside ``decision.puts``, one each. ``fired`` names the rules that did something."""

    decision: Decision = field(default_factory=Decision)
    desired: tuple[Desired, ...] = ()
    record: BaseModel | None = None
    fired: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Translation(Protocol):
    """What the pipeline needs of a flow."""

    @property
    def target_kinds(self) -> tuple[str, ...]:
        """The kinds of target record this flow may own."""
        ...

    def plan(self, source: Found | Gone, known: Known) -> Plan:
        """Raises MappingFailed when a row or rule cannot apply to this record."""
        ...


@dataclass(frozen=True, slots=True)
class RowTranslation:
    """A flow's translation by rows, filters and rules, which were compiled once per flow version.

    ``said`` is what expressions see as ``settings``: the flow's own, and those it inherits.
    """

    kind: FlowKind
    settings: FlowSettings
    mapping: CompiledMapping
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def target_kinds(self) -> tuple[str, ...]:
        """The kinds of target record this flow may own."""
        return self.kind.target_kinds

    def plan(self, source: Found | Gone, known: Known) -> Plan:
        """The whole way from a source document to target documents."""
        if isinstance(source, Gone):
            return Plan(decision=self._spared(self.kind.gone(self.settings, known), known))
        mapping, said = self.mapping, self.said
        kept_back = mapping.before.judge(source.document, settings=said)
        if kept_back is not None:
            return self._filtered(known, kept_back.sentence)
        read = mapping.leg1.apply(source.document, settings=said)
        if read.skip is not None:
            return self._filtered(
                known, f"Filtered by a mapping row: {read.skip}.", Plan(warnings=read.warnings)
            )
        record = self._validated(read.document, "leg 1")
        before = self.kind.reach(record)
        record, plan, reason = self._ruled(record, Plan(record=record, warnings=read.warnings))
        if reason is None:
            record, reason = self._listed(record)
        if reason is not None:
            return self._filtered(known, reason, plan)
        return self._written(record, known, plan, held_back=before - self.kind.reach(record))

    def plan_record(self, record: BaseModel, known: Known) -> Plan:
        """The way of a record that no source document tells of: the decision, and the second leg."""
        return self._written(record, known, Plan(record=record), held_back=frozenset())

    def _ruled(self, record: BaseModel, plan: Plan) -> tuple[BaseModel, Plan, str | None]:
        """The record after the rules, and the reason where one of them leaves it out."""
        if not self.mapping.rules.rules:
            return record, plan, None
        ruled = self.mapping.rules.apply(record.model_dump(), settings=self.said)
        plan = replace(plan, fired=ruled.fired, warnings=plan.warnings + ruled.warnings)
        if ruled.stop is not None:
            raise MappingFailed(
                f"The rule {ruled.fired[-1]!r} holds this record back: {ruled.stop}",
                row=ruled.fired[-1],
                advice="Correct the record at its source, or change the rule; then send it again.",
                code="stopped_by_rule",
            )
        if ruled.skip is not None:
            return record, plan, f"Filtered by rule {ruled.fired[-1]!r}: {ruled.skip}"
        if ruled.fired:
            record = self._validated(ruled.document, f"the rules ({', '.join(ruled.fired)})")
        return record, replace(plan, record=record), None

    def _listed(self, record: BaseModel) -> tuple[BaseModel, str | None]:
        """The record without listed elements (a variant by its SKU), and the reason where all of it stays here."""
        mapping = self.mapping
        if not (mapping.after.judges or mapping.listed.judges or mapping.elements):
            return record, None
        values = record.model_dump()
        kept_back = mapping.after.judge(values, settings=self.said) or mapping.listed.judge(values)
        if kept_back is not None:
            return record, kept_back.sentence
        for name, listed in mapping.elements.items():
            judged = [listed.judge(element) for element in values.get(name) or ()]
            refused = [found for found in judged if found is not None]
            if refused and len(refused) == len(judged):
                return record, refused[0].sentence
            if refused:
                elements = zip(getattr(record, name), judged, strict=True)
                kept = tuple(element for element, found in elements if found is None)
                record = record.model_copy(update={name: kept})
        return record, None

    def _written(
        self, record: BaseModel, known: Known, plan: Plan, *, held_back: frozenset[tuple[str, str]]
    ) -> Plan:
        """The flow's decision, and a target document for every put that no list or table keeps back."""
        decision = self._spared(self.kind.decide(record, self.settings, known), known)
        puts: list[Put] = []
        desired: list[Desired] = []
        warnings = [*plan.warnings, *decision.warnings]
        refused: dict[tuple[str, str], str] = {}
        for put in decision.puts:
            values = put.record.model_dump()
            listed = self.mapping.puts.judge(values)
            if listed is not None:
                refused[put.kind, put.natural] = listed.sentence
                continue
            written = self.mapping.leg2.apply(values, settings=self.said)
            warnings += written.warnings
            if written.skip is not None:
                refused[put.kind, put.natural] = f"Filtered by a mapping row: {written.skip}."
                continue
            puts.append(put)
            modes = dict(written.modes) | dict(put.modes)
            desired.append(
                Desired(
                    written.document,
                    modes,
                    self.kind.target_scopes,
                    _always(self.mapping.leg2.emptiable, put.modes),
                )
            )
        if held_back or refused:
            warnings += (f"kept_back: {sentence}" for sentence in refused.values())
            reason = next(iter(refused.values()), "Filtered by a rule.")
            quiet = held_back | refused.keys() - {(put.kind, put.natural) for put in puts}
            decision = self._without(replace(decision, puts=tuple(puts)), known, quiet, reason)
        return replace(
            plan,
            decision=decision,
            record=record,
            desired=tuple(desired),
            warnings=tuple(dict.fromkeys(warnings)),
        )

    def _spared(self, decision: Decision, known: Known) -> Decision:
        """The decision without archives of what is listed: a record on the block list is not touched at all."""
        names = self.mapping.untouched.names
        kept = tuple(each for each in decision.archives if not names(each.kind, each.key, known.hashed))
        if len(kept) == len(decision.archives):
            return decision
        decision = replace(decision, archives=kept)
        nothing = not (decision.puts or kept or decision.skip or decision.waits)
        listed = Skip("filtered", "Filtered by a list: what was sent before is left as it is.", filtered=True)
        return replace(decision, skip=listed) if nothing else decision

    def _without(
        self, decision: Decision, known: Known, quiet: Set[tuple[str, str]], reason: str
    ) -> Decision:
        """The decision with the targets that a rule or list keeps back treated by the policy for filtered records.

        Otherwise a contact on the block list would look like one who left the company, and be archived for it.
        """
        moved = {put.moves_from for put in decision.puts}
        keys = {(kind, known.hashed(kind, natural)) for kind, natural in quiet}
        theirs = tuple(t for t in known.targets if (t.kind, t.key) in keys and t.key not in moved)
        skip = Skip("filtered", reason, filtered=True)
        by_policy = self.kind.filtered(self.settings, replace(known, targets=theirs), skip)
        archives = tuple(each for each in decision.archives if (each.kind, each.key) not in keys)
        decision = replace(decision, archives=archives + by_policy.archives)
        nothing = not (decision.puts or decision.archives or decision.skip or decision.waits)
        return replace(decision, skip=skip) if nothing else decision

    def _filtered(self, known: Known, reason: str, plan: Plan | None = None) -> Plan:
        decision = self.kind.filtered(self.settings, known, Skip("filtered", reason, filtered=True))
        return replace(plan or Plan(), decision=decision)

    def _validated(self, values: dict[str, Any], by: str) -> BaseModel:
        try:
            return self.kind.record.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise MappingFailed(
                f"The field {place} of the {self.kind.record_kind} cannot hold what {by} gives it: {first['msg']}.",
                field=place,
                row=place,
                advice=f"Look at the record in the preview, and change what fills this field in {by}.",
            ) from None


def _always(emptiable: frozenset[str], modes: Mapping[str, Mode]) -> frozenset[str]:
    """The paths that are always written, but for those that a put writes at times only."""
    at_times = {path for path, mode in modes.items() if mode in ("create", "if_empty")}
    return emptiable - at_times if at_times else emptiable


def leaves(document: Document, scopes: Mapping[str, str]) -> dict[str, Any]:
    """Flatten into leaves: ``a.b``, and ``variants[<id>].price`` for the lists that have an identity key."""
    found: dict[str, Any] = {}

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict) and value:
            for name, inner in value.items():
                walk(inner, f"{path}.{name}" if path else str(name))
        elif isinstance(value, list | tuple) and path in scopes:
            identity = scopes[path]
            for item in value:
                for name, inner in item.items():
                    walk(inner, f"{path}[{item.get(identity)}].{name}")
        else:
            found[path] = value

    walk(document, "")
    return found


def narrowed(desired: Desired, *, exists: bool, existing: Mapping[str, Any] | None) -> Document:
    """The document with only the fields that this run may write.

    ``create`` rows count when the record does not exist, ``update`` rows when it does; ``if_empty`` rows when the
    existing leaf is empty (unknown counts as filled: what a person enriched must survive). A row that writes a whole
    object lends its mode to everything inside it that has none of its own.
    """

    def wanted(path: str) -> bool:
        mode = _mode_of(_unindexed(path), desired.modes)
        if mode == "create":
            return not exists
        if mode == "update":
            return exists
        if mode == "if_empty" and exists:
            return existing is not None and existing.get(path) in (None, "", [], {})
        return True

    if not desired.modes:
        return desired.document
    kept: Document = _kept(desired.document, "", desired.scopes, wanted)
    return kept


def _mode_of(path: str, modes: Mapping[str, Mode]) -> Mode:
    while path:
        if path in modes:
            return modes[path]
        path = path.rpartition(".")[0]
    return "always"


def _unindexed(path: str) -> str:
    while "[" in path:
        start = path.index("[")
        path = path[:start] + path[path.index("]", start) + 1 :]
    return path


def _kept(value: Any, path: str, scopes: Mapping[str, str], wanted: Callable[[str], bool]) -> Any:
    result: dict[str, Any] = {}
    for name, inner in value.items():
        place = f"{path}.{name}" if path else str(name)
        if isinstance(inner, dict) and inner:
            if kept := _kept(inner, place, scopes, wanted):
                result[name] = kept
        elif isinstance(inner, list | tuple) and place in scopes:
            identity = scopes[place]
            result[name] = [
                {identity: item.get(identity)} | _kept(item, f"{place}[{item.get(identity)}]", scopes, wanted)
                for item in inner
            ]
        elif wanted(place):
            result[name] = inner
    return result


_LOOKS = frozenset({"if_empty", "target_wins", "newest"})


def needs_existing_leaves(desired: Desired) -> bool:
    """True when a row looks at what the target holds."""
    return not _LOOKS.isdisjoint(desired.modes.values())
