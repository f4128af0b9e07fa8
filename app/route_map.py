"""The route map: from a flow's row to the route that its batches take, opened clients and compiled mapping included."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from app.connectors.base import Recovery
from app.connectors.registry import system
from app.errors import AdministratorError
from app.flows.mapping import legs_of
from app.flows.registry import flow_kind
from app.flows.shared import inherited, shared_settings
from app.mapping.lists import Hashes
from app.pipeline.counterflow import Counterflow, counterflow
from app.pipeline.route import Maker, Route
from app.pipeline.work import KEEP_BEFORE
from app.resources import Resources
from app.store import connections, flows, integrations
from app.store.connections import Connection
from app.store.flows import Flow
from app.translation import RowTranslation

DAY_MS = 86_400_000
T = TypeVar("T")


class RouteMap:
    """Opens routes. Translations are compiled once per version of a flow and kept, and so is what is worked out of them."""

    def __init__(self, resources: Resources):
        self._resources = resources
        self._compiled: dict[str, tuple[tuple[int, str], RowTranslation]] = {}
        self._derived: dict[tuple[str, ...], tuple[tuple[RowTranslation, ...], Any]] = {}

    async def route(self, flow_id: str) -> Route:
        """The route of a flow as it is configured now. Raises NotFound, or AdministratorError when it cannot be used."""
        async with self._resources.db.read() as db:
            flow = await flows.find(db, flow_id)
            source = await connections.find(db, flow.source_connection_id)
            target = await connections.find(db, flow.target_connection_id)
            beside = await flows.listed(db, connection_id=flow.target_connection_id)
            shared = (await integrations.find(db, flow.integration_id)).settings
            back = [
                (each, (await integrations.find(db, each.integration_id)).settings)
                for each in _going_back(beside, flow)
            ]
        return self.opened(
            flow,
            source=source,
            target=target,
            beside=_started(beside, flow),
            back=back,
            shared=shared,
        )

    def opened(
        self,
        flow: Flow,
        *,
        source: Connection,
        target: Connection,
        beside: Sequence[Flow] = (),
        back: Sequence[tuple[Flow, Mapping[str, Any]]] = (),
        shared: Mapping[str, Any],
    ) -> Route:
        """The same from rows that were read already. ``back`` are the flows of the other way, each with its integration's settings."""
        resources = self._resources
        one, other = system(source.system), system(target.system)
        translation = self._translation(flow, source=source.system, target=target.system, shared=shared)
        scan = translation.kind.scan(translation.settings)
        return Route(
            db=resources.db,
            sealer=resources.sealer,
            flow_id=flow.id,
            record_kind=flow.record_kind,
            source_connection_id=source.id,
            target_connection_id=target.id,
            source_account=source.account,
            target_account=target.account,
            source=resources.client(source),
            target=resources.client(target),
            translation=translation,
            against=tuple(
                self._counterflow(
                    (flow.id, each.id),
                    translation,
                    self._translation(each, source=target.system, target=source.system, shared=around),
                )
                for each, around in back
            ),
            siblings=frozenset(each.kind for each in beside),
            followers=_followers(beside),
            parts=translation.kind.parts(translation.settings),
            places=scan.places if scan is not None else (),
            direction=f"{source.system}→{target.system}",
            recovery=_longer(resources.recovery(one), resources.recovery(other)),
            options=translation.settings.model_dump()
            | {"both_ways": bool(back), "tie": _breaks_ties(source, target)},
            keep_before_ms=getattr(translation.settings, KEEP_BEFORE, 0) * DAY_MS,
            keeps_history_quiet=translation.kind.history,
            began_ms=flow.approved_at or 0,
            deadline_ms=flow.deadline_ms,
            concurrency=resources.permits(other),
            maker=self._once(
                (flow.id,),
                (translation,),
                lambda: _maker(translation, source=source.system, target=target.system),
            ),
        )

    def _counterflow(self, ids: tuple[str, str], ours: RowTranslation, theirs: RowTranslation) -> Counterflow:
        return self._once(ids, (ours, theirs), lambda: counterflow(ids[1], ours, theirs))

    def _once(self, name: tuple[str, ...], of: tuple[RowTranslation, ...], make: Callable[[], T]) -> T:
        """What is worked out of these very translations, kept under this name until one of them is another."""
        kept = self._derived.get(name)
        if kept is None or any(was is not now for was, now in zip(kept[0], of, strict=True)):
            kept = (of, make())
            self._derived[name] = kept
        found: T = kept[1]
        return found

    def _translation(
        self, flow: Flow, *, source: str, target: str, shared: Mapping[str, Any]
    ) -> RowTranslation:
        version = flow.version, json.dumps(dict(shared), sort_keys=True)
        kept = self._compiled.get(flow.id)
        if kept is None or kept[0] != version:
            translation = compiled(
                flow, source=source, target=target, shared=shared, hashes=self._resources.hashes
            )
            kept = (version, translation)
            self._compiled[flow.id] = kept
        return kept[1]


