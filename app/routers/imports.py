"""An integration as one file: taken out without secrets, and put in so that what is there becomes what the file says.

Putting a file in twice changes nothing the second time. Nothing is ever removed, started or paused by it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from app.connectors.registry import system
from app.errors import Conflict, InvalidInput, NotFound
from app.flows.registry import KINDS, flow_kind
from app.integration_file import FORMAT, FlowPart, IntegrationFile, Side, of_this_version, read, written
from app.resources import Resources
from app.routers import examples
from app.routers.access import Administers, Reads
from app.routers.bodies import ID, Answer, storable
from app.routers.configuring import checked, put_flow, put_integration
from app.routers.context import Reach
from app.routers.flows import sides
from app.routers.integrations import IntegrationId
from app.security import Caller
from app.store import changes, connections, flows, integrations
from app.store.connections import Connection
from app.store.flows import Flow
from app.store.ids import new_id
from app.store.integrations import Integration

router = APIRouter(prefix="/api/v1", tags=["Files"])

YAML = "application/yaml"
TEMPLATES = FilePath(__file__).parent.parent / "templates"
_SHOWN = {"content": {YAML: {"schema": {"type": "string"}}}, "description": "The file"}
_EXAMPLE = """\
format: 1
name: Receipts only
left: {system: mplus, name: Demo till}
right: {system: mailchimp, name: Demo audience}
flows:
  - kind: customers
    settings: {without_consent: transactional}
