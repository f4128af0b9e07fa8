"""One rule at work: over the whole record, or over every element of a list in it."""

# ruff: noqa: ARG001 - rules over records and over elements are called alike

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import MappingFailed
from app.mapping.comparisons import Ask
from app.mapping.effects import TAGS, Effect
from app.mapping.run import LISTS, Run, SkipRecord, kind_of

Settings = Mapping[str, Any] | None
Fire = Callable[[dict[str, Any], Settings, Run], bool]
"""A rule as one function: it changes the record and says whether it did something."""


@dataclass(frozen=True, slots=True)
class RuleParts:
    """A rule's questions and effects, compiled. ``calls`` is how many functions they call together."""

    guard: Ask | None
    when: Ask | None
    then: tuple[Effect, ...]
    otherwise: tuple[Effect, ...]
    calls: int

    def effects(self, seen: Any, run: Run) -> tuple[Effect, ...]:
        """What the rule does about this; nothing where its guard does not hold."""
        if self.guard is not None and not self.guard(seen, run):
            return ()
        return self.then if self.when is None or self.when(seen, run) else self.otherwise


def over_record(parts: RuleParts) -> Fire:
    """The rule about the record itself."""
    guard, when, then, otherwise = parts.guard, parts.when, parts.then, parts.otherwise

    def fire(record: dict[str, Any], settings: Settings, run: Run) -> bool:
        if guard is not None and not guard(record, run):
            return False
        effects = then if when is None or when(record, run) else otherwise
        for effect in effects:
            effect(record, record, run)
        return bool(effects)

    return fire


def over_elements(parts: RuleParts, each: tuple[str, ...]) -> Fire:
    """The rule about every element of the list at ``each``; a skip takes that element out, with a note."""
    *around, last = each
    name = ".".join(each)
    cost = 2 + 2 * parts.calls

    def fire(record: dict[str, Any], settings: Settings, run: Run) -> bool:
        holder: Any = record
        for part in around:
            if not isinstance(holder.get(part), dict):
                return False
            holder[part] = holder = dict(holder[part])
        elements = holder.get(last)
        if elements is None:
            return False
        if not isinstance(elements, LISTS):
            raise MappingFailed(f"{name} is {kind_of(elements)}, not a list")
        run.pay(len(elements) * cost)
        done = False
        kept: list[Any] = []
        for item in elements:
            if not isinstance(item, dict):
                raise MappingFailed(f"{name} holds {kind_of(item)} where objects are needed")
            seen = {"item": item, "whole": record, "settings": settings}
            effects = parts.effects(seen, run)
            if not effects:
                kept.append(item)
                continue
            done = True
            seen["item"] = here = dict(item)
            try:
                for effect in effects:
                    effect(here, seen, run)
            except SkipRecord as skip:
                run.note(f"an element of {name} was left out ({skip}).")
            else:
                kept.append(here)
            for tag in here.pop(TAGS, ()):
                gathered = record.setdefault(TAGS, [])
                if tag not in gathered:
                    gathered.append(tag)
        holder[last] = kept
        return done

    return fire
