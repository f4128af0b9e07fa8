"""Figures: what a benchmark measured, what it was held against, and whether that is reached."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. ``goal`` is in words; ``reached`` is None where nothing was promised."""

    bench: str
    name: str
    value: float
    unit: str
    goal: str = ""
    reached: bool | None = None


def table(figures: Sequence[Figure]) -> str:
    """The figures as a table for people."""
    marks = {True: "reached", False: "NOT reached", None: ""}
    rows = [("bench", "what", "measured", "goal", "")]
    rows += [
        (f.bench, f.name, f"{_short(f.value)} {f.unit}".strip(), f.goal, marks[f.reached]) for f in figures
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def write(figures: Sequence[Figure], path: Path) -> None:
    """The figures for programs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
