"""In every process of a chaos house: SIGUSR1 makes it write down where each of its tasks stands."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from types import FrameType


def tell(_number: int, _frame: FrameType | None) -> None:
    """One line per task, innermost frames last."""
    for task in [each for each in gc.get_objects() if isinstance(each, asyncio.Task) and not each.done()]:
        told = []
        inner = task.get_coro()
        while inner is not None:
            frame = getattr(inner, "cr_frame", None) or getattr(inner, "ag_frame", None)
            if frame is not None:
                told.append(f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno}")
            inner = getattr(inner, "cr_await", None) or getattr(inner, "ag_await", None)
        print("STANDS", task.get_name(), " > ".join(told), file=sys.stderr, flush=True)


signal.signal(signal.SIGUSR1, tell)
