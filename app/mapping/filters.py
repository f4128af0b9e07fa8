"""Filters: which records travel, and the sentence that the log says about those that do not.

Filters ask before mapping (about the source's document) or after it (about the record), and beside them the lists that name
single records (:mod:`lists`). All of them are asked in order, the first no counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.errors import InvalidInput, MappingFailed
from app.mapping.comparisons import Ask
from app.mapping.conditions import When, compile_when
from app.mapping.expressions import compile_expression
from app.mapping.lists import Filtered, Hashes, Judge, ListKind, Lists, judges_of
from app.mapping.run import Run
from app.mapping.tables import Tables

MAX_FILTERS = 200

Stage = Literal["before", "after"]


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
        hashes: Hashes | None = None,
        tables: Tables | None = None,
    ) -> FilterSet:
        """The filters of one stage, and the lists where ``keys`` say what each kind of value is in this record.

        ``keys={"email": "email", "sku": "lines[].sku"}``; a kind without a path is not asked about. ``hashes`` are needed
        where a list holds hashed addresses.
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
            listed = judges_of(kind, read, lists or Lists(), hashes=hashes)
            judges += [(f"{kind} list", judge) for judge in listed]
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
