"""Filters and lists: which records travel, and the sentence that the log says about those that do not.

Filters ask before mapping (about the source's document) or after it (about the record); lists name single records by
SKU, e-mail address, customer number or order number. All of them are asked in order, the first no counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.errors import InvalidInput, MappingFailed
from app.mapping.comparisons import Ask
from app.mapping.conditions import When, compile_when
from app.mapping.expressions import compile_expression
from app.mapping.plainpaths import Evaluate
from app.mapping.run import LISTS, Run
from app.mapping.tables import Tables
from app.values.email import normalise_email
from app.values.text import as_text

MAX_FILTERS = 200
MAX_LISTED = 50_000

Stage = Literal["before", "after"]
ListKind = Literal["sku", "email", "customer", "order"]


class Filter(BaseModel):
    """One filter: records that match are kept back, or only they travel."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        title="Name",
        description="What the log calls it: filtered by …",
        examples=["Only web shop articles"],
        min_length=1,
        max_length=200,
    )
    on: bool = Field(
        default=True, title="On", description="A filter that is off lets everything pass.", examples=[True]
    )
    stage: Stage = Field(
        default="after",
        title="When it asks",
        description="`before`: about the source's own fields; `after`: about the mapped record.",
        examples=["after"],
    )
    keep: Literal["matching", "others"] = Field(
        default="matching",
        title="Which records travel",
        description="`matching`: only records for which the condition holds; `others`: only those for which not.",
        examples=["matching"],
    )
    when: When = Field(
        title="Condition",
        description="What is asked about the record.",
        examples=[{"field": "custom.webshop", "is": "true"}],
    )
    reason: str | None = Field(
        default=None,
        title="Reason",
        description="The sentence in the log; without one the filter's name.",
        examples=["Not in the web shop"],
        max_length=500,
    )


class Listed(BaseModel):
    """Values by kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sku: tuple[str, ...] = Field(
        default=(), title="SKUs", description="Article numbers.", examples=[["1001"]], max_length=MAX_LISTED
    )
    email: tuple[str, ...] = Field(
        default=(),
        title="E-mail addresses",
        description="Addresses, in any spelling.",
        examples=[["test@winkel.nl"]],
        max_length=MAX_LISTED,
    )
    customer: tuple[str, ...] = Field(
        default=(),
        title="Customer numbers",
        description="As the till counts.",
        examples=[["17"]],
        max_length=MAX_LISTED,
    )
    order: tuple[str, ...] = Field(
        default=(),
        title="Order numbers",
        description="As people know them.",
        examples=[["2026-118"]],
        max_length=MAX_LISTED,
    )


class Lists(BaseModel):
    """Records named one by one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    block: Listed = Field(
        default=Listed(),
        title="Block list",
        description=(
            "These never leave, and nothing is put away for them either, but by the flow's own setting for filtered records. "
            "An order is kept back when any of its articles is listed."
        ),
        examples=[{"email": ["test@winkel.nl"]}],
    )
    allow: Listed = Field(
        default=Listed(),
        title="Allow list",
        description="Where it names anything of a kind, only these leave.",
        examples=[{"sku": ["1001", "1002"]}],
    )


@dataclass(frozen=True, slots=True)
class Filtered:
    """A record that does not travel: by which filter or list, and the reason, without a value of the record in it."""

    by: str
    reason: str

    @property
    def sentence(self) -> str:
        """What the log says: ``Filtered by filter 'Only web shop': Not in the web shop``."""
        return f"Filtered by {self.by}{f': {self.reason}' if self.reason else ''}"


Judge = Callable[[dict[str, Any], Run], Filtered | None]


@dataclass(frozen=True, slots=True)
class Untouched:
    """What the lists keep away from, for target records that are known by their hashed key only.

    The hash of a listed value is that of the installation, so it is reckoned once for each kind of target.
    """

    blocked: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    _hashes: dict[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict, compare=False)

    @classmethod
    def compile(cls, lists: Lists, keys: Iterable[Any]) -> Untouched:
        """By the kinds of list whose values are the natural keys of target records."""
        blocked, allowed = (
            frozenset(value for kind in keys for value in _normalised(kind, getattr(listed, kind)))
            for listed in (lists.block, lists.allow)
        )
        return cls(blocked, allowed)

    def names(self, kind: str, key: str, hashed: Callable[[str, str], str]) -> bool:
        """Whether the target record with this hashed key is not to be touched."""
        if not (self.blocked or self.allowed):
            return False
        if kind not in self._hashes:
            self._hashes[kind] = (
                frozenset(hashed(kind, value) for value in self.blocked),
                frozenset(hashed(kind, value) for value in self.allowed),
            )
        blocked, allowed = self._hashes[kind]
        return key in blocked or (bool(allowed) and key not in allowed)


