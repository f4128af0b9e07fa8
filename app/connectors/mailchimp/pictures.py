"""Pictures by their address: whether somebody who opens a mail would see anything. A doubt is a warning, never a refusal."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx

from app.connectors.base import Document
from app.errors import AppError

LARGEST = 10 * 1024 * 1024
AT_ONCE = 8
PATIENCE_S = 5.0
FAILURES, PAUSE_S = 3, 300.0
"""So many in a row of one server that does not answer, and so long it is not asked again: an import does not wait for it."""
NAMED = 3
UNREACHED = "could not be asked for"


def addresses(body: Mapping[str, Any]) -> Iterator[str]:
    """Every address of a picture in a body, each once."""
    shown = [body.get("image_url"), body.get("url") if "variant_ids" in body else None]
    for name, field in (("images", "url"), ("variants", "image_url")):
        shown += [each.get(field) for each in body.get(name) or ()]
    yield from dict.fromkeys(url for url in shown if url)


class Pictures:
    """Asks for pictures when they are sent; of pictures nothing is remembered, since what stays the same is not sent again."""

    def __init__(self, http: httpx.AsyncClient, *, monotonic: Callable[[], float] = time.monotonic):
        self._http = http
        self._monotonic = monotonic
        self._places = asyncio.Semaphore(AT_ONCE)
        self._unanswered: Counter[str] = Counter()
        self._silent_until: dict[str, float] = {}

    async def doubts(self, body: Document) -> tuple[str, ...]:
        """A warning for each kind of picture in a body that nobody would see, with the names of some."""
        asked = list(addresses(body))
        found: dict[str, list[str]] = {}
        for url, reason in zip(asked, await asyncio.gather(*map(self._doubt, asked)), strict=True):
            if reason:
                found.setdefault(reason, []).append(_name(url))
        return tuple(f"image_broken: {reason}: {_few(names)}" for reason, names in found.items())

    async def _doubt(self, url: str) -> str | None:
        async with self._places:
            try:
                host = httpx.URL(url).host
                if self._silent_until.get(host, 0.0) > self._monotonic():
                    return UNREACHED
                answer = await self._http.request(
                    "HEAD",
                    url,
                    timeout=PATIENCE_S,
                    follow_redirects=False,
                    extensions={"operation": "image.look"},  # it is not Mailchimp that is asked
                )
            except AppError:
                return None  # an address without TLS is not asked for; that says nothing about the picture
            except httpx.TransportError:
                self._note_silence(host)
                return UNREACHED
            except (httpx.HTTPError, httpx.InvalidURL, ValueError):
                return UNREACHED
        self._unanswered.pop(host, None)
        if answer.status_code >= 400:
            return f"not at its address (status {answer.status_code})"
        kind = answer.headers.get("Content-Type", "image/")
        if answer.status_code < 300 and not kind.lower().startswith("image/"):
            return "what is at its address is no image"
        size = answer.headers.get("Content-Length", "")
        if size.isdigit() and int(size) > LARGEST:
            return f"larger than mail programs show ({int(size) // 1_048_576} MB)"
        return None

    def _note_silence(self, host: str) -> None:
        self._unanswered[host] += 1
        if self._unanswered[host] >= FAILURES:
            self._silent_until[host] = self._monotonic() + PAUSE_S
            del self._unanswered[host]


def _name(url: str) -> str:
    """The end of an address, without what may stand behind it."""
    return url.partition("?")[0].rstrip("/").rpartition("/")[2][:60] or "an image"


def _few(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
