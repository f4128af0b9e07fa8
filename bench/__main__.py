"""All benchmarks, one after the other: ``python -m bench [name ...]``. Prints a table, writes ``var/bench.json``.

Each figure that matters is a ratio against a baseline of the same run, because machines differ and are seldom quiet.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import uvloop

from bench import burst, catalogue, counter, delivery, intake, latency, mapping, orders
from bench.figures import Figure, table, write


def _mapping() -> list[Figure]:
    found = mapping.run()
    ratio, each = found["mapping_ratio"], found["mapping_us_per_record"]
    return [
        Figure("mapping", "by hand", found["by_hand_us_per_record"], "µs a record"),
        Figure("mapping", "by rows and rules", each, "µs a record", "under 150", each < 150),
        Figure("mapping", "rows / by hand", ratio, "x", "at most 8x", ratio <= 8),
        Figure("mapping", "memory, five times as many", found["mapping_memory_ratio"], "x", "about 1"),
    ]


BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "mapping": _mapping,
    "intake": lambda: uvloop.run(intake.run()),
    "delivery": lambda: uvloop.run(delivery.run()),
    "catalogue": lambda: uvloop.run(catalogue.run()),
    "orders": lambda: uvloop.run(orders.run()),
    "counter": lambda: uvloop.run(counter.run()),
    "burst": lambda: uvloop.run(burst.run()),
    "latency": lambda: uvloop.run(latency.run()),
}


def main() -> None:
    """Run those that were named, or all."""
    chosen = sys.argv[1:] or list(BENCHES)
    figures: list[Figure] = []
    for name in chosen:
        print(f"Measuring {name} …", flush=True)
        figures += BENCHES[name]()
    print(f"\n{table(figures)}\n")
    write(figures, Path("var/bench.json"))
    missed = [figure for figure in figures if figure.reached is False]
    if missed:
        print(f"{len(missed)} goal(s) not reached. The figures stand in var/bench.json.")
    else:
        print("Every goal is reached. The figures stand in var/bench.json.")


if __name__ == "__main__":
    main()