@dataclass(frozen=True, slots=True)
class FilterSet:
    """Filters and lists, compiled once per flow version. ``sources`` are the paths the filters read."""

    judges: tuple[tuple[str, Judge], ...]
    sources: frozenset[str]
    tables: Tables

    @classmethod
    def compile(
        cls,
        filters: Sequence[Filter],
        *,
        stage: Stage,
        lists: Lists | None = None,
        keys: Mapping[ListKind, str] | None = None,
        tables: Tables | None = None,
    ) -> FilterSet:
        """The filters of one stage, and the lists where ``keys`` say what each kind of value is in this record.

        ``keys={"email": "email", "sku": "lines[].sku"}``; a kind without a path is not asked about.
        """
        if len(filters) > MAX_FILTERS:
            raise InvalidInput(f"There are at most {MAX_FILTERS} filters.", field="filters")
        judges: list[tuple[str, Judge]] = []
        sources: set[str] = set()
        for at, each in enumerate(filters):
            question = compile_when(each.when, place=f"filters[{at}].when", tables=tables)
            if each.on and each.stage == stage:
                sources |= {
                    path for path in question.reads if path != "settings" and not path.startswith("settings.")
                }
                judges.append((each.name, _by_filter(each, question.ask)))
        for kind, path in (keys or {}).items():
            read = compile_expression(path, place=f"keys.{kind}").evaluate
            judges += [(f"{kind} list", judge) for judge in _by_list(kind, read, lists or Lists())]
        return cls(tuple(judges), frozenset(sources), dict(tables or {}))

    def judge(
        self, document: dict[str, Any], *, settings: Mapping[str, Any] | None = None
    ) -> Filtered | None:
        """None for a record that travels. Raises MappingFailed naming the filter that cannot be asked."""
        if not self.judges:
            return None
        run = Run(settings=settings, tables=self.tables)
        seen = document if settings is None else document | {"settings": settings}
        for name, judge in self.judges:
            run.row = name
            try:
                found = judge(seen, run)
            except MappingFailed as error:
                raise MappingFailed(
                    f"The filter {name!r}: {error.detail.rstrip('.')}.",
                    row=name,
                    advice=error.advice,
                    code=error.code,
                ) from None
            except (ArithmeticError, RecursionError, TypeError, ValueError, AttributeError) as error:
                raise MappingFailed(
                    f"The filter {name!r} does not fit this record ({type(error).__name__}).", row=name
                ) from None
            if found is not None:
                return found
        return None


def _by_filter(each: Filter, ask: Ask) -> Judge:
    no = Filtered(f"filter {each.name!r}", each.reason or "")
    travels = each.keep == "matching"
    return lambda document, run: None if ask(document, run) is travels else no


def _by_list(kind: ListKind, read: Evaluate, lists: Lists) -> list[Judge]:
    blocked = _normalised(kind, getattr(lists.block, kind))
    allowed = _normalised(kind, getattr(lists.allow, kind))
    words = {"sku": "SKU", "email": "e-mail address", "customer": "customer number", "order": "order number"}[
        kind
    ]
    on_block = Filtered("the block list", f"its {words} is listed")
    off_allow = Filtered("the allow list", f"its {words} is not listed")

    def values(document: dict[str, Any], run: Run) -> frozenset[str]:
        found = read(document, run)
        elements = found if isinstance(found, LISTS) else (found,)
        run.pay(len(elements))
        return _normalised(kind, elements)

    judges: list[Judge] = []
    if blocked:
        judges.append(lambda document, run: on_block if values(document, run) & blocked else None)
    if allowed:
        judges.append(
            lambda document, run: None if (found := values(document, run)) and found <= allowed else off_allow
        )
    return judges


def _normalised(kind: ListKind, values: Sequence[Any]) -> frozenset[str]:
    texts = [text.strip() for value in values if (text := as_text(value)) and text.strip()]
    if kind == "email":
        return frozenset(normalise_email(text) or text.lower() for text in texts)
    return frozenset(text.casefold() for text in texts)
