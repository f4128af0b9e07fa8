"""INSERT … ON CONFLICT in the words of whichever database the connection speaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


def upsert(speaks: AsyncConnection | str, table: Table) -> Any:
    """An insert that knows ``on_conflict_do_update`` and ``excluded``; both dialects spell it alike."""
    dialect = speaks if isinstance(speaks, str) else speaks.dialect.name
    return (sqlite.insert if dialect == "sqlite" else postgresql.insert)(table)


def chunks(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """Lists of at most ``size``: statements have a limit of parameters."""
    return [items[i : i + size] for i in range(0, len(items), size)]
