"""API keys: how they are made, how they are told apart, and how far each reaches.

A key's text is shown once and never kept; its keyed hash is looked up. The first admin key comes from the settings
and is compared in memory, so that nobody is locked out of an empty database.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from app.errors import NotAllowed, NotAuthenticated
from app.sealing import Sealer

Scope = Literal["read", "operate", "admin"]

REACH: dict[str, int] = {"read": 1, "operate": 2, "admin": 3}
"""Each scope includes the ones before it: ``read`` looks, ``operate`` starts, pauses and replays, ``admin`` configures."""

FIRST_KEY_ID = "first"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the key's id and name, and how far it reaches."""

    key_id: str
    name: str
    scope: str


def new_api_key() -> str:
    """A new key: its prefix tells secret scanners and people what it is."""
    return f"t2a_{secrets.token_urlsafe(32)}"


def hash_api_key(sealer: Sealer, key: str) -> str:
    """What is kept of a key."""
    return sealer.keyed_hash("api-key", key, length=64)


def presented_key(header: Callable[[str], str | None]) -> str:
    """The key of a request: ``Authorization: Bearer …`` or ``X-API-Key: …``. Raises NotAuthenticated."""
    authorization = header("authorization")
    if authorization is not None:
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() == "bearer" and key.strip():
            return key.strip()
        raise NotAuthenticated(
            "The Authorization header does not hold a bearer key.",
            advice="Send 'Authorization: Bearer <your API key>'.",
        )
    key = (header("x-api-key") or "").strip()
    if not key:
        raise NotAuthenticated(
            "This request carries no API key.",
            advice="Send 'Authorization: Bearer <your API key>'; the first key stands in var/run.json after `make run`.",
        )
    return key


def is_first_key(key: str, *, first: str | None) -> bool:
    """Whether this is the key of the settings; compared in constant time."""
    return first is not None and hmac.compare_digest(key.encode(), first.encode())


def require(caller: Caller, scope: Scope) -> None:
    """Raises NotAllowed when the key does not reach that far."""
    if REACH.get(caller.scope, 0) < REACH[scope]:
        raise NotAllowed(
            f"The key {caller.name!r} has the scope {caller.scope!r}; this needs {scope!r}.",
            advice="Use a key with a wider scope, or let an administrator make one.",
        )
