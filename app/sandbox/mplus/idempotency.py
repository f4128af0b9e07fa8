"""Answers kept by their idempotency key: the same key again gets the same answer and does nothing (mplus.md §1.3).

A refusal is an answer too: who repeats the key of a refused call hears the refusal again, whatever was mended since.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.sandbox.mplus.envelope import SoapFault
from app.sandbox.mplus.part import Arguments, Part, Values

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

KEPT = 20_000
ORIGINAL, REPLAY = "IDEMPOTENCY-RESULT-ORIGINAL-RESPONSE", "IDEMPOTENCY-RESULT-REPLAY-RESPONSE"


class Answers(Part):
    """How long the vendor keeps them is not known; here the oldest go when there are many."""

    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.kept: dict[tuple[str, str], Values] = {}

    def clear(self) -> None:
        self.kept.clear()

    def once(self, operation: str, do: Callable[[Arguments], Values]) -> Callable[[Arguments], Values]:
        """The handler of an operation whose request carries a key. A fault is no answer, and is not kept."""

        def handle(arguments: Arguments) -> Values:
            key = arguments["request"]["idempotencyKey"]
            if not key:
                raise SoapFault("Client", f"{operation}: idempotencyKey must not be empty")
            kept = self.kept.get((operation, key))
            if kept is not None:
                return {**kept, "idempotencyResult": REPLAY}
            answer = {**do(arguments), "idempotencyResult": ORIGINAL}
            self.kept[operation, key] = answer
            if len(self.kept) > KEPT:
                del self.kept[next(iter(self.kept))]
            return answer

        return handle
