"""Settling: what became of each delivery, in small chunks, fenced row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.connectors.base import Applied, Carries, Found
from app.errors import AppError, Interrupted
from app.pipeline.planning import taking_of
from app.pipeline.route import Route
from app.pipeline.work import Item, Wish, facts_of, maybe, without
from app.retry import BackOff, Block, Quarantine, RetryAt, Suspect, decide
from app.store import (
    accounts,
    alerts,
    attempts,
    connections,
    deliveries,
    flows,
    requests,
    targets,
    waits,
)
from app.store.attempts import NewAttempt
from app.store.deliveries import HELD, Settlement
from app.store.requests import Request
from app.store.session import again_on_deadlock
from app.store.targets import Key, Outcome, Target

WAIT_AGAIN_MS = 300_000
WAITS = "waits"


class Trials:
    """Connection checks, at most one per side and batch: a refusal is confirmed before it breaks anything."""

    def __init__(self, route: Route):
        self._route = route
        self._passed: bool | None = None
        self.broken: tuple[str, str, str] | None = None

    async def passes(self) -> bool:
        """True when both sides answer their check; otherwise ``broken`` says which, and why."""
        if self._passed is None:
            self._passed = True
            for connection_id, client in (
                (self._route.target_connection_id, self._route.target),
                (self._route.source_connection_id, self._route.source),
            ):
                diagnosis = await client.check()
                if not diagnosis.ok:
                    self._passed = False
                    self.broken = (connection_id, diagnosis.code, diagnosis.sentence)
                    break
        return self._passed


def worst(item: Item) -> Exception | None:
    """The error that decides about the whole delivery: its own, or the first of its wishes'."""
    return item.error or next((wish.error for wish in item.wishes if wish.error is not None), None)


async def verdict(route: Route, item: Item, *, trials: Trials) -> Settlement:
    """How this delivery leaves the worker. May ask the connections for a check; touches no row."""
    claimed = item.claimed
    base = Settlement(id=claimed.id, requested=claimed.requested, state="settled", outcome="delivered")
    error = worst(item)
    if error is not None:
        return await _failed(route, item, base, error, trials=trials)
    if item.needs_yes:
        text = "The source does not show this record any more, and there are many like it. Say yes, or mend the rights."
        return replace(
            base,
            state="waiting",
            outcome="waiting",
            code="needs_yes",
            reason=text,
            who="administrator",
            needs_yes=True,
        )
    if item.missing:
        # Held by another: no attempt is counted, and we come back when the hold ends at the latest.
        jitter = round(route.chance.random() * 500)
        return replace(base, state="pending", outcome="retrying", code=HELD, delay_ms=item.held_ms + jitter)
    plan = item.plan
    assert plan is not None
    if item.absent:
        wait = item.absent[0]
        if wait.absent == "skip":
            return replace(base, outcome="skipped", code=wait.code, reason=wait.reason)
        if claimed.waited_ms > route.deadline_ms:
            text = f"{wait.reason} It did not come in time; replay this record when it has."
            return replace(
                base,
                state="dead",
                outcome="quarantined",
                code="waited_too_long",
                reason=text,
                who="administrator",
            )
        return replace(
            base,
            state="waiting",
            outcome="waiting",
            code=WAITS,
            reason=wait.reason,
            who="time",
            delay_ms=WAIT_AGAIN_MS,
        )
    if plan.decision.skip is not None:
        skip = plan.decision.skip
        return replace(
            base, outcome="filtered" if skip.filtered else "skipped", code=skip.code, reason=skip.reason
        )
    if any(wish.applied for wish in item.wishes if wish.put is not None):
        return base
    if item.contends:
        _target, owner = item.contends[0]
        text = (
            f"Its key belongs to {route.record_kind} {owner} already; this one is next when it becomes free."
        )
        return replace(base, outcome="skipped", code="key_shared", reason=text)
    done = any(wish.applied for wish in item.wishes)
    for wish in item.wishes:
        if wish.left is not None and (wish.put is not None or not done):
            return replace(base, outcome="skipped", code=wish.left.code, reason=wish.left.reason)
    return base if done else replace(base, outcome="unchanged")


