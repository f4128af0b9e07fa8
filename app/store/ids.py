"""Ids of what people configure: short, random, and telling by their first letters what they name."""

from __future__ import annotations

import secrets
from typing import Literal

IdPrefix = Literal["con", "int", "flow", "key"]


def new_id(prefix: IdPrefix) -> str:
    """A new id such as ``con_5f1c09ab3d22``: safe in URLs, logs and file names."""
    return f"{prefix}_{secrets.token_hex(6)}"
