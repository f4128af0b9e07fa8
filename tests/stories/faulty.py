"""A shop among random faults: one failure of any kind, and two workers until it comes to rest."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from app.sandbox.faults import Fault
from app.store.wakes import next_wakes
from tests.shop import Shop, Worker


def any_fault(chance: random.Random, calls: Sequence[str]) -> Fault:
    """One failure of any kind of one of these calls."""
    kind = chance.choice(("status", "reset_before", "reset_after", "reset_after", "late"))
    status = chance.choice((500, 503, 429))
    return Fault(
        kind=kind,  # type: ignore[arg-type]
        operation=chance.choice(calls),
        status=status,
        skip=chance.randrange(0, 4),
    )


async def work_off(shop: Shop, other: Worker) -> None:
    """Work off, with two workers, whatever is due, until nothing is."""
    for _ in range(400):
        await asyncio.gather(shop.deliver(), shop.deliver(other))
        # What we gave up on lands before anybody believes what he sees: so long it is held.
        for box in (shop.till, shop.mailchimp):
            await box.door.land()
        async with shop.db.read() as conn:
            wakes = await next_wakes(conn, clock=shop.clock)
        if not wakes:
            return
        shop.clock.advance(max(min(wakes.values()), 1) / 1000)
    raise AssertionError("the shop does not come to rest")