def compiled(
    flow: Flow,
    *,
    source: str,
    target: str,
    shared: Mapping[str, Any] | None = None,
    hashes: Hashes | None = None,
) -> RowTranslation:
    """A flow's settings and mapping, ready to run. Raises AdministratorError when what is stored cannot be used.

    ``shared`` are the integration's settings: those that the flow knows too count where it has none of its own, and
    expressions see all of them.
    """
    kind = flow_kind(flow.kind)
    try:
        around = shared_settings(shared or {}).model_dump(mode="json")
        settings = kind.settings.model_validate(inherited(kind.settings, shared or {}) | dict(flow.settings))
        legs = legs_of(
            flow.mapping,
            out_rows=system(source).out_rows.get(flow.record_kind, ()),
            in_rows=system(target).in_rows.get(flow.record_kind, ()),
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise AdministratorError(
            f"The stored settings of the flow cannot be used: {field}: {first['msg']}.",
            advice="Save them again.",
            field=field,
            code="flow_unusable",
        ) from None
    return RowTranslation(
        kind=kind,
        settings=settings,
        mapping=legs.compiled(kind, hashes=hashes),
        said=around | settings.model_dump(mode="json"),
    )


def _maker(translation: RowTranslation, *, source: str, target: str) -> Maker | None:
    """The way of what a flow makes beside its own records: by the shipped rows."""
    making = translation.kind.makes(translation.settings)
    if making is None:
        return None
    kind = making.kind
    legs = legs_of(
        {},
        out_rows=system(source).out_rows.get(kind.record_kind, ()),
        in_rows=system(target).in_rows.get(kind.record_kind, ()),
    )
    said = dict(translation.said) | making.settings.model_dump(mode="json")
    return Maker(RowTranslation(kind, making.settings, legs.compiled(kind), said), making.joined)


def _started(beside: Sequence[Flow], flow: Flow) -> list[Flow]:
    """The flows between the same two connections that were ever started: a pause gives their fields to nobody."""
    pair = (flow.source_connection_id, flow.target_connection_id)
    return [
        each
        for each in beside
        if (each.source_connection_id, each.target_connection_id) == pair and _was_started(each)
    ]


def _breaks_ties(source: Connection, target: Connection) -> bool:
    """Whether the source counts as the newer one where both were edited in one second: the till does."""
    one, other = system(source.system).side, system(target.system).side
    return one == "till" if one != other else source.id < target.id


def _going_back(beside: Sequence[Flow], flow: Flow) -> tuple[Flow, ...]:
    """The flows that bring records of the same kind the other way, out of what this one writes."""
    back = (flow.target_connection_id, flow.source_connection_id)
    kind = flow_kind(flow.kind)
    if kind.reads_other_places:
        return ()
    kinds = {*kind.target_kinds}
    return tuple(
        each
        for each in beside
        if (each.source_connection_id, each.target_connection_id) == back
        and _was_started(each)
        and not flow_kind(each.kind).reads_other_places
        and not kinds.isdisjoint(flow_kind(each.kind).target_kinds)
    )


def _was_started(flow: Flow) -> bool:
    return flow.state != "paused" or flow.approved_at is not None


def _followers(beside: Sequence[Flow]) -> dict[str, tuple[str, ...]]:
    """By kind of target that goes along, the flows that want to know when one appears."""
    found: dict[str, tuple[str, ...]] = {}
    for each in beside:
        kind = flow_kind(each.kind).follows
        if kind is not None:
            found[kind] = (*found.get(kind, ()), each.id)
    return found


def _longer(one: Recovery, other: Recovery) -> Recovery:
    """A batch holds its deliveries while either system may go on with a call we gave up on."""
    return Recovery(lease_s=max(one.lease_s, other.lease_s), hold_s=max(one.hold_s, other.hold_s))
