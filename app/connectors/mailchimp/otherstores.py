"""The account's other stores: how their records are named here, and which of them may be read. Pure.

A reference is ``store/id``: an id is unique in its store only. Our own store is never read: what we wrote there would come
back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from app.connectors.base import Document
from app.connectors.mailchimp.calls import segment
from app.errors import AdministratorError


def ref_of(store: str, id: str) -> str:
    """How a record is named here."""
    return f"{store}/{id}"


def parts_of(ref: str) -> tuple[str, str] | None:
    """Store and id of a reference; None where it can be none."""
    store, slash, id = ref.partition("/")
    return (store, id) if store and slash and id else None


def path_of(store: str) -> str:
    """Where a store stands in the API."""
    return f"/ecommerce/stores/{segment(store)}"


def fingerprint(said: Any) -> str:
    """A short mark that differs where what was said differs."""
    text = json.dumps(said, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def filled(raw: Mapping[str, Any], *, but: tuple[str, ...]) -> Document:
    """What an answer says: texts without space around them, nothing that is empty, and none of the names ``but``."""
    told: Document = {}
    for name, value in raw.items():
        if isinstance(value, str):
            value = value.strip()
        elif isinstance(value, Mapping):
            value = filled(value, but=("_links",))
        if name not in but and value not in ("", None, {}, []):
            told[name] = value
    return told


def own_store(store: str, *, records: str) -> AdministratorError:
    """The error for our own store; ``records`` are those that would come back."""
    return AdministratorError(
        f"{store} is the store that this connection writes: its {records} came from the till.",
        advice="Choose other stores in the flow's settings.",
        field="stores",
        code="own_store",
    )


def no_such_store(store: str) -> AdministratorError:
    """The error for a store that the account does not have."""
    return AdministratorError(
        f"The account has no store {store}.",
        advice="Correct its id in the flow's settings; GET /3.0/ecommerce/stores lists those there are.",
        field="stores",
        code="no_such_store",
    )
