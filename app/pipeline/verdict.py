"""The verdict: how a delivery leaves the worker, from what became of it. Touches no row."""

from __future__ import annotations

from dataclasses import replace

from app.connectors.base import Gone
from app.errors import AppError
from app.pipeline.absence import PUT_AWAY
from app.pipeline.route import Route
from app.pipeline.work import Item
from app.records.decision import UNDONE
from app.retry import Quarantine, RetryAt, Suspect, decide
from app.store.deliveries import HELD, Settlement

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
    if item.undo:
        return await _undone(route, item, trials=trials)
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
    if item.again_ms:
        jitter = round(route.chance.random() * 500)
        return replace(base, state="pending", outcome="retrying", code=HELD, delay_ms=item.again_ms + jitter)
    plan = item.plan
    assert plan is not None
    if item.absent:
        wait = item.absent[0]
        failed = [each for each in item.absent if each.absent == "fail"]
        if failed:
            return replace(
                base,
                state="dead",
                outcome="quarantined",
                code=failed[0].code,
                reason=" ".join(each.reason for each in failed),
                who="administrator",
            )
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
            delay_ms=_patience_ms(item),
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
    if done and isinstance(item.fetched, Gone):
        text = "The source does not show this record any more; it was put away, as the flow's setting says."
        return replace(base, code=PUT_AWAY, reason=text)
    return base if done else replace(base, outcome="unchanged")


async def _undone(route: Route, item: Item, *, trials: Trials) -> Settlement:
    """How what was taken back rests: the undo comes back to what did not work, and only news of its source wakes it."""
    base = Settlement(
        id=item.claimed.id, requested=item.claimed.requested, state="settled", outcome="delivered"
    )
    error = worst(item)
    if error is not None:
        return replace(await _failed(route, item, base, error, trials=trials), state="settled", delay_ms=0)
    if item.missing:
        return replace(base, outcome="retrying", code=HELD)
    if any(wish.applied for wish in item.wishes):
        text = "Taken back. It stays out until it changes at its source, or is asked for again."
        return replace(base, code=UNDONE, reason=text)
    left = [(wish.left.code, wish.left.reason) for wish in item.wishes if wish.left is not None]
    if any(wish.stayed for wish in item.wishes):
        left.append(("changed_since", "What was changed by the run was changed again since, and stays."))
    skip = item.plan.decision.skip if item.plan else None
    if skip is not None:
        left.append((skip.code, skip.reason))
    code, reason = left[0] if left else ("nothing_left", "It stands as it did before the run.")
    return replace(base, outcome="skipped", code=code, reason=reason)


def _patience_ms(item: Item) -> int:
    """How long until it is looked at again without being woken: where it goes on without what it waits for, no longer."""
    left = [
        wait.patience_s * 1000 - item.claimed.waited_ms for wait in item.absent if wait.absent == "without"
    ]
    return max(1_000, round(min([WAIT_AGAIN_MS, *left])))


async def _failed(
    route: Route, item: Item, base: Settlement, error: Exception, *, trials: Trials
) -> Settlement:
    code = error.code if isinstance(error, AppError) else "internal_error"
    reason = sentence_of(error)
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


def sentence_of(error: Exception) -> str:
    if not isinstance(error, AppError):
        return f"A fault of this service ({type(error).__name__}); its log holds the details."
    said = error.detail if error.detail.endswith((".", "!", "?")) or not error.advice else f"{error.detail}."
    return f"{said} {error.advice}".strip()  # a remote's own sentence mostly ends without a full stop
