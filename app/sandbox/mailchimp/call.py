"""One API call, as its handler sees it: who calls, what stood in the path, the query, and the body."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from app.sandbox.mailchimp.answers import chosen, window
from app.sandbox.mailchimp.audience import Audience, Member
from app.sandbox.mailchimp.problems import json_unreadable, not_found
from app.sandbox.mailchimp.shapes import Check, checked
from app.sandbox.mailchimp.world import Account, Login, Mailchimp

T = TypeVar("T")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)


class Call:
    __slots__ = ("_query", "account", "args", "base_url", "login", "query_string", "raw")

    def __init__(
        self,
        account: Account,
        login: Login,
        *,
        args: list[str],
        query_string: bytes = b"",
        raw: bytes = b"",
        base_url: str = "",
    ) -> None:
        self.account = account
        self.login = login
        self.args = args
        self.query_string = query_string
        self.raw = raw
        self.base_url = base_url
        self._query: dict[str, str] | None = None

    @property
    def world(self) -> Mailchimp:
        return self.account.world

    @property
    def query(self) -> Mapping[str, str]:
        if self._query is None:
            text = self.query_string.decode("utf-8", "replace")
            self._query = dict(parse_qsl(text, keep_blank_values=True)) if text else {}
        return self._query

    def body(self, shape: Check) -> dict[str, Any]:
        """The body as JSON of the given shape; ProblemError says what is wrong with it."""
        try:
            value = _decoder.decode(self.raw.decode("utf-8"))
            if b"\\ud" in self.raw or b"\\uD" in self.raw:
                json.dumps(value, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no text
        except (ValueError, RecursionError):
            raise json_unreadable() from None
        return checked(value, shape)

    def audience(self) -> Audience:
        found = self.account.audiences.get(self.args[0])
        if found is None:
            raise not_found()
        return found

    def member(self) -> tuple[Audience, Member]:
        audience = self.audience()
        member = audience.find(self.args[1])
        if member is None:
            raise not_found()
        return audience, member

    def answer(self, record: dict[str, Any]) -> dict[str, Any]:
        """One record, with its link to itself, cut to the fields that were asked for."""
        record["_links"] = LINKS
        return chosen(record, self.query) if self.query_string else record

    def page(
        self,
        name: str,
        found: Collection[T],
        show: Callable[[T], dict[str, Any]],
        *,
        keys: Iterable[str] = (),
        **beside: Any,
    ) -> dict[str, Any]:
        """One page of a collection. ``keys`` are the names that ``fields`` may name below ``name``."""
        part = list(found)[window(self.query)]
        answer = {name: [show(one) for one in part], **beside, "total_items": len(found), "_links": LINKS}
        return chosen(answer, self.query, item_keys=list(keys))


LINKS: list[dict[str, str]] = [
    {
        "rel": "self",
        "href": "https://us6.api.mailchimp.com/3.0/",
        "method": "GET",
        "targetSchema": "https://us6.api.mailchimp.com/schema/3.0/Definitions/Response.json",
    }
]

Handler = Callable[[Call], Any]


def lookup(found: Mapping[str, T], key: str) -> T:
    one = found.get(key)
    if one is None:
        raise not_found()
    return one
