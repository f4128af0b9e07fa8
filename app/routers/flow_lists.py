"""One record more or less on a flow's block or allow list, and whether one is listed: without the whole list in hand."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from app.errors import Conflict
from app.flows.mapping import FlowMapping, to_keep
from app.mapping.lists import MAX_LISTED, ListKind, as_listed, protected, protected_value
from app.routers.access import Administers
from app.routers.bodies import Answer, Body, with_examples
from app.routers.context import Reach
from app.routers.flow_bodies import FlowId
from app.store import changes, flows

router = APIRouter(prefix="/api/v1/flows", tags=["Flows"])


class OneListed(Body):
    """One value of one list."""

    model_config = with_examples(
        {"list": "block", "kind": "email", "value": "test@winkel.nl", "listed": True}
    )

    list: Literal["block", "allow"] = Field(description="Which of the two lists")
    kind: ListKind = Field(description="What the value is")
    value: str = Field(
        min_length=1,
        max_length=254,
        description="The value itself; of an address only its keyed hash is kept",
    )
    listed: bool | None = Field(
        default=None,
        description="true: put it on the list; false: take it off; absent: only tell whether it is there",
    )


class OneListedOut(Answer):
    """Whether it is listed now."""

    listed: bool
    changed: bool = Field(description="false: it was so already, and nothing was written")
    count: int = Field(description="Values of this kind on the list now", examples=[1])
    version: int = Field(description="The flow's version", examples=[2])


@router.post("/{flow_id}/lists")
async def list_one(reach: Reach, caller: Administers, flow_id: FlowId, body: OneListed) -> OneListedOut:
    """Put one record on the flow's block or allow list, take it off, or ask whether it is there.

    Addresses rest as keyed hashes, so nobody can read them off a list: this is how to find one.
    """
    hashes = reach.resources.hashes
    value = protected_value(body.kind, body.value, hashes, place="value")
    now = await reach.db.now()
    async with reach.db.write() as db:
        flow = await flows.find(db, flow_id, to_change=True)
        kept_lists = protected(FlowMapping.model_validate(dict(flow.mapping)).lists, hashes)
        side = getattr(kept_lists, body.list)
        present: tuple[str, ...] = getattr(side, body.kind)
        others = tuple(each for each in present if as_listed(body.kind, each) != as_listed(body.kind, value))
        there = len(others) < len(present)
        wanted = there if body.listed is None else body.listed
        if wanted != there:
            kept = (*present, value) if wanted else others
            if len(kept) > MAX_LISTED:
                raise Conflict(
                    f"A list names at most {MAX_LISTED:,} values of a kind.", field="value", code="list_full"
                )
            lists: dict[str, Any] = dict(flow.mapping.get("lists") or {})
            lists[body.list] = {**(lists.get(body.list) or {}), body.kind: kept}
            changed = FlowMapping.model_validate({**flow.mapping, "lists": lists})
            before, present = flow, kept
            flow = await flows.configure(db, flow_id, now=now, mapping=to_keep(changed, hashes=hashes))
            await changes.note_flow(db, flow, before=before, who=caller, now=now)
    return OneListedOut(listed=wanted, changed=wanted != there, count=len(present), version=flow.version)