"""
_TAKEN = {"required": True, "content": {YAML: {"schema": {"type": "string"}, "example": _EXAMPLE}}}


class ImportedFlow(Answer):
    """What became of one flow."""

    flow_id: str = Field(examples=[examples.FLOW])
    kind: str = Field(examples=["customers"])
    did: Literal["created", "changed", "unchanged", "left"] = Field(
        description="left: it is there, and the file does not speak of it"
    )


class Imported(Answer):
    """What a file changed."""

    integration_id: str
    did: Literal["created", "changed", "unchanged"]
    flows: list[ImportedFlow]
    said: list[str] = Field(description="The same in sentences, with every setting and row that changed")


# --- out ------------------------------------------------------------------------------------------------------------


@router.get("/integrations/{integration_id}/export", response_class=Response, responses={200: _SHOWN})
async def export_integration(reach: Reach, _caller: Reads, integration_id: IntegrationId) -> Response:
    """The integration as one YAML file: connections by name, settings, flows with their mapping and hours. No secrets."""
    async with reach.db.read() as db:
        integration = await integrations.find(db, integration_id)
        left, right = [await connections.find(db, id) for id in integration.connection_ids]
        found = await flows.listed(db, integration_id=integration_id)
    # By kind: flows that came in with one file are of the same moment, and a file must not depend on their ids.
    found.sort(key=lambda flow: ([*KINDS].index(flow.kind), flow.source_connection_id != left.id))
    document = {
        "format": FORMAT,
        "name": integration.name,
        "left": _side(left),
        "right": _side(right),
        "settings": dict(integration.settings),
        "flows": [_part(flow, left) for flow in found],
    }
    return Response(await asyncio.to_thread(written, document), media_type=YAML)


def _side(connection: Connection) -> dict[str, Any]:
    return {
        "system": connection.system,
        "name": connection.name,
        "settings": dict(connection.settings),
    }


def _part(flow: Flow, left: Connection) -> dict[str, Any]:
    content = changes.flow_content(flow)
    kept = {name: value for name, value in content.items() if value not in ({}, None)}
    source = "left" if flow.source_connection_id == left.id else "right"
    return {"kind": flow.kind, "source": source, **kept}


# --- templates ------------------------------------------------------------------------------------------------------


class Template(Answer):
    """A file to begin with."""

    name: str = Field(examples=["newsletter"])
    title: str
    description: str


@router.get("/templates")
async def list_templates(_reach: Reach, _caller: Reads) -> list[Template]:
    """Files to begin with. Get one, change what differs in your shop, and POST it to /api/v1/imports."""
    found = []
    for path in sorted(TEMPLATES.glob("*.yaml")):
        file = read(path.read_bytes())
        found.append(Template(name=path.stem, title=file["title"], description=file["description"]))
    return found


@router.get("/templates/{name}", response_class=Response, responses={200: _SHOWN})
async def get_template(
    _reach: Reach,
    _caller: Reads,
    name: Annotated[str, Path(pattern=r"^[a-z0-9-]{1,40}$", examples=["newsletter"])],
) -> Response:
    """One of them, as it may be posted to /api/v1/imports."""
    path = TEMPLATES / f"{name}.yaml"
    if not path.is_file():
        raise NotFound(f"There is no template {name}.", field="name")
    return Response(path.read_bytes(), media_type=YAML)


# --- in -------------------------------------------------------------------------------------------------------------


class _OnlyLooked(Exception):
    """Ends the transaction of an import that was only to tell what it would do."""

    def __init__(self, answer: Imported):
        super().__init__()
        self.answer = answer


_CHOSEN = "Take this connection for the file's, whatever its name"
_Left = Annotated[str | None, Query(pattern=ID, description=_CHOSEN, examples=[examples.TILL])]
_Right = Annotated[str | None, Query(pattern=ID, description=_CHOSEN, examples=[examples.AUDIENCE])]


@router.post("/imports", openapi_extra={"requestBody": _TAKEN})
async def import_file(
    reach: Reach,
    caller: Administers,
    request: Request,
    left: _Left = None,
    right: _Right = None,
    check_only: Annotated[bool, Query(description="Tell what it would change, and change nothing")] = False,
) -> Imported:
    """Make the integration of this name what the file says: what is missing is created, what differs is changed.

    Connections must be there; they are found by system and name. New flows are paused. All of it, or nothing.
    """
    document = of_this_version(await asyncio.to_thread(read, await request.body()))
    file = checked(IntegrationFile, _storable(document), place=())
    now = await reach.db.now()
    try:
        async with reach.db.write() as db:
            pair = [
                await _found(db, file.left, "left", chosen=left),
                await _found(db, file.right, "right", chosen=right),
            ]
            answer = await _put(db, file, pair, resources=reach.resources, caller=caller, now=now)
            if check_only:
                raise _OnlyLooked(answer)
    except _OnlyLooked as looked:
        return looked.answer
    reach.resources.ring([each.flow_id for each in answer.flows if each.did == "changed"])
    return answer


def _storable(document: Any) -> Any:
    try:
        return storable(document)
    except ValueError as error:
        raise InvalidInput(f"{error}.") from None


async def _found(
    db: AsyncConnection, side: Side, where: Literal["left", "right"], *, chosen: str | None
) -> Connection:
    """The connection that the file means. Raises Conflict saying what to make, or what to choose."""
    try:
        connector = system(side.system)
    except InvalidInput as error:
        raise InvalidInput(error.detail, field=f"{where}.system") from None
    if chosen is not None:
        one = await connections.find(db, chosen)
        if one.system != side.system:
            raise InvalidInput(
                f"The file wants {connector.title} there, and {chosen} is a connection to {system(one.system).title}.",
                field=where,
            )
        return one
    there = await connections.listed(db, system=side.system)
    fitting = [each for each in there if side.name in (None, each.name)]
    if len(fitting) == 1:
        return fitting[0]
    named = "" if side.name is None else f" by the name {side.name!r}"
    known = "; ".join(f"{each.id} ({each.name})" for each in (fitting or there)[:10])
    if fitting:
        raise Conflict(
            f"There are several connections to {connector.title}{named}.",
            advice=f"Say which: ?{where}=<id>, one of {known}.",
            field=f"{where}.name",
            code="connection_unclear",
        )
    secrets = ", ".join(connector.credentials.model_fields)
    raise Conflict(
        f"There is no connection to {connector.title}{named}, and a file holds no credentials.",
        advice=(
            f"Make it first: POST /api/v1/connections with system {side.system!r}"
            f"{f', name {side.name!r}' if side.name else ''}, your settings and credentials ({secrets})"
            + (f"; or choose one that is there: ?{where}=<id>, one of {known}." if known else ".")
        ),
        field=f"{where}.name",
        code="connection_missing",
    )


async def _put(
    db: AsyncConnection,
    file: IntegrationFile,
    pair: list[Connection],
    *,
    resources: Resources,
    caller: Caller,
    now: int,
) -> Imported:
    left, right = pair
    if left.id == right.id:
        raise InvalidInput("An integration needs two different connections.", field="right.name")
    said = [
        f"note: the connection {one.name} is left as it is; the file has another {name}"
        for one, side in ((left, file.left), (right, file.right))
        for name, value in side.settings.items()
        if one.settings.get(name) != value
    ]
    integration, new = await _integration(db, file, left, right, now=now)
    content = {"name": file.name, "settings": file.settings}
    integration, number = await put_integration(
        db, integration, content, who=caller, now=now, how="imported", new=new
    )
    did = _did(new, number)
    said.append(f"{did}: integration {integration.name} ({integration.id})")
    said += await _details(db, integration.id, integration.id, number, new=new)
    there = await flows.listed(db, integration_id=integration.id)
    done: list[ImportedFlow] = []
    for index, part in enumerate(file.flows):
        flow, new = await _flow(db, integration, part, pair, there, index=index, now=now)
        if any(each.flow_id == flow.id for each in done):
            raise InvalidInput("The file has this flow twice.", field=f"flows.{index}")
        flow, number = await put_flow(
            db,
            flow,
            _content(part),
            hashes=resources.hashes,
            client_of=resources.client,
            who=caller,
            now=now,
            how="imported",
            new=new,
            place=("flows", index),
        )
        done.append(ImportedFlow(flow_id=flow.id, kind=flow.kind, did=_did(new, number)))
        said.append(f"{done[-1].did}: flow {flow.kind} ({flow.id}){', paused' if new else ''}")
        said += await _details(db, integration.id, flow.id, number, new=new)
    for flow in there:
        if all(each.flow_id != flow.id for each in done):
            done.append(ImportedFlow(flow_id=flow.id, kind=flow.kind, did="left"))
            said.append(f"left: flow {flow.kind} ({flow.id}), of which the file does not speak")
    return Imported(integration_id=integration.id, did=did, flows=done, said=said)


def _did(new: bool, number: int | None) -> Literal["created", "changed", "unchanged"]:
    return "created" if new else "unchanged" if number is None else "changed"


async def _details(
    db: AsyncConnection, integration_id: str, subject: str, number: int | None, *, new: bool
) -> list[str]:
    """What changed, one line each."""
    if new or number is None:
        return []
    found = await changes.find(db, integration_id=integration_id, subject=subject, number=number)
    return [f"  {each.sentence}" for each in changes.told(found)]


async def _integration(
    db: AsyncConnection, file: IntegrationFile, left: Connection, right: Connection, *, now: int
) -> tuple[Integration, bool]:
    """The integration of that name between the two, and whether it was made just now."""
    named = [each for each in await integrations.listed(db) if each.name == file.name.strip()]
    fitting = [each for each in named if each.connection_ids == (left.id, right.id)]
    if len(fitting) > 1 or (named and not fitting):
        raise Conflict(
            f"There {'are several integrations' if fitting else 'is an integration'} by the name {file.name!r}"
            f"{'' if fitting else ' between other connections'}.",
            advice="Give the file another name, or rename the integration that is there.",
            field="name",
            code="name_taken",
        )
    if fitting:
        return fitting[0], False
    made = await integrations.add(
        db,
        id=new_id("int"),
        name=file.name.strip(),
        left_connection_id=left.id,
        right_connection_id=right.id,
        settings={},
        now=now,
    )
    return made, True


async def _flow(
    db: AsyncConnection,
    integration: Integration,
    part: FlowPart,
    pair: list[Connection],
    there: list[Flow],
    *,
    index: int,
    now: int,
) -> tuple[Flow, bool]:
    """The flow that this part means, and whether it was made just now."""
    wanted = pair[0] if part.source == "left" else pair[1]
    try:
        kind = flow_kind(part.kind)
    except InvalidInput as error:
        raise InvalidInput(error.detail, field=f"flows.{index}.kind") from None
    try:
        source, target = await sides(db, integration, kind, source=wanted.id)
    except InvalidInput as error:
        raise InvalidInput(
            error.detail, advice=error.advice, field=f"flows.{index}.source", code=error.code
        ) from None
    for flow in there:
        if (flow.kind, flow.source_connection_id) == (kind.name, source):
            return flow, False
    made = await flows.add(
        db,
        id=new_id("flow"),
        integration_id=integration.id,
        kind=kind.name,
        record_kind=kind.record_kind,
        source_connection_id=source,
        target_connection_id=target,
        settings={},
        mapping={},
        window_ms=round(kind.window_s * 1000),
        deadline_ms=round(kind.deadline_s * 1000),
        now=now,
    )
    there.append(made)
    return made, True


def _content(part: FlowPart) -> dict[str, Any]:
    """What the file wants of a flow; what it leaves out is the default."""
    kind = flow_kind(part.kind)
    return {
        "settings": part.settings,
        "mapping": part.mapping,
        "hours": part.hours,
        "window_s": kind.window_s if part.window_s is None else part.window_s,
        "deadline_s": kind.deadline_s if part.deadline_s is None else part.deadline_s,
    }
