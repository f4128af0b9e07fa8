"""What every request body and answer of the API has in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from app.routers.union_errors import meant

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


def storable(value: Any) -> Any:
    """The value, if a database can keep it; for ``BeforeValidator``."""
    found = not_storable(value)
    if found is not None:
        raise ValueError(found.encode("utf-8", "replace").decode())
    return value


def with_examples(*examples: dict[str, Any]) -> ConfigDict:
    """A body's configuration with examples that work when pasted."""
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [*examples]})


class Body(BaseModel):
    """Base of every request body: unknown fields are refused by name, and nothing that no database could keep."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def can_be_stored(cls, value: Any) -> Any:
        """Refuse what cannot be stored before anything else looks at it."""
        return storable(value)


class Answer(BaseModel):
    """Base of every answer."""

    model_config = ConfigDict(frozen=True)


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
Row = TypeVar("Row")
Model = TypeVar("Model", bound=BaseModel)


class Listing(BaseModel, Generic[Item]):
    """One page of a listing. ``next`` is the ``cursor`` of the next page, absent on the last one."""

    items: list[Item]
    next: str | None = Field(
        default=None, description="Pass it as `cursor` to go on; null on the last page", examples=[None]
    )


JsonObject = Annotated[dict[str, Any], BeforeValidator(storable)]
"""Any JSON object that a database can keep: for bodies whose fields another model declares."""

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    Field(examples=["Till in Utrecht"]),
]


def validated(model: type[Model], values: Mapping[str, Any], *, field: str) -> Model:
    """The values as that model. Raises InvalidInput naming ``field.name`` and every other field that cannot be used."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        found = meant(error.errors(include_input=False, include_url=False, include_context=False), values)
        prefix = ("body", field) if field else ("body",)
        raise RequestValidationError(
            [{**problem, "loc": (*prefix, *problem["loc"])} for problem in found]
        ) from None


def exposed(credentials: BaseModel) -> dict[str, Any]:
    """A model's values with its secrets laid open, to be sealed at once."""
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in ((name, getattr(credentials, name)) for name in type(credentials).model_fields)
    }


def paged(
    rows: Sequence[Row], *, limit: int, id_of: Callable[[Row], int]
) -> tuple[Sequence[Row], str | None]:
    """The rows of one page out of ``limit + 1`` that were asked for, and the cursor of the next page."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], str(id_of(rows[limit - 1]))


ID = r"^[A-Za-z0-9_-]{1,40}$"
"""What an id in an address may look like."""

OwnId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{2,39}$"),
    Field(description="Your own id for it, for scripts that run twice; made up when absent", examples=[None]),
]


class SettingsOut(Answer):
    """Settings as they count, and what each value comes from."""

    values: dict[str, Any] = Field(description="Every setting as it counts now")
    origins: dict[str, str] = Field(
        description="For each setting: `set` here, inherited from the `integration` or the `installation`, or the `default`"
    )


def own_values(model: BaseModel) -> dict[str, Any]:
    """What was really given, to be kept: what was not follows the defaults, also those of a later version."""
    return model.model_dump(mode="json", exclude_unset=True)


def settings_out(model: BaseModel, **inherited: Mapping[str, Any]) -> SettingsOut:
    """A settings model as it is answered. ``inherited`` are the values of outer levels, the nearest first, by level."""
    values, origins = model.model_dump(mode="json"), {}
    for name in values:
        origins[name] = "set" if name in model.model_fields_set else "default"
    for level, given in reversed(inherited.items()):
        for name, value in given.items():
            if origins.get(name) != "set":
                values[name], origins[name] = value, level
    return SettingsOut(values=values, origins=origins)
