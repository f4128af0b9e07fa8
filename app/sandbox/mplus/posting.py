"""A webhook on its way: posted signed, its answer checked as the till checks it, an error echoed, never sent again.

Blocking events wait for the answer as a cashier would; others are fire and forget. Nothing is redelivered, whatever
happens: that is the vendor's behaviour, and why polling is the source of truth (mplus.md §2.2).
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from app.sandbox.mplus.signature import sign, signed

KEPT = 500


@dataclass(frozen=True, slots=True)
class Letter:
    """One POST to one subscriber."""

    url: str
    subscription_id: str
    secret: str
    payload: Mapping[str, Any]
    blocking: bool
    event: str


@dataclass(slots=True)
class Sent:
    """What became of a letter. ``verdict`` is ``ok``, one of the vendor's error codes, or why no answer came."""

    letter: Letter
    at: datetime
    status: int | None = None
    answer: str = ""
    verdict: str = ""
    echoed: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "event": self.letter.event,
            "url": self.letter.url,
            "subscriptionId": self.letter.subscription_id,
            "blocking": self.letter.blocking,
            "at": self.at.isoformat(timespec="milliseconds"),
            "status": self.status,
            "verdict": self.verdict,
            "echoed": self.echoed,
            "answer": self.answer,
            "payload": self.letter.payload,
        }


@dataclass(slots=True)
class Postman:
    """Sends letters and keeps what became of them."""

    seconds: float = 2.0
    log: deque[Sent] = field(default_factory=lambda: deque(maxlen=KEPT))
    _client: httpx.AsyncClient | None = None
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def post(self, letter: Letter, *, now: datetime) -> Sent:
        """Blocking: returns when the answer is in. Otherwise returns at once; ``settled`` waits for those."""
        sent = Sent(letter, now)
        self.log.append(sent)
        if letter.blocking:
            await self._carry(sent)
        else:
            task = asyncio.create_task(self._carry(sent))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return sent

    async def settled(self) -> None:
        while self._under_way:
            await asyncio.wait(list(self._under_way))

    async def close(self) -> None:
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _carry(self, sent: Sent) -> None:
        response = await self._send(sent, sent.letter.payload)
        if response is None:
            return
        sent.status = response.status_code
        sent.answer = response.text[:10_000]
        sent.verdict, sentence = verdict(response, secret=sent.letter.secret)
        if sentence:
            sent.echoed = True
            echo = {"error": {"code": sent.verdict, "message": sentence}, "original": sent.letter.payload}
            await self._send(sent, echo, keep=False)

    async def _send(
        self, sent: Sent, payload: Mapping[str, Any], *, keep: bool = True
    ) -> httpx.Response | None:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self.seconds, trust_env=False)
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        letter = sent.letter
        headers = {
            "X-Mplus-Subscription-Id": letter.subscription_id,
            "X-Mplus-Signature": sign(body, letter.secret),
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        try:
            return await self._client.post(letter.url, content=body, headers=headers, timeout=self.seconds)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if keep:
                sent.verdict = type(error).__name__
            return None


def verdict(response: httpx.Response, *, secret: str) -> tuple[str, str]:
    """``("ok", "")``; ``(vendor's code, sentence)`` for a bad answer; ``("rejected" or "HTTP n", "")`` for the others."""
    if response.status_code == 400:
        return "rejected", ""
    if response.status_code != 200:
        return f"HTTP {response.status_code}", ""
    signature = response.headers.get("X-Mplus-Signature", "")
    if not signature:
        return "NO_SIGNATURE", "The answer has no signature"
    if not signed(response.content, secret, signature):
        return "INVALID_SIGNATURE", "The signature of the answer is not valid"
    if not response.content:
        return "ok", ""
    kind = response.headers.get("Content-Type", "")
    if not kind:
        return "NO_CONTENT_TYPE", "The answer has no content type"
    if kind.partition(";")[0].strip().lower() != "application/json":
        return "INVALID_CONTENT_TYPE", "The content type of the answer is not application/json"
    try:
        told = json.loads(response.content)
    except ValueError:
        return "INVALID_JSON", "The answer is not JSON"
    if not isinstance(told, dict):
        return "INVALID_DATA", "The answer is not a JSON object"
    return "ok", ""
