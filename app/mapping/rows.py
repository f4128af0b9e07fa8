"""Rows: one field each, from an expression over a source to a path of a target.

A target path is ``name(.name)*``. Lists exist only as named scopes: the row ``contacts[]`` says which elements, and
the rows ``contacts[].email`` run once per element over ``{item, whole, settings}``; where the caller names an
identity key for the list, every element must have one of its own, because elements are known by it and never by
their position. Rows outside a scope read the document's fields directly, and ``settings``.

An expression that gives nothing leaves its target out; an empty text is a value and empties the target. A connector
ships its rows as plain tuples, ``(target, expression)``, or by name where a row has a table or starts switched off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.errors import InvalidInput, MappingFailed
from app.mapping.closures import Evaluate
from app.mapping.conditions import Ask, When, compile_when
from app.mapping.expressions import compile_expression
from app.mapping.modes import MODE_TEXT, Mode
from app.mapping.run import Run, SkipRecord, kind_of
from app.mapping.tables import Table, Tables, table_of

ShippedRow = tuple[Any, ...] | Mapping[str, Any]
"""``(target, expression)``, ``(target, expression, mode)``, or a row's fields by name where it needs more of them."""

MAX_ROWS = 1_000

_NAME = r"\w[\w-]{0,99}"
_TARGET = re.compile(
    rf"(?:(?P<scope>{_NAME}(?:\.{_NAME}){{0,3}})\[\]\.?)?(?P<path>{_NAME}(?:\.{_NAME}){{0,7}})?"
)


