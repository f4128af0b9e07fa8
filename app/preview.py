"""What would happen to one record, shown and not done: source, record, rules that fired, targets, differences. Pure.

It is made of a rehearsal, which goes the way of a batch, so that a preview shows what a delivery would do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from app.connectors.base import Document, Found
from app.pipeline.rehearsal import Act, Action, Rehearsed
from app.translation import Plan, leaves
from app.values.money import to_decimal

Outcome = Literal["delivered", "unchanged", "skipped", "filtered", "waiting", "held_back"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of the target: what it holds now and what it would hold. None: nothing."""

    path: str
    held: Any
    wanted: Any


@dataclass(frozen=True, slots=True)
class Call:
    """One call that would be sent."""

    summary: str
    payload: Document


@dataclass(frozen=True, slots=True)
class TargetPreview:
    """One target record. ``document`` holds only the fields that this run may write; ``held`` what is there now.

    ``action`` is ``leave`` where the target's own state, or the flow's settings, say that nothing is written.
    """

    kind: str
    natural: str | None
    action: Action
    document: Document
    held: Document | None
    differences: tuple[Difference, ...]
    calls: tuple[Call, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The whole way of one record. ``source`` is None where the source does not show it, ``record`` where none was made."""

    ref: str
    outcome: Outcome
    reason: str
    source: Document | None
    record: Document | None
    fired: tuple[str, ...]
    targets: tuple[TargetPreview, ...]
    warnings: tuple[str, ...]
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain data for an answer or a terminal: money as text, so that 12.50 stays 12.50; days and moments in ISO."""
        shown: dict[str, Any] = _plain(asdict(self))
        return shown


def preview_of(rehearsed: Rehearsed) -> Preview:
    """The preview of a rehearsed record."""
    source, plan, error = rehearsed.fetched, rehearsed.plan or Plan(), rehearsed.error
    targets = tuple(map(_target, rehearsed.acts))
    outcome, reason = _outcome(rehearsed, plan, targets)
    return Preview(
        ref=source.ref,
        outcome=outcome,
        reason=reason,
        source=source.document if isinstance(source, Found) else None,
        record=plan.record.model_dump() if plan.record is not None else None,
        fired=plan.fired,
        targets=targets,
        warnings=plan.warnings,
        advice=error.advice if error is not None else "",
    )


def _target(act: Act) -> TargetPreview:
    held = act.existing.document if act.existing is not None else None
    return TargetPreview(
        kind=act.kind,
        natural=act.natural,
        action=act.action,
        document=act.document,
        held=held,
        differences=_differences(leaves(act.document, act.scopes), leaves(held or {}, act.scopes)),
        calls=tuple(Call(change.summary(), change.payload()) for change in act.changes),
        reason=act.reason,
    )


def _outcome(rehearsed: Rehearsed, plan: Plan, targets: tuple[TargetPreview, ...]) -> tuple[Outcome, str]:
    """As the settled delivery would call it."""
    decision = plan.decision
    if rehearsed.error is not None:
        return "held_back", rehearsed.error.detail
    if rehearsed.needs_yes:
        return "waiting", "Many records vanished at the source: archiving this one waits for a person's yes."
    if rehearsed.waits:
        return "waiting", rehearsed.waits[0].reason
    if decision.skip is not None:
        return ("filtered" if decision.skip.filtered else "skipped"), decision.skip.reason
    if any(target.action not in ("unchanged", "leave") for target in targets):
        return "delivered", ""
    left = next((target for target in targets if target.action == "leave"), None)
    return ("skipped", left.reason) if left is not None else ("unchanged", "")


def _differences(wanted: Mapping[str, Any], held: Mapping[str, Any]) -> tuple[Difference, ...]:
    return tuple(
        Difference(path, held.get(path), value)
        for path, value in wanted.items()
        if not alike(value, held.get(path))
    )


def alike(one: Any, other: Any) -> bool:
    """1.50 is 1.5, a day is its ISO text, and an empty text is nothing."""
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return to_decimal(one) == to_decimal(other) and isinstance(one, bool) is isinstance(other, bool)
    return (_plain(one) or None) == (_plain(other) or None)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
