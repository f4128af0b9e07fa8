"""The cap on request bodies: a body is refused as soon as it is known to be too large, without reading on."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope


def capped(scope: Scope, receive: Receive, *, most: int) -> Receive:
    """``receive`` for a request, ending with 413 beyond ``most`` bytes. The framework turns it into a problem document."""
    if scope["type"] != "http":
        return receive
    declared = any(
        name == b"content-length" and value.isdigit() and int(value[:20]) > most
        for name, value in scope["headers"]
    )
    size = 0

    async def receiving() -> Message:
        nonlocal size
        if declared:
            raise HTTPException(413)
        message = await receive()
        if message["type"] == "http.request":
            size += len(message.get("body", b""))
            if size > most:
                raise HTTPException(413)
        return message

    return receiving
