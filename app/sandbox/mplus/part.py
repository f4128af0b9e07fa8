"""A part of the till: one area with its records, operations, seed, markers and panel. A new kind of record is a new part."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from app.sandbox.control import Action, Shelf

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

Arguments = dict[str, Any]
Values = Mapping[str, Any]
Handler = Callable[[Arguments], Values | Awaitable[Values]]


class Part:
    """The base of all parts. Everything a part holds besides ``till`` is data and goes into a backup."""

    def __init__(self, till: Till) -> None:
        self.till = till

    def operations(self) -> Mapping[str, Handler]:
        return {}

    def markers(self) -> Mapping[str, int]:
        """``relationSyncMarker`` -> the highest marker that can be seen."""
        return {}

    def clear(self) -> None:
        """Back to what a till without customers and sales has."""

    def seed(self, *, size: int, seed: int) -> None:
        """Fill with about ``size`` records of the main kinds."""

    def hold(self, kind: str, changes: int) -> bool:  # noqa: ARG002
        """Let the next changes of this kind commit late; False when the kind is not of this part."""
        return False

    def release(self) -> int:
        """What was held commits now; tells how many."""
        return 0

    def routes(self) -> Sequence[Route]:
        return ()

    def state(self) -> Mapping[str, Any]:
        return {}

    def shelves(self) -> Sequence[Shelf]:
        return ()

    def actions(self) -> Sequence[Action]:
        return ()

    def backup(self) -> dict[str, Any]:
        return copy.deepcopy({name: value for name, value in vars(self).items() if name != "till"})

    def restore(self, kept: Mapping[str, Any]) -> None:
        vars(self).update(copy.deepcopy(dict(kept)))

    def allowed(self, right: str) -> bool:
        return right not in self.till.settings.missing_rights


def flag(value: Any) -> bool:
    """What a person types into the panel for yes or no."""
    return str(value).strip().lower() in ("1", "true", "yes", "ja", "on", "y", "j")
