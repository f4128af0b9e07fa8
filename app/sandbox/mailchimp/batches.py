"""Batches of operations and the webhooks that tell of their end: what Mailchimp keeps of them (mailchimp.md §4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class Batch:
    id: str
    operations: list[dict[str, Any]]
    submitted_at: str
    due: float  # the clock's seconds at which it is worked off
    status: str = "pending"
    completed_at: str = ""
    finished: int = 0
    errored: int = 0
    results: list[dict[str, Any]] = field(default_factory=list)
    links: dict[str, float] = field(
        default_factory=dict
    )  # token of a result's address -> until when it works


@dataclass(slots=True, eq=False)
class BatchWebhook:
    id: str
    url: str
    enabled: bool = True

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "url": self.url, "enabled": self.enabled}
