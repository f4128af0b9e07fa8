"""A category: one node of the source's tree of groups."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Category(BaseModel):
    """One group. ``path`` holds the names from the root down to this one, so that a rename above shows here."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    id: str
    name: str
    parent_id: str | None = None
    path: tuple[str, ...] = Field(default=(), description="Names from the root to this group")
    product_ids: tuple[str, ...] = ()
    position: int = 0
    deleted: bool = False
