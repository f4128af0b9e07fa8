"""From a source document to what is wanted at the target: pure, one object per flow version.

Leg 1 rows make the record, the flow decides, leg 2 rows make a target document for every put.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from app.connectors.base import Desired, Document, Found, Gone, Mode
from app.errors import MappingFailed
from app.flows.base import FlowKind, FlowSettings
from app.records.decision import Decision, Known


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted: ``desired`` stands beside ``decision.puts``, one each."""

    decision: Decision
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


class LegResult(Protocol):
    """What one leg makes of a document."""

    document: dict[str, Any]
    modes: Mapping[str, Any]
    warnings: tuple[str, ...]


Leg = Callable[[dict[str, Any]], LegResult]


@dataclass(frozen=True, slots=True)
class RowTranslation:
    """A flow's translation by rows. The legs are compiled once per flow version."""

    kind: FlowKind
    settings: FlowSettings
    leg1: Leg
    leg2: Leg
    target_scopes: Mapping[str, str] = field(default_factory=dict)

    @property
    def target_kinds(self) -> tuple[str, ...]:
        """The kinds of target record this flow may own."""
        return self.kind.target_kinds

    def plan(self, source: Found | Gone, known: Known) -> Plan:
        """The whole way from a source document to target documents."""
        if isinstance(source, Gone):
            return Plan(decision=self.kind.gone(self.settings, known))
        read = self.leg1(source.document)
        record = self._validated(read.document)
        decision = self.kind.decide(record, self.settings, known)
        desired: list[Desired] = []
        warnings = list(read.warnings) + list(decision.warnings)
        for put in decision.puts:
            written = self.leg2(put.record.model_dump())
            warnings += written.warnings
            desired.append(Desired(written.document, dict(written.modes), self.target_scopes))
        return Plan(
            decision=decision, desired=tuple(desired), record=record, warnings=tuple(dict.fromkeys(warnings))
        )

    def _validated(self, values: dict[str, Any]) -> BaseModel:
        try:
            return self.kind.record.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise MappingFailed(
                f"The field {place} of the {self.kind.record_kind} cannot hold what leg 1 gives it: {first['msg']}.",
                field=place,
                row=place,
                advice="Change the row of leg 1 that fills this field.",
            ) from None


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
    existing leaf is empty (unknown counts as filled: what a person enriched must survive).
    """

    def wanted(path: str) -> bool:
        mode: Mode = desired.modes.get(_unindexed(path), "always")
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


def needs_existing_leaves(desired: Desired) -> bool:
    """True when a row looks at what the target holds."""
    return "if_empty" in desired.modes.values()