async def _failed(
    route: Route, item: Item, base: Settlement, error: Exception, *, trials: Trials
) -> Settlement:
    code = error.code if isinstance(error, AppError) else "internal_error"
    reason = _sentence(error)
    who = error.who if isinstance(error, AppError) else "administrator"
    said = replace(base, code=code, reason=reason, who=who)
    judged = decide(error, tries=item.claimed.tries, jitter=route.chance.random())
    if isinstance(judged, Suspect) and await trials.passes():
        judged = Quarantine()
    if isinstance(judged, Quarantine):
        return replace(said, state="dead", outcome="quarantined")
    if isinstance(judged, RetryAt):
        delay = judged.after_s * 1000
        if any(wish.lost for wish in item.wishes):  # the remote may go on with a call we gave up on
            delay = max(delay, route.hold_ms - route.lease_ms + 100)
        return replace(
            said, state="pending", outcome="retrying", delay_ms=round(delay), counts_try=judged.counts
        )
    # Back-off, block and broken connection stand on their own rows: the delivery just stays due.
    return replace(said, state="pending", outcome="retrying")


def _sentence(error: Exception) -> str:
    if not isinstance(error, AppError):
        return f"A fault of this service ({type(error).__name__}); its log holds the details."
    return f"{error.detail} {error.advice}".strip()


async def settle(
    route: Route, items: Sequence[Item], *, token: str, clock_s: float, trials: Trials
) -> Counter[str]:
    """Settle these items in one short transaction, and what their wishes learnt with them."""
    settlements = {item.claimed.id: await verdict(route, item, trials=trials) for item in items}

    async def once() -> Counter[str]:
        return await _settle(route, items, settlements, token=token, clock_s=clock_s, trials=trials)

    outcomes = await again_on_deadlock(once)
    trials.broken = None  # told
    for item in items:
        item.settled = True
    return outcomes


async def _settle(
    route: Route,
    items: Sequence[Item],
    settlements: Mapping[int, Settlement],
    *,
    token: str,
    clock_s: float,
    trials: Trials,
) -> Counter[str]:
    outcomes: Counter[str] = Counter()
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
        await _conclude(route, conn, kept, token=token)
        await waits.remember(
            conn,
            [item.claimed.id for item in kept],
            waiting={
                item.claimed.id: waiting[item.claimed.id] for item in kept if item.claimed.id in waiting
            },
            contending=[(target, item.claimed.id) for item in kept for target, _ in item.contends],
            connection_id=route.target_connection_id,
            clock=clock,
        )
        await _tell_followers(route, conn, kept)
        outcomes.update(settlements[item.claimed.id].outcome for item in kept)
        await _raise_what_concerns_all(route, conn, kept, trials=trials)
        log = [_attempt(route, item, settlements[item.claimed.id], clock_s=clock_s) for item in kept]
        await attempts.add(conn, [entry for entry in log if entry is not None], clock=clock)
        await attempts.count(conn, flow_id=route.flow_id, outcomes=outcomes, clock=clock)
    return outcomes


async def _doubt_what_was_sent(route: Route, conn: AsyncConnection, overtaken: Sequence[Item]) -> None:
    """Overtaken: what we sent may stand over something newer, or where nothing should stand any more. Whoever's it is is
    read again."""
    clock = route.db.clock
    sent = [(item, wish) for item in overtaken for wish in item.wishes if wish.sent]
    remote_ids = {row.remote_id for _, wish in sent for row in wish.rows if row.remote_id}
    ids = {row.id for _, wish in sent for row in wish.rows}
    ids |= set(await targets.beside(conn, connection_id=route.target_connection_id, remote_ids=remote_ids))
    await targets.doubt(conn, ids, clock=clock)
    takings = {
        wish.row.id: taking
        for item, wish in sent
        if wish.row is not None and (taking := taking_of(route, item, wish)) is not None
    }
    await targets.may_stand(conn, takings, taker_connection_id=route.source_connection_id, clock=clock)
    again = {item.claimed.id for item in overtaken} | set(await deliveries.of_owners(conn, ids))
    await deliveries.want_again(conn, again, clock=clock)


