"""Business rules: between reading and writing, on any field of the record.

Rules run once each, in their order; a rule sees what the rules before it changed and can never call one again, so
rules cannot run in circles and the same record always ends the same. The record itself is not touched: the first
rule that changes something works on a copy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.errors import InvalidInput, MappingFailed
from app.mapping.actions import Action, AddTag, Skip, Stop
from app.mapping.comparisons import Ask
from app.mapping.conditions import When, compile_when
from app.mapping.effects import TAGS, Effect, StopRecord, compile_action
from app.mapping.firing import Fire, RuleParts, over_elements, over_record
from app.mapping.run import LISTS, MAX_CALLS, Run, SkipRecord
from app.mapping.tables import Tables
from app.mapping.writing import FAULTS
from app.values.text import as_text

MAX_RULES = 500


class Rule(BaseModel):
    """One rule: if this holds, do that; otherwise do the other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        title="Name",
        description="What logs and previews call the rule.",
        examples=["Belgian companies pay in 14 days"],
        min_length=1,
        max_length=200,
    )
    on: bool = Field(
        default=True, title="On", description="A rule that is off is kept and does nothing.", examples=[True]
    )
    each: str | None = Field(
        default=None,
        title="For each element of",
        description=(
            "Path of a list: the rule runs for every element, conditions and expressions look at {item, whole, "
            "settings}, and fields that change are the element's."
        ),
        examples=["lines"],
        max_length=200,
    )
    guard: When | None = Field(
        default=None,
        title="Only for records where",
        description="Where this does not hold the rule is not looked at: neither `then` nor `otherwise` happens.",
        examples=[{"field": "company", "is": "not_empty"}],
    )
    when: When | None = Field(
        default=None,
        title="If",
        description="The condition. Without one the rule always holds.",
        examples=[{"field": "billing.country", "is": "equals", "value": "BE"}],
    )
    then: tuple[Action, ...] = Field(
        title="Then",
        description="What is done when the condition holds, in order.",
        examples=[[{"do": "set", "field": "payment_days", "value": 14}]],
        min_length=1,
        max_length=50,
    )
    otherwise: tuple[Action, ...] = Field(
        default=(),
        title="Otherwise",
        description="What is done when it does not hold.",
        examples=[[]],
        max_length=50,
    )


@dataclass(frozen=True, slots=True)
class Ruled:
    """The record after the rules. ``fired`` are the names of the rules that did something, in order.

    ``skip``: a rule or table leaves the record out, with its reason. ``stop``: a rule holds it back with a message
    for people. In both cases the document is as it was at that moment.
    """

    document: dict[str, Any]
    fired: tuple[str, ...] = ()
    skip: str | None = None
    stop: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    fire: Fire
    calls: int


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules, compiled once per flow version. ``sources`` and ``targets`` are the record's paths they read and change."""

    rules: tuple[_Rule, ...]
    tags: tuple[str, ...]
    sources: frozenset[str]
    targets: frozenset[str]
    tables: Tables

    @classmethod
    def compile(
        cls,
        rules: Sequence[Rule],
        *,
        tags: str | None = "tags",
        tables: Tables | None = None,
    ) -> RuleSet:
        """``tags`` is where this kind of record keeps them, if it does. Raises InvalidInput naming the rule's part."""
        if len(rules) > MAX_RULES:
            raise InvalidInput(
                f"There are at most {MAX_RULES:,} rules; these are {len(rules):,}.", field="rules"
            )
        where = tuple(tags.split(".")) if tags else ()
        sources: set[str] = set()
        compiled = [
            _compiled(rule, f"rules[{at}]", sources, tables, has_tags=tags is not None)
            for at, rule in enumerate(rules)
        ]
        active = tuple(made for made, rule in zip(compiled, rules, strict=True) if rule.on)
        targets = {path for rule in rules for path in _changed(rule)}
        if sum(rule.calls for rule in active) > MAX_CALLS:
            raise InvalidInput(
                f"The rules call more than {MAX_CALLS:,} functions.",
                field="rules",
                advice="Make them simpler.",
            )
        return cls(active, where, frozenset(sources), frozenset(targets), dict(tables or {}))

    def apply(self, document: dict[str, Any], *, settings: Mapping[str, Any] | None = None) -> Ruled:
        """The record after all rules, in one pass. Raises MappingFailed naming the rule that cannot apply."""
        if not self.rules:
            return Ruled(document)
        run = Run(settings=settings, tables=self.tables)
        fired: list[str] = []
        skip = stop = None
        record = dict(document)  # what changes inside is copied where it changes
        if settings is not None:
            record["settings"] = settings
        for rule in self.rules:
            run.row = rule.name
            try:
                done = rule.fire(record, settings, run)
            except SkipRecord as outcome:
                skip = str(outcome)
            except StopRecord as outcome:
                stop = str(outcome)
            except MappingFailed as error:
                raise _named(error, rule.name) from None
            except FAULTS as error:
                raise _named(
                    MappingFailed(f"it does not fit this record ({type(error).__name__})"), rule.name
                ) from None
            if skip is not None or stop is not None:
                fired.append(rule.name)
                break
            if done:
                fired.append(rule.name)
        _settle_tags(record, self.tags)
        if settings is not None:
            record.pop("settings", None)
        return Ruled(record, tuple(fired), skip, stop, tuple(run.notes))


