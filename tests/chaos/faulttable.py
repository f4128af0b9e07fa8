"""The fault table: what each fault cost, a row per fault and database, written by the run that caused it.

Every chaos test leaves a row in ``var/faults/``; ``python -m tests.chaos.faulttable`` makes ``docs/faults.md`` of them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from tests.chaos.processes import ROOT

ROWS = ROOT / "var" / "faults"
TABLE = ROOT / "docs" / "faults.md"
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

TOP = """# What a fault costs

Written by `make faults`, which causes every fault below with real processes, real HTTP, a real Redis and both databases,
and then compares the audience with the till, whole. Nobody lends a hand: what recovers, recovers by itself.

- **Undelivered**: people whom the till holds and the audience does not, changes acknowledged to the till included.
- **Doubled**: people whom the audience holds and the till does not, and welcome mails beyond the first.
- **Wrong**: people whose content differs from the till's in anything: an older name, another status.
- **Sent again**: calls that said what the call before them had said. They change nothing at the target: each writes one
  record by its own key. They follow from answers that were lost.
- **Recovery**: seconds from the fault's end until the audience equals the till and nothing is under way any more, work
  that was still to be done included. Measured as the machine was: a busy one takes longer.

A fault that is missing here on one of the databases was not caused in the run that wrote this.

| Fault | Database | Records | Undelivered | Doubled | Wrong | Sent again | Recovery |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
"""


@dataclass(frozen=True, slots=True)
class Row:
    """What one fault cost on one database."""

    fault: str
    database: str
    records: int
    undelivered: int
    doubled: int
    wrong: int
    repeated: int
    recovery_s: float

    def save(self) -> None:
        """Leave it for whoever makes the table."""
        ROWS.mkdir(parents=True, exist_ok=True)
        name = "".join(letter if letter.isalnum() else "-" for letter in self.fault.lower())
        path = ROWS / f"{name}.{self.database}.json"
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(asdict(self), indent=1) + "\n")
        draft.replace(path)

    def line(self) -> str:
        """The row as the table has it."""
        numbers = (self.records, self.undelivered, self.doubled, self.wrong, self.repeated)
        return f"| {self.fault} | {DATABASES[self.database]} | {' | '.join(map(str, numbers))} | {self.recovery_s:.1f} s |\n"


def saved() -> list[Row]:
    """The rows that runs have left, by fault, SQLite first."""
    rows = [Row(**json.loads(path.read_text())) for path in ROWS.glob("*.json")]
    return sorted(rows, key=lambda row: (row.fault, list(DATABASES).index(row.database)))


def table(rows: Iterable[Row]) -> str:
    """The whole document."""
    return TOP + "".join(row.line() for row in rows)


def main() -> int:
    """Write the document from what the last run left."""
    rows = saved()
    if not rows:
        print("No rows in var/faults: run `make faults`.", file=sys.stderr)
        return 1
    TABLE.write_text(table(rows))
    print(f"{TABLE.relative_to(ROOT)}: {len(rows)} rows.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
