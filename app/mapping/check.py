"""Is this mapping fit to be saved? Every complaint with its row: errors refuse it, warnings only tell.

Refused: what cannot be compiled, a kind of value that its target cannot hold, a required target that no row writes.
Told: a path that the catalogue of fields does not know, with the nearest name, because catalogues are read live and a
field may have been added a minute ago. The record in the middle is no such catalogue: what its model does not have
does not exist, and writing it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from app.errors import InvalidInput
from app.mapping.actions import Copy, Set
from app.mapping.expressions import Expression, compile_expression
from app.mapping.filters import Filter, FilterSet, Stage
from app.mapping.plainpaths import quoted
from app.mapping.rows import MAX_ROWS, Row, RowMapping
from app.mapping.rules import Rule, RuleSet
from app.mapping.run import kind_of
from app.mapping.tables import Table, Tables

LONGEST_GUESSED = 100

Kind = Literal["text", "number", "yes/no", "date", "list", "object", "anything"]


@dataclass(frozen=True, slots=True)
class TargetField:
    """A field that rows can write, and what people are told of it. ``choices`` are the only values it takes, if only some."""

    kind: Kind = "anything"
    required: bool = False
    note: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One complaint. ``place`` is the part of the request, such as ``rows[3].expression``."""

    severity: Literal["error", "warning"]
    place: str
    code: str
    sentence: str
    advice: str = ""


# What a target of the first kind cannot take, whatever the value. A text may hold a number or a date: not a clash.
_CLASHES: dict[str, frozenset[str]] = {
    "text": frozenset(("list", "object")),
    "number": frozenset(("list", "object", "yes/no", "date")),
    "yes/no": frozenset(("list", "object", "date")),
    "date": frozenset(("list", "object", "yes/no", "number")),
    "list": frozenset(("text", "number", "yes/no", "date", "object")),
    "object": frozenset(("text", "number", "yes/no", "date", "list")),
    "anything": frozenset(),
}


def check_rows(
    rows: Sequence[Row],
    *,
    sources: Mapping[str, Kind] | None = None,
    targets: Mapping[str, TargetField] | None = None,
    scopes: Mapping[str, str] | None = None,
    tables: Tables | None = None,
    closed: bool = False,
) -> tuple[Finding, ...]:
    """All complaints about these rows, in their order.

    ``sources`` and ``targets`` are the catalogues: ``address.city``, ``contacts[].email``, and ``custom.*`` where any
    name may stand. Without a catalogue its questions are not asked. ``closed``: the targets are a record's model.
    """
    findings: list[Finding] = []
    compiled: list[Expression | None] = []
    for at, row in enumerate(rows[: MAX_ROWS + 1]):
        try:
            RowMapping.compile([row.model_copy(update={"target": "x", "on": True})], tables=tables)
            compiled.append(compile_expression(row.expression))
        except InvalidInput as error:
            place = (error.field or "rows[0]").replace("rows[0]", f"rows[{at}]", 1)
            findings.append(Finding("error", place, error.code, error.detail, error.advice))
            compiled.append(None)
    if not findings:
        try:
            RowMapping.compile(rows, scopes=scopes, tables=tables)
        except InvalidInput as error:
            findings.append(Finding("error", error.field or "rows", error.code, error.detail, error.advice))
    if len(rows) > MAX_ROWS:
        return tuple(findings)
    lists = _list_paths(rows, compiled)
    for at, (row, expression) in enumerate(zip(rows, compiled, strict=True)):
        if expression is None or not row.on:
            continue
        reads = {path: _from_root(path, row.target, lists) for path in expression.reads}
        if sources is not None:
            findings += _unknown_sources(at, reads, sources)
        if targets is not None:
            findings += _target_findings(at, row, expression, reads, sources or {}, targets, closed=closed)
    if targets is not None:
        findings += _missing_required(rows, targets)
    return tuple(findings)


def nearest(path: str, known: Mapping[str, object], *, reading: bool = False) -> str:
    """Advice with the name that looks most like this one; ``reading``: as an expression would read it."""
    if len(path) > LONGEST_GUESSED:
        return ""  # comparing takes the square of the length, and nobody mistypes that much
    found = _nearest(path, [each for each in known if not each.endswith("*")])
    return f"Did you mean {quoted(found) if reading else found}?" if found else ""


