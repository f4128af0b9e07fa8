"""Pictures by their address: whether somebody who opens a mail would see anything. A doubt is a warning, never a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from app.connectors.base import Document
from app.errors import AppError

LARGEST = 10 * 1024 * 1024
AT_ONCE = 4
PATIENCE_S = 5.0


def addresses(body: Mapping[str, Any]) -> Iterator[str]:
    """Every address of a picture in a body, each once."""
    shown = [body.get("image_url"), body.get("url") if "variant_ids" in body else None]
    for name, field in (("images", "url"), ("variants", "image_url")):
        shown += [each.get(field) for each in body.get(name) or ()]
    yield from dict.fromkeys(url for url in shown if url)


class Pictures:
    """Asks for pictures when they are sent; nothing is remembered, since what stays the same is not sent again."""

    def __init__(self, http: httpx.AsyncClient):
        self._http = http
        self._places = asyncio.Semaphore(AT_ONCE)

    async def doubts(self, body: Document) -> tuple[str, ...]:
        """A warning for each kind of picture in a body that nobody would see."""
        found = await asyncio.gather(*(self._doubt(url) for url in addresses(body)))
        return tuple(dict.fromkeys(f"image_broken: {reason}" for reason in found if reason))

    async def _doubt(self, url: str) -> str | None:
        async with self._places:
            try:
                answer = await self._http.request("HEAD", url, timeout=PATIENCE_S, follow_redirects=False)
            except AppError:
                return None  # an address without TLS is not asked for; that says nothing about the picture
            except (httpx.HTTPError, httpx.InvalidURL, ValueError):
                return "an image could not be asked for at its address"
        if answer.status_code >= 400:
            return f"an image is not at its address (status {answer.status_code})"
        kind = answer.headers.get("Content-Type", "image/")
        if answer.status_code < 300 and not kind.lower().startswith("image/"):
            return "what is at the address of an image is none"
        size = answer.headers.get("Content-Length", "")
        if size.isdigit() and int(size) > LARGEST:
            return f"an image has {int(size) // 1_048_576} MB; mail programs show none of that size"
        return None
