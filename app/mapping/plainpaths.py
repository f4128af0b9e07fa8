"""Plain paths, ``a.b.c``: what most rows read, and all that many of them do."""

# ruff: noqa: ARG001, ARG005 - all closures are called alike, whether they look at the purse or not

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from app.mapping.run import Run

Evaluate = Callable[[Any, Run], Any]
"""A compiled expression: it takes the value it looks at and the record's purse."""

Node = dict[str, Any]
"""One node of JMESPath's tree."""

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[\])?|\*")


def names_of(node: Node) -> tuple[str, ...] | None:
    """The names of a node that is a plain path; None for everything else."""
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] != "subexpression":
        return None
    pieces = [names_of(child) for child in node["children"]]
    return None if None in pieces else tuple(name for piece in pieces if piece for name in piece)


def quoted(path: str) -> str:
    """A catalogue's path as an expression reads it: ``customFields.Klant sinds`` is ``customFields."Klant sinds"``."""
    return ".".join(
        name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False) for name in path.split(".")
    )


def plain_path(names: tuple[str, ...]) -> Evaluate:
    """``a.b.c``. What is no object on the way has no such name: None."""
    if len(names) == 1:
        (only,) = names
        return lambda value, run: value.get(only) if isinstance(value, dict) else None
    if len(names) == 2:
        outer, inner = names

        def two(value: Any, run: Run) -> Any:
            found = value.get(outer) if isinstance(value, dict) else None
            return found.get(inner) if isinstance(found, dict) else None

        return two

    def many(value: Any, run: Run) -> Any:
        for name in names:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value

    return many
