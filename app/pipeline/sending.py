"""Sending: the calls that bring the wishes about, each only while we surely hold what it writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from app.connectors.base import Leave, Restores, Steps, Target
from app.errors import AppError, Interrupted, TimeError
from app.pipeline.moving import leave_old
from app.pipeline.route import Route
from app.pipeline.work import Item, Wish, prepare, wanted


async def send(route: Route, item: Item, *, may_send: Callable[[], bool]) -> None:
    """Carry out every wish of an item, one after the other; a failure of one leaves the others theirs.

    Where something is made for another of them, nothing is sent unless all of it can be, and what it is made for goes last.
    """
    if any(wish.makes_for is not None for wish in item.wishes) and not _all_can_be(route, item):
        return
    for wish in item.wishes:
        if wish.unchanged or wish.error is not None:
            continue
        await _carry_out(route, wish, may_send=may_send)
        if wish.makes_for is not None and wish.left is None and not wish.done:
            return
        if _address_is_refused(wish):
            item.wishes.append(await _old_address(route, wish))  # its turn comes in this very loop


def _all_can_be(route: Route, item: Item) -> bool:
    """Whether every call of the item can be worked out: what cannot is told before anything is written."""
    for wish in reversed(item.wishes):
        if wish.unchanged:
            continue
        if wish.error is None:
            try:
                _steps(route.target.target(wish.kind), wish)
            except AppError as error:
                wish.error = error
        if wish.error is not None:
            return False
    return True


def _address_is_refused(wish: Wish) -> bool:
    """The record cannot stand under its new address: it must not go on under the old one either, which was left.

    What is left alone as it stands, because updates are off, keeps its address as well.
    """
    if wish.left is None or wish.old_row is None or wish.lost:
        return False
    same = wish.existing is not None and wish.existing.remote_id == wish.old_row.remote_id
    return wish.planned or not same or wish.left.state != "present"


async def _old_address(route: Route, wish: Wish) -> Wish:
    old = leave_old(wish, sealer=route.sealer, options=route.options)
    try:
        found = await route.target.target(old.kind).fetch_many([wanted(old)])
    except Exception as error:
        old.error = error
    else:
        old.existing = found.get(old.key)
        prepare(old, sealer=route.sealer, options=route.options)
    return old


def _steps(target: Target, wish: Wish) -> Steps:
    if wish.restore is None:
        assert wish.intent is not None
        return target.steps(wish.intent, wish.existing)
    assert isinstance(target, Restores)
    if wish.existing is None:
        return Leave("already_gone", "There is no such record any more.", state="gone")
    if wish.existing.state != "present":
        return Leave("archived", "It was put away since, and stays so.", state=wish.existing.state)
    changes, wish.stayed = target.restored(wish.existing, wish.restore)
    return changes


async def _carry_out(route: Route, wish: Wish, *, may_send: Callable[[], bool]) -> None:
    target = route.target.target(wish.kind)
    try:
        steps = _steps(target, wish)
        if isinstance(steps, Leave):
            wish.left = steps
            return
        wish.planned, wish.changes = True, steps
        for change in steps:
            if not may_send():
                raise Interrupted("The lease ended before the call was sent.", code="lease_lost")
            wish.sent += 1
            answer = await target.apply(change)
            if isinstance(answer, Leave):
                wish.left = answer
                wish.lost = bool(wish.applied)  # what came before it stands there now
                return
            wish.applied.append(answer)
    except Interrupted as error:
        wish.error = error
        wish.lost = wish.sent > 0
    except TimeError as error:
        wish.error = error
        # Surely not applied, and nothing before it: known. Otherwise nobody knows what stands there.
        wish.lost = error.in_doubt or wish.sent > 1
        if not wish.lost:
            wish.sent = 0
    except AppError as error:
        wish.error = error
        wish.lost = wish.sent > 1  # a half-done list of steps
    except asyncio.CancelledError:
        wish.lost = wish.sent > 0
        raise
    except Exception as error:
        wish.error = error
        wish.lost = wish.sent > 0
