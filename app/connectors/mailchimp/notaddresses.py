"""Addresses that Mailchimp does not take for real, remembered for a moment.

Several relations of a till may share such an address (``geen@mail.nl``), and only one at a time may try it. The answer is about
the address alone, so those behind the first get it without a call. A minute later it is asked again.
"""

from __future__ import annotations

from collections.abc import Callable

from app.connectors.base import Leave

CODES = frozenset({"address_looks_fake", "address_refused"})
REMEMBERED_S = 60.0


class NotAddresses:
    """Refusals of the last minute, by the hash of the address. ``monotonic`` tells their age."""

    def __init__(self, *, monotonic: Callable[[], float]):
        self._monotonic = monotonic
        self._refused: dict[str, tuple[float, Leave]] = {}

    def find(self, hash_: str) -> Leave | None:
        """What Mailchimp said of this address within the last minute."""
        until, leave = self._refused.get(hash_, (0.0, None))
        return leave if self._monotonic() < until else None

    def note(self, hash_: str, leave: Leave) -> None:
        """A new member under this address was refused just now; counts only if that was about the address."""
        if leave.code not in CODES:
            return
        now = self._monotonic()
        for old in [name for name, (until, _) in self._refused.items() if until <= now]:
            del self._refused[old]
        self._refused[hash_] = now + REMEMBERED_S, leave
