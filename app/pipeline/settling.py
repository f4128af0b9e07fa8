"""Settling: what became of each delivery, in small chunks, fenced row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.connectors.base import Found
from app.errors import AppError, Interrupted
from app.pipeline import linking
from app.pipeline.effects import before_of, effects_of
from app.pipeline.learnt import is_so_already, maybe_done, rows_left, rows_written
from app.pipeline.planning import taking_of
from app.pipeline.route import Route
from app.pipeline.verdict import Trials, sentence_of, verdict, worst
from app.pipeline.work import Item
from app.retry import BackOff, Block, decide
from app.store import (
    accounts,
    alerts,
    attempts,
    connections,
    deliveries,
    flows,
    outcomes,
    requests,
    targets,
    waits,
)
from app.store.attempts import NewAttempt
from app.store.clock import Clock
from app.store.deliveries import HELD, Settlement
from app.store.outcomes import Outcome
from app.store.requests import Request
from app.store.session import again_on_deadlock
from app.store.targets import Key


async def settle(
    route: Route, items: Sequence[Item], *, token: str, clock_s: float, trials: Trials
) -> Counter[str]:
    """Settle these items in one short transaction, and what their wishes learnt with them."""
    settlements = {item.claimed.id: await verdict(route, item, trials=trials) for item in items}

    async def once() -> Counter[str]:
        return await _settle(route, items, settlements, token=token, clock_s=clock_s, trials=trials)

    counted = await again_on_deadlock(once)
    trials.broken = None  # told
    for item in items:
        item.settled = True
    return counted


async def _settle(
    route: Route,
    items: Sequence[Item],
    settlements: Mapping[int, Settlement],
    *,
    token: str,
    clock_s: float,
    trials: Trials,
) -> Counter[str]:
    counted: Counter[str] = Counter()
    clock, rules = route.db.clock, route.rules
    waiting = {item.claimed.id: wish for item in items if (wish := _waits_for(route, item, settlements))}
    async with route.db.write() as conn:
        touched = {key for item in items for wish in item.wishes for key in wish.keys}
        await targets.lock(
            conn,
            touched | {key for wish in waiting.values() for key in wish.keys},
            connection_id=route.target_connection_id,
        )
        mine = await deliveries.settle(
            conn, list(settlements.values()), token=token, clock=clock, fenced=rules.fence
        )
        overtaken = [item for item in items if item.claimed.id not in mine]
        if overtaken and rules.no_row_doubt:
            await _doubt_what_was_sent(route, conn, overtaken)
        kept = [item for item in items if item.claimed.id in mine]
        await waits.forget(conn, [item.claimed.id for item in kept])
        await _conclude(route, conn, kept, token=token)
        await linking.keep(route, conn, kept)
        await waits.remember(
            conn,
            waiting={
                item.claimed.id: waiting[item.claimed.id] for item in kept if item.claimed.id in waiting
            },
            contending=[(target, item.claimed.id) for item in kept for target, _ in item.contends],
            connection_id=route.target_connection_id,
            clock=clock,
        )
        await _tell_followers(route, conn, kept)
        await _tell_the_losing_side(route, conn, kept)
        counted.update(settlements[item.claimed.id].outcome for item in kept)
        await _raise_what_concerns_all(route, conn, kept, trials=trials)
        log = [_attempt(route, item, settlements[item.claimed.id], clock_s=clock_s) for item in kept]
        await attempts.add(conn, [entry for entry in log if entry is not None], clock=clock)
        await attempts.count(conn, flow_id=route.flow_id, outcomes=counted, clock=clock)
    return counted


async def _doubt_what_was_sent(route: Route, conn: AsyncConnection, overtaken: Sequence[Item]) -> None:
    """Overtaken: what we sent may stand over something newer, or where nothing should stand any more. Whoever's it is is
    read again."""
    clock = route.db.clock
    sent = [(item, wish) for item in overtaken for wish in item.wishes if wish.sent]
    remote_ids = {row.remote_id for _, wish in sent for row in wish.rows if row.remote_id}
    ids = {row.id for _, wish in sent for row in wish.rows}
    ids |= set(await outcomes.beside(conn, connection_id=route.target_connection_id, remote_ids=remote_ids))
    lost = {row.id for _, wish in sent if wish.lost for row in wish.rows}
    await outcomes.doubt(conn, lost, clock=clock, lands_ms=route.lands_ms)
    await outcomes.doubt(conn, ids - lost, clock=clock)
    takings = {
        wish.row.id: taking
        for _, wish in sent
        if wish.row is not None and (taking := taking_of(route, wish)) is not None
    }
    await outcomes.may_stand(conn, takings, taker_connection_id=route.source_connection_id, clock=clock)
    again = {item.claimed.id for item in overtaken} | set(await deliveries.of_owners(conn, ids))
    if any(item.undo for item in overtaken):
        again -= set(await deliveries.resting(conn, route.flow_id, again))  # another took them back
    await deliveries.want_again(conn, again, clock=clock)


async def _conclude(route: Route, conn: AsyncConnection, items: Sequence[Item], *, token: str) -> None:
    clock = route.db.clock
    known: list[Outcome] = []
    free: list[int] = []
    doubted: list[int] = []
    freed_keys: list[int] = []
    displaced: list[int] = []
    touched: list[int] = []
    for item in items:
        for wish in item.wishes:
            rows = [row for row in wish.rows if row.id and row.holder == token]
            if not rows:
                continue
            if wish.lost:
                doubted += [row.id for row in rows]
                continue
            # What was held is still its owner's; written by another, it is not as its owner knows it.
            free += [row.id for row in wish.held]
            touched += [row.id for row in wish.held if wish.sent]
            if wish.left is not None:
                known += rows_left(route, wish)
                if wish.archive is not None and wish.left.state != "present" and not item.undo:
                    freed_keys += [row.id for row in rows]
                free += [row.id for row in rows if row is wish.old_row]
                displaced += [row.id for row in wish.displaced]
            elif wish.done and (wish.changes or is_so_already(wish)):
                known += rows_written(route, item, wish)
                displaced += [row.id for row in wish.displaced]
                if item.undo:
                    pass  # what was taken back is not to be made by the next who wants its key
                elif wish.archive is not None:
                    freed_keys += [row.id for row in wish.rows]
                elif wish.old_row is not None:
                    freed_keys.append(wish.old_row.id)
            else:
                free += [row.id for row in rows]
    await outcomes.doubt(conn, doubted, clock=clock, lands_ms=route.lands_ms, token=token)
    await outcomes.doubt(conn, touched, clock=clock)
    await outcomes.remember(conn, maybe_done(items))
    await outcomes.conclude(conn, known, token=token, clock=clock, fenced=route.rules.fence)
    await _displace(conn, displaced, token=token, clock=clock)
    await targets.let_go(conn, free, token=token)
    await waits.wake_contenders(conn, freed_keys + displaced, clock=clock)
    await waits.wake_waiting(conn, free + displaced + [outcome.id for outcome in known], clock=clock)


async def _displace(conn: AsyncConnection, ids: Sequence[int], *, token: str, clock: Clock) -> None:
    """Whose record was found under the key of another has none any more, and may want a new one."""
    if not ids:
        return
    losing = await deliveries.of_owners(conn, ids)
    await outcomes.displace(conn, ids, token=token, clock=clock)
    await deliveries.want_again(conn, losing, clock=clock)


async def _tell_followers(route: Route, conn: AsyncConnection, items: Sequence[Item]) -> None:
    """What went along and was not there before is wanted by other flows as well: the stock of a new variant."""
    if not route.followers:
        return
    wishes = [
        Request(flow_id, each.natural, priority=item.claimed.priority, trigger="follow")
        for item in items
        for wish in item.wishes
        if wish.done and wish.changes and wish.put is not None
        for row in wish.carried
        if row.state != "present" and (each := wish.carries.get((row.kind, row.key))) is not None
        for flow_id in route.followers.get(row.kind, ())
    ]
    await requests.request(conn, wishes, clock=route.db.clock)


async def _tell_the_losing_side(route: Route, conn: AsyncConnection, items: Sequence[Item]) -> None:
    """Where the target won, the other flow brings what it holds to our source, even if it did so before: what stands there
    is doubted, so that it is looked at anew."""
    refs = [
        item.claimed.source_ref
        for item in items
        if any(wish.merged.yielded and wish.done for wish in item.wishes)
    ]
    if not refs or not route.back:
        return
    for kind in route.translation.target_kinds:
        rows = await targets.by_remote(
            conn, connection_id=route.source_connection_id, kind=kind, remote_ids=refs
        )
        await outcomes.doubt(conn, [row.id for row in rows], clock=route.db.clock)
        wishes = [
            Request(flow_id, row.owner_ref, trigger="conflict")
            for row in rows
            if row.owner_ref and row.owner_connection_id == route.target_connection_id
            for flow_id in route.back
        ]
        await requests.request(conn, wishes, clock=route.db.clock)


def _waits_for(route: Route, item: Item, settlements: Mapping[int, Settlement]) -> waits.Wish | None:
    """What would make this delivery due before its time: a target that appears, or one that is let go of."""
    if item.undo:
        return None  # the undo itself comes back to it
    code = settlements[item.claimed.id].code
    given_up = code == "waited_too_long" or any(wait.absent == "fail" for wait in item.absent)
    if item.absent and item.error is None and not given_up:
        wanted: list[Key] = [(wait.kind, route.key(wait.kind, wait.natural)) for wait in item.absent]
        return waits.Wish(wanted, until="present")
    if code == HELD and item.missing:
        return waits.Wish(item.missing, until="free")
    return None


async def _raise_what_concerns_all(
    route: Route, conn: AsyncConnection, items: Sequence[Item], *, trials: Trials
) -> None:
    now = (await conn.execute(select(route.db.clock.sql()))).scalar_one()
    throttled = blocked = False
    for item in items:
        error = worst(item)
        if error is None:
            continue
        judged = decide(error, tries=0, jitter=0.0)
        if isinstance(judged, BackOff) and not throttled:
            throttled = True
            account = route.target_account if item.error is None else route.source_account
            await accounts.back_off(
                conn, account, reason=str(error), clock=route.db.clock, retry_after_s=judged.retry_after_s
            )
        elif isinstance(judged, Block) and not blocked:
            blocked = True
            assert isinstance(error, AppError)
            await flows.block(conn, route.flow_id, code=error.code, detail=sentence_of(error), now=now)
            await alerts.raise_alert(
                conn, code=error.code, subject=f"flow:{route.flow_id}", detail=sentence_of(error), now=now
            )
    if not throttled and any(wish.applied for item in items for wish in item.wishes):
        await accounts.calm(conn, route.target_account)
    if trials.broken is not None:
        connection_id, code, sentence = trials.broken
        if await connections.mark_broken(conn, connection_id, code=code, detail=sentence, now=now):
            await alerts.raise_alert(
                conn, code=code, subject=f"connection:{connection_id}", detail=sentence, now=now
            )


def _attempt(route: Route, item: Item, settlement: Settlement, *, clock_s: float) -> NewAttempt | None:
    """The line for people; a run that changed nothing is only counted, and so is one that merely waited its turn."""
    effects = effects_of(item)
    conflicts = [sentence for wish in item.wishes for sentence in wish.merged.conflicts]
    if settlement.code == HELD:
        return None
    if settlement.outcome == "unchanged" and not (conflicts or effects):
        return None
    if isinstance(worst(item), Interrupted) and not any(wish.sent for wish in item.wishes):
        return None
    if settlement.outcome == "waiting" and item.claimed.outcome == "waiting":
        return None
    warnings = list(item.plan.warnings) if item.plan else []
    warnings += [text for wish in item.wishes for applied in wish.applied for text in applied.warnings]
    warnings += conflicts
    warnings += [
        f"changed_since: {name} was changed since and stays" for wish in item.wishes for name in wish.stayed
    ]
    payload, before = None, None
    keep_before_ms = 0 if item.undo else route.keep_before_ms
    if keep_before_ms and effects and (found := before_of(route, item)):
        before = route.sealer.seal_json(found)
    if route.log_mode == "full":
        payload = route.sealer.seal_json(
            {
                "source": item.fetched.document if isinstance(item.fetched, Found) else None,
                "record": item.plan.record.model_dump(mode="json") if item.plan and item.plan.record else None,
                "sent": [change.payload() for wish in item.wishes for change in wish.changes],
            }
        )  # fmt: skip
    return NewAttempt(
        delivery_id=item.claimed.id,
        flow_id=route.flow_id,
        source_ref=item.claimed.source_ref,
        duration_ms=max(0, round((clock_s - item.started) * 1000)),
        outcome=settlement.outcome,
        code=settlement.code,
        reason=settlement.reason,
        who=settlement.who,
        trigger=item.claimed.trigger,
        direction=route.direction,
        warnings=list(dict.fromkeys(warnings)),
        changes=[change.summary() for wish in item.wishes for change in wish.changes],
        payload_sealed=payload,
        request_id=item.claimed.request_id,
        effects=effects,
        before_sealed=before,
        keep_before_ms=keep_before_ms,
    )
