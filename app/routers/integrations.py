"""Integrations over the API: pairs of connections with the settings that their flows share."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field

from app.errors import InvalidInput, NotFound
from app.flows.shared import IntegrationSettings, shared_settings
from app.routers import examples
from app.routers.access import Administers, Reads
from app.routers.bodies import (
    ID,
    Answer,
    Body,
    JsonObject,
    Moment,
    Name,
    OwnId,
    SettingsOut,
    moment,
    own_values,
    settings_out,
    validated,
    with_examples,
)
from app.routers.context import Context, Reach
from app.store import alerts, changes, connections, flows
from app.store import integrations as store
from app.store.ids import new_id
from app.store.integrations import Integration

router = APIRouter(prefix="/api/v1/integrations", tags=["Integrations"])

IntegrationId = Annotated[
    str, Path(pattern=ID, description="The integration's id", examples=[examples.INTEGRATION])
]
_SETTINGS = {"time_zone": "Europe/Amsterdam", "country": "NL", "poll_interval_s": 30}


class NewIntegration(Body):
    """Two connections that belong together. `GET /api/v1/integration-settings` describes `settings`."""

    model_config = with_examples(
        {
            "name": "Shop in Utrecht",
            "left_connection_id": examples.TILL,
            "right_connection_id": examples.AUDIENCE,
            "settings": {"time_zone": "Europe/Amsterdam"},
        }
    )

    id: OwnId | None = None
    name: Name
    left_connection_id: str = Field(pattern=ID, description="One side, usually the till")
    right_connection_id: str = Field(pattern=ID, description="The other side")
    settings: JsonObject = Field(default_factory=dict, description="Only what differs from the defaults")


class IntegrationChange(Body):
    """What to change; absent fields stay."""

    model_config = with_examples({"name": "Shop in Utrecht"})

    name: Name


class IntegrationOut(Answer):
    """An integration with its settings as they count."""

    id: str = Field(examples=[examples.INTEGRATION])
    name: str
    left_connection_id: str
    right_connection_id: str
    settings: SettingsOut
    flow_ids: list[str]
    created_at: Moment
    updated_at: Moment


def settings_of(integration: Integration, reach: Context) -> SettingsOut:
    """An integration's settings as they are answered."""
    found = settings_out(shared_settings(integration.settings))
    if found.values["poll_interval_s"] is None:
        found.values["poll_interval_s"] = reach.settings.poll_interval_s
        found.origins["poll_interval_s"] = "installation"
    return found


async def _shown(db: Any, integration: Integration, reach: Context) -> IntegrationOut:
    return IntegrationOut(
        id=integration.id,
        name=integration.name,
        left_connection_id=integration.left_connection_id,
        right_connection_id=integration.right_connection_id,
        settings=settings_of(integration, reach),
        flow_ids=[flow.id for flow in await flows.listed(db, integration_id=integration.id)],
        created_at=moment(integration.created_at),
        updated_at=moment(integration.updated_at),
    )


@router.get("")
async def list_integrations(reach: Reach, _caller: Reads) -> list[IntegrationOut]:
    """All integrations, oldest first."""
    async with reach.db.read() as db:
        return [await _shown(db, integration, reach) for integration in await store.listed(db)]


@router.post("", status_code=201)
async def create_integration(reach: Reach, caller: Administers, body: NewIntegration) -> IntegrationOut:
    """Put two connections together. It does nothing until it has a flow that is started."""
    settings = validated(IntegrationSettings, body.settings, field="settings")
    if body.left_connection_id == body.right_connection_id:
        raise InvalidInput(
            "An integration needs two different connections.",
            advice="Connect the other account first: POST /api/v1/connections.",
            field="right_connection_id",
        )
    now = await reach.db.now()
    async with reach.db.write() as db:
        for field in ("left_connection_id", "right_connection_id"):
            await _known_connection(db, getattr(body, field), field=field)
        made = await store.add(
            db,
            id=body.id or new_id("int"),
            name=body.name,
            left_connection_id=body.left_connection_id,
            right_connection_id=body.right_connection_id,
            settings=own_values(settings),
            now=now,
        )
        await changes.note_integration(db, made, who=caller, now=now, how="created")
        return await _shown(db, made, reach)


async def _known_connection(db: Any, id: str, *, field: str) -> None:
    try:
        await connections.find(db, id)
    except NotFound as error:
        raise InvalidInput(
            error.detail, advice="GET /api/v1/connections lists them.", field=field, code=error.code
        ) from None


@router.get("/{integration_id}")
async def get_integration(reach: Reach, _caller: Reads, integration_id: IntegrationId) -> IntegrationOut:
    """One integration."""
    async with reach.db.read() as db:
        return await _shown(db, await store.find(db, integration_id), reach)


@router.patch("/{integration_id}")
async def change_integration(
    reach: Reach, caller: Administers, integration_id: IntegrationId, body: IntegrationChange
) -> IntegrationOut:
    """Change the name."""
    now = await reach.db.now()
    async with reach.db.write() as db:
        before = await store.find(db, integration_id)
        changed = await store.change(db, integration_id, now=now, name=body.name)
        await changes.note_integration(db, changed, before=before, who=caller, now=now)
        return await _shown(db, changed, reach)


@router.delete("/{integration_id}", status_code=204)
async def delete_integration(reach: Reach, _caller: Administers, integration_id: IntegrationId) -> Response:
    """Forget an integration with its flows, their deliveries, attempts and alerts. At either side everything stays as it is."""
    now = await reach.db.now()
    async with reach.db.write() as db:
        for flow in await flows.listed(db, integration_id=integration_id):
            await alerts.clear_alerts(db, subject=f"flow:{flow.id}", now=now)
        await store.remove(db, integration_id)
    return Response(status_code=204)


class _Settings(IntegrationSettings):
    """Only what differs from the defaults; what is left out follows the default."""

    model_config = with_examples(_SETTINGS)


@router.get("/{integration_id}/settings")
async def get_integration_settings(
    reach: Reach, _caller: Reads, integration_id: IntegrationId
) -> SettingsOut:
    """The shared settings as they count, and what each comes from."""
    async with reach.db.read() as db:
        return settings_of(await store.find(db, integration_id), reach)


@router.put("/{integration_id}/settings")
async def put_integration_settings(
    reach: Reach, caller: Administers, integration_id: IntegrationId, body: _Settings
) -> SettingsOut:
    """Replace the shared settings. All of the integration's flows use them from the next batch on."""
    now = await reach.db.now()
    async with reach.db.write() as db:
        before = await store.find(db, integration_id)
        changed = await store.change(db, integration_id, now=now, settings=own_values(body))
        await changes.note_integration(db, changed, before=before, who=caller, now=now)
        return settings_of(changed, reach)