def _nearest(path: str, known: Sequence[str]) -> str | None:
    """The same name elsewhere; else what looks like it beside it; else, where it stands nowhere, a path that looks like it."""
    around, _, name = path.rpartition(".")
    elsewhere = next((each for each in known if each.rpartition(".")[2] == name), None)
    if elsewhere is not None:
        return elsewhere
    beside = {each.rpartition(".")[2]: each for each in known if each.rpartition(".")[0] == around}
    near = get_close_matches(name, list(beside), n=1, cutoff=0.6)
    if near or beside:
        return beside[near[0]] if near else None
    return next(iter(get_close_matches(path, known, n=1, cutoff=0.6)), None)


def is_known(path: str, known: Mapping[str, object]) -> bool:
    """Whether the catalogue has this path, something inside it, or an object around it that is open for any name."""
    if path in known or any(other.startswith((f"{path}.", f"{path}[]")) for other in known):
        return True
    parts = path.split(".")
    return any(f"{'.'.join(parts[:count])}.*" in known for count in range(len(parts)))


def _list_paths(rows: Sequence[Row], compiled: Sequence[Expression | None]) -> dict[str, str | None]:
    """The source list that each scope runs over, where its row reads exactly one."""
    found: dict[str, str | None] = {}
    for row, expression in zip(rows, compiled, strict=True):
        if row.target.endswith("[]") and expression is not None:
            found[row.target] = expression.text if expression.plain else None
    return found


def _from_root(path: str, target: str, lists: Mapping[str, str | None]) -> str | None:
    """A path as the catalogue knows it; None for settings and for elements of a list that is computed."""
    if path == "settings" or path.startswith("settings."):
        return None
    scope = target[: target.index("[]") + 2] if "[]" in target else ""
    if not scope or scope == target:
        return path
    if path.startswith("whole."):
        return path.removeprefix("whole.")
    base = lists.get(scope)
    return f"{base}[].{path.removeprefix('item.')}" if base and path.startswith("item.") else None


def _unknown_sources(at: int, reads: Mapping[str, str | None], sources: Mapping[str, Kind]) -> list[Finding]:
    return [
        Finding(
            "warning",
            f"rows[{at}].expression",
            "unknown_path",
            f"The source has no field {written!r}, as far as is known.",
            nearest(path, sources, reading=True),
        )
        for written, path in sorted(reads.items())
        if path is not None and not is_known(path, sources)
    ]


def _target_findings(
    at: int,
    row: Row,
    expression: Expression,
    reads: Mapping[str, str | None],
    sources: Mapping[str, Kind],
    targets: Mapping[str, TargetField],
    *,
    closed: bool,
) -> list[Finding]:
    place = f"rows[{at}].target"
    path = row.target.removesuffix("[]")
    if not is_known(path, targets):
        return [_no_target(place, row.target, targets, closed=closed)]
    wanted = targets.get(path, TargetField()).kind
    given = expression.gives
    if isinstance(row.table, Table) and row.table.force is not None:
        given = _kind_given(row.table.force)
    elif isinstance(row.table, str) or (row.table is not None and row.table.entries):
        given = None
    elif expression.plain:
        source = reads.get(expression.text)
        given = sources.get(source) if source else None
    if given is None or given not in _CLASHES[wanted]:
        return []
    sentence = f"{row.target} holds {_words(wanted)}, and the row gives {_words(given)}."
    return [Finding("error", place, "type_clash", sentence, "Choose another target, or convert the value.")]


def _kind_given(value: object) -> str | None:
    """The kind of a value written out; an empty text empties any field."""
    return {"a text": "text", "a number": "number", "yes or no": "yes/no"}.get(kind_of(value))


def _no_target(place: str, path: str, targets: Mapping[str, TargetField], *, closed: bool) -> Finding:
    if closed:
        sentence = f"The record has no field {path!r}."
        advice = nearest(path.removesuffix("[]"), targets) or "What fits no field goes to custom.<name>."
        return Finding("error", place, "unknown_field", sentence, advice)
    sentence = f"The target has no field {path!r}, as far as is known."
    return Finding("warning", place, "unknown_path", sentence, nearest(path.removesuffix("[]"), targets))


