"""Reading contacts of an audience: who changed since a moment, and what a contact says now (mailchimp.md §2.2).

Mailchimp lists by ``last_changed``, whole seconds, strictly after; archived members stand in a list of their own. What a
poll found is asked for again within minutes, mostly in the same order: so one list between two moments answers for many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.connectors.base import Document, Fetched, Found, Gone, Page
from app.connectors.mailchimp import contacts
from app.connectors.mailchimp.calls import Api, segment
from app.errors import RecordRefused

PAGE = 1000
OVERLAP = 50
"""Offsets shift while members change: so much of the page before is read again."""
WINDOW_S = 300
"""So long after its moment a change may become visible (mailchimp.md §2.2, inferred)."""
FEW = 3
"""So many are asked one by one."""
LISTS = ("", "archived")
WITHOUT = "_links,stats"


class ContactReader:
    """The members of one audience. ``keyed_hash`` is the installation's."""

    def __init__(self, api: Api, list_path: str, *, keyed_hash: Callable[..., str]):
        self._api = api
        self._path = f"{list_path}/members"
        self._keyed_hash = keyed_hash
        self._changed_at: dict[str, int] = {}

    async def changes(self, *, since: int, limit: int) -> Page:
        """Contacts that changed in the second ``since`` or later. Every second of a page is whole."""
        count = max(1, min(limit, PAGE))
        answers = [await self._listed(status, since=since, count=count) for status in LISTS]
        ends = [end for _, end in answers if end is not None]
        end = min(ends, default=None)
        newest: dict[str, tuple[int, Document]] = {}
        for members, _ in answers:
            for member in members:
                at = contacts.second(member) or since
                ref = contacts.contact_id(member)
                # Who was archived between the two calls stands in both lists.
                if (end is None or at <= end) and (ref not in newest or newest[ref][0] <= at):
                    newest[ref] = at, contacts.read(member)
        self._changed_at |= {ref: at for ref, (at, _) in newest.items()}
        ordered = sorted(newest.items(), key=lambda each: (each[1][0], each[0]))
        return Page(
            changed=tuple(
                contacts.changed(document, keyed_hash=self._keyed_hash) for _, (_, document) in ordered
            ),
            position=end if end is not None else max((at for at, _ in newest.values()), default=since - 1),
            more=end is not None,
            found=tuple(Found(ref, document, at) for ref, (at, document) in ordered),
        )

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        """Each contact once, as it stands now."""
        wanted = list(dict.fromkeys(refs))
        found = await self._between(wanted)
        left = [ref for ref in wanted if ref not in found]
        answers = await asyncio.gather(*map(self._one, left), return_exceptions=True)
        fetched: list[Fetched] = [Found(ref, document) for ref, document in found.items()]
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            fetched.append(answer)
        return fetched

    async def look_up(self, email: str) -> str | None:
        """The contact with exactly this address."""
        answer = await self._get(segment(email.strip().lower()), fields="id,contact_id")
        return None if answer is None else contacts.contact_id(answer)

    async def _listed(
        self, status: str, *, since: int, count: int
    ) -> tuple[list[Mapping[str, Any]], int | None]:
        """Members of one list from ``since`` on, and the second up to which they are all; None when there are no more."""
        found: dict[str, Mapping[str, Any]] = {}
        offset = 0
        while True:
            page = await self._page(status, since=since, count=count, offset=offset)
            found |= {contacts.contact_id(member): member for member in page}
            if len(page) < count:
                return list(found.values()), None
            seconds = [contacts.second(member) or since for member in found.values()]
            last = max(seconds)
            if last > min(seconds):
                return list(found.values()), last - 1
            offset += max(1, count - OVERLAP)  # a whole page of one second: an import

    async def _between(self, refs: Sequence[str]) -> dict[str, Document]:
        """Those that did not change since a poll saw them, by one list; who did is not among them."""
        known = [self._changed_at.pop(ref) for ref in refs if ref in self._changed_at]
        if len(known) <= FEW:
            return {}
        page = await self._page("", since=min(known), before=max(known) + 1, count=PAGE)
        asked = set(refs)
        return {
            ref: contacts.read(member) for member in page if (ref := contacts.contact_id(member)) in asked
        }

    async def _page(
        self, status: str, *, since: int, count: int, offset: int = 0, before: int | None = None
    ) -> list[Mapping[str, Any]]:
        query: dict[str, str | int] = {
            "exclude_fields": "_links,members._links,members.stats",
            "count": count,
            "offset": offset,
            "sort_field": "last_changed",
            "sort_dir": "ASC",
        }
        if since > 1:
            query["since_last_changed"] = contacts.moment(since - 1)
        if before is not None:
            query["before_last_changed"] = contacts.moment(before)
        if status:
            query["status"] = status
        answer = await self._api.get(self._path, operation="members.get", params=query)
        return answer.get("members") or []

    async def _one(self, ref: str) -> Fetched:
        member = await self._get(segment(ref))
        return Gone(ref) if member is None else Found(ref, contacts.read(member))

    async def _get(self, name: str, *, fields: str | None = None) -> Document | None:
        shown = {"exclude_fields": WITHOUT} if fields is None else {"fields": fields}
        try:
            return await self._api.get(f"{self._path}/{name}", operation="member.get", params=shown)
        except RecordRefused as refused:
            if refused.code != "not_found":
                raise
            return None
