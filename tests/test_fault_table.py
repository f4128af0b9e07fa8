"""``docs/faults.md`` speaks of the faults that the chaos tests cause, and no row says that anything was lost."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.faulttable import DATABASES, TABLE, TOP, Row, table

CHAOS = Path(__file__).parent / "chaos"


def rows() -> list[list[str]]:
    """The table's cells."""
    lines = TABLE.read_text().removeprefix(TOP).splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_row_is_a_fault_that_is_caused_and_cost_nothing() -> None:
    source = "".join(path.read_text() for path in sorted(CHAOS.glob("test_*.py")))
    told = rows()

    assert told
    assert [] == [cells[0] for cells in told if f'"{cells[0]}"' not in source]
    assert {cells[1] for cells in told} <= set(DATABASES.values())
    assert all(["0", "0", "0"] == cells[3:6] for cells in told)


def test_a_row_as_it_is_shown() -> None:
    row = Row("A fault", "postgresql", 500, undelivered=1, doubled=2, wrong=3, repeated=4, recovery_s=5.25)

    assert TOP + "| A fault | PostgreSQL | 500 | 1 | 2 | 3 | 4 | 5.2 s |\n" == table([row])
