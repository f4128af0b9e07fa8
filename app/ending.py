"""The end of tasks that must not go on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_S = 1.0


async def cut_off(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel these tasks until they have ended, whatever they raise then.

    Once is not enough: ``wait_for`` of Python 3.11 passes over a cancellation that comes together with what it waited for.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_S)
