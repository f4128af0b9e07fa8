"""Several calls at once, of which all must come back: the account's gate bounds how many really run together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def all_of(calls: Iterable[Awaitable[T]]) -> list[T]:
    """Their answers in order. When one fails the others are waited for, so that nothing goes on unseen; then it is raised."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    failed = next((answer for answer in answers if isinstance(answer, BaseException)), None)
    if failed is not None:
        raise failed
    return [answer for answer in answers if not isinstance(answer, BaseException)]
