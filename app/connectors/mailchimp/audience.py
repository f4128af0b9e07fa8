"""The audience as it is defined at Mailchimp: double opt-in, size, merge fields, groups, tags."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from app.connectors.allof import all_of
from app.connectors.mailchimp import fields
from app.connectors.mailchimp.calls import Api, segment
from app.connectors.mailchimp.fields import Audience, Group, MergeField
from app.errors import MisdirectedConnection, RecordRefused

MOST_FIELDS = 1000
OPTIONS: Mapping[str, Mapping[str, object]] = {"phone": {"options": {"phone_format": "International"}}}
"""What a new field needs beside its type: the phone numbers of Europe have no place in the format of the United States."""
BELIEVED_S = 300.0
"""How long a definition is believed; a refused merge field ends it earlier."""


class Definition:
    """The audience's own settings and merge fields, asked for now and then."""

    def __init__(self, api: Api, list_path: str, *, monotonic: Callable[[], float]):
        self._api = api
        self._path = list_path
        self._monotonic = monotonic
        self._asked_at: float | None = None
        self._lock = asyncio.Lock()
        self.known = Audience()

    async def look(self) -> Audience:
        """What is known, asked for again where it is old."""
        async with self._lock:
            if self._asked_at is None or self._monotonic() - self._asked_at > BELIEVED_S:
                started = self._monotonic()
                self.known = await self._ask()
                self._asked_at = started
            return self.known

    def doubt(self) -> None:
        """It proved to be old."""
        self._asked_at = None

    async def merge_fields(self) -> tuple[MergeField, ...]:
        """The audience's merge fields as they are now."""
        try:
            listed = await self._api.get(
                f"{self._path}/merge-fields",
                operation="mergefields.get",
                params={"count": MOST_FIELDS, "exclude_fields": "_links,merge_fields._links"},
            )
        except RecordRefused as refused:
            raise no_audience(refused) from None
        return tuple(fields.definition(raw) for raw in listed.get("merge_fields") or ())

    async def groups(self) -> tuple[Group, ...]:
        """The groups of the audience, category by category (mailchimp.md §2.6)."""
        try:
            answer = await self._api.get(
                f"{self._path}/interest-categories",
                operation="categories.get",
                params={"count": MOST_FIELDS, "fields": "categories.id,categories.title"},
            )
        except RecordRefused as refused:
            raise no_audience(refused) from None
        categories = answer.get("categories") or ()
        listed = await all_of(self._groups_of(str(each.get("id", ""))) for each in categories)
        return tuple(
            Group(str(each.get("id", "")), str(each.get("name", "")), str(category.get("title", "")))
            for category, groups in zip(categories, listed, strict=True)
            for each in groups
        )

    async def _groups_of(self, category: str) -> Sequence[Mapping[str, object]]:
        answer = await self._api.get(
            f"{self._path}/interest-categories/{segment(category)}/interests",
            operation="interests.get",
            params={"count": MOST_FIELDS, "fields": "interests.id,interests.name"},
        )
        return answer.get("interests") or ()

    async def tags(self) -> tuple[str, ...]:
        """The names of the audience's tags."""
        try:
            answer = await self._api.get(f"{self._path}/tag-search", operation="tagsearch.get")
        except RecordRefused as refused:
            raise no_audience(refused) from None
        return tuple(sorted({str(tag.get("name", "")) for tag in answer.get("tags") or ()} - {""}))

    async def create(self, *, tag: str, name: str, type: str) -> MergeField:
        """A new merge field. A field that Mailchimp has under this tag already is refused, never changed."""
        made = await self._api.call(
            "POST",
            f"{self._path}/merge-fields",
            operation="mergefields.post",
            body={"tag": tag, "name": name, "type": type, "public": False, **OPTIONS.get(type, {})},
        )
        self.doubt()
        return fields.definition(made)

    async def _ask(self) -> Audience:
        wanted = "id,name,double_optin,stats.total_contacts,stats.member_count,stats.unsubscribe_count"
        try:
            found = await self._api.get(
                self._path,
                operation="list.get",
                params={"fields": wanted, "include_total_contacts": "true"},
            )
        except RecordRefused as refused:
            raise no_audience(refused) from None
        stats: Mapping[str, int] = found.get("stats") or {}
        return Audience(
            name=str(found.get("name", "")),
            double_optin=found.get("double_optin") is True,
            contacts=stats.get("total_contacts")
            or stats.get("member_count", 0) + stats.get("unsubscribe_count", 0),
            fields={field.tag: field for field in await self.merge_fields()},
        )


def no_audience(refused: RecordRefused) -> RecordRefused | MisdirectedConnection:
    """The error of a call to the audience itself that found nothing there."""
    if refused.code != "not_found":
        return refused
    return MisdirectedConnection(
        "The account has no audience with this id.",
        advice="Choose the audience again: it was removed, or belongs to another account.",
        code="audience_not_found",
    )