async def _conclude(route: Route, conn: AsyncConnection, items: Sequence[Item], *, token: str) -> None:
    clock = route.db.clock
    known: list[Outcome] = []
    free: list[int] = []
    doubted: list[int] = []
    freed_keys: list[int] = []
    for item in items:
        for wish in item.wishes:
            rows = [row for row in wish.rows if row.id and row.holder == token]
            if not rows:
                continue
            if wish.lost:
                doubted += [row.id for row in rows]
            elif wish.left is not None:
                known += _left(route, wish)
                if wish.archive is not None and wish.left.state != "present":
                    freed_keys += [row.id for row in rows]
                free += [row.id for row in rows if row is wish.old_row]
            elif wish.done and (wish.changes or _is_so_already(wish)):
                known += _written(route, item, wish)
                if wish.archive is not None:
                    freed_keys += [row.id for row in wish.rows]
                elif wish.old_row is not None:
                    freed_keys.append(wish.old_row.id)
            else:
                free += [row.id for row in rows]
    beyond = route.hold_ms - route.lease_ms
    await targets.doubt(conn, doubted, clock=clock, hold_ms=beyond, token=token)
    await targets.remember(conn, _maybe_done(items))
    await targets.conclude(conn, known, token=token, clock=clock, fenced=route.rules.fence)
    await targets.let_go(conn, free, token=token)
    await waits.wake_contenders(conn, freed_keys, clock=clock)
    await waits.wake_waiting(conn, free + [outcome.id for outcome in known], clock=clock)


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


def _maybe_done(items: Sequence[Item]) -> dict[int, dict[str, str]]:
    """What is to be remembered of calls whose answer was lost, should it turn out that they were done."""
    found: dict[int, dict[str, str]] = {}
    for item in items:
        for wish in item.wishes:
            if wish.lost and wish.row is not None and wish.sent:
                facts = maybe(wish.changes[wish.sent - 1].if_done())
                if facts:
                    found[wish.row.id] = facts_of(wish.row, None) | facts
    return found


def _left(route: Route, wish: Wish) -> list[Outcome]:
    """What was looked at stands there, whoever's it is; and with it what it would have brought along."""
    left = wish.left
    assert left is not None
    assert wish.row is not None
    remote_id = wish.existing.remote_id if wish.existing else wish.row.remote_id
    return [
        Outcome(
            id=row.id,
            doubts=row.doubts,
            remote_id=remote_id if row is wish.row else _carried_id(route, wish, row, remote_id),
            owner_connection_id=row.owner_connection_id,
            owner_ref=row.owner_ref,
            state=left.state if wish.existing or left.state != "present" else row.state,
            hashes=row.hashes,
            facts=facts_of(row, wish.existing),
        )
        for row in (wish.row, *wish.carried)
    ]


def _is_so_already(wish: Wish) -> bool:
    """Looked at, or surely known, and nothing to do: as good as written. Without this a record that was there before us
    is never ours, and what is no longer wanted of one is never forgotten."""
    if wish.put is None:
        return False
    if wish.existing is not None:
        return wish.existing.state == "present"
    return wish.row is not None and wish.row.state == "present" and not wish.row.in_doubt


def _written(route: Route, item: Item, wish: Wish) -> list[Outcome]:
    row = wish.row
    assert row is not None
    assert wish.intent is not None
    facts: dict[str, str] = {} if wish.old_row is None else facts_of(wish.old_row, None)
    facts |= facts_of(row, None)
    remote_id, state = row.remote_id or (wish.old_row.remote_id if wish.old_row else None), "present"
    if not wish.changes and wish.existing is not None:
        remote_id = wish.existing.remote_id
    # Where updates are off, only what was made holds what we say.
    holds = wish.intent.update or (wish.existing is None and bool(wish.changes))
    written = _really_written(wish) if holds else {}
    put_away: Applied | None = None
    for applied in wish.applied:
        if wish.old_row is not None and applied.state == "archived":
            put_away = applied  # the new key had a record of its own, and the old one was put away for it
            continue
        remote_id, state = applied.remote_id or remote_id, applied.state
        facts |= dict(applied.facts)
    if wish.put is not None:
        facts |= wish.put.facts
        if state == "present":
            facts.pop("archived_by", None)
    owns = state == "present"
    before = (
        dict(wish.old_row.hashes)
        if wish.old_row is not None and not wish.old_row.in_doubt
        else dict(row.hashes)
    )
    outcomes = [
        Outcome(
            id=row.id,
            doubts=row.doubts,
            remote_id=remote_id,
            owner_connection_id=route.source_connection_id
            if owns or wish.archive
            else row.owner_connection_id,
            owner_ref=item.claimed.source_ref if owns or wish.archive else row.owner_ref,
            state=state,
            hashes=_still_there(before, wish, holds=holds) | written if owns else {},
            facts=facts,
        ),
        *_carried(route, item, wish, remote_id=remote_id, state=state),
    ]
    if wish.old_row is not None:
        outcomes.append(_left_behind(wish.old_row, outcomes[0], put_away))
    return outcomes