class Row(BaseModel):
    """One line of a mapping."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str = Field(
        title="Target path",
        description="Where the value goes: names with dots; `list[]` names a list, `list[].name` a field of its elements.",
        examples=["merge_fields.FNAME"],
        max_length=200,
    )
    expression: str = Field(
        title="Source",
        description="A path or an expression (JMESPath with our functions) over the source.",
        examples=["first_name", "coalesce(mobile, phone)"],
        max_length=2_000,
    )
    mode: Mode = Field(
        default="always", title="When it is written", description=MODE_TEXT, examples=["always"]
    )
    on: bool = Field(
        default=True, title="On", description="A row that is off is kept and does nothing.", examples=[True]
    )
    table: Table | str | None = Field(
        default=None,
        title="Table",
        description=(
            "Default, force, and a table the value goes through, with the policy for what is not in it; or the name "
            "of one of the flow's tables."
        ),
        examples=[{"entries": {"high": "V21"}, "missing": "fail"}, "tax_classes"],
    )
    when: When | None = Field(
        default=None,
        title="Only if",
        description=(
            "The row writes only when this holds. Several rows may write one target if all but the first have a "
            "condition; the last one that holds wins."
        ),
        examples=[{"field": "country", "is": "equals", "value": "NL"}],
    )
    note: str | None = Field(
        default=None,
        title="Note",
        description="For people only.",
        examples=["Asked for by the accountant"],
        max_length=1_000,
    )


@dataclass(frozen=True, slots=True)
class Mapped:
    """What rows made of a document: absent values are left out; ``modes`` holds the paths that are not ``always``.

    ``skip`` is the reason when a table says that this record is left out; the document is empty then.
    """

    document: dict[str, Any]
    modes: dict[str, Mode]
    warnings: tuple[str, ...] = ()
    skip: str | None = None


def parse_rows(shipped: Sequence[ShippedRow]) -> tuple[Row, ...]:
    """What a connector ships, as rows."""
    return tuple(
        Row.model_validate(
            row
            if isinstance(row, Mapping)
            else dict(zip(("target", "expression", "mode"), row, strict=False))
        )
        for row in shipped
    )


Write = Callable[[Any, dict[str, Any], Run], None]


@dataclass(frozen=True, slots=True)
class _Step:
    target: str
    write: Write
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Scope:
    path: tuple[str, ...]
    elements: Evaluate
    steps: tuple[_Step, ...]
    identity: str | None


@dataclass(frozen=True, slots=True)
class RowMapping:
    """Rows, compiled once per flow version. ``targets`` and ``sources`` are the paths it writes and reads.

    ``emptiable`` are the paths outside lists that are written whenever there is something to write: that one of them
    stays out of the document means that the source holds nothing there.
    """

    steps: tuple[_Step, ...]
    scopes: tuple[_Scope, ...]
    modes: Mapping[str, Mode]
    targets: frozenset[str]
    sources: frozenset[str]
    tables: Mapping[str, Any] = field(default_factory=dict)
    emptiable: frozenset[str] = frozenset()

    @classmethod
    def compile(
        cls,
        rows: Sequence[Row],
        *,
        scopes: Mapping[str, str] | None = None,
        tables: Tables | None = None,
        place: str = "rows",
    ) -> RowMapping:
        """Raises InvalidInput naming the row that cannot be used, as ``rows[3].expression``.

        ``scopes`` names the identity key of each list's elements; ``tables`` are the flow's, by name.
        """
        if len(rows) > MAX_ROWS:
            raise InvalidInput(
                f"A mapping holds at most {MAX_ROWS:,} rows; this one has {len(rows):,}.", field=place
            )
        steps: list[_Step] = []
        lists: dict[str, tuple[Evaluate, frozenset[str]]] = {}
        inner: dict[str, list[_Step]] = {}
        written: dict[str, Row] = {}
        inside: set[str] = set()
        unconditional: set[str] = set()
        for number, row in enumerate(rows):
            here = f"{place}[{number}]"
            scope, path = _split(row, here)
            evaluate, sources = _reader(row, here, tables)
            if not row.on:
                continue
            _no_clash(row, written, inside, here)
            written[row.target] = row
            inside |= _around(row.target)
            if row.when is None:
                unconditional.add(row.target)
            if scope is not None and not path:
                lists[scope] = (evaluate, sources)
                continue
            step = _Step(row.target, _writer(tuple(path.split(".")), evaluate), sources)
            (steps if scope is None else inner.setdefault(scope, [])).append(step)
        for scope in inner:
            if scope not in lists:
                raise InvalidInput(
                    f"The rows of {scope}[] need one row {scope}[] that says which list.", field=place
                )
        keys = scopes or {}
        return cls(
            steps=tuple(steps),
            scopes=tuple(
                _Scope(tuple(name.split(".")), evaluate, tuple(inner.get(name, ())), keys.get(name))
                for name, (evaluate, _) in lists.items()
            ),
            modes=_modes({target.replace("[]", ""): row.mode for target, row in written.items()}),
            targets=frozenset(written),
            sources=_read_paths(steps, lists, inner),
            tables=dict(tables or {}),
            emptiable=frozenset(
                target
                for target in unconditional
                if "[]" not in target and written[target].mode in ("always", "update")
            ),
        )

    def apply(self, document: dict[str, Any], *, settings: Mapping[str, Any] | None = None) -> Mapped:
        """The target document. Raises MappingFailed naming the row and the kind of value, never the value."""
        run = Run(settings=settings, tables=self.tables)
        whole = document if settings is None else document | {"settings": settings}
        made: dict[str, Any] = {}
        try:
            _apply_steps(self.steps, whole, made, run)
            for scope in self.scopes:
                _apply_scope(scope, whole, settings, made, run)
        except SkipRecord as skip:
            return Mapped({}, {}, tuple(run.notes), skip=str(skip))
        return Mapped(made, dict(self.modes), tuple(run.notes))


def _split(row: Row, place: str) -> tuple[str | None, str]:
    found = _TARGET.fullmatch(row.target)
    if found is None or not row.target or (found["scope"] is None and not found["path"]):
        raise InvalidInput(
            f"{row.target[:80]!r} is no target path: names with dots are.", field=f"{place}.target"
        )
    if found["scope"] is not None and row.target.endswith("."):
        raise InvalidInput(f"{row.target!r} ends with a dot.", field=f"{place}.target")
    return found["scope"], found["path"] or ""


def _no_clash(row: Row, written: Mapping[str, Row], inside: Container[str], place: str) -> None:
    earlier = written.get(row.target)
    if earlier is not None and (row.when is None or row.target.endswith("[]")):
        raise InvalidInput(
            f"Two rows write {row.target!r}.",
            field=f"{place}.target",
            advice="Switch one off, or give the later one a condition.",
        )
    if earlier is not None and earlier.mode != row.mode:
        raise InvalidInput(f"The rows that write {row.target!r} differ in their mode.", field=f"{place}.mode")
    for outer in _around(row.target):
        if outer in written and row.target.startswith(f"{outer}[]"):
            raise InvalidInput(
                f"One row writes all of {outer!r} and another its elements.", field=f"{place}.target"
            )
    if row.target in inside:
        raise InvalidInput(
            f"This row writes all of {row.target!r}, and an earlier one something inside it.",
            field=f"{place}.target",
            advice="Let the row that writes the whole come first.",
        )


def _modes(modes: Mapping[str, Mode]) -> dict[str, Mode]:
    """The modes worth telling: those that are not ``always``, and ``always`` inside something that is not."""
    special = {path for path, mode in modes.items() if mode != "always"}
    return {path: mode for path, mode in modes.items() if path in special or special & _around(path)}


def _around(target: str) -> set[str]:
    """The objects and lists that a target stands in: ``lines`` and ``lines.address`` for ``lines[].address.city``."""
    names = target.split(".")
    outer = {".".join(names[:count]) for count in range(1, len(names))} | (
        {target} if target.endswith("[]") else set()
    )
    return {path.removesuffix("[]") for path in outer}


def _reader(row: Row, place: str, tables: Tables | None) -> tuple[Evaluate, frozenset[str]]:
    """The row's value: expression, then table, then whether it counts at all; plain paths stay bare closures."""
    expression = compile_expression(row.expression, place=f"{place}.expression", tables=tables)
    evaluate, sources = expression.evaluate, expression.reads
    if row.table is not None:
        translate = table_of(row.table, tables, name=row.target, place=f"{place}.table")
        evaluate = _translated(evaluate, translate)
    if row.when is not None:
        ask, asked = compile_when(row.when, place=f"{place}.when", tables=tables)
        evaluate, sources = _guarded(evaluate, ask), sources | asked
    return evaluate, sources


