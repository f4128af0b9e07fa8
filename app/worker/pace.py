"""How many deliveries the next batch takes: as many as fit into about two seconds, so that live changes never wait long."""

from __future__ import annotations

AIM_S = 2.0
FIRST = 50
LEAST, MOST = 5, 200
"""More at once makes no batch cheaper, only the worker bigger: with five hundred its memory grew by a tenth."""


def next_limit(limit: int, *, claimed: int, seconds: float) -> int:
    """The size of the next batch after ``claimed`` deliveries took ``seconds`` to send.

    It shrinks at once when the target is slow and doubles at most when it is quick. A batch that was not full says
    nothing about a bigger one. What a batch costs whatever its size (claiming, reading a list) is not counted: on a busy
    machine it alone is two seconds, and ever smaller batches would pay it ever more often.
    """
    if claimed == 0:
        return limit
    fits = int(claimed / max(seconds, 0.001) * AIM_S)
    if fits >= limit and claimed < limit:
        return limit
    return max(LEAST, min(MOST, fits, 2 * limit))