def _missing_required(rows: Sequence[Row], targets: Mapping[str, TargetField]) -> list[Finding]:
    sure = {row.target for row in rows if row.on and row.when is None and row.mode in ("always", "create")}
    return [
        Finding(
            "error",
            "rows",
            "required_missing",
            f"No row writes {path!r}, which the target needs.",
            "Add a row.",
        )
        for path, field in targets.items()
        if field.required
        and path not in sure
        and (path.rpartition("[]")[0] + "[]" in sure or "[]" not in path)
        and not any(other.startswith((f"{path}.", f"{path}[]")) for other in sure)
    ]


def check_rules(
    rules: Sequence[Rule],
    *,
    fields: Mapping[str, TargetField],
    tags: str | None = None,
    tables: Tables | None = None,
) -> tuple[Finding, ...]:
    """All complaints about these rules over a record with these fields, in their order."""
    findings: list[Finding] = []
    for at, rule in enumerate(rules):
        try:
            compiled = RuleSet.compile([rule], tags=tags, tables=tables)
        except InvalidInput as error:
            place = (error.field or "rules[0]").replace("rules[0]", f"rules[{at}]", 1)
            findings.append(Finding("error", place, error.code, error.detail, error.advice))
            continue
        findings += [
            Finding(
                "warning",
                f"rules[{at}]",
                "unknown_path",
                f"The record has no field {path!r}.",
                nearest(path, fields),
            )
            for path in sorted(compiled.sources)
            if not is_known(path, fields)
        ]
        findings += [
            _no_target(f"rules[{at}]", path, fields, closed=True)
            for path in sorted(compiled.targets)
            if not is_known(path, fields)
        ]
        findings += _set_findings(rule, f"rules[{at}]", fields)
    return tuple(findings)


def _set_findings(rule: Rule, place: str, fields: Mapping[str, TargetField]) -> list[Finding]:
    """Values written out, and fields copied, that their target can never hold."""
    findings: list[Finding] = []
    prefix = f"{rule.each}[]." if rule.each else ""
    for name, actions in (("then", rule.then), ("otherwise", rule.otherwise)):
        for at, action in enumerate(actions):
            if not isinstance(action, Set | Copy) or f"{prefix}{action.field}" not in fields:
                continue
            wanted = fields[f"{prefix}{action.field}"].kind
            if isinstance(action, Set) and action.from_ is None:
                given = _kind_given(action.value)
            else:
                expression = compile_expression(action.from_ or "")
                given = expression.gives
                if expression.plain and not rule.each:
                    given = fields.get(expression.text, TargetField()).kind
            if given in _CLASHES[wanted] or (given, wanted) == ("date", "text"):
                sentence = f"{action.field} holds {_words(wanted)}, and the rule gives {_words(given or '')}."
                advice = "Choose another field, or convert the value."
                findings.append(Finding("error", f"{place}.{name}[{at}]", "type_clash", sentence, advice))
    return findings


def check_filters(
    filters: Sequence[Filter],
    *,
    known: Mapping[Stage, Mapping[str, object] | None],
    tables: Tables | None = None,
) -> tuple[Finding, ...]:
    """All complaints about these filters; ``known`` are the fields of each stage's document, where they are known."""
    findings: list[Finding] = []
    for at, each in enumerate(filters):
        try:
            asked = FilterSet.compile([each.model_copy(update={"on": True})], stage=each.stage, tables=tables)
        except InvalidInput as error:
            place = (error.field or "filters[0]").replace("filters[0]", f"filters[{at}]", 1)
            findings.append(Finding("error", place, error.code, error.detail, error.advice))
            continue
        fields = known.get(each.stage)
        if fields is not None:
            findings += [
                Finding(
                    "warning",
                    f"filters[{at}]",
                    "unknown_path",
                    f"There is no field {path!r}, as far as is known.",
                    nearest(path, fields, reading=True),
                )
                for path in sorted(asked.sources)
                if not is_known(path, fields)
            ]
    return tuple(findings)


def _words(kind: str) -> str:
    return {"list": "a list", "object": "an object", "yes/no": "yes or no"}.get(kind, f"a {kind}")
