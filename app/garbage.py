"""Memory of a process that serves for weeks: it stays as small as the work in hand, however much went through.

Python looks for garbage in circles after every 700 new objects, and now and then through everything there is. A batch of
two hundred records makes a hundred thousand objects that counting alone frees; looking through them took a twelfth of a
worker's time. Circles are still found, only less often.

The C library gives every thread a heap of its own and keeps what was freed in each: after a large import a fifth of the
worker was nothing. One heap for all threads, given back now and then, keeps it flat. Memory by size stands in ``bench/``.
"""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

YOUNG, MIDDLE, OLD = 20_000, 10, 10
M_ARENA_MAX = -8  # malloc.h of the GNU C library


def settle_in() -> None:
    """For the roots, once everything is imported and before work begins and threads are started."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    with suppress(AttributeError, OSError):  # another C library has other habits
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def give_back() -> None:
    """Freed memory goes back to the system, where the C library knows how: some milliseconds."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
