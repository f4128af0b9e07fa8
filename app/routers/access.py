"""Who may call: every handler under ``/api/v1`` names the scope it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from app.errors import NotAuthenticated
from app.routers.context import Context, context
from app.security import FIRST_KEY_ID, Caller, Scope, hash_api_key, is_first_key, presented_key, require
from app.store import api_keys

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="API key",
    description="`Authorization: Bearer <API key>`. The first admin key stands in `var/run.json`; `X-API-Key` works as well.",
)


async def authenticate(reach: Context, header: Callable[[str], str | None]) -> Caller:
    """Whose key this is. Raises NotAuthenticated."""
    key = presented_key(header)
    if is_first_key(key, first=reach.resources.keyring.admin_api_key):
        return Caller(key_id=FIRST_KEY_ID, name="first admin key", scope="admin")
    async with reach.db.read() as db:
        found = await api_keys.by_hash(db, hash_api_key(reach.sealer, key))
        now = await reach.db.now() if found is not None else 0
    if found is None:
        raise NotAuthenticated(
            "This API key is not known here, or it was revoked.", advice="Ask an administrator for a new one."
        )
    if api_keys.is_stale(found, now=now):
        async with reach.db.write() as db:
            await api_keys.touch(db, found.id, now=now)
    return Caller(key_id=found.id, name=found.name, scope=found.scope)


def _needs(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    async def caller(
        request: Request,
        reach: Annotated[Context, Depends(context)],
        _shown_in_docs: Annotated[object, Security(_bearer)],
    ) -> Caller:
        found = await authenticate(reach, request.headers.get)
        require(found, scope)
        request.state.facts["key_id"] = found.key_id
        return found

    return caller


Reads = Annotated[Caller, Depends(_needs("read"))]
Operates = Annotated[Caller, Depends(_needs("operate"))]
Administers = Annotated[Caller, Depends(_needs("admin"))]
