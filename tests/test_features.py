"""The list of features names tests that exist, and each of its rows once."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "features.md"
ROWS = [
    line.strip("| \n").split(" | ") for line in PAGE.read_text().splitlines() if re.match(r"\| [A-Z]", line)
]


def test_every_test_that_is_named_is_there() -> None:
    named = [name.strip() for _, _, tests in ROWS for name in tests.split(",")]
    missing = []
    for name in named:
        file, _, test = name.partition("::")
        path = PAGE.parents[1] / file
        if not path.exists() or (test and f"def {test}(" not in path.read_text()):
            missing.append(name)

    assert len(ROWS) > 100
    assert [] == missing


def test_every_row_stands_there_once() -> None:
    assert [] == [id for id, count in Counter(id for id, _, _ in ROWS).items() if count > 1]
