"""API keys over the API: made, listed, revoked. A key's text is shown once and never kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from app.routers import examples
from app.routers.access import Administers, Reads
from app.routers.bodies import ID, Answer, Body, Moment, Name, moment, with_examples
from app.routers.context import Reach
from app.security import Scope, hash_api_key, new_api_key
from app.store import api_keys as store
from app.store.api_keys import ApiKey
from app.store.ids import new_id

router = APIRouter(prefix="/api/v1", tags=["API keys"])

KeyId = Annotated[str, Path(pattern=ID, description="The key's id", examples=[examples.KEY])]
_SCOPES = "`read` looks, `operate` also starts, pauses and replays, `admin` also configures and sees payloads"


class NewApiKey(Body):
    """Whom the key is for, and how far it reaches."""

    model_config = with_examples({"name": "Monitoring", "scope": "read"})

    name: Name
    scope: Scope = Field(description=_SCOPES, examples=["read"])


class ApiKeyOut(Answer):
    """A key as it may be shown."""

    id: str = Field(examples=[examples.KEY])
    name: str = Field(examples=["Monitoring"])
    scope: str = Field(description=_SCOPES, examples=["read"])
    created_at: Moment
    last_used_at: Moment | None = Field(description="To the minute")
    revoked_at: Moment | None


class ApiKeyMade(ApiKeyOut):
    """A new key with its text."""

    key: str = Field(
        description="Send it as `Authorization: Bearer …`; it is shown only now", examples=["t2a_…"]
    )


class Me(Answer):
    """Whose key this is."""

    id: str
    name: str
    scope: str


def _out(key: ApiKey) -> ApiKeyOut:
    return ApiKeyOut(
        id=key.id,
        name=key.name,
        scope=key.scope,
        created_at=moment(key.created_at),
        last_used_at=moment(key.last_used_at),
        revoked_at=moment(key.revoked_at),
    )


@router.get("/me")
async def who_am_i(caller: Reads) -> Me:
    """Whose key this is, and how far it reaches."""
    return Me(id=caller.key_id, name=caller.name, scope=caller.scope)


@router.get("/api-keys")
async def list_api_keys(reach: Reach, _caller: Administers) -> list[ApiKeyOut]:
    """All keys, the revoked ones too, oldest first. The first admin key of the installation is none of them."""
    async with reach.db.read() as db:
        return [_out(key) for key in await store.listed(db)]


@router.post("/api-keys", status_code=201)
async def create_api_key(reach: Reach, _caller: Administers, body: NewApiKey) -> ApiKeyMade:
    """Make a key. Its text is shown only in this answer."""
    key = new_api_key()
    now = await reach.db.now()
    async with reach.db.write() as db:
        made = await store.add(
            db,
            id=new_id("key"),
            name=body.name,
            key_hash=hash_api_key(reach.sealer, key),
            scope=body.scope,
            now=now,
        )
    return ApiKeyMade(**_out(made).model_dump(), key=key)


@router.delete("/api-keys/{key_id}")
async def revoke_api_key(reach: Reach, _caller: Administers, key_id: KeyId) -> ApiKeyOut:
    """Shut a key for good; it stays in the list."""
    now = await reach.db.now()
    async with reach.db.write() as db:
        return _out(await store.revoke(db, key_id, now=now))
