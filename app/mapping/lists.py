"""Lists: single records named by SKU, e-mail address, customer number or order number, that never leave, or alone do.

Addresses rest as keyed hashes: whoever reads the configuration, its versions or an exported file learns nobody's address from
it, and the same person is found all the same. An address is hashed as the key of a person's target is, so that a list also
speaks of target records, of which only that key is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.errors import InvalidInput
from app.mapping.plainpaths import Evaluate
from app.mapping.run import LISTS, Run
from app.values.email import normalise_email
from app.values.text import as_text

MAX_LISTED = 50_000
PERSON = "customer"
"""The kind of target whose key is a person's address."""

ListKind = Literal["sku", "email", "customer", "order"]
NAMES: Mapping[ListKind, str] = {
    "sku": "SKU",
    "email": "e-mail address",
    "customer": "customer number",
    "order": "order number",
}


class Listed(BaseModel):
    """Values by kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sku: tuple[str, ...] = Field(
        default=(), title="SKUs", description="Article numbers.", examples=[["1001"]], max_length=MAX_LISTED
    )
    email: tuple[str, ...] = Field(
        default=(),
        title="E-mail addresses",
        description=(
            "Addresses, in any spelling. What is kept of one is a keyed hash, `hashed:<key>:<hash>`: it is shown so, may be sent "
            "back so, and names the same person wherever this installation meets the address."
        ),
        examples=[["test@winkel.nl"]],
        max_length=MAX_LISTED,
    )
    customer: tuple[str, ...] = Field(
        default=(),
        title="Customer numbers",
        description="As the till counts.",
        examples=[["17"]],
        max_length=MAX_LISTED,
    )
    order: tuple[str, ...] = Field(
        default=(),
        title="Order numbers",
        description="As people know them.",
        examples=[["2026-118"]],
        max_length=MAX_LISTED,
    )


class Lists(BaseModel):
    """Records named one by one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    block: Listed = Field(
        default=Listed(),
        title="Block list",
        description=(
            "These never leave, and nothing is put away for them either, but by the flow's own setting for filtered records. "
            "An order is kept back when any of its articles is listed."
        ),
        examples=[{"email": ["test@winkel.nl"]}],
    )
    allow: Listed = Field(
        default=Listed(),
        title="Allow list",
        description="Where it names anything of a kind, only these leave.",
        examples=[{"sku": ["1001", "1002"]}],
    )


@dataclass(frozen=True, slots=True)
class Filtered:
    """A record that does not travel: by which filter or list, and the reason, without a value of the record in it."""

    by: str
    reason: str

    @property
    def sentence(self) -> str:
        """What the log says: ``Filtered by filter 'Only web shop': Not in the web shop``."""
        return f"Filtered by {self.by}{f': {self.reason}' if self.reason else ''}"


@dataclass(frozen=True, slots=True)
class Hashes:
    """How this installation hashes the addresses of people: ``of`` takes a normal one, ``key`` names the key of the hash."""

    of: Callable[[str], str]
    key: str

    def entry(self, address: str) -> str:
        """How a list keeps a normal address."""
        return f"hashed:{self.key}:{self.of(address)}"


_ENTRY = re.compile(r"hashed:([0-9a-f]{8}):([0-9a-f]{32})")


def is_hashed(value: Any) -> bool:
    """Whether a list's value is a hashed address."""
    return isinstance(value, str) and value.startswith("hashed:")


def protected(lists: Lists, hashes: Hashes) -> Lists:
    """The same with every address hashed, each person once. Raises InvalidInput naming the place of what is no address here."""
    sides = {name: getattr(lists, name) for name in lists.model_fields_set}
    found = {name: _protected(listed, f"lists.{name}", hashes) for name, listed in sides.items()}
    return lists.model_copy(update={name: listed for name, listed in found.items() if listed != sides[name]})


def _protected(listed: Listed, place: str, hashes: Hashes) -> Listed:
    entries = (
        protected_value("email", value, hashes, place=f"{place}.email[{at}]")
        for at, value in enumerate(listed.email)
        if value.strip()
    )
    kept = tuple(dict.fromkeys(entries))
    return listed if kept == listed.email else listed.model_copy(update={"email": kept})


def protected_value(kind: ListKind, value: str, hashes: Hashes, *, place: str) -> str:
    """One value as its list keeps it: an address hashed. Raises InvalidInput where it is no address, or another's hash."""
    value = value.strip()
    if kind != "email":
        return value
    if is_hashed(value):
        found = _ENTRY.fullmatch(value)
        if found is None or found[1] != hashes.key:
            raise InvalidInput(
                "This address was hashed by another installation, and would never be found here.",
                advice="Give the address itself; it is hashed on its way in. Or leave it out.",
                field=place,
                code="foreign_hash",
            )
        return value
    address = normalise_email(value)
    if (
        address is None or "*" in address
    ):  # a star may stand in an address, and nobody has one: a pattern is meant
        raise InvalidInput(
            "This is no e-mail address, so it would never be found.",
            advice="Write it like name@winkel.nl; a list names single addresses, a filter whole domains.",
            field=place,
        )
    return hashes.entry(address)


