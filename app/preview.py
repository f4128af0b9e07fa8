"""What would happen to one record, shown and not done: source, record, rules that fired, targets, differences. Pure.

Whoever shows a preview reads the source record, lets the flow's translation plan it, asks the target for what
:func:`lookups` names, and hands both to :func:`preview_of`. Nothing is written on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from app.connectors.base import Desired, Document, Existing, Found, Gone, Intent, Leave, Steps, Wanted
from app.errors import AppError
from app.records.decision import Archive, Known, KnownTarget, Put
from app.translation import Plan, leaves, narrowed
from app.values.money import to_decimal

Key = tuple[str, str]
StepsOf = Callable[[Intent, Existing | None], Steps]
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
    action: Literal["create", "update", "unchanged", "archive", "delete", "leave"]
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


def lookups(plan: Plan, known: Known) -> tuple[Wanted, ...]:
    """What to ask the target for, so that the preview can tell what it holds."""
    owned = {(target.kind, target.key): target for target in known.targets}

    def wanted(kind: str, key: str, natural: str | None, before: str | None = None) -> Wanted:
        target = owned.get((kind, before or key)) or owned.get((kind, key))
        return Wanted(
            kind=kind, key=key, natural=natural, remote_id=target.remote_id if target else None, whole=True
        )

    puts = [
        wanted(put.kind, known.hashed(put.kind, put.natural), put.natural, put.moves_from)
        for put in plan.decision.puts
    ]
    return (*puts, *(wanted(each.kind, each.key, None) for each in plan.decision.archives))


def preview_of(
    source: Found | Gone,
    plan: Plan,
    known: Known,
    *,
    existing: Mapping[Key, Existing],
    steps: Mapping[str, StepsOf] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Preview:
    """The preview of a planned record.

    ``existing`` is what the target holds, by kind and target key; what is not in it does not exist. ``steps`` are the
    target's, by kind of target, where the calls are to be shown; ``options`` the flow's settings that they may ask for.
    """
    owned = {(target.kind, target.key): target for target in known.targets}
    targets = [
        _put(put, desired, known, owned, existing, (steps or {}).get(put.kind), options or {})
        for put, desired in zip(plan.decision.puts, plan.desired, strict=True)
    ]
    targets += [_archive(each, existing, (steps or {}).get(each.kind)) for each in plan.decision.archives]
    outcome, reason = _outcome(plan, targets)
    return Preview(
        ref=source.ref,
        outcome=outcome,
        reason=reason,
        source=source.document if isinstance(source, Found) else None,
        record=plan.record.model_dump() if plan.record is not None else None,
        fired=plan.fired,
        targets=tuple(targets),
        warnings=plan.warnings,
    )


def preview_failed(source: Found | Gone, error: AppError) -> Preview:
    """The preview of a record that a row or rule cannot apply to, or that a rule holds back."""
    return Preview(
        ref=source.ref,
        outcome="held_back",
        reason=error.detail,
        source=source.document if isinstance(source, Found) else None,
        record=None,
        fired=(),
        targets=(),
        warnings=(),
        advice=error.advice,
    )


def _put(
    put: Put,
    desired: Desired,
    known: Known,
    owned: Mapping[Key, KnownTarget],
    existing: Mapping[Key, Existing],
    steps: StepsOf | None,
    options: Mapping[str, Any],
) -> TargetPreview:
    key = known.hashed(put.kind, put.natural)
    old = owned.get((put.kind, put.moves_from)) if put.moves_from else None
    held = existing.get((put.kind, key))
    fields = leaves(held.document, desired.scopes) if held is not None else None
    document = narrowed(desired, exists=held is not None, existing=fields)
    differences = _differences(leaves(document, desired.scopes), fields or {})
    intent = Intent(
        kind=put.kind,
        key=key,
        natural=put.natural,
        remote_id=held.remote_id if held is not None else None,
        desired=desired,
        document=document,
        moves_from_id=old.remote_id if old is not None else None,
        create=put.create,
        update=put.update,
        options={**options, **put.options},
        facts=dict((old or owned.get((put.kind, key)) or _NOBODY).facts),
    )
    taken = steps(intent, held) if steps is not None else None
    action: Literal["create", "update", "unchanged", "leave"]
    if isinstance(taken, Leave) or not (put.create if held is None else put.update):
        action = "leave"
    elif held is None:
        action = "create"
    else:
        action = "update" if (differences if taken is None else taken) else "unchanged"
    return TargetPreview(
        kind=put.kind,
        natural=put.natural,
        action=action,
        document=document,
        held=held.document if held is not None else None,
        differences=differences,
        calls=_calls(taken),
        reason=taken.reason if isinstance(taken, Leave) else "",
    )


def _archive(each: Archive, existing: Mapping[Key, Existing], steps: StepsOf | None) -> TargetPreview:
    held = existing.get((each.kind, each.key))
    intent = Intent(
        kind=each.kind,
        key=each.key,
        natural=None,
        remote_id=held.remote_id if held is not None else None,
        desired=None,
        permanently=each.permanently,
    )
    taken = steps(intent, held) if steps is not None else None
    left = isinstance(taken, Leave) or held is None
    return TargetPreview(
        kind=each.kind,
        natural=None,
        action="leave" if left else "delete" if each.permanently else "archive",
        document={},
        held=held.document if held is not None else None,
        differences=(),
        calls=_calls(taken),
        reason=taken.reason if isinstance(taken, Leave) else each.reason,
    )


def _calls(taken: Steps | None) -> tuple[Call, ...]:
    if taken is None or isinstance(taken, Leave):
        return ()
    return tuple(Call(change.summary(), change.payload()) for change in taken)


def _outcome(plan: Plan, targets: list[TargetPreview]) -> tuple[Outcome, str]:
    """As the settled delivery would call it."""
    decision = plan.decision
    if decision.waits:
        return "waiting", decision.waits[0].reason
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
        if not _alike(value, held.get(path))
    )


def _alike(one: Any, other: Any) -> bool:
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


_NOBODY = KnownTarget(kind="", key="", remote_id=None, own=False)
