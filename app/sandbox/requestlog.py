"""Every request a sandbox server received, so that a test can say what crossed the wire, and how much at once.

Secrets in the query string are masked and credentials in headers are left out before anything is kept.
The log is bounded in entries and in bytes; with ``limit=0`` it only counts, which is what benchmarks want.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

SECRET_PARAMETERS = frozenset(
    {"secret", "password", "apikey", "api_key", "access_token", "client_secret", "code"}
)
SECRET_HEADERS = frozenset({b"authorization", b"cookie", b"x-api-key", b"proxy-authorization"})
MASK = "***"


@dataclass(slots=True)
class Logged:
    """One request. ``status`` is None while it is under way, and stays 0 when no answer was given."""

    number: int
    at: float
    method: str
    path: str
    operation: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    in_flight: int
    status: int | None = None
    seconds: float = 0.0
    fault: str = ""
    answer: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.body)

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds"),
            "method": self.method,
            "path": self.path,
            "operation": self.operation,
            "query": self.query,
            "body": self.text,
            "status": self.status,
            "seconds": round(self.seconds, 4),
            "in_flight": self.in_flight,
            "fault": self.fault,
            "answer": self.answer.decode("utf-8", "replace"),
        }


class RequestLog:
    """The bounded list of requests, with counts that stay exact when old entries fall out."""

    def __init__(
        self, *, limit: int = 2_000, max_bytes: int = 32_000_000, body_bytes: int = 1_000_000
    ) -> None:
        self.limit = limit
        self.max_bytes = max_bytes
        self.body_bytes = body_bytes
        self.entries: deque[Logged] = deque()
        self.total = 0
        self.counts: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.in_flight = 0
        self.peak = 0
        self._held_bytes = 0

    def begin(self, scope: Mapping[str, Any], *, body: bytes, operation: str, at: float) -> Logged | None:
        """Count the request in; None when entries are not kept."""
        self.total += 1
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        self.counts[operation] += 1
        if self.limit == 0:
            return None
        entry = Logged(
            number=self.total,
            at=at,
            method=scope["method"],
            path=scope["path"],
            operation=operation,
            query=masked_query(scope.get("query_string", b"")),
            headers=public_headers(scope.get("headers", [])),
            body=body[: self.body_bytes],
            in_flight=self.in_flight,
        )
        self.entries.append(entry)
        self._held_bytes += len(entry.body)
        return entry

    def end(
        self, entry: Logged | None, *, status: int, seconds: float, fault: str = "", answer: bytes = b""
    ) -> None:
        self.in_flight -= 1
        self.statuses[status] += 1
        if entry is None:
            return
        entry.status = status
        entry.seconds = seconds
        entry.fault = fault
        entry.answer = answer[: self.body_bytes]
        self._held_bytes += len(entry.answer)
        while len(self.entries) > self.limit or (self._held_bytes > self.max_bytes and len(self.entries) > 1):
            gone = self.entries.popleft()
            self._held_bytes -= len(gone.body) + len(gone.answer)

    def clear(self) -> None:
        """Forget what was; requests that are under way go on being counted as in flight."""
        self.entries.clear()
        self.total = 0
        self.counts.clear()
        self.statuses.clear()
        self.peak = self.in_flight
        self._held_bytes = 0

    def find(
        self, *, operation: str | None = None, method: str | None = None, path: str | None = None
    ) -> list[Logged]:
        return [
            entry
            for entry in self.entries
            if (operation is None or entry.operation == operation)
            and (method is None or entry.method == method)
            and (path is None or entry.path == path)
        ]

    def as_json(self, *, last: int = 200) -> dict[str, Any]:
        return {
            "total": self.total,
            "peak": self.peak,
            "in_flight": self.in_flight,
            "operations": dict(self.counts),
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
            "requests": [entry.as_json() for entry in list(self.entries)[-last:]] if last else [],
        }


def masked_query(raw: bytes) -> dict[str, str]:
    if not raw:
        return {}
    pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True)
    return {
        name: MASK
        if unquote_to_bytes(name).decode("utf-8", "replace").lower() in SECRET_PARAMETERS
        else value
        for name, value in pairs
    }


def public_headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {
        name.decode("latin-1"): value.decode("latin-1") for name, value in raw if name not in SECRET_HEADERS
    }
