"""Garbage collection for a process that serves for weeks: what stands at its start is not looked at again and again.

Python looks for garbage in circles after every 700 new objects, and now and then through everything there is. A batch of
five hundred records makes hundreds of thousands of objects that counting alone frees; looking through them took a twelfth
of a worker's time. Circles are still found, only less often: memory by size stands in ``bench/``.
"""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 20_000, 10, 10


def look_less_often() -> None:
    """For the roots, once everything is imported and before work begins."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