def _left_behind(old: Target, new: Outcome, put_away: Applied | None) -> Outcome:
    """The row of the key that was left: the record moved on, or it was put away and may come back."""
    if put_away is None:
        return Outcome(old.id, old.doubts, None, None, None, "gone", {}, {})
    facts = dict(old.facts) | dict(put_away.facts)
    return Outcome(
        old.id, old.doubts, old.remote_id, new.owner_connection_id, new.owner_ref, put_away.state, {}, facts
    )


def _carried(route: Route, item: Item, wish: Wish, *, remote_id: str | None, state: str) -> list[Outcome]:
    """What went along has the same fate."""
    return [
        Outcome(
            id=row.id,
            doubts=row.doubts,
            remote_id=_carried_id(route, wish, row, remote_id),
            owner_connection_id=route.source_connection_id,
            owner_ref=item.claimed.source_ref,
            state=state,
            hashes={},
            facts=row.facts,
        )
        for row in wish.carried
    ]


def _carried_id(route: Route, wish: Wish, row: Target, remote_id: str | None) -> str | None:
    """The remote id of what goes along follows from that of the record that brings it."""
    carried = wish.carries.get((row.kind, row.key))
    target = route.target.target(wish.kind)
    if carried is None or not remote_id or not isinstance(target, Carries):
        return row.remote_id
    return target.carried_id(remote_id, row.kind, carried.name)


def _really_written(wish: Wish) -> dict[str, str]:
    """The hashes of what was written: all of it, but for what the target refused while it took the rest."""
    left_out = [path for applied in wish.applied for path in applied.left_out]
    if not left_out:
        return wish.written
    places = tuple(f"{path}." for path in left_out)
    return {path: digest for path, digest in wish.written.items() if not f"{path}.".startswith(places)}


def _still_there(before: Mapping[str, str], wish: Wish, *, holds: bool) -> dict[str, str]:
    """The hashes from before without those of what was taken away or emptied now."""
    kept = without(before, wish.vanished)
    return {path: digest for path, digest in kept.items() if path not in wish.emptied} if holds else kept


def _waits_for(route: Route, item: Item, settlements: Mapping[int, Settlement]) -> waits.Wish | None:
    """What would make this delivery due before its time: a target that appears, or one that is let go of."""
    code = settlements[item.claimed.id].code
    if item.absent and item.error is None and code != "waited_too_long":
        wanted: list[Key] = [(wait.kind, route.key(wait.kind, wait.natural)) for wait in item.absent]
        return waits.Wish(wanted, until="present")
    if code == HELD:
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
            await flows.block(conn, route.flow_id, code=error.code, detail=_sentence(error), now=now)
            await alerts.raise_alert(
                conn, code=error.code, subject=f"flow:{route.flow_id}", detail=_sentence(error), now=now
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
    if settlement.outcome == "unchanged" or settlement.code == HELD:
        return None
    if isinstance(worst(item), Interrupted) and not any(wish.sent for wish in item.wishes):
        return None
    if settlement.outcome == "waiting" and item.claimed.outcome == "waiting":
        return None
    warnings = list(item.plan.warnings) if item.plan else []
    warnings += [text for wish in item.wishes for applied in wish.applied for text in applied.warnings]
    payload = None
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
    )