def _compiled(rule: Rule, place: str, sources: set[str], tables: Tables | None, *, has_tags: bool) -> _Rule:
    calls = 0

    def ask(when: When | None, name: str) -> Ask | None:
        nonlocal calls
        if when is None:
            return None
        question = compile_when(when, place=f"{place}.{name}", tables=tables)
        sources.update(_from_root(question.reads, rule.each))
        calls += question.calls
        return question.ask

    def effects(actions: tuple[Action, ...], name: str) -> tuple[Effect, ...]:
        nonlocal calls
        made = []
        for at, action in enumerate(actions):
            here = f"{place}.{name}[{at}]"
            if isinstance(action, AddTag) and not has_tags:
                raise InvalidInput("This kind of record has no tags.", field=f"{here}.do")
            compiled = compile_action(action, place=here, rule=rule.name, tables=tables)
            sources.update(_from_root(compiled.reads, rule.each))
            calls += compiled.calls
            made.append(compiled.effect)
        return tuple(made)

    each = tuple(rule.each.split(".")) if rule.each else ()
    if any(not name for name in each):
        raise InvalidInput(f"{rule.each!r} is no path: names with dots are.", field=f"{place}.each")
    guard, when = ask(rule.guard, "guard"), ask(rule.when, "when")
    then, otherwise = effects(rule.then, "then"), effects(rule.otherwise, "otherwise")
    parts = RuleParts(guard, when, then, otherwise, calls)
    return _Rule(rule.name, over_elements(parts, each) if each else over_record(parts), calls)


def _from_root(reads: frozenset[str], each: str | None) -> frozenset[str]:
    """Paths as the record knows them; settings are none of its fields."""
    found = (path for path in reads if path != "settings" and not path.startswith("settings."))
    if each is None:
        return frozenset(found)
    inside = ((path.removeprefix("item."), path) for path in found)
    return frozenset(
        f"{each}[].{inner}" if inner != path else path.removeprefix("whole.")
        for inner, path in inside
        if path not in ("item", "whole")
    )


def _changed(rule: Rule) -> set[str]:
    prefix = f"{rule.each}[]." if rule.each else ""
    actions = (*rule.then, *rule.otherwise)
    return {f"{prefix}{action.field}" for action in actions if not isinstance(action, AddTag | Skip | Stop)}


def _settle_tags(record: dict[str, Any], path: tuple[str, ...]) -> None:
    added = record.pop(TAGS, None)
    if not added:
        return
    for name in path[:-1]:
        inner = record.get(name)
        record[name] = record = dict(inner) if isinstance(inner, dict) else {}
    present = record.get(path[-1])
    held = list(present) if isinstance(present, LISTS) else [present] if as_text(present) else []
    record[path[-1]] = held + [tag for tag in added if tag not in held]


def _named(error: MappingFailed, rule: str) -> MappingFailed:
    return MappingFailed(
        f"The rule {rule!r}: {error.detail.rstrip('.')}.",
        row=rule,
        advice=error.advice or "Change the rule, or correct the record at its source.",
        code=error.code,
    )
