"""Switches of the till that a person may turn from the panel while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from app.sandbox.control import Action, RefusedError
from app.sandbox.mplus.part import flag
from app.sandbox.mplus.schema import plain

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till


def switches(till: Till) -> Sequence[Action]:
    async def backup(_: Mapping[str, Any]) -> Any:
        till.take_backup()
        return {"markers": till.service.marks()}

    async def restore(_: Mapping[str, Any]) -> Any:
        if not till.restore_backup():
            raise RefusedError("there is no backup yet")
        return {"markers": till.service.marks()}

    async def hold(fields: Mapping[str, Any]) -> Any:
        if not till.hold_commits(str(fields["kind"]), int(fields.get("changes", 1))):
            raise RefusedError(f"changes of {fields['kind']!r} cannot be held")
        return {"holding": int(fields.get("changes", 1))}

    async def release(_: Mapping[str, Any]) -> Any:
        return {"released": till.release_commits()}

    async def turn(fields: Mapping[str, Any]) -> Any:
        for name, value in fields.items():
            turn_one(till, name, value)
        told = plain(asdict(till.settings))
        return {**told, "secret": "***", "missing_rights": sorted(told["missing_rights"])}

    return [
        Action("take_backup", "Make a backup", (), backup),
        Action("restore_backup", "Put the backup back (markers fall)", (), restore),
        Action("hold_commits", "Commit out of order", (("kind", "relations"), ("changes", "1")), hold),
        Action("release_commits", "Let held changes commit", (), release),
        Action(
            "settings",
            "Turn a switch",
            (("service_major", "57, 59 or 67"), ("missing_rights", "relations")),
            turn,
        ),
    ]


def turn_one(till: Till, name: str, value: Any) -> None:
    settings = till.settings
    if name == "missing_rights":
        names = value if isinstance(value, list) else [part.strip() for part in str(value).split(",")]
        settings.missing_rights = {right for right in names if right and right != "none"}
        return
    if name == "closed_through":
        settings.closed_through = None if value in (None, "", "none") else date.fromisoformat(str(value))
        return
    now = getattr(settings, name, None)
    if now is None:
        raise RefusedError(f"there is no switch {name!r}")
    if isinstance(now, bool):
        value = flag(value)
    setattr(settings, name, type(now)(value))
    till.schema.empty_dates_as_zero = settings.empty_dates_as_zero
