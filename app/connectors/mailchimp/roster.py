"""Who is in the audience, by the hash of the address: kept in memory, and brought up to date by two light calls.

A large batch must know of each member whether it is there and in what state. Asking one by one would double the calls;
so the whole audience is listed once, narrowly, and from then on only what changed since. What we write ourselves is
noted at once. No address rests here.

It may be some seconds old, and nothing depends on that: a status is sent only for a stated change of will, Mailchimp
itself lets nobody back who left, and a member that came meanwhile is updated by the same call that would have added it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.connectors.base import Existing
from app.connectors.mailchimp import customers
from app.connectors.mailchimp.calls import Api

PAGE = 1000
FIELDS = "members.id,members.contact_id,members.status,members.tags,members.last_changed"
LOOK_BACK = timedelta(seconds=20)
"""Changes that are written down a little late are still seen by the next look."""
FRESH_S = 5.0
"""So long a look is believed: a big import asks for what others changed now and then, not before every batch."""
LIST_AGAIN_S = 6 * 3600.0
"""Who was deleted for good leaves no trace in what changed: the whole list is read again now and then."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One member's state."""

    hash: str
    contact_id: str
    status: str
    tags: tuple[str, ...]


class Roster:
    """The members of one audience. ``monotonic`` tells how old the whole list is."""

    def __init__(self, api: Api, list_path: str, *, monotonic: Callable[[], float]):
        self._api = api
        self._path = f"{list_path}/members"
        self._monotonic = monotonic
        self._entries: dict[str, Entry] = {}
        self._hashes: dict[str, str] = {}
        self._since: dict[str, datetime | None] = {"": None, "archived": None}
        self._listed_at: float | None = None
        self._looked_at: float | None = None
        self._lock = asyncio.Lock()

    @property
    def loaded(self) -> bool:
        """Whether the whole list was read, and not too long ago."""
        return self._listed_at is not None and self._monotonic() - self._listed_at < LIST_AGAIN_S

    async def refresh(self) -> None:
        """See what changed; the first time, and now and then, everything."""
        async with self._lock:
            started = self._monotonic()
            if self.loaded and self._looked_at is not None and started - self._looked_at < FRESH_S:
                return
            if not self.loaded:
                self._entries, self._hashes = {}, {}
                self._since = {"": None, "archived": None}
            for status in self._since:
                self._since[status] = await self._read(status, self._since[status])
            if not self.loaded:
                self._listed_at = started
            self._looked_at = started

    def find(self, hash_: str | None, contact_id: str | None) -> Existing | None:
        """By address first, then by contact: who changed the address has another hash and is the same contact."""
        entry = self._entries.get(hash_ or "") or self._entries.get(self._hashes.get(contact_id or "", ""))
        if entry is None:
            return None
        member = {"contact_id": entry.contact_id, "status": entry.status, "tags": entry.tags}
        return customers.existing_member(member, whole=False)

    def note(self, member: Mapping[str, Any]) -> None:
        """What Mailchimp said of one member just now, or of a part of it by its ``contact_id``."""
        if self._listed_at is None:
            return
        known = self._entries.get(self._hashes.get(str(member.get("contact_id", "")), ""))
        if known is not None:
            said = {"id": known.hash, "status": known.status, "tags": known.tags}
            member = said | {name: value for name, value in member.items() if value is not None}
        if member.get("id") and member.get("status"):
            self._take(member)

    def note_tags(self, member: str, *, on: Set[str], off: Set[str]) -> None:
        """Tags were set and taken away just now."""
        entry = self._entries.get(self._hashes.get(member, member))
        if entry is not None:
            tags = (set(entry.tags) | on) - off
            self._entries[entry.hash] = replace(entry, tags=tuple(sys.intern(name) for name in sorted(tags)))

    def forget(self, member: str) -> None:
        """Mailchimp does not know this contact any more."""
        hash_ = self._hashes.pop(member, member)
        self._entries.pop(hash_, None)

    async def _read(self, status: str, since: datetime | None) -> datetime | None:
        """All pages from a moment on. The moment moves along with what was read, because offsets shift under changes."""
        newest = since
        moment = None if since is None else since - LOOK_BACK
        offset = 0
        while True:
            query: dict[str, str | int] = {
                "fields": FIELDS,
                "count": PAGE,
                "offset": offset,
                "sort_field": "last_changed",
                "sort_dir": "ASC",
            }
            if status:
                query["status"] = status
            if moment is not None:
                query["since_last_changed"] = moment.isoformat()
            answer = await self._api.get(self._path, operation="members.get", params=query)
            page = answer.get("members") or []
            for raw in page:
                newest = _later(newest, self._take(raw))
            if len(page) < PAGE:
                return newest
            last = _moment(page[-1].get("last_changed"))
            # The filter is strictly after: one second less, and the same second is read again.
            onwards = None if last is None else last - timedelta(seconds=1)
            if onwards is not None and (moment is None or onwards > moment):
                moment, offset = onwards, 0
            else:
                offset += PAGE

    def _take(self, raw: Mapping[str, Any]) -> datetime | None:
        entry = Entry(
            hash=str(raw.get("id", "")),
            contact_id=str(raw.get("contact_id") or raw.get("id", "")),
            status=sys.intern(str(raw.get("status", ""))),
            tags=tuple(sys.intern(name) for name in customers.tag_names(raw.get("tags"))),
        )
        before = self._hashes.get(entry.contact_id)
        if before is not None and before != entry.hash:
            self._entries.pop(before, None)
        self._entries[entry.hash] = entry
        self._hashes[entry.contact_id] = entry.hash
        return _moment(raw.get("last_changed"))


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)
