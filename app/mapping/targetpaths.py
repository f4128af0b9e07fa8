"""Target paths of rows: what they look like, which of them contradict each other, and how modes reach inside objects."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.errors import InvalidInput
from app.mapping.modes import Mode

_NAME = r"\w[\w-]{0,99}"
# Inside an object the merchant's own names hold spaces and signs: ``customFields.Klant sinds``, ``tags.Sale & more``.
_OWN = r"\w(?:[^.\[\]\"\x00-\x1f]{0,98}[^.\[\]\"\s\x00-\x1f])?"
_TARGET = re.compile(
    rf"(?:(?P<scope>{_NAME}(?:\.{_NAME}){{0,3}})\[\]\.?)?(?P<path>{_NAME}(?:\.{_OWN}){{0,7}})?"
)


def split_target(target: str, *, place: str) -> tuple[str | None, str]:
    """The list that a target stands in, if it does, and the path inside it. Raises InvalidInput for what is no path."""
    found = _TARGET.fullmatch(target)
    if found is None or (found["scope"] is None and not found["path"]):
        raise InvalidInput(
            f"{target[:80]!r} is no target path: names with dots are.", field=f"{place}.target"
        )
    if found["scope"] is not None and target.endswith("."):
        raise InvalidInput(f"{target!r} ends with a dot.", field=f"{place}.target")
    return found["scope"], found["path"] or ""


class Targets:
    """The targets of a mapping's rows, one after the other: each must go with those before it."""

    def __init__(self) -> None:
        self.modes: dict[str, Mode] = {}
        self.unconditional: set[str] = set()
        self._around: set[str] = set()

    def add(self, target: str, mode: Mode, *, conditional: bool, place: str) -> None:
        """Raises InvalidInput where two rows write the same, or one takes from another what it wrote."""
        earlier = self.modes.get(target)
        if earlier is not None and (not conditional or target.endswith("[]")):
            raise InvalidInput(
                f"Two rows write {target!r}.",
                field=f"{place}.target",
                advice="Switch one off, or give the later one a condition.",
            )
        if earlier is not None and earlier != mode:
            raise InvalidInput(f"The rows that write {target!r} differ in their mode.", field=f"{place}.mode")
        around = outer_paths(target)
        if any(outer in self.modes and target.startswith(f"{outer}[]") for outer in around):
            raise InvalidInput(
                f"One row writes all of a list and this one the elements of {target!r}.",
                field=f"{place}.target",
            )
        if target in self._around:
            raise InvalidInput(
                f"This row writes all of {target!r}, and an earlier one something inside it.",
                field=f"{place}.target",
                advice="Let the row that writes the whole come first.",
            )
        self.modes[target] = mode
        self._around |= around
        if not conditional:
            self.unconditional.add(target)

    def told_modes(self) -> dict[str, Mode]:
        """The modes worth telling: those that are not ``always``, and ``always`` inside something that is not."""
        modes = {target.replace("[]", ""): mode for target, mode in self.modes.items()}
        special = {path for path, mode in modes.items() if mode != "always"}
        return {path: mode for path, mode in modes.items() if path in special or special & outer_paths(path)}

    def emptiable(self) -> frozenset[str]:
        """Paths outside lists that are written whenever there is something to write."""
        return frozenset(
            target
            for target in self.unconditional
            if "[]" not in target and self.modes[target] in ("always", "update")
        )


def outer_paths(target: str) -> set[str]:
    """The objects and lists that a target stands in: ``lines`` and ``lines.address`` for ``lines[].address.city``."""
    names = target.split(".")
    outer = {".".join(names[:count]) for count in range(1, len(names))} | (
        {target} if target.endswith("[]") else set()
    )
    return {path.removesuffix("[]") for path in outer}


def source_paths(reads: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """What rows read of the source document, by their targets: of a list's rows only what they read of the whole."""
    found: set[str] = set()
    for target, paths in reads.items():
        inside = "[]." in target
        found |= {path.removeprefix("whole.") for path in paths if not inside or path.startswith("whole.")}
    return frozenset(path for path in found if path != "settings" and not path.startswith("settings."))
