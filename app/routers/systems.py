"""What can be connected, and which flows there are: the forms that a client can draw without knowing any system."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.connectors.registry import SYSTEMS
from app.flows.registry import KINDS
from app.flows.shared import IntegrationSettings
from app.routers.access import Reads

router = APIRouter(prefix="/api/v1", tags=["Systems"])


class SystemOut(BaseModel):
    """One remote system."""

    name: str = Field(examples=["mplus"])
    title: str = Field(examples=["MplusKASSA"])
    settings: dict[str, Any] = Field(description="JSON schema of a connection's `settings`")
    credentials: dict[str, Any] = Field(description="JSON schema of a connection's `credentials`")
    reads: list[str] = Field(description="Kinds of record it can be a source of", examples=[["customer"]])
    writes: list[str] = Field(description="Kinds of record it can be a target of", examples=[["customer"]])


class FlowKindOut(BaseModel):
    """One kind of flow."""

    name: str = Field(examples=["customers"])
    record_kind: str = Field(examples=["customer"])
    settings: dict[str, Any] = Field(
        description="JSON schema of the flow's settings, with titles, texts and examples"
    )
    begins: str = Field(
        description="Where a new flow starts: with everything, or with today", examples=["beginning"]
    )


@router.get("/systems")
async def list_systems(_caller: Reads) -> list[SystemOut]:
    """The systems that can be connected, with the fields that each needs."""
    return [
        SystemOut(
            name=connector.name,
            title=connector.title,
            settings=connector.settings.model_json_schema(),
            credentials=connector.credentials.model_json_schema(),
            reads=sorted(connector.out_rows),
            writes=sorted(connector.in_rows),
        )
        for connector in SYSTEMS.values()
    ]


@router.get("/flow-kinds")
async def list_flow_kinds(_caller: Reads) -> list[FlowKindOut]:
    """The kinds of flow, with every setting that each knows."""
    return [
        FlowKindOut(
            name=kind.name,
            record_kind=kind.record_kind,
            settings=kind.settings.model_json_schema(),
            begins=kind.begins,
        )
        for kind in KINDS.values()
    ]


@router.get("/integration-settings")
async def describe_integration_settings(_caller: Reads) -> dict[str, Any]:
    """JSON schema of the settings that all flows of an integration share."""
    return IntegrationSettings.model_json_schema()