def _translated(evaluate: Evaluate, translate: Evaluate) -> Evaluate:
    return lambda value, run: translate(evaluate(value, run), run)


def _guarded(evaluate: Evaluate, ask: Ask) -> Evaluate:
    return lambda value, run: evaluate(value, run) if ask(value, run) else None


def _writer(names: tuple[str, ...], evaluate: Evaluate) -> Write:
    """Evaluate and put in place. Scalars go as they are; lists and objects as counted, fresh copies."""
    *parents, last = names
    if not parents:

        def write_top(value: Any, made: dict[str, Any], run: Run) -> None:
            found = evaluate(value, run)
            if found is not None:
                made[last] = found if found.__class__ in _BARE else run.copied(found)

        return write_top

    def write(value: Any, made: dict[str, Any], run: Run) -> None:
        found = evaluate(value, run)
        if found is None:
            return
        for name in parents:
            made = made.setdefault(name, {})
        made[last] = found if found.__class__ in _BARE else run.copied(found)

    return write


_BARE = frozenset((int, bool, Decimal, date, datetime))
_FAULTS = (ArithmeticError, RecursionError, TypeError, ValueError, AttributeError)


def _apply_steps(steps: Sequence[_Step], value: Any, made: dict[str, Any], run: Run) -> None:
    try:
        for step in steps:
            run.row = step.target
            step.write(value, made, run)
    except MappingFailed as error:
        raise _named(error, run.row) from None
    except _FAULTS as error:
        raise _unfit(error, run.row) from None


def _unfit(error: Exception, target: str) -> MappingFailed:
    return MappingFailed(
        f"The row {target} does not fit this record ({type(error).__name__}).",
        row=target,
        field=target,
        advice="Look at the record in the preview and change the row.",
    )


def _named(error: MappingFailed, target: str) -> MappingFailed:
    sentence = error.detail[:1].lower() + error.detail[1:] if not error.detail[:2].isupper() else error.detail
    return MappingFailed(
        f"The row {target}: {sentence.rstrip('.')}.",
        row=target,
        field=target,
        advice=error.advice or "Change the row, or correct the record at its source.",
        code=error.code,
    )


def _apply_scope(
    scope: _Scope, whole: dict[str, Any], settings: Mapping[str, Any] | None, made: dict[str, Any], run: Run
) -> None:
    name = ".".join(scope.path)
    run.row = f"{name}[]"
    try:
        elements = scope.elements(whole, run)
        if isinstance(elements, list | tuple):
            run.pay(len(elements) * (len(scope.steps) + 1))
    except MappingFailed as error:
        raise _named(error, f"{name}[]") from None
    except _FAULTS as error:
        raise _unfit(error, f"{name}[]") from None
    if elements is None:
        return
    if not isinstance(elements, list | tuple):
        raise MappingFailed(
            f"The row {name}[] gives {kind_of(elements)} where a list is needed.",
            row=f"{name}[]",
            advice="Write an expression that gives a list, for instance with to_array().",
        )
    done: list[dict[str, Any]] = []
    known: set[Any] = set()
    for item in elements:
        inner: dict[str, Any] = {}
        around = {"item": item, "whole": whole, "settings": settings}
        _apply_steps(scope.steps, around, inner, run)
        if scope.identity is not None:
            _own_identity(scope.identity, inner, name, known)
        done.append(inner)
    for part in scope.path[:-1]:
        made = made.setdefault(part, {})
    made[scope.path[-1]] = done


def _own_identity(key: str, element: dict[str, Any], scope: str, known: set[Any]) -> None:
    identity = element.get(key)
    if identity is None or identity == "" or isinstance(identity, dict | list):
        raise MappingFailed(
            f"An element of {scope} has {kind_of(identity)} as its {key}, by which it would be known.",
            row=f"{scope}[].{key}",
            advice=f"Let the row {scope}[].{key} give every element a value of its own.",
        )
    if identity in known:
        raise MappingFailed(
            f"Two elements of {scope} have the same {key}, by which they would be known.",
            row=f"{scope}[].{key}",
            advice=f"Let the row {scope}[].{key} give every element a value of its own.",
        )
    known.add(identity)


def _read_paths(
    steps: Sequence[_Step],
    lists: Mapping[str, tuple[Evaluate, frozenset[str]]],
    inner: Mapping[str, Sequence[_Step]],
) -> frozenset[str]:
    """Paths of the source document: of scope rows only what they read of the whole."""
    found = {path for step in steps for path in step.sources}
    found |= {path for _, sources in lists.values() for path in sources}
    found |= {
        path.removeprefix("whole.")
        for scope in inner.values()
        for step in scope
        for path in step.sources
        if path.startswith("whole.")
    }
    return frozenset(path for path in found if path != "settings" and not path.startswith("settings."))