def as_listed(kind: ListKind, value: str) -> str:
    """A kept value as it is compared with another."""
    return value if is_hashed(value) else next(iter(_normalised(kind, (value,))), "")


# --- at work --------------------------------------------------------------------------------------------------------

Judge = Callable[[dict[str, Any], Run], Filtered | None]


@dataclass(frozen=True, slots=True)
class Untouched:
    """What the lists keep away from, for target records that are known by their hashed key only.

    ``keys`` are those of people. The hash of another value is that of the installation, and reckoned once for each kind
    of target.
    """

    blocked: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    blocked_keys: frozenset[str] = frozenset()
    allowed_keys: frozenset[str] = frozenset()
    _hashes: dict[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict, compare=False)

    @classmethod
    def compile(cls, lists: Lists, keys: Iterable[Any]) -> Untouched:
        """By the kinds of list whose values are the natural keys of target records."""
        kinds = [*keys]
        (blocked, blocked_keys), (allowed, allowed_keys) = (
            (
                frozenset(value for kind in kinds for value in _normalised(kind, getattr(listed, kind))),
                _hashed(listed.email) if "email" in kinds else frozenset(),
            )
            for listed in (lists.block, lists.allow)
        )
        return cls(blocked, allowed, blocked_keys, allowed_keys)

    def names(self, kind: str, key: str, hashed: Callable[[str, str], str]) -> bool:
        """Whether the target record with this hashed key is not to be touched."""
        if not (self.blocked or self.allowed or self.blocked_keys or self.allowed_keys):
            return False
        if kind not in self._hashes:
            people = kind == PERSON
            self._hashes[kind] = (
                frozenset(hashed(kind, value) for value in self.blocked)
                | (self.blocked_keys if people else frozenset()),
                frozenset(hashed(kind, value) for value in self.allowed)
                | (self.allowed_keys if people else frozenset()),
            )
        blocked, allowed = self._hashes[kind]
        return key in blocked or (bool(allowed) and key not in allowed)


def judges_of(kind: ListKind, read: Evaluate, lists: Lists, *, hashes: Hashes | None = None) -> list[Judge]:
    """What both lists say about one kind of value; ``read`` finds the record's own. Raises InvalidInput where a list holds
    addresses that are hashed with another key, or no ``hashes`` are given."""
    on_block = Filtered("the block list", f"its {NAMES[kind]} is listed")
    off_allow = Filtered("the allow list", f"its {NAMES[kind]} is not listed")

    def values(document: dict[str, Any], run: Run) -> frozenset[str]:
        found = read(document, run)
        elements = found if isinstance(found, LISTS) else (found,)
        run.pay(len(elements))
        return _normalised(kind, elements)

    judges: list[Judge] = []
    blocked = _named(kind, getattr(lists.block, kind), hashes)
    if blocked is not None:
        judges.append(lambda document, run: on_block if any(map(blocked, values(document, run))) else None)
    allowed = _named(kind, getattr(lists.allow, kind), hashes)
    if allowed is not None:
        judges.append(
            lambda document, run: (
                None if (found := values(document, run)) and all(map(allowed, found)) else off_allow
            )
        )
    return judges


def _named(kind: ListKind, listed: Sequence[str], hashes: Hashes | None) -> Callable[[str], bool] | None:
    """Whether a normal value is among those of a list; None for a list that names nothing."""
    named = _normalised(kind, listed)
    keys = _hashed(listed) if kind == "email" else frozenset[str]()
    if not keys:
        return named.__contains__ if named else None
    if hashes is None or any(
        is_hashed(value) and not value.startswith(f"hashed:{hashes.key}:") for value in listed
    ):
        raise InvalidInput(
            "The lists hold addresses that were hashed with another key than this installation's.",
            advice="Put back the HASH_SECRET they were hashed with, or write those lists anew.",
            field="lists",
            code="foreign_hash",
        )
    of = hashes.of
    return lambda value: value in named or of(value) in keys


def _hashed(values: Iterable[str]) -> frozenset[str]:
    """The hashes among a list's addresses: what people's targets are known by."""
    return frozenset(value.rpartition(":")[2] for value in values if is_hashed(value))


def _normalised(kind: ListKind, values: Iterable[Any]) -> frozenset[str]:
    texts = [text.strip() for value in values if (text := as_text(value)) and text.strip()]
    if kind == "email":
        return frozenset(normalise_email(text) or text.lower() for text in texts if not is_hashed(text))
    return frozenset(text.casefold() for text in texts)
