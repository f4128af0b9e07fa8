"""Which fields a record of the middle has, told from its model: the catalogue for its side of both legs and for rules.

Unlike the catalogues of the two systems this one is closed: what is not in it does not exist.
"""

from __future__ import annotations

import types
import typing
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from app.mapping.check import Kind, TargetField

_KINDS: tuple[tuple[type, Kind], ...] = (
    (bool, "yes/no"),
    (str, "text"),
    (int, "number"),
    (float, "number"),
    (Decimal, "number"),
    (date, "date"),
)


def record_fields(model: type[BaseModel]) -> dict[str, TargetField]:
    """``{"email": TargetField("text"), "contacts[].email": ..., "custom.*": ...}``, lists as ``contacts`` too."""
    found: dict[str, TargetField] = {}
    _walk(model, "", found, required=True)
    return found


def kinds_of(fields: dict[str, TargetField]) -> dict[str, Kind]:
    """The same catalogue for reading."""
    return {path: field.kind for path, field in fields.items()}


def _walk(model: type[BaseModel], prefix: str, found: dict[str, TargetField], *, required: bool) -> None:
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        needed = required and field.is_required()
        hint = _without_none(field.annotation)
        inner = _element(hint)
        note = field.description or ""
        if isinstance(hint, type) and issubclass(hint, BaseModel):
            found[path] = TargetField("object", needed, note)
            # an object that may be absent asks for its own fields only where somebody fills it
            _walk(hint, f"{path}.", found, required=needed)
        elif inner is not None:
            found[path] = TargetField("list", needed, note)
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                _walk(inner, f"{path}[].", found, required=True)
        elif typing.get_origin(hint) is dict:
            found[path] = TargetField("object", needed, note)
            found[f"{path}.*"] = TargetField("anything")
        else:
            found[path] = TargetField(_kind(hint), needed, note, _choices(hint))


def _kind(hint: Any) -> Kind:
    if typing.get_origin(hint) is typing.Literal:
        return "text"
    return next(
        (kind for known, kind in _KINDS if isinstance(hint, type) and issubclass(hint, known)), "anything"
    )


def _choices(hint: Any) -> tuple[str, ...]:
    return tuple(map(str, typing.get_args(hint))) if typing.get_origin(hint) is typing.Literal else ()


def _element(hint: Any) -> Any:
    """What a tuple or list holds; None for everything else."""
    if typing.get_origin(hint) not in (tuple, list):
        return None
    return next((part for part in typing.get_args(hint) if part is not Ellipsis), Any)


def _without_none(hint: Any) -> Any:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        parts = [part for part in typing.get_args(hint) if part is not type(None)]
        return parts[0] if len(parts) == 1 else Any
    return hint
