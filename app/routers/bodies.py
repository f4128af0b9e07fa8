"""What every request body and answer of the API has in common."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, model_validator

_DEEPEST = 40
_LARGEST = 2**53


def not_storable(value: Any, *, path: str = "", depth: int = 0) -> str | None:
    """Why a JSON value cannot be kept, with its path, or None.

    Python's JSON reader lets NUL, half characters, NaN and boundless integers through; the databases do not.
    """
    if depth > _DEEPEST:
        return f"{path}: nested deeper than {_DEEPEST} levels"
    if isinstance(value, str):
        if "\x00" in value:
            return f"{path}: a NUL character cannot be stored"
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            return f"{path}: half a character (a lone surrogate) cannot be stored"
    elif isinstance(value, float) and not math.isfinite(value):
        return f"{path}: not a number that can be stored"
    elif isinstance(value, int) and abs(value) > _LARGEST:
        return f"{path}: an integer beyond 2^53 cannot be stored"
    elif isinstance(value, dict):
        for key, inner in value.items():
            below = f"{path}.{key}" if path else str(key)
            found = not_storable(key, path="a field's name") or not_storable(
                inner, path=below, depth=depth + 1
            )
            if found:
                return found
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found = not_storable(inner, path=f"{path}.{index}" if path else str(index), depth=depth + 1)
            if found:
                return found
    return None


class Body(BaseModel):
    """Base of every request body: unknown fields are refused by name, and nothing that no database could keep."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def storable(cls, value: Any) -> Any:
        """Refuse what cannot be stored before anything else looks at it."""
        found = not_storable(value)
        if found is not None:
            raise ValueError(found.encode("utf-8", "replace").decode())
        return value


def moment(millis: int | None) -> datetime | None:
    """Milliseconds since 1970 as an aware time."""
    return None if millis is None else datetime.fromtimestamp(millis / 1000, UTC)


def _iso(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[
    datetime, PlainSerializer(_iso, return_type=str), Field(examples=["2026-11-24T08:30:00.000Z"])
]
"""A time in answers: ISO 8601 in UTC with milliseconds."""

Item = TypeVar("Item")


class Listing(BaseModel, Generic[Item]):
    """One page of a listing. ``next`` is the ``cursor`` of the next page, absent on the last one."""

    items: list[Item]
    next: str | None = Field(
        default=None, description="Pass it as `cursor` to go on; null on the last page", examples=[None]
    )
